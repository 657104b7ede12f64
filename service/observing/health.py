"""Health: alive (the process answers) and ready (it can do its work)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson
from flask import Blueprint, Response

Check = Callable[[], bool]
"""Quick, never raises: does this part work?"""


def create_health_blueprint(needed: Mapping[str, Check], helpful: Mapping[str, Check]) -> Blueprint:
    """`/health/live`, and `/health/ready`: 503 if a part that is needed does not work.

    A part that is only helpful is named when it is down, and leaves the service ready: calls are still
    answered, and taking every replica out of service at once would help nobody.
    """
    blueprint = Blueprint("health", __name__, url_prefix="/health")

    @blueprint.get("/live")
    def live() -> Response:
        return _answer(200, {"status": "live"})

    @blueprint.get("/ready")
    def ready() -> Response:
        found = {name: check() for name, check in {**needed, **helpful}.items()}
        able = all(found[name] for name in needed)
        parts = {name: "up" if works else "down" for name, works in found.items()}
        return _answer(200 if able else 503, {"status": "ready" if able else "not ready", "parts": parts})

    return blueprint


def _answer(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status=status, content_type="application/json")
