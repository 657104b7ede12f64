"""The record for one hook: what was prefetched, what is fetched beside it, and what stays missing."""

from collections.abc import Mapping
from typing import Any

import pytest

from cds_rules.patient.timeline import Part
from service.fhir.client import FhirAccess, FhirClient
from service.fhir.fetched import Fetched, Problem
from service.fhir.lexicon import shipped
from service.fhir.prefetch import NEEDS, TEMPLATES
from service.fhir.record import Record, gather

Json = dict[str, Any]
SCT = "http://snomed.info/sct"
ACCESS = FhirAccess("https://ehr.example/fhir", "made-up-token")
KEYS = [need.key for need in NEEDS]


class Ehr(FhirClient):
    """A FHIR server that answers with what it was given, and remembers what it was asked."""

    def __init__(self, **answers: Fetched) -> None:
        self.answers = answers
        self.asked: dict[str, str] = {}

    def fetch(self, access: FhirAccess, queries: Mapping[str, str]) -> dict[str, Fetched]:
        assert access == ACCESS
        self.asked |= queries
        return {key: self.answers.get(key, Fetched(key)) for key in queries}


def condition(code: str = "277571004", id_: str = "c1") -> Json:
    return {
        "resourceType": "Condition",
        "id": id_,
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": SCT, "code": code}]},
    }


def bundle(*resources: Json, **members: Any) -> Json:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


