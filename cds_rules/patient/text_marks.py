"""At a site that lets text settle, every fact that rests on text says so: the reader weighs it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from cds_rules.patient.draw_findings import Findings
from cds_rules.patient.fact import Fact
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.route import Route
from cds_rules.patient.timeline import PatientTimeline

NOTE = "recognised by its text only"

_STATEMENTS = tuple(f.name for f in fields(PatientTimeline) if f.type.startswith("tuple"))

T = TypeVar("T")


def marked(picture: RelapsePicture, timeline: PatientTimeline) -> RelapsePicture:
    """The picture, with a note at each known fact that has a statement by trusted text behind it."""
    told = frozenset(_by_text(timeline))
    if not told:
        return picture
    facts = {f.name: getattr(picture, f.name) for f in fields(picture)}
    noted: dict[str, Any] = {n: _noted(fact, told) for n, fact in facts.items() if isinstance(fact, Fact)}
    return replace(picture, **noted, findings=_findings(picture.findings, told))


def _by_text(timeline: PatientTimeline) -> list[str]:
    return [
        s.source
        for name in _STATEMENTS
        for s in getattr(timeline, name)
        if getattr(s, "route", None) is Route.SITE_TEXT
    ]


def _noted(fact: Fact[T], told: frozenset[str]) -> Fact[T]:
    if not fact.known or told.isdisjoint(fact.evidence):
        return fact
    return replace(fact, because=f"{fact.because}; {NOTE}" if fact.because else NOTE)


def _findings(findings: Findings, told: frozenset[str]) -> Findings:
    return replace(
        findings,
        genetics={marker: _noted(fact, told) for marker, fact in findings.genetics.items()},
        antigens={antigen: _noted(fact, told) for antigen, fact in findings.antigens.items()},
    )
