"""Aspects of CNS relapse: spinal fluid, earlier cranial radiation, first remission, very young."""

from enum import StrEnum
from typing import Any

import pytest

from cds_rules.patient.draw import draw
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Field, Irradiation
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, Measurement, Part, PatientTimeline, Person, Route, Site
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.aspects.cns import (
    CNS_STATE,
    CRANIAL_RADIATION,
    FIRST_REMISSION,
    TRANSPLANT_CONTRAINDICATED,
    VERY_YOUNG,
    CnsState,
    CranialRadiation,
    FirstRemission,
)
from cds_rules.treatment.chart import Chart
from tests.unit.charts import ON, PERSON, csf, day, diagnosis, relapse, remission

RELAPSED = "2025-06-15"
CNS1, CNS2, BLOODY, CNS3 = CnsState
NONE, TO_20, OVER_20 = CranialRadiation
SEEN = Interval(0.0, 100.0, low_open=True)
WHITE, BLASTS, RED = Measure.CSF_LEUKOCYTES, Measure.CSF_BLASTS, Measure.CSF_RED_CELLS


def see(aspect: Aspect, *diagnoses: Any, person: Person = PERSON, **record: Any) -> Seen:
    told = diagnoses or (diagnosis(), relapse(RELAPSED))
    timeline = PatientTimeline(person, diagnoses=told, **record)
    return aspect.read(Chart(draw(timeline, ON), timeline, {}))


def possible(aspect: Aspect, *diagnoses: Any, **record: Any) -> set[StrEnum]:
    found = see(aspect, *diagnoses, **record)
    assert found.settled or found.because
    return set(found.possible)


def tap(
    white: float | None, blasts: float | Interval | None, red: float | None, when: str = RELAPSED
) -> tuple[Measurement, ...]:
    told = ((WHITE, white), (BLASTS, blasts), (RED, red))
    return tuple(csf(measure, value, when) for measure, value in told if value is not None)


# ---- spinal fluid (D-2) --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("white", "blasts", "red", "expected"),
    [
        (0, 0.0, 0, {CNS1}),
        (4.9, SEEN, 0, {CNS2}),
        (5, SEEN, 0, {CNS3}),
        (4, SEEN, 9.9, {CNS2}),
        (4, SEEN, 10, {BLOODY}),
        (0, None, None, {CNS1}),
        (4, SEEN, None, {CNS2, BLOODY}),
        (None, SEEN, 0, {CNS2, CNS3}),
        (4, None, 0, {CNS1, CNS2}),
        (None, None, None, set(CnsState)),
    ],
)
def test_the_state_by_the_taps_around_the_relapse(
    white: float | None, blasts: float | Interval | None, red: float | None, expected: set[StrEnum]
) -> None:
    assert possible(CNS_STATE, measurements=tap(white, blasts, red)) == expected


@pytest.mark.parametrize(("when", "counts"), [("2025-06-29", True), ("2025-06-30", False)])
def test_a_tap_counts_within_14_days_of_the_relapse(when: str, *, counts: bool) -> None:
    found = possible(CNS_STATE, measurements=tap(0, 0.0, 0, when))
    assert found == ({CNS1} if counts else set(CnsState))


def test_a_recorded_cns_relapse_stands_without_a_tap_and_against_a_clear_one() -> None:
    told = (diagnosis(), relapse(RELAPSED, sites=frozenset({Site.CNS})))
    assert possible(CNS_STATE, *told) == {CNS3}
    assert possible(CNS_STATE, *told, measurements=tap(0, 0.0, 0)) == {CNS3}


@pytest.mark.parametrize(("when", "counts"), [(RELAPSED, True), (None, True), ("2024-01-01", False)])
def test_a_nerve_palsy_leaves_cns3_open(when: str | None, *, counts: bool) -> None:
    palsy = Event("Condition/palsy", day(when), EventKind.CRANIAL_NERVE_PALSY)
    found = possible(CNS_STATE, measurements=tap(0, 0.0, 0), events=(palsy,))
    assert found == ({CNS1, CNS3} if counts else {CNS1})


