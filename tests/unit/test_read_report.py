"""Reports: what their words say of residual disease and marrow blasts, as text and never twice."""

from datetime import date
from typing import Any

import pytest

from cds_rules.patient.draw import draw
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    Measure,
    Measurement,
    MrdResult,
    PatientTimeline,
    ProblemKind,
    Route,
    TimePoint,
)
from service.fhir.read.report import MAX_LENGTH
from tests.unit.observations import (
    DETECTED,
    FLOW,
    LAB,
    LOINC,
    MARROW,
    NOT_DETECTED,
    Json,
    coded,
    observation,
    percent,
    read,
)

FLOW_REPORT = {"text": "Bone marrow MRD by flow cytometry"}
MARROW_REPORT = {"coding": [{"system": LOINC, "code": "48807-2", "display": "Bone marrow aspiration report"}]}


def report(conclusion: object = ..., **members: Any) -> Json:
    whole = {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": MARROW_REPORT,
        "effectiveDateTime": "2025-06-15",
        "conclusion": conclusion,
        **members,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def mrd(conclusion: object = ..., **members: Any) -> MrdResult:
    timeline = read(report(conclusion, **members))
    assert timeline.problems == ()
    (found,) = timeline.mrd
    assert (found.source, str(found.when), found.route) == ("DiagnosticReport/r1", "2025-06-15", Route.TEXT)
    return found


def blasts(conclusion: str, **members: Any) -> Measurement:
    timeline = read(report(conclusion, **members))
    assert timeline.problems == ()
    (found,) = timeline.measurements
    assert (found.measure, found.route) == (Measure.MARROW_BLASTS, Route.TEXT)
    return found


def said(*resources: Json) -> tuple[PatientTimeline, list[tuple[ProblemKind, tuple[str, ...]]]]:
    """The timeline, and what is flagged."""
    timeline = read(*resources)
    return timeline, [(p.kind, p.resources) for p in timeline.problems]


def refused(*resources: Json) -> list[ProblemKind]:
    """The kinds of problem of reports that tell nothing."""
    timeline, problems = said(*resources)
    assert (timeline.mrd, timeline.measurements) == ((), ())
    assert all(names == ("DiagnosticReport/r1",) for _, names in problems)
    return [kind for kind, _ in problems]


# ---- residual disease ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conclusion", "fraction"),
    [
        ("MRD 0.05 %.", Interval.exactly(5e-4)),
        (
            "Normocellular marrow. MRD by flow: 5 x 10-4. Clinical correlation advised.",
            Interval.exactly(5e-4),
        ),
        ("Test: MRD by flow cytometry\nInterpretation: MRD detected", Interval(0.0, 1.0, low_open=True)),
        ("No evidence of minimal residual disease (LOD 0.01 %).", Interval(0.0, 1e-4)),
        ("No MRD detected. Limit of detection 0.01 %.", Interval(0.0, 1e-4)),
        ("Minimal residual disease: less than 0.01 %", Interval(0.0, 1e-4, high_open=True)),
    ],
)
def test_a_sentence_of_the_conclusion(conclusion: str, fraction: Interval) -> None:
    assert mrd(conclusion).fraction == fraction


def test_where_how_and_when_it_was_taken() -> None:
    found = mrd("End of block 1: MRD by NGS 0.05 %")
    assert (found.marrow, found.method, found.time_point) == (True, "ngs", TimePoint.END_OF_BLOCK_1)
    plain = mrd("MRD 0.05 %", code={"text": "Molecular report"})
    assert (plain.marrow, plain.method, plain.time_point) == (False, None, None)
    assert mrd("Bone marrow MRD 0.05 %", code={"text": "Report"}).marrow is True
    assert mrd("MRD 0.05 %", specimen=[{"display": "Blood"}]).marrow is False


def test_a_report_that_is_called_residual_disease_need_not_say_so_again() -> None:
    assert mrd("Not detected. Sensitivity 0.01 %.", code=FLOW_REPORT).fraction == Interval(0.0, 1e-4)


def test_the_code_of_the_site_gives_limit_and_method() -> None:
    found = mrd("Negative", code=coded(FLOW))
    assert (found.fraction, found.method, found.marrow) == (Interval(0.0, 1e-4), "flow", True)


def test_two_methods_are_two_results() -> None:
    timeline = read(report("MRD by flow 0.05 %. MRD by NGS 0.07 %."))
    assert {(m.method, m.fraction.high) for m in timeline.mrd} == {("flow", 5e-4), ("ngs", 7e-4)}


@pytest.mark.parametrize(
    "conclusion",
    [
        "MRD testing will follow.",
        "Prior MRD 0.5 %.",
        "MRD cannot be excluded.",
        "MRD indeterminate.",
        "MRD 0.05",
        "MRD 0.05 %. MRD 5 %.",
        "MRD negative. MRD 5 %.",
        "No evidence of MRD.",
        "MRD log reduction 3.9",
        "End of block 1 MRD negative (LOD 0.01 %). Before HSCT MRD 5 %.",
        "MRD 0.05 % " + "x" * MAX_LENGTH,
    ],
)
def test_what_is_not_wholly_understood_tells_nothing_and_is_named(conclusion: str) -> None:
    assert refused(report(conclusion)) == [ProblemKind.UNREADABLE]


