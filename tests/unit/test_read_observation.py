"""Results: which become a measurement, which may be anything, and which are named and left out."""

from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, Measurement, ProblemKind, Route, Status
from tests.unit.observations import (
    CSF_BLASTS,
    CSF_WBC,
    CYTOLOGY,
    DETECTED,
    FLOW,
    LOINC,
    MARROW,
    NO_VALUE,
    NOT_DETECTED,
    RED_CELLS,
    SCT,
    Json,
    coded,
    left_out,
    may_be_anything,
    measured,
    observation,
    percent,
    read,
)

# ---- measurements ------------------------------------------------------------------------------


def test_marrow_blasts() -> None:
    assert measured(MARROW, valueQuantity=percent(64)) == Measurement(
        "Observation/o1", PartialDate.parse("2025-06-15"), Measure.MARROW_BLASTS, Interval.exactly(64.0)
    )


def test_csf_leukocytes_and_blasts() -> None:
    cells = measured(CSF_WBC, valueQuantity={"value": 0.01, "unit": "K/uL"})
    assert (cells.measure, cells.value) == (Measure.CSF_LEUKOCYTES, Interval.exactly(10.0))
    blasts = measured(CSF_BLASTS, valueQuantity=percent(30))
    assert (blasts.measure, blasts.value) == (Measure.CSF_BLASTS, Interval.exactly(30.0))


@pytest.mark.parametrize(
    ("answer", "present"),
    [
        ("260373001", Answer.YES),
        ("10828004", Answer.YES),
        ("52101004", Answer.YES),
        ("260415000", Answer.NO),
        ("260385009", Answer.NO),
        ("2667000", Answer.NO),
    ],
)
def test_cytology_says_seen_or_not_seen(answer: str, present: Answer) -> None:
    found = measured(CYTOLOGY, valueCodeableConcept=coded((SCT, answer)))
    assert (found.measure, found.value.above(0.0), found.route) == (Measure.CSF_BLASTS, present, Route.SITE)


@pytest.mark.parametrize(
    "value",
    [
        {"valueCodeableConcept": coded((SCT, "82334004"))},
        {"valueCodeableConcept": coded((SCT, "42425007"))},
        {"valueCodeableConcept": coded(DETECTED, NOT_DETECTED)},
        {"valueCodeableConcept": {**coded((SCT, "82334004")), "text": "no blasts"}},
        {"valueCodeableConcept": coded(("urn:x", "260415000"))},
        {"valueString": "atypical cells, cannot exclude blasts"},
        {"valueString": "no blasts, suboptimal sample"},
        {"valueString": "no result"},
        {"valueString": "No blasts specimen"},
        {"valueString": "3 % blasts"},
        {"valueQuantity": percent(0)},
        {},
    ],
)
def test_cytology_that_says_neither_may_be_either(value: Json) -> None:
    assert may_be_anything(CYTOLOGY, **value) == (ProblemKind.UNREADABLE,)


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("blasts present", Answer.YES),
        ("Positive", Answer.YES),
        ("no blasts", Answer.NO),
        ("No leukemic blasts seen.", Answer.NO),
        ("Negative for malignant cells", Answer.NO),
        ("negative for malignancy", Answer.NO),
        ("No malignant cells identified", Answer.NO),
    ],
)
@pytest.mark.parametrize("shape", ["valueString", "valueCodeableConcept"])
def test_cytology_in_words_that_are_wholly_understood(shape: str, text: str, present: Answer) -> None:
    value: Any = text if shape == "valueString" else {"text": text}
    assert measured(CYTOLOGY, **{shape: value}).value.above(0.0) is present


def test_red_cells_in_the_spinal_fluid() -> None:
    found = measured(RED_CELLS, valueQuantity={"value": 9, "unit": "10*3/uL", "code": "10*3/uL"})
    assert (found.measure, found.value) == (Measure.CSF_RED_CELLS, Interval.exactly(9000.0))


def test_blood_codes_are_no_marrow_blasts() -> None:
    for code in ("26446-5", "709-6", "30376-8", "26464-8"):
        timeline = read(observation((LOINC, code), valueQuantity=percent(64)))
        assert not [m for m in timeline.measurements if m.measure is Measure.MARROW_BLASTS]


