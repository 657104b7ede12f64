"""Condition: acute lymphoblastic leukemia, its lineage, state, sites and onset; transplant status codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cds_rules.patient.findings import Genetic, Laterality, Marker
from cds_rules.patient.timeline import (
    CarT,
    Diagnosis,
    DiseaseState,
    Lineage,
    ProblemKind,
    Route,
    Site,
    Transplant,
)
from service.fhir.disease_words import is_of_someone_else
from service.fhir.elements import BodySite, CodeableConcept, ConditionData
from service.fhir.read import event, words_beside
from service.fhir.reading import Meaning, Reading, when, words

VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"

_RELAPSE_STATUS = {"relapse", "recurrence"}
UNCERTAIN = {"unconfirmed", "provisional", "differential"}
_SITES = {
    "site.marrow": Site.MARROW,
    "site.cns": Site.CNS,
    "specimen.csf": Site.CNS,
    "site.testis": Site.TESTIS,
    "site.testis.left": Site.TESTIS,
    "site.testis.right": Site.TESTIS,
    "site.skin": Site.OTHER,
    "site.eye": Site.OTHER,
}
_IN_TRANSPLANT = "relapse.in-transplant-marrow"
_SINGLE = {"mpal", _IN_TRANSPLANT, "down-syndrome"}
_MARKERS = {
    "all.b.bcr-abl1": Marker.BCR_ABL1,
    "all.b.kmt2a": Marker.KMT2A,
    "all.b.etv6-runx1": Marker.ETV6_RUNX1,
    "all.b.hypodiploid": Marker.HYPODIPLOIDY,
    "down-syndrome": Marker.DOWN,
}
_BESIDE = {"mpal", "down-syndrome"}
"""Conditions that are no ALL by themselves."""
_ANOTHER = {"burkitt", "aml"}
"""Acute leukemias that are not ALL as it is meant here."""
_NO_DISEASE = _BESIDE | {_IN_TRANSPLANT}
_WITHDRAWN = {
    "entered-in-error": "Entered in error: not used.",
    "refuted": "Refuted diagnosis: not used.",
}
_UNCONFIRMED = "The diagnosis is recorded as not confirmed: it settles nothing."
_SOMEONE_ELSES = "The words beside its code tell of someone else: it settles nothing."
_TWO_DISEASES = "Coded as ALL and as another acute leukemia at once: it settles nothing."
_TWO_STATES = (
    "Its code says remission, and another code or its clinical status says relapse: no date is used."
)
_IN_WORDS = {
    "entered in error": "entered-in-error",
    "refuted": "refuted",
    "ruled out": "refuted",
    "provisional": "provisional",
    "suspected": "provisional",
    "differential": "differential",
    "unconfirmed": "unconfirmed",
}
"""Verification statuses that come without their code."""


HISTOLOGY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"


def morphologies(resource: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """System and code of the morphology that mCODE keeps in an extension, from the raw Condition.

    There the code of the Condition may be no more than "malignant neoplastic disease". Other extensions, and
    shapes that are none, tell nothing.
    """
    given = resource.get("extension")
    for extension in given if isinstance(given, list) else ():
        if isinstance(extension, dict) and extension.get("url") == HISTOLOGY:
            value = extension.get("valueCodeableConcept")
            codings = value.get("coding") if isinstance(value, dict) else None
            for coding in codings if isinstance(codings, list) else ():
                if isinstance(coding, dict):
                    yield coding.get("system"), coding.get("code")


def matters(meaning: Meaning) -> bool:
    """Is this a diagnosis of ALL or another acute leukemia, a status code, or a complication?"""
    concept = meaning.concept
    told = concept.startswith(("all.", "ever.")) or concept in _SINGLE or concept in _ANOTHER
    return told or event.of_condition(concept) is not None


def read(resource: dict[str, Any], meanings: list[Meaning], reading: Reading) -> None:
    """Turn one Condition that matters into statements."""
    data = ConditionData.of(resource)
    source = f"Condition/{data.id}"
    verification = _status(data.verificationStatus, VERIFICATION)
    if verification in _WITHDRAWN:
        reading.problem(ProblemKind.ENTERED_IN_ERROR, _WITHDRAWN[verification], source)
        return
    certain = verification not in UNCERTAIN
    text = words(data.code)
    if is_of_someone_else(text):
        reading.problem(ProblemKind.CONFLICT, _SOMEONE_ELSES, source)
        certain, text = False, ""
    _history(meanings, source, certain, reading)
    beside = [m for m in meanings if event.of_condition(m.concept) is not None]
    if beside:
        clinical = _status(data.clinicalStatus, CLINICAL)
        event.read_condition(resource, beside, clinical, certain, reading)
    another = any(m.concept in _ANOTHER for m in meanings)
    if another and certain and all(m.concept != _IN_TRANSPLANT for m in meanings):
        reading.others.append(source)
    told = [m for m in meanings if m.concept.startswith("all.") or m.concept in _SINGLE]
    if certain:
        _genetics(data, told, source, reading)
    if any(m.concept not in _NO_DISEASE for m in told):
        if another or verification in UNCERTAIN:
            reading.problem(ProblemKind.CONFLICT, _TWO_DISEASES if another else _UNCONFIRMED, source)
        found = _diagnosis(data, source, told, certain and not another, reading)
        reading.diagnoses.append(words_beside.heard(found, text, reading))
        reading.leukemia.add(source)
    elif any(m.concept == _IN_TRANSPLANT for m in told):
        _relapse_of_something(data, source, told, certain, reading)


def _relapse_of_something(
    data: ConditionData, source: str, told: list[Meaning], certain: bool, reading: Reading
) -> None:
    """Relapse in transplant marrow, without the disease: ours only if ALL is told elsewhere and no
    other code stands beside it."""
    if len(data.code.coding) > len(told):
        text = "Relapse in transplant marrow beside a code that is not ALL: not used."
        reading.problem(ProblemKind.CONFLICT, text, source)
        return
    reading.pending.append(_diagnosis(data, source, told, certain, reading))


def _genetics(data: ConditionData, told: list[Meaning], source: str, reading: Reading) -> None:
    """Lesions that a morphology code names, and Down syndrome."""
    for meaning in told:
        if meaning.concept in _MARKERS:
            found = when(data.onsetDateTime, data.onsetPeriod, data.recordedDate)
            marker = _MARKERS[meaning.concept]
            reading.genetics.append(Genetic(source, found, marker, True, meaning.route))


def _history(meanings: list[Meaning], source: str, certain: bool, reading: Reading) -> None:
    """Status codes prove that it happened once, and give no date."""
    for meaning in meanings:
        if meaning.concept == "ever.hsct":
            reading.transplants.append(Transplant(source, None, route=meaning.route, certain=certain))
        elif meaning.concept == "ever.car-t":
            reading.car_t.append(CarT(source, None, route=meaning.route, certain=certain))
        elif meaning.concept == "ever.transplant-unspecified":  # of marrow, or of another organ
            reading.transplants.append(Transplant(source, None, route=meaning.route, certain=False))
        elif meaning.concept == "ever.cellular-therapy.unspecified":
            reading.car_t.append(CarT(source, None, route=meaning.route, certain=False))


def _diagnosis(
    data: ConditionData, source: str, told: list[Meaning], certain: bool, reading: Reading
) -> Diagnosis:
    concepts = {m.concept for m in told}
    state, coded = _state(concepts, _status(data.clinicalStatus, CLINICAL))
    if state is DiseaseState.RELAPSE and "all.in-remission" in concepts:
        reading.problem(ProblemKind.CONFLICT, _TWO_STATES, source)
        coded = False
    in_transplant = _IN_TRANSPLANT in concepts
    sites, sites_told = _sites(data.bodySite, source, reading)
    testes = frozenset(t for place in data.bodySite for t in _testes(place, source, reading))
    return Diagnosis(
        source=source,
        when=when(data.onsetDateTime, data.onsetPeriod),
        lineage=_lineage(concepts, source, reading),
        state=state,
        state_coded=coded,
        sites=sites | {Site.MARROW} if in_transplant else sites,
        certain=certain,
        recorded=when(data.recordedDate),
        in_transplant=in_transplant,
        sites_told=sites_told,
        route=Route.CODE if any(m.route is Route.CODE for m in told) else Route.SITE,
        testes=testes,
    )


def _state(concepts: Iterable[str], clinical: str | None) -> tuple[DiseaseState, bool]:
    """The code's own state wins over clinicalStatus, which problem lists rarely keep current."""
    if "all.in-relapse" in concepts or _IN_TRANSPLANT in concepts:
        return DiseaseState.RELAPSE, True
    if clinical in _RELAPSE_STATUS:
        return DiseaseState.RELAPSE, False
    if "all.in-remission" in concepts:
        # Named beside the disease it is an old entry kept current: its onset is still the diagnosis.
        return DiseaseState.REMISSION, not any(_names_disease(c) for c in concepts)
    return DiseaseState.UNSTATED, False


