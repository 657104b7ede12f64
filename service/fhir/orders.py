"""Draft orders of a call, read as far as the checks need: which drug, which act. Never a dose.

CDS Hooks library, order-select and order-sign: `draftOrders` is a Bundle of MedicationRequest,
ServiceRequest, CarePlan and others that the record does not hold yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cds_rules.treatment.order import Act, Order
from service.fhir.drug_names import INTRATHECAL_CHEMOTHERAPY, is_intrathecal, liposomal_form, named_drugs
from service.fhir.lexicon import Lexicon
from service.fhir.read import medication
from service.fhir.read.dosage import intrathecal
from service.fhir.reading import Reading

MAX_ORDERS = 200
"""More drafts in one call than anyone signs together; the rest is not looked at, and that is said."""
_MAX_TEXT = 300
_VOID = ("entered-in-error", "cancelled", "revoked")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")

_ACTS = {
    "hsct": Act.TRANSPLANT,
    "hsct.autologous": Act.AUTOLOGOUS_TRANSPLANT,
    "hsct.allogeneic": Act.ALLOGENEIC_TRANSPLANT,
    "car-t.infusion": Act.CAR_T_INFUSION,
    "car-t.product": Act.CAR_T_INFUSION,
    "car-t.collection": Act.LEUKAPHERESIS_FOR_CAR_T,
    "leukapheresis": Act.LEUKAPHERESIS,
    INTRATHECAL_CHEMOTHERAPY: Act.INTRATHECAL,
}
"""By concept; a concept counts as the longest of these that it begins with."""
_KINDS = frozenset({Act.AUTOLOGOUS_TRANSPLANT, Act.ALLOGENEIC_TRANSPLANT})
_TRANSPLANTS = _KINDS | {Act.TRANSPLANT}
_CAR_T_PRODUCTS = frozenset({"tisagenlecleucel", "brexucabtagene", "obecabtagene"})

_CAR_T = re.compile(r"\bcar[ -]?t\b|\bchimeric antigen receptor\b", re.IGNORECASE)
_APHERESIS = re.compile(r"\b(?:leuko?(?:cyt)?)?apheresis\b", re.IGNORECASE)
_COLLECT = re.compile(r"\bcollection\b|\bharvest", re.IGNORECASE)
_LEUKOREDUCTION = re.compile(r"\bleuko(?:reduction|depletion)\b|\bhyperleukocytosis\b", re.IGNORECASE)
_TRANSPLANT = re.compile(
    r"\b(?:hsct|hct|bmt|(?:stem cell|bone marrow|hematopoietic cell) transplant\w*)\b", re.IGNORECASE
)
_AUTOLOGOUS = re.compile(r"\bauto(?:logous)?\b", re.IGNORECASE)
_ALLOGENEIC = re.compile(r"\ballo(?:gene?ic)?\b|\bhaplo\w*|\bunrelated donor\b|\bsibling\b", re.IGNORECASE)
_REDUCED = re.compile(r"\breduced[- ]intensity\b|\bRIC\b|\bnon-?myeloablative\b", re.IGNORECASE)
_HIGH_DOSE = re.compile(r"\bhigh[- ]dose\b|\bHD[- ]?MTX\b", re.IGNORECASE)
_DLI = re.compile(r"\bdonor lymphocyte(?:s)?(?: infusion)?\b|\bDLI\b", re.IGNORECASE)
_REFERRAL = re.compile(r"\breferral\b|\bconsult\w*|\bevaluation\b|\btyping\b|\bdonor search\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Drafts:
    """The orders that could be read, and how many of the selected ones could not."""

    orders: tuple[Order, ...]
    unread: int = 0


def read_drafts(bundle: dict[str, Any], selections: Iterable[str] | None, lexicon: Lexicon) -> Drafts:
    """Every draft of the bundle. `selections` None: all are about to be signed. Never raises."""
    chosen = None if selections is None else frozenset(selections)
    entries = bundle.get("entry")
    listed = entries if isinstance(entries, list) else []
    resources = [e.get("resource") if isinstance(e, dict) else None for e in listed]
    kept = [r for r in resources if isinstance(r, dict)]
    reading = Reading(lexicon, frozenset())
    for resource in kept:
        if resource.get("resourceType") == "Medication":
            reading.medications[f"Medication/{resource.get('id')}"] = resource.get("code")
    orders: list[Order] = []
    unread = len(resources) - len(kept) + sum(_chosen(r, chosen) for r in kept[MAX_ORDERS:])
    if entries is not None and not isinstance(entries, list):
        unread += 1
    for resource in kept[:MAX_ORDERS]:
        try:
            orders.extend(_orders(resource, chosen, reading))
        except _UNREADABLE:
            unread += _chosen(resource, chosen)
    return Drafts(tuple(orders), unread)


class _NamelessError(ValueError):
    """The draft does not say what is ordered."""


_UNREADABLE = (AttributeError, TypeError, ValueError, LookupError, RecursionError)


def _chosen(resource: dict[str, Any], chosen: frozenset[str] | None) -> bool:
    return chosen is None or f"{resource.get('resourceType')}/{resource.get('id')}" in chosen


def _orders(resource: dict[str, Any], chosen: frozenset[str] | None, reading: Reading) -> Iterator[Order]:
    kind, name = resource.get("resourceType"), resource.get("id")
    if kind not in ("MedicationRequest", "ServiceRequest", "Procedure", "CarePlan") or _void(resource):
        return
    selected = _chosen(resource, chosen)
    reference = f"{kind}/{name}" if isinstance(name, str) and _ID.fullmatch(name) else str(kind)
    if kind == "MedicationRequest":
        yield _drug_order(resource, reference, selected, reading)
        return
    details = [resource]
    if kind == "CarePlan":
        details = [a["detail"] for a in resource.get("activity") or () if a.get("detail")]
    for detail in details:
        if not _void(detail):
            yield _act_order(detail, reference, selected, reading)


def _void(resource: dict[str, Any]) -> bool:
    """Not to be done, or no order any more."""
    return resource.get("doNotPerform") is True or resource.get("status") in _VOID


def _drug_order(resource: dict[str, Any], reference: str, selected: bool, reading: Reading) -> Order:
    code = medication.code_of(resource, reading.medications)
    if not code:
        raise _NamelessError
    drugs, acts = _coded(code, reading)
    name = _name(code) or _told(code, "medication")
    given = intrathecal(resource, reading, *_texts(code))
    if Act.INTRATHECAL in acts:
        given = True
    if "methotrexate" in drugs and not given and any(_HIGH_DOSE.search(text) for text in _texts(code)):
        acts.add(Act.HIGH_DOSE_METHOTREXATE)
    return Order(reference, name, frozenset(drugs), frozenset(acts), given, selected)


def _act_order(detail: dict[str, Any], reference: str, selected: bool, reading: Reading) -> Order:
    code, product = detail.get("code") or {}, detail.get("productCodeableConcept") or {}
    if not code and not product:
        raise _NamelessError
    drugs, acts = _coded(code, reading)
    if product:
        more_drugs, more_acts = _coded(product, reading)
        drugs |= more_drugs
        acts |= more_acts
    names = _texts(code) + _texts(product)
    context = [t for reason in detail.get("reasonCode") or () for t in _texts(reason)]
    context += [n["text"] for n in detail.get("note") or () if isinstance(n.get("text"), str)]
    acts |= _by_text(_joined(names), _joined([*names, *context]), acts)
    if any(_REFERRAL.search(text) for text in _texts(code)):
        acts, drugs = set(), set()
    name = _name(code) or _name(product) or _told(code or product, "order")
    return Order(reference, name, frozenset(drugs), frozenset(acts), None, selected)


def _joined(texts: list[str]) -> str:
    return " ; ".join(text for text in texts if len(text) <= _MAX_TEXT)


def _told(code: dict[str, Any], generic: str) -> str:
    """A code without words is an order all the same; without a code nothing is said."""
    if not any(c.get("code") for c in code.get("coding") or ()):
        raise _NamelessError
    return generic


def _coded(code: dict[str, Any], reading: Reading) -> tuple[set[str], set[Act]]:
    drugs: set[str] = set()
    acts: set[Act] = set()
    meanings = list(reading.meanings(code)) or named_drugs(code)
    for meaning in meanings:
        if meaning.concept.startswith("drug."):
            drugs.add(liposomal_form(meaning.concept.removeprefix("drug."), code))
        else:
            act = _act(meaning.concept)
            if act is not None:
                acts.add(act)
            product = meaning.concept.rpartition(".")[2]
            if act is Act.CAR_T_INFUSION and product in _CAR_T_PRODUCTS:
                drugs.add(product)
    if drugs & _CAR_T_PRODUCTS:
        acts.add(Act.CAR_T_INFUSION)
    return drugs, acts


def _act(concept: str) -> Act | None:
    while concept:
        if concept in _ACTS:
            return _ACTS[concept]
        concept = concept.rpartition(".")[0]
    return None


def _by_text(name: str, words: str, coded: set[Act]) -> set[Act]:
    """What its name says is done; `words`, with reasons and notes, only tell of which kind or what for."""
    found: set[Act] = set()
    apheresis = bool(_APHERESIS.search(name)) or Act.LEUKAPHERESIS in coded
    if _LEUKOREDUCTION.search(words):
        coded.discard(Act.LEUKAPHERESIS)
    elif _CAR_T.search(words) and (apheresis or (_CAR_T.search(name) and _COLLECT.search(name))):
        coded.discard(Act.LEUKAPHERESIS)
        found.add(Act.LEUKAPHERESIS_FOR_CAR_T)
    elif apheresis:
        found.add(Act.LEUKAPHERESIS)
    elif _CAR_T.search(name):
        found.add(Act.CAR_T_INFUSION)
    if _TRANSPLANT.search(name) or coded & _TRANSPLANTS:
        found |= _transplant(words) - ({Act.TRANSPLANT} if coded & _TRANSPLANTS else set())
        if found & _KINDS:
            coded.discard(Act.TRANSPLANT)
    if _DLI.search(name):
        found.add(Act.DONOR_LYMPHOCYTES)
    if is_intrathecal(name):
        found.add(Act.INTRATHECAL)
    return found


def _transplant(words: str) -> set[Act]:
    auto, allo = _AUTOLOGOUS.search(words), _ALLOGENEIC.search(words)
    kind = Act.TRANSPLANT
    if bool(auto) is not bool(allo):
        kind = Act.AUTOLOGOUS_TRANSPLANT if auto else Act.ALLOGENEIC_TRANSPLANT
    return {kind, Act.REDUCED_INTENSITY} if _REDUCED.search(words) else {kind}


def _texts(code: dict[str, Any]) -> list[str]:
    texts = [code.get("text"), *(c.get("display") for c in code.get("coding") or ())]
    return [text for text in texts if isinstance(text, str)]


def _name(code: dict[str, Any]) -> str:
    return next((" ".join(text.split())[:80] for text in _texts(code) if text.strip()), "")
