"""Dates as the record gives them: a day, a month or a year, each an interval of days."""

from __future__ import annotations

import calendar
import re
from datetime import date
from functools import lru_cache

from cds_rules.value import value

FIRST_YEAR, LAST_YEAR = 1850, 2200
"""Years outside are fillers (0001, 9999), not dates of a patient."""

_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_TIME = re.compile(r"T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?", re.ASCII)
_DAY_LENGTH = 10


@value
class PartialDate:
    """A date known to lie from `earliest` to `latest`, both included."""

    earliest: date
    latest: date

    def __post_init__(self) -> None:
        if self.latest < self.earliest:
            raise ValueError("a date interval ends before it begins")

    @classmethod
    def on(cls, day: date) -> PartialDate:
        """A known day."""
        return cls(day, day)

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """A FHIR date, dateTime or instant; the time of day is dropped. ValueError if it is none."""
        if len(text) > _DAY_LENGTH and not _TIME.fullmatch(text, _DAY_LENGTH):
            raise ValueError("not a FHIR date")
        return _parse(text[:_DAY_LENGTH])

    @property
    def exact(self) -> bool:
        """Is the day known?"""
        return self.earliest == self.latest

    def __str__(self) -> str:
        if self.exact:
            return self.earliest.isoformat()
        if self == _year(self.earliest.year):
            return f"{self.earliest.year:04d}"
        if self == _month(self.earliest):
            return f"{self.earliest.year:04d}-{self.earliest.month:02d}"
        return f"{self.earliest.isoformat()} to {self.latest.isoformat()}"


@lru_cache(maxsize=4096)
def _parse(text: str) -> PartialDate:
    """A day, month or year; kept, since the same days come again and again."""
    form = _DAY.fullmatch(text)
    if form is None:
        raise ValueError("not a FHIR date")
    year, month, day = (int(part) if part else None for part in form.groups())
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError("not a plausible year")
    if month is None:
        return _year(year)
    return _month(date(year, month, 1)) if day is None else PartialDate.on(date(year, month, day))


def _year(year: int) -> PartialDate:
    return PartialDate(date(year, 1, 1), date(year, 12, 31))


def _month(day: date) -> PartialDate:
    last = calendar.monthrange(day.year, day.month)[1]
    return PartialDate(day.replace(day=1), day.replace(day=last))


def add_months(day: date, months: int) -> date:
    """The same day `months` calendar months later; the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def whole_months(start: date, end: date) -> int:
    """Completed calendar months from `start` to `end`; negative when `end` is earlier."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - 1 if end < add_months(start, months) else months


def whole_years(start: date, end: date) -> int:
    """Completed years from `start` to `end`, as an age is counted."""
    return whole_months(start, end) // 12
