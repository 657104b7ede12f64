"""One patient, written down in the many ways in which hospitals write: every record tells the same facts.

The patient: B-ALL of 2023-01-15 with BCR::ABL1, remission on 2023-02-16, treatment completed on
2025-03-15; marrow relapse on 2026-05-15 (40 calendar months) with 71 % blasts and clear spinal fluid;
reinduction from 2026-05-19; flow MRD 0.05 % on 2026-06-18 (day 30). No transplant.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from cds_rules.terminology.code_set import HGNC, HGNC_LEGACY, ICD10, ICD10CM, LOINC, RXNORM, SNOMED
from service.fhir.site_map import SiteCode, SiteMap

Json = dict[str, Any]

ON: Final = date(2026, 6, 22)
PATIENT: Final = "one"
LOCAL: Final = "http://lab.example/codes"
UCUM: Final = "http://unitsofmeasure.org"
SERVER: Final = "https://ehr.example/fhir"
OIDS: Final = {
    SNOMED: "urn:oid:2.16.840.1.113883.6.96",
    LOINC: "urn:oid:2.16.840.1.113883.6.1",
    ICD10CM: "urn:oid:2.16.840.1.113883.6.90",
    RXNORM: "urn:oid:2.16.840.1.113883.6.88",
}
WHO_OID: Final = "urn:oid:2.16.840.1.113883.6.3"
HGNC_OID: Final = "urn:oid:2.16.840.1.113883.6.281"
IN_RELAPSE_STATUS: Final[Json] = {
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "relapse"}]
    }
}
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


@dataclass(frozen=True)
class Encoding:
    """One way of writing: a bundle, and the facts that this way has no room for."""

    name: str
    bundle: Json
    silent: frozenset[str] = frozenset()


# ---- single resources -------------------------------------------------------------------------------


def concept(*codings: tuple[str, str], display: str | None = None) -> Json:
    shown = {"display": display} if display else {}
    return {"coding": [{"system": system, "code": code, **shown} for system, code in codings]}


def _resource(kind: str, name: str, **members: Any) -> Json:
    return {"resourceType": kind, "id": name, "subject": {"reference": f"Patient/{PATIENT}"}, **members}


def condition(name: str, *codings: tuple[str, str], onset: str, **members: Any) -> Json:
    confirmed = concept(("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"))
    code = {"code": concept(*codings), "verificationStatus": confirmed, "onsetDateTime": onset}
    return _resource("Condition", name, **{**code, **members})


def observation(name: str, coding: tuple[str, str], taken: str, **members: Any) -> Json:
    basics = {"status": "final", "code": concept(coding), "effectiveDateTime": taken}
    return _resource("Observation", name, **{**basics, **members})


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
    return _resource("CarePlan", name, **{**basics, **members})


def _drug(kind: str, name: str, medication: Json, **members: Any) -> Json:
    return _resource(kind, name, status="completed", **medication, **members)


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


def every(value: Any, change: Callable[[Json], Json]) -> Any:
    """A copy in which every JSON object, from the inside out, is passed through `change`."""
    if isinstance(value, dict):
        return change({k: every(v, change) for k, v in value.items()})
    return [every(v, change) for v in value] if isinstance(value, list) else value


def texts(value: Any, change: Callable[[str], str]) -> Any:
    """A copy in which every string is passed through `change`."""
    if isinstance(value, dict):
        return {k: texts(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [texts(v, change) for v in value]
    return change(value) if isinstance(value, str) else value


def _with_oids(resources: list[Json]) -> list[Json]:
    def change(item: Json) -> Json:
        return {**item, "system": OIDS.get(item["system"], item["system"])} if "code" in item else item

    changed: list[Json] = every(resources, lambda item: change(item) if "system" in item else item)
    return changed


def _references(resources: list[Json], change: Callable[[str], str]) -> list[Json]:
    def swap(item: Json) -> Json:
        found = item.get("reference")
        local = isinstance(found, str) and not found.startswith("#")
        return {**item, "reference": change(str(found))} if local else item

    changed: list[Json] = every(resources, swap)
    return changed


def _transaction(resources: list[Json]) -> Json:
    """Every entry known by a urn:uuid only, as in an upload; the resources keep ids of their own."""
    names = [f"{r['resourceType']}/{r['id']}" for r in resources]
    urls = {name: f"urn:uuid:00000000-0000-4000-8000-{n:012d}" for n, name in enumerate(names)}
    swapped = _references(resources, lambda reference: urls[reference])
    entries = [
        {"fullUrl": urls[name], "resource": r, "request": {"method": "POST", "url": r["resourceType"]}}
        for name, r in zip(names, swapped, strict=True)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


_DATED: Final = {"effectiveDateTime", "onsetDateTime", "start", "end"}


def _timed(resources: list[Json], suffix: str) -> list[Json]:
    def change(item: Json) -> Json:
        return {k: f"{v}{suffix}" if k in _DATED else v for k, v in item.items()}

    changed: list[Json] = every(resources, change)
    return changed


def _as_periods(resources: list[Json]) -> list[Json]:
    def change(item: Json) -> Json:
        for day, period in (("effectiveDateTime", "effectivePeriod"), ("onsetDateTime", "onsetPeriod")):
            if day in item:
                item[period] = {"start": item[day], "end": item.pop(day)}
        return item

    changed: list[Json] = every(resources, change)
    return changed


def _specimen(place: Json) -> Json:
    return _resource("Specimen", "s", type=place)


def _as_text(value: str) -> Json:
    return {"valueString": value}


MRD_FORMS: Final[Mapping[str, Json]] = {
    "percent": quantity(0.05, "%"),
    "per ten thousand": quantity(5, "10*-4"),
    "per ten thousand, by ^": quantity(5, "10^-4"),
    "per hundred thousand": quantity(50, "10*-5"),
    "fraction of one": quantity(0.0005, "1"),
    "cells in a million": quantity(500, "{cells}/10*6"),
    "parts per million": quantity(500, "[ppm]"),
    "text in percent": _as_text("0.05%"),
    "text in percent, spaced": _as_text("0.05 %"),
    "text with a power": _as_text("5 x 10-4"),
    "text with a power and a caret": _as_text("5 × 10^-4"),
    "text with an exponent": _as_text("5E-4"),
    "text with a verdict": _as_text("Positive, 0.05 %"),
    "text of a coded answer": {"valueCodeableConcept": {"text": "0.05 %"}},
    "printed unit only": {"valueQuantity": {"value": 0.05, "unit": "%"}},
    "code only": {"valueQuantity": {"value": 0.05, "system": UCUM, "code": "%"}},
}
BLAST_FORMS: Final[Mapping[str, tuple[Json, Json]]] = {
    "percent": (quantity(71, "%"), quantity(1, "%")),
    "fraction of one": (quantity(0.71, "1"), quantity(0.01, "1")),
    "per hundred cells": (quantity(71, "/100{WBCs}"), quantity(1, "/100{WBCs}")),
    "printed unit only": ({"valueQuantity": {"value": 71, "unit": "%"}}, quantity(1, "percent")),
    "a bound": (quantity(71, "%"), quantity(5, "%", "<")),
}
CSF_FORMS: Final[Mapping[str, Json]] = {
    "per microlitre": quantity(1, "/uL"),
    "cells per microlitre": quantity(1, "{cells}/uL"),
    "not UCUM": {"valueQuantity": {"value": 1, "unit": "cells/uL"}},
    "cubic millimetre": quantity(1, "/mm3"),
    "million per litre": quantity(1, "10*6/L"),
    "thousand per microlitre": quantity(0.001, "10*3/uL"),
    "K/uL, not kelvin": quantity(0.001, "K/uL"),
    "billion per litre": quantity(0.001, "10*9/L"),
}
BELOW_FORMS: Final[Mapping[str, Json]] = {
    "percent": quantity(0.01, "%", "<"),
    "per ten thousand": quantity(1, "10*-4", "<"),
    "fraction of one": quantity(0.0001, "1", "<"),
    "cells in a million": quantity(100, "{cells}/10*6", "<"),
    "text in percent": _as_text("<0.01%"),
    "text with a power": _as_text("< 1 x 10-4"),
    "text with an exponent": _as_text("<1E-4"),
    "text with a verdict": _as_text("Negative (<0.01 %)"),
    "text with words": _as_text("MRD not detected, < 0.01 %"),
}
"""A second result of the same day: below 0.01 %."""

_LINEAGE: Final = frozenset({"lineage"})
_ICD: Final = ((ICD10CM, "C91.00"), IN_RELAPSE)
_BARE: Final = ((ICD10CM, "C9100"), (ICD10CM, "C9102"))


def _by_codes(first: tuple[str, str], second: tuple[str, str]) -> Chart:
    return Chart(conditions=[diagnosis(first), relapse(second)])


def _charts() -> dict[str, Chart]:
    """Encodings that are other resources in the same kind of bundle."""
    found = {
        "plain": Chart(),
        "SNOMED only": _by_codes(B_ALL, RELAPSE),
        "WHO ICD-10 beside SNOMED": Chart(
            conditions=[diagnosis((ICD10, "C91.0"), B_ALL), relapse((ICD10, "C91.0"), RELAPSE)]
        ),
        "relapse by its clinical status": Chart(
            conditions=[diagnosis(B_ALL), relapse(B_ALL, **IN_RELAPSE_STATUS)]
        ),
        "HGNC by its older system": Chart(genetics=[variant(HGNC_LEGACY)]),
        "HGNC by its OID": Chart(genetics=[variant(HGNC_OID)]),
        "relapse by ICD and by SNOMED": Chart(
            conditions=[diagnosis(), relapse(IN_RELAPSE), relapse(RELAPSE, name="relapse-2")]
        ),
        "relapse told twice, days apart": Chart(
            conditions=[diagnosis(), relapse(IN_RELAPSE), relapse(RELAPSE, name="r2", onset="2026-05-19")]
        ),
        "relapse told twice, one site": Chart(
            conditions=[diagnosis(), relapse(IN_RELAPSE, bodySite=[]), relapse(RELAPSE, name="relapse-2")]
        ),
        "diagnosis told twice": Chart(
            conditions=[
                diagnosis(B_ALL),
                condition("diagnosis-2", (ICD10CM, "C91.01"), onset=DIAGNOSED),
                relapse(),
            ]
        ),
        "site by the count only": Chart(conditions=[diagnosis(), relapse(bodySite=[])]),
        "drugs as products": Chart(drugs=drugs(product)),
        "drugs contained": Chart(drugs=drugs(contained)),
        "end of treatment by the drug": Chart(course=[remission()]),
        "end of treatment by a product": Chart(course=[remission()], drugs=drugs(product)),
        "end of treatment by a contained drug": Chart(course=[remission()], drugs=drugs(contained)),
        "end of treatment by a referenced drug": Chart(
            course=[remission()], drugs=drugs(referenced), more=MEDICATIONS
        ),
        "no drugs": Chart(drugs=[]),
        "plan named by its title": Chart(course=[remission(), _titled()]),
        "specimen of its own": Chart(mrd=[_on_specimen()], more=[_specimen(SITE_MARROW)]),
        "second result before the relapse": Chart(
            mrd=[mrd(quantity(0.05, "%")), mrd(quantity(0.01, "%", "<"), REMISSION, "mrd-cr1")]
        ),
    }
    found |= {f"MRD: {name}": Chart(mrd=[mrd(value)]) for name, value in MRD_FORMS.items()}
    found |= {f"CSF: {name}": Chart(csf=[csf_cells(value)]) for name, value in CSF_FORMS.items()}
    for name, (high, low) in BLAST_FORMS.items():
        looks = [marrow(high, RELAPSED, "marrow-relapse"), marrow(low, BLOCK_1, "marrow-block-1")]
        found[f"blasts: {name}"] = Chart(blasts=looks)
    return found


def _titled() -> Json:
    """A plan without a category: treatment by its title, of ALL by what it addresses."""
    about = [{"reference": "Condition/diagnosis"}]
    return plan(category=[], title="Chemotherapy", addresses=about)


def _on_specimen() -> Json:
    """A code for any specimen; where it is from stands in the Specimen."""
    value = quantity(0.05, "%")
    return observation("mrd", (LOCAL, "MRD-ANY"), BLOCK_1, specimen={"reference": "Specimen/s"}, **value)


def _encodings() -> list[Encoding]:
    found = [Encoding(name, bundle(chart.resources())) for name, chart in _charts().items()]
    for name, codes in (("ICD-10-CM only", _ICD), ("ICD-10-CM without dots", _BARE)):
        found.append(Encoding(name, bundle(_by_codes(*codes).resources()), _LINEAGE))
    for name, system in (("WHO ICD-10 only", ICD10), ("WHO ICD-10 by its OID", WHO_OID)):
        code = (system, "C91.0")
        chart = Chart(conditions=[diagnosis(code), relapse(code, **IN_RELAPSE_STATUS)])
        found.append(Encoding(name, bundle(chart.resources()), _LINEAGE))
    plain = Chart().resources()
    # A chart in which nothing is told twice, so that every reference must be followed.
    linked = Chart(
        course=[remission(), _titled()], drugs=[], mrd=[_on_specimen()], more=[_specimen(SITE_MARROW)]
    ).resources()
    for label, resources in (("plain", plain), ("linked", linked)):
        found += [
            Encoding(f"{label}: systems as OIDs", bundle(_with_oids(resources))),
            Encoding(
                f"{label}: references versioned",
                bundle(_references(resources, lambda r: f"{r}/_history/3")),
            ),
            Encoding(
                f"{label}: references as full URLs",
                bundle(_references(resources, lambda r: f"{SERVER}/{r}")),
            ),
            Encoding(
                f"{label}: references as versioned full URLs",
                bundle(_references(resources, lambda r: f"{SERVER}/{r}/_history/1")),
            ),
            Encoding(f"{label}: transaction", _transaction(resources)),
            Encoding(f"{label}: times in UTC", bundle(_timed(resources, "T12:00:00Z"))),
            Encoding(f"{label}: times late at night", bundle(_timed(resources, "T23:30:00-08:00"))),
            Encoding(f"{label}: times with fractions", bundle(_timed(resources, "T00:00:00.000+02:00"))),
            Encoding(f"{label}: searchset", bundle(resources, kind="searchset")),
        ]
    found.append(Encoding("periods in place of days", bundle(_as_periods(plain))))
    return found


ENCODINGS: Final = {encoding.name: encoding for encoding in _encodings()}
PLAIN: Final = ENCODINGS["plain"]


def infusion(medication: Json) -> Json:
    """CAR-T cells given six weeks before the relapse, told as an administration."""
    return _drug("MedicationAdministration", "cells", medication, effectiveDateTime="2026-04-01")
