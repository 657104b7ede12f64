"""Measured numbers as intervals: a result "<0.01 %" is a bound, not a number."""

from __future__ import annotations

from typing import Self

from cds_rules.answer import Answer
from cds_rules.value import value


@value
class Interval:
    """The values a result leaves possible; `*_open` excludes the end itself."""

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.high:  # nor is it one with a bound that is no number
            raise ValueError("not an interval")

    @classmethod
    def exactly(cls, value: float) -> Self:
        """A plain number."""
        return cls(value, value)

    @classmethod
    def compared(cls, comparator: str | None, value: float, ceiling: float) -> Self:
        """FHIR Quantity.comparator and value; `ceiling` is the largest value the measure can take.

        ValueError for a comparator FHIR does not know, or a value outside 0..ceiling.
        """
        if not 0 <= value <= ceiling:
            raise ValueError("outside the range of the measure")
        if comparator is None:
            return cls(value, value)
        if comparator == "<":
            return cls(0.0, value, high_open=value > 0)
        if comparator == "<=":
            return cls(0.0, value)
        if comparator == ">":
            return cls(value, ceiling, low_open=value < ceiling)
        if comparator == ">=":
            return cls(value, ceiling)
        raise ValueError("unknown comparator")

    def at_least(self, bound: float) -> Answer:
        """Is the value >= bound?"""
        if self.low >= bound:
            return Answer.YES
        if self.high < bound or (self.high == bound and self.high_open):
            return Answer.NO
        return Answer.UNKNOWN

    def above(self, bound: float) -> Answer:
        """Is the value > bound?"""
        if self.low > bound or (self.low == bound and self.low_open):
            return Answer.YES
        if self.high <= bound:
            return Answer.NO
        return Answer.UNKNOWN

    def scaled(self, factor: float) -> Interval:
        """The same in another unit."""
        return Interval(self.low * factor, self.high * factor, self.low_open, self.high_open)
