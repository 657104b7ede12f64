"""Aspects of the day of T-cell collection: counts, washouts, transplant, GVHD, what was collected."""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest

from cds_rules.patient.draw import draw
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import CellCollection
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    DrugUse,
    Measure,
    Measurement,
    Part,
    PatientTimeline,
    Route,
    Site,
    Transplant,
    TreatmentPlan,
)
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.aspects.collection import (
    AFTER_TRANSPLANT,
    BLOOD_BLASTS,
    COLLECTED,
    CYTOTOXICS,
    GVHD,
    IMMUNOSUPPRESSION,
    LEUKOCYTES,
    LYMPHOCYTES,
    PEMBROLIZUMAB,
    STEROIDS,
    T_CELLS,
    TREATED,
    AfterTransplant,
    BloodBlasts,
    Leukocytes,
    LongWashout,
    Lymphocytes,
    TCells,
    Washout,
)
from cds_rules.treatment.chart import Chart
from tests.unit.charts import ON, PERSON, day, diagnosis, relapse

BELOW_300, AT_300, TO_500, OVER_500 = Lymphocytes
BELOW_100, TO_200, OVER_200 = TCells
RECENT, OVER = Washout
NONE, BEFORE_100, TO_120, FROM_120 = AfterTransplant
YES, NO = YesNo
EITHER = set(YesNo)
OTHER_DRUG = DrugUse("MedicationAdministration/other", day("2025-01-01"), "mercaptopurine")


def ago(days: int) -> str:
    return (ON - timedelta(days=days)).isoformat()


def see(aspect: Aspect, **record: Any) -> Seen:
    told = (diagnosis(), relapse("2025-11-01", sites=frozenset({Site.MARROW})))
    timeline = PatientTimeline(PERSON, diagnoses=told, **record).as_of(ON)
    return aspect.read(Chart(draw(timeline, ON), timeline, {}))


def possible(aspect: Aspect, **record: Any) -> set[StrEnum]:
    found = see(aspect, **record)
    assert found.settled or found.because
    return set(found.possible)


def count(measure: Measure, value: float | Interval, when: str | None = None, **more: Any) -> Measurement:
    span = value if isinstance(value, Interval) else Interval.exactly(value)
    return Measurement(f"Observation/{measure.name}-{when}", day(when or ago(0)), measure, span, **more)


def given(drug: str, when: str | None, **more: Any) -> DrugUse:
    return DrugUse(f"MedicationAdministration/{drug}-{when}", day(when), drug, **more)


# ---- counts (C-4) --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (299.9, {BELOW_300}),
        (300.0, {AT_300}),
        (300.1, {TO_500}),
        (500.0, {TO_500}),
        (500.1, {OVER_500}),
        (Interval(0, 300, high_open=True), {BELOW_300}),
        (Interval(0, 300), {BELOW_300, AT_300}),
        (Interval(200, 600), {BELOW_300, AT_300, TO_500, OVER_500}),
    ],
)
def test_lymphocytes_are_cut_at_300_and_500(value: float | Interval, expected: set[StrEnum]) -> None:
    assert possible(LYMPHOCYTES, measurements=(count(Measure.LYMPHOCYTES, value),)) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(99.9, {BELOW_100}), (100.0, {TO_200}), (200.0, {TO_200}), (200.1, {OVER_200})]
)
def test_t_cells_are_cut_at_100_and_above_200(value: float, expected: set[StrEnum]) -> None:
    assert possible(T_CELLS, measurements=(count(Measure.T_CELLS, value),)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (20_000, Leukocytes.TO_20),
        (20_001, Leukocytes.TO_40),
        (40_000, Leukocytes.TO_40),
        (40_001, Leukocytes.OVER_40),
    ],
)
def test_leukocytes_are_cut_above_20_and_40_thousand(value: float, expected: StrEnum) -> None:
    assert possible(LEUKOCYTES, measurements=(count(Measure.LEUKOCYTES, value),)) == {expected}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (50.0, BloodBlasts.TO_50),
        (50.1, BloodBlasts.TO_80),
        (80.0, BloodBlasts.TO_80),
        (80.1, BloodBlasts.OVER_80),
    ],
)
def test_blasts_in_blood_are_cut_above_50_and_80_percent(value: float, expected: StrEnum) -> None:
    assert possible(BLOOD_BLASTS, measurements=(count(Measure.BLOOD_BLASTS, value),)) == {expected}


@pytest.mark.parametrize(("days", "settled"), [(0, True), (7, True), (8, False)])
def test_a_count_tells_for_seven_days(days: int, settled: bool) -> None:
    found = see(LYMPHOCYTES, measurements=(count(Measure.LYMPHOCYTES, 400, ago(days)),))
    assert found.settled is settled


