"""Texts of results that look like another result than they are."""

import pytest

from service.fhir.result_text import Kind, TextResult, parse_fraction
from tests.unit.test_result_text import E4, fraction


@pytest.mark.parametrize(
    "text",
    [
        "No MRD result",
        "No MRD specimen",
        "no residual disease sample",
        "No MRD level",
        "no minimal residual disease results",
        "Positive?",
        "Negative ?",
        "0.01 %?",
    ],
)
def test_a_result_that_is_missing_or_questioned_is_none(text: str) -> None:
    """ "No MRD result" denies the result, not the disease."""
    assert parse_fraction(text) is None


@pytest.mark.parametrize("text", ["10e-4", "<10E-4", "10 e-5"])
def test_ten_with_an_exponent_is_ambiguous(text: str) -> None:
    """By the rules of numbers 10e-4 is 1e-3; on reports it is how 10^-4 is typed. A tenfold difference."""
    assert parse_fraction(text) is None


@pytest.mark.parametrize("text", ["0.01 % (1 x 10-4)", "1E-4 (0.01%)", "MRD 0.01 %, 100 ppm"])
def test_one_number_in_two_spellings_is_one(text: str) -> None:
    assert fraction(text) == E4


@pytest.mark.parametrize("text", ["0.01 % (1 x 10-3)", "<0.01 % (1 x 10-4)", "0.01 % and 0.02 %"])
def test_two_numbers_are_none(text: str) -> None:
    assert parse_fraction(text) is None


@pytest.mark.parametrize(
    "text", ["Undetectable at 10^-5", "MRD negative at 1E-5", "Not detected at a level of 10 ppm"]
)
def test_not_detected_at_a_level_names_the_limit_of_the_test(text: str) -> None:
    assert parse_fraction(text) == TextResult(Kind.NOT_DETECTED, lod=1e-5)


def test_a_status_is_a_heading() -> None:
    assert parse_fraction("MRD status: negative") == TextResult(Kind.NOT_DETECTED)
