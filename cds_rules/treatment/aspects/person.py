"""Aspects of the person: age on the day of assessment, and which sources speak of that age (D-9)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import lru_cache

from cds_rules.patient.dates import PartialDate, whole_years
from cds_rules.treatment.aspect import Aspect, Seen, When
from cds_rules.treatment.chart import Chart


class Age(StrEnum):
    """Completed years on the day of assessment, cut wherever a source cuts."""

    INFANT = "<1 year"
    CHILD = "1-17 years"
    TO_21 = "18-21 years"
    TO_25 = "22-25 years"
    TO_30 = "26-30 years"
    OVER_30 = ">30 years"


_FROM_YEARS = ((31, Age.OVER_30), (26, Age.TO_30), (22, Age.TO_25), (18, Age.TO_21), (1, Age.CHILD))


def age_band(years: int) -> Age:
    """The band of an age in completed years."""
    return next((band for first, band in _FROM_YEARS if years >= first), Age.INFANT)


def _age(chart: Chart) -> Seen:
    birth, on = chart.picture.person.birth, chart.picture.on
    source = (chart.picture.person.source,)
    if birth is None or birth.earliest > on:
        return Seen(frozenset(Age), source if birth else (), "no usable birth date")
    possible, why = _bands(birth, on)
    return Seen(possible, source, why)


@lru_cache(maxsize=4096)
def _bands(birth: PartialDate, on: date) -> tuple[frozenset[StrEnum], str | None]:
    oldest = whole_years(birth.earliest, on)
    youngest = whole_years(min(birth.latest, on), on)
    bands = list(Age)
    first, last = bands.index(age_band(youngest)), bands.index(age_band(oldest))
    why = None if first == last else f"between {youngest} and {oldest} years by the birth date given"
    return frozenset(bands[first : last + 1]), why


AGE = Aspect("age", "age now", Age, _age, "record the date of birth")

adult: When = AGE.is_(Age.TO_21, Age.TO_25, Age.TO_30, Age.OVER_30)
"""UTD2022 speaks from 18 years (project's reading)."""
pediatric: When = AGE.is_(Age.INFANT, Age.CHILD, Age.TO_21, Age.TO_25, Age.TO_30)
"""Pediatric sources are shown up to 30 years, the upper age of their trials (D-9, project's)."""