@pytest.mark.parametrize(
    "conclusion", [..., None, "", "Normal.", "No increase in blasts.", "Iron stores absent."]
)
def test_a_report_on_other_things_is_passed_over(conclusion: object) -> None:
    assert refused(report(conclusion)) == []
    form = [{"contentType": "text/plain", "data": "TVJEIDUgJQ=="}]
    assert refused(report(conclusion, presentedForm=form, code={"text": "Pathology"})) == []


def test_nothing_of_it_settles_the_residual_disease() -> None:
    def condition(code: str, onset: str) -> Json:
        subject = {"reference": "Patient/p"}
        coding = coded(("http://hl7.org/fhir/sid/icd-10-cm", code))
        return {"resourceType": "Condition", "id": code, "subject": subject, "code": coding} | {
            "onsetDateTime": onset
        }

    course = [condition("C91.00", "2021-01-15"), condition("C91.02", "2025-05-15")]
    on = date(2025, 12, 1)
    fact = draw(read(*course, report("MRD by flow 0.05 %")), on).end_block1_mrd
    assert (fact.value, fact.evidence) == (None, ("DiagnosticReport/r1",))
    settled = read(*course, report("MRD by flow 5 %"), observation(FLOW, valueQuantity=percent(0.05)))
    assert draw(settled, on).end_block1_mrd.value == Interval.exactly(5e-4)


# ---- the coded conclusion --------------------------------------------------------------------------------


def test_a_coded_conclusion_of_a_residual_disease_report() -> None:
    found = mrd(code=coded(FLOW), conclusionCode=[coded(NOT_DETECTED)])
    assert (found.fraction, found.route) == (Interval(0.0, 1e-4), Route.TEXT)
    assert mrd(code=FLOW_REPORT, conclusionCode=[coded(DETECTED)]).fraction.low_open is True


def test_a_coded_conclusion_of_another_report_is_not_about_residual_disease() -> None:
    assert refused(report(code=MARROW_REPORT, conclusionCode=[coded(DETECTED)])) == []


@pytest.mark.parametrize(
    "members",
    [
        {"conclusion": "Negative", "conclusionCode": [coded(DETECTED)]},
        {"conclusion": "MRD 5 %", "conclusionCode": [coded(NOT_DETECTED)]},
        {"conclusion": ..., "conclusionCode": [coded(NOT_DETECTED)], "code": FLOW_REPORT},
    ],
    ids=["negative but detected", "number but not detected", "no limit"],
)
def test_a_coded_conclusion_that_contradicts_or_says_too_little(members: Json) -> None:
    assert refused(report(**{"code": coded(FLOW), **members})) == [ProblemKind.UNREADABLE]


# ---- marrow blasts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conclusion", "value"),
    [
        ("Blasts 64 %.", Interval.exactly(64.0)),
        ("Hypercellular marrow with 85% lymphoblasts.", Interval.exactly(85.0)),
        ("Blasts account for 7 % of nucleated cells", Interval.exactly(7.0)),
        ("Less than 5% blasts", Interval(0.0, 5.0, high_open=True)),
    ],
)
def test_the_share_of_blasts(conclusion: str, value: Interval) -> None:
    found = blasts(conclusion)
    assert (found.source, found.value) == ("DiagnosticReport/r1", value)


def test_blasts_and_residual_disease_in_one_report() -> None:
    timeline = read(report("Marrow: 3 % blasts. MRD by flow 0.05 %."))
    assert (len(timeline.measurements), len(timeline.mrd), timeline.problems) == (1, 1, ())


@pytest.mark.parametrize(
    "conclusion",
    [
        "Blasts 64 % before, now 3 %.",
        "No increase in blasts (4 %).",
        "Blasts 3 %. Blasts 30 %.",
        "Blasts 640 %.",
    ],
)
def test_blasts_in_other_words_tell_nothing_and_are_named(conclusion: str) -> None:
    assert refused(report(conclusion)) == [ProblemKind.UNREADABLE]


@pytest.mark.parametrize(
    "members",
    [
        {"conclusion": "Peripheral blood: 64 % blasts."},
        {"conclusion": "Blasts 64 %.", "code": {"text": "Cytology report"}},
        {"conclusion": "Blasts 64 %.", "specimen": [{"display": "CSF"}]},
        {"conclusion": "CD19 on 98 % of blasts."},
        {"conclusion": "Blasts present."},
    ],
)
def test_only_blasts_of_the_marrow_with_a_number_are_meant(members: Json) -> None:
    assert refused(report(**members)) == []


