"""Laws of dates, intervals and clocks, against brute force over every single day."""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate, add_months, whole_months
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import EndOfTreatment
from cds_rules.risk.case import AfterTreatment, FromCr1, FromDiagnosis, Timing
from cds_rules.risk.facts import ALL_TIMINGS, patterns, timings

Dates = tuple[PartialDate, PartialDate | None, EndOfTreatment | None, PartialDate | None]
"""Relapse, diagnosis, end of treatment, first remission."""

DAYS = st.dates(date(2015, 1, 1), date(2021, 12, 31)) | st.sampled_from(
    [
        date(y, m, d)
        for y in (2016, 2018, 2020)
        for m, d in ((1, 31), (2, 28), (8, 29), (8, 30), (8, 31), (11, 30))
    ]
    + [date(2016, 2, 29), date(2020, 2, 29)]
)
NUDGE = st.integers(-4, 4)
WIDTH = st.sampled_from([0, 0, 1, 3, 30])


def later(day: date, months: int) -> date:
    """A calendar of its own: the same day of a later month, or the last one there is."""
    years, month = divmod(day.month - 1 + months, 12)
    for number in range(day.day, 0, -1):
        try:
            return date(day.year + years, month + 1, number)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")


def _days(when: PartialDate) -> Iterator[date]:
    for n in range((when.latest - when.earliest).days + 1):
        yield when.earliest + timedelta(days=n)


def _span(middle: date, nudge: int, width: int) -> PartialDate:
    first = middle + timedelta(days=nudge)
    return PartialDate(first, first + timedelta(days=width))


def _diagnosis_band(diagnosed: date, relapse: date) -> FromDiagnosis:
    if relapse < later(diagnosed, 18):
        return FromDiagnosis.BEFORE_18
    if relapse < later(diagnosed, 36):
        return FromDiagnosis.BEFORE_36
    return FromDiagnosis.AT_36 if relapse == later(diagnosed, 36) else FromDiagnosis.AFTER_36


def _by_hand(
    relapse: PartialDate,
    diagnosed: PartialDate | None,
    treatment: EndOfTreatment | None,
    cr1: PartialDate | None,
) -> set[Timing]:
    """Every combination of exact days; a diagnosis after the relapse is no combination."""
    found: set[Timing] = set()
    for day in _days(relapse):
        first = set(FromDiagnosis)
        if diagnosed is not None:
            first = {_diagnosis_band(start, day) for start in _days(diagnosed) if start <= day}
        second = set(AfterTreatment)
        if treatment is not None and treatment.completed is not None:
            lates = {day >= later(end, 6) for end in _days(treatment.completed)}
            second = {AfterTreatment.FROM_6 if late else AfterTreatment.BEFORE_6 for late in lates}
        elif treatment is not None:
            second = {AfterTreatment.BEFORE_6}
        third = set(FromCr1)
        if cr1 is not None:
            lates = {day >= later(start, 30) for start in _days(cr1)}
            third = {FromCr1.FROM_30 if late else FromCr1.BEFORE_30 for late in lates}
        found.update(Timing(*clocks) for clocks in product(first, second, third))
    return found


@st.composite
def dated(
    draw: st.DrawFn,
) -> Dates:
    """Dates that lie close to the boundaries, each a day or a few; some are missing."""
    start = draw(DAYS)
    day = later(start, draw(st.sampled_from([0, 17, 18, 30, 36])))
    relapse = _span(day, draw(NUDGE), draw(WIDTH))
    diagnosed = draw(st.none() | st.builds(_span, st.just(start), NUDGE, WIDTH))
    ended = draw(st.none() | st.builds(_span, st.just(later(day, -6)), NUDGE, WIDTH))
    treatment = (
        draw(st.sampled_from([None, EndOfTreatment(True)])) if ended is None else EndOfTreatment(False, ended)
    )
    cr1 = draw(st.none() | st.builds(_span, st.just(later(day, -30)), NUDGE, WIDTH))
    if diagnosed is not None and diagnosed.earliest > relapse.latest:
        diagnosed = None
    return relapse, diagnosed, treatment, cr1


@settings(max_examples=400, deadline=None)
@given(dates=dated())
@example(dates=(PartialDate.parse("2022-02-28"), PartialDate.parse("2020-08"), None, None))
@example(dates=(PartialDate.parse("2023-01"), PartialDate.parse("2020-01"), None, None))
def test_the_clocks_are_those_of_every_possible_day(
    dates: Dates,
) -> None:
    relapse = dates[0]
    found, wanted = timings(*dates), _by_hand(*dates)
    assert wanted <= found
    # No day is 36 months before a 29 February, except another 29 February. No scheme can tell: on either
    # side of "exactly 36" lies a band of the same group.
    leap = any((day.month, day.day) == (2, 29) for day in _days(relapse))
    assert {t for t in found - wanted if not (leap and t.from_diagnosis is FromDiagnosis.AT_36)} == set()


