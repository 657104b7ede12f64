"""The three applications that are measured."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, request
from pydantic import SecretStr

from service.app import STORE, create_app
from service.config import Settings
from service.hooks.patient_view import ID
from service.paths import fixtures_dir

PATH = f"/cds-services/{ID}"

_CARDS = b'{"cards":[{"summary":"Static","indicator":"info","source":{"label":"Static"}}]}'


def bare_json() -> Flask:
    """(a): parse the body the way Flask does, answer with a constant card."""

    def parse() -> Any:
        return request.get_json()

    return _bare(parse)


def bare_orjson() -> Flask:
    """(a'): the same, parsing with the library that the service uses."""

    def parse() -> Any:
        try:
            return orjson.loads(request.get_data(cache=False))
        except orjson.JSONDecodeError:
            # The load program hangs up in the middle of a body when its time is over.
            return None

    return _bare(parse)


def service() -> Flask:
    """(b): the service itself, with the demonstration hospital's codes."""
    folder = Path(tempfile.mkdtemp(prefix="relapse-cds-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    app = create_app(
        Settings(
            insecure=True,
            rate_limit=None,
            site_map=fixtures_dir() / "site.toml",
            database_url=SecretStr(f"sqlite:///{folder / 'bench.db'}"),
        )
    )
    app.extensions[STORE].prepare()
    return app


def _bare(parse: Callable[[], Any]) -> Flask:
    app = Flask("bench")

    def answer() -> Response:
        if not isinstance(parse(), dict):
            return Response(status=400)
        return Response(_CARDS, content_type="application/json")

    app.add_url_rule(PATH, "answer", answer, methods=["POST"])
    return app


APPS = {"a": bare_json, "a'": bare_orjson, "b": service}
NAMES = {
    "a": "(a) bare Flask, `request.get_json()`",
    "a'": "(a') bare Flask, orjson",
    "b": "(b) the service",
}
