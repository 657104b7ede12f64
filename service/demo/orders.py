"""Order entry of the demonstration: what can be drafted. No doses: none are read, and none belong here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_SNOMED = "http://snomed.info/sct"
_ICD10_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
_INTRATHECAL = {"coding": [{"system": _SNOMED, "code": "72607000", "display": "Intrathecal route"}]}

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """One order that can be drafted. `resource` lacks its id and its patient."""

    key: str
    label: str
    resource: Resource


def _drug(key: str, code: str | None, name: str, label: str = "", route: Resource | None = None) -> Choice:
    concept: Resource = {"text": label or name}
    if code:
        concept["coding"] = [{"system": _RXNORM, "code": code, "display": name}]
    order: Resource = {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": concept,
    }
    if route:
        order["dosageInstruction"] = [{"route": route}]
    return Choice(key, label or name, order)


def _service(key: str, label: str, system: str = "", code: str = "") -> Choice:
    concept: Resource = {"text": label}
    if code:
        concept["coding"] = [{"system": system, "code": code}]
    order = {"resourceType": "ServiceRequest", "status": "draft", "intent": "order", "code": concept}
    return Choice(key, label, order)


CHOICES: Mapping[str, tuple[Choice, ...]] = {
    "Antibodies": (
        _drug("blinatumomab", "1597258", "blinatumomab"),
        _drug("inotuzumab", "1942950", "inotuzumab ozogamicin"),
    ),
    "CAR-T": (
        _service("car-t-referral", "Referral to CAR-T center"),
        _service("car-t-collection", "Leukapheresis for CAR-T manufacture", _ICD10_PCS, "6A550Z1"),
        _drug("tisagenlecleucel", "1986438", "tisagenlecleucel"),
        _drug("brexucabtagene", "2387277", "brexucabtagene autoleucel"),
        _service("car-t-infusion", "CAR-T cell infusion"),
    ),
    "Chemotherapy": (
        _drug("nelarabine", "274771", "nelarabine"),
        _drug("it-methotrexate", "6851", "methotrexate", "methotrexate, intrathecal", _INTRATHECAL),
        _drug("clofarabine", "44151", "clofarabine"),
        _drug("bendamustine", "134547", "bendamustine"),
    ),
    "Kinase inhibitors": (
        _drug("imatinib", "282388", "imatinib"),
        _drug("dasatinib", "475342", "dasatinib"),
        _drug("ponatinib", "1364347", "ponatinib"),
    ),
    "Transplant and radiation": (
        _service("allogeneic", "Allogeneic hematopoietic stem cell transplant", _SNOMED, "425843001"),
        _service("autologous", "Autologous stem cell transplant"),
        _service("donor-lymphocytes", "Donor lymphocyte infusion"),
        _service("cranial-radiation", "Cranial radiotherapy"),
    ),
    "Everyday orders, about which nothing is said": (
        _drug("ondansetron", None, "ondansetron"),
        _drug("amoxicillin", None, "amoxicillin"),
        _service("blood-count", "Complete blood count"),
        _service("echocardiogram", "Echocardiogram"),
    ),
}


def drafts_of(patient_id: str) -> dict[str, Resource]:
    """Every order that can be drafted for a patient, by key; an id is given when it is drafted."""
    subject = {"subject": {"reference": f"Patient/{patient_id}"}}
    return {choice.key: choice.resource | subject for group in CHOICES.values() for choice in group}
