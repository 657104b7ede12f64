"""Whose a resource is: by reference, else by an identifier of the patient; nothing is so by default."""

from typing import Any

import pytest

from cds_rules.patient.timeline import Part, PatientTimeline, ProblemKind
from service.fhir.to_timeline import to_timeline
from tests.unit.observations import LOINC, observation, percent
from tests.unit.test_read_condition import B_ALL, IN_RELAPSE, condition

Json = dict[str, Any]
MRN = {"system": "urn:mrn", "value": "7"}
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "2015-04-01", "identifier": [MRN]}
DIAGNOSIS = {**condition(B_ALL), "id": "dx"}


def about(resource: Json, **subject: Any) -> Json:
    return {**resource, "subject": subject}


def read(*resources: Json) -> PatientTimeline:
    return to_timeline(resources, "p")


@pytest.mark.parametrize("order", [1, -1])
def test_an_identifier_of_the_patient_means_the_patient(order: int) -> None:
    told = [PATIENT, about(DIAGNOSIS, identifier=MRN)]
    marrow = about(observation((LOINC, "11150-0"), valueQuantity=percent(64)), identifier=MRN)
    timeline = read(*[*told, marrow][::order])
    assert [d.source for d in timeline.diagnoses] == ["Condition/dx"]
    assert [m.source for m in timeline.measurements] == ["Observation/o1"]
    assert (timeline.problems, timeline.missing) == ((), {})


@pytest.mark.parametrize(
    "subject",
    [
        {"identifier": {"system": "urn:mrn", "value": "8"}},
        {"identifier": {"value": "7"}},
        {"identifier": {"system": "urn:other", "value": "7"}},
        {"reference": "Patient/q", "identifier": MRN},
    ],
)
def test_another_identifier_or_another_reference_means_someone_else(subject: Json) -> None:
    timeline = read(PATIENT, DIAGNOSIS, about(condition(IN_RELAPSE), **subject))
    assert [d.source for d in timeline.diagnoses] == ["Condition/dx"]
    assert [(p.kind, p.resources) for p in timeline.problems] == [(ProblemKind.CONFLICT, ("Condition/c1",))]
    assert timeline.missing == {}


@pytest.mark.parametrize("subject", [{}, {"display": "somebody"}])
def test_a_condition_that_is_nobodys_is_named_and_leaves_the_conditions_in_doubt(subject: Json) -> None:
    """It came with this chart, and may be the relapse: silence about relapses is no answer."""
    timeline = read(PATIENT, DIAGNOSIS, about(condition(IN_RELAPSE), **subject))
    assert [d.source for d in timeline.diagnoses] == ["Condition/dx"]
    assert [p.text for p in timeline.problems] == ["It does not say whose it is: not used."]
    assert "Condition/c1" in timeline.missing[Part.CONDITIONS]


def test_an_identifier_of_another_patient_in_the_record_is_not_ours() -> None:
    other = {"resourceType": "Patient", "id": "q", "identifier": [{"system": "urn:mrn", "value": "8"}]}
    relapse = about(condition(IN_RELAPSE), identifier={"system": "urn:mrn", "value": "8"})
    assert [d.source for d in read(PATIENT, other, DIAGNOSIS, relapse).diagnoses] == ["Condition/dx"]
