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
    r"\b(?:hsct|bmt|(?:allo\w*|auto\w*|haplo\w*|donor|second)[- ]?hct"
    r"|(?:stem cell|bone marrow|hematopoietic cell) transplant\w*)\b",
    re.IGNORECASE,
)
"""HCT alone is the hematocrit more often than not."""
_AUTOLOGOUS = re.compile(r"\bauto(?:logous)?\b", re.IGNORECASE)
_ALLOGENEIC = re.compile(r"\ballo(?:gene?ic)?\b|\bhaplo\w*|\bunrelated donor\b|\bsibling\b", re.IGNORECASE)
_REDUCED = re.compile(r"\breduced[- ]intensity\b|\bRIC\b|\bnon-?myeloablative\b", re.IGNORECASE)
_HIGH_DOSE = re.compile(r"\bhigh[- ]dose\b|\bHD[- ]?MTX\b", re.IGNORECASE)
_DLI = re.compile(r"\bdonor lymphocyte(?:s)?(?: infusion)?\b|\bDLI\b", re.IGNORECASE)
_REFERRAL = re.compile(
    r"\breferral\b|\bconsult\w*|\bevaluation\b|\btyping\b|\bdonor search\b|^\s*(?:discontinue|stop|hold)\b",
    re.IGNORECASE,
)
_ABOUT_IT = re.compile(
    r"\b(?:levels?|assays?|mutations?|pcr|sequencing|persistence|chimerism|biopsy|aspirat\w*|visit|follow-?up"
    r"|education|authori[sz]ation|approval|insurance|consent|monitoring"
    r"|resistance|panel|test(?:s|ing)?|genotyp\w*"
    r"|(?:bmt|hsct|transplant|car[ -]?t) (?:unit|ward|service|clinic|team|program|nurse))\b",
    re.IGNORECASE,
)
"""A test, a visit or paper work: it names the treatment and does not give it."""
_GIVES = re.compile(
    r"\b(?:infus\w*|administ\w*|inject\w*|intrathecal\w*|with|plus|followed by|cycle|course|block"
    r"|conditioning|(?-i:IT))\b",
    re.IGNORECASE,
)
"""Words that keep such an order under the checks all the same."""
_AFTER = re.compile(
    r"\b(?:post|after|following|since|s/p)[- ]+(?:(?:the|allo\w*|auto\w*|cd19|cd22|first|second)[- ])*"
    r"(?:car[- ]?t\b|hsct\b|hct\b|bmt\b|dli\b|(?:stem cell|bone marrow|hematopoietic cell) transplant\w*)",
    re.IGNORECASE,
)
"""What the order comes after; it is not what is ordered."""
_T_CELLS = re.compile(r"\bT[- ]?(?:cells?|lymphocytes?)\b", re.IGNORECASE)
_TARGETS = re.compile(
    r"((?:\bCD[- ]?\d+[-/ ]*)+)(?:(?:re)?(?:directed|targeted|targeting|specific)[- ]+)?(?:CAR\b|chimeric)",
    re.IGNORECASE,
)
_IT = re.compile(
    r"\bIT (?:[Cc]hemo\w*|MTX|[Mm]ethotrexate|[Cc]ytarabine|[Aa]ra-?C)\b"
    r"|\b(?:[Tt]riple|MTX|[Mm]ethotrexate|METHOTREXATE|[Cc]ytarabine|CYTARABINE)\b[^,;]{0,30} IT\b"
    r"|\b(?:[Dd]epo[Cc]yte?|DEPOCYTE?)\b"
)
"""Intrathecal chemotherapy by its abbreviation, in capitals, or by a brand that is given no other way."""
_BETWEEN = re.compile(r"\s*[/+,;&]\s*|\s+(?:and|with|plus)\s+", re.IGNORECASE)
_OTHER_NAMES = {"depocyte": "liposomal-cytarabine", "hdmtx": "methotrexate", "mtx": "methotrexate"}
"""Short names and spellings that only drafts are read by, where a clinician can answer. Project's list."""
_NECTAR = re.compile(r"\bNECTAR\b(?![- ](?:thick|THICK))")
"""Nelarabine, etoposide and cyclophosphamide (HR2020, 000:248); in capitals, for diets are called so too."""
_OTHER_NAME = re.compile(rf"\b({'|'.join(_OTHER_NAMES)})\b", re.IGNORECASE)


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
        if not resource.get("activity") and isinstance(resource.get("title"), str):
            details = [{"code": {"text": resource["title"]}}]
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
    by_letters = any(_IT.search(text) for text in _texts(code))
    if Act.INTRATHECAL in acts or (given is None and (by_letters or _routed_it(resource))):
        given = True
    if by_letters and not drugs:
        acts.add(Act.INTRATHECAL)
    if "methotrexate" in drugs and not given and any(_HIGH_DOSE.search(text) for text in _texts(code)):
        acts.add(Act.HIGH_DOSE_METHOTREXATE)
    _tell_target(acts, drugs, _joined(_texts(code)))
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
    told = _joined(names)
    acts |= _by_text(_AFTER.sub(" ", told), _joined([*names, *context]), acts)
    _collection(acts, drugs, told)
    _tell_target(acts, drugs, told)
    if any(_REFERRAL.search(text) or _is_about(text) for text in _texts(code)):
        acts, drugs = set(), set()
    if "methotrexate" in drugs and _HIGH_DOSE.search(told):
        acts.add(Act.HIGH_DOSE_METHOTREXATE)
    spinal = True if Act.INTRATHECAL in acts and Act.HIGH_DOSE_METHOTREXATE not in acts else None
    name = _name(code) or _name(product) or _told(code or product, "order")
    return Order(reference, name, frozenset(drugs), frozenset(acts), spinal, selected)


