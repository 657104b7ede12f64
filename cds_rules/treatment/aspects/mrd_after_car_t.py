"""Aspects of marrow MRD after CAR-T: by sequencing (any level), by PCR, by flow (D-6, D-7; MYE2023, HR2020).

"Not done" is as of today: no result on record, read in full. While its time runs, it may still come.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import MrdResult, Part, TimePoint
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.aspects.after_car_t import JUDGED_FROM_DAY, NO_DAY, Infusion, infusion, unread
from cds_rules.treatment.aspects.mrd import LOW_FRACTION
from cds_rules.treatment.aspects.mrd_course import Positivity, latest_of, positivity
from cds_rules.treatment.chart import Chart

DAY_28 = (21, 42)
REPEAT_TO_DAY = 74
MONTH_3_FROM_DAY = 75
"""Days after infusion of the looks at day 28 and month 3, and of a repeat between. Project's (D-7)."""
NGS_LIMIT = 1e-5
"""Nothing found by sequencing, with a limit of detection above this, is not yet negative. Project's."""
MRD_HOLDS_DAYS = 120
"""A negative result tells of today for this long; HR2020 tests every 3 months (000:128). Project's."""
_LABELS = {TimePoint.DAY_28_AFTER_CAR_T, TimePoint.MONTH_3_AFTER_CAR_T}


class Ngs(StrEnum):
    """MRD by sequencing; positive at any level. MYE2023 (004:60, 207)."""

    NEGATIVE = "negative"
    POSITIVE = "positive (any level)"
    NO_CLONE = "no informative clone"
    NOT_DONE = "not done"


class Pcr(StrEnum):
    """MRD by Ig/TCR PCR at day 28, by the line of its study: above 1e-4 (004:61)."""

    UP_TO = "<=0.01 %"
    ABOVE = ">0.01 %"
    NOT_DONE = "not done"


