"""Which missing test would close most open decisions."""

from __future__ import annotations

from cds_rules.assessment import Assessment, MissingFact
from cds_rules.request import REFERRALS, Test
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.value import value

MAX_TESTS = 5
"""Tests that the summary card lists and offers to request."""

_MAX_TIMES = 2


@value
class Settling:
    """A test, the decisions it would close alone, and those that wait for it and for something else."""

    test: Test
    closes: int
    waiting: int
    later: str = ""
    """When it has to be done to tell what is open, where today is too early or no good; else ""."""

    @property
    def name(self) -> str:
        """The test, and when: "bone marrow aspirate with blast count, after reinduction"."""
        return f"{self.test.value}, {self.later}" if self.later else self.test.value

    @property
    def worth(self) -> str:
        """What it would settle, in words after its name."""
        more = self.waiting - self.closes
        if not self.closes:
            return f"settles {_decisions(more)}, together with other results"
        rest = f"; {more} more together with other results" if more > 0 else ""
        return f"settles {_decisions(self.closes)}{rest}"


def settling(a: Assessment) -> tuple[Settling, ...]:
    """Tests that can still be done, those first that close most decisions.

    Whether an examination was done is found by looking in the record: the evaluation card names those.
    """
    facts: dict[Test, list[MissingFact]] = {}
    for m in a.missing:
        for test in m.tests:
            if test not in REFERRALS and not m.fact.startswith("done."):
                facts.setdefault(test, []).append(m)
    found = (_of(test, waiting) for test, waiting in facts.items())
    # Python's sort keeps the order of equals: facts that schemes wait for come first.
    return tuple(sorted(found, key=lambda s: (-s.closes, -s.waiting)))[:MAX_TESTS]


def _of(test: Test, facts: list[MissingFact]) -> Settling:
    closes = sum(m.closes for m in facts)
    waiting = {name for m in facts for name in (*m.schemes, *m.rules)}
    return Settling(test, closes, len(waiting), _later(facts))


def _later(facts: list[MissingFact]) -> str:
    """ "" where one of the facts can be told today; a long list of times helps nobody."""
    times = list(dict.fromkeys(ASPECTS[m.fact].later if m.fact in ASPECTS else "" for m in facts))
    if "" in times:
        return ""
    return " or ".join(times) if len(times) <= _MAX_TIMES else "at its time points"


def _decisions(count: int) -> str:
    return f"{count} open decision{'' if count == 1 else 's'}"


def settling_lines(found: tuple[Settling, ...]) -> list[str]:
    """The list for a card; empty if no test is missing."""
    if not found:
        return []
    return [
        "**Tests not on record that would settle most**",
        "",
        *(f"- {s.name}: {s.worth}" for s in found),
        "",
    ]
