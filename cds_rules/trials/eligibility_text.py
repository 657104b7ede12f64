"""The eligibility text of a registry record, divided into its lines. No word of it is changed.

A line can be read for what it says only where it stands on its own: at the first level under a plain
heading "Inclusion Criteria" or "Exclusion Criteria". A heading of its own (a cohort, "one of the
following:"), lines below a line, "or" at an end: all that may change what a line means, so such lines
are shown and not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cds_rules.trials.trial import Role

MAX_LINES = 400
"""More lines than any eligibility text has; the rest is told as one line."""

_BULLET = re.compile(r"^(\s*)(?:[*•·▪◦\-–—]|\d{1,2}[.)]|[A-Za-z][.)])\s+(?=\S)")
_HEADING = re.compile(
    r"(?:(?:key|main|major|principal|general) )?(inclusion|exclusion)(?: criteria)?(?: \(summary\))?",
    re.IGNORECASE,
)
_ABOUT_HEADING = re.compile(r"\b(inclusion|exclusion) criteria\b", re.IGNORECASE)
_OPEN_END = re.compile(r"(?::|\b(?:or|and/or|either|one|following|and)[,.;]?)$", re.IGNORECASE)
_OPEN_START = re.compile(r"(?:or|and/or|unless|except|however|if|otherwise|but|note)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line as it stands, without its bullet. `alone`: its meaning hangs on no other line."""

    text: str
    role: Role
    alone: bool
    depth: int = 0
    """Spaces before its bullet."""
    bullet: bool = False
    section: int = 0
    """Which heading it stands under, counted."""


def lines_of(text: str) -> tuple[TextLine, ...]:
    """The lines of an eligibility text that say something, in their order; headings of sections left out."""
    found = list(_bound(_lines(text)))
    if len(found) > MAX_LINES:
        rest = TextLine(f"and {len(found) - MAX_LINES} more lines in the registry", Role.UNSTATED, False)
        return (*found[:MAX_LINES], rest)
    return tuple(found)


def _lines(text: str) -> Iterator[TextLine]:
    """Each line under its section; nothing is `alone` below a heading that is not plain."""
    role, plain, section = Role.UNSTATED, False, 0
    for raw in text.splitlines():
        bare = raw.strip()
        if not bare:
            continue
        bullet = _BULLET.match(raw)
        said = raw[bullet.end() :].strip() if bullet else bare
        heading = _role_of(said)
        if heading is not None:
            (role, plain), section = heading, section + 1
            if plain:
                continue
        elif _OPEN_END.search(said) and not bullet:
            plain = False
        depth = len(bullet[1].expandtabs(4)) if bullet else len(raw) - len(raw.lstrip())
        alone = plain and role is not Role.UNSTATED
        yield TextLine(said, role, alone, depth, bullet is not None, section)


def _role_of(said: str) -> tuple[Role, bool] | None:
    """The section a heading begins, and whether it says no more than that."""
    words = said.strip("*_#: ").rstrip(":").strip()
    plain = _HEADING.fullmatch(words)
    if plain:
        return Role(plain[1].lower()), True
    other = _ABOUT_HEADING.search(words)
    if other and said.rstrip("*_ ").endswith(":"):
        return Role(other[1].lower()), False
    return None


def _bound(lines: Iterator[TextLine]) -> Iterator[TextLine]:
    """What hangs together is not alone: a line and those below it, and what follows an open end."""
    listed = list(lines)
    first: dict[int, int] = {}
    bulleted = {line.section for line in listed if line.bullet}
    broken: set[int] = set()
    for place, line in enumerate(listed):
        top = first.setdefault(line.section, line.depth)
        after = listed[place + 1] if place + 1 < len(listed) else None
        if line.section in bulleted and not line.bullet:
            # Words between the bullets: a heading of their own, or the end of the line before.
            broken.add(line.section)
        alone = line.alone and line.section not in broken and line.depth == top
        if after is not None and after.section == line.section:
            below = after.depth > line.depth
            alone = alone and not below and not _OPEN_START.match(after.text)
            alone = alone and (after.bullet or not line.bullet)
        if _OPEN_START.match(line.text):
            alone = False
        if _OPEN_END.search(line.text):
            alone = False
            if after is None or after.depth <= line.depth:
                broken.add(line.section)
        yield replace(line, alone=alone)
