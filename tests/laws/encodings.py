"""The many ways in which hospitals write one patient down: every record tells the same facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cds_rules.terminology.code_set import HGNC, HGNC_LEGACY, ICD10, ICD10CM, LOINC, RXNORM, SNOMED
from tests.laws.one_patient import (
    B_ALL,
    BLOCK_1,
    DIAGNOSED,
    IN_RELAPSE,
    LOCAL,
    MEDICATIONS,
    RELAPSE,
    RELAPSED,
    REMISSION,
    SERVER,
    SITE_MARROW,
    UCUM,
    Chart,
    Json,
    bundle,
    condition,
    contained,
    csf_cells,
    diagnosis,
    drugs,
    marrow,
    mrd,
    observation,
    plan,
    product,
    quantity,
    referenced,
    relapse,
    remission,
    resource,
    variant,
)

OIDS: Final = {
    SNOMED: "urn:oid:2.16.840.1.113883.6.96",
    LOINC: "urn:oid:2.16.840.1.113883.6.1",
    ICD10CM: "urn:oid:2.16.840.1.113883.6.90",
    RXNORM: "urn:oid:2.16.840.1.113883.6.88",
    HGNC: "urn:oid:2.16.840.1.113883.6.281",
}
WHO_OID: Final = "urn:oid:2.16.840.1.113883.6.3"
IN_RELAPSE_STATUS: Final[Json] = {
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "relapse"}]
    }
}


@dataclass(frozen=True)
class Encoding:
    """One way of writing: a bundle, and the facts that this way has no room for."""

    name: str
    bundle: Json
    silent: frozenset[str] = frozenset()


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
    return resource("Specimen", "s", type=place)


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
        "HGNC by its OID": Chart(genetics=[variant(OIDS[HGNC])]),
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
        "end of treatment by an episode of care": Chart(course=[remission(), _episode()], drugs=[]),
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


def _episode() -> Json:
    """The time under treatment as an enrolment, with neither a plan nor a drug."""
    same = plan("episode")
    return {
        "resourceType": "EpisodeOfCare",
        "id": same["id"],
        "status": "finished",
        "type": same["category"],
        "diagnosis": [{"condition": {"reference": "Condition/diagnosis"}}],
        "patient": same["subject"],
        "period": same["period"],
    }


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
