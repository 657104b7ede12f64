"""Aspects that the scores of UTD2022 count: course, blasts, counts, ages and times in their own bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate, add_months, whole_months
from cds_rules.patient.drug_class import ANTILEUKEMIC
from cds_rules.patient.events import EventKind
from cds_rules.patient.interval import Interval
from cds_rules.patient.primary_refractory import START_WITHIN_DAYS
from cds_rules.patient.series import events_of, measured, uses_of
from cds_rules.patient.sites import SITE_WINDOW_DAYS
from cds_rules.patient.timeline import Measure, Measurement, Part
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo, seen_answer
from cds_rules.treatment.aspects.course import NUMBER, RelapseNumber
from cds_rules.treatment.aspects.prognosis import completed_years
from cds_rules.treatment.chart import Chart

MARROW_25_PERCENT, MARROW_50_PERCENT = 25.0, 50.0
"""More blasts than this score: 25 % in SC-1 (UTD2022 003:218), 50 % in SC-2 (003:262)."""
PLATELETS_PER_UL = 50_000.0
"""Fewer platelets score in SC-2. UTD2022 (003:264)."""
ALBUMIN_G_PER_DL = 3.0
"""Less albumin scores in SC-2. UTD2022 (003:266)."""
COUNTS_HOLD_DAYS = 30
"""A count or chemistry older than this is not that of today. Project's parameter."""
TWO_YEARS, THREE_YEARS, EARLY_MONTHS = 24, 36, 18
"""Months: first remission of two years (UKALL12, 003:242) and of 36 months (SC-2, 003:260); relapse within
18 months of initial therapy (GMALL, 003:254)."""
_TREATMENT_HEARD = (Part.ADMINISTRATIONS, Part.STATEMENTS, Part.CARE_PLANS)


class Phase(StrEnum):
    """When a transplant outside remission would come. UTD2022 (003:214)."""

    PRIMARY = "primary refractory"
    UNTREATED = "first relapse, untreated"
    REFRACTORY = "first relapse, refractory"
    LATER = "second relapse and beyond"


class MarrowBlasts(StrEnum):
    """Marrow blasts at the latest look since the relapse."""

    TO_25 = "<=25 %"
    TO_50 = ">25 to 50 %"
    OVER_50 = ">50 %"


class TransplantAge(StrEnum):
    """Completed years now, as SC-1 counts them."""

    BELOW_10 = "<10 years"
    TO_39 = "10 to 39 years"
    FROM_40 = ">=40 years"


class RelapseAge(StrEnum):
    """Completed years at the relapse, as GMALL and UKALL12 cut them."""

    BELOW_20 = "<20 years"
    TO_25 = "20 to 25 years"
    TO_45 = "26 to 45 years"
    TO_50 = "46 to 50 years"
    OVER_50 = ">50 years"


class Remission1(StrEnum):
    """Length of the first remission in calendar months."""

    BELOW_24 = "<24 months"
    TO_36 = "24 to <36 months"
    FROM_36 = ">=36 months"


class Platelets(StrEnum):
    """Platelets now."""

    LOW = "<50,000/uL"
    ENOUGH = ">=50,000/uL"


class Albumin(StrEnum):
    """Serum albumin now."""

    LOW = "<3 g/dL"
    ENOUGH = ">=3 g/dL"


class Salvage(StrEnum):
    """Which rescue therapy comes next or goes on."""

    FIRST = "first"
    SECOND = "second"
    LATER = "third and beyond"


class FromTherapy(StrEnum):
    """Calendar months from the start of initial therapy to the relapse."""

    BELOW_18 = "<18 months"
    FROM_18 = ">=18 months"


_TRANSPLANT_AGES = ((40, TransplantAge.FROM_40), (10, TransplantAge.TO_39), (0, TransplantAge.BELOW_10))
_RELAPSE_AGES = (
    (51, RelapseAge.OVER_50),
    (46, RelapseAge.TO_50),
    (26, RelapseAge.TO_45),
    (20, RelapseAge.TO_25),
    (0, RelapseAge.BELOW_20),
)


def _phase(chart: Chart) -> Seen:
    number = NUMBER.read(chart)
    picture = chart.picture
    possible: set[StrEnum] = set()
    if RelapseNumber.NONE in number.possible:
        possible.add(Phase.PRIMARY)
    if RelapseNumber.LATER in number.possible:
        possible.add(Phase.LATER)
    if RelapseNumber.FIRST in number.possible:
        possible |= _of_first(chart)
    evidence = tuple(dict.fromkeys((*number.evidence, *picture.refractory.evidence)))
    why = number.because or "whether the relapse is untreated or refractory is not settled"
    return Seen(frozenset(possible), evidence, why if len(possible) > 1 else None)


def _of_first(chart: Chart) -> set[Phase]:
    """Refractory is M3 after reinduction; treated without remission, the source does not say which."""
    if chart.picture.refractory.value:
        return {Phase.REFRACTORY}
    if chart.picture.refractory.known and _untreated(chart):
        return {Phase.UNTREATED}
    return {Phase.UNTREATED, Phase.REFRACTORY}