@pytest.mark.parametrize(
    "words", ["Peripheral blood", "Blood, venous", "Serum", "CSF", "Cerebrospinal fluid"]
)
def test_a_specimen_from_elsewhere_contradicts_a_marrow_code(words: str) -> None:
    assert left_out(MARROW, valueQuantity=percent(2), specimen={"display": words}) == (
        ProblemKind.UNREADABLE,
    )
    assert left_out(FLOW, valueQuantity=percent(0.05), specimen={"display": words}) == (
        ProblemKind.UNREADABLE,
    )


@pytest.mark.parametrize("specimen", [{"display": "Bone marrow aspirate"}, {"reference": "Specimen/s1"}, {}])
def test_a_specimen_that_agrees_or_says_nothing_does_no_harm(specimen: Json) -> None:
    assert measured(MARROW, valueQuantity=percent(2), specimen=specimen).value == Interval.exactly(2.0)


# ---- what a number needs ------------------------------------------------------------------------


@pytest.mark.parametrize("code", [MARROW, FLOW, CSF_WBC, CSF_BLASTS, RED_CELLS])
@pytest.mark.parametrize(
    "quantity", [{"value": 0.05}, {"value": 0.05, "unit": "?"}, {"value": 0.05, "code": "{log10}"}]
)
def test_a_number_without_a_unit_is_never_a_percentage(code: tuple[str, str], quantity: Json) -> None:
    """0.01 may be a percentage or a fraction: a hundredfold error. That there is a result still counts."""
    kinds = left_out if code == FLOW else may_be_anything
    assert kinds(code, valueQuantity=quantity) == (ProblemKind.UNIT,)


@pytest.mark.parametrize("code", [MARROW, FLOW])
@pytest.mark.parametrize(
    "quantity",
    [
        {},
        percent(-1),
        percent(640),
        {"unit": "%", "code": "%"},
        {"value": None, "unit": "%"},
        percent(5, comparator="~"),
    ],
)
def test_a_number_that_makes_no_sense_may_be_any_number(code: tuple[str, str], quantity: Json) -> None:
    kinds = left_out if code == FLOW else may_be_anything
    assert kinds(code, valueQuantity=quantity) == (ProblemKind.UNREADABLE,)


@pytest.mark.parametrize(
    "quantity",
    [
        {"value": "5", "unit": "%"},
        {"value": True, "unit": "%"},
        [percent(5)],
        "5 %",
        {"value": float("inf"), "unit": "%"},
        {"value": float("nan"), "unit": "%"},
    ],
)
@pytest.mark.parametrize("code", [MARROW, FLOW])
def test_what_is_no_fhir_quantity_is_left_out(code: tuple[str, str], quantity: Any) -> None:
    assert left_out(code, valueQuantity=quantity) == (ProblemKind.UNREADABLE,)


def test_a_reason_for_absence_is_never_a_number() -> None:
    """Real servers put "POSITIVE, above the upper limit" there."""
    assert may_be_anything(MARROW, dataAbsentReason={"text": "POSITIVE [Above upper LoQ]"}) == (
        ProblemKind.UNREADABLE,
    )


@pytest.mark.parametrize("code", [MARROW, CSF_WBC, CSF_BLASTS, CYTOLOGY])
def test_a_test_that_was_not_made_is_no_result_and_is_named(code: tuple[str, str]) -> None:
    for reason in ("not-performed", "error"):
        assert left_out(code, dataAbsentReason=coded((NO_VALUE, reason))) == (ProblemKind.UNREADABLE,)


def test_a_result_that_is_not_known_may_be_anything() -> None:
    for reason in ("unknown", "masked", "unsupported", "as-text"):
        absent = coded((NO_VALUE, reason))
        assert may_be_anything(MARROW, dataAbsentReason=absent) == (ProblemKind.UNREADABLE,)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("64 %", Interval.exactly(64.0)),
        ("64% blasts", Interval.exactly(64.0)),
        (">90%", Interval(90.0, 100.0, low_open=True)),
        ("<5 %", Interval(0.0, 5.0, high_open=True)),
    ],
)
@pytest.mark.parametrize("code", [MARROW, CSF_BLASTS])
def test_a_share_of_cells_written_as_text(code: tuple[str, str], text: str, value: Interval) -> None:
    assert measured(code, valueString=text).value == value


@pytest.mark.parametrize(
    "text", ["64", "0.64", "64 /uL", "no blasts seen", "64 % to 70 %", "about a third", "6,4 %"]
)
def test_a_text_without_a_share_states_no_number(text: str) -> None:
    assert may_be_anything(MARROW, valueString=text) == (ProblemKind.UNREADABLE,)


