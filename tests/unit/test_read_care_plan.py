"""Care plans: which are treatment of the leukemia, and what they say of its time."""

from typing import Any

import pytest

from cds_rules.patient.timeline import PatientTimeline, ProblemKind
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
SCT = "http://snomed.info/sct"
CHEMOTHERAPY = {"coding": [{"system": SCT, "code": "367336001"}]}
ALL_CONDITION = {
    "resourceType": "Condition",
    "id": "dx",
    "subject": {"reference": "Patient/p"},
    "code": {"coding": [{"system": SCT, "code": "277571004"}]},
}


def plan(**members: Any) -> Json:
    whole = {
        "resourceType": "CarePlan",
        "id": "cp1",
        "status": "completed",
        "intent": "plan",
        "category": [CHEMOTHERAPY],
        "subject": {"reference": "Patient/p"},
        "addresses": [{"reference": "Condition/dx"}],
        "period": {"start": "2022-01-17", "end": "2024-03-15"},
        **members,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def read(*resources: Json) -> PatientTimeline:
    return to_timeline([*resources, ALL_CONDITION], "p")


@pytest.mark.parametrize("status", ["active", "completed", "revoked", "on-hold"])
def test_a_plan_that_was_real_is_kept_with_its_status(status: str) -> None:
    (found,) = read(plan(status=status)).plans
    assert (found.source, found.status) == ("CarePlan/cp1", status)
    assert (str(found.when), str(found.until)) == ("2022-01-17", "2024-03-15")


@pytest.mark.parametrize("status", ["draft", "unknown", "invented"])
def test_a_plan_that_was_not_carried_out_says_nothing(status: str) -> None:
    assert read(plan(status=status)).plans == ()


@pytest.mark.parametrize("intent", ["proposal", "option"])
def test_a_plan_that_was_only_proposed_says_nothing(intent: str) -> None:
    assert read(plan(intent=intent)).plans == ()


def test_entered_in_error_is_named() -> None:
    timeline = read(plan(status="entered-in-error"))
    assert timeline.plans == ()
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.ENTERED_IN_ERROR, ("CarePlan/cp1",))
    ]


def test_without_an_end_there_is_no_end() -> None:
    (found,) = read(plan(period={"start": "2022-01-17"})).plans
    assert found.until is None


@pytest.mark.parametrize("period", [..., None])
def test_without_a_period_there_is_no_plan(period: object) -> None:
    assert read(plan(period=period)).plans == ()


def test_partial_dates_stay_partial() -> None:
    (found,) = read(plan(period={"start": "2022", "end": "2024-03"})).plans
    assert (str(found.when), str(found.until)) == ("2022", "2024-03")


@pytest.mark.parametrize(
    "reference",
    [
        "Condition/dx",
        "Condition/dx/_history/3",
        "https://ehr.example/fhir/Condition/dx",
        "https://ehr.example/fhir/Condition/dx/_history/3",
    ],
)
def test_chemotherapy_for_the_leukemia_is_found_in_any_order(reference: str) -> None:
    resources = [plan(addresses=[{"reference": reference}]), ALL_CONDITION]
    for order in (resources, resources[::-1]):
        assert len(to_timeline(order, "p").plans) == 1


@pytest.mark.parametrize(
    "members",
    [
        {"category": [], "addresses": []},
        {"category": ..., "addresses": ...},
        {"category": [], "addresses": [{"reference": "Condition/other"}]},
        {"category": [], "addresses": [{"display": "leukemia"}]},
        {"category": []},
        {"category": [], "title": "Psychosocial support"},
        {"category": [], "title": "Maintenance", "addresses": [{"reference": "Condition/other"}]},
    ],
)
def test_a_plan_for_something_else_is_left_alone(members: Json) -> None:
    timeline = read(plan(**members))
    assert (timeline.plans, timeline.problems) == ((), ())


@pytest.mark.parametrize(
    "title",
    ["Chemotherapy", "Treatment protocol AB", "ALL induction", "Consolidation", "Oral MAINTENANCE"],
)
def test_a_plan_for_the_leukemia_is_treatment_by_its_title(title: str) -> None:
    assert [p.source for p in read(plan(category=..., title=title)).plans] == ["CarePlan/cp1"]


def test_a_category_of_treatment_needs_no_address() -> None:
    assert [p.source for p in read(plan(addresses=...)).plans] == ["CarePlan/cp1"]


def test_a_plan_of_support_is_no_antileukemic_treatment() -> None:
    support = {"coding": [{"system": SCT, "code": "384759009"}], "text": "Psychosocial support"}
    assert read(plan(category=[support], status="active", period={"start": "2022-01-16"})).plans == ()


@pytest.mark.parametrize(
    "members",
    [
        {"period": "2022"},
        {"period": {"start": 2022}},
        {"period": {"start": "2022-02-30"}},
        {"period": {"start": "2022-01-17", "end": "soon"}},
        {"status": None},
        {"category": "chemotherapy"},
        {"addresses": "Condition/dx"},
        {"id": 4},
    ],
)
def test_a_wrong_shape_costs_the_plan_and_no_more(members: Json) -> None:
    timeline = read(plan(**members), plan(id="good"))
    assert [p.source for p in timeline.plans] == ["CarePlan/good"]
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


@pytest.mark.parametrize("end", ["9999-12-31", "2999-12-31", "4712-12-31T00:00:00Z"])
def test_an_end_that_fills_the_place_of_none_is_none(end: str) -> None:
    (found,) = read(plan(status="active", period={"start": "2022-01-17", "end": end})).plans
    assert found.until is None
