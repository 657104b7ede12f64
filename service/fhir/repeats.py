"""The same test at the same time told more than once: equal results are one, others contradict each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from cds_rules.patient.timeline import Measure, Measurement, MrdResult, ProblemKind
from service.fhir import versions
from service.fhir.reading import Reading
from service.fhir.versions import Result

_TEXT = "The same test at the same time has different results: none is preferred, all are used."
ONCE_A_DAY = frozenset(
    {Measure.MARROW_BLASTS, Measure.CSF_LEUKOCYTES, Measure.CSF_BLASTS, Measure.CSF_RED_CELLS}
)
"""Looked at once a day at most, so two results of one day are of one sample; blood is counted more often.
Project's choice."""


def same_test(results: Iterable[Result]) -> list[list[Result]]:
    """The usable results that share code, time and specimen with another one."""
    at_once: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        when = versions.taken(result)
        if when is not None:
            at_once[when].append(result)
    found: dict[Hashable, list[Result]] = defaultdict(list)
    for when, group in at_once.items():
        for result in group if len(group) > 1 else ():
            found[when, versions.names(result), versions.specimen(result)].append(result)
    return [group for group in found.values() if len(group) > 1]


def settle(groups: Iterable[list[Result]], reading: Reading) -> None:
    """Make one statement of equal results; flag what contradicts itself."""
    places = {sources: times for g in groups if (sources := _sources(g)) and (times := _times(g))}
    if not places:
        return
    mrd: dict[str, list[MrdResult]] = defaultdict(list)
    counts: dict[str, list[Measurement]] = defaultdict(list)
    for result in reading.mrd:
        mrd[result.source].append(result)
    for measured in reading.measurements:
        counts[measured.source].append(measured)
    gone: set[int] = set()
    for sources, times in places.items():
        for measure in {m.measure for s in sources for m in counts[s]}:
            same = [m for s in sources for m in counts[s] if m.measure is measure]
            gone |= _settle_one(same, reading, flagged=measure in ONCE_A_DAY or _exact(times))
        gone |= _settle_one([m for s in sources for m in mrd[s]], reading, flagged=True)
    reading.mrd[:] = [m for m in reading.mrd if id(m) not in gone]
    reading.measurements[:] = [m for m in reading.measurements if id(m) not in gone]


def _settle_one(same: Sequence[MrdResult | Measurement], reading: Reading, *, flagged: bool) -> set[int]:
    """Which of these statements another one says already; the first by name stays."""
    first: dict[MrdResult | Measurement, MrdResult | Measurement] = {}
    for statement in sorted(same, key=lambda s: s.source):
        first.setdefault(replace(statement, source=""), statement)
    if flagged and len({s.fraction if isinstance(s, MrdResult) else s.value for s in first}) > 1:
        sources = sorted({s.source for s in same})
        reading.problem(ProblemKind.CONFLICT, _TEXT, *sources)
    kept = {id(s) for s in first.values()}
    return {id(s) for s in same if id(s) not in kept}


def _sources(group: Iterable[Result]) -> tuple[str, ...]:
    named = (r.resource.get("id") for r in group if r.kind == "Observation")
    return tuple(sorted({f"Observation/{name}" for name in named if isinstance(name, str)}))


def _times(group: Iterable[Result]) -> set[str]:
    return {when for r in group if (when := versions.taken(r)) is not None}


def _exact(times: set[str]) -> bool:
    """Does each of the times give the hour?"""
    return all("T" in when for when in times)
