"""B-cell aplasia after CAR-T: present, lost and when, from counts on both sides of every line."""

from typing import Any

import pytest

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, Measurement, Part, Route
from cds_rules.treatment.aspects.b_cells import B_CELLS, BCells
from tests.unit.advice_charts import seen
from tests.unit.car_t_charts import after_car_t, cells, drug, infused, on_day

PRESENT, D63, M6 = BCells.PRESENT, BCells.LOST_63, BCells.LOST_6
M12, LATER = BCells.LOST_12, BCells.LOST_LATER
SHARE = Measure.B_CELL_SHARE
HALF, YEAR = 181, 365
"""Days from 1 September 2025 to the day 6 and 12 months later."""


def found(days: int, *counts: Measurement, **record: Any) -> set[Any]:
    return set(seen(B_CELLS, after_car_t(measurements=counts, **record), on_day(days)).possible)


@pytest.mark.parametrize(
    ("per_ul", "answer"),
    [
        (9.9, {PRESENT}),
        (10.0, {D63}),
        (75.0, {D63}),
        (Interval(0.0, 10.0, high_open=True), {PRESENT}),
        (Interval(0.0, 20.0), {PRESENT, D63}),
    ],
)
def test_fewer_than_10_per_ul_is_aplasia(per_ul: float | Interval, answer: set[BCells]) -> None:
    assert found(60, cells(60, per_ul)) == answer


@pytest.mark.parametrize(("taken", "counts"), [(20, False), (21, True)])
def test_counts_before_day_21_do_not_tell(taken: int, counts: bool) -> None:
    assert (found(40, cells(taken, 0.0)) == {PRESENT}) is counts


@pytest.mark.parametrize(
    ("low", "high", "lost"),
    [
        (28, 63, {D63}),
        (28, 64, {D63, M6}),
        (62, 64, {D63, M6}),
        (63, 64, {M6}),
        (150, HALF - 1, {M6}),
        (150, HALF, {M6, M12}),
        (HALF - 1, HALF + 10, {M12}),
        (HALF + 10, YEAR - 1, {M12}),
        (HALF + 10, YEAR, {M12, LATER}),
        (YEAR - 1, YEAR + 10, {M12, LATER}),
        (YEAR, YEAR + 10, {LATER}),
    ],
)
def test_it_was_lost_between_the_last_low_and_the_first_high_count(
    low: int, high: int, lost: set[BCells]
) -> None:
    assert found(high, cells(low, 0.0), cells(high, 50.0)) == lost
    assert found(high + 300, cells(low, 0.0), cells(high, 50.0)) == lost


def test_a_first_count_that_is_high_leaves_every_earlier_time() -> None:
    assert found(200, cells(200, 50.0)) == {D63, M6, M12}


@pytest.mark.parametrize(("age", "possible"), [(45, {PRESENT}), (46, {PRESENT, M6})])
def test_a_low_count_holds_for_45_days_at_first(age: int, possible: set[BCells]) -> None:
    assert found(70 + age, cells(70, 0.0)) == possible


@pytest.mark.parametrize(("age", "possible"), [(100, {PRESENT}), (101, {PRESENT, M12})])
def test_and_for_100_days_after_6_months(age: int, possible: set[BCells]) -> None:
    assert found(200 + age, cells(200, 0.0)) == possible


def test_recovered_and_aplastic_again_contradict() -> None:
    assert found(90, cells(28, 0.0), cells(60, 12.0), cells(90, 0.0)) == {PRESENT, D63}
    again = (cells(28, 0.0), cells(60, 12.0), cells(90, 0.0), cells(120, 80.0))
    assert found(120, *again) == {D63, M6}


def test_two_counts_of_one_day_that_disagree_leave_both() -> None:
    other = Measurement("Observation/other", cells(60, 0.0).when, Measure.B_CELLS, Interval.exactly(40.0))
    assert found(60, cells(60, 0.0), other) == {PRESENT, D63}


def test_a_share_of_zero_stands_in_and_any_other_share_does_not_settle() -> None:
    assert found(60, cells(60, 0.0, SHARE)) == {PRESENT}
    assert found(60, cells(60, 2.0, SHARE)) == {PRESENT, D63}
    assert found(60, cells(60, 0.0, SHARE), cells(60, 40.0)) == {D63}


@pytest.mark.parametrize("name", ["blinatumomab", "inotuzumab", "rituximab"])
def test_a_low_count_after_a_drug_that_takes_b_cells_tells_nothing(name: str) -> None:
    assert found(60, cells(60, 0.0), drugs=(drug(40, name),)) == {PRESENT, D63}
    assert found(60, cells(60, 0.0), drugs=(drug(-40, name),)) == {PRESENT}
    assert found(60, cells(60, 40.0), drugs=(drug(40, name),)) == {D63}


def test_what_is_missing_leaves_all() -> None:
    assert found(60) == set(BCells)
    assert found(60, cells(60, 0.0), missing={Part.LABORATORY: "not read"}) == set(BCells)
    assert found(60, cells(60, 0.0, route=Route.TEXT)) == set(BCells)
    assert found(60, cells(60, 40.0, readable=False)) == {PRESENT, D63}


def test_without_the_day_of_infusion_all_is_open() -> None:
    undated = after_car_t(infused(None), measurements=(cells(60, 0.0),))
    assert set(seen(B_CELLS, undated, on_day(60)).possible) == set(BCells)


def test_a_month_of_infusion_leaves_both_sides_of_a_line() -> None:
    by_month = after_car_t(infused("2025-09"), measurements=(cells(70, 0.0), cells(90, 50.0)))
    assert set(seen(B_CELLS, by_month, on_day(90)).possible) == {D63, M6}
