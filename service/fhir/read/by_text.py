"""The last route: resources without a code we know, recognised by their words.

What comes from here is marked as text, is at most possible, and settles nothing by itself, unless the
site file says `text_settles = true`. Words that deny, ask or tell of someone else make the resource say
nothing (`service.fhir.disease_words`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from cds_rules.patient.findings import CellCollection
from cds_rules.patient.timeline import CarT, Diagnosis, DiseaseState, Route, Transplant
from service.fhir.disease_words import (
    CAR_T,
    HSCT,
    LEUKEMIA,
    LEUKEMIA_IN_CAPITALS,
    cells_of,
    diagnosed,
    tells_later_relapse,
)
from service.fhir.elements import CodeableConcept, ConditionData, ObservationData, ProcedureData
from service.fhir.lexicon import Meaning
from service.fhir.mrd_words import MARROW, MRD, names_no_result
from service.fhir.read import mrd
from service.fhir.read.condition import UNCERTAIN
from service.fhir.read.observation import FINAL
from service.fhir.read.poor_sample import widen
from service.fhir.read.procedure import DONE
from service.fhir.read.words_beside import note_cells
from service.fhir.reading import NotUsableError, Reading, when, words
from service.fhir.specimen import is_doubted_in_notes

MAX_LENGTH = 200
"""Longer texts are reports."""
_DISEASE = (LEUKEMIA, LEUKEMIA_IN_CAPITALS)
_CELLS = (HSCT, CAR_T)
_WORDS = {"Condition": (*_DISEASE, *_CELLS), "Observation": (MRD,), "Procedure": _CELLS}


def may_tell(kind: str, code: Any) -> bool:
    """A quick look, for most resources tell nothing: has this one words worth reading?

    Raises on a shape that is no CodeableConcept, as the look-up of codes does.
    """
    wanted = _WORDS.get(kind)
    return wanted is not None and _tells(wanted, code)


def _tells(wanted: tuple[re.Pattern[str], ...], code: Any) -> bool:
    texts = [code.get("text"), *[c.get("display") for c in code.get("coding", ())]]
    return any(isinstance(t, str) and len(t) <= MAX_LENGTH and _has(wanted, t) for t in texts)


@lru_cache(maxsize=8192)
def _has(wanted: tuple[re.Pattern[str], ...], text: str) -> bool:
    """Kept, since the names of orders and results come again and again; they are no patient's own."""
    return any(word.search(text) for word in wanted)


def claims_leukemia(code: Any) -> bool:
    """Does the raw code of a Condition name ALL in words, without denying it? Raises as `may_tell` does."""
    return _tells(_DISEASE, code) and diagnosed(words(CodeableConcept.of(code))) is not None


def read(resource: dict[str, Any], reading: Reading) -> None:
    """Read a resource that `may_tell`."""
    if resource["resourceType"] == "Condition":
        _read_condition(resource, reading)
    elif resource["resourceType"] == "Procedure":
        _read_procedure(resource, reading)
    else:
        _read_mrd(resource, reading)


def _read_condition(resource: dict[str, Any], reading: Reading) -> None:
    data = ConditionData.of(resource)
    text = words(data.code)
    status = {c.code for c in (data.verificationStatus.coding if data.verificationStatus else ())}
    if status & {"refuted", "entered-in-error"}:
        return
    certain = not status & UNCERTAIN
    note_cells(text, f"Condition/{data.id}", certain, reading)
    told = diagnosed(text)
    if told is None:
        return
    if reading.lexicon.text_settles:
        reading.leukemia.add(f"Condition/{data.id}")
    reading.diagnoses.append(
        Diagnosis(
            source=f"Condition/{data.id}",
            when=when(data.onsetDateTime, data.onsetPeriod),
            lineage=told.lineage,
            state=DiseaseState.RELAPSE if told.relapse else DiseaseState.UNSTATED,
            state_coded=told.relapse,
            certain=certain and not told.about,
            recorded=when(data.recordedDate),
            route=Route.TEXT,
            later=told.relapse and tells_later_relapse(text),
        )
    )


def _read_procedure(resource: dict[str, Any], reading: Reading) -> None:
    data = ProcedureData.of(resource)
    told = cells_of(words(data.code))
    if told is None or data.status in ("not-done", "entered-in-error", "preparation"):
        return
    source, done = f"Procedure/{data.id}", when(data.performedDateTime, data.performedPeriod)
    certain = data.status in DONE and told.certain
    if told.afterwards:
        note_cells(words(data.code), source, False, reading)
    elif told.car_t and told.collected:
        reading.collections.append(CellCollection(source, done, True, Route.TEXT))
    elif told.car_t and not told.planned:
        reading.car_t.append(CarT(source, done, route=Route.TEXT, certain=certain))
    elif not told.car_t:
        reading.transplants.append(Transplant(source, done, route=Route.TEXT, certain=certain))


def _read_mrd(resource: dict[str, Any], reading: Reading) -> None:
    data = ObservationData.of(resource)
    taken = when(data.effectiveDateTime, data.effectiveInstant, data.effectivePeriod)
    if data.status not in FINAL or taken is None:
        return
    name = words(data.code)
    if names_no_result(name):
        return
    marrow = MARROW.search(name) is not None
    try:
        mrd.read(data, f"Observation/{data.id}", taken, Meaning(mrd.CONCEPT, Route.TEXT), reading)
    except NotUsableError as error:
        raise NotUsableError(f"A residual disease result by its name only. {error}") from None
    reading.mrd[-1] = mrd.told(reading.mrd[-1], marrow=marrow)
    if is_doubted_in_notes(resource):
        widen(f"Observation/{data.id}", reading)
