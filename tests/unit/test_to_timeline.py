"""From resources to the timeline: whose they are, which are read, and that a bad one costs no other."""

import random
from typing import Any

import pytest

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.timeline import Part, PatientTimeline, Person, ProblemKind
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
SCT = "http://snomed.info/sct"
OWN = {"reference": "Patient/p"}


def condition(id_: object = "c1", subject: object = OWN, **members: Any) -> Json:
    code = {"coding": [{"system": SCT, "code": "277571004"}]}
    return {"resourceType": "Condition", "id": id_, "subject": subject, "code": code, **members}


def transplant(id_: str = "pr1", subject: object = OWN) -> Json:
    code = {"coding": [{"system": SCT, "code": "58390007"}]}
    return {"resourceType": "Procedure", "id": id_, "status": "completed", "subject": subject, "code": code}


def patient(id_: str = "p", **members: Any) -> Json:
    return {"resourceType": "Patient", "id": id_, "birthDate": "2015-04-01", "gender": "female", **members}


def read(*resources: Json, **options: Any) -> PatientTimeline:
    return to_timeline(resources, "p", **options)


def sources(timeline: PatientTimeline) -> list[str]:
    return [d.source for d in timeline.diagnoses]


# ---- the patient ---------------------------------------------------------------------------------


def test_the_patient() -> None:
    assert read(patient()).person == Person("Patient/p", PartialDate.parse("2015-04-01"), "female")


def test_without_a_patient_nothing_is_known_of_the_person() -> None:
    assert read(condition()).person == Person("Patient/p")


@pytest.mark.parametrize(
    ("members", "deceased", "died"),
    [
        ({}, None, "None"),
        ({"deceasedBoolean": False}, False, "None"),
        ({"deceasedBoolean": True}, True, "None"),
        ({"deceasedDateTime": "2025-11-19"}, True, "2025-11-19"),
        ({"deceasedDateTime": "2025"}, True, "2025"),
    ],
)
def test_alive_dead_or_not_said(members: Json, deceased: bool | None, died: str) -> None:
    person = read(patient(**members)).person
    assert (person.deceased, str(person.died)) == (deceased, died)


@pytest.mark.parametrize(
    "members",
    [
        {"deceasedBoolean": "false"},
        {"deceasedBoolean": 0},
        {"birthDate": ["2015"]},
        {"birthDate": "1.4.2015"},
        {"deceasedDateTime": "recently"},
        {"gender": 1},
    ],
)
def test_a_patient_that_cannot_be_read_leaves_the_person_unknown(members: Json) -> None:
    timeline = read(patient(**members), condition())
    assert timeline.person == Person("Patient/p")
    assert Part.PATIENT in timeline.missing
    assert sources(timeline) == ["Condition/c1"]


def test_the_patient_sent_twice_is_one_patient() -> None:
    timeline = read(patient(), patient())
    assert timeline.person == Person("Patient/p", PartialDate.parse("2015-04-01"), "female")
    assert timeline.problems == ()


@pytest.mark.parametrize("order", [1, -1])
def test_two_birth_dates_leave_the_age_open_and_are_named(order: int) -> None:
    twice = [patient(deceasedBoolean=True), patient(birthDate="2016-04-01")]
    timeline = read(*twice[::order])
    assert (timeline.person.birth, timeline.person.deceased) == (None, True)
    assert [(p.kind, p.resources) for p in timeline.problems] == [(ProblemKind.CONFLICT, ("Patient/p",))]


def test_who_is_dead_in_one_of_two_is_dead() -> None:
    assert read(patient(deceasedBoolean=True), patient(deceasedBoolean=False)).person.deceased is True


def test_the_patient_resource_of_someone_else_puts_the_conditions_in_doubt() -> None:
    timeline = read(patient("other"), condition())
    assert timeline.person == Person("Patient/p")
    assert Part.CONDITIONS in timeline.missing
    assert [(p.kind, p.resources) for p in timeline.problems] == [(ProblemKind.CONFLICT, ("Patient/other",))]


def test_the_patient_resource_of_someone_else_puts_the_patient_in_doubt() -> None:
    assert Part.PATIENT in read(patient("other"), condition()).missing


# ---- whose resources -------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["Patient/p", "Patient/p/_history/7"])
def test_references_to_our_patient(reference: str) -> None:
    assert sources(read(condition(subject={"reference": reference}))) == ["Condition/c1"]


@pytest.mark.parametrize("version", ["", "/_history/7"])
def test_an_absolute_reference_is_ours_on_our_own_server_only(version: str) -> None:
    """The same id on another server is someone else."""
    ours = "https://ehr.example/fhir/Patient/p"
    resource = condition(subject={"reference": ours + version})
    assert sources(read(resource, aliases=[ours])) == ["Condition/c1"]
    assert sources(read(resource, aliases=["https://other.example/fhir/Patient/p"])) == []
    assert sources(read(resource)) == []


def test_a_chart_in_which_nothing_is_ours_is_not_an_empty_one() -> None:
    """Absolute references and no server named: whether they are ours cannot be told."""
    timeline = read(patient(), condition(subject={"reference": "https://ehr.example/fhir/Patient/p"}))
    assert "Condition/c1" in timeline.missing[Part.CONDITIONS]


def test_beside_our_own_leukemia_a_foreign_one_raises_no_doubt() -> None:
    timeline = read(condition(), condition("c2", {"reference": "Patient/q"}))
    assert sources(timeline) == ["Condition/c1"]
    assert dict(timeline.missing) == {}


