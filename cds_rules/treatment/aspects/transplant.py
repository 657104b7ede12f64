"""Aspects of a transplant in the present course: done or not, donor, radiation before, chimerism after."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import EventKind
from cds_rules.patient.findings import Field
from cds_rules.patient.interval import Interval
from cds_rules.patient.series import events_of, measured
from cds_rules.patient.timeline import Measure, Part, Transplant
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo, unrecorded
from cds_rules.treatment.chart import Chart

RISE_PERCENT = 1.0
"""A rise of recipient cells by no more than this (percentage points) may be the error of the test.
PDQ2014 speaks of an increase without a number: project's parameter."""
_EITHER = frozenset(YesNo)
_YES, _NO = frozenset({YesNo.YES}), frozenset({YesNo.NO})
_WHERE_TRANSPLANTS_ARE = (Part.PROCEDURES, Part.CONDITIONS)


class InThisCourse(StrEnum):
    """Transplant since the latest relapse, or at all where there is none."""

    NONE = "neither planned nor done"
    PLANNED = "planned"
    DONE = "done, no relapse since"


class Donor(StrEnum):
    """Donors as the sources divide them."""

    SIBLING = "HLA-identical sibling"
    UNRELATED = "unrelated"
    CORD = "cord blood"
    HAPLO = "haploidentical relative"


_NOT_DONE = frozenset({InThisCourse.NONE, InThisCourse.PLANNED})
_DONE_OR_NOT = frozenset(InThisCourse)


def _certain(chart: Chart) -> list[Transplant]:
    return [t for t in chart.timeline.transplants if t.route.settles and t.certain]


def _since(chart: Chart) -> tuple[list[Transplant], list[Transplant]]:
    """Transplants for certain after the latest relapse (all, if there is none), and those that may be."""
    relapse = chart.picture.relapse_date.value
    certain = _certain(chart)
    if chart.picture.relapses == 0:
        return certain, [t for t in chart.timeline.transplants if t not in certain]
    if relapse is None:
        return [], list(chart.timeline.transplants)
    sure = [t for t in certain if t.when is not None and t.when.earliest > relapse.latest]
    rest = [t for t in chart.timeline.transplants if t not in sure]
    return sure, [t for t in rest if t.when is None or t.when.latest >= relapse.earliest]


def standing_orders(chart: Chart) -> tuple[str, ...]:
    """Active orders and plans of a transplant since the latest relapse, unless one may be taken back."""
    relapse = chart.picture.relapse_date.value
    if chart.picture.relapses != 0 and relapse is None:
        return ()
    told = events_of(chart.timeline, EventKind.TRANSPLANT_ORDERED)
    since = [e for e in told if relapse is None or e.when is None or e.when.latest >= relapse.earliest]
    sure = [
        e.when
        for e in since
        if e.active and e.route.settles and e.when and (relapse is None or e.when.earliest >= relapse.latest)
    ]
    back = [e.when for e in since if not e.active]
    if not sure or any(when is None or when.latest >= max(w.earliest for w in sure) for when in back):
        return ()
    return tuple(e.source for e in since)


def _in_this_course(chart: Chart) -> Seen:
    """Done, or planned, if the record says so. That none is planned is never told by silence."""
    sure, perhaps = _since(chart)
    if sure:
        sources = tuple(t.source for t in sure)
        if chart.picture.relapse_number.known:
            return Seen(frozenset({InThisCourse.DONE}), sources)
        return Seen(_DONE_OR_NOT, sources, chart.picture.relapse_number.because)
    if perhaps:
        why = "a transplant is recorded, but not for certain one since the latest relapse"
        return Seen(_DONE_OR_NOT, tuple(t.source for t in perhaps), why)
    missing = chart.timeline.missing
    unread = next((missing[p] for p in _WHERE_TRANSPLANTS_ARE if p in missing), None)
    if unread is not None:
        return Seen(_DONE_OR_NOT, (), unread)
    ordered = standing_orders(chart)
    if ordered and chart.picture.relapse_number.known:
        return Seen(frozenset({InThisCourse.PLANNED}), ordered, "ordered or planned, and none done since")
    signs = events_of(chart.timeline, EventKind.TRANSPLANT_EVALUATION, EventKind.DONOR_SEARCH)
    why = "none on record since the relapse; no active order or plan of one is on record either"
    return Seen(_NOT_DONE, tuple(e.source for e in signs), why)


def _donor_ready(chart: Chart) -> Seen:
    events = events_of(chart.timeline, EventKind.DONOR_READY)
    told = [e for e in events if e.certain and e.route.settles]
    sources = tuple(e.source for e in events)
    states = {e.active for e in told}
    if told and states <= {True, None}:
        return Seen(_YES, sources)
    if told and states == {False}:
        return Seen(_NO, sources, "recorded as no longer so")
    why = "the record contradicts itself, or does not settle it" if events else "not recorded"
    return Seen(_EITHER, sources, why)


