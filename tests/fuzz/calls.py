"""Spoiled calls put to the application, and what must hold of every answer."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from tests.conftest import private_texts, validate
from tests.fuzz.mutants import mutant

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
Json = dict[str, Any]
ALLOWED = {200, 400, 412, 413, 415}
LONGEST_S = 20.0
"""One call may take so long; a hang is longer."""
_SERVICES = {
    "patient-view": "/cds-services/relapsed-all",
    "order-select": "/cds-services/relapsed-all-order-select",
    "order-sign": "/cds-services/relapsed-all-order-sign",
}


@cache
def good_calls() -> tuple[tuple[str, Json], ...]:
    """(path, request): the requests of the fixtures, and each chart as prefetch and as a Bundle to match."""
    found: list[tuple[str, Json]] = []
    for path in sorted((FIXTURES / "hooks").rglob("*.json")):
        request = json.loads(path.read_text("utf-8"))
        if isinstance(request, dict) and request.get("hook") in _SERVICES:
            request.pop("fhirServer", None)  # nothing is to be fetched
            found.append((_SERVICES[request["hook"]], request))
    for path in sorted((FIXTURES / "patients").glob("*/bundle.json")):
        bundle = json.loads(path.read_text("utf-8"))
        found.append((_SERVICES["patient-view"], _prefetched(bundle, path.parent.name)))
        found.append(("/trials/match", bundle))
    return tuple(found)


def _prefetched(bundle: Json, patient: str) -> Json:
    by_type: dict[str, list[Json]] = {}
    for entry in bundle["entry"]:
        by_type.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    keys = {"conditions": "Condition", "laboratory": "Observation", "procedures": "Procedure"}
    prefetch: Json = {
        key: {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [{"resource": r} for r in by_type.get(t, [])],
        }
        for key, t in keys.items()
    }
    prefetch["patient"] = by_type["Patient"][0]
    context = {"userId": "Practitioner/one", "patientId": patient}
    return {"hook": "patient-view", "hookInstance": "made-up", "context": context, "prefetch": prefetch}


def spoiled(seed: int) -> tuple[str, Any]:
    """The path and body of one spoiled call."""
    calls = good_calls()
    path, good = calls[seed % len(calls)]
    return path, mutant(good, seed)


def put(client: FlaskClient, path: str, body: Any) -> int:
    """Call, and check the answer. AssertionError says what does not hold; returns the status."""
    # As clients write JSON: numbers that JSON cannot say and lone surrogates go over the wire as well.
    text = json.dumps(body)
    started = time.monotonic()
    answer = client.post(path, data=text, headers={"Content-Type": "application/json"})
    assert time.monotonic() - started < LONGEST_S, "it hung"
    said = answer.get_data(as_text=True)
    assert answer.status_code in ALLOWED, (answer.status_code, said)
    if answer.status_code != 200:
        validate("operation-outcome", json.loads(said))
        leaked = [secret for secret in private_texts(body) if secret in said]
        assert leaked == [], leaked
    elif path.startswith("/cds-services"):
        validate("response", json.loads(said))
    else:
        assert json.loads(said)["resourceType"] == "Bundle"
    return answer.status_code


def put_all(client: FlaskClient, seeds: range) -> Counter[int]:
    """The number of answers by status. AssertionError names the seed of the first answer that is wrong."""
    counted: Counter[int] = Counter()
    for seed in seeds:
        path, body = spoiled(seed)
        try:
            counted[put(client, path, body)] += 1
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {path}: {error}") from error
    return counted


def unreadable(request: Json) -> Iterator[Json]:
    """The call with every resource of one key made unreadable, key by key."""
    for key, value in request.get("prefetch", {}).items():
        if key in ("patient", "conditions") or not isinstance(value, dict):
            continue
        broken = [{"resource": {**e["resource"], "status": 7, "code": "?"}} for e in value.get("entry", [])]
        if broken:
            yield {**request, "prefetch": {**request["prefetch"], key: {**value, "entry": broken}}}
