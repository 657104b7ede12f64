"""Who is of childbearing age, who has neurologic signs, who is off therapy."""

from datetime import date
from typing import Any

import pytest

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    DrugUse,
    Measure,
    Measurement,
    Part,
    PatientTimeline,
    Person,
    Route,
    TreatmentPlan,
)
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.evaluation import (
    CHILDBEARING,
    CIRCULATING,
    MALE,
    MARROW_RECENT,
    NEUROLOGIC,
    OFF_THERAPY,
    SINCE_TREATMENT,
    Blasts,
    OffTherapyFor,
)
from cds_rules.treatment.aspects.state import IN_REMISSION, PRIMARY_REFRACTORY
from tests.unit.advice_charts import seen
from tests.unit.charts import day, diagnosis, marrow, relapse, remission

RELAPSED = "2025-06-15"
YES, NO, OPEN = {YesNo.YES}, {YesNo.NO}, set(YesNo)
PRESENT, NONE, EITHER = {Blasts.PRESENT}, {Blasts.NONE}, set(Blasts)


def record(sex: str | None = None, birth: str | None = "2015-04-01", **more: Any) -> PatientTimeline:
    person = Person("Patient/p", PartialDate.parse(birth) if birth else None, sex)
    return PatientTimeline(person, **{"diagnoses": (diagnosis(), relapse(RELAPSED)), **more})


@pytest.mark.parametrize(("sex", "expected"), [("male", YES), ("female", NO), ("other", OPEN), (None, OPEN)])
def test_sex_is_taken_as_recorded(sex: str | None, expected: set[YesNo]) -> None:
    assert seen(MALE, record(sex)).possible == expected


@pytest.mark.parametrize(
    ("sex", "birth", "expected"),
    [
        ("female", "2016-01-01", YES),
        ("female", "2016-01-02", NO),
        ("female", "2016", OPEN),
        ("female", "1970-01-01", NO),
        ("female", "1970-01-02", YES),
        ("female", None, OPEN),
        (None, "2000-01-01", OPEN),
        (None, "2020-01-01", NO),
        ("male", None, NO),
    ],
)
def test_childbearing_age_is_from_10_to_55(sex: str | None, birth: str | None, expected: set[YesNo]) -> None:
    assert seen(CHILDBEARING, record(sex, birth)).possible == expected


@pytest.mark.parametrize(
    ("when", "more", "expected"),
    [
        (RELAPSED, {}, YES),
        ("2022-03-01", {}, OPEN),
        (None, {}, OPEN),
        (RELAPSED, {"active": False}, OPEN),
        (RELAPSED, {"certain": False}, OPEN),
        (RELAPSED, {"route": Route.TEXT}, OPEN),
    ],
)
def test_a_recorded_sign_shows_signs_and_silence_does_not_exclude_them(
    when: str | None, more: dict[str, Any], expected: set[YesNo]
) -> None:
    sign = Event("Condition/palsy", day(when), EventKind.CRANIAL_NERVE_PALSY, **more)
    assert seen(NEUROLOGIC, record(events=(sign,))).possible == expected
    assert seen(NEUROLOGIC, record()).possible == OPEN


def test_a_lesion_seen_by_imaging_is_no_sign() -> None:
    lesion = Event("Condition/lesion", day(RELAPSED), EventKind.PARENCHYMAL_CNS_LESION)
    assert seen(NEUROLOGIC, record(events=(lesion,))).possible == OPEN


def blood(value: float | Interval, when: str, measure: Measure = Measure.BLOOD_BLASTS) -> Measurement:
    interval = value if isinstance(value, Interval) else Interval.exactly(value)
    return Measurement(f"Observation/{measure.name}-{when}", day(when), measure, interval)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ((blood(0.5, RELAPSED),), PRESENT),
        ((blood(0, RELAPSED),), NONE),
        ((blood(Interval(0, 1), RELAPSED),), EITHER),
        ((blood(5, "2022-01-15"),), EITHER),
        ((), EITHER),
        ((blood(0, RELAPSED), blood(120, RELAPSED, Measure.BLOOD_BLAST_COUNT)), PRESENT),
        ((blood(9, RELAPSED), blood(0, "2025-07-20")), NONE),
    ],
)
def test_the_latest_blood_count_since_the_relapse_tells_of_blasts(
    results: tuple[Measurement, ...], expected: set[Blasts]
) -> None:
    assert seen(CIRCULATING, record(measurements=results)).possible == expected


