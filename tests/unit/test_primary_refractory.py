"""Primary refractory: a marrow of 5 % or more at the end of the first induction, and no remission before."""

from typing import Any

import pytest

from cds_rules.patient.draw import draw
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import Fact
from cds_rules.patient.timeline import DrugUse, Part, PatientTimeline, Route, TreatmentPlan
from tests.unit.charts import ON, PERSON, day, diagnosis, is_open, marrow, relapse, remission

MISSING = "not retrieved: too slow"
INDUCTION = TreatmentPlan("CarePlan/in", day("2022-01-17"), None, "active")
DAY_29 = "2022-02-15"


def found(*statements: Any, plans: Any = (INDUCTION,), dx: Any = None, **more: Any) -> Fact[bool]:
    told = (dx or diagnosis(), *statements)
    conditions = tuple(s for s in told if hasattr(s, "state"))
    looks = tuple(s for s in told if hasattr(s, "measure"))
    return draw(PatientTimeline(PERSON, conditions, looks, plans=plans, **more), ON).primary_refractory


@pytest.mark.parametrize(("blasts", "answer"), [(4.9, False), (5, True), (12, True), (60, True)])
def test_five_per_cent_at_the_end_of_induction(blasts: float, answer: bool) -> None:
    fact = found(marrow(blasts, DAY_29))
    assert (fact.value, fact.evidence) == (answer, (f"Observation/m-{DAY_29}",))


@pytest.mark.parametrize(
    ("seen", "counts"),
    [("2022-02-13", False), ("2022-02-14", True), ("2022-03-28", True), ("2022-03-29", False)],
)
def test_a_marrow_counts_from_day_28_to_day_70_of_treatment(seen: str, counts: bool) -> None:
    assert found(marrow(60, seen)).value is (True if counts else None)


@pytest.mark.parametrize("order", [1, -1])
def test_it_stays_so_whatever_came_later(order: int) -> None:
    looks = (marrow(60, DAY_29), marrow(1, "2022-03-20"))
    assert found(*looks[::order], remission("2022-04-20")).value is True


def test_blasts_after_a_clear_marrow_are_the_next_relapse() -> None:
    assert found(marrow(1, DAY_29), marrow(60, "2022-03-20")).value is False


def test_a_stated_remission_of_that_time_denies_it() -> None:
    fact = found(remission("2022-02-20"))
    assert (fact.value, fact.evidence) == (False, ("Condition/rem",))
    assert found(remission("2022-02-20"), marrow(60, "2022-03-20")).value is False
    assert is_open(found(remission("2022-06-20")))  # of the first induction nothing is told


def test_a_remission_that_the_marrow_denies_leaves_it_open() -> None:
    fact = found(remission("2022-02-20"), marrow(60, "2022-02-15"))
    assert is_open(fact)
    assert set(fact.evidence) == {"Condition/rem", "Observation/m-2022-02-15"}


@pytest.mark.parametrize(
    "look",
    [
        marrow(Interval(0.0, 30.0), DAY_29),
        marrow(60, "2022-02"),
        marrow(60, None),
        marrow(60, DAY_29, route=Route.TEXT),
    ],
    ids=["straddles", "day unknown", "undated", "text"],
)
def test_a_look_that_does_not_settle_it_leaves_it_open(look: Any) -> None:
    assert is_open(found(look))


@pytest.mark.parametrize("part", [Part.CONDITIONS, Part.LABORATORY, Part.DISEASE_FINDINGS])
def test_unread_results_leave_a_no_open_but_not_a_yes(part: Part) -> None:
    missing = {part: MISSING}
    assert found(marrow(1, DAY_29), missing=missing).because == MISSING
    assert found(missing=missing).because == MISSING
    assert found(marrow(60, DAY_29), missing=missing).value is True


def test_without_a_diagnosis_or_a_start_of_treatment_it_is_open() -> None:
    assert is_open(found(marrow(60, DAY_29), dx=diagnosis(None)))
    assert is_open(found(marrow(60, DAY_29), plans=()))
    assert is_open(found(relapse()))


@pytest.mark.parametrize(("start", "counts"), [("2022-02-05", True), ("2022-02-06", False)])
def test_treatment_within_three_weeks_of_the_diagnosis_is_the_first_induction(
    start: str, counts: bool
) -> None:
    dose = DrugUse("MedicationAdministration/v", day(start), "vincristine")
    assert found(marrow(60, "2022-03-10"), plans=(), drugs=(dose,)).known is counts


def test_the_days_are_counted_from_the_first_dose() -> None:
    dose = DrugUse("MedicationAdministration/v", day("2022-02-01"), "vincristine")
    supportive = DrugUse("MedicationAdministration/t", day("2022-01-16"), "tacrolimus")
    assert is_open(found(marrow(60, "2022-02-28"), plans=(), drugs=(dose, supportive)))
    assert found(marrow(60, "2022-03-01"), plans=(), drugs=(dose, supportive)).value is True


def test_it_is_another_fact_than_refractory_to_reinduction() -> None:
    record = PatientTimeline(
        PERSON,
        (diagnosis(), relapse()),
        (marrow(60, DAY_29), marrow(1, "2022-04-01"), marrow(2, "2025-07-20")),
        plans=(INDUCTION,),
    )
    drawn = draw(record, ON)
    assert (drawn.primary_refractory.value, drawn.refractory.value) == (True, False)
