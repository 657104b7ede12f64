"""Which marrow MRD counts at day 28, on repeat and from month 3 after CAR-T, and what it leaves possible."""

from typing import Any

import pytest

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import MrdResult, Part, Route, TimePoint
from cds_rules.treatment.aspect import Aspect, YesNo
from cds_rules.treatment.aspects.mrd_after_car_t import (
    CONVENTIONAL,
    FLOW,
    NGS_DAY28,
    NGS_LATEST,
    NGS_MONTH3,
    NGS_REPEAT,
    NGS_RISING,
    PCR_DAY28,
    PCR_LATEST,
    Conventional,
    Flow,
    Ngs,
    Pcr,
    PcrNow,
)
from tests.unit.advice_charts import seen
from tests.unit.car_t_charts import after_car_t, infused, mrd, on_day

NEG, POS, NO_CLONE, NOT_DONE = Ngs.NEGATIVE, Ngs.POSITIVE, Ngs.NO_CLONE, Ngs.NOT_DONE
EVERY = set(Ngs)
TINY = Interval(0.0, 1e-6, low_open=True, high_open=True)
"""Detected below the limit of quantitation."""
ALL = [
    NGS_DAY28,
    NGS_REPEAT,
    NGS_MONTH3,
    NGS_LATEST,
    NGS_RISING,
    PCR_DAY28,
    PCR_LATEST,
    FLOW,
    CONVENTIONAL,
]


def found(aspect: Aspect, days: int, *results: MrdResult, **record: Any) -> set[Any]:
    return set(seen(aspect, after_car_t(mrd=results, **record), on_day(days)).possible)


@pytest.mark.parametrize(
    ("fraction", "answer"),
    [
        (0.0, {NEG}),
        (TINY, {POS}),
        (1e-6, {POS}),
        (Interval(0.0, 1e-6), {NEG}),
        (Interval(0.0, 1e-5), {NEG}),
        (Interval(0.0, 1.1e-5), {NEG, POS}),
        (Interval(0.0, 1e-6, high_open=True), {NEG, POS}),
    ],
)
def test_any_level_is_positive_and_less_than_x_is_neither(
    fraction: float | Interval, answer: set[Ngs]
) -> None:
    assert found(NGS_DAY28, 40, mrd(28, fraction)) == answer


@pytest.mark.parametrize(("taken", "counts"), [(20, False), (21, True), (42, True), (43, False)])
def test_day_28_is_day_21_to_42(taken: int, counts: bool) -> None:
    assert (found(NGS_DAY28, 100, mrd(taken, 1e-5)) == {POS}) is counts


@pytest.mark.parametrize(
    ("days", "answer"),
    [(20, {NOT_DONE}), (21, EVERY), (42, EVERY), (43, {NO_CLONE, NOT_DONE})],
)
def test_none_on_record_at_day_28(days: int, answer: set[Ngs]) -> None:
    assert found(NGS_DAY28, days) == answer


def test_a_clone_that_was_followed_is_informative() -> None:
    assert found(NGS_DAY28, 100, mrd(60, 0.0)) == {NOT_DONE}


def test_a_label_wins_over_the_days() -> None:
    early = mrd(45, 1e-5, time_point=TimePoint.DAY_28_AFTER_CAR_T)
    late = mrd(70, 1e-5, time_point=TimePoint.MONTH_3_AFTER_CAR_T)
    assert found(NGS_DAY28, 100, early) == {POS}
    assert found(NGS_REPEAT, 100, early, late) == {NOT_DONE}
    assert found(NGS_MONTH3, 100, late) == {POS}


@pytest.mark.parametrize(("taken", "counts"), [(42, False), (43, True), (74, True), (75, False)])
def test_a_repeat_lies_between_day_28_and_month_3(taken: int, counts: bool) -> None:
    assert (found(NGS_REPEAT, 100, mrd(taken, 1e-5)) == {POS}) is counts


def test_a_second_result_of_day_28_is_a_repeat() -> None:
    two = (mrd(25, 1e-5), mrd(40, 0.0))
    assert found(NGS_DAY28, 42, *two) == {POS}
    assert found(NGS_REPEAT, 42, *two) == {NEG}


@pytest.mark.parametrize(("taken", "counts"), [(74, False), (75, True), (300, True)])
def test_month_3_is_from_day_75_on(taken: int, counts: bool) -> None:
    assert (found(NGS_MONTH3, 300, mrd(taken, 1e-5)) == {POS}) is counts


@pytest.mark.parametrize(("days", "answer"), [(74, {NOT_DONE}), (75, EVERY), (300, EVERY)])
def test_none_on_record_at_month_3_may_still_come(days: int, answer: set[Ngs]) -> None:
    assert found(NGS_MONTH3, days) == answer


def test_positive_then_negative_from_month_3_on_leaves_both() -> None:
    assert found(NGS_MONTH3, 200, mrd(90, 1e-5), mrd(180, 0.0)) == {NEG, POS}
    assert found(NGS_MONTH3, 200, mrd(90, 0.0), mrd(180, 1e-5)) == {POS}