def test_a_newer_unreadable_count_leaves_it_open() -> None:
    old = count(Measure.LYMPHOCYTES, 400, ago(3))
    new = count(Measure.LYMPHOCYTES, Interval(0, 1e6), ago(1), readable=False)
    assert possible(LYMPHOCYTES, measurements=(old, new)) == set(Lymphocytes)


def test_two_counts_of_one_day_leave_what_lies_between_them() -> None:
    low, high = count(Measure.T_CELLS, 90), count(Measure.T_CELLS, 150)
    assert possible(T_CELLS, measurements=(low, high)) == {BELOW_100, TO_200}


def test_no_count_is_not_a_low_count() -> None:
    assert possible(LYMPHOCYTES) == set(Lymphocytes)


# ---- washouts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "expected"), [(0, {RECENT}), (2, {RECENT}), (3, {RECENT, OVER}), (4, {OVER})]
)
def test_72_hours_cannot_be_told_from_days_on_the_third(days: int, expected: set[StrEnum]) -> None:
    assert possible(STEROIDS, drugs=(given("dexamethasone", ago(days)),)) == expected


@pytest.mark.parametrize(("days", "expected"), [(13, {RECENT}), (14, {OVER}), (15, {OVER})])
def test_cytotoxics_are_over_after_14_days(days: int, expected: set[StrEnum]) -> None:
    assert possible(CYTOTOXICS, drugs=(given("vincristine", ago(days)),)) == expected


@pytest.mark.parametrize(("days", "expected"), [(27, {RECENT}), (28, {OVER})])
def test_immunosuppression_is_over_after_4_weeks(days: int, expected: set[StrEnum]) -> None:
    use = given("tacrolimus", ago(400), until=day(ago(days)))
    assert possible(IMMUNOSUPPRESSION, drugs=(use,)) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, {LongWashout.RECENT}),
        (41, {LongWashout.RECENT}),
        (42, {LongWashout.RANGE}),
        (91, {LongWashout.RANGE}),
        (92, {LongWashout.OVER}),  # 2025-10-01 to 2026-01-01
    ],
)
def test_pembrolizumab_is_cut_at_6_weeks_and_3_months(days: int, expected: set[StrEnum]) -> None:
    assert possible(PEMBROLIZUMAB, drugs=(given("pembrolizumab", ago(days)),)) == expected


def test_the_latest_use_counts() -> None:
    uses = (given("vincristine", ago(100)), given("cytarabine", ago(5)))
    found = see(CYTOTOXICS, drugs=uses)
    assert set(found.possible) == {RECENT}
    assert found.evidence == (uses[1].source,)
    assert found.because == f"cytarabine, last {ago(5)}"


@pytest.mark.parametrize(
    "use",
    [
        given("vincristine", None),
        given("vincristine", "2026-01", ordered=True, given=False),
        given("vincristine", ago(5), ordered=True, given=False),
        given("vincristine", ago(5), route=Route.TEXT),
        given("methotrexate", ago(5), intrathecal=True),
        given("vincristine", "2025-12"),
        given("mercaptopurine", ago(100), given=False),
    ],
    ids=["undated", "ordered month", "ordered", "text", "intrathecal", "month", "reported without end"],
)
def test_what_may_have_been_a_recent_dose_leaves_it_open(use: DrugUse) -> None:
    assert possible(CYTOTOXICS, drugs=(OTHER_DRUG, use)) == {RECENT, OVER}


def test_a_drug_that_goes_on_is_given_today() -> None:
    use = given("mercaptopurine", ago(300), ongoing=True, given=False)
    assert possible(CYTOTOXICS, drugs=(use,)) == {RECENT}


def test_silence_about_a_drug_tells_only_where_medication_is_on_record_and_was_read() -> None:
    assert possible(CYTOTOXICS) == {RECENT, OVER}
    assert possible(STEROIDS, drugs=(OTHER_DRUG,)) == {OVER}
    missing = {Part.ADMINISTRATIONS: "not allowed"}
    assert possible(STEROIDS, drugs=(OTHER_DRUG,), missing=missing) == {RECENT, OVER}
    recent = given("dexamethasone", ago(1))
    assert possible(STEROIDS, drugs=(recent,), missing=missing) == {RECENT}


# ---- treated since the relapse (HR2020) ----------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "expected"),
    [("2025-10-31", {NO}), ("2025-11-01", {YES}), ("2025-11", {YES}), ("2025", EITHER)],
)
def test_treatment_from_the_day_of_the_relapse_on_counts(when: str, expected: set[StrEnum]) -> None:
    assert possible(TREATED, drugs=(OTHER_DRUG, given("vincristine", when))) == expected


