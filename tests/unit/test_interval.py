import math

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.interval import Interval

LINE = 1e-3


@pytest.mark.parametrize(
    ("comparator", "percent", "expected"),
    [
        (None, 0.0999, Answer.NO),
        (None, 0.1, Answer.YES),
        (None, 0.1001, Answer.YES),
        (None, 0.0, Answer.NO),
        ("<", 0.01, Answer.NO),
        ("<", 0.1, Answer.NO),
        ("<", 0.11, Answer.UNKNOWN),
        ("<", 1.0, Answer.UNKNOWN),
        ("<=", 0.0999, Answer.NO),
        ("<=", 0.1, Answer.UNKNOWN),
        (">", 0.05, Answer.UNKNOWN),
        (">", 0.1, Answer.YES),
        (">=", 0.0999, Answer.UNKNOWN),
        (">=", 0.1, Answer.YES),
    ],
)
def test_a_result_against_the_line_of_a_tenth_of_a_percent(
    comparator: str | None, percent: float, expected: Answer
) -> None:
    assert Interval.compared(comparator, percent / 100, 1.0).at_least(LINE) is expected


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (Interval.exactly(25.0), Answer.NO),
        (Interval.exactly(25.1), Answer.YES),
        (Interval(25.0, 100.0), Answer.UNKNOWN),
        (Interval(25.0, 100.0, low_open=True), Answer.YES),
        (Interval(0.0, 25.0), Answer.NO),
        (Interval(0.0, 25.5, high_open=True), Answer.UNKNOWN),
    ],
)
def test_above_leaves_the_bound_itself_out(interval: Interval, expected: Answer) -> None:
    assert interval.above(25.0) is expected


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_a_value_the_measure_cannot_take_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="outside the range"):
        Interval.compared(None, value, 1.0)


@pytest.mark.parametrize("comparator", ["~", "=", "ad", ""])
def test_an_unknown_comparator_is_refused(comparator: str) -> None:
    with pytest.raises(ValueError, match="unknown comparator"):
        Interval.compared(comparator, 0.5, 1.0)


@pytest.mark.parametrize(("low", "high"), [(2.0, 1.0), (math.nan, 1.0), (0.0, math.nan)])
def test_what_is_no_interval_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="not an interval"):
        Interval(low, high)


def test_another_unit_keeps_the_open_ends() -> None:
    assert Interval(1.0, 5.0, True, False).scaled(100) == Interval(100.0, 500.0, True, False)


def test_the_ends_of_the_scale_are_never_an_empty_interval() -> None:
    assert Interval.compared("<", 0.0, 1.0) == Interval(0.0, 0.0)
    assert Interval.compared(">", 1.0, 1.0) == Interval(1.0, 1.0)


@pytest.mark.parametrize(
    ("comparator", "expected"),
    [
        (None, Interval(0.5, 0.5)),
        ("<", Interval(0.0, 0.5, high_open=True)),
        ("<=", Interval(0.0, 0.5)),
        (">", Interval(0.5, 2.0, low_open=True)),
        (">=", Interval(0.5, 2.0)),
    ],
)
def test_a_bound_reaches_to_the_end_of_the_scale(comparator: str | None, expected: Interval) -> None:
    assert Interval.compared(comparator, 0.5, 2.0) == expected


def test_both_ends_of_the_scale_are_values_of_the_measure() -> None:
    assert Interval.compared(None, 0.0, 2.0) == Interval.exactly(0.0)
    assert Interval.compared(None, 2.0, 2.0) == Interval.exactly(2.0)
