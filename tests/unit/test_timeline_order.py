"""What is said, and the evidence named for it, does not depend on the order of the record."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from cds_rules.patient.before import car_t_ever
from cds_rules.patient.draw import draw
from cds_rules.patient.draw_findings import findings_of
from cds_rules.patient.fact import Fact
from cds_rules.patient.findings import Genetic, Marker
from cds_rules.patient.timeline import CarT, PatientTimeline, Transplant, TreatmentPlan
from cds_rules.treatment.aspects.collection import TREATED
from cds_rules.treatment.chart import Chart
from tests.unit.charts import ON, PERSON, day, diagnosis, relapse


def hsct(when: str | None, source: str) -> Transplant:
    return Transplant(f"Procedure/{source}", day(when), "allogeneic")


def kmt2a(when: str | None, source: str, present: bool) -> Genetic:
    return Genetic(f"Observation/{source}", day(when), Marker.KMT2A, present)


def plan(when: str | None, source: str) -> TreatmentPlan:
    return TreatmentPlan(f"CarePlan/{source}", day(when), None, "completed")


def sources(statements: tuple[Any, ...]) -> list[str]:
    return [statement.source.split("/")[1] for statement in statements]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_short_lists_stand_oldest_first_undated_before_all_and_one_day_by_source(
    order: tuple[int, ...],
) -> None:
    told = (hsct(None, "z"), hsct("2024-03-01", "b"), hsct("2024-03-02", "a"), hsct("2024-03-01", "c"))
    record = PatientTimeline(PERSON, transplants=tuple(told[i] for i in order))
    assert sources(record.transplants) == ["z", "b", "c", "a"]
    assert sources(replace(record, transplants=record.transplants[::-1]).transplants) == ["z", "b", "c", "a"]


def test_two_statements_of_one_resource_keep_their_order() -> None:
    pair = (kmt2a("2024-03-01", "g", present=True), kmt2a("2024-03-01", "g", present=False))
    assert PatientTimeline(PERSON, genetics=pair).genetics == pair


@pytest.mark.parametrize("order", [1, -1])
def test_the_tests_of_a_marker_are_named_by_date_and_those_that_found_it_first(order: int) -> None:
    told = (
        kmt2a("2024-01-05", "not-found", present=False),
        kmt2a("2024-01-06", "found", present=True),
        kmt2a(None, "undated", present=True),
    )
    record = PatientTimeline(PERSON, genetics=told[::order], diagnoses=(diagnosis("2024-01-01"),))
    found = findings_of(record).genetics[Marker.KMT2A]
    evidence = ("Observation/undated", "Observation/found", "Observation/not-found")
    assert found == Fact(True, evidence, "not found in every test")


@pytest.mark.parametrize("order", [1, -1])
def test_infusions_are_named_by_date(order: int) -> None:
    told = (CarT("Procedure/b", day("2024-01-01")), CarT("Procedure/a", day("2025-01-01")))
    record = PatientTimeline(PERSON, car_t=told[::order])
    assert car_t_ever(record) == Fact(True, ("Procedure/b", "Procedure/a"))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_treatment_since_the_relapse_is_shown_by_its_first_and_last_plan(order: tuple[int, ...]) -> None:
    told = (plan("2025-06-15", "on-the-day"), plan("2025-08-01", "a-second"), plan("2025-10-01", "a-third"))
    record = PatientTimeline(PERSON, diagnoses=(diagnosis(), relapse()), plans=tuple(told[i] for i in order))
    seen = TREATED.read(Chart(draw(record, ON), record, {}))
    assert seen.evidence == ("CarePlan/on-the-day", "CarePlan/a-third")
