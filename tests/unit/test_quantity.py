"""Numbers with units become intervals in our unit, or are refused; a unit is never guessed."""

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.interval import Interval
from service.fhir.elements import Quantity
from service.fhir.quantity import (
    COUNT_CEILING,
    FRACTION,
    PER_UL,
    PERCENT,
    UnitError,
    to_interval,
    with_limits,
)


def share(value: float | None, unit: str | None = None, code: str | None = None, **more: str) -> Interval:
    """A fraction of cells, as an MRD result is read."""
    return to_interval(Quantity(value=value, unit=unit, code=code, **more), FRACTION, 1.0)


def count(value: float, unit: str | None = None, code: str | None = None) -> Interval:
    """Cells per microlitre."""
    return to_interval(Quantity(value=value, unit=unit, code=code), PER_UL, COUNT_CEILING)


def percent(value: float, unit: str | None = None, code: str | None = None) -> Interval:
    """A share of cells in percent."""
    return to_interval(Quantity(value=value, unit=unit, code=code), PERCENT, 100.0)


# ---- units -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "fraction"),
    [
        (0.01, "%", 1e-4),
        (0.1, "%", 1e-3),
        (100, "%", 1.0),
        (5, "10*-4", 5e-4),
        (5, "10^-4", 5e-4),
        (5, "10*-5", 5e-5),
        (5, "10*-6", 5e-6),
        (500, "{cells}/10*6", 5e-4),
        (500, "/10*6", 5e-4),
        (500, "[ppm]", 5e-4),
        (0.0005, "1", 5e-4),
        (0, "%", 0.0),
    ],
)
def test_every_unit_of_a_fraction_is_converted(value: float, unit: str, fraction: float) -> None:
    assert share(value, code=unit) == Interval.exactly(fraction)
    assert share(value, unit=unit) == Interval.exactly(fraction)


@pytest.mark.parametrize(
    ("value", "unit", "fraction"),
    [
        (0.05, " % ", 5e-4),
        (0.05, "\uff05", 5e-4),
        (5, "10\u207b\u2074", 5e-4),
        (50, "cells per million", 5e-5),
        (50, "cells/10\u2076", 5e-5),
    ],
)
def test_a_fraction_in_printed_signs(value: float, unit: str, fraction: float) -> None:
    assert share(value, unit=unit) == Interval.exactly(fraction)


@pytest.mark.parametrize(
    ("value", "unit", "cells"),
    [
        (5, "/\u00b5L", 5),
        (5, "cells/\u03bcL", 5),
        (5, "\u00d7 10\u2076/L", 5),
        (0.005, "10\u00b3/\u00b5L", 5),
        (0.005, "\u00d710\u2079/L", 5),
        (0.005, "x10^9/L", 5),
        (0.005, " K/uL", 5),
    ],
)
def test_a_count_in_printed_signs(value: float, unit: str, cells: float) -> None:
    assert count(value, unit=unit) == Interval.exactly(cells)


@pytest.mark.parametrize(
    "unit", ["10\u2074", "103/uL", "10\u2075/\u00b5L", "\u00b5", "x%", "k/uL", "\u207b\u2074", "mL"]
)
def test_signs_are_not_guessed(unit: str) -> None:
    for read in (share, count):
        with pytest.raises(UnitError):
            read(5, unit=unit)


def test_a_threshold_stays_a_threshold_after_conversion() -> None:
    """0.1 % times 0.01 must not land beside 1e-3: the group hangs on it."""
    assert share(0.1, "%").at_least(1e-3) is Answer.YES
    assert share(0.07, "%") == Interval.exactly(0.0007)


@pytest.mark.parametrize(
    ("value", "unit", "cells"),
    [
        (5, "/uL", 5),
        (5, "{cells}/uL", 5),
        (5, "10*6/L", 5),
        (5, "/mm3", 5),
        (0.005, "10*3/uL", 5),
        (0.005, "10*9/L", 5),
        (5, "cells/uL", 5),
        (5, "#/uL", 5),
        (5, "/cumm", 5),
    ],
)
def test_counts_by_ucum_and_by_the_names_laboratories_use(value: float, unit: str, cells: float) -> None:
    assert count(value, unit) == Interval.exactly(cells)


def test_k_per_ul_means_thousands_and_not_kelvin() -> None:
    assert count(1.2, "K/uL") == Interval.exactly(1200)
    assert count(1.2, unit="K/uL", code="10*3/uL") == Interval.exactly(1200)


@pytest.mark.parametrize("unit", [None, "", "mg/dL", "percentage of blasts", "%%", "cells", "K/L"])
def test_without_a_unit_that_is_understood_there_is_no_number(unit: str | None) -> None:
    for read in (share, percent, count):
        with pytest.raises(UnitError):
            read(0.01, unit)


@pytest.mark.parametrize("unit", ["%{IS}", "{ratio}", "{log10}", "%{ratio}", "log", "{copies}/mL", "K/uL"])
def test_ratios_logs_and_the_international_scale_are_no_fraction_of_cells(unit: str) -> None:
    for place in ({"unit": unit}, {"code": unit}, {"unit": unit, "code": unit}):
        with pytest.raises(UnitError):
            share(0.05, **place)


