"""The inputs of the scores at both sides of their lines, and the scores of whole charts."""

from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    CarT,
    DrugUse,
    Measure,
    Measurement,
    Part,
    PatientTimeline,
    Person,
    TreatmentPlan,
)
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.scores import (
    ALBUMIN,
    DONOR_CMV,
    FROM_THERAPY,
    MARROW_BLASTS,
    PHASE,
    PLATELETS,
    RELAPSE_AGE,
    REMISSION_1,
    SALVAGE,
    TRANSPLANT_AGE,
    Albumin,
    FromTherapy,
    MarrowBlasts,
    Phase,
    Platelets,
    RelapseAge,
    Remission1,
    Salvage,
    TransplantAge,
)
from cds_rules.treatment.recommend import look
from cds_rules.treatment.scores import scores
from tests.unit.advice_charts import chart, seen
from tests.unit.charts import day, diagnosis, marrow, marrow_relapse, relapse, remission

RELAPSED = "2025-06-15"
PRIMARY, UNTREATED, REFRACTORY, LATER = Phase
TO_25, TO_50, OVER_50 = MarrowBlasts
BELOW_24, TO_36, FROM_36 = Remission1


def result(measure: Measure, value: float | Interval, when: str, **more: Any) -> Measurement:
    interval = value if isinstance(value, Interval) else Interval.exactly(value)
    return Measurement(f"Observation/{measure.name}-{when}-{value}", day(when), measure, interval, **more)


def drug(when: str | None, **more: Any) -> DrugUse:
    return DrugUse(f"MedicationAdministration/{when}", day(when), "vincristine", **more)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, {UNTREATED}),
        ({"drugs": (drug("2025-06-14"),)}, {UNTREATED}),
        ({"drugs": (drug(RELAPSED),)}, {UNTREATED, REFRACTORY}),
        ({"drugs": (drug(None),)}, {UNTREATED, REFRACTORY}),
        ({"drugs": (drug(RELAPSED, ordered=True),)}, {UNTREATED}),
        ({"missing": {Part.ADMINISTRATIONS: "no"}}, {UNTREATED, REFRACTORY}),
        ({"car_t": (CarT("Procedure/c", day(RELAPSED)),)}, {UNTREATED, REFRACTORY}),
        ({"car_t": (CarT("Procedure/c", None),)}, {UNTREATED, REFRACTORY}),
        ({"car_t": (CarT("Procedure/c", day("2025-06-14")),)}, {UNTREATED}),
        ({"drugs": (drug("2025-06-20"),), "measurements": (marrow(60, "2025-07-20"),)}, {REFRACTORY}),
        (
            {"drugs": (drug("2025-06-20"),), "measurements": (marrow(20, "2025-07-20"),)},
            {UNTREATED, REFRACTORY},
        ),
    ],
)
def test_phase_of_a_first_relapse(record: dict[str, Any], expected: set[Any]) -> None:
    assert seen(PHASE, marrow_relapse(**record)).possible == expected


def test_phase_of_other_courses() -> None:
    twice = (
        diagnosis("2018-01-15"),
        relapse("2021-01-15", "one"),
        remission("2021-03-15"),
        relapse(RELAPSED, "two"),
    )
    person = Person("Patient/p")
    assert seen(PHASE, PatientTimeline(person, diagnoses=twice)).possible == {LATER}
    assert seen(PHASE, PatientTimeline(person, diagnoses=(diagnosis(),))).possible == {PRIMARY}
    unread = PatientTimeline(
        person, diagnoses=(diagnosis(), relapse(RELAPSED)), missing={Part.CONDITIONS: "no"}
    )
    assert LATER in seen(PHASE, unread).possible


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ((True,), {YesNo.YES}),
        ((False,), {YesNo.NO}),
        ((True, False), set(YesNo)),
        ((None,), set(YesNo)),
        ((), set(YesNo)),
    ],
)
def test_the_donor_s_serology_counts_by_its_result(
    results: tuple[bool | None, ...], expected: set[Any]
) -> None:
    told = tuple(
        Event(f"Observation/{n}", day(RELAPSED), EventKind.DONOR_CMV_SEROLOGY, positive=positive)
        for n, positive in enumerate(results)
    )
    assert seen(DONOR_CMV, marrow_relapse(events=told)).possible == expected


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ((marrow(25, RELAPSED),), {TO_25}),
        ((marrow(25.1, RELAPSED),), {TO_50}),
        ((marrow(50, RELAPSED),), {TO_50}),
        ((marrow(50.1, RELAPSED),), {OVER_50}),
        ((marrow(Interval(20, 40), RELAPSED),), {TO_25, TO_50}),
        ((marrow(90, RELAPSED), marrow(10, "2025-07-20")), {TO_25}),
        ((marrow(90, RELAPSED, readable=False),), set(MarrowBlasts)),
        ((marrow(90, "2025-05-31"),), set(MarrowBlasts)),
        ((), set(MarrowBlasts)),
    ],
)
def test_marrow_blasts_at_the_latest_look(looks: tuple[Measurement, ...], expected: set[Any]) -> None:
    assert seen(MARROW_BLASTS, marrow_relapse(measurements=looks)).possible == expected


