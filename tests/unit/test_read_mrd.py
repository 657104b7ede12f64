"""MRD results: an interval of fractions, or nothing; with method, specimen and label of their local code."""

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import MrdResult, ProblemKind, Route
from service.fhir.to_timeline import to_timeline
from tests.unit.observations import (
    BARE,
    BLOOD,
    DETECTED,
    FLOW,
    INTERPRETATION,
    LABELLED,
    LOINC,
    NOT_DETECTED,
    SCT,
    Json,
    coded,
    left_out,
    mrd,
    observation,
    percent,
    read,
)


def test_mrd_carries_method_specimen_and_label_of_its_local_code() -> None:
    assert mrd(FLOW, valueQuantity=percent(0.05)) == MrdResult(
        "Observation/o1",
        PartialDate.parse("2025-06-15"),
        Interval.exactly(5e-4),
        True,
        "flow",
        None,
        Route.SITE,
    )
    assert mrd(LABELLED, valueQuantity=percent(0.05)).time_point == "end of block 1"


def test_mrd_without_a_specimen_is_not_known_to_be_marrow() -> None:
    assert mrd(BARE, valueQuantity=percent(0.05)).marrow is False
    assert mrd(BLOOD, valueQuantity=percent(0.05)).marrow is False


def test_mrd_takes_its_specimen_from_the_result_where_the_code_says_none() -> None:
    assert mrd(BARE, valueQuantity=percent(0.05), specimen={"display": "Bone marrow"}).marrow is True
    assert mrd(BARE, valueQuantity=percent(0.05), specimen={"display": "Blood"}).marrow is False


@pytest.mark.parametrize(
    ("members", "fraction"),
    [
        ({"valueQuantity": percent(0.05)}, Interval.exactly(5e-4)),
        ({"valueQuantity": {"value": 5, "code": "10*-4"}}, Interval.exactly(5e-4)),
        ({"valueQuantity": percent(0.01, comparator="<")}, Interval(0.0, 1e-4, high_open=True)),
        ({"valueQuantity": percent(1, comparator=">")}, Interval(1e-2, 1.0, low_open=True)),
        ({"valueQuantity": percent(0)}, Interval(0.0, 1e-4)),
        ({"valueQuantity": percent(0.005)}, Interval(0.0, 1e-4)),
        ({"valueCodeableConcept": coded(NOT_DETECTED)}, Interval(0.0, 1e-4)),
        ({"valueCodeableConcept": coded(DETECTED)}, Interval(0.0, 1.0, low_open=True)),
    ],
)
def test_mrd_in_each_form_is_an_interval(members: Json, fraction: Interval) -> None:
    assert mrd(FLOW, **members).fraction == fraction


@pytest.mark.parametrize(
    "members", [{"valueQuantity": percent(0)}, {"valueCodeableConcept": coded(NOT_DETECTED)}]
)
def test_negative_by_a_test_of_unknown_limit_is_left_out(members: Json) -> None:
    assert left_out(BARE, **members) == (ProblemKind.UNREADABLE,)


def test_below_a_number_with_a_positive_interpretation_is_detected() -> None:
    found = mrd(
        FLOW,
        valueQuantity={"value": 1, "comparator": "<", "code": "10*-6"},
        interpretation=[coded((INTERPRETATION, "POS"))],
    )
    assert found.fraction.above(0.0) is Answer.YES


@pytest.mark.parametrize(
    "members",
    [
        {"valueCodeableConcept": coded(DETECTED, NOT_DETECTED)},
        {"valueCodeableConcept": coded((SCT, "82334004"))},
        {"valueString": "see report"},
        {"valueString": "log reduction 3.9"},
        {"valueString": "0.01"},
        {"valueQuantity": percent(0.5), "interpretation": [coded((INTERPRETATION, "NEG"))]},
        {},
    ],
)
def test_mrd_that_contradicts_itself_or_says_nothing_is_left_out(members: Json) -> None:
    assert left_out(FLOW, **members) == (ProblemKind.UNREADABLE,)


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("0.05 %", Interval.exactly(5e-4)),
        ("5 x 10-4", Interval.exactly(5e-4)),
        ("<0.01 %", Interval(0.0, 1e-4, high_open=True)),
        ("Negative", Interval(0.0, 1e-4)),
        ("Not detected (LOD 0.001 %)", Interval(0.0, 1e-5)),
        ("Positive", Interval(0.0, 1.0, low_open=True)),
        ("Positive, below LOQ", Interval(0.0, 1.0, low_open=True)),
        ("Positive, below LOQ (LOQ 0.01 %)", Interval(0.0, 1e-4, low_open=True, high_open=True)),
    ],
)
@pytest.mark.parametrize("where", ["valueString", "valueCodeableConcept"])
def test_mrd_in_words(text: str, fraction: Interval, where: str) -> None:
    """The limit of detection is the one the text names, else that of the local code."""
    value = {where: text if where == "valueString" else {"text": text}}
    assert mrd(FLOW, **value).fraction == fraction


@pytest.mark.parametrize("text", ["Negative", "Not detected", "No evidence of residual disease", "0 %"])
def test_negative_in_words_by_a_test_of_unknown_limit_is_left_out(text: str) -> None:
    assert left_out(BARE, valueString=text) == (ProblemKind.UNREADABLE,)


@pytest.mark.parametrize(
    ("text", "interpretation", "agree"),
    [
        ("<0.01 %", "NEG", True),
        ("0.05 %", "POS", True),
        ("Positive", "POS", True),
        ("Negative", "NEG", True),
        ("0.05 %", "NEG", False),
        ("Positive", "NEG", False),
        ("Negative", "POS", False),
    ],
)
def test_words_and_interpretation_must_agree(text: str, interpretation: str, agree: bool) -> None:
    members = {"valueString": text, "interpretation": [coded((INTERPRETATION, interpretation))]}
    if agree:
        assert mrd(FLOW, **members).source == "Observation/o1"
    else:
        assert left_out(FLOW, **members) == (ProblemKind.UNREADABLE,)


@pytest.mark.parametrize("text", ["Indeterminate", "see report"])
def test_an_interpretation_does_not_speak_for_words_that_say_nothing(text: str) -> None:
    members = {"valueString": text, "interpretation": [coded((INTERPRETATION, "NEG"))]}
    assert left_out(FLOW, **members) == (ProblemKind.UNREADABLE,)


def test_no_loinc_code_is_taken_for_mrd() -> None:
    for code in ("67128-9", "101131-1"):
        assert read(observation((LOINC, code), valueQuantity=percent(0.05))).mrd == ()


def test_a_local_code_means_nothing_without_the_site_file() -> None:
    timeline = to_timeline([observation(FLOW, valueQuantity=percent(0.05))], "p")
    assert (timeline.mrd, timeline.problems) == ((), ())
