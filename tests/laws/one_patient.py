"""One patient, in the plainest form of the record: what the encodings write in other ways.

The patient: B-ALL of 2023-01-15 with BCR::ABL1, remission on 2023-02-16, treatment completed on
2025-03-15; marrow relapse on 2026-05-15 (40 calendar months) with 71 % blasts and clear spinal fluid;
reinduction from 2026-05-19; flow MRD 0.05 % on 2026-06-18 (day 30). No transplant.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from cds_rules.terminology.code_set import HGNC, ICD10CM, LOINC, RXNORM, SNOMED
from service.fhir.site_map import SiteCode, SiteMap

Json = dict[str, Any]

ON: Final = date(2026, 6, 22)
PATIENT: Final = "one"
LOCAL: Final = "http://lab.example/codes"
UCUM: Final = "http://unitsofmeasure.org"
SERVER: Final = "https://ehr.example/fhir"
DIAGNOSED, REMISSION, COMPLETED = "2023-01-15", "2023-02-16", "2025-03-15"
RELAPSED, REINDUCTION, BLOCK_1 = "2026-05-15", "2026-05-19", "2026-06-18"


def _site_code(code: str, concept: str, **more: Any) -> SiteCode:
    return SiteCode(system=LOCAL, code=code, concept=concept, **more)


SITE: Final = SiteMap(
    "made up",
    {
        (c.system, c.code): c
        for c in (
            _site_code("MRD-BM", "mrd", specimen="marrow", method="flow"),
            _site_code("MRD-ANY", "mrd", method="flow"),
            _site_code("CYTO", "csf-cytology", specimen="csf"),
        )
    },
)
"""No limit of detection, so nothing but a result itself can give a number."""


# ---- single resources -------------------------------------------------------------------------------


def concept(*codings: tuple[str, str], display: str | None = None) -> Json:
    shown = {"display": display} if display else {}
    return {"coding": [{"system": system, "code": code, **shown} for system, code in codings]}


def resource(kind: str, name: str, **members: Any) -> Json:
    return {"resourceType": kind, "id": name, "subject": {"reference": f"Patient/{PATIENT}"}, **members}


def condition(name: str, *codings: tuple[str, str], onset: str, **members: Any) -> Json:
    confirmed = concept(("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"))
    code = {"code": concept(*codings), "verificationStatus": confirmed, "onsetDateTime": onset}
    return resource("Condition", name, **{**code, **members})


def observation(name: str, coding: tuple[str, str], taken: str, **members: Any) -> Json:
    basics = {"status": "final", "code": concept(coding), "effectiveDateTime": taken}
    return resource("Observation", name, **{**basics, **members})


def quantity(value: float, unit: str, comparator: str | None = None) -> Json:
    sign = {"comparator": comparator} if comparator else {}
    found: Json = {"value": value, **sign, "unit": unit, "system": UCUM, "code": unit}
    return {"valueQuantity": found}


def mrd(value: Json, taken: str = BLOCK_1, name: str = "mrd", **members: Any) -> Json:
    return observation(name, (LOCAL, "MRD-BM"), taken, **value, **members)


def marrow(value: Json, taken: str, name: str) -> Json:
    return observation(name, (LOINC, "11150-0"), taken, **value)


def csf_cells(value: Json) -> Json:
    return observation("csf-cells", (LOINC, "26465-5"), RELAPSED, **value)


def variant(hgnc: str) -> Json:
    """BCR::ABL1 found, the genes named in one of the two HGNC systems."""
    genes = [
        {"code": concept((LOINC, "48018-6")), "valueCodeableConcept": concept((hgnc, code), display=name)}
        for code, name in (("HGNC:1014", "BCR"), ("HGNC:76", "ABL1"))
    ]
    found = concept((LOINC, "LA9633-4"))
    return observation("variant", (LOINC, "69548-6"), DIAGNOSED, valueCodeableConcept=found, component=genes)


SITE_MARROW: Final = concept((SNOMED, "14016003"))
SITE_TESTIS: Final = concept((SNOMED, "40689003"))
B_ALL, RELAPSE = (SNOMED, "277571004"), (SNOMED, "12301000132103")
IN_RELAPSE: Final = (ICD10CM, "C91.02")


def diagnosis(*codings: tuple[str, str], **members: Any) -> Json:
    return condition("diagnosis", *(codings or (B_ALL, (ICD10CM, "C91.01"))), onset=DIAGNOSED, **members)


def relapse(*codings: tuple[str, str], name: str = "relapse", onset: str = RELAPSED, **more: Any) -> Json:
    sites = {"bodySite": [SITE_MARROW]}
    return condition(name, *(codings or (IN_RELAPSE, RELAPSE)), onset=onset, **{**sites, **more})


def remission(**members: Any) -> Json:
    found = concept((SNOMED, "103338009"))
    focus = [{"reference": "Condition/diagnosis"}]
    told = {"focus": focus, "valueCodeableConcept": found, **members}
    return observation("remission", (LOINC, "97509-4"), REMISSION, **told)


def plan(name: str = "plan", **members: Any) -> Json:
    basics = {
        "status": "completed",
        "intent": "plan",
        "category": [concept((SNOMED, "367336001"))],
        "period": {"start": DIAGNOSED, "end": COMPLETED},
    }
    return resource("CarePlan", name, **{**basics, **members})


def _drug(kind: str, name: str, medication: Json, **members: Any) -> Json:
    return resource(kind, name, status="completed", **medication, **members)


def drugs(medication: Callable[[str, str], Json]) -> list[Json]:
    """Mercaptopurine to the end of treatment, vincristine from the start of reinduction."""
    period = {"effectivePeriod": {"start": "2023-10-02", "end": COMPLETED}}
    return [
        _drug("MedicationStatement", "mercaptopurine", medication("103", "mercaptopurine"), **period),
        _drug(
            "MedicationAdministration",
            "vincristine",
            medication("11202", "vincristine"),
            effectiveDateTime=REINDUCTION,
        ),
    ]


def ingredient(code: str, name: str) -> Json:
    return {"medicationCodeableConcept": concept((RXNORM, code), display=name)}


def product(_: str, name: str) -> Json:
    """A clinical drug: its own code is none of ours, its name holds the ingredient."""
    return {"medicationCodeableConcept": concept((RXNORM, "9000001"), display=f"{name} 50 MG Oral Tablet")}


def contained(code: str, name: str) -> Json:
    held = {"resourceType": "Medication", "id": "m", "code": concept((RXNORM, code), display=name)}
    return {"contained": [held], "medicationReference": {"reference": "#m"}}


def referenced(code: str, _: str) -> Json:
    return {"medicationReference": {"reference": f"Medication/m{code}"}}


CELLS: Final = ("1986438", "tisagenlecleucel")
MEDICATIONS: Final = [
    {"resourceType": "Medication", "id": f"m{code}", "code": concept((RXNORM, code), display=name)}
    for code, name in (("103", "mercaptopurine"), ("11202", "vincristine"), CELLS)
]

# ---- whole records ------------------------------------------------------------------------------------


@dataclass
class Chart:
    """The record in its plainest form; an encoding replaces parts of it."""

    conditions: list[Json] = field(default_factory=lambda: [diagnosis(), relapse()])
    course: list[Json] = field(default_factory=lambda: [remission(), plan()])
    drugs: list[Json] = field(default_factory=lambda: drugs(ingredient))
    mrd: list[Json] = field(default_factory=lambda: [mrd(quantity(0.05, "%"))])
    blasts: list[Json] = field(
        default_factory=lambda: [
            marrow(quantity(71, "%"), RELAPSED, "marrow-relapse"),
            marrow(quantity(1, "%"), BLOCK_1, "marrow-block-1"),
        ]
    )
    csf: list[Json] = field(default_factory=lambda: [csf_cells(quantity(1, "/uL"))])
    genetics: list[Json] = field(default_factory=lambda: [variant(HGNC)])
    more: list[Json] = field(default_factory=list)

    def resources(self) -> list[Json]:
        person = {"resourceType": "Patient", "id": PATIENT, "birthDate": "2012-08-20", "gender": "female"}
        absent = concept((SNOMED, "2667000"))
        cytology = observation("cytology", (LOCAL, "CYTO"), RELAPSED, valueCodeableConcept=absent)
        parts = (self.conditions, self.course, self.drugs, self.mrd, self.blasts, self.csf, self.genetics)
        return copy.deepcopy([person, *(r for part in parts for r in part), cytology, *self.more])


def bundle(resources: Iterable[Json], base: str = SERVER, kind: str = "collection") -> Json:
    entries = [{"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def infusion(medication: Json) -> Json:
    """CAR-T cells given six weeks before the relapse, told as an administration."""
    return _drug("MedicationAdministration", "cells", medication, effectiveDateTime="2026-04-01")