def test_a_plan_counts_as_treatment_and_an_order_may() -> None:
    plan = TreatmentPlan("CarePlan/c", day("2025-11-03"), None, "active")
    assert possible(TREATED, plans=(plan,)) == {YES}
    order = given("vincristine", "2025-11-03", ordered=True, given=False)
    assert possible(TREATED, drugs=(order,)) == EITHER
    orders = tuple(replace(order, source=f"MedicationRequest/{n}") for n in range(3))
    assert see(TREATED, drugs=orders).evidence == ("MedicationRequest/0", "MedicationRequest/1")


def test_premedication_is_no_treatment_and_an_empty_record_does_not_tell() -> None:
    assert possible(TREATED, drugs=(given("hydrocortisone", "2025-11-03"),)) == {NO}
    assert possible(TREATED) == EITHER


@pytest.mark.parametrize(
    ("drug", "days", "expected"),
    [
        ("prednisone", 27, {RECENT, OVER}),
        ("prednisone", 28, {OVER}),
        ("ruxolitinib", 27, {RECENT, OVER}),
        ("dexamethasone", 27, {OVER}),
    ],
)
def test_steroids_and_ruxolitinib_may_be_immunosuppression(
    drug: str, days: int, expected: set[StrEnum]
) -> None:
    assert possible(IMMUNOSUPPRESSION, drugs=(given(drug, ago(days)),)) == expected
    tacrolimus = given("tacrolimus", ago(5))
    assert possible(IMMUNOSUPPRESSION, drugs=(given(drug, ago(days)), tacrolimus)) == {RECENT}


# ---- transplant, immunosuppression, GVHD ---------------------------------------------------------


def hsct(when: str | None, **more: Any) -> Transplant:
    return Transplant("Procedure/t", day(when), **{"kind": "allogeneic", **more})


@pytest.mark.parametrize(
    ("days", "expected"), [(99, {BEFORE_100}), (100, {TO_120}), (119, {TO_120}), (120, {FROM_120})]
)
def test_time_since_transplant_is_cut_at_100_and_120_days(days: int, expected: set[StrEnum]) -> None:
    assert possible(AFTER_TRANSPLANT, transplants=(hsct(ago(days)),)) == expected


def test_the_last_transplant_counts() -> None:
    two = (hsct(ago(900)), Transplant("Procedure/u", day(ago(50))))
    assert possible(AFTER_TRANSPLANT, transplants=two) == {BEFORE_100}


@pytest.mark.parametrize(
    "transplant", [hsct(None), hsct(ago(900), certain=False), hsct(ago(900), route=Route.TEXT)]
)
def test_an_uncertain_or_undated_transplant_leaves_the_time_open(transplant: Transplant) -> None:
    assert possible(AFTER_TRANSPLANT, transplants=(transplant,)) == set(AfterTransplant)


def test_without_a_transplant_none_is_told_if_procedures_were_read() -> None:
    assert possible(AFTER_TRANSPLANT) == {NONE}
    assert possible(AFTER_TRANSPLANT, transplants=(hsct(ago(50), kind="autologous"),)) == {NONE}
    assert possible(AFTER_TRANSPLANT, missing={Part.PROCEDURES: "not allowed"}) == set(AfterTransplant)
    assert see(AFTER_TRANSPLANT, missing={Part.PROCEDURES: "not allowed"}).because == "not allowed"


def gvhd(**more: Any) -> Event:
    return Event("Condition/g", day("2025-03-01"), EventKind.CHRONIC_GVHD, **more)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), {NO}),
        ((gvhd(active=True),), {YES}),
        ((gvhd(active=False),), {NO}),
        ((gvhd(until=day("2025-05-01")),), {NO}),
        ((gvhd(),), EITHER),
        ((gvhd(active=True, certain=False),), EITHER),
        ((gvhd(active=False), gvhd(active=True)), {YES}),
    ],
)
def test_gvhd_is_there_when_the_record_says_that_it_is_active(
    events: tuple[Event, ...], expected: set[StrEnum]
) -> None:
    assert possible(GVHD, events=events) == expected


def test_silence_about_gvhd_is_no_answer_when_conditions_were_not_read() -> None:
    assert possible(GVHD, missing={Part.CONDITIONS: "not allowed"}) == EITHER


# ---- collection ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purpose", "route", "expected"),
    [
        (True, Route.CODE, {YES}),
        (None, Route.CODE, EITHER),
        (True, Route.TEXT, EITHER),
        (False, Route.CODE, {NO}),
    ],
)
def test_leukapheresis_is_a_collection_only_if_it_was_for_car_t(
    purpose: bool | None, route: Route, expected: set[StrEnum]
) -> None:
    found = CellCollection("Procedure/c", day("2025-12-01"), purpose, route)
    assert possible(COLLECTED, collections=(found,)) == expected


def test_no_collection_on_record_is_no_answer_when_procedures_were_not_read() -> None:
    assert possible(COLLECTED) == {NO}
    assert possible(COLLECTED, missing={Part.PROCEDURES: "not allowed"}) == EITHER
