"""`python -m bench.steady`: the service under steady load for minutes, and with one worker or two."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass

from bench.apps import PATH
from bench.arrivals import Answers, send
from bench.bodies import chart_body
from bench.load import loader, warm_up
from bench.process import Service, serving
from bench.servers import BenchError

_SATURATION_S = 8
_CONNECTIONS = 8
_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Steady:
    """What a run came to. Memory in MB, of the workers together: after the first minute, and at the end."""

    workers: int
    saturation: float
    per_second: float
    answers: Answers
    memory_then: float
    memory_now: float


def main() -> None:
    """Parse, measure, print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench.steady", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="default 10")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="default 1 2")
    chosen = parser.parse_args()
    busy = os.getloadavg()[0]
    print(
        f"{os.cpu_count()} processors, load average {busy:.2f} before the start; the load runs on them too.\n"
    )
    print("| workers | saturation /s | load /s | answers | failed | p50 ms | p99 ms | p99.9 ms | memory MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    try:
        for workers in chosen.workers:
            print(_row(measure(workers, chosen.minutes * 60)), flush=True)
    except BenchError as error:
        sys.exit(f"bench: {error}")


def measure(workers: int, seconds: float) -> Steady:
    """Find the saturation, then send 80 % of it for so long."""
    body = chart_body()
    _, load = loader()
    with serving(workers) as service:
        warm_up(service.port, body)
        saturation = load(service.port, body, _SATURATION_S, _CONNECTIONS).per_second
        memory: list[float] = []
        answers = send(
            service.port, PATH, [body.content], _SHARE * saturation, seconds,
            each_second=lambda: _note(memory, service),
        )  # fmt: skip
        first_minute = min(60, len(memory) // 4)
        return Steady(
            workers, saturation, _SHARE * saturation, answers, memory[first_minute], service.memory_mb()
        )


def _note(memory: list[float], service: Service) -> None:
    memory.append(service.memory_mb())


def _row(s: Steady) -> str:
    a = s.answers
    p50, p99, p999 = (f"{a.percentile(share):.1f}" for share in (0.5, 0.99, 0.999))
    return (
        f"| {s.workers} | {s.saturation:.0f} | {s.per_second:.0f} | {len(a.ms)} | {a.failed} "
        f"| {p50} | {p99} | {p999} | {s.memory_then:.0f} -> {s.memory_now:.0f} |"
    )


if __name__ == "__main__":
    main()
