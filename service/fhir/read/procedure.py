"""Procedure: transplant, CAR-T infusion, cell collection, radiation, events. Planned is not done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.findings import CellCollection, Field, Irradiation
from cds_rules.patient.timeline import CarT, ProblemKind, Transplant
from service.fhir.disease_words import cells_of, is_called_off
from service.fhir.elements import Extension, ProcedureData
from service.fhir.read import event
from service.fhir.reading import Meaning, NotUsableError, Reading, when, words

DONE = {"completed", "in-progress"}
_NOT_DONE = {"preparation", "not-done", "entered-in-error"}
"""Any other status does not say whether it was done."""
_FIELDS = {
    "tbi": Field.WHOLE_BODY,
    "rt.cranial": Field.CRANIAL,
    "rt.spinal": Field.SPINAL,
    "rt.testis": Field.TESTIS,
}
_COLLECTIONS: dict[str, bool | None] = {"car-t.collection": True, "leukapheresis": None}
_CALLED_OFF = "Its status says done, and its name that it was not: it is not certain."
_TWO_STEPS = "Its code and its name tell of different steps, collection and infusion: neither is certain."
_PRODUCT, _INFUSED = "car-t.product.", "car-t.infusion."
_GRAY = {"Gy": 1.0, "cGy": 0.01}
MIN_GRAY, MAX_GRAY = 1.0, 100.0
"""Outside of these lies no total dose given for leukemia: a slip of the unit."""


def matters(meaning: Meaning) -> bool:
    """Is this a procedure that is read?"""
    concept = meaning.concept
    return (
        concept == "hsct"
        or concept.startswith(("hsct.", "car-t.infusion", "car-t.product.", "ever."))
        or concept in _FIELDS
        or concept in _COLLECTIONS
        or event.of_procedure(concept) is not None
    )


def read(resource: dict[str, Any], meanings: list[Meaning], reading: Reading) -> None:
    """Turn one Procedure that matters into a statement; only what was done counts."""
    data = ProcedureData.of(resource)
    source = f"Procedure/{data.id}"
    if data.status in _NOT_DONE:
        if data.status == "entered-in-error":
            reading.problem(ProblemKind.ENTERED_IN_ERROR, "Entered in error: not used.", source)
        return
    done = when(data.performedDateTime, data.performedPeriod)
    name = words(data.code)
    certain = data.status in DONE
    if certain and is_called_off(name):
        reading.problem(ProblemKind.CONFLICT, _CALLED_OFF, source)
        certain = False
    event.read_procedure(meanings, source, done, certain, reading)
    own = [m for m in meanings if event.of_procedure(m.concept) is None]
    beside = [m for m in own if m.concept in _FIELDS or m.concept in _COLLECTIONS]
    cells = [m for m in own if m not in beside]
    told = cells_of(name) if cells or beside else None
    if cells:
        if told is not None and told.car_t and told.collected:
            reading.problem(ProblemKind.CONFLICT, _TWO_STEPS, source)
            certain = False
        _cells(cells, source, done, certain, reading)
    elif beside and certain:
        _beside_cells(data, beside[0], source, done, reading)
        if told is not None and told.car_t and told.infused:
            reading.problem(ProblemKind.CONFLICT, _TWO_STEPS, source)
            reading.car_t.append(CarT(source, done, route=beside[0].route, certain=False))


def _beside_cells(
    data: ProcedureData, meaning: Meaning, source: str, done: PartialDate | None, reading: Reading
) -> None:
    """Radiation and the collection of cells. A claim that names the infusion too tells of that alone."""
    if meaning.concept in _FIELDS:
        dose = _gray(data.extension)
        reading.irradiations.append(Irradiation(source, done, _FIELDS[meaning.concept], dose, meaning.route))
    else:
        use = _COLLECTIONS[meaning.concept]
        reading.collections.append(CellCollection(source, done, use, meaning.route))


def _cells(
    meanings: list[Meaning], source: str, done: PartialDate | None, certain: bool, reading: Reading
) -> None:
    meaning = meanings[0]
    infused = next((m for m in meanings if m.concept.startswith("car-t.infusion")), None)
    products = [m for m in meanings if m.concept.startswith(_PRODUCT)]
    if infused is not None or products:
        named = [
            m.concept.removeprefix("car-t.infusion.") for m in meanings if m.concept.startswith(_INFUSED)
        ]
        named += [m.concept.removeprefix(_PRODUCT) for m in products]
        # Billed as a product, it may as well be the leukapheresis or the preparation of the cells.
        certain = certain and infused is not None
        route = (infused or products[0]).route
        reading.car_t.append(CarT(source, done, next(iter(named), None), route, certain))
    elif meaning.concept == "ever.car-t":
        reading.car_t.append(CarT(source, None, route=meaning.route, certain=certain))
    elif meaning.concept == "ever.hsct":
        reading.transplants.append(Transplant(source, None, route=meaning.route, certain=certain))
    elif meaning.concept == "hsct" or meaning.concept.startswith("hsct."):
        kind, donor = _kind(meanings), _donor(meanings)
        reading.transplants.append(Transplant(source, done, kind, donor, meaning.route, certain))


def _kind(meanings: list[Meaning]) -> str | None:
    for kind in ("allogeneic", "autologous"):
        if any(m.concept.startswith(f"hsct.{kind}") for m in meanings):
            return kind
    return None


def _donor(meanings: list[Meaning]) -> str | None:
    """Related covers sibling and haploidentical donors alike: no code tells them apart."""
    for m in meanings:
        parts = m.concept.split(".")
        if "related" in parts:
            return "related"
        if "unrelated" in parts:
            return "unrelated"
    return None


def _gray(extensions: Iterable[Extension]) -> float | None:
    """Total dose in Gy from the mCODE dose extensions; None if it is not given as one known dose."""
    doses = set()
    for outer in extensions:
        for inner in outer.extension:
            if inner.url == "totalDoseDelivered" and inner.valueQuantity is not None:
                quantity = inner.valueQuantity
                factor = _GRAY.get(quantity.code or quantity.unit or "")
                if factor is None or quantity.value is None or quantity.comparator:
                    raise NotUsableError("Its dose is not given in Gy or cGy: not used.")
                doses.add(round(quantity.value * factor, 3))
    if len(doses) != 1:
        return None
    dose = doses.pop()
    if not MIN_GRAY <= dose <= MAX_GRAY:
        raise NotUsableError("Its dose is out of range: not used.")
    return dose
