"""Aspects of marrow MRD after the end of block 1: after blinatumomab, consolidation, before transplant.

Sequencing settles none of them: the sources' lines are drawn for flow and PCR (D-6; HR2020 000:72).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.mrd import END_BLOCK1_FROM_DAY, reinduction_start
from cds_rules.patient.timeline import MrdResult, Part, TimePoint
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen
from cds_rules.treatment.aspects.mrd import LOW_FRACTION, MrdBand, bands
from cds_rules.treatment.aspects.response import blinatumomab
from cds_rules.treatment.chart import Chart

CYCLE_MRD_FROM_DAY = 21
"""Marrow MRD from this day of the last blinatumomab cycle on tells of its effect. Project's parameter."""
CYCLE_END_LEEWAY_DAYS = 7
"""It may be taken this long before the last day of the infusion on record. Project's parameter."""
CONSOLIDATION_FROM_DAY = 84
CONSOLIDATION_TO_DAY = 97
"""Without a label, marrow MRD in weeks 12 and 13 of treatment for the relapse is that after consolidation.
Weeks: LOC2012 (001:47); to read them as these days is the project's."""
PRE_TRANSPLANT_DAYS = 60
"""The last marrow MRD in this many days before a transplant is the one before it. Project's parameter."""


class AfterConsolidation(StrEnum):
    """By the line that LOC2012 draws: above 1e-4 (001:85)."""

    UP_TO = "<=0.01 %"
    ABOVE = ">0.01 %"


class AfterBlock3(StrEnum):
    """By the line of UKALL R3 as LOC2012 reports it: 1e-4 or more (001:70)."""

    BELOW = "<0.01 %"
    FROM = ">=0.01 %"


class Positivity(StrEnum):
    """MRD as positive or negative, where the source names no level."""

    NEGATIVE = "negative"
    POSITIVE = "positive"


class Methods(StrEnum):
    """What the latest marrow MRD after reinduction was measured with."""

    NONE = "none on record"
    NGS = "sequencing only"
    FLOW_OR_PCR = "flow/PCR"


Bands = Callable[[Interval | None], frozenset[StrEnum]]


def negative(fraction: Interval) -> bool:
    """Nothing found, by a test that finds 0.01 % or less; or a bound that says as much."""
    return fraction.low == 0 and not fraction.low_open and fraction.high <= LOW_FRACTION


def bands_or_negative(fraction: Interval | None) -> frozenset[StrEnum]:
    """`bands`, but not detected at a limit of just 0.01 % counts as below it (project's reading)."""
    if fraction is not None and negative(fraction):
        return frozenset({MrdBand.BELOW})
    return bands(fraction)


def above_low(fraction: Interval | None) -> frozenset[StrEnum]:
    """Is it above 1e-4?"""
    answer = Answer.UNKNOWN if fraction is None else fraction.above(LOW_FRACTION)
    if answer is Answer.UNKNOWN:
        return frozenset(AfterConsolidation)
    return frozenset({AfterConsolidation.ABOVE if answer is Answer.YES else AfterConsolidation.UP_TO})


def positivity(fraction: Interval | None) -> frozenset[StrEnum]:
    """Positive from 0.01 % on, the level that most tests reach (LOC2012 001:47); found below it: either.

    PDQ2014 names no level: project's reading.
    """
    if fraction is not None and negative(fraction):
        return frozenset({Positivity.NEGATIVE})
    if fraction is not None and fraction.at_least(LOW_FRACTION) is Answer.YES:
        return frozenset({Positivity.POSITIVE})
    return frozenset(Positivity)


def since_relapse(chart: Chart) -> list[MrdResult]:
    """Marrow results dated for certain on or after the relapse; none while its date is unknown."""
    relapse = chart.picture.relapse_date.value
    if relapse is None:
        return []
    marrow = [r for r in chart.timeline.mrd if r.marrow and r.when is not None]
    return [r for r in marrow if r.when is not None and r.when.earliest >= relapse.latest]


def latest_of(results: Iterable[MrdResult]) -> list[MrdResult]:
    """The last result, and every other that may be as late."""
    dated = [(r.when, r) for r in results if r.when is not None]
    newest = max((when.earliest for when, _ in dated), default=date.min)
    return [r for when, r in dated if when.latest >= newest]


def _usable(results: Iterable[MrdResult]) -> list[MrdResult]:
    return [r for r in results if r.route.settles and r.method != "ngs"]


def _span(results: list[MrdResult]) -> Interval:
    """No source says which of several counts, so all do."""
    low = min((r.fraction for r in results), key=lambda f: (f.low, f.low_open))
    high = max((r.fraction for r in results), key=lambda f: (f.high, not f.high_open))
    return Interval(low.low, high.high, low.low_open, high.high_open)


def _told(chart: Chart, results: list[MrdResult], of: Bands, none: str) -> Seen:
    """What the usable results say together, or why there is none."""
    usable = _usable(results)
    sources = tuple(r.source for r in usable or results)
    if usable:
        days = " and ".join(dict.fromkeys(str(r.when) for r in usable))
        return Seen(of(_span(usable)), sources, f"measured {days}")
    if results:
        only_text = all(not r.route.settles for r in results)
        return Seen(of(None), sources, "told by text only" if only_text else "by sequencing only")
    if chart.picture.relapse_date.value is None:
        none = "the date of the relapse is unknown"
    return Seen(of(None), (), chart.timeline.missing.get(Part.LABORATORY, none))


def _latest_told(chart: Chart, results: list[MrdResult], of: Bands, none: str) -> Seen:
    """The same of the latest; an unread part may hold a later one."""
    last = latest_of(_usable(results)) or latest_of(results)
    unread = chart.timeline.missing.get(Part.LABORATORY)
    if unread is not None:
        return Seen(of(None), tuple(r.source for r in last), unread)
    return _told(chart, last, of, none)


