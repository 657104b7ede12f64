"""Residual disease written as text: every common spelling, and nothing guessed from any other."""

import math
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_rules.patient.interval import Interval
from service.fhir.result_text import MAX_LENGTH, Kind, TextResult, parse_fraction, says_nothing

E4 = Interval.exactly(1e-4)
BELOW_E4 = Interval(0.0, 1e-4, high_open=True)


def fraction(text: str) -> Interval | None:
    found = parse_fraction(text)
    assert found is not None
    assert found.kind is Kind.NUMBER
    return found.fraction


@pytest.mark.parametrize(
    "text",
    [
        "0.01 %",
        "0.01%",
        ".01 %",
        "0.01 percent",
        "1 x 10-4",
        "1x10-4",
        "1 x 10^-4",
        "1 x 10**-4",
        "1 x 10(-4)",
        "1 * 10^-4",
        "1 \N{MULTIPLICATION SIGN} 10\N{MINUS SIGN}4",
        "1 x 10\N{EN DASH}4",
        "1 x 10\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT FOUR}",
        "1E-4",
        "1e-04",
        "1.0 E-4",
        "10-4",
        "10^-4",
        "100 ppm",
        "100 cells per million",
        "100 residual clonal cells per million nucleated cells",
        "100/10^6",
        "MRD: 0.01 % of nucleated cells",
        "MRD by flow 0.01%",
        "Residual disease = 0.01 %",
        "  0.01\t%\n",
        "\N{FULLWIDTH DIGIT ONE} x 10-4",
    ],
)
def test_one_in_ten_thousand_in_each_spelling(text: str) -> None:
    assert fraction(text) == E4


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("<0.01%", BELOW_E4),
        ("< 0.01 %", BELOW_E4),
        ("<1E-4", BELOW_E4),
        ("< 1 x 10-4", BELOW_E4),
        ("<10-4", BELOW_E4),
        ("less than 0.01 %", BELOW_E4),
        ("more than 1 %", Interval(1e-2, 1.0, low_open=True)),
        (">1 %", Interval(1e-2, 1.0, low_open=True)),
        ("0 %", Interval.exactly(0.0)),
        ("0", Interval.exactly(0.0)),
        ("100 %", Interval.exactly(1.0)),
        ("12 ppm", Interval.exactly(1.2e-5)),
        ("5 x 10-5", Interval.exactly(5e-5)),
        ("Negative (<0.01 %)", BELOW_E4),
        ("Not detected, <0.01%", BELOW_E4),
        ("Positive 0.05 %", Interval.exactly(5e-4)),
        ("Detected: 5E-4", Interval.exactly(5e-4)),
        ("Positive, <0.01 %", Interval(0.0, 1e-4, low_open=True, high_open=True)),
    ],
)
def test_numbers_with_their_comparators_and_words(text: str, interval: Interval) -> None:
    assert fraction(text) == interval


@pytest.mark.parametrize("text", ["<= 0.1 %", "≤0.1 %", "<=1E-3"])
def test_at_most_is_not_below(text: str) -> None:
    """At the threshold of 0.1 % this is the difference between low and open."""
    assert fraction(text) == Interval(0.0, 1e-3)


@pytest.mark.parametrize("text", [">= 0.1 %", "≥0.1%"])
def test_at_least_the_threshold_is_not_below_it(text: str) -> None:
    found = fraction(text)
    assert found is not None
    assert (found.low, found.high) == (1e-3, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "Not detected",
        "NOT DETECTED",
        "Negative",
        "neg",
        "Undetectable",
        "None detected",
        "No evidence of",
        "No evidence of MRD",
        "No evidence of residual disease",
        "No evidence of minimal residual disease",
        "No evidence of leukemia",
        "No MRD detected",
        "No residual disease identified",
        "No blasts seen",
        "Absent",
        "MRD negative",
        "MRD by flow cytometry: negative",
        "Below LoD",
        "<LOD",
        "below the limit of detection",
        "Not detected [below LoD]",
    ],
)
def test_nothing_found(text: str) -> None:
    assert parse_fraction(text) == TextResult(Kind.NOT_DETECTED)


