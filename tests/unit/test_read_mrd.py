"""MRD results: an interval of fractions, or nothing; with method, specimen and label of their local code."""

from typing import Any

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
    NO_VALUE,
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


# ---- no value, and what stands in its place ----------------------------------------------------------

ANYTHING_FOUND = Interval(0.0, 1.0, low_open=True)


@pytest.mark.parametrize(
    "reason",
    [
        {"text": "POSITIVE [Above upper LoQ]"},
        {"text": "Detected"},
        {"coding": [{"system": NO_VALUE, "code": "as-text", "display": "Positive"}]},
        coded(DETECTED),
    ],
)
def test_a_positive_may_stand_in_the_place_of_a_value(reason: Json) -> None:
    """It gives no number: anything above none."""
    assert mrd(FLOW, dataAbsentReason=reason).fraction == ANYTHING_FOUND
    assert mrd(BARE, dataAbsentReason=reason).fraction == ANYTHING_FOUND


@pytest.mark.parametrize("reason", [{"text": "Not detected"}, {"text": "Below LoD"}, coded(NOT_DETECTED)])
def test_a_negative_that_is_stated_there_needs_the_limit_of_the_test(reason: Json) -> None:
    assert mrd(FLOW, dataAbsentReason=reason).fraction == Interval(0.0, 1e-4)
    assert left_out(BARE, dataAbsentReason=reason) == (ProblemKind.UNREADABLE,)


@pytest.mark.parametrize("code", ["not-performed", "unknown", "error", "masked", "unsupported", "as-text"])
@pytest.mark.parametrize("more", [{}, {"interpretation": [coded((INTERPRETATION, "NEG"))]}])
def test_a_missing_value_is_no_negative(code: str, more: Json) -> None:
    reason = coded((NO_VALUE, code))
    timeline = read(observation(FLOW, dataAbsentReason=reason, **more))
    assert timeline.mrd == ()
    (problem,) = timeline.problems
    assert (problem.resources, "no result" in problem.text) == (("Observation/o1",), True)


@pytest.mark.parametrize(
    ("code", "found"), [("unknown", True), ("as-text", True), ("not-performed", False), ("error", False)]
)
def test_a_positive_interpretation_of_a_test_that_was_made_counts(code: str, found: bool) -> None:
    members = {
        "dataAbsentReason": coded((NO_VALUE, code)),
        "interpretation": [coded((INTERPRETATION, "POS"))],
    }
    if found:
        assert mrd(FLOW, **members).fraction == ANYTHING_FOUND
    else:
        assert left_out(FLOW, **members) == (ProblemKind.UNREADABLE,)


@pytest.mark.parametrize(
    "members",
    [
        {"dataAbsentReason": {"text": "see report"}},
        {"dataAbsentReason": {"text": "0.01 %"}},
        {"dataAbsentReason": {"text": "Positive", "coding": [{"display": "Negative"}]}},
        {
            "dataAbsentReason": {"text": "Positive"},
            "interpretation": [coded((INTERPRETATION, "NEG"))],
        },
    ],
)
def test_a_reason_that_says_nothing_or_two_things_is_left_out(members: Json) -> None:
    assert left_out(FLOW, **members) == (ProblemKind.UNREADABLE,)


def test_a_reason_does_not_speak_beside_a_value() -> None:
    found = mrd(FLOW, valueQuantity=percent(0.05), dataAbsentReason={"text": "Negative"})
    assert found.fraction == Interval.exactly(5e-4)


# ---- interpretations ---------------------------------------------------------------------------------


def interpreted(code: str, **members: Any) -> Json:
    return {"interpretation": [coded((INTERPRETATION, code))], **members}


@pytest.mark.parametrize(
    ("members", "fraction"),
    [
        (interpreted("<", valueQuantity=percent(0.01)), Interval(0.0, 1e-4)),
        (interpreted(">", valueQuantity=percent(5)), Interval(5e-2, 1.0)),
        (interpreted("<", valueQuantity=percent(0.01, comparator="<")), Interval(0.0, 1e-4, high_open=True)),
        (interpreted("N", valueQuantity=percent(0.05)), Interval.exactly(5e-4)),
        (interpreted("DET"), ANYTHING_FOUND),
        (interpreted("ND"), Interval(0.0, 1e-4)),
    ],
)
def test_an_interpretation_may_say_that_a_number_is_the_end_of_the_scale(
    members: Json, fraction: Interval
) -> None:
    assert mrd(FLOW, **members).fraction == fraction


