"""`python -m bench.live_fetch`: calls without prefetch, fetched from a FHIR server that takes 50 ms."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import orjson
import requests
from flask import Flask, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from bench.apps import PATH
from bench.arrivals import send
from bench.bodies import PATIENT
from bench.process import serving
from bench.servers import BenchError, free_port
from service.demo.fhir_server import create_fhir_blueprint
from service.demo.store import FhirStore
from service.paths import fixtures_dir

LATENCY_S = 0.05
_ALLOWED_MS = 50.0
_ALLOWED_TIMES = 1.5


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.live_fetch", description=__doc__)
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--per-second", type=float, default=5.0)
    chosen = parser.parse_args()
    if chosen.serve:
        _serve(chosen.serve)
        return
    try:
        print(measure(chosen.per_second, chosen.seconds))
    except BenchError as error:
        sys.exit(f"bench: {error}")


def measure(per_second: float, seconds: float) -> str:
    """The table."""
    busy = os.getloadavg()[0]
    with _slow_server() as fhir, serving(1) as service:
        body = orjson.dumps(
            {
                "hook": "patient-view",
                "hookInstance": "7c1d9f04-52b4-4f0e-9a36-0d5c5ad3b6e1",
                "context": {"userId": "Practitioner/demo-practitioner", "patientId": PATIENT},
                "fhirServer": fhir,
            }
        )
        send(service.port, PATH, [body], per_second, 3)  # connections are made, knowledge is warm
        requests.delete(f"{fhir}/slowest", timeout=5)
        answers = send(service.port, PATH, [body], per_second, seconds)
        slowest = requests.get(f"{fhir}/slowest", timeout=5).json()["p99"]
    p99, allowed = answers.percentile(0.99), _ALLOWED_TIMES * slowest + _ALLOWED_MS
    return (
        f"load average {busy:.2f} before the start; {per_second:g} calls a second for {seconds:g} s, "
        "one worker\n\n"
        "| calls | failed | p50 ms | p99 ms | slowest search, p99 ms | 1.5 x that + 50 ms | met |\n"
        "|---|---|---|---|---|---|---|\n"
        f"| {len(answers.ms)} | {answers.failed} | {answers.percentile(0.5):.0f} | {p99:.0f} | {slowest:.0f} "
        f"| {allowed:.0f} | {'yes' if p99 <= allowed and not answers.failed else '**no**'} |"
    )


@contextlib.contextmanager
def _slow_server() -> Iterator[str]:
    """The demonstration's FHIR server in a process of its own, each answer 50 ms late; its base address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.live_fetch", "--serve", str(port)])
    base = f"http://127.0.0.1:{port}/fhir"
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{base}/metadata", timeout=5)
                break
            if time.monotonic() > deadline or process.poll() is not None:
                raise BenchError("the FHIR server did not start")
            time.sleep(0.1)
        yield base
    finally:
        process.kill()
        process.wait(10)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


def _serve(port: int) -> None:
    app = Flask("slow-fhir")
    store = FhirStore.from_folder(fixtures_dir() / "patients")
    app.register_blueprint(create_fhir_blueprint(store), url_prefix="/fhir")
    took: list[float] = []
    local = threading.local()

    @app.before_request
    def arrive() -> None:
        local.started = time.perf_counter()
        time.sleep(LATENCY_S)

    @app.after_request
    def leave(response: Response) -> Response:
        took.append((time.perf_counter() - local.started) * 1000)
        return response

    @app.delete("/fhir/slowest")
    def forget() -> dict[str, bool]:
        took.clear()
        return {"done": True}

    @app.get("/fhir/slowest")
    def slowest() -> dict[str, float]:
        ordered = sorted(took)
        return {"p99": ordered[int(0.99 * len(ordered))]}

    make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet).serve_forever()


if __name__ == "__main__":
    main()
