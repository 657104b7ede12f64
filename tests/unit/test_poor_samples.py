"""Samples that the laboratory doubts, and results that are about the test and not of it."""

from typing import Any

import pytest

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import ProblemKind
from tests.unit.observations import FLOW, LAB, MARROW, Json, measured, mrd, observation, percent, read

NAMED = (LAB, "unmapped")


def note(*texts: Any) -> Json:
    return {"note": [{"text": text} for text in texts]}


@pytest.mark.parametrize(
    "text",
    [
        "Specimen is hemodilute; result may underestimate MRD.",
        "Haemodiluted sample",
        "Suboptimal specimen",
        "Insufficient cells",
        "Dry tap",
    ],
)
def test_in_a_poor_sample_what_was_counted_is_the_least_it_may_be(text: str) -> None:
    assert mrd(valueQuantity=percent(0.02), **note(text)).fraction == Interval(2e-4, 1.0)
    assert mrd(valueQuantity=percent(0.01, comparator="<"), **note(text)).fraction == Interval(0.0, 1.0)
    assert measured(MARROW, valueQuantity=percent(2), **note(text)).value == Interval(2.0, 100.0)
    problems = read(observation(FLOW, valueQuantity=percent(0.02), **note(text))).problems
    assert [p.kind for p in problems] == [ProblemKind.CONFLICT]


@pytest.mark.parametrize("texts", [("Reviewed.",), ("Not hemodilute.",), (None,), ()])
def test_other_notes_change_nothing(texts: tuple[Any, ...]) -> None:
    assert mrd(valueQuantity=percent(0.02), **note(*texts)).fraction == Interval.exactly(2e-4)


@pytest.mark.parametrize("notes", ["hemodilute", {"text": "hemodilute"}, [4], [{"text": 4}]])
def test_a_note_of_the_wrong_shape_costs_nothing(notes: Any) -> None:
    assert mrd(valueQuantity=percent(0.02), note=notes).fraction == Interval.exactly(2e-4)


def test_a_report_that_doubts_its_sample_says_nothing_of_residual_disease() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": {"text": "Bone marrow flow"},
        "effectiveDateTime": "2025-06-15",
        "conclusion": "MRD negative (<0.01%). Hemodilute sample.",
    }
    timeline = read(report)
    assert timeline.mrd == ()
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


@pytest.mark.parametrize(
    "name",
    [
        "MRD bone marrow limit of detection",
        "MRD assay sensitivity, bone marrow",
        "MRD threshold",
        "MRD LOD",
        "MRD target",
        "MRD specimen adequacy",
        "MRD method",
    ],
)
def test_a_value_about_the_test_is_no_result(name: str) -> None:
    about = {**observation(NAMED, valueQuantity=percent(0.01)), "code": {"text": name}}
    assert (read(about).mrd, read(about).problems) == ((), ())


@pytest.mark.parametrize("name", ["MRD flow (sensitivity 0.01 %)", "MRD, LOD 10^-4", "MRD by flow"])
def test_a_limit_in_the_name_of_a_result_leaves_it_a_result(name: str) -> None:
    told = {**observation(NAMED, valueQuantity=percent(0.05)), "code": {"text": name}}
    assert [m.fraction for m in read(told).mrd] == [Interval.exactly(5e-4)]


def test_a_panel_with_its_limit_gives_its_result() -> None:
    limit = {"code": {"text": "MRD limit of detection"}, "valueQuantity": percent(0.01)}
    result = {"code": {"text": "MRD result"}, "valueQuantity": percent(0.05)}
    for parts in ([limit, result], [result, limit]):
        assert mrd(component=parts).fraction == Interval.exactly(5e-4)


@pytest.mark.parametrize("order", [1, -1])
def test_a_report_that_doubts_the_sample_opens_the_results_it_refers_to(order: int) -> None:
    """A laboratory writes it in the report as often as in a note."""
    result = observation(FLOW, valueQuantity=percent(0.01, comparator="<"))
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": {"text": "MRD by flow, bone marrow"},
        "effectiveDateTime": "2025-06-15",
        "conclusion": "MRD <0.01 %. Specimen is hemodilute; results may be falsely negative.",
        "result": [{"reference": "Observation/o1"}],
    }
    timeline = read(*(result, report)[::order])
    assert [(m.source, m.fraction) for m in timeline.mrd] == [("Observation/o1", Interval(0.0, 1.0))]
    doubts = [p.resources for p in timeline.problems if p.kind is ProblemKind.CONFLICT]
    assert doubts == [("Observation/o1", "DiagnosticReport/r1")]
