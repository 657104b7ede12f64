"""Procedures whose code and name, or whose date and birth, contradict each other: not certain, and named."""

from typing import Any

import pytest

from cds_rules.patient.timeline import PatientTimeline, ProblemKind
from tests.unit.test_read_procedure import ALLOGENEIC, CPT, procedure, read

Json = dict[str, Any]
INFUSION, COLLECTION = (CPT, "38228"), (CPT, "38225")
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "2015-04-01"}


def called(text: str, code: tuple[str, str], **members: Any) -> Json:
    found = procedure(code, **members)
    return {**found, "code": {**found["code"], "text": text}}


def conflicts(timeline: PatientTimeline) -> list[tuple[ProblemKind, tuple[str, ...]]]:
    return [(p.kind, p.resources) for p in timeline.problems]


NAMED = [(ProblemKind.CONFLICT, ("Procedure/pr1",))]


@pytest.mark.parametrize(
    "text", ["Allogeneic transplant - cancelled", "HSCT not done", "Transplant declined"]
)
def test_a_transplant_called_off_in_its_name_is_not_certain(text: str) -> None:
    timeline = read(called(text, ALLOGENEIC))
    assert ([t.certain for t in timeline.transplants], conflicts(timeline)) == ([False], NAMED)


def test_a_name_that_agrees_changes_nothing() -> None:
    timeline = read(called("Allogeneic stem cell transplant, sibling donor", ALLOGENEIC))
    assert ([t.certain for t in timeline.transplants], timeline.problems) == ([True], ())


def test_an_infusion_called_collection_is_not_certain() -> None:
    timeline = read(called("CAR-T cell collection", INFUSION))
    assert ([c.certain for c in timeline.car_t], conflicts(timeline)) == ([False], NAMED)


def test_a_collection_called_infusion_may_be_one() -> None:
    timeline = read(called("CAR-T infusion", COLLECTION))
    assert ([c.certain for c in timeline.car_t], conflicts(timeline)) == ([False], NAMED)
    plain = read(called("CAR-T cell collection", COLLECTION))
    assert (plain.car_t, plain.problems) == ((), ())


@pytest.mark.parametrize("order", [1, -1])
def test_cells_given_before_birth_are_not_certain(order: int) -> None:
    resources = [PATIENT, procedure(ALLOGENEIC, performedDateTime="2001-01-01")]
    timeline = read(*resources[::order])
    assert ([t.certain for t in timeline.transplants], conflicts(timeline)) == ([False], NAMED)


def test_cells_given_in_the_year_of_birth_are() -> None:
    assert [
        t.certain for t in read(PATIENT, procedure(ALLOGENEIC, performedDateTime="2015")).transplants
    ] == [True]
