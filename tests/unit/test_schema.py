"""The hand-written JSON Schemas take what CDS Hooks 2.0.1 allows and refuse what it forbids."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[1] / "schema"
NAMES = ("discovery", "request", "response", "feedback", "operation-outcome")
CARD_ID = "6f1a2c1e-0a0b-4c1d-8e2f-001122334455"
SUGGESTION_ID = "6f1a2c1e-0a0b-4c1d-8e2f-001122334466"

Json = dict[str, Any]
Path_ = tuple[str | int, ...]
REMOVED = object()


def load(name: str) -> Json:
    schema: Json = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return schema


VALIDATORS = {name: Draft202012Validator(load(name)) for name in NAMES}


def discovery() -> Json:
    return {
        "services": [
            {
                "hook": "patient-view",
                "id": "relapsed-all",
                "title": "Relapsed ALL",
                "description": "Groups a relapse and says what is open.",
                "usageRequirements": "A FHIR R4 record.",
                "prefetch": {
                    "patient": "Patient/{{context.patientId}}",
                    "conditions": "Condition?patient={{context.patientId}}&category=problem-list-item",
                    "labs": "Observation?patient={{context.patientId}}&code:in=http://a.example/vs&date=ge2020-01-01",
                    "user": "Practitioner/{{userPractitionerId}}",
                },
                "extension": {"org.example.owner": {"team": "leukemia"}},
            }
        ]
    }


def request() -> Json:
    return {
        "hook": "patient-view",
        "hookInstance": "D1577C69-DFBE-44AD-BA6D-3E05E953B2EA",
        "context": {"userId": "PractitionerRole/r1", "patientId": "p1", "encounterId": "e1"},
        "fhirServer": "https://ehr.example:8443/fhir/R4",
        "fhirAuthorization": {
            "access_token": "made-up-token",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/Observation.read",
            "subject": "relapse-cds",
            "patient": "p1",
        },
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "p1", "name": [{"given": ["Ada", None]}]},
            "conditions": {"resourceType": "Bundle", "type": "searchset", "total": 0},
            "transplants": None,
            "labs": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]},
        },
        "extension": {"org.example.trace": {"on": True}},
    }


def order_select() -> Json:
    body = request()
    order = {"resourceType": "MedicationRequest", "id": "m1", "status": "draft"}
    body["hook"] = "order-select"
    body["context"] = {
        "userId": "Practitioner/u1",
        "patientId": "p1",
        "selections": ["MedicationRequest/m1"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]},
    }
    return body


def order_sign() -> Json:
    body = order_select()
    body["hook"] = "order-sign"
    del body["context"]["selections"]
    return body


def suggestion(**more: object) -> Json:
    return {
        "label": "Ask for a marrow MRD",
        "uuid": SUGGESTION_ID,
        "isRecommended": True,
        "actions": [
            {
                "type": "create",
                "description": "Request for minimal residual disease",
                "resource": {"resourceType": "ServiceRequest", "status": "draft", "intent": "proposal"},
            },
            {"type": "update", "description": "Close", "resource": {"resourceType": "Task", "id": "t1"}},
            {"type": "delete", "description": "Remove the duplicate", "resourceId": "ServiceRequest/s1"},
        ],
        **more,
    }


def response() -> Json:
    return {
        "cards": [
            {
                "uuid": CARD_ID,
                "summary": "x" * 139,
                "detail": "| scheme | group |\n|---|---|\n| COG | open |",
                "indicator": "critical",
                "source": {
                    "label": "Rule book",
                    "url": "https://cds.example/rulebook#COG-1",
                    "icon": "https://cds.example/icon.png",
                    "topic": {
                        "system": "https://cds.example/topics",
                        "code": "risk",
                        "display": "Risk group",
                    },
                },
                "suggestions": [suggestion(), suggestion(isRecommended=False)],
                "selectionBehavior": "at-most-one",
                "overrideReasons": [{"system": "urn:oid:1.2.3", "code": "later", "display": "Will do later"}],
                "links": [
                    {
                        "label": "Page",
                        "url": "https://cds.example/launch",
                        "type": "smart",
                        "appContext": "c=1",
                    },
                    {"label": "Rules", "url": "https://cds.example/rulebook?v=1#a", "type": "absolute"},
                ],
                "extension": {"org.example.a": {"b": [1]}},
            }
        ]
    }


def feedback() -> Json:
    return {
        "feedback": [
            {
                "card": CARD_ID,
                "outcome": "accepted",
                "acceptedSuggestions": [{"id": SUGGESTION_ID}],
                "outcomeTimestamp": "2026-11-21T08:09:10.123Z",
            },
            {
                "card": CARD_ID,
                "outcome": "overridden",
                "overrideReason": {"reason": {"system": "urn:x", "code": "later"}, "userComment": "Seen."},
                "outcomeTimestamp": "2026-11-21T08:09:10+00:00",
            },
            {"card": CARD_ID, "outcome": "overridden", "outcomeTimestamp": "2026-11-21T08:09:10Z"},
        ]
    }


def outcome() -> Json:
    details = {"text": "Needed data are missing", "coding": [{"system": "urn:x", "code": "missing"}]}
    issue = {"severity": "error", "code": "processing", "details": details, "diagnostics": "patient"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


EXAMPLES: dict[str, tuple[str, Callable[[], Json]]] = {
    "discovery": ("discovery", discovery),
    "no services": ("discovery", lambda: {"services": []}),
    "request": ("request", request),
    "order-select": ("request", order_select),
    "order-sign": ("request", order_sign),
    "another hook": ("request", lambda: {**request(), "hook": "org.example.x", "context": {"a": 1}}),
    "response": ("response", response),
    "no cards": ("response", lambda: {"cards": []}),
    "feedback": ("feedback", feedback),
    "outcome": ("operation-outcome", outcome),
}


def changed(body: Json, path: Path_, value: object) -> Json:
    """A copy of the body with the value at the path replaced, added or, if REMOVED, taken out."""
    copied = copy.deepcopy(body)
    holder: Any = copied
    for part in path[:-1]:
        holder = holder[part]
    if value is REMOVED:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return copied


def objects(schema: object) -> Iterator[Json]:
    """Every object inside the schema which lists properties, itself included."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def paths(body: object, here: Path_ = ()) -> Iterator[Path_]:
    """The path of every value inside the body."""
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in items:
        yield (*here, key)
        yield from paths(value, (*here, key))


