"""Aspects of the day of T-cell collection for CAR-T: counts, washouts, transplant, GVHD (MYE2023, HR2020).

All are as of the day of assessment, on which the cells would be collected.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from enum import StrEnum

from cds_rules.patient.dates import PartialDate, add_months
from cds_rules.patient.drug_class import ANTILEUKEMIC, CYTOTOXIC, IMMUNOSUPPRESSANT, JAK_INHIBITOR, STEROID
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.timeline import Measure, Part
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.aspects.bands import NEVER, Cut, Elapsed, measured_band, since_last_use, unheard
from cds_rules.treatment.chart import Chart

COUNTS_WITHIN_DAYS = 7
"""A blood count older than this says nothing of the collection. Project's parameter."""
LOW_LYMPHOCYTES_PER_UL = 300.0
"""MYE2023: at least 300/uL in the text (004:134), above 300/uL in table 2 (004:142)."""
HIGH_LYMPHOCYTES_PER_UL = 500.0
"""HR2020, after chemotherapy: above 500/uL (000:124)."""
LOW_T_CELLS_PER_UL, HIGH_T_CELLS_PER_UL = 100.0, 200.0
"""MYE2023: 100 to 200/uL as a minimum (004:134, 142); HR2020, before therapy: above 200/uL (000:124)."""
LOW_LEUKOCYTES_PER_UL, HIGH_LEUKOCYTES_PER_UL = 20_000.0, 40_000.0
LOW_BLASTS_PERCENT, HIGH_BLASTS_PERCENT = 50.0, 80.0
"""MYE2023: not with leukocytes above 20-40,000/uL and above 50-80 % blasts (004:134, 143)."""
STEROID_DAYS = 3
"""72 hours (004:145). Days are what the record gives: the third day after may be before or after 72 hours."""
CYTOTOXIC_DAYS = 14
"""2 weeks (004:145; 000:124)."""
PEMBROLIZUMAB_DAYS, PEMBROLIZUMAB_MONTHS = 42, 3
"""6 weeks to 3 months (004:145)."""
TRANSPLANT_DAYS, TRANSPLANT_DAYS_LONG = 100, 120
"""At least 100 to 120 days (004:146)."""
IMMUNOSUPPRESSION_DAYS = 28
"""Stopped at least 4 weeks before (004:146)."""
PERHAPS_AGAINST_GVHD = frozenset({"prednisone", "prednisolone", "methylprednisolone"}) | JAK_INHIBITOR
"""Given against graft-versus-host disease, but for other reasons too. Project's list; dexamethasone is left
out, as it belongs to reinduction."""


class Lymphocytes(StrEnum):
    """Absolute lymphocyte count in blood, per uL."""

    BELOW_300 = "<300/uL"
    AT_300 = "exactly 300/uL"
    TO_500 = ">300 to 500/uL"
    OVER_500 = ">500/uL"


class TCells(StrEnum):
    """CD3+ cells in blood, per uL."""

    BELOW_100 = "<100/uL"
    TO_200 = "100 to 200/uL"
    OVER_200 = ">200/uL"


class Leukocytes(StrEnum):
    """White blood cells, per uL."""

    TO_20 = "20,000/uL or less"
    TO_40 = ">20,000 to 40,000/uL"
    OVER_40 = ">40,000/uL"


class BloodBlasts(StrEnum):
    """Blasts among the leukocytes in blood."""

    TO_50 = "50 % or less"
    TO_80 = ">50 to 80 %"
    OVER_80 = ">80 %"


class Washout(StrEnum):
    """Is the treatment-free time over?"""

    RECENT = "given within it"
    OVER = "over"


class LongWashout(StrEnum):
    """The same where the source gives a range of times."""

    RECENT = "<6 weeks ago"
    RANGE = "6 weeks to 3 months ago"
    OVER = "3 months ago or more, or never given"


