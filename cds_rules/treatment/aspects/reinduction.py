"""Aspects of the end of reinduction: complete remission at every site, and marrow MRD as a sign."""

from __future__ import annotations

from datetime import timedelta

from cds_rules.patient.history import MarrowState
from cds_rules.patient.mrd import END_BLOCK1_FROM_DAY, reinduction_start
from cds_rules.patient.timeline import Part, Status, StatusReport, TimePoint
from cds_rules.request import Test
from cds_rules.risk.case import Pattern
from cds_rules.risk.facts import patterns_of
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.aspects.mrd_course import Positivity, latest_of, positivity, since_relapse
from cds_rules.treatment.chart import Chart

_EITHER = frozenset(YesNo)
_DENIES = {Status.PARTIAL_REMISSION, Status.STABLE, Status.WORSENED}
"""Reports that deny a complete remission; "improved" and "undetermined" do not tell."""
_HEARD = (Part.LABORATORY, Part.DISEASE_FINDINGS, Part.CONDITIONS)


def _end_mrd(chart: Chart) -> Seen:
    """MRD at the end of block 1. A later block that says otherwise leaves it open.

    HR2020 gives a CNS relapse three blocks of reinduction (000:238) and does not say after which of them
    the MRD counts; after block 1 is the project's reading, as for marrow relapse.
    """
    first = chart.picture.end_block1_mrd
    if first.value is None:
        return Seen(frozenset(Positivity), first.evidence, first.because)
    possible = positivity(first.value)
    labelled = [r for r in since_relapse(chart) if r.time_point == TimePoint.LATER_BLOCK]
    later = latest_of(r for r in labelled if r.route.settles and r.method != "ngs")
    evidence = (*first.evidence, *(r.source for r in later))
    others = frozenset(s for r in later for s in positivity(r.fraction))
    if others - possible:
        why = "the end of block 1 and of a later block differ: which is the end of reinduction is not told"
        return Seen(possible | others, evidence, why)
    if len(possible) > 1:
        return Seen(possible, evidence, "the result does not tell positive from negative")
    return Seen(possible, evidence, first.because)


def _remission(chart: Chart) -> Seen:
    """Complete remission after reinduction for this relapse. What contradicts itself stays open."""
    if not chart.picture.relapses:
        return Seen(_EITHER, (), "no relapse is on record")
    reached, failed = _reached(chart), _failed(chart)
    evidence = tuple(dict.fromkeys((*reached, *failed)))
    if reached and failed:
        return Seen(_EITHER, evidence, "the record tells of a remission, and of none, after reinduction")
    if reached or failed:
        return Seen(frozenset({YesNo.YES if reached else YesNo.NO}), evidence)
    return Seen(_EITHER, (), _unread(chart) or "neither a remission nor failure of reinduction is stated")


def _unread(chart: Chart) -> str | None:
    missing = chart.timeline.missing
    return next((missing[p] for p in _HEARD if p in missing), None)


def _reached(chart: Chart) -> tuple[str, ...]:
    """A remission that is stated. A marrow below 5 % is enough only where the marrow alone relapsed.

    The latter is the project's reading: for such a relapse the marrow shows the response (D-4).
    """
    picture = chart.picture
    if picture.in_remission.value:
        return picture.in_remission.evidence
    if patterns_of(picture) == {Pattern.MARROW} and picture.marrow_state.value is MarrowState.M1:
        return picture.marrow_state.evidence
    return ()


def _failed(chart: Chart) -> tuple[str, ...]:
    picture = chart.picture
    marrow = picture.refractory.evidence if picture.refractory.value else ()
    if _unread(chart) is not None:
        return marrow  # an unread part may hold a later report
    return (*marrow, *(r.source for r in _last_reports(chart) if r.status in _DENIES))


def _last_reports(chart: Chart) -> list[StatusReport]:
    """Reports of the last day that has one, once reinduction has had its time."""
    relapse = chart.picture.relapse_date.value
    if relapse is None:
        return []
    due = reinduction_start(chart.timeline, relapse).latest + timedelta(days=END_BLOCK1_FROM_DAY)
    found = [
        (r.when.earliest, r)
        for r in chart.timeline.reports
        if r.route.settles and r.when is not None and r.when.earliest >= due
    ]
    last = max((day for day, _ in found), default=None)
    return [r for day, r in found if day == last]


END_REINDUCTION_MRD = Aspect(
    "endReinductionMrd",
    "marrow MRD at the end of reinduction",
    Positivity,
    _end_mrd,
    "marrow MRD at the end of reinduction block 1",
    (Test.MRD_END_BLOCK_1,),
)
REMISSION_AFTER = Aspect(
    "remissionAfterReinduction",
    "complete remission after reinduction",
    YesNo,
    _remission,
    "marrow and involved sites examined after reinduction, and the response recorded",
    (Test.MARROW,),
    later="after reinduction",
)
