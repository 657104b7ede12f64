"""ECG, test of cardiac function and performance status: read wherever they are filed."""

from typing import Any

import pytest

from cds_rules.patient.draw import draw
from cds_rules.patient.events import EventKind
from cds_rules.patient.timeline import Measure, Part, PatientTimeline, ProblemKind
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.done import CARDIAC_FUNCTION_DONE, ECG_DONE
from cds_rules.treatment.chart import Chart
from service.fhir.prefetch import TEMPLATES
from service.fhir.to_timeline import to_timeline
from tests.unit.charts import ON

Json = dict[str, Any]
SCT, LOINC, ICD = "http://snomed.info/sct", "http://loinc.org", "http://hl7.org/fhir/sid/icd-10-cm"
PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
ECG, TWELVE_LEADS, ECG_STUDY = (SCT, "29303009"), (SCT, "268400002"), (LOINC, "11524-6")
ECHO, THORACIC, ESOPHAGEAL = (SCT, "40701008"), (SCT, "433236007"), (SCT, "105376000")
FRACTION, FRACTION_BY_US = (LOINC, "10230-1"), (LOINC, "18043-0")
WHEN = "2025-10-03"
UNCLEAR = "the record does not say"


def leukemia(code: str, when: str) -> Json:
    return {
        "resourceType": "Condition",
        "id": f"c-{when}",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": ICD, "code": code}]},
        "onsetDateTime": when,
    }


LEUKEMIA = (leukemia("C91.00", "2022-03-01"), leukemia("C91.02", "2025-10-01"))


def of(kind: str, code: tuple[str, str], name: str = "x", **members: Any) -> Json:
    system, value = code
    own: Json = {
        "resourceType": kind,
        "id": name,
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": system, "code": value}]},
        "status": "completed" if kind == "Procedure" else "final",
        "performedDateTime" if kind == "Procedure" else "effectiveDateTime": WHEN,
    }
    return {k: v for k, v in {**own, **members}.items() if v is not None}


def read(*resources: Json, missing: dict[Part, str] | None = None) -> PatientTimeline:
    return to_timeline([*LEUKEMIA, *resources], "p", missing=missing)


def kinds(timeline: PatientTimeline) -> list[tuple[str, EventKind, str | None]]:
    return [(e.source, e.kind, str(e.when) if e.when else None) for e in timeline.events]


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        (of("Procedure", ECG), EventKind.ECG),
        (of("Procedure", TWELVE_LEADS), EventKind.ECG),
        (of("Procedure", (PCS, "4A02X4Z")), EventKind.ECG),
        (of("Observation", ECG_STUDY, component=[]), EventKind.ECG),
        (of("DiagnosticReport", ECG_STUDY, conclusion="Sinus rhythm."), EventKind.ECG),
        (of("DiagnosticReport", ECG), EventKind.ECG),
        (of("Procedure", ECHO), EventKind.ECHOCARDIOGRAPHY),
        (of("Procedure", THORACIC), EventKind.ECHOCARDIOGRAPHY),
        (of("Procedure", ESOPHAGEAL), EventKind.ECHOCARDIOGRAPHY),
        (of("DiagnosticReport", THORACIC, presentedForm=[{"data": "AAAA"}]), EventKind.ECHOCARDIOGRAPHY),
        (of("Observation", FRACTION, valueQuantity={"value": 62, "unit": "%"}), EventKind.ECHOCARDIOGRAPHY),
        (of("Observation", FRACTION_BY_US, valueQuantity={"value": 25}), EventKind.ECHOCARDIOGRAPHY),
    ],
    ids=str,
)
def test_an_examination_counts_wherever_it_is_filed(resource: Json, kind: EventKind) -> None:
    timeline = read(resource)
    assert kinds(timeline) == [(f"{resource['resourceType']}/x", kind, WHEN)]
    assert not timeline.problems


