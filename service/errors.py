"""Our few exceptions, and the one way they become an OperationOutcome. Texts are constant: no PHI."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from service.observing.notes import notes

FHIR_JSON = "application/fhir+json"

_log = logging.getLogger(__name__)


class ServiceError(Exception):
    """A refusal with its HTTP status, FHIR issue type and a text fit for anyone to read."""

    def __init__(
        self,
        status: int,
        code: str,
        text: str,
        diagnostics: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.diagnostics = diagnostics
        self.headers = headers or {}


def operation_outcome(code: str, text: str, diagnostics: str | None = None) -> dict[str, Any]:
    """A FHIR R4 OperationOutcome with one issue of severity error."""
    issue: dict[str, Any] = {"severity": "error", "code": code, "details": {"text": text}}
    if diagnostics:
        issue["diagnostics"] = diagnostics
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def error_response(error: ServiceError) -> Response:
    """The error over HTTP."""
    body = orjson.dumps(operation_outcome(error.code, error.text, error.diagnostics))
    return Response(body, status=error.status, content_type=FHIR_JSON, headers=error.headers)


def log_unforeseen(error: Exception) -> None:
    """Its class and place, which tell enough to find it; the message may hold chart text."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "unknown"
    notes().refused = "exception"
    _log.error("unforeseen %s at %s", type(error).__name__, where)


_HTTP = {
    400: ("structure", "The request cannot be read."),
    404: ("not-found", "There is nothing at this address."),
    405: ("not-supported", "This method is not available here."),
    408: ("timeout", "The request took too long to arrive."),
    413: ("too-long", "The request body is larger than this service accepts."),
    415: ("not-supported", "The request body must be JSON."),
}


def register(app: Flask) -> None:
    """Answer every error of the app with an OperationOutcome; what is unforeseen is a 500, never a card."""

    def refused(error: ServiceError) -> Response:
        notes().refused = error.code
        return error_response(error)

    def http(error: HTTPException) -> Response:
        if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
            return Response.force_type(error.get_response())  # type: ignore[return-value]
        code, text = _HTTP.get(error.code, ("processing", "The request was refused."))
        notes().refused = code
        response = error_response(ServiceError(error.code, code, text))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    def unforeseen(error: Exception) -> Response:
        log_unforeseen(error)
        return error_response(
            ServiceError(500, "exception", "The assessment failed: no advice was produced.")
        )

    app.register_error_handler(ServiceError, refused)
    app.register_error_handler(HTTPException, http)
    app.register_error_handler(Exception, unforeseen)
