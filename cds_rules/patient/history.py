"""Shapes of what is told of the whole course: lines of therapy, remissions, the state of the marrow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate


class MarrowState(StrEnum):
    """Marrow by its share of blasts: M1 below 5 %, M2 from 5 to 25 %, M3 above 25 %. D-1; HR2020, LOC2012."""

    M1 = "M1"
    M2 = "M2"
    M3 = "M3"


@dataclass(frozen=True, slots=True)
class Line:
    """Treatment between two disease events (diagnosis, relapse, failure of treatment).

    `end` None: going on, or its end is not on record. `certain` False: only reported, planned or doubtful
    treatment, or steroids alone.
    """

    start: PartialDate
    end: PartialDate | None
    drugs: tuple[str, ...]
    sources: tuple[str, ...]
    """First and last resource of each plan, drug and procedure."""
    procedures: tuple[str, ...] = ()
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Count:
    """A number known to lie from `at_least` to `at_most`, both included; None: no upper bound."""

    at_least: int
    at_most: int | None = None

    def reaches(self, number: int) -> Answer:
        """Is it `number` or more?"""
        if self.at_least >= number:
            return Answer.YES
        if self.at_most is not None and self.at_most < number:
            return Answer.NO
        return Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class RemissionPeriod:
    """The remission before the first relapse (number 1), after it (2), and so on.

    `stated` False: only a marrow below 5 % (M1), which is not yet complete remission (D-4).
    `until` is the relapse that ended it.
    """

    number: int
    since: PartialDate
    until: PartialDate | None
    stated: bool
    sources: tuple[str, ...]
