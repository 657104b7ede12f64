"""What stands beside the course: genetics, antigens, transplants, CAR-T, radiation, each with evidence."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.fact import Fact
from cds_rules.patient.findings import Antigen, AntigenResult, Expression, Field, Irradiation, Marker
from cds_rules.patient.interval import Interval
from cds_rules.patient.remission import M1_BELOW_PERCENT
from cds_rules.patient.series import events_of, latest, measured, uses_of
from cds_rules.patient.timeline import (
    CarT,
    DiseaseState,
    DrugUse,
    Measure,
    Measurement,
    Part,
    PatientTimeline,
    Person,
    Transplant,
)

CONDITIONING_DAYS = 30
"""Whole body radiation this many days before a transplant belongs to it. Project's parameter."""

WITH_LEUKEMIA_DAYS = 28
"""A sample this near a diagnosis, a relapse or a marrow with 5 % blasts or more is one of the leukemia.
Project's parameter."""

COSTIMULATORY_DOMAIN = {"tisagenlecleucel": "4-1BB", "brexucabtagene": "CD28"}
"""By product; MYE2023 (004:3). A product that it does not name has no known domain."""


@dataclass(frozen=True, slots=True)
class TransplantFact:
    """One transplant on record; `total_body` None: no radiation record tells."""

    source: str
    when: PartialDate | None
    kind: str | None
    donor: str | None
    total_body: bool | None


@dataclass(frozen=True, slots=True)
class CarTFact:
    """One CAR-T infusion on record."""

    source: str
    when: PartialDate | None
    product: str | None
    domain: str | None


_NOTHING_READ = PatientTimeline(Person("Patient/none"))


@dataclass(frozen=True, slots=True)
class Findings:
    """Facts that do not change a scheme's group, and stand beside it."""

    genetics: Mapping[Marker, Fact[bool]]
    antigens: Mapping[Antigen, Fact[Expression]]
    transplants: tuple[TransplantFact, ...]
    car_t: tuple[CarTFact, ...]
    irradiations: tuple[Irradiation, ...]
    timeline: PatientTimeline = field(default=_NOTHING_READ, repr=False, compare=False)
    """The record as of the day, for the series below; they are made when they are asked for."""

    def latest(self, measure: Measure, on: date | None = None) -> Fact[Interval]:
        """The latest value of a measure, on or before `on`, with its evidence."""
        return latest(self.timeline, measure, on)

    def series(self, measure: Measure) -> tuple[Measurement, ...]:
        """The dated results of a measure, oldest first."""
        return measured(self.timeline, measure)

    def events(self, *kinds: EventKind) -> tuple[Event, ...]:
        """The events of these kinds, oldest first; certain or not, by whatever route."""
        return events_of(self.timeline, *kinds)

    def uses(self, drugs: Container[str]) -> tuple[DrugUse, ...]:
        """The uses and orders of these drugs, oldest first; by whatever route."""
        return uses_of(self.timeline, drugs)


def findings_of(timeline: PatientTimeline) -> Findings:
    """Everything beside the course, from coded and mapped statements."""
    return Findings(
        genetics={m: _genetic(timeline, m) for m in Marker},
        antigens={antigen: _antigen(timeline, antigen) for antigen in Antigen},
        transplants=tuple(_transplant(t, timeline) for t in timeline.transplants),
        car_t=tuple(_car_t(c) for c in timeline.car_t),
        irradiations=timeline.irradiations,
        timeline=timeline,
    )


def _genetic(timeline: PatientTimeline, marker: Marker) -> Fact[bool]:
    """Found in any test: yes. Not found in a test of it: no. Tests that disagree: found, and said so.

    In a remission it is not found either: only a test near a diagnosis or a relapse denies it.
    """
    results = [g for g in timeline.genetics if g.marker is marker and g.route.settles]
    found = tuple(g.source for g in results if g.present)
    denied = [g for g in results if not g.present]
    absent = tuple(g.source for g in denied if marker is Marker.T315I or _near_leukemia(g.when, timeline))
    if found and absent:
        return Fact(True, found + absent, "not found in every test")
    if found:
        return Fact(True, found)
    if absent:
        return Fact(False, absent)
    if denied:
        last = max(denied, key=lambda g: g.when.earliest if g.when else date.min)
        day = f"on {last.when}" if last.when else "on a day that is not told"
        why = f"not found {day}: that sample may be of a remission"
        return Fact(evidence=tuple(g.source for g in denied), because=why)
    return Fact(because=_unread(timeline, _RESULTS) or "no result on record")