@settings(max_examples=60, deadline=None)
@given(relapse=st.builds(_span, DAYS, NUDGE, WIDTH))
def test_with_nothing_but_the_relapse_date_every_clock_is_open(relapse: PartialDate) -> None:
    assert timings(relapse, None, None, None) == ALL_TIMINGS


@settings(max_examples=150, deadline=None)
@given(dates=dated(), earlier=st.integers(0, 3), after=st.integers(0, 3))
def test_a_less_exact_relapse_date_rules_nothing_out(
    dates: Dates,
    earlier: int,
    after: int,
) -> None:
    relapse, diagnosed, treatment, cr1 = dates
    wider = PartialDate(relapse.earliest - timedelta(days=earlier), relapse.latest + timedelta(days=after))
    assert timings(*dates) <= timings(wider, diagnosed, treatment, cr1)


@settings(max_examples=300, deadline=None)
@given(start=DAYS, months=st.integers(-40, 60))
def test_months_are_added_as_on_a_calendar(start: date, months: int) -> None:
    assert add_months(start, months) == later(start, months)


@settings(max_examples=300, deadline=None)
@given(start=DAYS, months=st.integers(-40, 60), nudge=NUDGE)
def test_whole_months_are_the_most_that_fit(start: date, months: int, nudge: int) -> None:
    end = later(start, months) + timedelta(days=nudge)
    count = whole_months(start, end)
    assert later(start, count) <= end < later(start, count + 1)


@settings(max_examples=200, deadline=None)
@given(start=DAYS, months=st.integers(0, 60))
def test_a_later_start_never_has_more_months_behind_it(start: date, months: int) -> None:
    end = later(start, months)
    assert whole_months(start + timedelta(days=1), end) <= whole_months(start, end)


@settings(max_examples=150, deadline=None)
@given(day=DAYS, length=st.sampled_from([4, 7, 10]))
def test_a_date_is_written_as_it_was_read(day: date, length: int) -> None:
    text = day.isoformat()[:length]
    read = PartialDate.parse(text)
    assert str(read) == text
    assert read.earliest <= day <= read.latest
    assert read.exact is (length == 10)


NUMBERS = st.sampled_from([0.0, 0.0001, 0.0005, 0.000999, 0.001, 0.0011, 0.01, 0.5, 1.0])


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Intervals that hold at least one number."""
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    wide = low < high
    return Interval(low, high, wide and draw(st.booleans()), wide and draw(st.booleans()))


def _samples(interval: Interval, bound: float) -> list[float]:
    """Numbers inside: the ends, their neighbours, the middle, and the bound with its neighbours."""
    low, high = interval.low, interval.high
    around = [n for x in (low, high, bound) for n in (x, math.nextafter(x, -9), math.nextafter(x, 9))]
    inside = [n for n in (*around, (low + high) / 2) if low <= n <= high]
    return [
        n for n in inside if not (interval.low_open and n == low) and not (interval.high_open and n == high)
    ]


@settings(max_examples=400, deadline=None)
@given(interval=intervals(), bound=NUMBERS)
def test_an_interval_answers_for_all_its_numbers(interval: Interval, bound: float) -> None:
    numbers = _samples(interval, bound)
    assert interval.at_least(bound) is Answer.over(n >= bound for n in numbers)
    assert interval.above(bound) is Answer.over(n > bound for n in numbers)


@settings(max_examples=200, deadline=None)
@given(sign=st.sampled_from([None, "<", "<=", ">", ">="]), value=NUMBERS, number=NUMBERS)
def test_a_comparator_means_what_it_says(sign: str | None, value: float, number: float) -> None:
    told = {
        None: number == value,
        "<": number < value,
        "<=": number <= value,
        ">": number > value,
        ">=": number >= value,
    }[sign]
    interval = Interval.compared(sign, value, 1.0)
    above_low = number > interval.low if interval.low_open else number >= interval.low
    below_high = number < interval.high if interval.high_open else number <= interval.high
    # "<0" and ">1" say nothing that can be true; they are read as the end of the scale.
    impossible = (sign, value) in (("<", 0.0), (">", 1.0))
    assert (above_low and below_high) is (number == value if impossible else told)


ANSWERS = list(product(Answer, repeat=4))


@pytest.mark.parametrize("answers", ANSWERS, ids=["-".join(a.name[0] for a in row) for row in ANSWERS])
def test_patterns_are_those_of_every_way_the_sites_may_be(answers: tuple[Answer, ...]) -> None:
    ways = product(*([True, False] if a is Answer.UNKNOWN else [a is Answer.YES] for a in answers))
    wanted = set()
    for marrow, cns, testis, other in ways:
        if marrow:
            wanted.add("combined" if cns or testis or other else "isolated marrow")
        elif cns and not testis and not other:
            wanted.add("isolated CNS")
        elif testis and not cns and not other:
            wanted.add("isolated testis")
        elif cns or testis or other:
            wanted.add("other isolated extramedullary")
    everything = {
        "isolated marrow",
        "combined",
        "isolated CNS",
        "isolated testis",
        "other isolated extramedullary",
    }
    assert {str(p) for p in patterns(answers)} == (wanted or everything)
