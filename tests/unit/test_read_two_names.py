"""Results whose code and words, or whose several codes, name different places or tests."""

import pytest

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, PatientTimeline, ProblemKind, Route
from tests.unit.observations import (
    CSF_BLASTS,
    CSF_WBC,
    FLOW,
    LOINC,
    MARROW,
    RED_CELLS,
    Json,
    coded,
    observation,
    percent,
    read,
)

BLOOD_BLASTS, WBC = (LOINC, "26446-5"), (LOINC, "26464-8")
COUNT = {"value": 2.0, "unit": "K/uL"}


def told(code: Json, value: Json) -> PatientTimeline:
    return read({**observation(MARROW, valueQuantity=value), "code": code})


def called(code: tuple[str, str], text: str) -> Json:
    return {**coded(code), "text": text}


def unused(timeline: PatientTimeline) -> bool:
    """Is there no result, and one problem that names it?"""
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.UNREADABLE, ("Observation/o1",))
    ]
    return timeline.measurements == () and timeline.mrd == ()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (MARROW, "Blasts, peripheral blood"),
        (BLOOD_BLASTS, "Blasts, bone marrow aspirate"),
        (CSF_BLASTS, "Blasts, blood"),
    ],
)
@pytest.mark.parametrize("as_display", [False, True])
def test_a_share_of_blasts_called_by_another_place_is_not_used(
    code: tuple[str, str], text: str, as_display: bool
) -> None:
    display = {"coding": [{"system": code[0], "code": code[1], "display": text}]}
    assert unused(told(display if as_display else called(code, text), percent(80)))


@pytest.mark.parametrize("text", ["Leukocytes in CSF", "WBC, spinal fluid"])
def test_a_blood_count_called_by_the_spinal_fluid_is_not_used(text: str) -> None:
    """Stored files label 26464-8, which is blood, "Leukocytes in CSF"."""
    assert unused(told(called(WBC, text), COUNT))


@pytest.mark.parametrize(
    ("code", "text", "value"),
    [
        (MARROW, "Blasts, BM", percent(80)),
        (MARROW, "Blasts/100 cells", percent(80)),
        (WBC, "White blood cell count", COUNT),
        (WBC, "Leukocytes [#/volume] in Blood", COUNT),
        (CSF_WBC, "White blood cells, CSF", COUNT),
        (CSF_WBC, "White blood cell count", COUNT),
        (RED_CELLS, "Red blood cells", COUNT),
        (MARROW, "Blasts, marrow and peripheral blood", percent(80)),
    ],
)
def test_other_words_change_nothing(code: tuple[str, str], text: str, value: Json) -> None:
    timeline = told(called(code, text), value)
    assert ([m.readable for m in timeline.measurements], timeline.problems) == ([True], ())


@pytest.mark.parametrize("codes", [(MARROW, BLOOD_BLASTS), (BLOOD_BLASTS, MARROW), (WBC, CSF_WBC)])
def test_codes_of_different_tests_on_one_result_are_not_used(codes: tuple[tuple[str, str], ...]) -> None:
    assert unused(told(coded(*codes), percent(80)))


def test_codes_of_one_test_on_one_result_are_one() -> None:
    both = coded((LOINC, "26465-5"), (LOINC, "58470-6"))
    (found,) = told(both, COUNT).measurements
    assert (found.measure, found.value) == (Measure.CSF_LEUKOCYTES, Interval.exactly(2000.0))


@pytest.mark.parametrize("order", [1, -1])
def test_the_code_that_the_site_maps_wins_over_an_international_one(order: int) -> None:
    """MRD has no LOINC: a laboratory that sends one of blasts beside its own code means its own."""
    both = coded(*[MARROW, FLOW][::order])
    timeline = told(both, percent(0.05))
    assert timeline.measurements == ()
    assert [(m.fraction, m.route) for m in timeline.mrd] == [(Interval.exactly(5e-4), Route.SITE)]