def test_a_tap_known_by_its_text_only_settles_nothing() -> None:
    told = tuple(
        Measurement("Observation/t", day(RELAPSED), m, Interval.exactly(0), Route.TEXT)
        for m in (WHITE, BLASTS)
    )
    assert possible(CNS_STATE, measurements=told) == set(CnsState)


# ---- cranial radiation ---------------------------------------------------------------------------


def radiated(
    gray: float | None, when: str | None = "2022-09-01", field: Field = Field.CRANIAL, **more: Any
) -> Irradiation:
    return Irradiation(f"Procedure/rt-{gray}-{when}", day(when), field, gray, **more)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ((), {NONE}),
        ((radiated(12),), {TO_20}),
        ((radiated(20),), {TO_20}),
        ((radiated(20.1),), {OVER_20}),
        ((radiated(None),), {TO_20, OVER_20}),
        ((radiated(12), radiated(8, "2023-01-01")), {TO_20}),
        ((radiated(12), radiated(12, "2023-01-01")), {TO_20, OVER_20}),
        ((radiated(12), radiated(24, "2023-01-01")), {OVER_20}),
        ((radiated(18, "2025-09-01"),), {NONE}),
        ((radiated(18, None),), {NONE, TO_20}),
        ((radiated(24, "2025"),), {NONE, OVER_20}),
        ((radiated(24, route=Route.TEXT),), set(CranialRadiation)),
        ((radiated(12, field=Field.WHOLE_BODY),), {TO_20, OVER_20}),
        ((radiated(24, field=Field.TESTIS),), {NONE}),
    ],
)
def test_cranial_radiation_before_the_relapse(
    record: tuple[Irradiation, ...], expected: set[StrEnum]
) -> None:
    assert possible(CRANIAL_RADIATION, irradiations=record) == expected


def test_silence_is_no_answer_while_procedures_are_unread() -> None:
    missing = {Part.PROCEDURES: "procedures could not be read"}
    found = see(CRANIAL_RADIATION, missing=missing)
    assert (found.possible, found.because) == (frozenset(CranialRadiation), "procedures could not be read")


def test_dose_and_day_are_told() -> None:
    assert see(CRANIAL_RADIATION, irradiations=(radiated(18),)).because == "18 Gy, 2022-09-01"
    assert see(CRANIAL_RADIATION, irradiations=(radiated(None),)).because == "dose not recorded, 2022-09-01"


# ---- first remission -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cr1", "expected"),
    [
        ("2023-12-15", {FirstRemission.FROM_18}),
        ("2023-12-16", {FirstRemission.BEFORE_18}),
        ("2023-12", set(FirstRemission)),
        (None, set(FirstRemission)),
    ],
)
def test_the_first_remission_is_cut_at_18_months(cr1: str | None, expected: set[StrEnum]) -> None:
    told = (diagnosis(), relapse(RELAPSED), *((remission(cr1),) if cr1 else ()))
    assert possible(FIRST_REMISSION, *told) == expected


def test_a_relapse_before_18_months_had_a_shorter_remission() -> None:
    assert possible(FIRST_REMISSION, diagnosis("2024-01-15"), relapse(RELAPSED)) == {FirstRemission.BEFORE_18}
    assert possible(FIRST_REMISSION, diagnosis("2023-12-15"), relapse(RELAPSED)) == set(FirstRemission)


def test_a_second_relapse_does_not_end_the_first_remission() -> None:
    calm = (remission("2022-03-01"), remission("2024-06-01", "rem2"))
    told = (diagnosis(), *calm, relapse("2024-01-15", "one"), relapse(RELAPSED))
    assert possible(FIRST_REMISSION, *told) == set(FirstRemission)


# ---- the person ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "expected"),
    [("2008-01-01", {YesNo.NO}), ("2008-01-02", set(YesNo)), ("2024-05-01", set(YesNo)), (None, set(YesNo))],
)
def test_very_young_is_the_teams_to_say_below_18_years(born: str | None, expected: set[StrEnum]) -> None:
    assert possible(VERY_YOUNG, person=Person("Patient/p", day(born))) == expected


def test_no_chart_tells_that_a_transplant_is_contraindicated() -> None:
    assert possible(TRANSPLANT_CONTRAINDICATED) == set(YesNo)