@pytest.mark.parametrize(
    "text",
    [
        "Positive",
        "POS",
        "Detected",
        "MRD detected",
        "Residual disease present",
        "POSITIVE [Above upper LoQ]",
        "> LOQ",
    ],
)
def test_something_found(text: str) -> None:
    assert parse_fraction(text) == TextResult(Kind.DETECTED)


@pytest.mark.parametrize(
    "text",
    [
        "Positive, below LOQ",
        "Positive below the limit of quantification",
        "Detected, <LOQ",
        "Positive, not quantifiable",
        "PNQ",
        "Positive, below quantitative range",
        "MRD detected (below LLOQ)",
    ],
)
def test_found_but_too_little_to_count(text: str) -> None:
    """Detectable is not negative."""
    assert parse_fraction(text) == TextResult(Kind.BELOW_LOQ)


@pytest.mark.parametrize(
    "text",
    [
        "Indeterminate",
        "Equivocal",
        "Inconclusive",
        "Insufficient",
        "Insufficient specimen",
        "Insufficient/hemodilute",
        "Hemodiluted",
        "Haemodilute",
        "Pending",
        "Not performed",
        "Not evaluable",
    ],
)
def test_no_answer_given(text: str) -> None:
    assert parse_fraction(text) == TextResult(Kind.INDETERMINATE)


@pytest.mark.parametrize(
    ("text", "kind", "lod", "loq"),
    [
        ("Not detected (LOD 0.01 %)", Kind.NOT_DETECTED, 1e-4, None),
        ("Negative, limit of detection: 1E-5", Kind.NOT_DETECTED, 1e-5, None),
        ("No MRD detected, sensitivity 10-4", Kind.NOT_DETECTED, 1e-4, None),
        ("Positive, below LOQ (LOQ 0.005 %)", Kind.BELOW_LOQ, None, 5e-5),
        ("Below LOD (0.01 %)", Kind.NOT_DETECTED, 1e-4, None),
        ("Not detected; LOD 0.001 %, LOQ 0.01 %", Kind.NOT_DETECTED, 1e-5, 1e-4),
    ],
)
def test_the_limits_of_the_test_are_no_results(
    text: str, kind: Kind, lod: float | None, loq: float | None
) -> None:
    assert parse_fraction(text) == TextResult(kind, None, lod, loq)


def test_a_number_keeps_the_limits_named_beside_it() -> None:
    assert parse_fraction("0.05 % (LOD 0.01 %)") == TextResult(Kind.NUMBER, Interval.exactly(5e-4), 1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "%",
        "see report",
        "0.01",
        "1",
        "120 %",
        "0,01 %",
        "1.000,5 %",
        "log reduction 3.9",
        "3.9 log",
        "MR4.5",
        "0.05 %IS",
        "0.05 % (IS)",
        "0.05 %{IS}",
        "0.05 % on the international scale",
        "ratio 0.05 %",
        "1:10000",
        "1/10000",
        "12 copies",
        "4-fold",
        "0.01-0.1 %",
        "0.01 % to 0.1 %",
        "0.01 % and 0.02 %",
        "previously 0.5 %, now <0.01 %",
        "prior: negative",
        "positive and negative",
        "negative, 0.02 %",
        "negative, >0.01 %",
        "positive 0 %",
        "indeterminate, 0.01 %",
        "insufficient, negative",
        "not negative",
        "not less than 0.01 %",
        "no more than 0.01 %",
        "not below LOD",
        "Positive, below LOD",
        "0.05 %, below LOD",
        "Negative, above LOQ",
        "LOD",
        "no longer detected",
        "cannot be excluded",
        "CD19-negative blasts 5 %",
        "5 % CD22 positive",
        "day 29: 0.01 %",
        "2025-06-15 0.01 %",
        "LOD 0.01 %",
        "LOQ >0.01 %, negative",
        "0.05 %, below LOQ",
        "0.01 % !x",
        "1E-4 %",
        "10-4 %",
        "1E4",
        "10-12",
    ],
)
def test_what_is_not_wholly_understood_or_contradicts_itself_is_nothing(text: str) -> None:
    assert parse_fraction(text) is None


