"""Episodes of care: which are treatment of the leukemia, and that the others say nothing."""

from typing import Any

import pytest

from cds_rules.patient.timeline import PatientTimeline, ProblemKind, Route
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
SCT = "http://snomed.info/sct"
CHEMOTHERAPY: Json = {"coding": [{"system": SCT, "code": "367336001"}]}
B_ALL: Json = {"coding": [{"system": SCT, "code": "277571004"}]}
OF_ALL: Json = {"condition": {"reference": "Condition/dx"}}
CONDITION: Json = {
    "resourceType": "Condition",
    "id": "dx",
    "subject": {"reference": "Patient/p"},
    "code": B_ALL,
}


def episode(**members: Any) -> Json:
    whole = {
        "resourceType": "EpisodeOfCare",
        "id": "e1",
        "status": "finished",
        "type": [CHEMOTHERAPY],
        "diagnosis": [OF_ALL],
        "patient": {"reference": "Patient/p"},
        "period": {"start": "2022-01-17", "end": "2024-03-15"},
        **members,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def text(words: str) -> list[Json]:
    return [{"text": words}]


def read(*resources: Json) -> PatientTimeline:
    return to_timeline([*resources, CONDITION], "p")


@pytest.mark.parametrize(
    ("status", "meaning"),
    [("active", "active"), ("finished", "completed"), ("onhold", "on-hold"), ("cancelled", "revoked")],
)
def test_treatment_of_the_leukemia_is_kept_as_an_enrolment(status: str, meaning: str) -> None:
    (found,) = read(episode(status=status)).plans
    assert (found.source, found.status, found.enrolment) == ("EpisodeOfCare/e1", meaning, True)
    assert (str(found.when), str(found.until), found.route) == ("2022-01-17", "2024-03-15", Route.CODE)


@pytest.mark.parametrize("status", ["planned", "waitlist", "completed", "invented"])
def test_what_was_not_carried_out_says_nothing(status: str) -> None:
    timeline = read(episode(status=status))
    assert (timeline.plans, timeline.problems) == ((), ())


def test_entered_in_error_is_named() -> None:
    timeline = read(episode(status="entered-in-error"))
    assert timeline.plans == ()
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.ENTERED_IN_ERROR, ("EpisodeOfCare/e1",))
    ]


@pytest.mark.parametrize(
    "members",
    [
        {"type": ...},
        {"type": []},
        {"type": [B_ALL]},
        {"diagnosis": ...},
        {"diagnosis": [{"condition": {"reference": "Condition/other"}}]},
        {"diagnosis": [{"condition": {"display": "leukemia"}}]},
        {"type": text("Oncology program")},
        {"type": text("ALL follow-up after treatment")},
        {"type": text("Off treatment, ALL")},
        {"type": text("Chemotherapy"), "diagnosis": ...},
        {"type": text("Maintenance for all"), "diagnosis": ...},
        {"period": ...},
    ],
    ids=str,
)
def test_an_episode_that_need_not_be_treatment_of_it_says_nothing(members: Json) -> None:
    """Most episodes are the whole enrolment: no type, or one of care in general."""
    timeline = read(episode(**members))
    assert (timeline.plans, timeline.problems) == ((), ())


@pytest.mark.parametrize(
    "members",
    [
        {"type": text("Chemotherapy")},
        {"type": text("Maintenance protocol")},
        {"type": text("ALL treatment"), "diagnosis": ...},
        {"type": text("Treatment of acute leukemia"), "diagnosis": ...},
        {"type": [{**B_ALL, "text": "Consolidation"}], "diagnosis": ...},
    ],
    ids=str,
)
def test_treatment_by_its_words_is_text_and_settles_nothing(members: Json) -> None:
    (found,) = read(episode(**members)).plans
    assert (found.route, found.enrolment) == (Route.TEXT, True)


def test_a_coded_type_may_name_the_leukemia_itself() -> None:
    (found,) = read(episode(type=[CHEMOTHERAPY, B_ALL], diagnosis=...)).plans
    assert found.route is Route.CODE


@pytest.mark.parametrize("order", [1, -1])
def test_the_leukemia_is_found_in_any_order(order: int) -> None:
    assert len(to_timeline([episode(), CONDITION][::order], "p").plans) == 1


def test_without_an_end_there_is_no_end() -> None:
    (found,) = read(episode(period={"start": "2022"})).plans
    assert (str(found.when), found.until) == ("2022", None)


def test_an_episode_of_another_patient_is_named_and_not_used() -> None:
    timeline = read(episode(patient={"reference": "Patient/q"}), episode(id="e2"))
    assert [p.source for p in timeline.plans] == ["EpisodeOfCare/e2"]
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.CONFLICT, ("EpisodeOfCare/e1",))
    ]


@pytest.mark.parametrize(
    "members",
    [
        {"period": "2022"},
        {"period": {"start": "2022-02-30"}},
        {"period": {"start": "2022-01-17", "end": "soon"}},
        {"status": ...},
        {"type": "chemotherapy"},
        {"diagnosis": "Condition/dx"},
        {"diagnosis": [{}]},
        {"id": 4},
    ],
    ids=str,
)
def test_a_wrong_shape_costs_the_episode_and_no_more(members: Json) -> None:
    timeline = read(episode(**members), episode(id="good"))
    assert [p.source for p in timeline.plans] == ["EpisodeOfCare/good"]
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]