def test_a_marrow_report_may_be_an_observation() -> None:
    def words(text: str) -> Json:
        return observation((LOINC, "48807-2"), valueString=text)

    timeline, problems = said(words("Bone marrow: 85 % lymphoblasts. MRD 5 %."))
    assert problems == []
    assert [(m.value.low, m.route) for m in timeline.measurements] == [(85.0, Route.TEXT)]
    assert [(m.marrow, m.route) for m in timeline.mrd] == [(True, Route.TEXT)]
    timeline, problems = said(words("Predominance of immature cells."))
    assert (timeline.measurements, timeline.mrd, problems) == ((), (), [])
    assert said(words("MRD pending"))[1] == [(ProblemKind.UNREADABLE, ("Observation/o1",))]
    blood = {**words("85 % lymphoblasts"), "specimen": {"display": "Blood"}}
    timeline, problems = said(blood)
    assert (timeline.measurements, problems) == ((), [(ProblemKind.UNREADABLE, ("Observation/o1",))])


# ---- with the results it refers to -----------------------------------------------------------------------

ITS_RESULT = {"result": [{"reference": "https://ehr.example/fhir/Observation/o1/_history/2"}]}


@pytest.mark.parametrize("order", [1, -1])
def test_a_result_that_was_read_is_not_read_again_in_words(order: int) -> None:
    pair = [observation(FLOW, valueQuantity=percent(0.05)), report("MRD 0.05 %. Blasts 3 %.", **ITS_RESULT)]
    timeline, problems = said(*pair[::order])
    assert ([m.source for m in timeline.mrd], problems) == (["Observation/o1"], [])
    assert [m.source for m in timeline.measurements] == ["DiagnosticReport/r1"]


@pytest.mark.parametrize(
    ("code", "value", "conclusion"),
    [
        (FLOW, 0.05, "MRD 5 %"),
        (FLOW, 0.05, "No MRD detected (LOD 0.01 %)"),
        (MARROW, 64, "Less than 5 % blasts"),
    ],
)
def test_a_report_that_contradicts_its_result_is_named_and_the_result_used(
    code: tuple[str, str], value: float, conclusion: str
) -> None:
    timeline, problems = said(
        observation(code, valueQuantity=percent(value)), report(conclusion, **ITS_RESULT)
    )
    sources = [*(m.source for m in timeline.mrd), *(m.source for m in timeline.measurements)]
    assert sources == ["Observation/o1"]
    assert problems == [(ProblemKind.CONFLICT, ("DiagnosticReport/r1", "Observation/o1"))]


def test_words_speak_for_a_result_that_could_not_be_read() -> None:
    timeline, problems = said(
        observation(FLOW, valueQuantity={"value": 0.05}), report("MRD 0.05 %", **ITS_RESULT)
    )
    assert [m.source for m in timeline.mrd] == ["DiagnosticReport/r1"]
    assert problems == [(ProblemKind.UNIT, ("Observation/o1",))]


# ---- status, subject, shape --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "appended"])
def test_final_reports_count(status: str) -> None:
    assert mrd("MRD 0.05 %", status=status).fraction == Interval.exactly(5e-4)


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("entered-in-error", [ProblemKind.ENTERED_IN_ERROR]),
        ("preliminary", [ProblemKind.UNAVAILABLE]),
        ("partial", [ProblemKind.UNAVAILABLE]),
        ("registered", []),
        ("cancelled", []),
        ("unknown", []),
    ],
)
def test_other_reports_do_not(status: str, kinds: list[ProblemKind]) -> None:
    assert refused(report("MRD 0.05 %", status=status)) == kinds


@pytest.mark.parametrize(
    "members",
    [
        {"effectiveDateTime": ...},
        {"effectiveDateTime": "yesterday"},
        {"status": ...},
        {"code": ...},
        {"code": "marrow"},
        {"result": "Observation/o1"},
        {"conclusion": ["MRD 0.05 %"]},
    ],
)
def test_a_report_that_cannot_be_read_is_named(members: Json) -> None:
    assert refused(report(**{"conclusion": "MRD 0.05 %", **members})) == [ProblemKind.UNREADABLE]


def test_a_report_on_someone_else_is_named() -> None:
    assert refused(report("MRD 0.05 %", subject={"reference": "Patient/q"})) == [ProblemKind.CONFLICT]


def test_a_corrected_report_replaces_the_first() -> None:
    number = [{"system": "urn:lab:report", "value": "1"}]
    first = report("MRD 5 %", identifier=number)
    second = report("MRD 0.05 %", id="r2", identifier=number, status="corrected")
    for pair in ([first, second], [second, first]):
        assert [m.source for m in read(*pair).mrd] == ["DiagnosticReport/r2"]


def test_a_local_code_of_a_report_that_is_not_mapped_is_no_reason_to_read_it() -> None:
    assert refused(report("Negative", code=coded((LAB, "OTHER")))) == []
