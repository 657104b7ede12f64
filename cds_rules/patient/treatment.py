"""Completion of primary treatment: before the relapse, when; or going on at it."""

from __future__ import annotations

from datetime import date, timedelta

from cds_rules.patient.dates import PartialDate, whole_months
from cds_rules.patient.drug_class import SUPPORTIVE
from cds_rules.patient.last_dose import after_last_dose
from cds_rules.patient.picture import EndOfTreatment, Fact
from cds_rules.patient.timeline import DrugUse, Part, PatientTimeline, TreatmentPlan

MAINTENANCE_DRUG = "mercaptopurine"
"""Its use at the relapse shows that primary treatment was going on. Project's inference."""
MAINTENANCE_GAP_DAYS = 28
"""Mercaptopurine taken this recently before the relapse counts as ongoing. Project's parameter."""
STALE_PLAN_DAYS = 60
"""A plan left active without an end is doubted if drugs are on record, but none this recently before
the relapse: plans are often not closed. Project's parameter."""
WHOLE_TREATMENT_MONTHS = 12
"""Plans that end sooner after diagnosis are a phase, not the whole of treatment. Project's parameter."""
LONGEST_TREATMENT_MONTHS = 48
"""An entry that is open this long after it began is one that nobody closed: primary treatment takes two to
three years. Project's parameter."""
_HELD = "an episode of care is on record, but it may run on after treatment"


def end_of_primary_treatment(
    timeline: PatientTimeline, relapse: PartialDate | None, diagnosed: PartialDate | None
) -> Fact[EndOfTreatment]:
    """When primary treatment was completed, or that the relapse came during it."""
    if relapse is None:
        return Fact(because="the date of the relapse is unknown")
    plans = _plans_before(timeline, relapse)
    drug = _maintenance_at(timeline, relapse)
    if plans:
        fact = _from_plans(plans, relapse, diagnosed, timeline)
        if fact.value is not None and not fact.value.on_treatment and drug is not None:
            why = "a plan says completed, but mercaptopurine was still taken at the relapse"
            return Fact(because=why, evidence=(*fact.evidence, drug.source))
        if fact.known or drug is None:
            return fact
    if drug is not None:
        return Fact(EndOfTreatment(True), (drug.source,), f"inferred from {drug.drug} at the relapse")
    ended = _maintenance_ended(timeline, relapse, diagnosed)
    if ended is not None:
        return ended
    return _untold(timeline, relapse, diagnosed)


def _untold(
    timeline: PatientTimeline, relapse: PartialDate, diagnosed: PartialDate | None
) -> Fact[EndOfTreatment]:
    """No plan and no maintenance drug tells: the doses given may, if all that could tell was heard."""
    unclosed = [d for d in _maintenance(timeline, relapse) if d.ongoing]
    if unclosed:
        why = f"{MAINTENANCE_DRUG} is recorded as going on since {unclosed[-1].when}: too long to be so"
        return Fact(because=why, evidence=tuple(d.source for d in unclosed))
    named = [p for p in timeline.plans if not p.route.settles and p.when and p.when.latest < relapse.earliest]
    if named:
        why = "a plan of treatment is named by its text only, which settles nothing"
        return Fact(evidence=tuple(sorted(p.source for p in named)), because=why)
    parts = (Part.CARE_PLANS, Part.EPISODES)
    reason = next((timeline.missing[part] for part in parts if part in timeline.missing), None)
    if reason is not None:
        return Fact(because=reason)
    inferred = after_last_dose(timeline, relapse, diagnosed)
    return inferred or Fact(because="no record of when primary treatment was completed")


def _plans_before(timeline: PatientTimeline, relapse: PartialDate) -> list[TreatmentPlan]:
    plans = [
        p
        for p in timeline.plans
        if p.when is not None and p.route.settles and p.when.latest < relapse.earliest
    ]
    return sorted(plans, key=lambda p: (p.when.earliest if p.when else date.min, p.source))


