"""Aspects: the named facts that treatment rules ask about, each with a short closed list of values.

A rule never sees a number or a date. It asks whether an aspect has one of some values, and the
aspect's reader says which values the record leaves possible: one if the fact is settled, all of them
if nothing is known. So "unknown" is never taken for "no", and the answers of a rule can be listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cds_rules.answer import Answer, Question
from cds_rules.patient.fact import Fact
from cds_rules.request import Test
from cds_rules.rule import RuleError
from cds_rules.treatment.chart import Chart
from cds_rules.value import value

Case = Mapping[str, StrEnum]
"""One complete case: a value for every aspect that is asked about, by the aspect's id."""
When = Question[Case]


class YesNo(StrEnum):
    """Values of a plain yes-or-no aspect."""

    YES = "yes"
    NO = "no"


@value
class Seen:
    """What the record leaves possible of an aspect. Never empty; one value: settled."""

    possible: frozenset[StrEnum]
    evidence: tuple[str, ...] = ()
    because: str | None = None
    """Why several values are left, in words; or a note on a settled one."""

    @property
    def settled(self) -> bool:
        """Is one value left?"""
        return len(self.possible) == 1


@dataclass(frozen=True, slots=True, eq=False)
class Aspect:
    """A fact that rules ask about. `id` is its name in the contract, `title` what a card calls it."""

    id: str
    title: str
    values: type[StrEnum]
    read: Callable[[Chart], Seen]
    settled_by: str
    """What would settle it, in words after "to settle it:"."""
    tests: tuple[Test, ...] = ()
    """Tests that would settle it, if they can be requested."""
    later: str = ""
    """When such a test tells it, in words after its name, where one of today does not."""
    every: frozenset[StrEnum] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "every", frozenset(self.values))
        if ASPECTS.setdefault(self.id, self) is not self:
            raise RuleError(f"two aspects are called {self.id!r}")

    def is_(self, *values: StrEnum) -> When:
        """Does it have one of these values?"""
        wanted = frozenset(values)
        if not wanted or not wanted <= self.every:
            raise RuleError(f"{self.id} has no such value: {sorted(set(values) - self.every)}")
        name = self.id
        text = f"{self.title}: {' or '.join(str(v) for v in values)}"
        return Question(text, lambda case: case[name] in wanted, reads=frozenset({name}))

    @property
    def yes(self) -> When:
        """For a yes-or-no aspect: is it so?"""
        question = self.is_(YesNo.YES)
        return Question(self.title, question.holds, reads=question.reads)

    @property
    def no(self) -> When:
        """For a yes-or-no aspect: is it not so?"""
        question = self.is_(YesNo.NO)
        return Question(f"not: {self.title}", question.holds, reads=question.reads)


ASPECTS: dict[str, Aspect] = {}
"""Every aspect by its id; filled where aspects are defined."""

_YES, _NO, _EITHER = frozenset({YesNo.YES}), frozenset({YesNo.NO}), frozenset(YesNo)


def seen_bool(fact: Fact[bool]) -> Seen:
    """A yes-or-no fact of the picture."""
    possible = _EITHER if fact.value is None else _YES if fact.value else _NO
    return Seen(possible, fact.evidence, fact.because)


def seen_answer(answer: Answer, evidence: tuple[str, ...] = (), because: str | None = None) -> Seen:
    """A three-valued answer."""
    possible = _EITHER if answer is Answer.UNKNOWN else _YES if answer is Answer.YES else _NO
    return Seen(possible, evidence, because)


def seen_fact(fact: Fact[Any], values: type[StrEnum], of: Callable[[Any], StrEnum] | None = None) -> Seen:
    """A fact whose value is one of `values`, or is turned into one by `of`."""
    if fact.value is None:
        return Seen(frozenset(values), fact.evidence, fact.because)
    value = of(fact.value) if of is not None else fact.value
    return Seen(frozenset({value}), fact.evidence, fact.because)


def unrecorded(values: type[StrEnum], because: str) -> Callable[[Chart], Seen]:
    """A reader for what charts do not hold in a form that can be read: always open."""
    seen = Seen(frozenset(values), (), because)
    return lambda chart: seen
