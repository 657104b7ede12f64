"""`python -m bench.workers`: worker classes, alone and beside clients that send a byte at a time."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench import proxy
from bench.bodies import Body, chart_body
from bench.load import Load, Loader, loader, warm_up
from bench.report import table
from bench.servers import THREADS, BenchError, running
from bench.slow import DRIP_S, PATIENCE_S, Drip, Heard, beside

_SERVICE = "b"


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to serve: its name, the worker class (None: the service's own), and if nginx is before it."""

    name: str
    worker: str | None
    proxied: bool = False


OURS = Kind("the service's own", None)
KINDS = (
    Kind("sync", "sync"),
    Kind("gthread", "gthread"),
    Kind("gevent", "gevent"),
    OURS,
    Kind("the service's own behind nginx", None, proxied=True),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one kind came to: alone, and beside each sort of slow client."""

    kind: Kind
    alone: Load
    beside: dict[Drip, Heard]


def main() -> None:
    """Parse, measure, print tables in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers", description=__doc__)
    parser.add_argument("--slow", type=int, default=32, help="slow clients, default 32")
    parser.add_argument("--seconds", type=float, default=15.0, help="beside slow clients, default 15")
    parser.add_argument("--alone", type=int, default=3, help="seconds of full load alone, default 3")
    parser.add_argument("--per-second", type=float, default=10.0, help="healthy calls, default 10")
    chosen = parser.parse_args()
    kinds, missing = _present()
    by_whom, load = loader()
    print(
        f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.2f} before the start; the load runs "
        f"on them too.\nOne worker, {THREADS} threads, one chart; alone: as many connections, by {by_whom}.\n"
        f"Then {chosen.slow} slow clients, a byte each {DRIP_S:g} s, and back when turned away; beside them "
        f"{chosen.per_second:g} healthy\ncalls a second for {chosen.seconds:g} s, given up after "
        f"{PATIENCE_S:g} s. All kinds meet them at the same time.\n"
    )
    try:
        with _started(kinds) as ports:
            body = chart_body()
            alone = [_alone(load, port, body, chosen.alone) for port in ports]
            heard = [asyncio.run(_all_beside(ports, body.content, drip, chosen)) for drip in Drip]
    except BenchError as error:
        sys.exit(f"bench: {error}")
    results = [
        Measured(kind, a, dict(zip(Drip, h, strict=True)))
        for kind, a, h in zip(kinds, alone, zip(*heard, strict=True), strict=True)
    ]
    print("\n".join(as_markdown(results)))
    for line in missing:
        print(f"\n{line}")


def _present() -> tuple[list[Kind], list[str]]:
    """The kinds that can be measured here, and a line for each of the others."""
    lacking = []
    if importlib.util.find_spec("gevent") is None:
        lacking.append("gevent")
    if not proxy.installed():
        lacking.append("nginx")
    kinds = [k for k in KINDS if not any(name in k.name for name in lacking)]
    return kinds, [f"{name}: not installed" for name in lacking]


@contextlib.contextmanager
def _started(kinds: Sequence[Kind]) -> Iterator[list[int]]:
    with contextlib.ExitStack() as stack:
        ports = []
        for kind in kinds:
            port = stack.enter_context(running([_SERVICE], kind.worker))[_SERVICE]
            ports.append(stack.enter_context(proxy.before(port)) if kind.proxied else port)
        yield ports


def _alone(load: Loader, port: int, body: Body, seconds: int) -> Load:
    warm_up(port, body)
    return load(port, body, seconds, THREADS)


async def _all_beside(
    ports: Sequence[int], body: bytes, drip: Drip, chosen: argparse.Namespace
) -> list[Heard]:
    return await asyncio.gather(
        *(beside(port, body, drip, chosen.slow, chosen.per_second, chosen.seconds) for port in ports)
    )


def as_markdown(results: Sequence[Measured]) -> list[str]:
    """The table, a line each."""
    head = ["Worker class", "Alone: calls/s", "p50 ms", "p99 ms"]
    for drip in Drip:
        head += [f"Slow {drip.value}: answered", "p99 ms", "deaf s"]
    return table(head, (_row(result) for result in results))


def _row(result: Measured) -> Iterator[str]:
    yield result.kind.name
    yield from (f"{result.alone.per_second:.0f}", f"{result.alone.p50_ms:.1f}", f"{result.alone.p99_ms:.1f}")
    for heard in result.beside.values():
        yield f"{len(heard.ms)} of {len(heard.ms) + heard.failed}"
        yield f"{heard.percentile(0.99):.0f}" if heard.ms else ""
        yield f"{heard.deaf_s:.1f}{' and longer' if heard.lasted and heard.deaf_s > PATIENCE_S else ''}"


if __name__ == "__main__":
    main()