def _untreated(chart: Chart) -> bool:
    """Is it certain that no antileukemic treatment was given since the relapse?"""
    relapsed = chart.picture.relapse_date.value
    if relapsed is None or any(part in chart.timeline.missing for part in _TREATMENT_HEARD):
        return False
    uses = uses_of(chart.timeline, ANTILEUKEMIC)
    days: list[PartialDate | None] = [d.until or d.when for d in uses if not d.ordered]
    days += [p.until or p.when for p in chart.timeline.plans]
    days += [c.when for c in chart.timeline.car_t]
    days += [t.when for t in chart.timeline.transplants]
    ongoing = any(d.ongoing for d in uses)
    return not ongoing and not any(day is None or day.latest >= relapsed.earliest for day in days)


def _donor_cmv(chart: Chart) -> Seen:
    tests = events_of(chart.timeline, EventKind.DONOR_CMV_SEROLOGY)
    told = [e for e in tests if e.positive is not None and e.certain and e.route.settles]
    sources = tuple(e.source for e in tests)
    results = {e.positive for e in told}
    if len(results) == 1:
        return seen_answer(Answer.of(results.pop()), sources)
    why = "results that differ" if results else "no donor serology on record"
    return seen_answer(Answer.UNKNOWN, sources, why)


def _of_measure(
    chart: Chart,
    measure: Measure,
    first: date | None,
    values: type[StrEnum],
    bands: Callable[[Interval], set[StrEnum]],
) -> Seen:
    """The bands that the latest result since `first` leaves possible; several of one day all count."""
    results = [m for m in measured(chart.timeline, measure) if m.when is not None]
    since = [m for m in results if m.when is not None and first is not None and m.when.earliest >= first]
    if not since:
        why = chart.timeline.missing.get(Part.LABORATORY) or "no result on record for this time"
        return Seen(frozenset(values), (), why)
    last = _latest(since)
    sources = tuple(m.source for m in last)
    if not all(m.readable for m in last):
        return Seen(frozenset(values), sources, "the result cannot be read")
    possible = frozenset().union(*(bands(m.value) for m in last))
    return Seen(possible, sources, f"of {last[-1].when}")


def _latest(results: Sequence[Measurement]) -> list[Measurement]:
    newest = max(m.when.earliest for m in results if m.when is not None)
    return [m for m in results if m.when is not None and m.when.latest >= newest]


def _below(bound: float, low: StrEnum, high: StrEnum) -> Callable[[Interval], set[StrEnum]]:
    def bands(value: Interval) -> set[StrEnum]:
        answer = value.at_least(bound)
        return ({low} if answer is not Answer.YES else set()) | ({high} if answer is not Answer.NO else set())

    return bands


def marrow_bands(value: Interval) -> set[StrEnum]:
    """Bands of marrow blasts in percent; 25 and 50 themselves do not score."""
    over_25, over_50 = value.above(MARROW_25_PERCENT), value.above(MARROW_50_PERCENT)
    found: set[StrEnum] = set()
    if over_25 is not Answer.YES:
        found.add(MarrowBlasts.TO_25)
    if over_25 is not Answer.NO and over_50 is not Answer.YES:
        found.add(MarrowBlasts.TO_50)
    if over_50 is not Answer.NO:
        found.add(MarrowBlasts.OVER_50)
    return found


def _marrow_blasts(chart: Chart) -> Seen:
    picture = chart.picture
    since = picture.relapse_date.value if picture.relapses else picture.diagnosed.value
    first = None if since is None else since.earliest - timedelta(days=SITE_WINDOW_DAYS)
    return _of_measure(chart, Measure.MARROW_BLASTS, first, MarrowBlasts, marrow_bands)


def _platelets(chart: Chart) -> Seen:
    first = chart.picture.on - timedelta(days=COUNTS_HOLD_DAYS)
    bands = _below(PLATELETS_PER_UL, Platelets.LOW, Platelets.ENOUGH)
    return _of_measure(chart, Measure.PLATELETS, first, Platelets, bands)


def _albumin(chart: Chart) -> Seen:
    first = chart.picture.on - timedelta(days=COUNTS_HOLD_DAYS)
    return _of_measure(
        chart, Measure.ALBUMIN, first, Albumin, _below(ALBUMIN_G_PER_DL, Albumin.LOW, Albumin.ENOUGH)
    )


def _aged(
    chart: Chart, when: PartialDate | None, values: type[StrEnum], bands: Sequence[tuple[int, StrEnum]]
) -> Seen:
    birth, source = chart.picture.person.birth, chart.picture.person.source
    if birth is None or when is None or birth.earliest > when.latest:
        return Seen(frozenset(values), (), "no usable date of birth, or of relapse")
    years = completed_years(birth, when)
    possible = frozenset(next(b for first, b in bands if y >= first) for y in years)
    return Seen(possible, (source,), f"{years[0]} to {years[-1]} years" if len(years) > 1 else None)