@pytest.mark.parametrize("category", ["laboratory", "survey", "exam", "procedure", None])
def test_performance_status_counts_in_any_category(category: str | None) -> None:
    told = [{"coding": [{"code": category}]}] if category else None
    resources = [
        of("Observation", (LOINC, "89243-0"), "karnofsky", category=told, valueInteger=80),
        of("Observation", (LOINC, "89247-1"), "ecog", category=told, valueInteger=1),
        of("Observation", (NCIT, "C38144"), "lansky", category=told, valueInteger=70),
    ]
    found = {m.measure: m.value.low for m in read(*resources).measurements}
    assert found == {Measure.KARNOFSKY: 80.0, Measure.ECOG: 1.0, Measure.LANSKY: 70.0}


@pytest.mark.parametrize(
    "resource",
    [
        of("DiagnosticReport", ECG_STUDY, status="preliminary"),
        of("DiagnosticReport", ECG_STUDY, status="entered-in-error"),
        of("Observation", ECG_STUDY, status="entered-in-error"),
        of("Observation", FRACTION, dataAbsentReason={"coding": [{"code": "not-performed"}]}),
        of("Procedure", ECG, status="entered-in-error"),
    ],
    ids=str,
)
def test_what_was_not_made_or_is_not_final_does_not_count(resource: Json) -> None:
    timeline = read(resource)
    assert not timeline.events
    assert [p.resources for p in timeline.problems] == [(f"{resource['resourceType']}/x",)]


def test_a_report_of_something_else_is_no_examination() -> None:
    timeline = read(of("DiagnosticReport", (LOINC, "24606-6"), conclusion="No abnormality."))
    assert not timeline.events
    assert not timeline.problems


def test_a_report_and_its_procedure_are_two_signs_of_one() -> None:
    timeline = read(of("Procedure", ECG, "1"), of("DiagnosticReport", ECG_STUDY, "2", conclusion="Normal."))
    assert {k for _, k, _ in kinds(timeline)} == {EventKind.ECG}
    assert not timeline.problems


def test_a_report_without_a_date_is_named_and_may_be_old() -> None:
    timeline = read(of("DiagnosticReport", ECG_STUDY, effectiveDateTime=None))
    assert kinds(timeline) == [("DiagnosticReport/x", EventKind.ECG, None)]
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


@pytest.mark.parametrize(
    ("resources", "missing", "possible"),
    [
        ([of("DiagnosticReport", ECG_STUDY)], {}, {YesNo.YES}),
        ([of("DiagnosticReport", ECG_STUDY, effectiveDateTime="2025-09-17")], {}, {YesNo.YES}),
        ([of("DiagnosticReport", ECG_STUDY, effectiveDateTime="2025-09-16")], {}, {YesNo.NO}),
        ([of("DiagnosticReport", ECG_STUDY, effectiveDateTime=None)], {}, set(YesNo)),
        ([], {}, {YesNo.NO}),
        ([], {Part.REPORTS: UNCLEAR}, set(YesNo)),
        ([of("DiagnosticReport", ECG_STUDY), of("Procedure", ECG, "2", status="not-done")], {}, {YesNo.YES}),
    ],
    ids=str,
)
def test_an_ecg_since_the_relapse(
    resources: list[Json], missing: dict[Part, str], possible: set[YesNo]
) -> None:
    timeline = read(*resources, missing=missing)
    chart = Chart(draw(timeline, ON), timeline, {})
    assert ECG_DONE.read(chart).possible == possible
    silence = {YesNo.NO} if not missing else set(YesNo)
    assert CARDIAC_FUNCTION_DONE.read(chart).possible == silence


def test_they_are_asked_for_outside_the_laboratory() -> None:
    codes = [*(f"{LOINC}|{c}" for c in ("89243-0", "89247-1", "11524-6", "10230-1")), f"{NCIT}|C38144"]
    assert [c for c in codes if c not in TEMPLATES["diseaseFindings"]] == []
    assert "EC,CUS,LP7839-6,LP29708-2" in TEMPLATES["reports"]