def full(**changes: Any) -> Json:
    """Every key answered in full, with one resource each; `...` leaves a key out."""
    whole = {
        "patient": {"resourceType": "Patient", "id": "p"},
        "conditions": bundle(condition()),
        **{n.key: bundle({"resourceType": n.type, "id": n.key}) for n in NEEDS[2:]},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def record(prefetch: Json, ehr: Ehr | None = None) -> Record:
    access = ACCESS if ehr is not None else None
    return gather("p", prefetch, access, ehr or Ehr(), shipped())


def ids(found: Record) -> set[str]:
    return {resource["id"] for resource in found.resources}


# ---- prefetch alone ------------------------------------------------------------------------------


def test_a_full_prefetch_is_the_whole_record() -> None:
    found = record(full())
    assert ids(found) == {"p", "c1", *KEYS[2:]}
    assert (dict(found.missing), found.unanswered) == ({}, ())


def test_a_full_prefetch_needs_no_server() -> None:
    ehr = Ehr()
    record(full(), ehr)
    assert ehr.asked == {}


@pytest.mark.parametrize(
    "value",
    [
        ...,
        None,
        {"resourceType": "OperationOutcome"},
        {"resourceType": "Observation", "id": "o"},
        [],
        "",
        7,
        False,
        {},
    ],
)
def test_without_an_answer_the_part_is_missing_with_a_reason(value: object) -> None:
    found = record(full(procedures=value))
    assert set(found.missing) == {Part.PROCEDURES}
    assert found.missing[Part.PROCEDURES].startswith("procedures not retrieved in full: ")
    assert found.unanswered == ("procedures",)


@pytest.mark.parametrize(
    "value",
    [
        bundle(condition(), link=[{"relation": "next", "url": "https://ehr.example/fhir?page=2"}]),
        bundle(condition(), total=2),
        condition(),
        bundle(condition(), {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}),
        {"resourceType": "Bundle", "entry": [{"resource": condition()}, None]},
    ],
)
def test_a_part_of_an_answer_is_used_and_known_to_be_a_part(value: object) -> None:
    found = record(full(conditions=value))
    assert "c1" in ids(found)
    assert set(found.missing) == {Part.CONDITIONS}
    assert found.unanswered == ()


def test_an_empty_answer_without_a_server_is_believed() -> None:
    found = record(full(procedures=bundle()))
    assert (dict(found.missing), found.unanswered) == ({}, ())


def test_nothing_to_go_on_leaves_every_key_unanswered() -> None:
    found = record({})
    assert (found.resources, list(found.unanswered)) == ((), KEYS)
    assert set(found.missing) == {need.part for need in NEEDS}


def test_keys_nobody_asked_for_are_left_alone() -> None:
    assert record({**full(), "invented": bundle(condition(id_="x"))}).resources == record(full()).resources


# ---- with a server --------------------------------------------------------------------------------


def test_what_was_not_sent_is_asked_for_with_the_published_query() -> None:
    ehr = Ehr(procedures=Fetched("procedures", ({"resourceType": "Procedure", "id": "hsct"},)))
    found = record(full(procedures=...), ehr)
    assert ehr.asked == {"procedures": TEMPLATES["procedures"].replace("{{context.patientId}}", "p")}
    assert "hsct" in ids(found)
    assert dict(found.missing) == {}


@pytest.mark.parametrize("value", [..., None, bundle(), [], {"resourceType": "Observation"}])
def test_empty_is_not_believed_where_it_can_be_checked(value: object) -> None:
    ehr = Ehr(procedures=Fetched("procedures", ({"resourceType": "Procedure", "id": "hsct"},)))
    assert "hsct" in ids(record(full(procedures=value), ehr))


def test_an_operation_outcome_is_not_asked_again() -> None:
    ehr = Ehr(procedures=Fetched("procedures", ({"resourceType": "Procedure", "id": "hsct"},)))
    found = record(full(procedures={"resourceType": "OperationOutcome"}), ehr)
    assert ehr.asked == {}
    assert Part.PROCEDURES in found.missing


def test_a_cut_answer_is_completed_and_its_resources_kept() -> None:
    cut = bundle({"resourceType": "Procedure", "id": "sent"}, total=2)
    ehr = Ehr(procedures=Fetched("procedures", ({"resourceType": "Procedure", "id": "more"},)))
    found = record(full(procedures=cut), ehr)
    assert {"sent", "more"} <= ids(found)
    assert dict(found.missing) == {}


def test_a_fetch_that_fails_keeps_what_was_sent_and_says_so() -> None:
    cut = bundle({"resourceType": "Procedure", "id": "sent"}, total=2)
    found = record(full(procedures=cut), Ehr(procedures=Fetched("procedures", (), Problem.TOO_SLOW)))
    assert "sent" in ids(found)
    assert Problem.TOO_SLOW.text in found.missing[Part.PROCEDURES]


def test_an_empty_answer_that_could_not_be_checked_is_missing() -> None:
    failed = Ehr(procedures=Fetched("procedures", (), Problem.SERVER_ERROR))
    found = record(full(procedures=bundle()), failed)
    assert Part.PROCEDURES in found.missing
    assert found.unanswered == ("procedures",)


# ---- the minimum necessary -------------------------------------------------------------------------


def test_a_chart_without_leukemia_is_left_alone() -> None:
    ehr = Ehr()
    record({"patient": full()["patient"], "conditions": bundle(condition("38341003"))}, ehr)
    assert ehr.asked == {}


@pytest.mark.parametrize(
    "conditions",
    [
        bundle(condition("277571004")),
        bundle(condition("38341003"), condition("277575008", "c2")),
        bundle(condition("38341003"), total=2),
        bundle({**condition(), "code": ["unreadable"]}),
        bundle(),
        None,
        ...,
    ],
)
def test_a_chart_that_may_concern_us_is_fetched(conditions: object) -> None:
    ehr = Ehr()
    record(full(conditions=conditions, procedures=...), ehr)
    assert "procedures" in ehr.asked


def test_reasons_are_constant_words() -> None:
    """No address, no token, nothing of the chart."""
    failed = Ehr(**{key: Fetched(key, (), Problem.UNREACHABLE) for key in KEYS})
    words = " ".join(record({}, failed).missing.values())
    assert "ehr.example" not in words
    assert "made-up-token" not in words


# ---- nobody of this id ----------------------------------------------------------------------------------


def test_an_unknown_patient_without_conditions_is_no_record_of_a_healthy_one() -> None:
    """A server that has no such patient answers the searches with empty lists."""
    found = record({}, Ehr(patient=Fetched("patient", problem=Problem.NOT_FOUND)))
    assert {"patient", "conditions"} <= set(found.unanswered)


def test_a_patient_that_is_known_may_have_no_conditions() -> None:
    patient = Fetched("patient", ({"resourceType": "Patient", "id": "p"},))
    assert "conditions" not in record({}, Ehr(patient=patient)).unanswered


def test_conditions_count_although_their_patient_was_not_found() -> None:
    held = Fetched("conditions", (condition(),))
    found = record({}, Ehr(patient=Fetched("patient", problem=Problem.NOT_FOUND), conditions=held))
    assert "conditions" not in found.unanswered
