"""Where the time of one request goes, measured inside this process without a server."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

import orjson
from werkzeug.test import EnvironBuilder

from bench import apps
from bench.bodies import PATIENT, Body
from cds_rules import assess
from cds_rules.terminology.code_set import load
from service.cards import cards_for
from service.cards.build import Pages
from service.fhir.client import FhirClient, Limits
from service.fhir.lexicon import Lexicon
from service.fhir.record import gather
from service.fhir.site_map import load_site_map
from service.fhir.to_timeline import RecordReader
from service.hooks.api import read_request
from service.hooks.patient_view import HOOK
from service.paths import fixtures_dir
from service.wire.response import CdsResponse

DAY = date(2026, 4, 20)
"""The day as of which the chart is told."""

READING = ("parse and check the call", "gather", "to_timeline")
PARSERS = ("json.loads", "orjson.loads")
WHOLE = "whole request in Flask"


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds over several runs."""

    least: float
    median: float


@dataclass(frozen=True, slots=True)
class Stages:
    """Times of one body by stage, and the whole request against each parser, run by run (medians)."""

    times: dict[str, Times]
    reading_share: float
    """Share of the stages' time, serialisation included, that goes into READING."""
    whole_to_json: float
    whole_to_orjson: float


def measure(body: Body, runs: int) -> Stages:
    """All figures of one body, over so many runs after one that is not counted."""
    whole = _whole(body)
    content = body.content
    parsing = _timed(
        {
            "json.loads": lambda: json.loads(content),
            "orjson.loads": lambda: orjson.loads(content),
            WHOLE: whole,
        },
        runs,
    )
    stages = _timed(_stages(content), runs)
    times = {name: Times(min(ms), statistics.median(ms)) for name, ms in {**parsing, **stages}.items()}
    spent = {name: times[name].median for name in stages}
    return Stages(
        times=times,
        reading_share=sum(spent[name] for name in READING) / sum(spent.values()),
        whole_to_json=_ratio(parsing[WHOLE], parsing["json.loads"]),
        whole_to_orjson=_ratio(parsing[WHOLE], parsing["orjson.loads"]),
    )


def _stages(content: bytes) -> dict[str, Callable[[], Any]]:
    """One call for each step of service.hooks, on the results of the steps before."""
    site_map = load_site_map(fixtures_dir() / "site.toml")
    client, pages, lexicon = FhirClient(Limits()), Pages("http://127.0.0.1:8080"), Lexicon(load(), site_map)
    reader = RecordReader(lexicon)
    call = read_request(content, HOOK)
    prefetch = call.prefetch or {}
    record = gather(PATIENT, prefetch, None, client, lexicon)
    timeline = reader.timeline(record.resources, PATIENT, missing=record.missing)
    assessment = assess(timeline, DAY)
    cards = cards_for(assessment, pages)
    return {
        "parse and check the call": lambda: read_request(content, HOOK),
        "gather": lambda: gather(PATIENT, prefetch, None, client, lexicon),
        "to_timeline": lambda: reader.timeline(record.resources, PATIENT, missing=record.missing),
        "assess": lambda: assess(timeline, DAY),
        "cards": lambda: cards_for(assessment, pages),
        "serialise": lambda: orjson.dumps(CdsResponse(cards=cards).to_json_dict()),
    }


def _whole(body: Body) -> Callable[[], bytes]:
    """The request as gunicorn hands it over: through Flask, from the body's bytes to the answer's."""
    app = apps.service()
    environ = EnvironBuilder(
        apps.PATH, method="POST", data=body.content, content_type="application/json"
    ).get_environ()

    def ignore(*_: object) -> Callable[[bytes], object]:
        return len

    def call() -> bytes:
        chunks: Iterable[bytes] = app({**environ, "wsgi.input": BytesIO(body.content)}, ignore)
        return b"".join(chunks)

    return call


def _timed(calls: dict[str, Callable[[], Any]], runs: int) -> dict[str, list[float]]:
    """Milliseconds of each call, in turn, so that a slow moment of the machine meets all of them."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for run in range(-1, runs):
        for name, call in calls.items():
            before = time.perf_counter_ns()
            call()
            taken = time.perf_counter_ns() - before
            if run >= 0:
                found[name].append(taken / 1e6)
    return found


def _ratio(above: list[float], below: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(above, below, strict=True))