def test_a_unit_of_another_measure_is_refused() -> None:
    with pytest.raises(UnitError):
        count(5, "%")
    with pytest.raises(UnitError):
        percent(5, "/uL")
    with pytest.raises(UnitError):
        percent(5, "10*-4")


@pytest.mark.parametrize(
    ("unit", "code"),
    [("%", "10*-4"), ("10*-4", "%"), ("%", "1"), ("%", "g/dL")],
)
def test_unit_and_code_that_disagree_are_refused(unit: str, code: str) -> None:
    with pytest.raises(UnitError, match="disagree"):
        share(0.05, unit, code)


@pytest.mark.parametrize(
    "word", ["%{IS}", "%IS", "% IS", "%(IS)", "log10", "Log reduction", "{ratio}", "fold", "copies"]
)
@pytest.mark.parametrize("known", ["%", "1", "10*-4"])
def test_a_log_a_ratio_or_the_international_scale_is_refused_whatever_stands_beside_it(
    word: str, known: str
) -> None:
    for unit, code in ((word, known), (known, word)):
        with pytest.raises(UnitError, match="log, ratio or scale"):
            share(0.5, unit, code)


@pytest.mark.parametrize("printed", ["percent blasts", "% of cells", "cells"])
def test_a_harmless_printed_unit_does_not_hide_a_known_code(printed: str) -> None:
    assert share(5, printed, "%") == Interval.exactly(0.05)


# ---- comparators -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comparator", "interval"),
    [
        ("<", Interval(0.0, 1e-3, high_open=True)),
        ("<=", Interval(0.0, 1e-3)),
        (">", Interval(1e-3, 1.0, low_open=True)),
        (">=", Interval(1e-3, 1.0)),
    ],
)
def test_a_comparator_is_a_bound_not_a_number(comparator: str, interval: Interval) -> None:
    assert share(0.1, "%", comparator=comparator) == interval


@pytest.mark.parametrize("comparator", ["~", "ad", "less", "=", ""])
def test_a_comparator_that_fhir_does_not_know_is_refused(comparator: str) -> None:
    with pytest.raises(ValueError, match="comparator"):
        share(0.1, "%", comparator=comparator)


def test_bounds_answer_only_what_they_settle() -> None:
    assert share(0.1, "%", comparator="<").at_least(1e-3) is Answer.NO
    assert share(0.1, "%", comparator="<=").at_least(1e-3) is Answer.UNKNOWN
    assert share(1, "%", comparator="<").at_least(1e-3) is Answer.UNKNOWN
    assert share(0.01, "%", comparator=">").at_least(1e-3) is Answer.UNKNOWN
    assert share(0.1, "%", comparator=">").at_least(1e-3) is Answer.YES


# ---- values ------------------------------------------------------------------------------------


def test_no_value_is_no_zero() -> None:
    with pytest.raises(ValueError, match="no value"):
        share(None, "%")


@pytest.mark.parametrize("value", [-0.001, 100.001, 640.0, 1e308])
def test_a_value_outside_its_measure_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="range"):
        percent(value, "%")


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_the_ends_of_the_measure_belong_to_it(value: float) -> None:
    assert percent(value, "%") == Interval.exactly(value)


# ---- limits of detection and quantification ----------------------------------------------------


def test_not_detected_is_below_the_limit_of_detection_and_no_more() -> None:
    assert with_limits(Interval.exactly(0.0), 1e-4, None) == Interval(0.0, 1e-4)
    assert with_limits(Interval.exactly(0.0), 1e-2, None) == Interval(0.0, 1e-2)


def test_not_detected_by_a_test_of_unknown_limit_says_nothing() -> None:
    assert with_limits(Interval.exactly(0.0), None, None) is None
    assert with_limits(Interval.exactly(0.0), None, 1e-4) is None


def test_a_number_below_the_limit_of_detection_is_not_a_number() -> None:
    assert with_limits(Interval.exactly(5e-5), 1e-4, 1e-3) == Interval(0.0, 1e-4)


def test_a_number_at_the_limits_counts() -> None:
    assert with_limits(Interval.exactly(1e-4), 1e-4, 1e-4) == Interval.exactly(1e-4)


def test_between_the_limits_it_is_detected_and_below_the_upper_one() -> None:
    found = with_limits(Interval.exactly(5e-5), 1e-5, 1e-4)
    assert found == Interval(0.0, 1e-4, low_open=True, high_open=True)
    assert found is not None
    assert found.above(0.0) is Answer.YES
    assert found.at_least(1e-4) is Answer.NO


def test_a_bound_keeps_what_the_laboratory_said() -> None:
    bound = Interval(0.0, 1e-4, high_open=True)
    assert with_limits(bound, 1e-5, None) == bound
    above = Interval(1e-2, 1.0, low_open=True)
    assert with_limits(above, 1e-4, 1e-4) == above


def test_a_poor_limit_leaves_the_threshold_open() -> None:
    """Undetectable at 1 % is not below 0.1 %."""
    found = with_limits(Interval.exactly(0.0), 1e-2, None)
    assert found is not None
    assert found.at_least(1e-3) is Answer.UNKNOWN
