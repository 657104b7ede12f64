"""Primary refractory disease: no complete remission after the first induction (D-4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.drug_class import ANTILEUKEMIC
from cds_rules.patient.fact import Fact
from cds_rules.patient.remission import M1_BELOW_PERCENT, Remission, marrows
from cds_rules.patient.timeline import Measurement, Part, PatientTimeline

INDUCTION_FROM_DAY = 28
INDUCTION_TO_DAY = 70
"""A marrow in this window from the start of treatment is that of the end of the first induction; inductions
last four to five weeks, and results and counts may take longer. Project's parameters."""
START_WITHIN_DAYS = 21
"""Treatment that begins this soon after the diagnosis is the first induction. Project's parameter."""
_HEARD = (Part.CONDITIONS, Part.LABORATORY, Part.DISEASE_FINDINGS)


def primary_refractory(
    timeline: PatientTimeline,
    diagnosed: PartialDate | None,
    signs: Sequence[Remission],
    denied: Mapping[Remission, tuple[str, ...]],
) -> Fact[bool]:
    """Marrow of 5 % blasts or more (M2, M3) at the end of the first induction, with no remission before.

    It stays so whatever came later. A remission by day 70, or a first marrow below 5 %, denies it.
    """
    if diagnosed is None:
        return Fact(because="the date of the diagnosis is unknown")
    start = _induction_start(timeline, diagnosed)
    if start is None:
        return Fact(because="no start of the first induction is on record")
    looks = [m for m in marrows(timeline) if _may_be_end(m, start)]
    stated = [s for s in signs if s.recorded and s.when.latest <= _last_day(start)]
    found = _judge(looks, stated, denied, start)
    missing = next((timeline.missing[p] for p in _HEARD if p in timeline.missing), None)
    if missing is not None and not found.value:
        return Fact(evidence=found.evidence, because=missing)
    return found


def _judge(
    looks: Sequence[Measurement],
    stated: Sequence[Remission],
    denied: Mapping[Remission, tuple[str, ...]],
    start: PartialDate,
) -> Fact[bool]:
    against = [s for s in stated if s in denied]
    if against:
        why = "a remission is stated, but the marrow of that time has 5 % blasts or more"
        return Fact(evidence=(against[0].source, *denied[against[0]]), because=why)
    for look in looks:
        earlier = [s for s in stated if look.when is not None and s.when.earliest <= look.when.latest]
        if earlier:
            break
        high = look.value.at_least(M1_BELOW_PERCENT)
        sure = _surely_end(look, start)
        if high is Answer.NO and not sure:
            continue
        if high is Answer.UNKNOWN or not sure:
            why = f"the marrow of {look.when} may be that of a failed induction"
            return Fact(evidence=(look.source,), because=why)
        note = f"marrow of {look.when}, at the end of the first induction"
        return Fact(high is Answer.YES, (look.source,), note)
    if stated:
        return Fact(False, (stated[0].source,), f"remission on {stated[0].when}")
    return Fact(because="no marrow at the end of the first induction is on record")


def _induction_start(timeline: PatientTimeline, diagnosed: PartialDate) -> PartialDate | None:
    """The first plan or drug on or soon after the diagnosis."""
    starts = [p.when for p in timeline.plans if p.when is not None and p.route.settles and not p.enrolment]
    starts += [
        d.when
        for d in timeline.drugs
        if d.when is not None and d.route.settles and not d.ordered and d.drug in ANTILEUKEMIC
    ]
    latest = diagnosed.latest + timedelta(days=START_WITHIN_DAYS)
    near = [s for s in starts if diagnosed.earliest <= s.earliest <= latest]
    return min(near, key=lambda s: (s.earliest, s.latest), default=None)


def _last_day(start: PartialDate) -> date:
    return start.latest + timedelta(days=INDUCTION_TO_DAY)


def _may_be_end(look: Measurement, start: PartialDate) -> bool:
    first = start.earliest + timedelta(days=INDUCTION_FROM_DAY)
    return look.when is not None and first <= look.when.latest and look.when.earliest <= _last_day(start)


def _surely_end(look: Measurement, start: PartialDate) -> bool:
    first = start.latest + timedelta(days=INDUCTION_FROM_DAY)
    last = start.earliest + timedelta(days=INDUCTION_TO_DAY)
    return look.when is not None and first <= look.when.earliest and look.when.latest <= last