@pytest.mark.parametrize("members", [{"valueString": "64"}, {"valueCodeableConcept": coded(DETECTED)}, {}])
def test_a_measurement_that_is_not_given_as_a_number_may_be_anything(members: Json) -> None:
    for code in (MARROW, CSF_WBC, CSF_BLASTS, RED_CELLS):
        assert may_be_anything(code, **members) == (ProblemKind.UNREADABLE,)


# ---- status ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_final_results_count(status: str) -> None:
    assert measured(MARROW, status=status, valueQuantity=percent(64)).value == Interval.exactly(64.0)


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("entered-in-error", (ProblemKind.ENTERED_IN_ERROR,)),
        ("preliminary", (ProblemKind.UNAVAILABLE,)),
        ("registered", ()),
        ("cancelled", ()),
    ],
)
@pytest.mark.parametrize("code", [MARROW, FLOW])
def test_other_results_do_not(code: tuple[str, str], status: str, kinds: tuple[ProblemKind, ...]) -> None:
    assert left_out(code, status=status, valueQuantity=percent(0.05)) == kinds


@pytest.mark.parametrize("status", ["unknown", "invented", ""])
def test_a_status_that_tells_nothing_does_not_count_either_and_is_named(status: str) -> None:
    assert left_out(FLOW, status=status, valueQuantity=percent(0.05)) == (ProblemKind.UNAVAILABLE,)


@pytest.mark.parametrize("status", [None, ..., 1, ["final"]])
def test_without_a_status_nothing_counts(status: object) -> None:
    assert left_out(FLOW, status=status, valueQuantity=percent(0.05)) == (ProblemKind.UNREADABLE,)


# ---- dates -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "when"),
    [
        ({}, "2025-06-15"),
        ({"effectiveDateTime": "2025-06"}, "2025-06"),
        ({"effectiveDateTime": "2025-06-15T08:00:00Z"}, "2025-06-15"),
        ({"effectiveDateTime": ..., "effectiveInstant": "2025-06-16T08:00:00.000+02:00"}, "2025-06-16"),
        ({"effectiveDateTime": ..., "effectivePeriod": {"start": "2025-06-14"}}, "2025-06-14"),
    ],
)
def test_the_day_of_the_sample(members: Json, when: str) -> None:
    assert str(measured(MARROW, valueQuantity=percent(64), **members).when) == when


@pytest.mark.parametrize(
    "members",
    [
        {"effectiveDateTime": ...},
        {"effectiveDateTime": ..., "issued": "2025-06-15T08:00:00Z"},
        {"effectiveDateTime": ..., "effectivePeriod": {"end": "2025-06-15"}},
        {"effectiveDateTime": "31/12/2025"},
        {"effectiveDateTime": "2025-02-30"},
        {"effectiveDateTime": "0000-01-01"},
        {"effectiveDateTime": 20250615},
    ],
)
def test_without_a_day_of_its_own_a_result_is_left_out(members: Json) -> None:
    """The day it was issued is not the day it was taken."""
    assert left_out(MARROW, valueQuantity=percent(64), **members) == (ProblemKind.UNREADABLE,)


# ---- disease status -----------------------------------------------------------------------------


def disease_status(answer: str, **members: Any) -> Json:
    return observation((LOINC, "97509-4"), valueCodeableConcept=coded((SCT, answer)), **members)


ALL_CONDITION = {
    "resourceType": "Condition",
    "id": "dx",
    "subject": {"reference": "Patient/p"},
    "code": coded((SCT, "277571004")),
}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("focus", ["Condition/dx", "https://ehr.example/fhir/Condition/dx/_history/2"])
def test_a_remission_of_this_disease_is_reported_in_any_order(order: int, focus: str) -> None:
    resources = [ALL_CONDITION, disease_status("550991000124107", focus=[{"reference": focus}])]
    (report,) = read(*resources[::order]).reports
    assert (report.status, str(report.when)) == (Status.FULL_REMISSION, "2025-06-15")


def test_the_status_of_another_disease_is_not_ours() -> None:
    timeline = read(
        ALL_CONDITION, disease_status("550991000124107", focus=[{"reference": "Condition/other"}])
    )
    assert timeline.reports == ()


def test_a_disease_status_that_is_not_known_is_named() -> None:
    timeline = read(ALL_CONDITION, disease_status("260415000"))
    assert timeline.reports == ()
    assert [p.resources for p in timeline.problems] == [("Observation/o1",)]
