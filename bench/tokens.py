"""`python -m bench.tokens`: what the check of the caller costs: the same calls with tokens and without."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

from bench.apps import PATH
from bench.bodies import chart_body
from bench.load import warm_up
from bench.process import Service, serving
from bench.servers import THREADS, BenchError
from service.auth.trial import signed, write_pair

_ISSUER = "https://ehr.example"
_BASE = "https://cds.example"
_SPARE = 1.3
"""Tokens made for more calls than are expected."""


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.tokens", description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--algorithms", nargs="+", default=["ES384"], help="default ES384")
    chosen = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.2f} before the start; one worker, {THREADS} connections\n")
    print("| caller | calls /s | of that without tokens |")
    print("|---|---|---|")
    try:
        plain = _without(chosen.seconds)
        print(f"| not checked | {plain:.0f} | 1.00 |", flush=True)
        for algorithm in chosen.algorithms:
            checked = _with(algorithm, plain, chosen.seconds)
            print(
                f"| {algorithm} token, each good for one call | {checked:.0f} | {checked / plain:.2f} |",
                flush=True,
            )
    except BenchError as error:
        sys.exit(f"bench: {error}")


def _without(seconds: int) -> float:
    with serving(1) as service:
        warm_up(service.port, chart_body())
        return _calls(service, seconds, lambda: None)


def _with(algorithm: str, expected: float, seconds: int) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        private, public = write_pair(algorithm, None, folder)
        (folder / "tenants.toml").write_text(
            f'version = 1\n[[tenant]]\nname = "bench"\nissuers = ["{_ISSUER}"]\njwks_file = "{public.name}"\n'
        )
        wanted = int(expected * (seconds + 1) * _SPARE)
        tokens = [
            signed(private, issuer=_ISSUER, audience=f"{_BASE}{PATH}", tenant=None, jku=None, lifetime_s=3600)
            for _ in range(wanted)
        ]
        settings = {"insecure": "false", "tenants": str(folder / "tenants.toml"), "public_base_url": _BASE}
        with serving(1, **settings) as service:
            waiting = iter(tokens)
            lock = threading.Lock()

            def following() -> str | None:
                with lock:
                    return next(waiting, None)

            _calls(service, 1, following)
            return _calls(service, seconds, following)


def _calls(service: Service, seconds: int, token: Callable[[], str | None]) -> float:
    """Calls per second over kept-alive connections. BenchError if one is refused."""
    body, until = chart_body().content, time.monotonic() + seconds
    counts = [0] * THREADS
    failed: list[int] = []

    def caller(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", service.port, timeout=30)
        for headers in _headers(token):
            if time.monotonic() >= until:
                break
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failed.append(answer.status)
                break
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise BenchError(f"a call was answered with {failed[0]}")
    return sum(counts) / seconds


def _headers(token: Callable[[], str | None]) -> Iterator[dict[str, str]]:
    while True:
        given = token()
        plain = {"Content-Type": "application/json"}
        yield plain if given is None else {**plain, "Authorization": f"Bearer {given}"}


if __name__ == "__main__":
    main()
