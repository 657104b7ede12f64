"""/openapi.json: what can be called and how. Written from the models that check the calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Blueprint, Response
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.version import program_version
from service.wire.feedback import FeedbackRequest, FeedbackTaken
from service.wire.request import HookRequest, OrderSelectContext, OrderSignContext, PatientViewContext
from service.wire.response import CdsResponse, Discovery, Service

JSON = "application/json"
FHIR_JSON = "application/fhir+json"
HTML = "text/html"
TEXT = "text/plain"

_REF = "#/components/schemas/{model}"
_CONTEXTS: Mapping[str, type[BaseModel]] = {
    "patient-view": PatientViewContext,
    "order-select": OrderSelectContext,
    "order-sign": OrderSignContext,
}
_ERRORS = {
    400: "The request cannot be used; the OperationOutcome says where it is wrong.",
    401: "The caller is not known.",
    404: "There is nothing of this name.",
    412: "The record needed was neither prefetched nor could it be fetched.",
    413: "The body is larger than accepted.",
    415: "The body is not of the type expected.",
    429: "The caller has sent too many requests; Retry-After says when to come back.",
    500: "The assessment failed: no advice was produced.",
    503: "A part that is needed is down; Retry-After says when to come back.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path. `body`, `answer`: name of a component; None: anything of the media type."""

    method: str
    path: str
    name: str
    summary: str
    media: str = JSON
    body: str | None = None
    body_media: str = JSON
    answer: str | None = None
    errors: tuple[int, ...] = ()
    guarded: bool = False
    """Needs the caller's token."""
    parameters: tuple[dict[str, Any], ...] = ()


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """A parameter in the path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "minLength": 1},
    }


def query_parameter(name: str, description: str) -> dict[str, Any]:
    """A parameter after the question mark, which may be left out."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
    }


_CALL_ERRORS = (400, 401, 412, 413, 415, 429, 500)
_FEEDBACK_ERRORS = (400, 401, 413, 415, 429, 500, 503)
_MATCH_ERRORS = (400, 401, 413, 415, 429, 500)
_FIXED = (
    Operation(
        "get", "/cds-services", "discovery", "The CDS services of this address. CDS Hooks 2.0.1, Discovery.",
        answer="Discovery", errors=(401, 429), guarded=True,
    ),
    Operation(
        "post", "/trials/match", "matchTrials",
        "Trials for the one patient of a Bundle, best first, as a searchset of ResearchStudy.",
        media=FHIR_JSON, body="Bundle", body_media=FHIR_JSON, errors=_MATCH_ERRORS, guarded=True,
    ),
    Operation(
        "post", "/getClinicalTrial", "getClinicalTrial",
        "The same, for front ends of the open clinical-trial-matching service.",
        media=FHIR_JSON, body="Bundle", body_media=FHIR_JSON, errors=_MATCH_ERRORS, guarded=True,
    ),
    Operation("get", "/health/live", "live", "Does the process answer?"),
    Operation("get", "/health/ready", "ready", "Can it do its work? 503 if not, with the part that is down.",
              errors=(503,)),
    Operation("get", "/metrics", "metrics", "Prometheus metrics.", media=TEXT, errors=(401, 404)),
    Operation("get", "/openapi.json", "openapi", "This document."),
    Operation("get", "/rulebook/", "rulebook", "The rule book's first page.", media=HTML),
    Operation(
        "get", "/rulebook/search", "rulebookSearch", "The rules that hold every word of a query.", media=HTML,
        parameters=(query_parameter("q", "Words of ids, titles and texts, up to 100 characters."),),
    ),
    Operation(
        "get", "/rulebook/{name}", "rulebookPage", "One page of the rule book.", media=HTML, errors=(404,),
        parameters=(path_parameter("name", "A scheme or a section, as the links of cards have it."),),
    ),
)  # fmt: skip


def create_openapi_blueprint(services: Iterable[Service], base_url: str) -> Blueprint:
    """The document at /openapi.json, written once."""
    blueprint = Blueprint("openapi", __name__)
    document = orjson.dumps(describe(tuple(services), base_url))

    @blueprint.get("/openapi.json")
    def show() -> Response:
        return Response(document, content_type=JSON)

    return blueprint


