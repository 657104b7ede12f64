"""Observations as a laboratory sends them, and what is read of one."""

from typing import Any

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    Measure,
    Measurement,
    MrdResult,
    PatientTimeline,
    ProblemKind,
    TimePoint,
)
from service.fhir.quantity import COUNT_CEILING
from service.fhir.site_map import SiteCode, SiteMap
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
LOINC = "http://loinc.org"
SCT = "http://snomed.info/sct"
LAB = "urn:lab"
MARROW, CSF_WBC, CSF_BLASTS = (LOINC, "11150-0"), (LOINC, "26465-5"), (LOINC, "26447-3")
FLOW, BARE, BLOOD, LABELLED = (LAB, "FLOW"), (LAB, "BARE"), (LAB, "BLOOD"), (LAB, "DAY29")
CYTOLOGY, RED_CELLS = (LAB, "CYTO"), (LAB, "RBC")
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
NO_VALUE = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
NOT_DETECTED, DETECTED = (SCT, "260415000"), (SCT, "260373001")
SITE = SiteMap(
    "Test hospital",
    {
        (entry.system, entry.code): entry
        for entry in (
            SiteCode(system=LAB, code="FLOW", concept="mrd", specimen="marrow", method="flow", lod=1e-4),
            SiteCode(system=LAB, code="BARE", concept="mrd"),
            SiteCode(system=LAB, code="BLOOD", concept="mrd", specimen="blood", method="flow", lod=1e-4),
            SiteCode(
                system=LAB,
                code="DAY29",
                concept="mrd",
                specimen="marrow",
                time_point=TimePoint.END_OF_BLOCK_1,
            ),
            SiteCode(system=LAB, code="CYTO", concept="csf-cytology", specimen="csf"),
            SiteCode(system=LAB, code="RBC", concept="csf-rbc", specimen="csf"),
        )
    },
)


def coded(*codes: tuple[str, str]) -> Json:
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


def observation(code: tuple[str, str], **members: Any) -> Json:
    whole = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": coded(code),
        "effectiveDateTime": "2025-06-15",
        **members,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def percent(value: float, **more: str) -> Json:
    return {"value": value, "unit": "%", "code": "%", "system": "http://unitsofmeasure.org", **more}


def read(*resources: Json) -> PatientTimeline:
    return to_timeline(resources, "p", site_map=SITE)


def measured(code: tuple[str, str], **members: Any) -> Measurement:
    (found,) = read(observation(code, **members)).measurements
    return found


def mrd(code: tuple[str, str] = FLOW, **members: Any) -> MrdResult:
    (found,) = read(observation(code, **members)).mrd
    return found


def left_out(code: tuple[str, str], **members: Any) -> tuple[ProblemKind, ...]:
    """The kinds of problem noted for a result of which nothing may be used."""
    timeline = read(observation(code, **members))
    assert (timeline.measurements, timeline.mrd) == ((), ())
    for problem in timeline.problems:
        assert problem.resources == ("Observation/o1",)
    return tuple(p.kind for p in timeline.problems)


def may_be_anything(code: tuple[str, str], **members: Any) -> tuple[ProblemKind, ...]:
    """The kinds of problem noted for a measurement that exists, and of which the value is not known."""
    timeline = read(observation(code, **members))
    (found,) = timeline.measurements
    assert (found.source, str(found.when)) == ("Observation/o1", "2025-06-15")
    assert found.value == Interval(0.0, CEILINGS[found.measure])
    for problem in timeline.problems:
        assert problem.resources == ("Observation/o1",)
    return tuple(p.kind for p in timeline.problems)


CEILINGS = {
    Measure.MARROW_BLASTS: 100.0,
    Measure.CSF_BLASTS: 100.0,
    Measure.CSF_LEUKOCYTES: COUNT_CEILING,
    Measure.CSF_RED_CELLS: COUNT_CEILING,
}
