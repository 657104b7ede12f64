"""Surveillance after CAR-T: what is done, due, overdue or ahead, with its window (rule P-1).

Marrow with MRD and B cells by Hunger & Raetz (HR2020). Myers et al. (MYE2023) read sequencing at day 28 and
month 3, without a schedule: to list it then is the project's. So is how far around a day a test may lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.citation import Cite
from cds_rules.patient.dates import PartialDate, add_months
from cds_rules.patient.timeline import Lineage, Measure, Part
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, YesNo
from cds_rules.treatment.aspects.after_car_t import (
    NO_DAY,
    RELAPSE_SINCE,
    REMISSION,
    TRANSPLANT_SINCE,
    Infusion,
    infusion,
    unread,
)
from cds_rules.treatment.aspects.mrd_after_car_t import DAY_28, MONTH_3_FROM_DAY
from cds_rules.treatment.chart import Chart

MONTH_3_TO_DAY = 120
"""Last day of the look at day 90 (D-7, project's)."""
LATER_MARROW_MONTHS = (6, 9, 12)
"""Every 3 months in the first year, after day 90. HR2020 (000:128)."""
MARROW_LEEWAY_DAYS = 21
"""A marrow of months 6, 9 and 12 may lie this far from the day. Project's parameter."""
B_CELL_MONTHS = tuple(range(1, 7))
"""Monthly for at least 6 months. HR2020 (000:128)."""
B_CELL_DAYS_BEFORE, B_CELL_DAYS_AFTER = 14, 13
"""Days around the monthly day; two weeks each way, so that months do not overlap. Project's parameters."""
LISTED_MONTHS = 15
"""What was due in the first year is listed up to this month after infusion. Project's parameter."""

_SCHEDULE = Cite("HR2020", "patient 1, CAR-T as definitive therapy or bridge", "000:128")
_NGS = Cite("MYE2023", "case; consolidative HSCT (no schedule: project's reading)", "004:193, 004:207")
_TESTED = (Part.LABORATORY, Part.REPORTS)


class DueState(StrEnum):
    """Where a test stands on the day of assessment. UNKNOWN: due by date, but the record does not tell."""

    DONE = "done"
    DUE = "due"
    OVERDUE = "overdue"
    UPCOMING = "upcoming"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DueItem:
    """One test of the schedule. `due`: first and last day of its window; None while day zero is unknown."""

    id: str
    what: str
    due: tuple[date, date] | None
    state: DueState
    evidence: tuple[str, ...]
    because: str | None
    cites: tuple[Cite, ...]
    tests: tuple[Test, ...]
    """What a card may offer to request for it."""


@dataclass(frozen=True, slots=True)
class _Result:
    """A result that counts for a series; `sure` False: it need not be that test."""

    source: str
    when: PartialDate
    sure: bool


@dataclass(frozen=True, slots=True)
class _Series:
    """One kind of test with its windows, in order."""

    id: str
    what: str
    tests: tuple[Test, ...]
    cite: Cite
    windows: tuple[tuple[str, date, date], ...]
    results: tuple[_Result, ...]


def surveillance(chart: Chart) -> tuple[DueItem, ...]:
    """The tests of the first year after the last CAR-T infusion, by kind and in order of time.

    Empty without CAR-T, after death, a relapse or a transplant since the infusion, if it brought no
    remission, and from the sixteenth month on. A test missed gives way to the next one of its kind once
    that has come up.
    """
    picture = chart.picture
    if picture.car_t.value is not True or picture.person.deceased or Lineage.B not in picture.lineages:
        return ()
    given = infusion(chart)
    if given is None:
        sources = picture.car_t.evidence
        return tuple(_item(s, s.what, None, DueState.UNKNOWN, sources, NO_DAY) for s in _series(chart, None))
    if picture.on >= add_months(given.when.latest, LISTED_MONTHS):
        return ()
    doubts = []
    for stop in (RELAPSE_SINCE, TRANSPLANT_SINCE):
        seen = stop.read(chart)
        if seen.possible == {YesNo.YES}:
            return ()
        doubts += [] if seen.settled else [_doubt(stop, seen.because)]
    if REMISSION.read(chart).possible == {YesNo.NO}:
        return ()
    doubts += [reason for reason in (unread(chart, _TESTED),) if reason is not None]
    return tuple(
        item for s in _series(chart, given) for item in _listed(s, picture.on, doubts[0] if doubts else None)
    )


def _doubt(stop: Aspect, because: str | None) -> str:
    return f"{stop.title}: not certain ({because})"


def _series(chart: Chart, given: Infusion | None) -> tuple[_Series, ...]:
    when = given.when if given is not None else None
    marrow = (Test.MARROW, Test.MARROW_MRD)
    return (
        _Series("P-1", "marrow with MRD", marrow, _SCHEDULE, _marrow_windows(when), _marrow_results(chart)),
        _Series(
            "P-1a",
            "B cells in blood",
            (Test.B_CELLS,),
            _SCHEDULE,
            _blood_windows(when),
            _blood_results(chart),
        ),
        _Series("P-1b", "NGS-MRD of marrow", (Test.NGS_MRD,), _NGS, _ngs_windows(when), _ngs_results(chart)),
    )


def _marrow_windows(when: PartialDate | None) -> tuple[tuple[str, date, date], ...]:
    if when is None:
        return ()
    later = [
        (
            f"month {month}",
            add_months(when.earliest, month) - timedelta(days=MARROW_LEEWAY_DAYS),
            add_months(when.latest, month) + timedelta(days=MARROW_LEEWAY_DAYS),
        )
        for month in LATER_MARROW_MONTHS
    ]
    return (
        _days(when, "day 30", *DAY_28),
        _days(when, "day 90", MONTH_3_FROM_DAY, MONTH_3_TO_DAY),
        *later,
    )


def _blood_windows(when: PartialDate | None) -> tuple[tuple[str, date, date], ...]:
    if when is None:
        return ()
    return tuple(
        (
            f"month {month}",
            add_months(when.earliest, month) - timedelta(days=B_CELL_DAYS_BEFORE),
            add_months(when.latest, month) + timedelta(days=B_CELL_DAYS_AFTER),
        )
        for month in B_CELL_MONTHS
    )


def _ngs_windows(when: PartialDate | None) -> tuple[tuple[str, date, date], ...]:
    if when is None:
        return ()
    return _days(when, "day 28", *DAY_28), _days(when, "month 3", MONTH_3_FROM_DAY, MONTH_3_TO_DAY)


def _days(when: PartialDate, name: str, first: int, last: int) -> tuple[str, date, date]:
    return name, when.earliest + timedelta(days=first), when.latest + timedelta(days=last)


def _marrow_results(chart: Chart) -> tuple[_Result, ...]:
    """MRD of the marrow by any method: the source names none."""
    found = [r for r in chart.timeline.mrd if r.marrow and r.when is not None]
    return _in_order(_Result(r.source, r.when, r.route.settles) for r in found if r.when is not None)


def _ngs_results(chart: Chart) -> tuple[_Result, ...]:
    """By sequencing; a result whose method is not told may be."""
    found = [r for r in chart.timeline.mrd if r.marrow and r.method in ("ngs", None)]
    told = (
        _Result(r.source, r.when, r.route.settles and r.method == "ngs") for r in found if r.when is not None
    )
    return _in_order(told)


def _blood_results(chart: Chart) -> tuple[_Result, ...]:
    """Counts or shares of B cells in blood, whatever they say."""
    wanted = (Measure.B_CELLS, Measure.B_CELL_SHARE)
    found = [m for m in chart.timeline.measurements if m.measure in wanted]
    return _in_order(_Result(m.source, m.when, m.route.settles) for m in found if m.when is not None)


def _in_order(results: Iterator[_Result]) -> tuple[_Result, ...]:
    return tuple(sorted(results, key=lambda r: (r.when.earliest, r.source)))


def _listed(series: _Series, on: date, doubt: str | None) -> Iterator[DueItem]:
    """The windows of a series; one missed gives way to the next that has begun."""
    for place, (name, first, last) in enumerate(series.windows):
        following = series.windows[place + 1][1] if place + 1 < len(series.windows) else date.max
        item = _place(series, f"{series.what}, {name}", (first, last), following, on, doubt)
        if on < following or item.state is DueState.DONE:
            yield item


def _place(
    series: _Series, what: str, due: tuple[date, date], following: date, on: date, doubt: str | None
) -> DueItem:
    """`following`: when the next window begins; what is late, but before it, still counts for this one."""
    first, last = due
    sure = [
        r
        for r in series.results
        if r.sure and r.when.earliest >= first and (r.when.latest <= last or r.when.earliest < following)
    ]
    if sure:
        within = sure[0].when.latest <= last
        note = f"done {sure[0].when}" if within else f"done {sure[0].when}, after its window"
        return _item(series, what, due, DueState.DONE, (sure[0].source,), note)
    if on < first:
        return _item(series, what, due, DueState.UPCOMING, (), None)
    perhaps = tuple(r.source for r in series.results if r.when.latest >= first)
    if perhaps or doubt is not None:
        why = doubt or "a result is on record, but its kind or its day is not certain"
        return _item(series, what, due, DueState.UNKNOWN, perhaps, why)
    state = DueState.DUE if on <= last else DueState.OVERDUE
    return _item(series, what, due, state, (), f"none on record from {first} on")


def _item(
    series: _Series,
    what: str,
    due: tuple[date, date] | None,
    state: DueState,
    evidence: tuple[str, ...],
    because: str | None,
) -> DueItem:
    tests = () if state is DueState.DONE else series.tests
    return DueItem(series.id, what, due, state, evidence, because, (series.cite,), tests)