def test_the_latest_by_sequencing() -> None:
    assert found(NGS_LATEST, 100) == {NO_CLONE, NOT_DONE}
    assert found(NGS_LATEST, 100, mrd(28, 1e-5), mrd(90, 0.0)) == {NEG}
    assert found(NGS_LATEST, 100, mrd(28, 1e-5), mrd(90, 0.0, "flow")) == {POS}


@pytest.mark.parametrize(("age", "answer"), [(120, {NEG}), (121, {NEG, POS})])
def test_a_negative_result_by_sequencing_holds_for_120_days(age: int, answer: set[Ngs]) -> None:
    assert found(NGS_LATEST, 28 + age, mrd(28, 0.0)) == answer


def test_an_old_positive_result_by_sequencing_stays() -> None:
    assert found(NGS_LATEST, 400, mrd(28, 1e-5)) == {POS}


@pytest.mark.parametrize("aspect", [NGS_MONTH3, NGS_LATEST], ids=lambda a: a.id)
@pytest.mark.parametrize("method", ["flow", "pcr", None])
def test_a_negative_result_yields_to_a_later_positive_one(aspect: Aspect, method: str | None) -> None:
    assert found(aspect, 130, mrd(90, 0.0), mrd(120, 1e-3, method)) == {NEG, POS}
    assert found(aspect, 130, mrd(90, 0.0), mrd(90, 1e-3, method)) == {NEG, POS}
    assert found(aspect, 130, mrd(90, 0.0), mrd(89, 1e-3, method)) == {NEG}
    assert found(aspect, 130, mrd(90, 0.0), mrd(120, 0.0, method)) == {NEG}


@pytest.mark.parametrize("taken", [20, 21])
def test_what_lies_before_day_21_does_not_tell_of_the_response(taken: int) -> None:
    counts = taken >= 21
    assert (found(PCR_LATEST, 40, mrd(taken, 1e-3, "pcr")) == {PcrNow.POSITIVE}) is counts
    assert (found(FLOW, 40, mrd(taken, 0.0, "flow")) == {Flow.BELOW}) is counts
    assert (found(NGS_RISING, 40, mrd(taken, 0.0), mrd(28, 1e-5)) == {YesNo.YES}) is counts


@pytest.mark.parametrize(("age", "answer"), [(120, {Flow.BELOW}), (121, set(Flow))])
def test_flow_below_the_line_holds_for_120_days(age: int, answer: set[Flow]) -> None:
    assert found(FLOW, 28 + age, mrd(28, 0.0, "flow")) == answer


@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [
        (1e-6, 1e-5, {YesNo.YES}),
        (0.0, TINY, {YesNo.YES}),
        (1e-5, 1e-5, {YesNo.NO}),
        (1e-5, 0.0, {YesNo.NO}),
        (TINY, 1e-6, {YesNo.YES}),
        (TINY, TINY, set(YesNo)),
        (Interval(0.0, 1e-6), 1e-7, set(YesNo)),
    ],
)
def test_a_rise_between_the_last_two(
    first: float | Interval, second: float | Interval, answer: set[YesNo]
) -> None:
    assert found(NGS_RISING, 100, mrd(20, 0.5), mrd(28, first), mrd(60, second)) == answer


def test_one_result_shows_no_rise_and_excludes_none() -> None:
    assert found(NGS_RISING, 100, mrd(28, 1e-5)) == set(YesNo)


@pytest.mark.parametrize(
    ("on", "results", "answer"),
    [
        (100, (mrd(28, Interval(0.0, 1e-6)), mrd(90, Interval(0.0, 1e-6))), {YesNo.NO}),
        (100, (mrd(28, 1e-5), mrd(90, Interval(0.0, 1e-6))), {YesNo.NO}),
        (100, (mrd(28, Interval(0.0, 1e-6)),), {YesNo.NO}),
        (148, (mrd(28, Interval(0.0, 1e-6)),), {YesNo.NO}),
        (149, (mrd(28, Interval(0.0, 1e-6)),), set(YesNo)),
        (100, (mrd(28, Interval(0.0, 1e-6, high_open=True)),), set(YesNo)),
        (100, (mrd(28, Interval(0.0, 1e-6)), mrd(90, 1e-4, route=Route.TEXT)), set(YesNo)),
        (100, (mrd(28, Interval(0.0, 1e-6)), mrd(90, 1e-4, None)), set(YesNo)),
        (100, (mrd(28, 1e-4, None), mrd(90, Interval(0.0, 1e-6))), {YesNo.NO}),
    ],
    ids=str,
)
def test_nothing_rises_while_the_last_result_finds_nothing(
    on: int, results: tuple[MrdResult, ...], answer: set[YesNo]
) -> None:
    """Not detected is what a chart holds of a good course: an open rise would hide the advice on it."""
    assert found(NGS_RISING, on, *results) == answer