@pytest.mark.parametrize("text", ["-0.01 %", "MRD: -1E-4", "- 5 ppm"])
def test_there_is_no_negative_fraction(text: str) -> None:
    assert parse_fraction(text) is None


def test_a_report_is_no_result() -> None:
    assert parse_fraction("negative" + " " * (MAX_LENGTH - 8)) == TextResult(Kind.NOT_DETECTED)
    assert parse_fraction("negative" + " " * (MAX_LENGTH - 7)) is None


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("MRD by flow cytometry:", True),
        ("Bone marrow", True),
        ("MRD negative", False),
        ("MRD 0.01 %", False),
        ("MRD log", False),
        ("MRD sent", False),
    ],
)
def test_a_heading_says_nothing(text: str, nothing: bool) -> None:
    assert says_nothing(text) is nothing


# ---- laws ----------------------------------------------------------------------------------------

WORDS = [
    "MRD",
    "negative",
    "positive",
    "not",
    "detected",
    "evidence",
    "of",
    "no",
    "residual",
    "disease",
    "flow",
    "LOD",
    "LOQ",
    "below",
    "above",
    "<",
    ">",
    "%",
    "percent",
    "x",
    "ppm",
    "e",
    "-",
    "(",
    ")",
    ";",
    ":",
    "=",
    "limit",
    "detection",
    "indeterminate",
    "log",
    "ratio",
    "IS",
    "cells",
    "per",
    "million",
    "marrow",
    "/",
    ".",
]


def has_digit(text: str) -> bool:
    return any(c.isnumeric() or c.isdigit() for c in unicodedata.normalize("NFKC", text))


@settings(deadline=None)
@given(st.text(max_size=250))
def test_no_text_raises_and_a_fraction_is_a_fraction(text: str) -> None:
    found = parse_fraction(text)
    if found is not None and found.fraction is not None:
        assert 0 <= found.fraction.low <= found.fraction.high <= 1
        assert not math.isnan(found.fraction.low)


@settings(deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(WORDS), max_size=10).map(" ".join),
        st.lists(st.sampled_from([*WORDS, "\u2212", "\u00d7", "\u2264", "\ufe6a"]), max_size=10).map("".join),
    ).filter(lambda text: not has_digit(text))
)
def test_no_number_comes_from_a_text_that_states_none(text: str) -> None:
    found = parse_fraction(text)
    if found is not None:
        assert (found.fraction, found.lod, found.loq) == (None, None, None)
        assert found.kind is not Kind.NUMBER


@settings(deadline=None)
@given(
    st.integers(1, 9_999_999),
    st.integers(0, 9),
    st.sampled_from(["", "<", ">", "MRD ", "positive ", "flow: ", "LOD ", "negative, sensitivity "]),
    st.sampled_from(["", " cells", " of marrow", " detected"]),
)
def test_a_number_without_a_unit_or_a_power_is_no_result(
    digits: int, places: int, before: str, after: str
) -> None:
    """0.05 may be a percentage or a fraction: a hundredfold error."""
    number = f"{digits / 10**places:.{places}f}"
    if float(number) == 0 or len(number.split(".", maxsplit=1)[0]) > 7:
        return
    assert parse_fraction(f"{before}{number}{after}") is None


@settings(deadline=None)
@given(st.integers(1, 99_999), st.integers(0, 6), st.sampled_from(["", "<", ">"]))
def test_a_percentage_means_what_it_says(digits: int, places: int, comparator: str) -> None:
    value = digits / 10**places
    found = parse_fraction(f"{comparator}{value:.{places}f} %")
    if value > 100:
        assert found is None
        return
    assert found is not None
    assert found.fraction is not None
    bounds = {"": (value, value), "<": (0.0, value), ">": (value, 100.0)}[comparator]
    assert (found.fraction.low, found.fraction.high) == pytest.approx([b / 100 for b in bounds], abs=1e-12)