class AfterTransplant(StrEnum):
    """Days since the last transplant that was not autologous."""

    NONE = "no transplant"
    BEFORE_100 = "<100 days"
    TO_120 = "100 to <120 days"
    FROM_120 = "120 days or more"


def _counted(measure: Measure, lowest: StrEnum, *cuts: Cut) -> Callable[[Chart], Seen]:
    return lambda chart: measured_band(chart, measure, COUNTS_WITHIN_DAYS, lowest, cuts)


def _washed_out(drugs: Collection[str], days: int) -> Callable[[Chart], Seen]:
    """Over from so many days ago; day `STEROID_DAYS` of hours may be either, see `_steroid`."""

    def read(chart: Chart) -> Seen:
        return _washout(since_last_use(chart, drugs), days - 1, days)

    return read


def _washout(ago: Elapsed, last_recent: int, first_over: int) -> Seen:
    found: set[StrEnum] = {Washout.RECENT} if ago.overlaps(0, last_recent) else set()
    if ago.overlaps(first_over, NEVER):
        found.add(Washout.OVER)
    return Seen(frozenset(found), ago.evidence, ago.because)


def _steroid(chart: Chart) -> Seen:
    return _washout(since_last_use(chart, STEROID), STEROID_DAYS, STEROID_DAYS)


def _immunosuppression(chart: Chart) -> Seen:
    """Drugs that may serve against graft-versus-host disease, or may not, leave it open."""
    found = _washout(
        since_last_use(chart, IMMUNOSUPPRESSANT), IMMUNOSUPPRESSION_DAYS - 1, IMMUNOSUPPRESSION_DAYS
    )
    if Washout.RECENT in found.possible:
        return found
    other = _washout(
        since_last_use(chart, PERHAPS_AGAINST_GVHD), IMMUNOSUPPRESSION_DAYS - 1, IMMUNOSUPPRESSION_DAYS
    )
    if Washout.RECENT in other.possible:
        why = "not told whether corticosteroids or ruxolitinib are given against graft-versus-host disease"
        return Seen(frozenset(Washout), (*found.evidence, *other.evidence), why)
    return found


def _pembrolizumab(chart: Chart) -> Seen:
    ago, on = since_last_use(chart, {"pembrolizumab"}), chart.picture.on
    months = _days_of_months(on)
    found: set[StrEnum] = set()
    if ago.overlaps(0, PEMBROLIZUMAB_DAYS - 1):
        found.add(LongWashout.RECENT)
    if ago.overlaps(PEMBROLIZUMAB_DAYS, months - 1):
        found.add(LongWashout.RANGE)
    if ago.overlaps(months, NEVER):
        found.add(LongWashout.OVER)
    return Seen(frozenset(found), ago.evidence, ago.because)


def _days_of_months(on: date) -> int:
    """The days that the three calendar months before this day are long."""
    return (on - add_months(on, -PEMBROLIZUMAB_MONTHS)).days


def _after_transplant(chart: Chart) -> Seen:
    on = chart.picture.on
    given = [t for t in chart.timeline.transplants if t.kind != "autologous"]
    sources = tuple(t.source for t in given)
    if not given:
        return _no_transplant(chart)
    if any(t.when is None or not t.certain or not t.route.settles for t in given):
        why = "a transplant is recorded, but not for certain when, or that it was done"
        return Seen(frozenset(AfterTransplant), sources, why)
    # The last one counts: each bound is that of the transplant that may be the latest.
    days = [t.when for t in given if t.when is not None]
    ago = Elapsed((on - min(on, max(d.latest for d in days))).days, (on - max(d.earliest for d in days)).days)
    found: set[StrEnum] = {AfterTransplant.BEFORE_100} if ago.overlaps(0, TRANSPLANT_DAYS - 1) else set()
    if ago.overlaps(TRANSPLANT_DAYS, TRANSPLANT_DAYS_LONG - 1):
        found.add(AfterTransplant.TO_120)
    if ago.overlaps(TRANSPLANT_DAYS_LONG, NEVER):
        found.add(AfterTransplant.FROM_120)
    return Seen(frozenset(found), sources)


