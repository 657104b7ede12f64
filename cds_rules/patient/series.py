"""Dated series out of the timeline, made only when a rule asks: measures, events, drugs."""

from __future__ import annotations

from collections.abc import Container
from datetime import date

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.fact import Fact
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import DrugUse, Measure, Measurement, Part, PatientTimeline


def measured(timeline: PatientTimeline, measure: Measure) -> tuple[Measurement, ...]:
    """The dated results of a measure that may settle a fact, oldest first."""
    return timeline.measured.get(measure, ())


def latest(timeline: PatientTimeline, measure: Measure, on: date | None = None) -> Fact[Interval]:
    """The latest value of a measure on or before the day `on` (without it: at all), in its unit.

    Results of one day, or of days that cannot be put in order, give the span of all of them. A result
    that cannot be read leaves the value unknown: it may be anything.
    """
    if measure not in timeline.dated_by_month:
        return _latest_day(timeline, measure, on)
    told = [(m.when, m) for m in measured(timeline, measure) if m.when is not None]
    pool = [(when, m) for when, m in told if on is None or when.earliest <= on]
    if not pool:
        return Fact(because=_why_none(timeline, on if told else None))
    sources = tuple(m.source for _, m in pool)
    before = [when for when, _ in pool if on is None or when.latest <= on]
    if not before:
        return Fact(evidence=sources, because=f"it cannot be told whether the result is from before {on}")
    last = max(when.earliest for when in before)
    return _span([(when, m) for when, m in pool if when.latest >= last])


def _latest_day(timeline: PatientTimeline, measure: Measure, on: date | None) -> Fact[Interval]:
    """The same where the day of every result is known, from the end of the series."""
    results = measured(timeline, measure)
    found: list[tuple[PartialDate, Measurement]] = []
    for m in reversed(results):
        if m.when is None or (on is not None and m.when.earliest > on):
            continue
        if found and m.when != found[0][0]:
            break
        found.append((m.when, m))
    return _span(found[::-1]) if found else Fact(because=_why_none(timeline, on if results else None))


def _why_none(timeline: PatientTimeline, on: date | None) -> str:
    if Part.LABORATORY in timeline.missing:
        return timeline.missing[Part.LABORATORY]
    return f"no result on record by {on}" if on is not None else "no result on record"


def _span(results: list[tuple[PartialDate, Measurement]]) -> Fact[Interval]:
    if len(results) == 1 and results[0][1].readable:
        ((when, m),) = results
        return Fact(m.value, (m.source,), f"measured {when}")
    sources = tuple(m.source for _, m in results)
    days = " and ".join(dict.fromkeys(str(when) for when, _ in results))
    if not all(m.readable for _, m in results):
        return Fact(evidence=sources, because=f"the result of {days} cannot be read")
    low = min((m.value for _, m in results), key=lambda v: (v.low, v.low_open))
    high = max((m.value for _, m in results), key=lambda v: (v.high, not v.high_open))
    span = Interval(low.low, high.high, low.low_open, high.high_open)
    many = f"{len(results)} results, " if len(results) > 1 else ""
    return Fact(span, sources, f"{many}measured {days}")


def events_of(timeline: PatientTimeline, *kinds: EventKind) -> tuple[Event, ...]:
    """The events of these kinds, oldest first, undated ones before all; certain or not."""
    held = timeline.kinds_of_events
    if held.isdisjoint(kinds):
        return ()
    return tuple([e for e in timeline.events_in_order if e.kind in kinds])


def uses_of(timeline: PatientTimeline, drugs: Container[str]) -> tuple[DrugUse, ...]:
    """The uses and orders of these drugs, oldest first, undated ones before all."""
    return tuple([d for d in timeline.drugs_in_order if d.drug in drugs]) if timeline.drugs else ()