def _after_blinatumomab(chart: Chart) -> Seen:
    given = blinatumomab(chart)
    if given.began is None or given.last is None:
        return Seen(frozenset(MrdBand), (), "no dated cycle of blinatumomab on record since the relapse")
    from_start = given.began + timedelta(days=CYCLE_MRD_FROM_DAY)
    first = max(from_start, given.last - timedelta(days=CYCLE_END_LEEWAY_DAYS))
    after = [r for r in since_relapse(chart) if r.when is not None and r.when.earliest >= first]
    none = f"no marrow MRD on record from {first} on, after the last cycle of blinatumomab"
    return _latest_told(chart, after, bands_or_negative, none)


def _after_consolidation(chart: Chart) -> Seen:
    relapse = chart.picture.relapse_date.value
    results = since_relapse(chart)
    labelled = [r for r in results if r.time_point == TimePoint.AFTER_CONSOLIDATION]
    if labelled or relapse is None:
        return _told(chart, labelled, above_low, "")
    start = reinduction_start(chart.timeline, relapse)
    first = start.latest + timedelta(days=CONSOLIDATION_FROM_DAY)
    last = start.earliest + timedelta(days=CONSOLIDATION_TO_DAY)
    found = [r for r in results if r.time_point is None and _within(r.when, first, last)]
    none = f"no marrow MRD on record labelled so, or from {first} to {last} (weeks 12 and 13)"
    return _told(chart, found, above_low, none)


def _within(when: PartialDate | None, first: date, last: date) -> bool:
    return when is not None and first <= when.earliest and when.latest <= last


def _after_block3(chart: Chart) -> Seen:
    """Always open: "end of a later block" is the second or the third."""
    later = [r for r in since_relapse(chart) if r.time_point == TimePoint.LATER_BLOCK]
    why = "the record does not tell which marrow MRD followed the third block"
    return Seen(frozenset(AfterBlock3), tuple(r.source for r in later), why)


def _before_transplant(chart: Chart) -> Seen:
    """Before the transplant since the relapse, else before the day of assessment."""
    results = since_relapse(chart)
    days = _transplant_days(chart)
    reference = max(days, default=chart.picture.on)
    before = [r for r in results if r.when is not None and r.when.latest <= reference]
    labelled = [r for r in before if r.time_point == TimePoint.BEFORE_TRANSPLANT]
    first = reference - timedelta(days=PRE_TRANSPLANT_DAYS)
    near = labelled or [r for r in before if r.when is not None and r.when.earliest >= first]
    none = f"no marrow MRD on record in the {PRE_TRANSPLANT_DAYS} days before {reference}"
    return _latest_told(chart, near, positivity, none)


def _transplant_days(chart: Chart) -> list[date]:
    relapse = chart.picture.relapse_date.value
    done = [t.when for t in chart.timeline.transplants if t.route.settles and t.certain]
    return [w.earliest for w in done if w is not None and relapse is not None and w.earliest > relapse.latest]


def _methods(chart: Chart) -> Seen:
    relapse = chart.picture.relapse_date.value
    if relapse is None:
        return Seen(frozenset(Methods), (), "the date of the relapse is unknown")
    unread = chart.timeline.missing.get(Part.LABORATORY)
    if unread is not None:
        return Seen(frozenset(Methods), (), unread)
    first = reinduction_start(chart.timeline, relapse).latest + timedelta(days=END_BLOCK1_FROM_DAY)
    after = [r for r in since_relapse(chart) if r.when is not None and r.when.earliest >= first]
    last = latest_of(r for r in after if r.route.settles)
    sources = tuple(r.source for r in last)
    if not last:
        return Seen(frozenset({Methods.NONE}), (), f"no marrow MRD on record from {first} on")
    if all(r.method == "ngs" for r in last):
        return Seen(frozenset({Methods.NGS}), sources)
    untold = all(r.method in (None, "ngs") for r in last)
    possible = {Methods.FLOW_OR_PCR, Methods.NGS} if untold else {Methods.FLOW_OR_PCR}
    return Seen(frozenset(possible), sources, "the method is not told" if untold else None)


AFTER_BLINATUMOMAB = Aspect(
    "mrdAfterBlinatumomab",
    "marrow MRD after the last cycle of blinatumomab",
    MrdBand,
    _after_blinatumomab,
    "marrow MRD by flow or PCR after the last cycle of blinatumomab",
    (Test.MARROW_MRD,),
    later="after the last treatment cycle",
)
AFTER_CONSOLIDATION = Aspect(
    "mrdAfterConsolidation",
    "marrow MRD after consolidation (weeks 12 to 13)",
    AfterConsolidation,
    _after_consolidation,
    "marrow MRD by flow or PCR after consolidation",
    (Test.MARROW_MRD,),
    later="after consolidation (weeks 12 to 13)",
)
AFTER_BLOCK3 = Aspect(
    "mrdAfterBlock3",
    "marrow MRD after three blocks",
    AfterBlock3,
    _after_block3,
    "ask the team which marrow MRD followed the third block",
)
BEFORE_TRANSPLANT = Aspect(
    "mrdBeforeTransplant",
    "marrow MRD shortly before transplant, or now",
    Positivity,
    _before_transplant,
    "marrow MRD by flow or PCR",
    (Test.MARROW_MRD,),
    later="shortly before transplant",
)
METHODS = Aspect(
    "mrdMethods",
    "method of the latest marrow MRD after reinduction",
    Methods,
    _methods,
    "marrow MRD by flow or PCR",
    (Test.MARROW_MRD,),
)