_DONORS = {
    "unrelated": frozenset({Donor.UNRELATED, Donor.CORD}),
    "related": frozenset({Donor.SIBLING, Donor.HAPLO}),
}


def _donor(chart: Chart) -> Seen:
    """From the transplant done; codes tell only related or unrelated, and cord blood may be either."""
    sure, perhaps = _since(chart)
    if not sure or perhaps:
        return Seen(frozenset(Donor), (), "no transplant since the relapse tells its donor")
    last = max(sure, key=lambda t: t.when.latest if t.when else chart.picture.on)
    possible: frozenset[StrEnum] = frozenset(_DONORS.get(last.donor or "", frozenset(Donor)))
    return Seen(possible, (last.source,), f"the record says: {last.donor or 'donor not told'}")


def _body_radiation(chart: Chart) -> Seen:
    """Silence is "no" only for a patient without any transplant: those are not always coded with it."""
    given = [i for i in chart.timeline.irradiations if i.field is Field.WHOLE_BODY]
    sources = tuple(i.source for i in given)
    if any(i.route.settles for i in given):
        return Seen(_YES, sources)
    missing = chart.timeline.missing
    unread = next((missing[p] for p in _WHERE_TRANSPLANTS_ARE if p in missing), None)
    if given or unread is not None:
        return Seen(_EITHER, sources, unread or "told by text only")
    if chart.timeline.transplants or chart.picture.earlier_transplant.value is not False:
        why = "no total body irradiation on record, but a transplant before is, or may be"
        return Seen(_EITHER, tuple(t.source for t in chart.timeline.transplants), why)
    return Seen(_NO, (), "neither total body irradiation nor a transplant on record")


def rises(earlier: Interval, later: Interval) -> bool | None:
    """Did recipient cells rise? None where bounds, or the error of the test, leave it open."""
    if later.low - earlier.high > RISE_PERCENT:
        return True
    return False if later.high <= earlier.low else None


def _chimerism(chart: Chart) -> Seen:
    """The last two results after the last transplant; the cells they were made on are not told apart."""
    sure, _ = _since(chart)
    days = [t.when.latest for t in sure if t.when is not None]
    if not days:
        return Seen(_EITHER, (), "no dated transplant on record since the relapse")
    if Part.LABORATORY in chart.timeline.missing:
        return Seen(_EITHER, (), chart.timeline.missing[Part.LABORATORY])
    results = [m for m in measured(chart.timeline, Measure.CHIMERISM) if m.when is not None]
    by_day: dict[PartialDate, Interval] = {}
    for m in results:
        if m.when is not None and m.when.earliest > max(days):
            by_day[m.when] = _both(by_day.get(m.when, m.value), m.value)
    pairs = list(pairwise(by_day.items()))
    if not pairs:
        return Seen(_EITHER, (), "fewer than two chimerism results on record since the transplant")
    (before, earlier), (after, later) = pairs[-1]
    evidence = tuple(m.source for m in results if m.when in (before, after))
    answer = rises(earlier, later) if before.latest < after.earliest else None
    why = f"recipient cells of {before} against {after}"
    return Seen(_EITHER if answer is None else _YES if answer else _NO, evidence, why)


def _both(one: Interval, other: Interval) -> Interval:
    """Two results of one day: anything from the lower to the higher."""
    return Interval(min(one.low, other.low), max(one.high, other.high))


TRANSPLANT = Aspect(
    "transplantInThisCourse",
    "transplant since the latest relapse",
    InThisCourse,
    _in_this_course,
    "ask the team whether a transplant is planned; record transplants with their dates",
)
DONOR_READY = Aspect("donorReady", "donor ready", YesNo, _donor_ready, "ask the transplant team")
DONOR = Aspect("donor", "donor", Donor, _donor, "ask the transplant team", (Test.HLA,))
BODY_RADIATION = Aspect(
    "totalBodyIrradiation",
    "total body irradiation before",
    YesNo,
    _body_radiation,
    "record earlier radiation with field and date",
)
RISING_CHIMERISM = Aspect(
    "risingRecipientChimerism",
    "rising recipient chimerism after transplant",
    YesNo,
    _chimerism,
    "chimerism again after transplant",
    (Test.CHIMERISM,),
)
CLEARING_CYCLES = Aspect(
    "cyclesToClearMrd",
    "two to three cycles already given to clear MRD",
    YesNo,
    unrecorded(YesNo, "cycles given to clear MRD are not told apart in the record"),
    "ask the team how many cycles were given to clear MRD",
)
