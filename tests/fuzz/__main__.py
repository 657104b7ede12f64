"""`make fuzz`: 10,000 spoiled calls and 20,000 requests made from the OpenAPI document, in this process.

python -m tests.fuzz [--mutants N] [--requests N] [--from SEED]
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import SecretStr
from schemathesis.core.result import Ok

from service.app import STORE, create_app
from service.config import Settings
from tests.fuzz.calls import FIXTURES, put_all
from tests.fuzz.checks import CHECKS


def main() -> int:
    """0 if everything held."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    asked.add_argument("--mutants", type=int, default=10_000)
    asked.add_argument("--requests", type=int, default=20_000)
    asked.add_argument("--from", dest="first", type=int, default=0)
    wanted = asked.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        _fuzz(_app(Path(folder)), wanted)
    return 0


def _app(folder: Path) -> Flask:
    settings = Settings(
        insecure=True,
        site_map=FIXTURES / "site.toml",
        rate_limit=None,
        database_url=SecretStr(f"sqlite:///{folder / 'fuzz.db'}"),
    )
    app = create_app(settings, today=lambda _: date(2026, 7, 5))
    app.extensions[STORE].prepare()
    return app


def _fuzz(app: Flask, wanted: argparse.Namespace) -> None:
    started = time.monotonic()
    answers = put_all(app.test_client(), range(wanted.first, wanted.first + wanted.mutants))
    print(
        f"{sum(answers.values())} spoiled calls: {_told(answers)}; {time.monotonic() - started:.0f} s",
        flush=True,
    )
    started = time.monotonic()
    made = _from_openapi(app, wanted.requests)
    print(f"{sum(made.values())} requests from OpenAPI: {_told(made)}; {_since(started)}")


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"


def _told(counted: Counter[int]) -> str:
    return ", ".join(f"{number} x {status}" for status, number in sorted(counted.items()))


def _from_openapi(app: Flask, number: int) -> Counter[int]:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    # The others have one request only.
    varied = sum(bool(operation.body or operation.path_parameters) for operation in operations)
    counted: Counter[int] = Counter()

    bounds = settings(
        max_examples=max(1, number // varied),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    def put(case: Any) -> None:
        counted[case.call_and_validate(checks=CHECKS).status_code] += 1

    for operation in operations:
        bounds(given(case=operation.as_strategy())(put))()
    return counted


if __name__ == "__main__":
    sys.exit(main())
