"""What puts a relapse outside the first-relapse schemes: transplant, CAR-T, refractory disease."""

from __future__ import annotations

from datetime import timedelta

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.episode import Episode
from cds_rules.patient.events import EventKind
from cds_rules.patient.mrd import END_BLOCK1_FROM_DAY, reinduction_start
from cds_rules.patient.picture import Fact
from cds_rules.patient.remission import M1_BELOW_PERCENT, M3_ABOVE_PERCENT, marrows
from cds_rules.patient.timeline import Part, PatientTimeline


def transplant_before(
    timeline: PatientTimeline, relapse: Episode | None, when: PartialDate | None
) -> Fact[bool]:
    """Was a stem cell transplant done before the relapse? An undated or uncertain one leaves it open."""
    if relapse is not None and relapse.in_transplant:
        return Fact(True, relapse.sources)
    coded = [t for t in timeline.transplants if t.route.settles and t.certain]
    if when is not None:
        before = [t for t in coded if t.when is not None and t.when.latest < when.earliest]
        if before:
            return Fact(True, tuple(t.source for t in before))
    unclear = [
        t
        for t in timeline.transplants
        if t not in coded or t.when is None or when is None or t.when.earliest <= when.latest
    ]
    if unclear:
        return Fact(
            evidence=tuple(t.source for t in unclear),
            because="a transplant is recorded, but not for certain that one was done before the relapse",
        )
    graft = [] if timeline.transplants else _graft_disease(timeline)
    if graft:
        why = "graft-versus-host disease is recorded, but no transplant"
        return Fact(evidence=tuple(graft), because=why)
    reason = _unread(timeline, Part.PROCEDURES, Part.CONDITIONS)
    return Fact(because=reason) if reason else Fact(False, because="none on record")


_GRAFT_DISEASE = frozenset({EventKind.GVHD, EventKind.ACUTE_GVHD, EventKind.CHRONIC_GVHD})


def _graft_disease(timeline: PatientTimeline) -> list[str]:
    """Conditions that only a transplanted patient can have."""
    if timeline.kinds_of_events.isdisjoint(_GRAFT_DISEASE):
        return []
    told = (e for e in timeline.events_in_order if e.kind in _GRAFT_DISEASE)
    return [e.source for e in told if e.certain and e.source.startswith("Condition/")]


def car_t_ever(timeline: PatientTimeline) -> Fact[bool]:
    """Was a CAR-T product infused?"""
    certain = [c for c in timeline.car_t if c.route.settles and c.certain]
    if certain:
        return Fact(True, tuple(c.source for c in certain))
    if timeline.car_t:
        sources = tuple(c.source for c in timeline.car_t)
        return Fact(evidence=sources, because="CAR-T is mentioned, but not for certain that it was given")
    reason = _unread(timeline, Part.PROCEDURES, Part.CONDITIONS, Part.ADMINISTRATIONS)
    return Fact(because=reason) if reason else Fact(False, because="none on record")


def refractory(timeline: PatientTimeline, relapse: Fact[PartialDate]) -> Fact[bool]:
    """M3 marrow (>25 %) at least 21 days into reinduction, before any marrow below 5 %.

    Without the date of a relapse (`relapse` says why) a marrow above 25 % may be anything.

    The sources call it refractory when reinduction brings no remission; a marrow of 5-25 % is left
    out here because HR2020 goes on with the first-relapse course from an M2 marrow.
    """
    looks = list(marrows(timeline))
    if relapse.value is not None:
        after = reinduction_start(timeline, relapse.value).latest + timedelta(days=END_BLOCK1_FROM_DAY)
        looks = [m for m in looks if m.when is not None and m.when.earliest >= after]
    elif any(m.value.above(M3_ABOVE_PERCENT) is not Answer.NO for m in looks):
        return Fact(because=relapse.because, evidence=relapse.evidence)
    for m in looks:
        answer = m.value.above(M3_ABOVE_PERCENT)
        if answer is Answer.YES:
            note = f"marrow above {M3_ABOVE_PERCENT:g} % blasts on {m.when}, after reinduction"
            return Fact(True, (m.source,), note)
        if answer is Answer.UNKNOWN:
            why = f"the marrow of {m.when} may be above {M3_ABOVE_PERCENT:g} % blasts"
            return Fact(because=why, evidence=(m.source,))
        if m.value.at_least(M1_BELOW_PERCENT) is Answer.NO:
            return Fact(False, (m.source,), f"marrow below {M1_BELOW_PERCENT:g} % blasts on {m.when}")
    reason = _unread(timeline, Part.LABORATORY, Part.DISEASE_FINDINGS)
    if reason is not None:
        return Fact(because=reason)
    return Fact(False, because="no marrow of more than 25 % blasts after reinduction on record")


def _unread(timeline: PatientTimeline, *parts: Part) -> str | None:
    """Why silence is no answer: one of the parts that could speak was not read in full."""
    return next((timeline.missing[part] for part in parts if part in timeline.missing), None)