def _names_disease(concept: str) -> bool:
    return concept.startswith(("all.b", "all.t", "all.unspecified", "all.null"))


def _lineage(concepts: set[str], source: str, reading: Reading) -> Lineage | None:
    """B or T by the code; mixed only where the code says mixed. Both in one statement tell nothing."""
    if "mpal" in concepts:
        return Lineage.MIXED
    b_codes = any(c == "all.b" or c.startswith("all.b.") for c in concepts)
    if b_codes and "all.t" in concepts:
        text = "Coded as B and as T lineage at once: its lineage is not used."
        reading.problem(ProblemKind.CONFLICT, text, source)
        return None
    if b_codes:
        return Lineage.B
    return Lineage.T if "all.t" in concepts else None


_SIDES = {
    "site.testis.left": frozenset({Laterality.LEFT}),
    "site.testis.right": frozenset({Laterality.RIGHT}),
    "site.side.left": frozenset({Laterality.LEFT}),
    "site.side.right": frozenset({Laterality.RIGHT}),
    "site.side.both": frozenset(Laterality),
}
LATERALITY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"


def _testes(place: BodySite, source: str, reading: Reading) -> frozenset[Laterality]:
    """Which testes a body site names: by its code, a side coded beside it, or mCODE's extension."""
    told = {m.concept for m in reading.concepts(place)}
    if not any(_SITES.get(concept) is Site.TESTIS for concept in told):
        return frozenset()
    for extension in place.extension:
        if extension.url == LATERALITY:
            told |= {m.concept for m in reading.concepts(extension.valueCodeableConcept)}
    sides = {_SIDES[concept] for concept in told if concept in _SIDES}
    if len(sides) > 1:
        text = "A body site names different testes: which one is involved is not used."
        reading.problem(ProblemKind.CONFLICT, text, source)
        return frozenset()
    return next(iter(sides), frozenset())


def _sites(places: Iterable[CodeableConcept], source: str, reading: Reading) -> tuple[frozenset[Site], bool]:
    """The recognised body sites, and whether all that are given were recognised."""
    found: set[Site] = set()
    told = True
    for place in places:
        here = {_SITES[m.concept] for m in reading.concepts(place) if m.concept in _SITES}
        if not here:
            told = False
            text = "A body site is not recognised: the sites of this relapse stay open."
            reading.problem(ProblemKind.UNREADABLE, text, source)
        found |= here
    return frozenset(found), told


def _status(concept: CodeableConcept | None, system: str) -> str | None:
    if concept is None:
        return None
    found = next((c.code for c in concept.coding if c.code and c.system in (system, None)), None)
    return found or _IN_WORDS.get((concept.text or "").strip().lower())