@pytest.mark.parametrize(
    ("value", "when", "expected"),
    [
        (49_999, "2025-12-20", {Platelets.LOW}),
        (50_000, "2025-12-20", {Platelets.ENOUGH}),
        (Interval(0, 60_000), "2025-12-20", set(Platelets)),
        (10_000, "2025-12-02", {Platelets.LOW}),
        (10_000, "2025-12-01", set(Platelets)),
    ],
)
def test_platelets_of_the_last_month(value: float | Interval, when: str, expected: set[Any]) -> None:
    told = marrow_relapse(measurements=(result(Measure.PLATELETS, value, when),))
    assert seen(PLATELETS, told).possible == expected


@pytest.mark.parametrize(("value", "expected"), [(2.99, {Albumin.LOW}), (3.0, {Albumin.ENOUGH})])
def test_albumin_below_three(value: float, expected: set[Any]) -> None:
    told = marrow_relapse(measurements=(result(Measure.ALBUMIN, value, "2025-12-20"),))
    assert seen(ALBUMIN, told).possible == expected
    assert seen(ALBUMIN, marrow_relapse()).possible == set(Albumin)


def test_two_counts_of_one_day_on_both_sides_leave_it_open() -> None:
    told = tuple(result(Measure.PLATELETS, v, "2025-12-20") for v in (20_000, 80_000))
    assert seen(PLATELETS, marrow_relapse(measurements=told)).possible == set(Platelets)


def born(birth: str | None, **record: Any) -> PatientTimeline:
    person = Person("Patient/p", PartialDate.parse(birth) if birth else None)
    return PatientTimeline(person, diagnoses=(diagnosis(), relapse(RELAPSED)), **record)


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        ("2016-01-02", {TransplantAge.BELOW_10}),
        ("2016-01-01", {TransplantAge.TO_39}),
        ("1986-01-02", {TransplantAge.TO_39}),
        ("1986-01-01", {TransplantAge.FROM_40}),
        ("1985", {TransplantAge.FROM_40}),
        (None, set(TransplantAge)),
    ],
)
def test_age_now_for_the_transplant_score(birth: str | None, expected: set[Any]) -> None:
    assert seen(TRANSPLANT_AGE, born(birth)).possible == expected


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        ("2005-06-16", {RelapseAge.BELOW_20}),
        ("2005-06-15", {RelapseAge.TO_25}),
        ("1999-06-16", {RelapseAge.TO_25}),
        ("1999-06-15", {RelapseAge.TO_45}),
        ("1979-06-16", {RelapseAge.TO_45}),
        ("1979-06-15", {RelapseAge.TO_50}),
        ("1974-06-16", {RelapseAge.TO_50}),
        ("1974-06-15", {RelapseAge.OVER_50}),
        ("1979", {RelapseAge.TO_45, RelapseAge.TO_50}),
    ],
)
def test_age_at_relapse(birth: str, expected: set[Any]) -> None:
    assert seen(RELAPSE_AGE, born(birth)).possible == expected


