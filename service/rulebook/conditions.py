"""Conditions as a reader writes them: parentheses that change nothing are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

_JOINS = (" **and** ", " **or** ")
_WHEN = re.compile(r"^(- When: )(.+)$", re.MULTILINE)


def readable(markdown: str) -> str:
    """Our own Markdown with the conditions of its rules made plain; the rest stays as it is."""
    return _WHEN.sub(lambda found: found[1] + plain_condition(found[2]), markdown)


def plain_condition(text: str) -> str:
    """((a and b) and c) as a and b and c; likewise for or. Where the two meet, the parentheses stay."""
    for join in _JOINS:
        parts = list(_split(text, join))
        if len(parts) > 1:
            return join.join(_unwrapped(part, join) for part in parts)
    inner = _inside(text)
    if inner is not None:
        return f"({plain_condition(inner)})"
    return text


def _unwrapped(part: str, join: str) -> str:
    """A part of a level; if it is itself joined by the same word, it needs no parentheses."""
    inner = _inside(part)
    if inner is None:
        return part
    plain = plain_condition(inner)
    return plain if len(list(_split(plain, join))) > 1 else f"({plain})"


def _inside(text: str) -> str | None:
    """What one pair of parentheses around the whole text holds, if that is a joined condition."""
    if not (text.startswith("(") and text.endswith(")")) or not any(join in text for join in _JOINS):
        return None
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and at < len(text) - 1:
            return None
    return text[1:-1]


def _split(text: str, join: str) -> Iterator[str]:
    """The parts between `join`, as far as it stands outside all parentheses."""
    depth, start, at = 0, 0, 0
    while at < len(text):
        if depth == 0 and text.startswith(join, at):
            yield text[start:at]
            at += len(join)
            start = at
            continue
        depth += (text[at] == "(") - (text[at] == ")")
        at += 1
    yield text[start:]