class PcrNow(StrEnum):
    """The latest MRD by Ig/TCR PCR."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    NOT_DONE = "not done"


class Flow(StrEnum):
    """The latest MRD by flow, by the line of MYE2023 (004:233)."""

    BELOW = "<0.01 %"
    FROM = ">=0.01 %"


class Conventional(StrEnum):
    """MRD by flow or PCR over the time since the infusion. HR2020 (000:128)."""

    NEGATIVE = "negative"
    RECURRED = "negative, then positive"
    PERSISTENT = "positive, never negative"


Values = frozenset[StrEnum]
_NGS: Values = frozenset(Ngs)
_FOUND_OR_NOT: Values = frozenset({Ngs.NEGATIVE, Ngs.POSITIVE})
_EITHER, _YES, _NO = frozenset(YesNo), frozenset({YesNo.YES}), frozenset({YesNo.NO})


def ngs_values(fraction: Interval) -> Values:
    """Positive at any level; "<x" alone does not say whether anything was found."""
    if fraction.above(0.0) is Answer.YES:
        return frozenset({Ngs.POSITIVE})
    if fraction.low == 0 and not fraction.high_open and fraction.high <= NGS_LIMIT:
        return frozenset({Ngs.NEGATIVE})
    return frozenset({Ngs.NEGATIVE, Ngs.POSITIVE})


def _pcr_values(fraction: Interval) -> Values:
    answer = fraction.above(LOW_FRACTION)
    both: Values = frozenset({Pcr.UP_TO, Pcr.ABOVE})
    return both if answer is Answer.UNKNOWN else frozenset({Pcr.ABOVE if answer is Answer.YES else Pcr.UP_TO})


def _pcr_now(fraction: Interval) -> Values:
    return frozenset(PcrNow(str(value)) for value in positivity(fraction))


@dataclass(frozen=True, slots=True)
class _Pool:
    """Marrow results since the infusion by one method, oldest first, and those that may be by it."""

    given: Infusion
    sure: tuple[MrdResult, ...]
    perhaps: tuple[MrdResult, ...]

    def within(self, first: int, last: int, label: str | None) -> tuple[list[MrdResult], list[MrdResult]]:
        """Results surely of these days (a label wins), and those that may be."""
        sure, perhaps = [], []
        for r in (*self.sure, *self.perhaps):
            if r.when is None or (r.time_point in _LABELS and r.time_point != label):
                continue
            least, most = self.given.days(r.when)
            inside = r.time_point in _LABELS or (first <= least and most <= last)
            if inside and r in self.sure:
                sure.append(r)
            elif inside or (least <= last and first <= most):
                perhaps.append(r)
        return sure, perhaps

    def judged(self) -> _Pool:
        """Without what lies before day 21; a result that may lie before it is not sure."""
        first = JUDGED_FROM_DAY
        days = {r: self.given.days(r.when) for r in (*self.sure, *self.perhaps) if r.when is not None}
        sure = tuple(r for r in self.sure if r.time_point in _LABELS or days[r][0] >= first)
        rest = [r for r in (*self.sure, *self.perhaps) if r not in sure and days[r][1] >= first]
        return _Pool(self.given, sure, tuple(rest))


def _pool(chart: Chart, methods: Collection[str], every: Values) -> _Pool | Seen:
    """Seen: nothing can be told without the day of infusion, or with laboratory results unread."""
    given = infusion(chart)
    if given is None:
        return Seen(every, chart.picture.car_t.evidence, NO_DAY)
    dated = [(r.when, r) for r in chart.timeline.mrd if r.marrow and r.when is not None]
    after = sorted((d for d in dated if given.days(d[0])[1] > 0), key=lambda d: d[0].earliest)
    mine = [r for _, r in after if r.method in methods or r.method is None]
    sure = tuple(r for r in mine if r.method is not None and r.route.settles)
    reason = unread(chart, (Part.LABORATORY,))
    if reason is not None:
        return Seen(every, _sources(sure), reason)
    return _Pool(given, sure, tuple(r for r in mine if r not in sure))


def _sources(results: Iterable[MrdResult]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r.source for r in results))


def _of(results: Iterable[MrdResult], values: Callable[[Interval], Values]) -> Seen:
    told = list(results)
    found: Values = frozenset().union(*(values(r.fraction) for r in told))
    days = " and ".join(dict.fromkeys(str(r.when) for r in told))
    return Seen(found, _sources(told), f"measured {days}")


def _doubtful(results: Iterable[MrdResult], every: Values) -> Seen:
    return Seen(every, _sources(results), "a result is on record, but its method or its day is not certain")


def _newest(results: Iterable[MrdResult]) -> date:
    return max(r.when.earliest for r in results if r.when is not None)


def _old(chart: Chart, newest: date) -> bool:
    return chart.picture.on > newest + timedelta(days=MRD_HOLDS_DAYS)


def _still(chart: Chart, told: Seen, last: list[MrdResult], *, by_age: bool) -> Seen:
    """A negative result leaves both if another one of that day or later is positive, or if it is old."""
    if told.possible != {Ngs.NEGATIVE}:
        return told
    newest = _newest(last)
    since = [r for r in chart.timeline.mrd if r.marrow and r.when and r.when.latest >= newest]
    if any(positivity(r.fraction) == {Positivity.POSITIVE} for r in since if r not in last):
        return Seen(_FOUND_OR_NOT, told.evidence, f"negative {newest}, but MRD is positive by another test")
    if by_age and _old(chart, newest):
        return Seen(_FOUND_OR_NOT, told.evidence, f"the last result is of {newest}")
    return told


def _silent(pool: _Pool, why: str) -> Seen:
    """None on record: not done, or nothing to follow; a clone that was followed is informative."""
    clone: Values = frozenset() if pool.sure else frozenset({Ngs.NO_CLONE})
    return Seen(clone | {Ngs.NOT_DONE}, (), why)


def _window(
    chart: Chart, methods: Collection[str], every: Values, values: Callable[[Interval], Values]
) -> Seen:
    """The first result at day 28."""
    pool = _pool(chart, methods, every)
    if isinstance(pool, Seen):
        return pool
    sure, perhaps = pool.within(*DAY_28, TimePoint.DAY_28_AFTER_CAR_T)
    if sure:
        return _of([r for r in sure if r.when == sure[0].when], values)
    if perhaps:
        return _doubtful(perhaps, every)
    on, when = chart.picture.on, pool.given.when
    first, last = when.earliest + timedelta(days=DAY_28[0]), when.latest + timedelta(days=DAY_28[1])
    none: Values = frozenset({v for v in every if str(v) == Ngs.NOT_DONE})
    if on < first:
        return Seen(none, (), f"not yet due (from {first})")
    if on <= last:
        return Seen(every, (), f"not on record yet; its time runs to {last}")
    why = f"none on record from {first} to {last}"
    return _silent(pool, why) if every == _NGS else Seen(none, (), why)


def _day28(chart: Chart) -> Seen:
    return _window(chart, ("ngs",), _NGS, ngs_values)


def _repeat(chart: Chart) -> Seen:
    """After the look at day 28 and before month 3."""
    pool = _pool(chart, ("ngs",), _NGS)
    if isinstance(pool, Seen):
        return pool
    early, _ = pool.within(*DAY_28, TimePoint.DAY_28_AFTER_CAR_T)
    between, perhaps = pool.within(DAY_28[1] + 1, REPEAT_TO_DAY, None)
    again = [r for r in early if r.when != early[0].when] + between
    if again:
        return _of(latest_of(again), ngs_values)
    if perhaps:
        return _doubtful(perhaps, _NGS)
    return Seen(frozenset({Ngs.NOT_DONE}), (), "no repeat on record")


def _month3(chart: Chart) -> Seen:
    """At month 3 or later; a positive result that a later negative one follows leaves both."""
    pool = _pool(chart, ("ngs",), _NGS)
    if isinstance(pool, Seen):
        return pool
    sure, perhaps = pool.within(MONTH_3_FROM_DAY, 1_000_000, TimePoint.MONTH_3_AFTER_CAR_T)
    if sure:
        last = latest_of(sure)
        newest = _still(chart, _of(last, ngs_values), last, by_age=False)
        return _of(sure, ngs_values) if newest.possible == {Ngs.NEGATIVE} else newest
    if perhaps:
        return _doubtful(perhaps, _NGS)
    first = pool.given.when.earliest + timedelta(days=MONTH_3_FROM_DAY)
    if chart.picture.on < first:
        return Seen(frozenset({Ngs.NOT_DONE}), (), f"not yet due (from {first})")
    return Seen(_NGS, (), f"none on record from {first} on")


def _latest(chart: Chart) -> Seen:
    pool = _pool(chart, ("ngs",), _NGS)
    if isinstance(pool, Seen):
        return pool
    judged = pool.judged()
    last = latest_of(judged.sure)
    if last:
        return _still(chart, _of(last, ngs_values), last, by_age=True)
    if judged.perhaps:
        return _doubtful(judged.perhaps, _NGS)
    return _silent(pool, "none on record since the infusion")


def _rising(chart: Chart) -> Seen:
    """The last two results by sequencing. Where the last one finds nothing, nothing rises."""
    pool = _pool(chart, ("ngs",), _EITHER)
    if isinstance(pool, Seen):
        return pool
    judged = pool.judged()
    sure = judged.sure
    last = latest_of(sure)
    if last and all(ngs_values(r.fraction) == {Ngs.NEGATIVE} for r in last):
        newest = _newest(last)
        later = [r for r in judged.perhaps if r.when is not None and r.when.latest >= newest]
        if not later and not _old(chart, newest):
            return Seen(_NO, _sources(last), f"negative {newest}")
    before = latest_of(r for r in sure if r not in last)
    if not last or not before:
        return Seen(_EITHER, _sources(last), "fewer than two results by sequencing since the infusion")
    new, old = last[0].fraction, before[0].fraction
    sources = _sources((*before, *last))
    touching = new.low == old.high and (new.low_open or old.high_open)
    if len(last) == len(before) == 1 and (new.low > old.high or touching):
        return Seen(_YES, sources)
    if len(last) == len(before) == 1 and new.high <= old.low:
        return Seen(_NO, sources)
    return Seen(_EITHER, sources, "the last two results leave it open")


def _pcr_latest(chart: Chart) -> Seen:
    every: Values = frozenset(PcrNow)
    pool = _pool(chart, ("pcr",), every)
    if isinstance(pool, Seen):
        return pool
    judged = pool.judged()
    if judged.sure:
        return _of(latest_of(judged.sure), _pcr_now)
    if judged.perhaps:
        return _doubtful(judged.perhaps, every)
    return Seen(frozenset({PcrNow.NOT_DONE}), (), "none on record since the infusion")


def _flow(chart: Chart) -> Seen:
    every: Values = frozenset(Flow)
    pool = _pool(chart, ("flow",), every)
    if isinstance(pool, Seen):
        return pool
    judged = pool.judged()
    last = latest_of((*judged.sure, *judged.perhaps))
    if not last:
        return Seen(every, (), "no flow MRD on record since the infusion")
    if any(r not in judged.sure for r in last):
        return _doubtful(last, every)
    told = _of(last, _flow_values)
    if told.possible == {Flow.BELOW} and _old(chart, _newest(last)):
        return Seen(every, told.evidence, f"the last result is of {_newest(last)}")
    return told


def _flow_values(fraction: Interval) -> Values:
    """Not detected at a limit of just 0.01 % counts as below it (project's reading)."""
    answer = fraction.at_least(LOW_FRACTION)
    if answer is Answer.NO or positivity(fraction) == {Positivity.NEGATIVE}:
        return frozenset({Flow.BELOW})
    return frozenset({Flow.FROM}) if answer is Answer.YES else frozenset(Flow)


def _conventional(chart: Chart) -> Seen:
    """Any positive result of the last day counts: HR2020 speaks of any evidence of recurrence."""
    every: Values = frozenset(Conventional)
    pool = _pool(chart, ("flow", "pcr"), every)
    if isinstance(pool, Seen):
        return pool
    first = pool.given.when.latest + timedelta(days=JUDGED_FROM_DAY)
    told = [r for r in pool.sure if r.when is not None and r.when.earliest >= first]
    last = latest_of(told)
    if not last:
        return Seen(every, (), "no MRD by flow or PCR on record since the infusion")
    found = [positivity(r.fraction) for r in last]
    sources = _sources(last)
    if all(f == {Positivity.NEGATIVE} for f in found):
        if _old(chart, _newest(last)):
            return Seen(every, sources, f"the last result is of {_newest(last)}")
        return Seen(frozenset({Conventional.NEGATIVE}), sources)
    positive = _positive(pool, told, last)
    if any(f == {Positivity.POSITIVE} for f in found):
        return Seen(positive, sources, "whether it was negative before is not certain")
    return Seen(positive | {Conventional.NEGATIVE}, sources, "the last result leaves it open")


def _positive(pool: _Pool, told: list[MrdResult], last: list[MrdResult]) -> Values:
    """Positive now: was it negative before?"""
    earlier = [r for r in told if r not in last]
    before = [positivity(r.fraction) for r in earlier]
    if {Positivity.NEGATIVE} in before:
        return frozenset({Conventional.RECURRED})
    when = (earlier or last)[0].when
    early = when is not None and pool.given.days(when)[1] <= DAY_28[1]
    if early and all(f == {Positivity.POSITIVE} for f in before):
        return frozenset({Conventional.PERSISTENT})
    return frozenset({Conventional.RECURRED, Conventional.PERSISTENT})


def _ngs(name: str, title: str, read: Callable[[Chart], Seen]) -> Aspect:
    return Aspect(
        f"afterCarT.{name}", title, Ngs, read, "marrow MRD by sequencing, at any level", (Test.NGS_MRD,)
    )


def _marrow(name: str, title: str, values: type[StrEnum], read: Callable[[Chart], Seen], by: str) -> Aspect:
    return Aspect(f"afterCarT.{name}", title, values, read, f"marrow MRD by {by}", (Test.MARROW_MRD,))


NGS_DAY28 = _ngs("ngsDay28", "NGS-MRD at day 28 after CAR-T", _day28)
NGS_REPEAT = _ngs("ngsRepeat", "NGS-MRD repeated between day 28 and month 3 after CAR-T", _repeat)
NGS_MONTH3 = _ngs("ngsMonth3", "NGS-MRD at month 3 after CAR-T or later", _month3)
NGS_LATEST = _ngs("ngsLatest", "latest NGS-MRD after CAR-T", _latest)
NGS_RISING = Aspect(
    "afterCarT.ngsRising",
    "NGS-MRD rising after CAR-T",
    YesNo,
    _rising,
    "marrow MRD by sequencing again",
    (Test.NGS_MRD,),
)
PCR_DAY28 = _marrow(
    "pcrDay28",
    "Ig/TCR PCR MRD at day 28 after CAR-T",
    Pcr,
    lambda chart: _window(chart, ("pcr",), frozenset(Pcr), _pcr_values),
    "Ig/TCR PCR at day 28",
)
PCR_LATEST = _marrow("pcrLatest", "latest Ig/TCR PCR MRD after CAR-T", PcrNow, _pcr_latest, "Ig/TCR PCR")
FLOW = _marrow("flow", "latest flow MRD after CAR-T", Flow, _flow, "flow")
CONVENTIONAL = _marrow(
    "conventionalMrd", "MRD by flow or PCR since CAR-T", Conventional, _conventional, "flow or PCR"
)

persists_or_rises = (
    NGS_DAY28.is_(Ngs.POSITIVE) & NGS_REPEAT.is_(Ngs.POSITIVE) & NGS_LATEST.is_(Ngs.POSITIVE)
) | NGS_RISING.yes
"""Positive at day 28, on repeat and still; or rising. MYE2023 (004:219, 231)."""
late_positive = NGS_MONTH3.is_(Ngs.POSITIVE)
imminent = persists_or_rises | late_positive