@pytest.mark.parametrize(
    ("reached", "expected"),
    [
        ("2023-06-16", {BELOW_24}),
        ("2023-06-15", {BELOW_24, TO_36}),
        ("2023-06-14", {TO_36}),
        ("2022-06-16", {TO_36}),
        ("2022-06-15", {FROM_36}),
        ("2022-06", {TO_36, FROM_36}),
        (None, set(Remission1)),
    ],
)
def test_length_of_the_first_remission(reached: str | None, expected: set[Any]) -> None:
    told = [diagnosis("2021-01-15"), relapse(RELAPSED)]
    told += [remission(reached)] if reached else []
    assert seen(REMISSION_1, PatientTimeline(Person("Patient/p"), diagnoses=tuple(told))).possible == expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2023-12-16", {FromTherapy.BELOW_18}),
        ("2023-12-15", {FromTherapy.FROM_18}),
        ("2024-02-01", set(FromTherapy)),
        (None, set(FromTherapy)),
    ],
)
def test_months_from_initial_therapy(start: str | None, expected: set[Any]) -> None:
    plans = (TreatmentPlan("CarePlan/1", day(start), None, "active"),) if start else ()
    told = marrow_relapse(diagnosed="2023-12-10", plans=plans)
    assert seen(FROM_THERAPY, told).possible == expected


def test_rescue_therapy_by_relapse_and_response() -> None:
    twice = (
        diagnosis("2018-01-15"),
        relapse("2021-01-15", "a"),
        remission("2021-03-15"),
        relapse(RELAPSED, "b"),
    )
    failed = (marrow(60, "2025-07-20"),)
    person = Person("Patient/p")
    assert seen(SALVAGE, marrow_relapse()).possible == {Salvage.FIRST}
    assert seen(SALVAGE, marrow_relapse(measurements=failed)).possible == {Salvage.SECOND}
    assert seen(SALVAGE, PatientTimeline(person, diagnoses=twice)).possible == {Salvage.SECOND}
    third = PatientTimeline(person, diagnoses=twice, measurements=failed)
    assert seen(SALVAGE, third).possible == {Salvage.LATER}
    unclear = marrow_relapse(measurements=(marrow(Interval(10, 60), "2025-07-20"),))
    assert seen(SALVAGE, unclear).possible == {Salvage.FIRST, Salvage.SECOND}


def found(birth: str, on: str = "2025-06-20", **record: Any) -> dict[str, Any]:
    when = PartialDate.parse(on).earliest
    return {f.id: f for f in scores(look(chart(born(birth, **record), when)))}


def test_an_adult_in_first_relapse_has_the_transplant_score_and_the_figures() -> None:
    told = found("1980-01-01", measurements=(marrow(80, RELAPSED),))
    assert set(told) == {"SC-1", "SC-3"}
    score = told["SC-1"]
    assert (score.low, score.high, score.maximum, score.applies) == (3, 4, 6, Answer.YES)
    assert [m.aspect for m in score.missing] == ["donorCmv"]
    assert [f.of for f in score.meaning] == ["3", "4 to 6"]
    assert "no figure above 3" in score.meaning[-1].says
    assert {p.aspect: (p.low, p.high) for p in score.parts}["marrowBlasts"] == (1, 1)
    assert told["SC-3"].low is None


def test_a_child_has_no_adult_score_but_that_before_a_transplant() -> None:
    told = found("2018-01-01", measurements=(marrow(80, RELAPSED),))
    assert set(told) == {"SC-1"}
    assert (told["SC-1"].low, told["SC-1"].high) == (1, 2)


def test_an_adult_whose_first_rescue_failed_has_the_score_for_the_second() -> None:
    looks = (marrow(80, RELAPSED), marrow(60, "2025-07-20"))
    told = found("1980-01-01", "2025-07-25", drugs=(drug("2025-06-20"),), measurements=looks)
    assert set(told) == {"SC-1", "SC-2", "SC-3"}
    assert (told["SC-2"].low, told["SC-2"].high) == (1, 4)
    assert {m.aspect for m in told["SC-2"].missing} == {"firstRemissionMonths", "platelets", "albumin"}


def test_in_remission_no_score_is_shown_for_a_child() -> None:
    told = PatientTimeline(
        Person("Patient/p", day("2018-01-01")),
        diagnoses=(diagnosis(), relapse(RELAPSED), remission("2025-08-01")),
    )
    assert scores(look(chart(told))) == ()