def _near_leukemia(when: PartialDate | None, timeline: PatientTimeline) -> bool:
    """Was the sample of that day one of the leukemia? Not known where nothing tells when there was any."""
    days = [d.when or d.recorded for d in timeline.diagnoses if d.state is not DiseaseState.REMISSION]
    days += [
        m.when
        for m in timeline.measurements
        if m.measure is Measure.MARROW_BLASTS and m.readable and m.value.low >= M1_BELOW_PERCENT
    ]
    span = timedelta(days=WITH_LEUKEMIA_DAYS)
    return when is not None and any(
        d.earliest - span <= when.latest and when.earliest <= d.latest + span for d in days if d is not None
    )


def _antigen(timeline: PatientTimeline, antigen: Antigen) -> Fact[Expression]:
    """The latest result, if it is not older than the last treatment directed at an antigen.

    While the record of treatments was not read, an antigen that was there may have been lost since.
    """
    results = [
        r for r in timeline.antigens if r.antigen is antigen and r.when is not None and r.route.settles
    ]
    usable = sorted(results, key=_taken)
    if not usable:
        return Fact(because=_unread(timeline, _RESULTS) or "no result on record")
    last = usable[-1]
    same = [r for r in usable if r.when == last.when]
    sources = tuple(r.source for r in same)
    if len({r.expression for r in same}) > 1:
        return Fact(evidence=sources, because="two different results on the same day")
    if last.expression is None:
        return Fact(evidence=sources, because=f"the result of {last.when} cannot be read")
    treated = _last_directed(timeline)
    if treated is not None and _taken(last) < treated:
        why = f"last {last.expression.value} on {last.when}, before antigen-directed treatment of {treated}"
        return Fact(evidence=sources, because=why)
    unread = _unread(timeline, _TREATMENTS)
    if unread is not None and last.expression is not Expression.NEGATIVE:
        why = f"{last.expression.value} on {last.when}; treatment since then: {unread}"
        return Fact(evidence=sources, because=why)
    return Fact(last.expression, sources, f"tested {last.when}")


def _unread(timeline: PatientTimeline, parts: Iterable[Part]) -> str | None:
    return next((timeline.missing[p] for p in parts if p in timeline.missing), None)


_RESULTS = (Part.LABORATORY, Part.DISEASE_FINDINGS, Part.REPORTS)
_TREATMENTS = (Part.ADMINISTRATIONS, Part.PROCEDURES)
_DIRECTED = {"blinatumomab", "inotuzumab"}


def _last_directed(timeline: PatientTimeline) -> date | None:
    """When the last treatment directed at CD19 or CD22 was given, or is told to have been taken.

    Of an infusion over weeks it is the last day, as it is where every day of it has an entry.
    """
    uses = [d for d in timeline.drugs if d.drug in _DIRECTED and not d.ordered]
    days = [end.earliest for d in uses if (end := d.until or d.when) is not None]
    days += [c.when.earliest for c in timeline.car_t if c.when is not None]
    return max(days, default=None)


def _taken(result: AntigenResult) -> date:
    return result.when.earliest if result.when else date.min


def _transplant(t: Transplant, timeline: PatientTimeline) -> TransplantFact:
    radiated: bool | None = None
    if t.when is not None:
        first = t.when.earliest - timedelta(days=CONDITIONING_DAYS)
        radiated = (
            any(
                i.field is Field.WHOLE_BODY
                and i.when is not None
                and first <= i.when.earliest <= t.when.latest
                for i in timeline.irradiations
            )
            or None
        )
    return TransplantFact(t.source, t.when, t.kind, t.donor, radiated)


def _car_t(c: CarT) -> CarTFact:
    return CarTFact(c.source, c.when, c.product, COSTIMULATORY_DOMAIN.get(c.product or ""))
