"""Age bounds as a registry gives them: a number of years, months, weeks, days, hours or minutes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate, whole_months, whole_years

MAX_AMOUNT = 100_000
"""No bound of a human age, in whatever unit but minutes, has a larger number."""


class AgeUnit(StrEnum):
    """Units of an age; the value is what a registry calls one of them."""

    YEAR = "year"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"


_DAYS = {
    AgeUnit.YEAR: 365.25,
    AgeUnit.MONTH: 365.25 / 12,
    AgeUnit.WEEK: 7.0,
    AgeUnit.DAY: 1.0,
    AgeUnit.HOUR: 1 / 24,
    AgeUnit.MINUTE: 1 / 1440,
}
_FORM = re.compile(r"(\d{1,6}) (year|month|week|day|hour|minute)s?", re.IGNORECASE | re.ASCII)


def _days(birth: date, on: date) -> int:
    return (on - birth).days


_COMPLETED: dict[AgeUnit, Callable[[date, date], int]] = {
    AgeUnit.YEAR: whole_years,
    AgeUnit.MONTH: whole_months,
    AgeUnit.WEEK: lambda birth, on: _days(birth, on) // 7,
    AgeUnit.DAY: _days,
}


@dataclass(frozen=True, slots=True)
class Age:
    """An age such as 6 months."""

    amount: int
    unit: AgeUnit

    @classmethod
    def parse(cls, text: str) -> Age:
        """From "18 Years" or "6 Months". ValueError if it is none."""
        form = _FORM.fullmatch(text.strip())
        if form is None or int(form[1]) > MAX_AMOUNT:
            raise ValueError("not an age such as 18 Years")
        return cls(int(form[1]), AgeUnit(form[2].lower()))

    @property
    def in_days(self) -> float:
        """About how many days, to compare ages in different units."""
        return self.amount * _DAYS[self.unit]

    def completed(self, birth: date, on: date) -> int:
        """Completed units from birth. Of hours and minutes those that the days surely hold."""
        count = _COMPLETED.get(self.unit)
        return count(birth, on) if count else int(_days(birth, on) / _DAYS[self.unit])

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}" + ("" if self.amount == 1 else "s")


@dataclass(frozen=True, slots=True)
class AgeRange:
    """From `low` to `high`, both included; None: no bound."""

    low: Age | None = None
    high: Age | None = None

    @property
    def reversed(self) -> bool:
        """Does it end before it begins? Then it says nothing."""
        return self.low is not None and self.high is not None and self.low.in_days > self.high.in_days

    def holds(self, birth: PartialDate | None, on: date) -> Answer:
        """Is someone of this birth date within the bounds on this day? Completed units are compared:
        18 years is reached on the birthday, and "up to 18 years" ends the day before the 19th."""
        if self.low is None and self.high is None:
            return Answer.YES
        if self.reversed or birth is None or birth.earliest > on:
            return Answer.UNKNOWN
        youngest, oldest = min(birth.latest, on), birth.earliest
        return _above(self.low, youngest, oldest, on) & _below(self.high, youngest, oldest, on)

    def __str__(self) -> str:
        if self.low is None and self.high is None:
            return "no bounds"
        if self.high is None:
            return f"{self.low} or older"
        if self.low is None:
            return f"up to {self.high}"
        low = self.low.amount if self.low.unit is self.high.unit else self.low
        return f"{low} to {self.high}"


def _above(low: Age | None, youngest: date, oldest: date, on: date) -> Answer:
    if low is None or low.completed(youngest, on) >= low.amount:
        return Answer.YES
    return Answer.NO if low.completed(oldest, on) < low.amount else Answer.UNKNOWN


def _below(high: Age | None, youngest: date, oldest: date, on: date) -> Answer:
    if high is None or high.completed(oldest, on) <= high.amount:
        return Answer.YES
    return Answer.NO if high.completed(youngest, on) > high.amount else Answer.UNKNOWN
