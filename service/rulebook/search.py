"""Search in the rule book: every word must occur in a rule's id, title or text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.rulebook.book import Book

MAX_QUERY = 100
"""Characters of a query that are looked at."""
MAX_WORDS = 8
MAX_FOUND = 50
_AROUND = 110
"""Characters of text shown on either side of the first word found."""
_MARKUP = re.compile(r'<a id="[^"]*"></a>|\[([^\]]*)\]\([^)]*\)|[*`\\]')


@dataclass(frozen=True, slots=True)
class Entry:
    """What can be found: a rule, a row of a scheme, a trial, or a page as a whole (`id` empty)."""

    page: str
    section: str
    id: str
    title: str
    text: str

    @property
    def address(self) -> str:
        """Relative to the rule book's first page."""
        return f"{self.page}#{self.id}" if self.id else self.page


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry with the passage to show: pieces of text, each marked or not."""

    entry: Entry
    title: tuple[tuple[str, bool], ...]
    passage: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The best hits, and how many there were in all."""

    words: tuple[str, ...]
    hits: tuple[Hit, ...]
    count: int


def entries(book: Book) -> tuple[Entry, ...]:
    """Everything that can be found, in the order of the book."""
    return tuple(_entries(book))


def _entries(book: Book) -> Iterator[Entry]:
    for page in book.pages:
        rest = " ".join(f"{block.title} {block.body}" for block in page.blocks if not block.id)
        about = page.intro if page.name != "traceability" else ""
        yield Entry(page.name, page.group, "", page.title, plain(f"{about} {rest if about else ''}"))
        for row in page.rows:
            yield Entry(page.name, page.title, row.id, f"{row.id}: row of the table", plain(row.text))
        for block in page.rules:
            title = plain(block.title)
            yield Entry(page.name, page.title, block.id or "", title, plain(block.body))


def plain(markdown: str) -> str:
    """The words of our own Markdown, without its marks."""
    return " ".join(_MARKUP.sub(lambda m: m[1] or "", markdown).split())


def search(known: tuple[Entry, ...], query: str) -> Found:
    """The entries that hold every word of the query; ids first, then titles, then the rest."""
    words = tuple(dict.fromkeys(query[:MAX_QUERY].casefold().split()))[:MAX_WORDS]
    if not words:
        return Found((), (), 0)
    scored = [(score, n) for n, entry in enumerate(known) if (score := _score(entry, words))]
    best = sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:MAX_FOUND]
    return Found(words, tuple(_hit(known[n], words) for _, n in best), len(scored))


def _score(entry: Entry, words: tuple[str, ...]) -> int:
    identity, title, text = entry.id.casefold(), entry.title.casefold(), entry.text.casefold()
    total = 0
    for word in words:
        if word == identity:
            total += 1000
        elif identity.startswith(word) and any(c.isdigit() for c in word):
            total += 100
        elif word in title:
            total += 10
        elif word in text or word in entry.page.casefold():
            total += 1
        else:
            return 0
    return total


def _hit(entry: Entry, words: tuple[str, ...]) -> Hit:
    lowered = entry.text.casefold()
    # Folding may change the length of a text (as of the German sharp s): then positions mean nothing.
    places = [lowered.find(word) for word in words] if len(lowered) == len(entry.text) else []
    first = min((place for place in places if place >= 0), default=0)
    start = max(0, first - _AROUND)
    passage = entry.text[start : first + 2 * _AROUND]
    shown = f"{'… ' if start else ''}{passage}{' …' if first + 2 * _AROUND < len(entry.text) else ''}"
    return Hit(entry, _marked(entry.title, words), _marked(shown, words))


def _marked(text: str, words: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    longest_first = sorted(words, key=len, reverse=True)
    pieces = re.split(f"({'|'.join(map(re.escape, longest_first))})", text, flags=re.IGNORECASE)
    return tuple((piece, n % 2 == 1) for n, piece in enumerate(pieces) if piece)
