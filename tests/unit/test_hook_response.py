"""What is sent obeys the hand-written schemas, and the models refuse whatever a client could refuse."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from service.wire.response import (
    Action,
    Card,
    CdsResponse,
    Coding,
    Discovery,
    Link,
    OutModel,
    Service,
    Source,
    Suggestion,
)

SCHEMAS = Path(__file__).parents[1] / "schema"
CARD_ID = "6f1a2c1e-0a0b-4c1d-8e2f-001122334455"

Json = dict[str, Any]


def refusal(model: type[BaseModel], data: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return caught.value


def schema_errors(name: str, data: object) -> list[str]:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(data)]


TOPIC = Coding(system="https://cds.example/topics", code="risk")
SOURCE = Source(label="Rule book", url="https://cds.example/rulebook#COG-1", topic=TOPIC)
ORDER: Json = {
    "resourceType": "ServiceRequest",
    "status": "draft",
    "intent": "proposal",
    "doNotPerform": False,
}


def suggestion(*, recommended: bool | None = None) -> Suggestion:
    actions = (
        Action(type="create", description="Ask for MRD", resource=ORDER),
        Action(type="delete", description="Remove the duplicate", resourceId="ServiceRequest/s1"),
    )
    return Suggestion(label="MRD", uuid=CARD_ID, isRecommended=recommended, actions=actions)


def card(**changes: Any) -> Card:
    members: Json = {
        "uuid": CARD_ID,
        "summary": "Late marrow relapse: intermediate or low, end-block MRD decides",
        "detail": "| scheme | group |\n|---|---|\n| COG | open |",
        "indicator": "info",
        "source": SOURCE,
    }
    return Card(**members | changes)


def full_card() -> Card:
    return card(
        suggestions=(suggestion(recommended=True), suggestion(recommended=False), suggestion()),
        selectionBehavior="at-most-one",
        overrideReasons=(Coding(system="urn:x", code="later", display="Will do later"),),
        links=(
            Link(label="Page", url="https://cds.example/launch", type="smart", appContext="c=1"),
            Link(label="Rules", url="https://cds.example/rulebook", type="absolute"),
        ),
    )


@pytest.mark.parametrize(
    "cards", [(), (card(),), (full_card(), card(summary="x" * 139))], ids=["none", "small", "full"]
)
def test_response_obeys_the_schema(cards: tuple[Card, ...]) -> None:
    sent = CdsResponse(cards=cards).to_json_dict()
    assert schema_errors("response", sent) == []
    assert len(sent["cards"]) == len(cards)


def test_response_is_plain_json_and_keeps_what_it_was_given() -> None:
    sent = CdsResponse(cards=(full_card(),)).to_json_dict()
    assert json.loads(json.dumps(sent)) == sent
    first = sent["cards"][0]
    assert [choice.get("isRecommended") for choice in first["suggestions"]] == [True, False, None]
    assert first["suggestions"][0]["actions"][0]["resource"] == ORDER
    assert first["links"][1] == {"label": "Rules", "url": "https://cds.example/rulebook", "type": "absolute"}


def test_a_card_read_back_is_the_same_card() -> None:
    assert Card.model_validate(full_card().to_json_dict()) == full_card()


def test_what_is_empty_is_left_out() -> None:
    sent = card(
        source=Source(label="Rule book", url="", icon=""),
        suggestions=[],
        overrideReasons=(),
        links=[],
    ).to_json_dict()
    assert set(sent) == {"uuid", "summary", "detail", "indicator", "source"}
    assert sent["source"] == {"label": "Rule book"}
    assert Link(label="a", url="https://a.example", type="absolute", appContext="").to_json_dict() == {
        "label": "a",
        "url": "https://a.example",
        "type": "absolute",
    }
    assert CdsResponse(cards=()).to_json_dict() == {"cards": []}


@pytest.mark.parametrize(
    "changes",
    [
        {"summary": "x" * 140},
        {"summary": ""},
        {"summary": "  "},
        {"summary": "two\nlines"},
        {"summary": "one line\n"},
        {"detail": None},
        {"detail": ""},
        {"indicator": "hard-stop"},
        {"source": None},
        {"uuid": None},
        {"uuid": "1"},
        {"uuid": CARD_ID.upper()},
        {"uuid": f"{CARD_ID}\n"},
        {"suggestions": (suggestion(),)},
        {"suggestions": (suggestion(),), "selectionBehavior": "all"},
        {"suggestions": (suggestion(recommended=True),) * 2, "selectionBehavior": "at-most-one"},
        {"overrideReasons": (Coding(system="urn:x", code="later"),)},
        {"links": ({"label": "a", "url": "https://a.example", "type": "absolute", "appContext": "c"},)},
        {"links": ({"label": "a", "url": "/launch", "type": "smart"},)},
        {"links": ({"label": "a", "url": "javascript:alert(1)", "type": "absolute"},)},
        {"links": ({"label": "a", "url": "https://user@a.example", "type": "absolute"},)},
        {"links": ({"label": "a", "url": "https://a.example", "type": "relative"},)},
        {"priority": 1},
        {"extension": {"org.example.x": {"a": 1}}},
    ],
    ids=str,
)
def test_refuses_card(changes: Json) -> None:
    with pytest.raises(ValidationError):
        card(**changes)


def test_any_allows_several_recommended() -> None:
    several = card(suggestions=(suggestion(recommended=True),) * 2, selectionBehavior="any")
    assert schema_errors("response", {"cards": [several.to_json_dict()]}) == []


@pytest.mark.parametrize(
    "members",
    [
        {"type": "create"},
        {"type": "create", "resource": {}},
        {"type": "create", "resource": {"status": "draft"}},
        {"type": "create", "resource": ORDER, "resourceId": "Task/t1"},
        {"type": "create", "resource": {**ORDER, "code": {"text": None}}},
        {"type": "create", "resource": {**ORDER, "code": {"text": ""}}},
        {"type": "create", "resource": {**ORDER, "note": []}},
        {"type": "create", "resource": {**ORDER, "code": {}}},
        {"type": "create", "resource": {**ORDER, "quantity": float("nan")}},
        {"type": "create", "resource": {**ORDER, "quantity": {1, 2}}},
        {"type": "update"},
        {"type": "delete"},
        {"type": "delete", "resource": ORDER},
        {"type": "delete", "resource": ORDER, "resourceId": "Task/t1"},
        {"type": "delete", "resourceId": "t1"},
        {"type": "delete", "resourceId": "https://ehr.example/Task/t1"},
        {"type": "patch", "resource": ORDER},
        {"type": "create", "resource": ORDER, "description": ""},
    ],
    ids=str,
)
def test_refuses_action(members: Json) -> None:
    refusal(Action, {"description": "d", **members})


def test_accepts_each_kind_of_action() -> None:
    for members in (
        {"type": "create", "resource": ORDER},
        {"type": "update", "resource": {**ORDER, "id": "s1", "quantityQuantity": {"value": 1.5}}},
        {"type": "delete", "resourceId": "ServiceRequest/s1"},
    ):
        sent = {"description": "d", **members}
        assert Action.model_validate(sent).to_json_dict() == sent


SERVICE: Json = {
    "hook": "patient-view",
    "title": "Relapsed ALL",
    "description": "Groups a relapse.",
    "id": "relapsed-all",
    "prefetch": {
        "patient": "Patient/{{context.patientId}}",
        "conditions": "Condition?patient={{context.patientId}}&category=problem-list-item",
    },
    "usageRequirements": "A FHIR R4 record.",
}


def test_discovery_obeys_the_schema() -> None:
    bare = {name: value for name, value in SERVICE.items() if name not in ("prefetch", "usageRequirements")}
    for services in ([], [SERVICE], [SERVICE, {**bare, "prefetch": {}, "usageRequirements": ""}]):
        sent = Discovery.model_validate({"services": services}).to_json_dict()
        assert schema_errors("discovery", sent) == []
        assert sent["services"] == [SERVICE, bare][: len(services)]


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "a/b"},
        {"id": ""},
        {"hook": ""},
        {"description": ""},
        {"version": "2.0"},
        {"prefetch": {"a-b": "Patient/{{context.patientId}}"}},
        {"prefetch": {"a": ""}},
        {"prefetch": {"a": "https://ehr.example/Patient"}},
        {"prefetch": {"a": "/Patient/1"}},
        {"prefetch": {"a": "Patient/{{patientId}}"}},
        {"prefetch": {"a": "Patient/{{context.patientId}"}},
        {"prefetch": {"a": "Observation?date=ge{{today()-90days}}"}},
    ],
    ids=str,
)
def test_refuses_service(changes: Json) -> None:
    refusal(Service, {**SERVICE, **changes})


@pytest.mark.parametrize("build", [full_card, lambda: CdsResponse(cards=()), lambda: SOURCE])
def test_output_is_immutable(build: Callable[[], OutModel]) -> None:
    model = build()
    for name in type(model).model_fields:
        with pytest.raises(ValidationError):
            setattr(model, name, None)


def test_errors_of_output_do_not_show_the_chart() -> None:
    error = refusal(Card, full_card().to_json_dict() | {"summary": "Ada Lovelace " * 20, "detail": ["Ada"]})
    assert "Ada" not in str(error)