def _no_transplant(chart: Chart) -> Seen:
    """None on record, unless something else in the record says that there was one."""
    before = chart.picture.earlier_transplant
    if chart.timeline.transplants and before.value:
        return Seen(frozenset({AfterTransplant.NONE}), before.evidence, "autologous only")
    if before.value is not False:
        return Seen(frozenset(AfterTransplant), before.evidence, before.because or "its date is not recorded")
    return Seen(frozenset({AfterTransplant.NONE}), (), "none on record")


_GVHD = (EventKind.GVHD, EventKind.ACUTE_GVHD, EventKind.CHRONIC_GVHD)


def _gvhd(chart: Chart) -> Seen:
    """Signs of graft-versus-host disease now."""
    told = chart.picture.findings.events(*_GVHD)
    if any(e.certain and e.route.settles and e.active for e in told):
        return Seen(frozenset({YesNo.YES}), tuple(e.source for e in told))
    unclear = [e for e in told if not _over(e)]
    if unclear:
        why = "graft-versus-host disease is recorded, but not whether it is over"
        return Seen(frozenset(YesNo), tuple(e.source for e in unclear), why)
    reason = chart.timeline.missing.get(Part.CONDITIONS)
    if reason is not None:
        return Seen(frozenset(YesNo), (), reason)
    return Seen(frozenset({YesNo.NO}), tuple(e.source for e in told), None if told else "none on record")


def _over(event: Event) -> bool:
    """An uncertain diagnosis that has ended is over too."""
    return event.active is False or (event.active is None and event.until is not None)


def _collected(chart: Chart) -> Seen:
    """Collection for CAR-T. Leukapheresis alone is none: it may have served to lower the count."""
    told = chart.timeline.collections
    sure = tuple(c.source for c in told if c.for_car_t and c.route.settles)
    if sure:
        return Seen(frozenset({YesNo.YES}), sure)
    maybe = tuple(c.source for c in told if c.for_car_t is not False)
    if maybe:
        why = "leukapheresis is recorded, but not for certain that it was for CAR-T"
        return Seen(frozenset(YesNo), maybe, why)
    reason = chart.timeline.missing.get(Part.PROCEDURES)
    if reason is not None:
        return Seen(frozenset(YesNo), (), reason)
    return Seen(frozenset({YesNo.NO}), (), "none on record")


def _treated(chart: Chart) -> Seen:
    """Antileukemic drugs or a treatment plan since the relapse; silence tells where drugs are recorded."""
    relapse, timeline = chart.picture.relapse_date.value, chart.timeline
    if relapse is None:
        return Seen(frozenset(YesNo), chart.picture.relapse_date.evidence, "no dated relapse")
    uses = [
        u
        for u in chart.picture.findings.uses(ANTILEUKEMIC)
        if u.when is None or u.when.latest >= relapse.earliest
    ]
    plans = [p for p in timeline.plans if p.when is None or p.when.latest >= relapse.earliest]
    sure = [u.source for u in uses if not u.ordered and u.route.settles and _since(u.when, relapse)]
    sure += [
        p.source for p in plans if p.status in _CARRIED_OUT and p.route.settles and _since(p.when, relapse)
    ]
    if sure:
        return Seen(frozenset({YesNo.YES}), tuple(dict.fromkeys((sure[0], sure[-1]))))
    maybe = (*(u.source for u in uses), *(p.source for p in plans))
    if maybe:
        why = "treatment is ordered or planned, or not for certain since the relapse"
        return Seen(frozenset(YesNo), maybe[:2], why)
    reason = unheard(chart)
    return Seen(frozenset(YesNo) if reason else frozenset({YesNo.NO}), (), reason or "none on record")


_CARRIED_OUT = {"active", "completed"}


def _since(when: PartialDate | None, relapse: PartialDate) -> bool:
    return when is not None and when.earliest >= relapse.earliest


