"""B-cell aplasia after a CD19 CAR-T: present, or lost, and when (D-8; MYE2023, HR2020)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate, add_months
from cds_rules.patient.series import measured, uses_of
from cds_rules.patient.timeline import Measure, Part
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen
from cds_rules.treatment.aspects.after_car_t import (
    DAY_63,
    JUDGED_FROM_DAY,
    NO_DAY,
    Infusion,
    infusion,
    unread,
)
from cds_rules.treatment.chart import Chart

APLASIA_BELOW_PER_UL = 10.0
"""Fewer CD19+ B cells in blood than this are aplasia. No source gives a number: project's parameter (D-8);
the patient of MYE2023 has lost it at 75/uL (004:227)."""
COUNT_HOLDS_DAYS, COUNT_HOLDS_DAYS_LATE = 45, 100
"""A count tells of today for this long: in the first 6 months, in which HR2020 counts monthly (000:128),
and after them. Project's parameters."""
DEPLETING = frozenset({"blinatumomab", "inotuzumab", "rituximab"})
"""Drugs that themselves leave no B cells: a low count after them does not tell of the CAR-T."""
EARLY_MONTHS, YEAR_MONTHS = 6, 12
"""Months from infusion: HR2020 (000:128), MYE2023 (004:58, 205)."""


class BCells(StrEnum):
    """B-cell aplasia, or the time from infusion at which it was lost."""

    PRESENT = "aplasia present"
    LOST_63 = "aplasia lost by day 63"
    LOST_6 = "aplasia lost after day 63, <6 months"
    LOST_12 = "aplasia lost at 6 to <12 months"
    LOST_LATER = "aplasia lost at about 12 months or later"


@dataclass(frozen=True, slots=True)
class _Look:
    when: PartialDate
    low: Answer
    """Below the line?"""


def _b_cells(chart: Chart) -> Seen:
    every: frozenset[StrEnum] = frozenset(BCells)
    given = infusion(chart)
    if given is None:
        return Seen(every, chart.picture.car_t.evidence, NO_DAY)
    looks, sources = _looks(chart, given)
    reason = unread(chart, (Part.LABORATORY,))
    if reason is not None:
        return Seen(every, sources, reason)
    if not looks:
        return Seen(every, (), f"no B-cell count on record from day {JUDGED_FROM_DAY} after the infusion")
    found: set[StrEnum] = set()
    for unclear in (True, False):
        read = [(w.when, unclear if w.low is Answer.UNKNOWN else w.low is Answer.YES) for w in looks]
        found |= _course(read, given.when, chart.picture.on)
    unclear_days = ", ".join(str(w.when) for w in looks if w.low is Answer.UNKNOWN)
    last = f"B cells last counted {looks[-1].when}"
    return Seen(frozenset(found), sources, f"{last}; unclear: {unclear_days}" if unclear_days else last)


def _looks(chart: Chart, given: Infusion) -> tuple[list[_Look], tuple[str, ...]]:
    """Counts from day 21 on, oldest first; a share of 0 % stands in where there is no count."""
    by_day: dict[PartialDate, set[Answer]] = {}
    sources = []
    for measure in (Measure.B_CELLS, Measure.B_CELL_SHARE):
        counted = set(by_day)
        for m in measured(chart.timeline, measure):
            if m.when is None or m.when in counted or given.days(m.when)[0] < JUDGED_FROM_DAY:
                continue
            line = APLASIA_BELOW_PER_UL
            low = ~m.value.at_least(line) if measure is Measure.B_CELLS else ~m.value.above(0.0)
            if measure is Measure.B_CELL_SHARE and low is Answer.NO:
                low = Answer.UNKNOWN
            by_day.setdefault(m.when, set()).add(low if m.readable else Answer.UNKNOWN)
            sources.append(m.source)
    depleted = _depleted_from(chart, given)
    looks = []
    for when in sorted(by_day, key=lambda w: w.earliest):
        low = by_day[when].pop() if len(by_day[when]) == 1 else Answer.UNKNOWN
        blurred = low is Answer.YES and depleted is not None and when.latest >= depleted
        looks.append(_Look(when, Answer.UNKNOWN if blurred else low))
    return looks, tuple(sources)


def _depleted_from(chart: Chart, given: Infusion) -> date | None:
    uses = uses_of(chart.timeline, DEPLETING)
    days = [u.when.earliest for u in uses if u.when is not None and not u.ordered]
    return min((day for day in days if day > given.when.latest), default=None)


def _course(looks: Sequence[tuple[PartialDate, bool]], start: PartialDate, on: date) -> set[StrEnum]:
    """What these counts leave possible, each taken as below the line or not."""
    last_when, last_low = looks[-1]
    lows = [when for when, low in looks if low]
    if len(lows) == len(looks):
        holds = COUNT_HOLDS_DAYS if on < add_months(start.latest, EARLY_MONTHS) else COUNT_HOLDS_DAYS_LATE
        fresh = on <= last_when.earliest + timedelta(days=holds)
        return {BCells.PRESENT} | (set() if fresh else _lost(last_when.earliest, on, start))
    found: set[StrEnum] = {BCells.PRESENT} if last_low else set()
    before = start.earliest
    for when, low in looks:
        if not low:
            found |= _lost(before, when.latest, start)
            break
        before = when.earliest
    return found | (set() if last_low else _lost_again(looks, start))


def _lost_again(looks: Sequence[tuple[PartialDate, bool]], start: PartialDate) -> set[StrEnum]:
    """Recovered, aplastic again, recovered for good: the last loss may be the one that counts."""
    lows = [place for place, (_, low) in enumerate(looks) if low]
    highs = [place for place, (_, low) in enumerate(looks) if not low]
    if not lows or highs[0] > lows[-1]:
        return set()
    return _lost(looks[lows[-1]][0].earliest, looks[lows[-1] + 1][0].latest, start)


def _lost(after: date, by: date, start: PartialDate) -> set[StrEnum]:
    """Lost later than `after` and not later than `by`."""
    first = max(after, start.earliest) + timedelta(days=1)
    early = timedelta(days=DAY_63)
    half = add_months(start.earliest, EARLY_MONTHS), add_months(start.latest, EARLY_MONTHS)
    year = add_months(start.earliest, YEAR_MONTHS), add_months(start.latest, YEAR_MONTHS)
    found: set[StrEnum] = set()
    if first <= start.latest + early:
        found.add(BCells.LOST_63)
    if by > start.earliest + early and first < half[1]:
        found.add(BCells.LOST_6)
    # "Within 1 year" and "at 1 year": the very day belongs to both.
    if by >= half[0] and first <= year[1]:
        found.add(BCells.LOST_12)
    if by >= year[0]:
        found.add(BCells.LOST_LATER)
    return found


B_CELLS = Aspect(
    "afterCarT.bCells",
    f"B-cell aplasia after CAR-T (CD19+ B cells below {APLASIA_BELOW_PER_UL:g}/uL)",
    BCells,
    _b_cells,
    "CD19+ B cells in blood",
    (Test.B_CELLS,),
)

early_loss = B_CELLS.is_(BCells.LOST_63, BCells.LOST_6)
"""Lost before 6 months: MYE2023 (004:58, 205), HR2020 (000:128)."""
kept_6_months = B_CELLS.is_(BCells.PRESENT, BCells.LOST_12, BCells.LOST_LATER)