@pytest.mark.parametrize(
    "members",
    [
        interpreted(">", valueQuantity=percent(0.01, comparator="<")),
        {**interpreted("<"), "interpretation": [coded((INTERPRETATION, "<"), (INTERPRETATION, ">"))]}
        | {"valueQuantity": percent(0.01)},
        interpreted("IND", valueQuantity=percent(0.01)),
        interpreted("E", valueString="Positive"),
        interpreted("N"),
        interpreted("A"),
        interpreted("<"),
    ],
)
def test_an_interpretation_that_contradicts_or_says_nothing_leaves_it_out(members: Json) -> None:
    assert left_out(FLOW, **members) == (ProblemKind.UNREADABLE,)


# ---- answers and components ---------------------------------------------------------------------------


def test_answers_of_loinc_are_answers() -> None:
    assert mrd(FLOW, valueCodeableConcept=coded((LOINC, "LA9633-4"))).fraction == ANYTHING_FOUND
    assert mrd(FLOW, valueCodeableConcept=coded((LOINC, "LA9634-2"))).fraction == Interval(0.0, 1e-4)
    both = coded((LOINC, "LA9633-4"), (LOINC, "LA9634-2"))
    assert left_out(FLOW, valueCodeableConcept=both) == (ProblemKind.UNREADABLE,)


def part(code: Json, **value: Json) -> Json:
    return {"code": code, **value}


@pytest.mark.parametrize("panel", [FLOW, ("urn:lab", "PANEL")])
def test_a_result_may_be_a_component(panel: tuple[str, str]) -> None:
    """Of a panel that is mapped, or of one that nobody knows."""
    components = [
        part({"text": "Events"}, valueQuantity={"value": 500000}),
        part(coded(FLOW), valueQuantity=percent(0.05)),
    ]
    assert mrd(panel, component=components).fraction == Interval.exactly(5e-4)


def test_a_component_may_be_known_by_its_words_only() -> None:
    components = [part({"text": "Bone marrow MRD"}, valueQuantity=percent(0.05))]
    found = mrd(("urn:lab", "PANEL"), component=components)
    assert (found.route, found.marrow, found.source) == (Route.TEXT, True, "Observation/o1")


@pytest.mark.parametrize(
    "components",
    [
        [],
        [part(coded(FLOW))],
        [
            part(coded(FLOW), valueQuantity=percent(0.05)),
            part({"text": "MRD"}, valueQuantity=percent(5)),
        ],
    ],
    ids=["none", "empty", "two"],
)
def test_a_panel_of_no_result_or_of_two_is_left_out(components: list[Json]) -> None:
    assert left_out(FLOW, component=components) == (ProblemKind.UNREADABLE,)


def test_a_value_of_the_panel_itself_wins_over_its_components() -> None:
    components = [part(coded(FLOW), valueQuantity=percent(5))]
    assert mrd(FLOW, valueQuantity=percent(0.05), component=components).fraction == Interval.exactly(5e-4)


@pytest.mark.parametrize(
    "components",
    [7, "x", [7], [{"code": 7}], [{"subject": {"reference": "Patient/q"}, "code": {"text": "MRD"}}]],
)
def test_components_of_no_shape_are_no_results(components: object) -> None:
    assert read(observation(("urn:lab", "PANEL"), component=components)).mrd == ()


@pytest.mark.parametrize(
    ("name", "specimen", "place"),
    [
        ("MRD by flow, peripheral blood", None, (False, True)),
        ("MRD, CSF", None, (False, True)),
        ("MRD by flow, bone marrow", None, (False, False)),
        ("MRD by flow", None, (False, False)),
        ("MRD by flow, blood", "Bone marrow", (True, False)),
    ],
)
def test_the_name_of_a_test_may_tell_that_it_is_not_from_marrow(
    name: str, specimen: str | None, place: tuple[bool, bool]
) -> None:
    """Only the specimen or the site file makes a mapped result one of marrow."""
    sample = {"specimen": {"display": specimen}} if specimen else {}
    whole = observation(BARE, valueQuantity=percent(0.05), **sample)
    (found,) = read({**whole, "code": {**coded(BARE), "text": name}}).mrd
    assert (found.marrow, found.elsewhere) == place


def test_a_mapped_marrow_test_that_is_called_one_of_blood_is_not_used() -> None:
    whole = observation(FLOW, valueQuantity=percent(0.05))
    timeline = read({**whole, "code": {**coded(FLOW), "text": "MRD by flow, peripheral blood"}})
    assert (timeline.mrd, [p.kind for p in timeline.problems]) == ((), [ProblemKind.UNREADABLE])
