"""The last route: resources without a code we know, recognised by their words.

What comes from here is marked as text, is at most possible, and settles nothing by itself, unless the
site file says `text_settles = true`. Words that deny, ask or tell of someone else make the resource say
nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from cds_rules.patient.timeline import CarT, Diagnosis, DiseaseState, Lineage, Route, Transplant
from service.fhir.elements import CodeableConcept, ConditionData, ObservationData, ProcedureData
from service.fhir.lexicon import Meaning
from service.fhir.mrd_words import MARROW, MRD
from service.fhir.read import mrd
from service.fhir.read.condition import UNCERTAIN
from service.fhir.read.observation import FINAL
from service.fhir.read.procedure import DONE
from service.fhir.reading import NotUsableError, Reading, when

MAX_LENGTH = 200
"""Longer texts are reports."""

_ALL = re.compile(
    r"\bacute lymph(?:oblastic|oid|ocytic) leuka?emia\b|\b(?:pre-?)?[bt]-?(?:cell )?(?:precursor )?all\b"
    r"|\blymphoblastic leuka?emia\b",
    re.IGNORECASE,
)
_SHORT = re.compile(r"\b(?:pre-?)?[BT] ALL\b")
"""Capitals only: "b all" may be anything."""
_HSCT = re.compile(
    r"\b(?:stem cell|bone marrow|cord blood)\b.{0,20}\btransplant|\bhsct\b|\bbmt\b|\bsct\b", re.IGNORECASE
)
_CAR_T = re.compile(
    r"\bcar[- ]?t\b|\bchimeric antigen receptor\b|\btisagenlecleucel\b|\bkymriah\b", re.IGNORECASE
)
_DENIED = re.compile(
    r"\bno\b|\bnot\b|\bwithout\b|rule[sd]? out|r/o\b|\?|\bsuspect|\bpossible|\bprobable|\bfamily\b|\bmother\b"
    r"|\bfather\b|\bbrother\b|\bsister\b|\bsibling\b|\bdonor\b|\brisk of\b|\bscreen",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\bevaluat|\bconsult|\bwork-?up\b|\breferr|\bplann|\bcandida|\bcollection\b|\bharvest|\bapheresis\b"
    r"|\bteaching\b|\beducation\b|\bconcern|\blikely\b|\bversus\b|\bvs\b",
    re.IGNORECASE,
)
"""It is spoken about, which need not mean that it is there or was done: never certain."""
_RELAPSE = re.compile(r"\brelapsed?\b|\brecurren(?:t|ce)\b", re.IGNORECASE)
_B = re.compile(r"\bb-?(?:cell|all|lineage|precursor)\b|\bpre-?b\b", re.IGNORECASE)
_T = re.compile(r"\bt-?(?:cell|all|lineage)\b", re.IGNORECASE)


_WORDS = {"Condition": (_ALL, _SHORT), "Observation": (MRD,), "Procedure": (_HSCT, _CAR_T)}


def may_tell(kind: str, code: Any) -> bool:
    """A quick look, for most resources tell nothing: has this one words worth reading?

    Raises on a shape that is no CodeableConcept, as the look-up of codes does.
    """
    words = _WORDS.get(kind)
    if words is None:
        return False
    texts = [code.get("text"), *[c.get("display") for c in code.get("coding", ())]]
    return any(isinstance(t, str) and len(t) <= MAX_LENGTH and _has(words, t) for t in texts)


@lru_cache(maxsize=8192)
def _has(words: tuple[re.Pattern[str], ...], text: str) -> bool:
    """Kept, since the names of orders and results come again and again; they are no patient's own."""
    return any(word.search(text) for word in words)


def claims_leukemia(code: Any) -> bool:
    """Does the raw code of a Condition name ALL in words, without denying it? Raises as `may_tell` does."""
    return may_tell("Condition", code) and not _DENIED.search(_words(CodeableConcept.of(code)))


def read(resource: dict[str, Any], reading: Reading) -> None:
    """Read a resource that `may_tell`."""
    if resource["resourceType"] == "Condition":
        _read_condition(resource, reading)
    elif resource["resourceType"] == "Procedure":
        _read_procedure(resource, reading)
    else:
        _read_mrd(resource, reading)


def _words(code: CodeableConcept) -> str:
    return " ; ".join(t for t in (code.text, *(c.display for c in code.coding)) if t)


def _read_condition(resource: dict[str, Any], reading: Reading) -> None:
    data = ConditionData.of(resource)
    text = _words(data.code)
    status = {c.code for c in (data.verificationStatus.coding if data.verificationStatus else ())}
    if _DENIED.search(text) or status & {"refuted", "entered-in-error"}:
        return
    b, t = _B.search(text) is not None, _T.search(text) is not None
    relapse = _RELAPSE.search(text) is not None
    if reading.lexicon.text_settles:
        reading.leukemia.add(f"Condition/{data.id}")
    reading.diagnoses.append(
        Diagnosis(
            source=f"Condition/{data.id}",
            when=when(data.onsetDateTime, data.onsetPeriod),
            lineage=None if b == t else (Lineage.B if b else Lineage.T),
            state=DiseaseState.RELAPSE if relapse else DiseaseState.UNSTATED,
            state_coded=relapse,
            certain=not status & UNCERTAIN and not _ABOUT.search(text),
            recorded=when(data.recordedDate),
            route=Route.TEXT,
        )
    )


def _read_procedure(resource: dict[str, Any], reading: Reading) -> None:
    data = ProcedureData.of(resource)
    text = _words(data.code)
    if data.status in ("not-done", "entered-in-error", "preparation") or _DENIED.search(text):
        return
    source, done = f"Procedure/{data.id}", when(data.performedDateTime, data.performedPeriod)
    certain = data.status in DONE and not _ABOUT.search(text)
    if _CAR_T.search(text):
        reading.car_t.append(CarT(source, done, route=Route.TEXT, certain=certain))
    else:
        reading.transplants.append(Transplant(source, done, route=Route.TEXT, certain=certain))


def _read_mrd(resource: dict[str, Any], reading: Reading) -> None:
    data = ObservationData.of(resource)
    taken = when(data.effectiveDateTime, data.effectiveInstant, data.effectivePeriod)
    if data.status not in FINAL or taken is None:
        return
    marrow = MARROW.search(_words(data.code)) is not None
    try:
        mrd.read(data, f"Observation/{data.id}", taken, Meaning(mrd.CONCEPT, Route.TEXT), reading)
    except NotUsableError as error:
        raise NotUsableError(f"A residual disease result by its name only. {error}") from None
    reading.mrd[-1] = mrd.told(reading.mrd[-1], marrow=marrow)