_COUNT = (Test.LYMPHOCYTES,)

LYMPHOCYTES = Aspect(
    "collection.lymphocytes",
    f"lymphocytes in blood in the last {COUNTS_WITHIN_DAYS} days",
    Lymphocytes,
    _counted(
        Measure.LYMPHOCYTES,
        Lymphocytes.BELOW_300,
        Cut(LOW_LYMPHOCYTES_PER_UL, Lymphocytes.AT_300),
        Cut(LOW_LYMPHOCYTES_PER_UL, Lymphocytes.TO_500, after=True),
        Cut(HIGH_LYMPHOCYTES_PER_UL, Lymphocytes.OVER_500, after=True),
    ),
    "blood count with lymphocytes",
    _COUNT,
)
T_CELLS = Aspect(
    "collection.tCells",
    f"CD3+ T cells in blood in the last {COUNTS_WITHIN_DAYS} days",
    TCells,
    _counted(
        Measure.T_CELLS,
        TCells.BELOW_100,
        Cut(LOW_T_CELLS_PER_UL, TCells.TO_200),
        Cut(HIGH_T_CELLS_PER_UL, TCells.OVER_200, after=True),
    ),
    "CD3+ T cells in blood",
    _COUNT,
)
LEUKOCYTES = Aspect(
    "collection.leukocytes",
    f"leukocytes in blood in the last {COUNTS_WITHIN_DAYS} days",
    Leukocytes,
    _counted(
        Measure.LEUKOCYTES,
        Leukocytes.TO_20,
        Cut(LOW_LEUKOCYTES_PER_UL, Leukocytes.TO_40, after=True),
        Cut(HIGH_LEUKOCYTES_PER_UL, Leukocytes.OVER_40, after=True),
    ),
    "blood count",
    _COUNT,
)
BLOOD_BLASTS = Aspect(
    "collection.bloodBlasts",
    f"blasts in blood in the last {COUNTS_WITHIN_DAYS} days",
    BloodBlasts,
    _counted(
        Measure.BLOOD_BLASTS,
        BloodBlasts.TO_50,
        Cut(LOW_BLASTS_PERCENT, BloodBlasts.TO_80, after=True),
        Cut(HIGH_BLASTS_PERCENT, BloodBlasts.OVER_80, after=True),
    ),
    "blood count with blasts",
    _COUNT,
)
STEROIDS = Aspect(
    "collection.steroids",
    "72 hours without corticosteroids",
    Washout,
    _steroid,
    "record the last day of corticosteroids",
)
CYTOTOXICS = Aspect(
    "collection.cytotoxics",
    "2 weeks without cytotoxic chemotherapy",
    Washout,
    _washed_out(CYTOTOXIC, CYTOTOXIC_DAYS),
    "record the last day of cytotoxic chemotherapy",
)
PEMBROLIZUMAB = Aspect(
    "collection.pembrolizumab",
    "last pembrolizumab",
    LongWashout,
    _pembrolizumab,
    "record the last day of pembrolizumab, or that none was given",
)
IMMUNOSUPPRESSION = Aspect(
    "collection.immunosuppression",
    "4 weeks without immunosuppression",
    Washout,
    _immunosuppression,
    "record the day on which immunosuppression was stopped",
)
AFTER_TRANSPLANT = Aspect(
    "collection.afterTransplant",
    "time since the last allogeneic transplant",
    AfterTransplant,
    _after_transplant,
    "record transplants with their dates",
)
GVHD = Aspect(
    "collection.gvhd",
    "signs of graft-versus-host disease",
    YesNo,
    _gvhd,
    "record whether graft-versus-host disease is active",
)
COLLECTED = Aspect(
    "carT.collected",
    "T cells collected for CAR-T",
    YesNo,
    _collected,
    "record the collection of T cells and what it was for",
)
TREATED = Aspect(
    "collection.treated",
    "antileukemic treatment since the relapse",
    YesNo,
    _treated,
    "record treatment since the relapse",
)
