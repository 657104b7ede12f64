"""Log lines: one JSON object each, with the id of the request. Texts are constant, values come as fields."""

from __future__ import annotations

import logging
import time
from typing import Any

from flask import Flask, Response, g, has_request_context, request

from service.observing.notes import Notes, notes, request_id_of

_calls = logging.getLogger("service.calls")
REQUEST_ID = "X-Request-Id"
_MS = 1000
_QUIET = ("/health/live", "/health/ready", "/metrics")
"""Asked every few seconds by machines: logged at debug."""


class RequestId(logging.Filter):
    """Adds the id of the request under way to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never holds a record back."""
        record.request_id = notes().request_id if has_request_context() else None
        return True


def config(log_format: str, log_level: str) -> dict[str, Any]:
    """The logging configuration, for `logging.config.dictConfig`; gunicorn's lines take the same form."""
    level = log_level.upper()
    json_lines = {
        "()": "pythonjsonlogger.orjson.OrjsonFormatter",
        "fmt": "%(levelname)s %(name)s %(message)s %(request_id)s",
        "rename_fields": {"levelname": "level", "name": "logger"},
        "timestamp": "time",
    }
    text = {"format": "%(asctime)s %(levelname)s %(name)s %(message)s [%(request_id)s]"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "service.observing.logs.RequestId"}},
        "formatters": {"line": json_lines if log_format == "json" else text},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "line",
                "filters": ["request_id"],
            }
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            "gunicorn.access": {"level": "WARNING", "handlers": [], "propagate": False},
        },
    }


def register(app: Flask) -> None:
    """Give every request an id, and every answer a line."""
    app.before_request(_arrived)
    app.after_request(_answered)


def _arrived() -> None:
    g.notes = Notes(request_id_of(request.headers.get(REQUEST_ID)), time.perf_counter())


def _answered(response: Response) -> Response:
    noted = notes()
    response.headers.setdefault(REQUEST_ID, noted.request_id)
    rule = request.url_rule
    level = logging.DEBUG if rule is not None and rule.rule in _QUIET else logging.INFO
    if _calls.isEnabledFor(level):
        _calls.log(level, "call", extra=_fields(noted, response, rule.rule if rule else None))
    return response


def _fields(noted: Notes, response: Response, rule: str | None) -> dict[str, Any]:
    """The route and not the path: a path may name a patient."""
    return {
        "method": request.method,
        "route": rule,
        "status": response.status_code,
        "ms": round(noted.seconds * _MS, 2),
        "hook": noted.hook,
        "issuer": noted.issuer,
        "tenant": noted.tenant,
        "cards": len(noted.cards),
        "quiet": len(noted.quiet),
        "fetched": len(noted.fetches),
        "refused": noted.refused,
    }
