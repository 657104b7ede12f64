"""Which MRD result is the one at the end of reinduction block 1 (D-6, D-7)."""

from __future__ import annotations

from datetime import date, timedelta

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.drug_class import SUPPORTIVE
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import Fact
from cds_rules.patient.timeline import DrugUse, MrdResult, Part, PatientTimeline, TimePoint

END_BLOCK1_FROM_DAY = 21
END_BLOCK1_TO_DAY = 56
"""Without a label, marrow MRD in this window counts as end of block 1. Project's parameters (D-7)."""
END_BLOCK1_LABEL = TimePoint.END_OF_BLOCK_1


def reinduction_start(timeline: PatientTimeline, relapse: PartialDate) -> PartialDate:
    """Start of the first antileukemic treatment plan or drug on or after the relapse, else the relapse."""
    starts = [
        p.when
        for p in timeline.plans
        if p.when is not None
        and p.when.earliest >= relapse.earliest
        and p.route.settles
        and not p.enrolment  # it opens with the referral, not with the first dose
    ]
    starts += [
        d.when
        for d in timeline.drugs
        if _starts_treatment(d) and d.when is not None and d.when.earliest >= relapse.earliest
    ]
    near = [s for s in starts if s.earliest <= relapse.latest + timedelta(days=END_BLOCK1_FROM_DAY)]
    return min(near, key=lambda s: s.earliest, default=relapse)


def _starts_treatment(drug: DrugUse) -> bool:
    return drug.given and drug.route.settles and drug.drug not in SUPPORTIVE


def end_block1_mrd(timeline: PatientTimeline, relapse: PartialDate | None, on: date) -> Fact[Interval]:
    """Marrow MRD at the end of block 1 as a fraction of cells; labels win over the window."""
    if relapse is None:
        return Fact(because="the date of the relapse is unknown")
    start = reinduction_start(timeline, relapse)
    marrow = [r for r in timeline.mrd if r.marrow and r.when is not None]
    after = [r for r in marrow if r.when is not None and r.when.earliest >= relapse.earliest]
    labelled = [r for r in after if r.time_point == END_BLOCK1_LABEL]
    found = labelled or [r for r in after if r.time_point is None and _in_window(r.when, start)]
    closing = [r for r in found if r.route.settles]
    if closing:
        return _settle(closing)
    if found:
        last = found[-1]
        said = f"up to {last.fraction.high * 100:.4g} %"
        why = f"{said} on {last.when} by its text only: its code is not mapped, so it settles nothing"
        return Fact(evidence=tuple(r.source for r in found), because=why)
    homeless = [r for r in timeline.mrd if not (r.marrow or r.elsewhere) and _in_window(r.when, start)]
    if homeless and Part.LABORATORY not in timeline.missing:
        why = f"MRD of {homeless[-1].when} does not tell its specimen: only marrow counts"
        return Fact(evidence=tuple(r.source for r in homeless), because=why)
    return Fact(because=_why_none(timeline, start, on))


_METHODS = {"pcr": "PCR"}
"""Methods that are not written as they are named in the site file."""


def _settle(results: list[MrdResult]) -> Fact[Interval]:
    """One result, or the span of several: no source says which of two counts, so both do.

    Sequencing and flow answer different questions (D-6): sequencing alone settles nothing here.
    """
    usable = [r for r in results if r.method != "ngs"]
    if not usable:
        sources = tuple(r.source for r in results)
        return Fact(
            evidence=sources, because="by sequencing only, which the scheme's threshold is not made for"
        )
    spans = [r.fraction for r in usable]
    low = min(spans, key=lambda i: (i.low, i.low_open))
    high = max(spans, key=lambda i: (i.high, not i.high_open))
    span = Interval(low.low, high.high, low.low_open, high.high_open)
    methods = " and ".join(dict.fromkeys(_METHODS.get(r.method, r.method) for r in usable if r.method))
    days = " and ".join(dict.fromkeys(str(r.when) for r in usable))
    note = f"by {methods}, {days}" if methods else f"{days}, method not told"
    if len(usable) > 1:
        note = f"{len(usable)} results, {note}"
    return Fact(span, tuple(r.source for r in usable), note)


def block1_window(timeline: PatientTimeline, relapse: PartialDate | None) -> tuple[date, date] | None:
    """First and last day on which an unlabelled marrow MRD counts as end of block 1."""
    return None if relapse is None else _window(reinduction_start(timeline, relapse))


def _window(start: PartialDate) -> tuple[date, date]:
    first = start.earliest + timedelta(days=END_BLOCK1_FROM_DAY)
    return first, start.latest + timedelta(days=END_BLOCK1_TO_DAY)


def _in_window(when: PartialDate | None, start: PartialDate) -> bool:
    first, last = _window(start)
    return when is not None and first <= when.earliest and when.latest <= last


def _why_none(timeline: PatientTimeline, start: PartialDate, on: date) -> str:
    if Part.LABORATORY in timeline.missing:
        return timeline.missing[Part.LABORATORY]
    first, last = _window(start)
    days = f"{first} to {last}, day {END_BLOCK1_FROM_DAY} to {END_BLOCK1_TO_DAY} of reinduction"
    return f"not yet due ({days})" if on < first else f"no marrow MRD on record in its time ({days})"