@pytest.mark.parametrize(
    ("fraction", "answer"),
    [
        (1e-4, {Pcr.UP_TO}),
        (1.01e-4, {Pcr.ABOVE}),
        (Interval(0.0, 1e-4), {Pcr.UP_TO}),
        (Interval(1e-4, 1.0), {Pcr.UP_TO, Pcr.ABOVE}),
    ],
)
def test_pcr_at_day_28_is_read_above_1e_4(fraction: float | Interval, answer: set[Pcr]) -> None:
    assert found(PCR_DAY28, 40, mrd(28, fraction, "pcr")) == answer


def test_pcr_not_done() -> None:
    assert found(PCR_DAY28, 42) == set(Pcr)
    assert found(PCR_DAY28, 43) == {Pcr.NOT_DONE}
    assert found(PCR_LATEST, 43) == {PcrNow.NOT_DONE}
    assert found(PCR_LATEST, 60, mrd(28, 0.01, "pcr"), mrd(60, 0.0, "pcr")) == {PcrNow.NEGATIVE}
    assert found(PCR_LATEST, 60, mrd(28, 1e-4, "pcr")) == {PcrNow.POSITIVE}


@pytest.mark.parametrize(
    ("fraction", "answer"),
    [
        (9.9e-5, {Flow.BELOW}),
        (1e-4, {Flow.FROM}),
        (Interval(0.0, 1e-4), {Flow.BELOW}),
        (Interval(0.0, 1e-3), set(Flow)),
        (Interval(0.0, 1.0, low_open=True), set(Flow)),
    ],
)
def test_flow_is_read_at_1e_4(fraction: float | Interval, answer: set[Flow]) -> None:
    assert found(FLOW, 40, mrd(28, fraction, "flow")) == answer


def test_no_flow_and_a_later_result_of_unknown_method_leave_it_open() -> None:
    assert found(FLOW, 40, mrd(28, 0.0)) == set(Flow)
    assert found(FLOW, 60, mrd(28, 0.0, "flow"), mrd(50, 1e-3, None)) == set(Flow)


def conventional(days: int, *results: tuple[int, float | Interval]) -> set[Any]:
    return found(CONVENTIONAL, days, *(mrd(taken, fraction, "flow") for taken, fraction in results))


def test_mrd_returned_only_if_it_was_negative_before() -> None:
    recurred, never = Conventional.RECURRED, Conventional.PERSISTENT
    assert conventional(100, (28, 0.0), (90, 1e-4)) == {recurred}
    assert conventional(100, (28, 1e-3), (90, 1e-4)) == {never}
    assert conventional(100, (28, 1e-3), (90, 0.0)) == {Conventional.NEGATIVE}
    assert conventional(100, (42, 1e-3)) == {never}
    assert conventional(100, (43, 1e-3)) == {recurred, never}
    assert conventional(100, (28, 0.0), (90, 5e-5)) == {Conventional.NEGATIVE, recurred}
    assert conventional(100) == set(Conventional)


@pytest.mark.parametrize(("age", "holds"), [(120, True), (121, False)])
def test_a_negative_result_holds_for_120_days(age: int, holds: bool) -> None:
    assert (conventional(28 + age, (28, 0.0)) == {Conventional.NEGATIVE}) is holds


def test_any_positive_result_of_the_last_day_is_a_recurrence() -> None:
    results = (mrd(28, 0.0, "flow"), mrd(90, 0.0, "flow"), mrd(90, 1e-3, "pcr"))
    assert found(CONVENTIONAL, 100, *results) == {Conventional.RECURRED}


@pytest.mark.parametrize(
    "result",
    [mrd(28, 1e-5, None), mrd(28, 1e-5, route=Route.TEXT)],
    ids=["method not told", "text"],
)
def test_a_result_that_may_be_the_one_leaves_it_open(result: MrdResult) -> None:
    assert found(NGS_DAY28, 100, result) == EVERY


def test_blood_and_results_before_the_infusion_do_not_count() -> None:
    assert found(NGS_DAY28, 100, mrd(28, 1e-5, marrow=False)) == {NO_CLONE, NOT_DONE}
    assert found(NGS_LATEST, 100, mrd(0, 1e-5)) == {NO_CLONE, NOT_DONE}


@pytest.mark.parametrize("aspect", ALL, ids=lambda a: a.id)
def test_unread_results_or_no_day_of_infusion_leave_all(aspect: Aspect) -> None:
    results = (mrd(28, 0.0), mrd(28, 0.0, "flow"), mrd(28, 0.0, "pcr"), mrd(90, 0.0))
    assert found(aspect, 100, *results, missing={Part.LABORATORY: "not read"}) == set(aspect.values)
    undated = after_car_t(infused(None), mrd=results)
    assert set(seen(aspect, undated, on_day(100)).possible) == set(aspect.values)


def test_an_infusion_dated_by_the_month_leaves_the_edge_of_a_window_open() -> None:
    by_month = after_car_t(infused("2025-09"), mrd=(mrd(43, 1e-5),))
    assert set(seen(NGS_DAY28, by_month, on_day(100)).possible) == EVERY
