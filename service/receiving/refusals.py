"""Answers to clients whose request never came in whole: no application was asked."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import orjson

from service.errors import FHIR_JSON, operation_outcome


@dataclass(frozen=True, slots=True)
class Refusal:
    """A FHIR issue type, and the answer as it is sent."""

    code: str
    answer: bytes


def _refusal(status: HTTPStatus, code: str, text: str) -> Refusal:
    body = orjson.dumps(operation_outcome(code, text))
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: {FHIR_JSON}\r\n"
        f"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Refusal(code, head.encode() + body)


SLOW = _refusal(HTTPStatus.REQUEST_TIMEOUT, "timeout", "The request took too long to arrive.")
HEAD = _refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "too-long",
    "The headers are larger than this service accepts.",
)
BODY = _refusal(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too-long",
    "The request body is larger than this service accepts.",
)
NO_ROOM = _refusal(
    HTTPStatus.SERVICE_UNAVAILABLE, "throttled", "Too many requests are coming in at once. Try again later."
)
