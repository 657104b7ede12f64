"""Numbers and times in bands: what a result, or the last use of a drug, leaves possible."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.fact import Fact
from cds_rules.patient.interval import Interval
from cds_rules.patient.series import latest, measured, uses_of
from cds_rules.patient.timeline import DrugUse, Measure, Part
from cds_rules.treatment.aspect import Seen
from cds_rules.treatment.chart import Chart

NEVER = 1_000_000
"""Days ago that stand for "not at all"."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A boundary and the band that begins there. `after`: the boundary itself still belongs below."""

    bound: float
    band: StrEnum
    after: bool = False

    def reached(self, value: Interval) -> Answer:
        """Is the value in this band or a higher one?"""
        return value.above(self.bound) if self.after else value.at_least(self.bound)


def bands_of(value: Interval, lowest: StrEnum, cuts: Sequence[Cut]) -> frozenset[StrEnum]:
    """The bands that a value may lie in; the cuts are in rising order."""
    reached = [Answer.YES, *(cut.reached(value) for cut in cuts), Answer.NO]
    names = [lowest, *(cut.band for cut in cuts)]
    return frozenset(
        name
        for place, name in enumerate(names)
        if reached[place] is not Answer.NO and reached[place + 1] is not Answer.YES
    )


def recent(chart: Chart, measure: Measure, within_days: int) -> Fact[Interval]:
    """The latest value of a measure, if it is surely not older than so many days."""
    on = chart.picture.on
    fact = latest(chart.timeline, measure, on)
    if fact.value is None:
        return fact
    used = [m.when for m in measured(chart.timeline, measure) if m.source in fact.evidence]
    oldest = min((when.earliest for when in used if when is not None), default=date.min)
    if oldest < on - timedelta(days=within_days):
        why = f"the latest result is more than {within_days} days old, or may be ({fact.because})"
        return Fact(evidence=fact.evidence, because=why)
    return fact


def measured_band(
    chart: Chart, measure: Measure, within_days: int, lowest: StrEnum, cuts: Sequence[Cut]
) -> Seen:
    """The bands of the latest recent value; all of them without one."""
    fact = recent(chart, measure, within_days)
    if fact.value is None:
        return Seen(frozenset({lowest, *(cut.band for cut in cuts)}), fact.evidence, fact.because)
    return Seen(bands_of(fact.value, lowest, cuts), fact.evidence, fact.because)


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Days since something last was, from `least` to `most`, both included; NEVER: perhaps never."""

    least: int
    most: int
    evidence: tuple[str, ...] = ()
    because: str | None = None

    def overlaps(self, first: int, last: int) -> bool:
        """May the days lie from `first` to `last`, both included?"""
        return self.least <= last and first <= self.most


def since_last_use(chart: Chart, drugs: Collection[str], *, intrathecal_counts: bool = False) -> Elapsed:
    """Days since one of these drugs was last given.

    Orders, text, and doses into the spinal fluid (unless they count) may have been a use: they leave it
    open. Silence tells only where medication is on record at all and was read in full.
    """
    on = chart.picture.on
    sure: list[DrugUse] = []
    maybe: list[DrugUse] = []
    for use in uses_of(chart.timeline, drugs):
        counts = intrathecal_counts or not use.intrathecal
        (sure if counts and not use.ordered and use.route.settles else maybe).append(use)
    told = [_last_day(use, on) for use in sure]
    doubted = [_last_day(use, on) for use in maybe]
    last_sure = max((first for first, _ in told), default=None)
    last_any = max((last for _, last in (*told, *doubted)), default=None)
    most = NEVER if last_sure is None else (on - last_sure).days
    least = NEVER if last_any is None else (on - last_any).days
    reason = unheard(chart)
    why = reason or _why(told, sure, maybe, on)
    evidence = _evidence([*sure, *maybe], on)
    return Elapsed(0 if reason else least, most, evidence, why)


def _last_day(use: DrugUse, on: date) -> tuple[date, date]:
    """The first and last day on which the last dose may have been; a use going on lasts to today."""
    if use.until is not None:
        return min(use.until.earliest, on), min(use.until.latest, on)
    if use.ongoing:
        return (on, on) if not use.ordered else (date.min, on)
    if use.when is None:
        return date.min, on
    return use.when.earliest, (min(use.when.latest, on) if use.given else on)


def unheard(chart: Chart) -> str | None:
    """Why silence about a drug is no answer, or None: medication was read in full and some is on record."""
    missing = chart.timeline.missing
    for part in (Part.ADMINISTRATIONS, Part.STATEMENTS):
        if part in missing:
            return missing[part]
    return None if chart.timeline.drugs else "no medication is on record"


def _why(
    told: Sequence[tuple[date, date]], sure: Sequence[DrugUse], maybe: Sequence[DrugUse], on: date
) -> str:
    names = ", ".join(dict.fromkeys(u.drug for u in _latest([*sure, *maybe], on)))
    if maybe and (not told or _later(maybe, told, on)):
        return f"{names}: an order, a text or a dose into the spinal fluid, which may or may not count"
    if not told:
        return "none on record"
    first, last = max(first for first, _ in told), max(last for _, last in told)
    if first == date.min:
        return f"{names}: without a date"
    return f"{names}, last {PartialDate(min(first, last), last)}"


def _later(maybe: Sequence[DrugUse], told: Sequence[tuple[date, date]], on: date) -> bool:
    return max(_last_day(u, on)[1] for u in maybe) > max(last for _, last in told)


def _evidence(uses: Sequence[DrugUse], on: date) -> tuple[str, ...]:
    """The latest uses: a course may be hundreds of administrations."""
    return tuple(dict.fromkeys(use.source for use in _latest(uses, on)))


def _latest(uses: Sequence[DrugUse], on: date) -> list[DrugUse]:
    last = max((_last_day(use, on)[1] for use in uses), default=None)
    return [use for use in uses if _last_day(use, on)[1] == last]