def _from_plans(
    plans: list[TreatmentPlan],
    relapse: PartialDate,
    diagnosed: PartialDate | None,
    timeline: PatientTimeline,
) -> Fact[EndOfTreatment]:
    """Phases may each have a plan: one that goes on means treatment goes on; else the last end counts."""
    going_on = [p for p in plans if p.until is not None and p.until.earliest >= relapse.latest]
    if going_on:
        return _running(going_on, relapse, timeline)
    endless = [p for p in plans if p.until is None]
    if endless:
        return _endless(endless, _whole(plans, relapse, diagnosed), relapse, timeline)
    last = max(plans, key=lambda p: p.until.latest if p.until else date.min)
    source = (last.source,)
    if last.until is None or last.status != "completed":
        why = f"the plan of primary treatment ended on {last.until}, but is not recorded as completed"
        return Fact(because=why, evidence=source)
    if last.until.latest >= relapse.earliest:
        return Fact(because="its recorded end may lie before or after the relapse", evidence=source)
    started = diagnosed or plans[0].when
    if started is not None and whole_months(started.earliest, last.until.latest) < WHOLE_TREATMENT_MONTHS:
        why = f"the last plan on record ended on {last.until}: too soon to be the whole of treatment"
        return Fact(because=why, evidence=source)
    return _completed(last, last.until, _whole(plans, relapse, diagnosed))


def _running(
    plans: list[TreatmentPlan], relapse: PartialDate, timeline: PatientTimeline
) -> Fact[EndOfTreatment]:
    """Plans that reach to the relapse; an episode of care only with a drug on record shortly before it."""
    sources = tuple(p.source for p in plans)
    if all(p.enrolment for p in plans) and not _recent(timeline, relapse):
        return Fact(because=_HELD, evidence=sources)
    return Fact(EndOfTreatment(True), sources)


def _whole(
    plans: list[TreatmentPlan], relapse: PartialDate, diagnosed: PartialDate | None
) -> list[TreatmentPlan]:
    """Plans that by themselves tell of a completed treatment, the last end last."""
    started = diagnosed or plans[0].when
    found = [
        p
        for p in plans
        if p.until is not None
        and p.status == "completed"
        and p.until.latest < relapse.earliest
        and started is not None
        and whole_months(started.earliest, p.until.latest) >= WHOLE_TREATMENT_MONTHS
    ]
    return sorted(found, key=lambda p: (p.until.latest if p.until else date.min, p.source))


def _completed(last: TreatmentPlan, until: PartialDate, whole: list[TreatmentPlan]) -> Fact[EndOfTreatment]:
    """The last end. That of an episode of care may lie after treatment: a care plan's is its earliest day."""
    plans = [p for p in whole if not p.enrolment and p.until is not None]
    if not last.enrolment or not plans:
        return Fact(EndOfTreatment(False, until), (last.source,))
    ended = plans[-1].until or until
    span = PartialDate(min(ended.earliest, until.earliest), until.latest)
    note = None if span == until else "the plan and the episode of care end on different days"
    return Fact(EndOfTreatment(False, span), (plans[-1].source, last.source), note)


def _endless(
    plans: list[TreatmentPlan], whole: list[TreatmentPlan], relapse: PartialDate, timeline: PatientTimeline
) -> Fact[EndOfTreatment]:
    sources = tuple(p.source for p in plans)
    if all(p.enrolment for p in plans) and not _recent(timeline, relapse):
        return Fact(because=_HELD, evidence=sources)
    over = [p.source for p in whole if p.enrolment]
    if over and not any(p.enrolment for p in plans):
        why = "a plan without an end is on record, but the episode of care was finished before the relapse"
        return Fact(because=why, evidence=(*sources, *over))
    if not any(p.status == "active" for p in plans):
        return Fact(because="the plan of primary treatment has no end date", evidence=sources)
    if all(_unclosed(p.when, relapse) for p in plans) and not _recent(timeline, relapse):
        why = f"its plan is active without an end since {plans[-1].when}: too long to be so"
        return Fact(because=why, evidence=sources)
    if _stale(timeline, relapse):
        why = "its plan is active without an end, but no drug is on record shortly before the relapse"
        return Fact(because=why, evidence=sources)
    return Fact(EndOfTreatment(True), sources, "its plan was active, without an end")