def test_every_schema_file_is_tested() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_valid_2020_12(name: str) -> None:
    schema = load(name)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", NAMES)
def test_only_the_members_of_the_standard_and_extension(name: str) -> None:
    # A resource is FHIR's business: only its type is looked at.
    listed = [part for part in objects(load(name)) if set(part["properties"]) != {"resourceType"}]
    assert listed
    for part in listed:
        assert part["additionalProperties"] is False
        assert "extension" in part["properties"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_accepts(example: str) -> None:
    name, build = EXAMPLES[example]
    assert [error.message for error in VALIDATORS[name].iter_errors(build())] == []


MAY_BE_NULL = {
    "request": {
        *(("prefetch", key) for key in ("patient", "conditions", "transplants", "labs")),
        ("prefetch", "patient", "name", 0),
        ("prefetch", "patient", "name", 0, "given", 0),
        ("prefetch", "patient", "name", 0, "given", 1),
        ("prefetch", "labs", "issue", 0),
    }
}
MAY_BE_EMPTY = {("discovery", ("services",)), ("response", ("cards",))}


@pytest.mark.parametrize("example", ["discovery", "request", "response", "feedback", "outcome"])
def test_no_value_may_be_null_or_empty(example: str) -> None:
    name, build = EXAMPLES[example]
    accepted = VALIDATORS[name].is_valid
    for path in paths(build()):
        assert accepted(changed(build(), path, None)) == (path in MAY_BE_NULL.get(name, ())), path
        assert not accepted(changed(build(), path, "")), path
        assert not accepted(changed(build(), path, {})), path
        assert accepted(changed(build(), path, [])) == ((name, path) in MAY_BE_EMPTY), path


CARD = ("cards", 0)
ACTIONS = (*CARD, "suggestions", 0, "actions")
SERVICE = ("services", 0)
PREFETCH = (*SERVICE, "prefetch", "labs")

REFUSED: list[tuple[str, str, Path_, object]] = [
    ("discovery", "no services member", ("services",), REMOVED),
    ("discovery", "no hook", (*SERVICE, "hook"), REMOVED),
    ("discovery", "no id", (*SERVICE, "id"), REMOVED),
    ("discovery", "no description", (*SERVICE, "description"), REMOVED),
    ("discovery", "id with a slash", (*SERVICE, "id"), "a/b"),
    ("discovery", "unknown member", (*SERVICE, "version"), "2.0"),
    ("discovery", "template not a string", PREFETCH, 1),
    ("discovery", "absolute template", PREFETCH, "https://ehr.example/Observation?code=1"),
    ("discovery", "token of 3.0", PREFETCH, "Observation?date=ge{{today()-90days}}"),
    ("discovery", "unclosed token", PREFETCH, "Observation?patient={{context.patientId}"),
    ("discovery", "token of another name", PREFETCH, "Observation?patient={{Patient.id}}"),
    ("discovery", "include", PREFETCH, "Observation?code=1&_include=Observation:subject"),
    ("discovery", "reverse include", PREFETCH, "Observation?_revinclude=Provenance:target"),
    ("discovery", "chain", PREFETCH, "Observation?patient.name=a"),
    ("discovery", "reverse chain", PREFETCH, "Patient?_has:Observation:patient:code=1"),
    ("discovery", "modifier", PREFETCH, "Observation?status:not=final"),
    ("discovery", "extension not an object", (*SERVICE, "extension"), "x"),
    ("request", "no hook", ("hook",), REMOVED),
    ("request", "no hookInstance", ("hookInstance",), REMOVED),
    ("request", "hookInstance not a UUID", ("hookInstance",), "42"),
    ("request", "no context", ("context",), REMOVED),
    ("request", "no patientId", ("context", "patientId"), REMOVED),
    ("request", "patientId as a reference", ("context", "patientId"), "Patient/p1"),
    ("request", "bare userId", ("context", "userId"), "u1"),
    ("request", "userId of another type", ("context", "userId"), "Device/d1"),
    ("request", "token without server", ("fhirServer",), REMOVED),
    ("request", "relative server", ("fhirServer",), "/fhir"),
    ("request", "server with user name", ("fhirServer",), "https://u:p@ehr.example/fhir"),
    ("request", "server with query", ("fhirServer",), "https://ehr.example/fhir?a=1"),
    ("request", "server with fragment", ("fhirServer",), "https://ehr.example/fhir#a"),
    ("request", "no subject", ("fhirAuthorization", "subject"), REMOVED),
    ("request", "no scope", ("fhirAuthorization", "scope"), REMOVED),
    ("request", "MAC token", ("fhirAuthorization", "token_type"), "MAC"),
    ("request", "lifetime as a string", ("fhirAuthorization", "expires_in"), "300"),
    ("request", "prefetch a list", ("prefetch",), [{"resourceType": "Patient"}]),
    ("request", "prefetch a bare Bundle", ("prefetch",), {"resourceType": "Bundle", "type": "searchset"}),
    ("request", "prefetch value no resource", ("prefetch", "labs"), {"id": "x"}),
    ("request", "unknown member", ("user",), "Practitioner/u1"),
    ("order-select", "no selections", ("context", "selections"), REMOVED),
    ("order-select", "selections not references", ("context", "selections"), ["m1"]),
    ("order-select", "no draft orders", ("context", "draftOrders"), REMOVED),
    ("order-select", "draft orders no Bundle", ("context", "draftOrders", "resourceType"), "List"),
    ("order-select", "patient as the user", ("context", "userId"), "Patient/p1"),
    ("order-sign", "no draft orders", ("context", "draftOrders"), REMOVED),
    ("order-sign", "selections", ("context", "selections"), ["MedicationRequest/m1"]),
    ("response", "no cards", ("cards",), REMOVED),
    ("response", "cards an object", ("cards",), {"0": {}}),
    ("response", "empty systemActions", ("systemActions",), []),
    ("response", "summary of 140", (*CARD, "summary"), "x" * 140),
    ("response", "summary of two lines", (*CARD, "summary"), "a\nb"),
    ("response", "summary ending a line", (*CARD, "summary"), "a\n"),
    ("response", "summary of blanks", (*CARD, "summary"), "  "),
    ("response", "no summary", (*CARD, "summary"), REMOVED),
    ("response", "null detail", (*CARD, "detail"), None),
    ("response", "no indicator", (*CARD, "indicator"), REMOVED),
    ("response", "unknown indicator", (*CARD, "indicator"), "hard-stop"),
    ("response", "no source", (*CARD, "source"), REMOVED),
    ("response", "source without label", (*CARD, "source", "label"), REMOVED),
    ("response", "relative source url", (*CARD, "source", "url"), "/rulebook"),
    ("response", "icon not over http", (*CARD, "source", "icon"), "data:image/png;base64,AA"),
    ("response", "topic without system", (*CARD, "source", "topic", "system"), REMOVED),
    ("response", "upper-case uuid", (*CARD, "uuid"), CARD_ID.upper()),
    ("response", "suggestion without selectionBehavior", (*CARD, "selectionBehavior"), REMOVED),
    ("response", "unknown selectionBehavior", (*CARD, "selectionBehavior"), "all"),
    ("response", "two recommended", (*CARD, "suggestions", 1, "isRecommended"), True),
    ("response", "isRecommended a string", (*CARD, "suggestions", 0, "isRecommended"), "true"),
    ("response", "suggestion without label", (*CARD, "suggestions", 0, "label"), REMOVED),
    ("response", "suggestion member of 3.0", (*CARD, "suggestions", 0, "actionSelectionBehavior"), "all"),
    ("response", "unknown action", (*ACTIONS, 0, "type"), "patch"),
    ("response", "action without description", (*ACTIONS, 0, "description"), REMOVED),
    ("response", "create without resource", (*ACTIONS, 0, "resource"), REMOVED),
    ("response", "create with resourceId", (*ACTIONS, 0, "resourceId"), "Task/t1"),
    ("response", "create of no resource", (*ACTIONS, 0, "resource", "resourceType"), REMOVED),
    ("response", "null inside a resource", (*ACTIONS, 0, "resource", "code"), {"text": None}),
    ("response", "update without resource", (*ACTIONS, 1, "resource"), REMOVED),
    ("response", "delete without resourceId", (*ACTIONS, 2, "resourceId"), REMOVED),
    ("response", "delete with a resource", (*ACTIONS, 2, "resource"), {"resourceType": "Task"}),
    ("response", "delete with an absolute id", (*ACTIONS, 2, "resourceId"), "https://ehr.example/Task/t1"),
    ("response", "override reason without display", (*CARD, "overrideReasons", 0, "display"), REMOVED),
    ("response", "override reason without code", (*CARD, "overrideReasons", 0, "code"), REMOVED),
    ("response", "empty links", (*CARD, "links"), []),
    ("response", "link without label", (*CARD, "links", 0, "label"), REMOVED),
    ("response", "link without type", (*CARD, "links", 0, "type"), REMOVED),
    ("response", "unknown link type", (*CARD, "links", 0, "type"), "relative"),
    ("response", "relative link", (*CARD, "links", 0, "url"), "launch"),
    ("response", "script link", (*CARD, "links", 1, "url"), "javascript:alert(1)"),
    ("response", "appContext of a page", (*CARD, "links", 1, "appContext"), "c=1"),
    ("response", "unknown card member", (*CARD, "priority"), 1),
    ("response", "extension a list", (*CARD, "extension"), [1]),
    ("feedback", "no feedback", ("feedback",), REMOVED),
    ("feedback", "empty feedback", ("feedback",), []),
    ("feedback", "no card", ("feedback", 0, "card"), REMOVED),
    ("feedback", "no outcome", ("feedback", 0, "outcome"), REMOVED),
    ("feedback", "unknown outcome", ("feedback", 1, "outcome"), "ignored"),
    ("feedback", "accepted without suggestions", ("feedback", 0, "acceptedSuggestions"), REMOVED),
    ("feedback", "suggestion as a string", ("feedback", 0, "acceptedSuggestions"), [SUGGESTION_ID]),
    ("feedback", "no timestamp", ("feedback", 0, "outcomeTimestamp"), REMOVED),
    ("feedback", "local time", ("feedback", 0, "outcomeTimestamp"), "2026-11-21T08:09:10+01:00"),
    ("feedback", "no time zone", ("feedback", 0, "outcomeTimestamp"), "2026-11-21T08:09:10"),
    ("feedback", "impossible month", ("feedback", 0, "outcomeTimestamp"), "2026-13-21T08:09:10Z"),
    ("feedback", "reason without code", ("feedback", 1, "overrideReason", "reason", "code"), REMOVED),
    ("outcome", "another resource", ("resourceType",), "Bundle"),
    ("outcome", "no issue", ("issue",), REMOVED),
    ("outcome", "no severity", ("issue", 0, "severity"), REMOVED),
    ("outcome", "unknown severity", ("issue", 0, "severity"), "critical"),
    ("outcome", "unknown code", ("issue", 0, "code"), "missing"),
    ("outcome", "details a string", ("issue", 0, "details"), "text"),
]


@pytest.mark.parametrize(
    ("example", "path", "value"),
    [pytest.param(example, path, value, id=f"{example}: {why}") for example, why, path, value in REFUSED],
)
def test_refuses(example: str, path: Path_, value: object) -> None:
    name, build = EXAMPLES[example]
    assert not VALIDATORS[name].is_valid(changed(build(), path, value))