def test_a_full_url_of_the_bundle_means_our_patient_only_where_it_is_told() -> None:
    resource = condition(subject={"reference": "urn:uuid:9f9c"})
    assert sources(read(resource, aliases=["urn:uuid:9f9c"])) == ["Condition/c1"]
    assert sources(read(resource)) == []


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/q"},
        {"reference": "Patient/pp"},
        {"reference": "Patient/p/Condition"},
        {"reference": "RelatedPerson/p"},
        {"reference": "p"},
        {"reference": "https://ehr.example/fhir/Patient/q"},
        {"reference": "https://ehr.example/fhir/xPatient/p"},
        {"reference": ""},
        {"display": "our patient"},
        {},
        None,
    ],
)
def test_nobody_elses_resource_is_read_and_it_is_named(subject: object) -> None:
    timeline = read(condition(subject=subject))
    assert sources(timeline) == []
    assert [(p.kind, p.resources) for p in timeline.problems] == [(ProblemKind.CONFLICT, ("Condition/c1",))]


@pytest.mark.parametrize("subject", ["Patient/p", ["Patient/p"], 7])
def test_a_subject_of_the_wrong_shape_is_not_ours(subject: object) -> None:
    timeline = read(condition(subject=subject))
    assert sources(timeline) == []
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


def test_a_foreign_transplant_is_not_ours_and_is_named() -> None:
    timeline = read(transplant(subject={"reference": "Patient/q"}))
    assert timeline.transplants == ()
    assert [p.resources for p in timeline.problems] == [("Procedure/pr1",)]


# ---- duplicates --------------------------------------------------------------------------------------


def test_one_resource_sent_under_two_keys_counts_once() -> None:
    assert sources(read(condition(), condition(), condition("c2"))) == ["Condition/c1", "Condition/c2"]


def test_two_types_may_share_an_id() -> None:
    timeline = read(condition("x1"), transplant("x1"))
    assert (sources(timeline), len(timeline.transplants)) == (["Condition/x1"], 1)


# ---- one bad resource costs no other -------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"resourceType": None},
        {"resourceType": 7},
        {"resourceType": ["Condition"]},
        {"resourceType": "Invented", "id": "x"},
        {"resourceType": "Condition"},
        {"resourceType": "Condition", "id": "x", "code": []},
        {"resourceType": "Observation", "id": "x", "code": "11150-0"},
        {"resourceType": "CarePlan", "id": "x"},
        {"resourceType": "Procedure", "id": "x", "code": {"coding": {"code": 1}}},
        {"resourceType": "MedicationRequest", "id": "x", "medicationReference": "x"},
        {"resourceType": "Bundle", "entry": [{"resource": condition()}]},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_bad_resource_costs_no_other(bad: Json, first: bool) -> None:
    resources = [bad, condition()] if first else [condition(), bad]
    assert sources(read(*resources)) == ["Condition/c1"]


def test_an_id_that_is_not_safe_to_print_is_never_printed() -> None:
    hostile = "<script>alert(1)</script>"
    timeline = read(condition(hostile, code=["x"]), condition(hostile))
    assert sources(timeline) == []
    assert hostile not in repr(timeline)
    assert "Condition/(no readable id)" in {r for p in timeline.problems for r in p.resources}


def test_problem_texts_never_hold_text_of_the_chart() -> None:
    secret = "Jane Doe"
    resources = [
        condition("a", onsetDateTime=secret),
        condition("b", subject={"reference": secret}),
        condition("c", bodySite=secret),
        patient(birthDate=secret),
        {"resourceType": "Condition", "id": "d", "subject": OWN, "code": [secret]},
    ]
    timeline = read(*resources)
    assert len(timeline.problems) == len(resources)
    assert secret not in repr((timeline.problems, dict(timeline.missing)))


# ---- parts that were not retrieved ------------------------------------------------------------------


def test_what_could_not_be_retrieved_is_passed_on() -> None:
    missing = {Part.PROCEDURES: "procedures not retrieved in full: too slow"}
    assert dict(read(condition(), missing=missing).missing) == missing


def test_a_reason_of_retrieval_wins_over_a_doubt_while_reading() -> None:
    missing = {Part.CONDITIONS: "conditions not retrieved in full: too slow"}
    timeline = read(condition(onsetDateTime="soon"), missing=missing)
    assert dict(timeline.missing) == missing


def test_a_complete_readable_record_has_nothing_missing() -> None:
    timeline = read(patient(), condition(), transplant())
    assert (timeline.problems, dict(timeline.missing)) == ((), {})


def test_the_order_of_the_resources_does_not_change_what_is_read() -> None:
    plan = {
        "resourceType": "CarePlan",
        "id": "cp",
        "status": "completed",
        "subject": OWN,
        "category": [{"coding": [{"system": SCT, "code": "367336001"}]}],
        "addresses": [{"reference": "Condition/c1"}],
        "period": {"start": "2022-01-17", "end": "2024-03-15"},
    }
    resources = [patient(), condition(), condition("c2"), transplant(), plan]
    whole = read(*resources)
    assert len(whole.plans) == 1
    for seed in range(10):
        shuffled = random.Random(seed).sample(resources, len(resources))  # noqa: S311
        found = read(*shuffled)
        assert set(found.diagnoses) == set(whole.diagnoses)
        assert (found.person, found.plans, found.transplants) == (
            whole.person,
            whole.plans,
            whole.transplants,
        )
