"""The body of the current request, if it is of a kind that is read here."""

from __future__ import annotations

from flask import request

from service.errors import ServiceError


def json_body(kind: str = "application/json") -> bytes:
    """The bytes, not yet parsed. ServiceError 415 for another type, or where the body is compressed.

    `kind` is what the refusal asks for.
    """
    if not request.is_json:
        # A page could send other types without asking first (no preflight).
        raise ServiceError(415, "not-supported", f"The request body must be JSON ({kind}).")
    if request.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        text = "The request body must not be compressed (Content-Encoding)."
        raise ServiceError(415, "not-supported", text)
    return request.get_data(cache=False)