def _unclosed(since: PartialDate | None, relapse: PartialDate) -> bool:
    """Did it begin too long before the relapse to be going on still?"""
    return since is not None and whole_months(since.latest, relapse.earliest) >= LONGEST_TREATMENT_MONTHS


def _stale(timeline: PatientTimeline, relapse: PartialDate) -> bool:
    before = [
        d
        for d in timeline.drugs
        if d.when is not None and d.when.earliest < relapse.earliest and d.drug not in SUPPORTIVE
    ]
    return bool(before) and not _recent(timeline, relapse)


def _recent(timeline: PatientTimeline, relapse: PartialDate) -> bool:
    """Is an antileukemic drug on record shortly before the relapse?"""
    limit = relapse.earliest - timedelta(days=STALE_PLAN_DAYS)
    return any(
        (d.ongoing and not _unclosed(d.when, relapse)) or _last_day(d) >= limit
        for d in timeline.drugs
        if d.when is not None and d.when.earliest < relapse.earliest and d.drug not in SUPPORTIVE
    )


def _last_day(drug: DrugUse) -> date:
    end = drug.until or drug.when
    return end.latest if end is not None else date.min


def _maintenance(timeline: PatientTimeline, relapse: PartialDate) -> list[DrugUse]:
    """Mercaptopurine taken before the relapse; an order is not use."""
    return [
        d
        for d in timeline.drugs
        if d.drug == MAINTENANCE_DRUG
        and d.when is not None
        and not d.ordered
        and d.route.settles
        and d.when.latest <= relapse.earliest
    ]


def _maintenance_at(timeline: PatientTimeline, relapse: PartialDate) -> DrugUse | None:
    limit = relapse.latest - timedelta(days=MAINTENANCE_GAP_DAYS)
    for drug in _maintenance(timeline, relapse):
        end = drug.until or drug.when
        going_on = drug.ongoing and not _unclosed(drug.when, relapse)
        if going_on or (end is not None and end.earliest >= limit):
            return drug
    return None


def _maintenance_ended(
    timeline: PatientTimeline, relapse: PartialDate, diagnosed: PartialDate | None
) -> Fact[EndOfTreatment] | None:
    """A recorded end of mercaptopurine, with nothing antileukemic after it, is taken for completion.

    Consolidation holds it too: an end soon after the diagnosis, or the first of it, is that of a phase.
    """
    ended = [d for d in _maintenance(timeline, relapse) if d.until is not None]
    if not ended:
        return None
    last = max(ended, key=_last_day)
    later = [
        d
        for d in timeline.drugs
        if d.when is not None
        and not d.ordered
        and d.drug not in SUPPORTIVE
        and _last_day(last) < d.when.earliest < relapse.earliest
    ]
    if later or last.until is None:
        why = "mercaptopurine ended before the relapse, but other drugs followed"
        return Fact(because=why, evidence=(last.source, *(d.source for d in later)))
    started = diagnosed or min((d.when for d in ended if d.when), key=lambda w: w.earliest, default=None)
    if started is not None and whole_months(started.earliest, last.until.latest) < WHOLE_TREATMENT_MONTHS:
        why = f"the last {last.drug} on record ended on {last.until}: too soon to be the whole of treatment"
        return Fact(because=why, evidence=(last.source,))
    note = f"inferred from the recorded end of {last.drug}"
    return Fact(EndOfTreatment(False, last.until), (last.source,), note)
