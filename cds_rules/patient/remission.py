"""Remissions that the record tells of: reported, coded, or a marrow below 5 % blasts after diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.fact import Fact
from cds_rules.patient.timeline import (
    DiseaseState,
    Measurement,
    PatientTimeline,
    Status,
)

M1_BELOW_PERCENT = 5.0
"""Marrow below this share of blasts is M1. D-1; HR2020, LOC2012."""
M3_ABOVE_PERCENT = 25.0
"""Marrow above this share of blasts is M3; from 5 to 25 is M2. D-1; HR2020, LOC2012."""


@dataclass(frozen=True, slots=True)
class Remission:
    """One sign of remission. `recorded`: stated as remission; else only a marrow below 5 %."""

    when: PartialDate
    source: str
    recorded: bool


def marrows(timeline: PatientTimeline) -> tuple[Measurement, ...]:
    """Dated marrow blast counts from a code or a site mapping, oldest first."""
    return timeline.marrows


def remissions(timeline: PatientTimeline, diagnosed: PartialDate | None) -> list[Remission]:
    """Signs of remission after the diagnosis, oldest first; none while the diagnosis is undated."""
    if diagnosed is None:
        return []
    found = [
        Remission(d.when, d.source, True)
        for d in timeline.diagnoses
        if d.state is DiseaseState.REMISSION and d.state_coded and d.certain and d.when is not None
    ]
    found += [
        Remission(r.when, r.source, True)
        for r in timeline.reports
        if r.status is Status.FULL_REMISSION and r.when is not None and r.route.settles
    ]
    found += [
        Remission(m.when, m.source, False)
        for m in marrows(timeline)
        if m.when is not None and m.value.at_least(M1_BELOW_PERCENT) is Answer.NO
    ]
    after = [r for r in found if r.when.earliest > diagnosed.latest]
    return sorted(after, key=lambda r: (r.when.earliest, r.source))


def first_remission(signs: Sequence[Remission], first_relapse: PartialDate | None) -> Fact[PartialDate]:
    """The date of CR1: only a remission stated as such tells it, a clear marrow need not be the first."""
    before = [r for r in signs if first_relapse is None or r.when.latest < first_relapse.earliest]
    recorded = [r for r in before if r.recorded]
    if recorded:
        return Fact(recorded[0].when, (recorded[0].source,), "first remission on record")
    if before:
        why = "no recorded date of first remission; a marrow below 5 % need not be its date"
        return Fact(evidence=(before[0].source,), because=why)
    return Fact(because="no recorded date of first remission")
