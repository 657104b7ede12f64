"""MedicationAdministration, MedicationStatement, MedicationRequest: which drug, from when to when.

An order is intent, not exposure: only administrations count as given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.drug_class import CAR_T, LIPOSOMAL
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.timeline import CarT, DrugUse, ProblemKind
from service.fhir.drug_names import INTRATHECAL_CHEMOTHERAPY, liposomal_form
from service.fhir.elements import MedicationData
from service.fhir.read.dosage import intrathecal
from service.fhir.reading import ORDERS, Meaning, Reading, end_of, local, when

_LIVE = {
    "MedicationAdministration": {"completed", "in-progress", "stopped"},
    "MedicationStatement": {"active", "completed", "stopped"},
    "MedicationRequest": {"active", "completed", "stopped"},
}
_GIVEN_OR_UNTOLD = {"completed", "in-progress", "unknown", "stopped", "on-hold"}
_REPORTED = {"MedicationStatement": {"active", "completed", "stopped"}, "MedicationRequest": {"completed"}}
"""A statement that CAR-T cells are taken, and an order that was carried out, tell of an infusion, without
being its record."""
_PRODUCT = "car-t.product."


def matters(meaning: Meaning) -> bool:
    """Is this a drug of ours, CAR-T cells, or intrathecal chemotherapy as a drug?"""
    return meaning.concept.startswith(("drug.", _PRODUCT)) or meaning.concept == INTRATHECAL_CHEMOTHERAPY


def code_of(resource: dict[str, Any], elsewhere: Mapping[str, Any]) -> Any:
    """The raw medication code: inline, of a contained Medication, of one in the record, or the
    reference's own display. None when the Medication is not at hand and has no name."""
    code = resource.get("medicationCodeableConcept")
    if code is not None:
        return code
    reference = resource.get("medicationReference") or {}
    wanted = reference.get("reference")
    for held in resource.get("contained") or ():
        if f"#{held.get('id')}" == wanted:
            return held.get("code") or {}
    found = elsewhere.get(local(wanted))
    if found is not None:
        return found
    display = reference.get("display")
    return {"text": display} if isinstance(display, str) else None


def read(resource: dict[str, Any], meanings: list[Meaning], reading: Reading) -> None:
    """Turn one medication resource of a known drug into its use over time."""
    kind = resource["resourceType"]
    data = MedicationData.of(resource)
    source = f"{kind}/{data.id}"
    meaning = meanings[0]
    drug = meaning.concept.removeprefix("drug.").removeprefix(_PRODUCT)
    given = kind == "MedicationAdministration"
    start = when(data.effectiveDateTime, data.effectivePeriod, data.authoredOn)
    if drug in CAR_T and data.status in (_GIVEN_OR_UNTOLD if given else _REPORTED[kind]):
        certain = given and data.status in ("completed", "in-progress")
        # The day on which an order was written is not that of the infusion.
        done = None if kind == "MedicationRequest" else start
        told = reading.car_t if given else reading.mentioned
        told.append(CarT(source, done, drug, meaning.route, certain))
        if given:
            return
    if data.status not in _LIVE[kind]:
        if data.status == "entered-in-error":
            reading.problem(ProblemKind.ENTERED_IN_ERROR, "Entered in error: not used.", source)
        return
    if meaning.concept == INTRATHECAL_CHEMOTHERAPY:
        _read_intrathecal(data, source, start, meaning, _stands(resource), reading)
        return
    code = code_of(resource, reading.medications) or {}
    if drug in LIPOSOMAL:
        drug = liposomal_form(drug, code)
    reading.drugs.append(
        DrugUse(
            source=source,
            when=start,
            drug=drug,
            until=_end(data),
            ongoing=kind == "MedicationStatement" and data.status == "active" and _end(data) is None,
            given=given,
            ordered=kind == "MedicationRequest",
            route=meaning.route,
            intrathecal=intrathecal(resource, reading, *_names(code)),
            standing=_stands(resource),
        )
    )


def _stands(resource: dict[str, Any]) -> bool:
    """Is it an order, not a plan or a proposal, that is active?"""
    if resource["resourceType"] != "MedicationRequest" or resource.get("doNotPerform") is True:
        return False
    return resource.get("status") == "active" and resource.get("intent") in ORDERS


def _names(code: Any) -> list[str]:
    texts = [code.get("text"), *(c.get("display") for c in code.get("coding", ()))]
    return [text for text in texts if isinstance(text, str)]


def _read_intrathecal(
    data: MedicationData,
    source: str,
    start: PartialDate | None,
    meaning: Meaning,
    standing: bool,
    reading: Reading,
) -> None:
    """Several drugs into the spinal fluid at once; an order is none, and stands as one of methotrexate."""
    if source.startswith("MedicationRequest"):
        reading.drugs.append(
            DrugUse(
                source,
                start,
                "methotrexate",
                given=False,
                ordered=True,
                route=meaning.route,
                intrathecal=True,
                standing=standing,
            )
        )
        return
    kind = EventKind.INTRATHECAL
    reading.events.append(Event(source, start, kind, until=_end(data), route=meaning.route))


def _end(data: MedicationData) -> PartialDate | None:
    return end_of(data.effectivePeriod.end if data.effectivePeriod else None)