def remission_bands(since: PartialDate, until: PartialDate) -> frozenset[StrEnum]:
    """Bands of the time between; UKALL12 has more and less than two years, so exactly two is both."""
    order = list(Remission1)
    shortest, longest = _band(since.latest, until.earliest), _band(since.earliest, until.latest)
    return frozenset(order[order.index(shortest[0]) : order.index(longest[-1]) + 1])


def _band(start: date, end: date) -> tuple[Remission1, ...]:
    if end == add_months(start, TWO_YEARS):
        return (Remission1.BELOW_24, Remission1.TO_36)
    months = whole_months(start, end)
    if months < TWO_YEARS:
        return (Remission1.BELOW_24,)
    return (Remission1.TO_36,) if months < THREE_YEARS else (Remission1.FROM_36,)


def _first_remission(chart: Chart) -> Seen:
    first = next((p for p in chart.picture.remissions if p.number == 1 and p.stated), None)
    if first is None or first.until is None or first.until.latest < first.since.earliest:
        why = chart.picture.first_remission.because or "no relapse with a date after it"
        return Seen(frozenset(Remission1), (), why)
    possible = remission_bands(first.since, first.until)
    return Seen(possible, first.sources, f"{first.since} to {first.until}")


def _from_therapy(chart: Chart) -> Seen:
    picture = chart.picture
    relapsed, diagnosed = picture.relapse_date.value, picture.diagnosed.value
    start = picture.lines[0].start if picture.lines else None
    if start is None or relapsed is None or diagnosed is None:
        return Seen(frozenset(FromTherapy), (), "the start of initial therapy or the relapse has no date")
    latest = diagnosed.latest + timedelta(days=START_WITHIN_DAYS)
    if not diagnosed.earliest <= start.earliest <= latest:
        return Seen(
            frozenset(FromTherapy), picture.lines[0].sources, "no start of initial therapy is on record"
        )
    months = (whole_months(start.latest, relapsed.earliest), whole_months(start.earliest, relapsed.latest))
    possible = frozenset(FromTherapy.BELOW_18 if m < EARLY_MONTHS else FromTherapy.FROM_18 for m in months)
    return Seen(possible, (*picture.lines[0].sources, *picture.relapse_date.evidence), f"from {start}")


def _salvage(chart: Chart) -> Seen:
    """From relapses and the response to the last reinduction; changes of drugs do not count (project's)."""
    number, refractory = chart.picture.relapse_number, chart.picture.refractory
    evidence = tuple(dict.fromkeys((*number.evidence, *refractory.evidence)))
    order = list(Salvage)
    if number.value is None or number.value < 1:
        possible = {Salvage.SECOND, Salvage.LATER} if chart.picture.relapses > 1 else set(order)
        return Seen(frozenset(possible), evidence, number.because or "no relapse is on record")
    failed = {Answer.YES: (1,), Answer.NO: (0,), Answer.UNKNOWN: (0, 1)}[Answer.of(refractory.value)]
    possible = {order[min(number.value - 1 + more, len(order) - 1)] for more in failed}
    return Seen(frozenset(possible), evidence, refractory.because if len(possible) > 1 else None)


PHASE = Aspect(
    "phaseAtTransplant", "disease phase", Phase, _phase, "record relapses, reinduction and the response to it"
)
DONOR_CMV = Aspect(
    "donorCmv", "donor CMV positive", YesNo, _donor_cmv, "CMV serology of the donor, from the transplant team"
)
MARROW_BLASTS = Aspect(
    "marrowBlasts",
    "marrow blasts",
    MarrowBlasts,
    _marrow_blasts,
    "bone marrow with blast count",
    (Test.MARROW,),
)
TRANSPLANT_AGE = Aspect(
    "ageForTransplantScore",
    "age",
    TransplantAge,
    lambda chart: _aged(chart, PartialDate.on(chart.picture.on), TransplantAge, _TRANSPLANT_AGES),
    "record the date of birth",
)
RELAPSE_AGE = Aspect(
    "ageAtRelapse",
    "age at relapse",
    RelapseAge,
    lambda chart: _aged(chart, chart.picture.relapse_date.value, RelapseAge, _RELAPSE_AGES),
    "record the dates of birth and of relapse",
)
REMISSION_1 = Aspect(
    "firstRemissionMonths",
    "length of the first remission",
    Remission1,
    _first_remission,
    "record the dates of first remission and first relapse",
)
PLATELETS = Aspect("platelets", "platelets", Platelets, _platelets, "blood count", (Test.BASELINE_LABS,))
ALBUMIN = Aspect("albumin", "serum albumin", Albumin, _albumin, "serum albumin", (Test.BASELINE_LABS,))
SALVAGE = Aspect(
    "salvage", "rescue therapy", Salvage, _salvage, "record each relapse and the response to its treatment"
)
FROM_THERAPY = Aspect(
    "monthsFromInitialTherapy",
    "from initial therapy to relapse",
    FromTherapy,
    _from_therapy,
    "record the start of initial therapy and the date of relapse",
)
