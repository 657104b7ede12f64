"""`python -m bench`: measure, and print the ratios as tables."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import orjson

from bench import stages
from bench.apps import APPS
from bench.bodies import Body, chart_body, large_body, ordinary_body, varied_body
from bench.load import Load, Loader, loader, warm_up
from bench.report import BodyResult, LoadResult, Result, as_markdown
from bench.servers import THREADS, BenchError, running


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: rounds of so many seconds, and runs of the stages by body."""

    rounds: int
    seconds: int
    connections: int
    runs: tuple[int, ...]
    loaded: int
    """How many of the bodies are put under load, from the first."""


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it works")
    parser.add_argument("--json", action="store_true", help="all figures as JSON")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of load (default 3)")
    parser.add_argument("--seconds", type=int, default=4, help="seconds of each round (default 4)")
    parser.add_argument("--connections", type=int, default=THREADS, help=f"default {THREADS}")
    chosen = parser.parse_args()
    if min(chosen.rounds, chosen.seconds, chosen.connections) < 1:
        parser.error("expected whole numbers from 1")
    plan = Plan(chosen.rounds, chosen.seconds, chosen.connections, runs=(500, 60, 15), loaded=3)
    if chosen.quick:
        plan = Plan(1, 1, chosen.connections, runs=(20, 3, 1), loaded=1)
    # Ended from outside, the servers are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        result = measure(plan)
    except BenchError as error:
        sys.exit(f"bench: {error}")
    print(orjson.dumps(asdict(result)).decode() if chosen.json else as_markdown(result))


def measure(plan: Plan) -> Result:
    """Everything, on this machine, in this run. BenchError when a figure would mean nothing."""
    busy = os.getloadavg()[0]
    bodies = [chart_body(), large_body(1_000), large_body(10_000)]
    others = (varied_body(), ordinary_body())
    name, load = loader()
    with running(APPS) as ports:
        loads = [_rounds(body, ports, plan, load) for body in bodies[: plan.loaded]]
        more = tuple(LoadResult(b.name, _size(b), _rounds(b, ports, plan, load)) for b in others)
    loads += [{} for _ in bodies[plan.loaded :]]
    results = [
        BodyResult(body.name, len(body.content), by_app, stages.measure(body, runs))
        for body, by_app, runs in zip(bodies, loads, plan.runs, strict=True)
    ]
    machine = (
        f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}, "
        f"load average {busy:.2f} before the start."
    )
    how = (
        f"One gunicorn worker of {THREADS} threads for each application; load by {name} over loopback, "
        f"{plan.connections} connections, {plan.rounds} x {plan.seconds} s each in turn. "
        "Median, and least to most."
    )
    return Result(machine, how, results, more)


def _size(body: Body) -> int:
    """Bytes of a body, the mean of several."""
    return sum(map(len, body.each)) // len(body.each)


def _rounds(body: Body, ports: Mapping[str, int], plan: Plan, load: Loader) -> dict[str, list[Load]]:
    """Rounds in turn (a, a', b, a, a', b ...), so that a slow moment of the machine meets all."""
    for port in ports.values():
        warm_up(port, body)
    found: dict[str, list[Load]] = {app: [] for app in ports}
    for _ in range(plan.rounds):
        for app, port in ports.items():
            found[app].append(load(port, body, plan.seconds, plan.connections))
    return found


if __name__ == "__main__":
    main()
