"""What was measured, and how it is printed."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.apps import NAMES
from bench.load import Load
from bench.stages import PARSERS, READING, WHOLE, Stages

GOAL_THROUGHPUT = 0.5
"""Least share of (a)'s requests per second that (b) shall reach with the chart."""

GOAL_PARSE = 2.0
"""Most that a whole request with 10,000 Observations shall take, in parses of its body."""

BASE = "a"
OURS = "b"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """One body under load: by application, one Load a round; empty when not put under load."""

    name: str
    size: int
    loads: dict[str, list[Load]]


@dataclass(frozen=True, slots=True)
class BodyResult(LoadResult):
    """Everything about one body."""

    stages: Stages


@dataclass(frozen=True, slots=True)
class Result:
    """A whole run; `machine` and `how` are for the reader."""

    machine: str
    how: str
    bodies: list[BodyResult]
    others: tuple[LoadResult, ...] = ()
    """Put under load only: charts in turn, a chart without leukemia."""

    @property
    def loaded(self) -> list[LoadResult]:
        """Every body under load."""
        return [*self.bodies[:1], *self.others, *self.bodies[1:]]


def ratios(loads: dict[str, list[Load]], app: str) -> list[float]:
    """Requests per second as a share of (a)'s in the same round."""
    pairs = zip(loads[app], loads[BASE], strict=True)
    return [other.per_second / base.per_second for other, base in pairs]


def as_markdown(result: Result) -> str:
    """The tables."""
    parts = [
        f"{result.machine}  ",
        result.how,
        "",
        *table(_THROUGHPUT, (row for body in result.loaded for row in _load_rows(body))),
        "",
        "Inside the process, ms for one request: least / median.",
        "",
        *table(["", *(body.name for body in result.bodies)], _stage_rows(result.bodies)),
        "",
        *table(["Goal", "Measured", "Met"], _goal_rows(result)),
    ]
    return "\n".join(parts)


_THROUGHPUT = ["Body", "Application", "Requests/s", "p50 ms", "p99 ms", "Share of (a)"]


def _load_rows(body: LoadResult) -> Iterator[Sequence[str]]:
    for app, loads in body.loads.items():
        yield (
            f"{body.name}, {body.size / 1000:,.0f} KB",
            NAMES[app],
            _spread([load.per_second for load in loads], "{:,.1f}"),
            _spread([load.p50_ms for load in loads], "{:.2f}"),
            _spread([load.p99_ms for load in loads], "{:.2f}"),
            _spread(ratios(body.loads, app), "{:.2f}"),
        )


def _stage_rows(bodies: Sequence[BodyResult]) -> Iterator[Sequence[str]]:
    for name in bodies[0].stages.times:
        times = [body.stages.times[name] for body in bodies]
        shown = f"{name} (alone)" if name in PARSERS else name
        yield (shown, *(f"{t.least:.3f} / {t.median:.3f}" for t in times))
    reading = f"share of time spent reading ({', '.join(READING)})"
    yield (reading, *(f"{b.stages.reading_share:.0%}" for b in bodies))
    yield (f"{WHOLE} / json.loads", *(f"{b.stages.whole_to_json:.2f}" for b in bodies))
    yield (f"{WHOLE} / orjson.loads", *(f"{b.stages.whole_to_orjson:.2f}" for b in bodies))


def _goal_rows(result: Result) -> Iterator[Sequence[str]]:
    last = result.bodies[-1]
    for body in (result.bodies[0], *result.others):
        if body.loads:
            shares = ratios(body.loads, OURS)
            met = statistics.median(shares) >= GOAL_THROUGHPUT
            goal = f"{body.name}: (b) at least {GOAL_THROUGHPUT} of (a)'s requests per second"
            yield (goal, _spread(shares, "{:.2f}"), _yes(met))
    for parser, ratio in zip(PARSERS, (last.stages.whole_to_json, last.stages.whole_to_orjson), strict=True):
        goal = f"{last.name}: whole request at most {GOAL_PARSE:g} times {parser} of the body"
        yield (goal, f"{ratio:.2f}", _yes(ratio <= GOAL_PARSE))


def _yes(met: bool) -> str:
    return "yes" if met else "**no**"


def _spread(values: Sequence[float], form: str) -> str:
    """The median, and least to most where there are several."""
    middle = form.format(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({form.format(min(values))} to {form.format(max(values))})"


def table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """A table in Markdown, a line each."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
