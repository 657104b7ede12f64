"""Which missing test would close most open decisions."""

from __future__ import annotations

from cds_rules.assessment import Assessment
from cds_rules.request import REFERRALS, Test
from cds_rules.value import value

MAX_TESTS = 5
"""Tests that the summary card lists and offers to request."""


@value
class Settling:
    """A test, the decisions it would close alone, and those that wait for it and for something else."""

    test: Test
    closes: int
    waiting: int


def settling(a: Assessment) -> tuple[Settling, ...]:
    """Tests that can still be done, those first that close most decisions."""
    closes: dict[Test, int] = {}
    waiting: dict[Test, set[str]] = {}
    for m in a.missing:
        for test in m.tests:
            if test in REFERRALS:
                continue
            closes[test] = closes.get(test, 0) + m.closes
            waiting.setdefault(test, set()).update(m.schemes, m.rules)
    found = (Settling(test, closes[test], len(waiting[test])) for test in closes)
    # Python's sort keeps the order of equals: facts that schemes wait for come first.
    return tuple(sorted(found, key=lambda s: (-s.closes, -s.waiting)))[:MAX_TESTS]


def settling_lines(found: tuple[Settling, ...]) -> list[str]:
    """The list for a card; empty if no test is missing."""
    if not found:
        return []
    lines = ["**Tests not on record that would settle most**", ""]
    for s in found:
        said = f"settles {s.closes} open decision{'s' if s.closes != 1 else ''}" if s.closes else ""
        rest = s.waiting - s.closes
        more = f"needed beside other facts for {rest}" if rest > 0 else ""
        lines.append(f"- {s.test.value}: {', '.join(part for part in (said, more) if part)}")
    return [*lines, ""]
