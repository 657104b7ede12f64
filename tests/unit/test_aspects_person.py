"""The age now, in the bands at which the sources cut, and which sources speak of it (D-9)."""

from datetime import date

import pytest

from cds_rules.patient.timeline import PatientTimeline, Person
from cds_rules.treatment.aspect import Seen
from cds_rules.treatment.aspects.person import AGE, Age, adult, age_band, pediatric
from tests.unit.advice_charts import chart
from tests.unit.charts import day

ON = date(2026, 1, 1)
INFANT, CHILD, TO_21, TO_25, TO_30, OVER_30 = Age


def seen(birth: str | None) -> Seen:
    return AGE.read(chart(PatientTimeline(Person("Patient/1", day(birth))), ON))


@pytest.mark.parametrize(
    ("first", "last", "band"),
    [(0, 0, INFANT), (1, 17, CHILD), (18, 21, TO_21), (22, 25, TO_25), (26, 30, TO_30), (31, 99, OVER_30)],
)
def test_the_bands_by_completed_years(first: int, last: int, band: Age) -> None:
    assert {age_band(years) for years in range(first, last + 1)} == {band}


@pytest.mark.parametrize(
    ("birth", "possible"),
    [
        ("2026-01-01", {INFANT}),
        ("2025-01-02", {INFANT}),
        ("2025-01-01", {CHILD}),
        ("2008-01-02", {CHILD}),
        ("2008-01-01", {TO_21}),
        ("1995-01-02", {TO_30}),
        ("1995-01-01", {OVER_30}),
        ("2008-01", {CHILD, TO_21}),
        ("2025", {INFANT, CHILD}),
        ("2026", {INFANT}),
        ("2015", {CHILD}),
    ],
)
def test_the_age_on_the_day_of_assessment(birth: str, possible: set[Age]) -> None:
    found = seen(birth)
    assert found.possible == possible
    assert found.evidence == ("Patient/1",)
    assert bool(found.because) is (len(possible) > 1)


def test_a_birth_year_says_between_which_ages() -> None:
    assert seen("2008").because == "between 17 and 18 years by the birth date given"


@pytest.mark.parametrize(("birth", "evidence"), [(None, ()), ("2026-01-02", ("Patient/1",))])
def test_without_a_birth_date_that_can_be_every_age_is_possible(
    birth: str | None, evidence: tuple[str, ...]
) -> None:
    assert seen(birth) == Seen(frozenset(Age), evidence, "no usable birth date")


def test_from_18_to_30_both_kinds_of_source_speak() -> None:
    assert [a for a in Age if pediatric.holds({AGE.id: a})] == [INFANT, CHILD, TO_21, TO_25, TO_30]
    assert [a for a in Age if adult.holds({AGE.id: a})] == [TO_21, TO_25, TO_30, OVER_30]
