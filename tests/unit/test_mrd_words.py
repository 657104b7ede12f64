"""The words around a residual disease result: method and time point, only where they are stated."""

from typing import Any

import pytest

from cds_rules.patient.timeline import MrdResult, ProblemKind, TimePoint
from service.fhir.mrd_words import method_of, time_point_of
from tests.unit.observations import BARE, FLOW, LABELLED, Json, coded, mrd, observation, percent, read


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("MRD, end of block 1", TimePoint.END_OF_BLOCK_1),
        ("MRD at the end of Block I", TimePoint.END_OF_BLOCK_1),
        ("End of reinduction MRD", TimePoint.END_OF_BLOCK_1),
        ("End of re-induction block 1", TimePoint.END_OF_BLOCK_1),
        ("Day 29 of block 1", TimePoint.END_OF_BLOCK_1),
        ("MRD after block 2", TimePoint.LATER_BLOCK),
        ("MRD after consolidation", TimePoint.AFTER_CONSOLIDATION),
        ("pre-HSCT MRD", TimePoint.BEFORE_TRANSPLANT),
        ("MRD prior to allogeneic transplant", TimePoint.BEFORE_TRANSPLANT),
        ("MRD day 28 post CAR-T", TimePoint.DAY_28_AFTER_CAR_T),
        ("Day +28 after CAR T-cell infusion", TimePoint.DAY_28_AFTER_CAR_T),
        ("post-CAR-T, day 28", TimePoint.DAY_28_AFTER_CAR_T),
        ("month 3 after CAR-T", TimePoint.MONTH_3_AFTER_CAR_T),
        ("3 months post CAR T", TimePoint.MONTH_3_AFTER_CAR_T),
    ],
)
def test_a_time_point_is_read_where_it_is_stated(text: str, label: TimePoint) -> None:
    assert time_point_of(text)[0] is label


@pytest.mark.parametrize(
    "text",
    [
        "MRD by flow",
        "end of induction",
        "day 29",
        "day +28",
        "day 280 after CAR-T",
        "month 30 after CAR-T",
        "end of block 10",
        "transplant MRD",
        "CAR-T MRD",
        "block 1",
        "end of block 1 or before HSCT",
        "",
    ],
)
def test_no_time_point_is_guessed(text: str) -> None:
    """Day 29 of which course? The date decides. Of two time points nobody can tell which is meant."""
    assert time_point_of(text)[0] is None


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("MRD by flow cytometry", "flow"),
        ("clonoSEQ MRD", "ngs"),
        ("MRD, next generation sequencing", "ngs"),
        ("IG/TR RQ-PCR", "pcr"),
        ("MRD", None),
        ("MRD by flow and PCR", None),
        ("overflow", None),
    ],
)
def test_the_method(text: str, method: str | None) -> None:
    assert method_of(text) == method


def named(code: tuple[str, str], text: str, **members: Any) -> Json:
    whole = observation(code, valueQuantity=percent(0.05), **{"valueString": ..., **members})
    if "valueString" in members:
        del whole["valueQuantity"]
    return {**whole, "code": {**coded(code), "text": text}}


def result(resource: Json) -> MrdResult:
    (found,) = read(resource).mrd
    return found


@pytest.mark.parametrize("text", ["MRD, end of block 1", "MRD end of re-induction, day 29"])
def test_the_name_of_a_test_tells_its_time_point(text: str) -> None:
    assert result(named(FLOW, text)).time_point == "end of block 1"


def test_the_text_of_a_result_tells_its_time_point() -> None:
    found = mrd(FLOW, valueString="End of block 1: 0.05 %")
    assert (found.time_point, found.fraction.high) == ("end of block 1", 5e-4)
    assert mrd(FLOW, valueString="Day 29: 0.05 %").time_point is None


def test_the_method_comes_from_the_site_file_the_element_or_the_name() -> None:
    assert mrd(FLOW, valueQuantity=percent(0.05)).method == "flow"
    assert result(named(BARE, "MRD by flow")).method == "flow"
    element = {"coding": [{"code": "NGS"}]}
    assert result(named(BARE, "MRD by flow", method=element)).method == "ngs"
    assert mrd(BARE, valueQuantity=percent(0.05)).method is None


@pytest.mark.parametrize(
    "resource",
    [
        named(LABELLED, "pre-HSCT MRD"),
        observation(LABELLED, valueString="before HSCT: 0.05 %"),
        named(FLOW, "MRD, end of block 1", valueString="before HSCT: 0.05 %"),
        named(FLOW, "MRD by NGS"),
        named(FLOW, "MRD", method={"text": "clonoSEQ"}),
    ],
    ids=["label and name", "label and value", "name and value", "method and name", "method and element"],
)
def test_words_that_contradict_the_site_file_or_each_other_leave_the_result_out(resource: Json) -> None:
    timeline = read(resource)
    assert timeline.mrd == ()
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.UNREADABLE, ("Observation/o1",))
    ]
