"""The CDS Hooks endpoints: discovery and the calls of a service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Protocol

import orjson
from flask import Blueprint, Response
from pydantic import ValidationError

from service.body import json_body
from service.errors import ServiceError
from service.hooks.feedback import FeedbackDesk, add_feedback
from service.lenient_json import NotJsonError, loads
from service.observing.notes import notes
from service.wire.request import HookRequest, constant_reason
from service.wire.response import Discovery, Service

JSON = "application/json"


class HookService(Protocol):
    """One CDS service: what discovery says of it, and its answer to a call."""

    @property
    def service(self) -> Service:
        """Its entry in discovery."""

    def answer(self, request: HookRequest, today: Callable[[str], date]) -> dict[str, Any]:
        """The response as JSON-ready data, or a ServiceError."""


def create_blueprint(
    services: Sequence[HookService], today: Callable[[str], date], desk: FeedbackDesk
) -> Blueprint:
    """Discovery at /cds-services, each service at /cds-services/{id}, its feedback at /{id}/feedback."""
    blueprint = Blueprint("hooks", __name__, url_prefix="/cds-services")
    discovery = orjson.dumps(Discovery(services=tuple(s.service for s in services)).to_json_dict())

    @blueprint.get("", strict_slashes=False)
    def discover() -> Response:
        return Response(discovery, content_type=JSON)

    for service in services:
        _add(blueprint, service, today)
        add_feedback(blueprint, service.service.id, desk)

    @blueprint.post("/<service>")
    @blueprint.post("/<service>/feedback")
    def unknown(service: str) -> Response:
        raise ServiceError(404, "not-found", "There is no CDS service of this id.")

    return blueprint


def _add(blueprint: Blueprint, service: HookService, today: Callable[[str], date]) -> None:
    def call() -> Response:
        noted = notes()
        noted.service, noted.hook = service.service.id, service.service.hook
        sent = read_request(json_body(), service.service.hook)
        noted.hook_instance = sent.hookInstance
        return Response(orjson.dumps(service.answer(sent, today)), content_type=JSON)

    blueprint.add_url_rule(f"/{service.service.id}", service.service.id, call, methods=["POST"])


def read_request(body: bytes, hook: str) -> HookRequest:
    """The call, checked. ServiceError 400 says where it is wrong, never what it held."""
    try:
        content: Any = loads(body)
    except NotJsonError as error:
        raise ServiceError(400, "structure", error.said) from None
    try:
        call = HookRequest.model_validate(content)
    except ValidationError as error:
        reason = constant_reason(error)
        raise ServiceError(400, "structure", "The request is no CDS Hooks call.", reason) from None
    if call.hook != hook:
        raise ServiceError(400, "value", f"This service answers the hook {hook} only.")
    return call