def test_blasts_in_the_blood_are_not_placed_without_the_date_of_the_relapse() -> None:
    told = record(diagnoses=(diagnosis(), relapse(None)), measurements=(blood(9, RELAPSED),))
    assert seen(CIRCULATING, told).possible == EITHER


def plan(until: str | None) -> TreatmentPlan:
    return TreatmentPlan("CarePlan/1", day("2025-06-20"), day(until), "completed")


def use(when: str, **more: Any) -> DrugUse:
    return DrugUse("MedicationAdministration/1", day(when), "vincristine", **more)


@pytest.mark.parametrize(
    ("record_of", "expected"),
    [
        ({"plans": (plan("2025-10-02"),)}, YES),
        ({"plans": (plan("2025-10-03"),)}, OPEN),
        ({"plans": (plan(None),)}, OPEN),
        ({}, OPEN),
        ({"drugs": (use("2025-12-04"),)}, NO),
        ({"drugs": (use("2025-12-03"),)}, OPEN),
        ({"drugs": (use("2025-07-01", ongoing=True),)}, NO),
        ({"plans": (plan("2025-09-01"),), "missing": {Part.STATEMENTS: "no"}}, OPEN),
        ({"plans": (plan("2025-09-01"),), "drugs": (use("2025-12-20"),)}, NO),
        ({"plans": (plan("2025-09-01"),), "drugs": (use("2025-07-01", ongoing=True, ordered=True),)}, OPEN),
        ({"plans": (plan("2025-09-01"),), "drugs": (use("2025-07-01", ordered=True),)}, YES),
        ({"plans": (plan("2025-09-01"),), "drugs": (use("2025-12-20", route=Route.TEXT),)}, OPEN),
    ],
)
def test_off_therapy_after_three_months_without_treatment(
    record_of: dict[str, Any], expected: set[YesNo]
) -> None:
    assert seen(OFF_THERAPY, record(**record_of)).possible == expected


WITHIN, AFTER = OffTherapyFor


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (PartialDate.parse("2024-01-01"), {WITHIN}),
        (PartialDate.parse("2023-12-31"), {AFTER}),
        (PartialDate(date(2023, 12, 31), date(2024, 1, 1)), {WITHIN, AFTER}),
        (None, {WITHIN, AFTER}),
    ],
)
def test_marrows_are_due_for_two_years_off_therapy(until: PartialDate | None, expected: set[Any]) -> None:
    ended = TreatmentPlan("CarePlan/1", day("2022-02-01"), until, "completed")
    told = record(diagnoses=(diagnosis(),), plans=(ended,))
    assert seen(SINCE_TREATMENT, told).possible == expected


def test_without_treatment_on_record_its_end_is_not_told() -> None:
    assert seen(SINCE_TREATMENT, record()).possible == {WITHIN, AFTER}


@pytest.mark.parametrize(
    ("when", "expected"), [("2025-07-01", YES), ("2025-06-30", NO), (None, OPEN), ("2025", OPEN)]
)
def test_a_marrow_counts_for_six_months(when: str | None, expected: set[YesNo]) -> None:
    assert seen(MARROW_RECENT, record(measurements=(marrow(1, when),))).possible == expected


def test_no_marrow_on_record_is_no_only_where_the_record_was_read() -> None:
    assert seen(MARROW_RECENT, record()).possible == NO
    assert seen(MARROW_RECENT, record(missing={Part.LABORATORY: "no"})).possible == OPEN


def test_remission_and_first_response_are_those_of_the_picture() -> None:
    told = (diagnosis(), relapse(RELAPSED), remission("2025-08-01"))
    assert seen(IN_REMISSION, record(diagnoses=told)).possible == YES
    assert seen(IN_REMISSION, record()).possible == OPEN
    assert seen(PRIMARY_REFRACTORY, record()).possible == OPEN