def describe(services: Iterable[Service], base_url: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    services = tuple(services)
    paths: dict[str, dict[str, Any]] = {}
    for operation in (*_FIXED, *map(_hook, services), *map(_feedback, services)):
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "relapse-cds",
            "summary": "Decision support for relapsed ALL: CDS Hooks 2.0.1 on FHIR R4.",
            "version": program_version(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": _schemas(services),
            "securitySchemes": {"jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _hook(service: Service) -> Operation:
    return Operation(
        "post", f"/cds-services/{service.id}", service.id, service.title,
        body=_request_name(service.hook), answer="CdsResponse", errors=_CALL_ERRORS, guarded=True,
    )  # fmt: skip


def _feedback(service: Service) -> Operation:
    return Operation(
        "post", f"/cds-services/{service.id}/feedback", f"{service.id}-feedback",
        "What became of cards of this service. CDS Hooks 2.0.1, Feedback.",
        body="FeedbackRequest", answer="FeedbackTaken", errors=_FEEDBACK_ERRORS, guarded=True,
    )  # fmt: skip


def _operation(o: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {"operationId": o.name, "summary": o.summary, "responses": _responses(o)}
    if o.parameters:
        said["parameters"] = list(o.parameters)
    if o.body is not None:
        content = {o.body_media: {"schema": _ref(o.body)}}
        said["requestBody"] = {"required": True, "content": content}
    if o.guarded:
        said["security"] = [{"jwt": []}]
    return said


def _responses(o: Operation) -> dict[str, Any]:
    schema = _ref(o.answer) if o.answer else {}
    outcome = {FHIR_JSON: {"schema": _ref("OperationOutcome")}}
    return {
        "200": {"description": "Done.", "content": {o.media: {"schema": schema}}},
        **{str(status): {"description": _ERRORS[status], "content": outcome} for status in o.errors},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(model=name)}


def _request_name(hook: str) -> str:
    return "".join(part.capitalize() for part in hook.split("-")) + "Request"


def _schemas(services: Iterable[Service]) -> dict[str, Any]:
    wanted: list[tuple[type[BaseModel], Any]] = [(HookRequest, "validation")]
    wanted += [(context, "validation") for context in _CONTEXTS.values()]
    wanted += [(CdsResponse, "serialization"), (Discovery, "serialization")]
    wanted += [(FeedbackRequest, "validation"), (FeedbackTaken, "serialization")]
    _, found = models_json_schema(wanted, ref_template=_REF)
    schemas: dict[str, Any] = _portable(found["$defs"])
    for hook in dict.fromkeys(s.hook for s in services):
        # The context of the hook in the place of a context of any form.
        form = {"hook": {"const": hook}, "context": _ref(_CONTEXTS[hook].__name__)}
        schemas[_request_name(hook)] = {"allOf": [_ref("HookRequest"), {"properties": form}]}
    return {**schemas, "Bundle": _BUNDLE, "OperationOutcome": _OUTCOME}


def _portable(value: Any) -> Any:
    """Without what only pydantic's regular expressions know, and with the schemas' own titles left out."""
    match value:
        case {"pattern": str(pattern), **rest} if r"\p" in pattern:
            return {"pattern": r"^\S+$", **_portable(rest)}
        case dict():
            return {k: _portable(v) for k, v in value.items() if not (k == "title" and isinstance(v, str))}
        case list():
            return [_portable(item) for item in value]
        case _:
            return value


_BUNDLE = {
    "type": "object",
    "description": "FHIR R4 Bundle with the resources of one patient.",
    "properties": {"resourceType": {"const": "Bundle"}, "entry": {"type": "array"}},
    "required": ["resourceType"],
}
_OUTCOME = {
    "type": "object",
    "description": "FHIR R4 OperationOutcome: one issue, with a constant text.",
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "severity": {"enum": ["fatal", "error", "warning", "information"]},
                    "code": {"type": "string"},
                    "details": {"type": "object", "properties": {"text": {"type": "string"}}},
                    "diagnostics": {"type": "string"},
                },
                "required": ["severity", "code"],
            },
        },
    },
    "required": ["resourceType", "issue"],
}