def _is_about(text: str) -> bool:
    return bool(_ABOUT_IT.search(text)) and not _GIVES.search(text)


def _routed_it(resource: dict[str, Any]) -> bool:
    """Is a route "IT", as EHRs abbreviate it?"""
    routes = [d.get("route") for d in resource.get("dosageInstruction") or () if isinstance(d, dict)]
    return any(text.strip() == "IT" for r in routes if isinstance(r, dict) for text in _texts(r))


def _collection(acts: set[Act], drugs: set[str], name: str) -> None:
    """Collecting the cells for a named product is no infusion of it."""
    collected = _APHERESIS.search(name) or _COLLECT.search(name)
    if collected and drugs & _CAR_T_PRODUCTS:
        acts -= {Act.CAR_T_INFUSION, Act.LEUKAPHERESIS}
        acts.add(Act.LEUKAPHERESIS_FOR_CAR_T)


def _tell_target(acts: set[Act], drugs: set[str], name: str) -> None:
    """Which antigen CAR-T cells without a product name are against, where the name says it."""
    if Act.CAR_T_INFUSION not in acts or drugs & _CAR_T_PRODUCTS:
        return
    targets = {n for found in _TARGETS.findall(name) for n in re.findall(r"\d+", found)}
    if targets == {"19"}:
        acts.add(Act.CD19_CAR_T)
    elif targets and "19" not in targets:
        acts.discard(Act.CAR_T_INFUSION)
        acts.add(Act.OTHER_CAR_T)


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
    if not drugs and acts <= {Act.CAR_T_INFUSION, Act.LEUKAPHERESIS, Act.LEUKAPHERESIS_FOR_CAR_T}:
        drugs = _by_other_names(_texts(code))
    if drugs & _CAR_T_PRODUCTS:
        acts.add(Act.CAR_T_INFUSION)
    return drugs, acts


def _by_other_names(texts: list[str]) -> set[str]:
    """Every drug that a draft names: several in one order, and brands."""
    found: set[str] = set()
    for text in texts:
        if len(text) <= _MAX_TEXT:
            for piece in _BETWEEN.split(text):
                found |= {m.concept.removeprefix("drug.") for m in named_drugs({"text": piece})}
            found |= {_OTHER_NAMES[word.lower()] for word in _OTHER_NAME.findall(text)}
            found |= {"nelarabine"} if _NECTAR.search(text) else set()
    return found - {INTRATHECAL_CHEMOTHERAPY}


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
    elif (_CAR_T.search(words) and (apheresis or (_CAR_T.search(name) and _COLLECT.search(name)))) or (
        apheresis and _T_CELLS.search(name)
    ):
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
    if is_intrathecal(name) or _IT.search(name):
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
