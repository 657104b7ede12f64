"""Draft orders of a call, read as far as the checks need: which drug, which act. Never a dose.

CDS Hooks library, order-select and order-sign: `draftOrders` is a Bundle of MedicationRequest,
ServiceRequest, CarePlan and others that the record does not hold yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cds_rules.patient.drug_class import CYTOTOXIC
from cds_rules.treatment.order import Act, Order
from service.fhir import order_words as words
from service.fhir.drug_names import (
    INTRATHECAL_CHEMOTHERAPY,
    every_drug,
    is_intrathecal,
    liposomal_form,
    named_drugs,
)
from service.fhir.lexicon import Lexicon
from service.fhir.order_groups import GROUPS, parts_of, references_of
from service.fhir.read import medication
from service.fhir.read.dosage import intrathecal
from service.fhir.reading import Reading, local

MAX_ORDERS = 200
"""More drafts in one call than anyone signs together; the rest is not looked at, and that is said."""
_MAX_TEXT = 300
_VOID = ("entered-in-error", "cancelled", "revoked", "stopped", "completed", "not-done")
"""Of these nothing is being ordered: signed again with others they are no drafts."""
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
    "tbi": Act.BODY_IRRADIATION,
}
"""By concept; a concept counts as the longest of these that it begins with."""
_KINDS = frozenset({Act.AUTOLOGOUS_TRANSPLANT, Act.ALLOGENEIC_TRANSPLANT})
_TRANSPLANTS = _KINDS | {Act.TRANSPLANT}
_OWN_ROUTE = frozenset({"methotrexate", "cytarabine", "liposomal-cytarabine"})
"""Drugs whose orders are looked at for their route anyway; of others, only into the spinal fluid counts."""
_CAR_T_PRODUCTS = frozenset({"tisagenlecleucel", "brexucabtagene", "obecabtagene"})


@dataclass(frozen=True, slots=True)
class Drafts:
    """The orders that could be read, and how many of the selected ones were not checked."""

    orders: tuple[Order, ...]
    unread: int = 0
    """Not in the form FHIR gives them, beyond the limit, or selected and not among the drafts."""
    of_others: int = 0
    """For another patient than that of the call."""


@dataclass(frozen=True, slots=True)
class _Call:
    """What the drafts of one call are read with."""

    chosen: frozenset[str] | None
    reading: Reading
    products: dict[str, dict[str, Any]]
    """The Medication resources among the drafts, by Type/id and by full URL."""

    def selects(self, resource: dict[str, Any]) -> bool:
        return self.chosen is None or _reference(resource) in self.chosen


def read_drafts(
    bundle: dict[str, Any],
    selections: Iterable[str] | None,
    lexicon: Lexicon,
    patient: str | None = None,
) -> Drafts:
    """Every draft of the bundle. `selections` None: all are about to be signed. `patient`: the id of whom
    the call is about; drafts for somebody else are left out and counted. Never raises.
    """
    entries = bundle.get("entry")
    listed = [e if isinstance(e, dict) else {} for e in entries] if isinstance(entries, list) else []
    kept = [e["resource"] for e in listed if isinstance(e.get("resource"), dict)]
    reading = Reading(lexicon, frozenset())
    named = None if selections is None else frozenset(selections)
    call = _Call(named and _with_members(named, listed), reading, _products(listed))
    reading.medications.update({name: held.get("code") for name, held in call.products.items()})
    mine = [r for r in kept if not _of_another(r, patient)]
    orders: list[Order] = []
    unread = len(listed) - len(kept) + sum(call.selects(r) for r in mine[MAX_ORDERS:])
    if entries is not None and not isinstance(entries, list):
        unread += 1
    nowhere = len((named or frozenset()) - {_reference(r) for r in kept})
    unread += max(0, nowhere - (len(listed) - len(kept)))
    for resource in mine[:MAX_ORDERS]:
        try:
            orders.extend(_orders(resource, call))
        except _UNREADABLE:
            unread += call.selects(resource)
    others = sum(call.selects(r) for r in kept if _of_another(r, patient))
    return Drafts(tuple(orders), unread, others)


def _products(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        held = entry.get("resource")
        if isinstance(held, dict) and held.get("resourceType") == "Medication":
            found[_reference(held)] = held
            if isinstance(entry.get("fullUrl"), str):
                found[local(entry["fullUrl"])] = held
    return found


def _with_members(chosen: frozenset[str], entries: list[dict[str, Any]]) -> frozenset[str]:
    """Who chooses a plan or a group chooses the drafts that it refers to."""
    held = [(e.get("fullUrl"), e["resource"]) for e in entries if isinstance(e.get("resource"), dict)]
    names = {local(url): _reference(r) for url, r in held if isinstance(url, str)}
    pointed: set[str] = set()
    for _, resource in held:
        if _reference(resource) in chosen and resource.get("resourceType") in GROUPS:
            try:
                pointed |= {local(reference) for reference in references_of(resource)}
            except _UNREADABLE:
                continue  # counted as unread where it is read
    return chosen | {names.get(name, name) for name in pointed}


def _reference(resource: dict[str, Any]) -> str:
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _of_another(resource: dict[str, Any], patient: str | None) -> bool:
    """Does it plainly name another patient? A subject without an id is taken to be that of the call."""
    subject = resource.get("subject")
    told = subject.get("reference") if isinstance(subject, dict) else None
    named = local(told) if isinstance(told, str) else ""
    return patient is not None and named.startswith("Patient/") and named != f"Patient/{patient}"


class _NamelessError(ValueError):
    """The draft does not say what is ordered."""


_UNREADABLE = (AttributeError, TypeError, ValueError, LookupError, RecursionError)
_ORDERS = frozenset({"MedicationRequest", "ServiceRequest", "Procedure"})


def _orders(resource: dict[str, Any], call: _Call) -> Iterator[Order]:
    kind, name = resource.get("resourceType"), resource.get("id")
    if (kind not in _ORDERS and kind not in GROUPS) or _void(resource):
        return
    selected = call.selects(resource)
    reference = f"{kind}/{name}" if isinstance(name, str) and _ID.fullmatch(name) else str(kind)
    if kind not in GROUPS:
        yield _order(resource, reference, selected, call)
        return
    for part in (*parts_of(resource), *(resource.get("contained") or ())):
        if part.get("resourceType", kind) in (*_ORDERS, kind) and not _void(part):
            yield _order(part, reference, selected, call)


def _order(part: dict[str, Any], reference: str, selected: bool, call: _Call) -> Order:
    if part.get("resourceType") == "MedicationRequest":
        return _drug_order(part, reference, selected, call)
    return _act_order(part, reference, selected, call)


def _void(resource: dict[str, Any]) -> bool:
    """Not to be done, or no order any more."""
    return resource.get("doNotPerform") is True or resource.get("status") in _VOID


def _codes(resource: dict[str, Any], call: _Call) -> list[dict[str, Any]]:
    """The code of what is ordered, then those of its ingredients where it is a product of several."""
    code = medication.code_of(resource, call.reading.medications)
    reference = (resource.get("medicationReference") or {}).get("reference") or ""
    held = {f"#{c.get('id')}": c for c in resource.get("contained") or ()}
    product = held.get(reference) or call.products.get(local(reference)) or {}
    parts = [part.get("itemCodeableConcept") for part in product.get("ingredient") or ()]
    return [found for found in (code, *parts) if found]


def _drug_order(resource: dict[str, Any], reference: str, selected: bool, call: _Call) -> Order:
    codes, reading = _codes(resource, call), call.reading
    if not codes:
        raise _NamelessError
    code = codes[0]
    drugs, acts = _coded(code, reading)
    for ingredient in codes[1:]:
        drugs |= _coded(ingredient, reading)[0]
    name = _name(code) or _told(code, "medication")
    texts = _texts(code)
    given = intrathecal(resource, reading, *texts)
    by_letters = any(words.IT.search(text) for text in texts)
    if Act.INTRATHECAL in acts or (given is None and (by_letters or _into_fluid(resource))):
        given = True
    named = any(is_intrathecal(text) and words.SPINAL_CHEMOTHERAPY.search(text) for text in texts)
    if not drugs and (by_letters or named):
        acts.add(Act.INTRATHECAL)
    if given and (drugs & CYTOTOXIC) and not drugs & _OWN_ROUTE:
        acts.add(Act.INTRATHECAL)
    if "methotrexate" in drugs and not given and any(words.HIGH_DOSE.search(text) for text in texts):
        acts.add(Act.HIGH_DOSE_METHOTREXATE)
    acts |= _ahead(_joined(texts))
    _tell_target(acts, drugs, _joined(_texts(code)))
    return Order(reference, name, frozenset(drugs), frozenset(acts), given, selected)


def _act_order(detail: dict[str, Any], reference: str, selected: bool, call: _Call) -> Order:
    code, product = detail.get("code") or {}, detail.get("productCodeableConcept") or {}
    if not code and not product:
        raise _NamelessError
    drugs, acts = _coded(code, call.reading)
    if product:
        more_drugs, more_acts = _coded(product, call.reading)
        drugs |= more_drugs
        acts |= more_acts
    names = _texts(code) + _texts(product)
    context = [t for reason in detail.get("reasonCode") or () for t in _texts(reason)]
    context += [t for more in detail.get("orderDetail") or () for t in _texts(more)]
    context += [n["text"] for n in detail.get("note") or () if isinstance(n.get("text"), str)]
    told = _joined(names)
    acts |= _by_text(words.BEFORE.sub(" ", words.AFTER.sub(" ", told)), _joined([*names, *context]), acts)
    acts |= _ahead(told)
    _collection(acts, drugs, told)
    _tell_target(acts, drugs, told)
    if any(words.REFERRAL.search(text) or _is_about(text) for text in _texts(code)):
        acts, drugs = set(), set()
    if "methotrexate" in drugs and words.HIGH_DOSE.search(told):
        acts.add(Act.HIGH_DOSE_METHOTREXATE)
    spinal = True if Act.INTRATHECAL in acts and Act.HIGH_DOSE_METHOTREXATE not in acts else None
    name = _name(code) or _name(product) or _told(code or product, "order")
    return Order(reference, name, frozenset(drugs), frozenset(acts), spinal, selected)


def _is_about(text: str) -> bool:
    return bool(words.ABOUT_IT.search(text)) and not words.GIVES.search(text)


def _into_fluid(resource: dict[str, Any]) -> bool:
    """Does a route, site, method or instruction lead into the spinal fluid, in other words or by a code?"""
    dosages = [d for d in resource.get("dosageInstruction") or () if isinstance(d, dict)]
    told = [d[member] for d in dosages for member in ("route", "site", "method") if d.get(member)]
    concepts = [c for c in told if isinstance(c, dict)]
    codes = {c.get("code") for r in concepts for c in r.get("coding") or ()}
    texts = [text for c in concepts for text in _texts(c)]
    said = [d["text"] for d in dosages if isinstance(d.get("text"), str)]
    return (
        bool(codes & words.SPINAL_CODES)
        or any(text.strip().upper() == "IT" for text in texts)
        or any(words.SPINAL_ROUTE.search(text) for text in (*texts, *said))
        or any(words.IT_AMOUNT.search(text) for text in said)
    )


def _collection(acts: set[Act], drugs: set[str], name: str) -> None:
    """Collecting the cells for a named product is no infusion of it."""
    collected = words.APHERESIS.search(name) or words.COLLECT.search(name)
    if collected and drugs & _CAR_T_PRODUCTS:
        acts -= {Act.CAR_T_INFUSION, Act.LEUKAPHERESIS}
        acts.add(Act.LEUKAPHERESIS_FOR_CAR_T)


def _tell_target(acts: set[Act], drugs: set[str], name: str) -> None:
    """Which antigen CAR-T cells without a product name are against, where the name says it."""
    if Act.CAR_T_INFUSION not in acts or drugs & _CAR_T_PRODUCTS:
        return
    targets = {n for found in words.TARGETS.findall(name) for n in re.findall(r"\d+", found)}
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
            for piece in words.BETWEEN.split(text):
                found |= every_drug(piece)
            found |= {words.OTHER_NAMES[name.lower()] for name in words.OTHER_NAME.findall(text)}
            found |= {"nelarabine"} if words.NECTAR.search(text) else set()
    return found


def _act(concept: str) -> Act | None:
    while concept:
        if concept in _ACTS:
            return _ACTS[concept]
        concept = concept.rpartition(".")[0]
    return None


def _by_text(name: str, told: str, coded: set[Act]) -> set[Act]:
    """What its name says is done; `told`, with reasons and notes, only tells of which kind or what for."""
    found = _of_cells(name, told, coded)
    if words.TRANSPLANT.search(name) or coded & _TRANSPLANTS:
        found |= _transplant(told) - ({Act.TRANSPLANT} if coded & _TRANSPLANTS else set())
        if found & _KINDS:
            coded.discard(Act.TRANSPLANT)
    if words.DLI.search(name):
        found.add(Act.DONOR_LYMPHOCYTES)
    if words.BODY_IRRADIATION.search(name):
        found.add(Act.BODY_IRRADIATION)
    if words.IT.search(name) or (is_intrathecal(name) and _is_chemotherapy(name)):
        found.add(Act.INTRATHECAL)
    return found


def _of_cells(name: str, told: str, coded: set[Act]) -> set[Act]:
    """Collection of T cells or infusion of CAR-T cells."""
    apheresis = bool(words.APHERESIS.search(name)) or Act.LEUKAPHERESIS in coded
    collects = apheresis or (words.COLLECT.search(name) and words.T_CELLS.search(name))
    if words.LEUKOREDUCTION.search(told):
        coded.discard(Act.LEUKAPHERESIS)
    elif (
        (words.FOR_CAR_T.search(told) and collects)
        or (words.CAR_T.search(name) and words.COLLECT.search(name))
        or (apheresis and words.T_CELLS.search(name))
    ):
        coded.discard(Act.LEUKAPHERESIS)
        return {Act.LEUKAPHERESIS_FOR_CAR_T}
    elif apheresis:
        return set() if words.OTHER_APHERESIS.search(name) else {Act.LEUKAPHERESIS}
    elif words.CAR_T.search(name):
        return {Act.CAR_T_INFUSION}
    return set()


def _is_chemotherapy(name: str) -> bool:
    """Of what goes into the spinal fluid: is it not plainly something else?"""
    return not words.SPINAL_OTHER.search(name) or bool(words.SPINAL_CHEMOTHERAPY.search(name))


def _ahead(name: str) -> set[Act]:
    """What the order is a preparation for, by its name."""
    found = [m.group() for m in words.BEFORE.finditer(name)]
    cells = {Act.CAR_T_AHEAD for text in found if words.CAR_T.search(text)}
    return cells | {Act.TRANSPLANT_AHEAD for text in found if not words.CAR_T.search(text)}


def _transplant(told: str) -> set[Act]:
    auto, allo = words.AUTOLOGOUS.search(told), words.ALLOGENEIC.search(told)
    kind = Act.TRANSPLANT
    if bool(auto) is not bool(allo):
        kind = Act.AUTOLOGOUS_TRANSPLANT if auto else Act.ALLOGENEIC_TRANSPLANT
    return {kind, Act.REDUCED_INTENSITY} if words.REDUCED.search(told) else {kind}


def _texts(code: dict[str, Any]) -> list[str]:
    texts = [code.get("text"), *(c.get("display") for c in code.get("coding") or ())]
    return [text for text in texts if isinstance(text, str)]


def _name(code: dict[str, Any]) -> str:
    return next((" ".join(text.split())[:80] for text in _texts(code) if text.strip()), "")
