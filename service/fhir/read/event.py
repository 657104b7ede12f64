"""Events beside the course (cds_rules.patient.events) from Condition, Procedure and Observation.

Nothing else depends on them: one that cannot be read is named and raises no doubt about the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Genetic, Marker
from cds_rules.patient.timeline import ProblemKind
from service.fhir.elements import LastingConditionData, ObservationData
from service.fhir.read.measurement import NOT_SEEN, SEEN
from service.fhir.reading import Meaning, Reading, when
from service.fhir.specimen import contradicts

_LASTING: Mapping[str, EventKind] = {
    "gvhd": EventKind.GVHD,
    "gvhd.acute": EventKind.ACUTE_GVHD,
    "gvhd.chronic": EventKind.CHRONIC_GVHD,
    "vod": EventKind.VOD,
    "crs": EventKind.CRS,
    "icans": EventKind.ICANS,
    "seizure": EventKind.SEIZURE,
    "neurotoxicity": EventKind.NEUROTOXICITY,
    "parenchymal-cns-lesion": EventKind.PARENCHYMAL_CNS_LESION,
    "cranial-nerve-palsy": EventKind.CRANIAL_NERVE_PALSY,
    "extramedullary": EventKind.LEUKEMIC_INFILTRATION,
    "weak-site.testis": EventKind.GENITAL_METASTASIS,
}
"""States of the patient: told by Conditions, or by Observations of a site's own code."""
_ENCOUNTERS: Mapping[str, EventKind] = {
    "encounter.palliative-care": EventKind.PALLIATIVE_CARE,
    "encounter.dental-examination": EventKind.DENTAL_EXAMINATION,
    "encounter.pregnancy-test": EventKind.PREGNANCY_TEST,
}
"""Reasons for an encounter, which are recorded as Conditions."""
_DONE: Mapping[str, EventKind] = {
    "lumbar-puncture": EventKind.LUMBAR_PUNCTURE,
    "marrow-sampling": EventKind.MARROW_SAMPLING,
    "orchiectomy": EventKind.ORCHIECTOMY,
    "testis-biopsy": EventKind.TESTIS_BIOPSY,
    "intrathecal-chemotherapy": EventKind.INTRATHECAL,
    "immunophenotyping-study": EventKind.IMMUNOPHENOTYPING,
    "genomics.report": EventKind.GENOMIC_TEST,
    "bcr-abl1.log-reduction": EventKind.BCR_ABL1_TEST,
    "kinase-domain-mutation": EventKind.KINASE_MUTATION_TEST,
    "chimerism": EventKind.CHIMERISM,
    "hla": EventKind.HLA_TYPING,
    "cmv.igg": EventKind.CMV_SEROLOGY,
    "cmv.igm": EventKind.CMV_SEROLOGY,
    "cmv.donor": EventKind.DONOR_CMV_SEROLOGY,
    "hepatitis-b-serology": EventKind.HEPATITIS_B_SEROLOGY,
    "hsv-serology": EventKind.HSV_SEROLOGY,
    "pregnancy-test": EventKind.PREGNANCY_TEST,
    "chest-x-ray": EventKind.CHEST_X_RAY,
    "ecg": EventKind.ECG,
    "echocardiography": EventKind.ECHOCARDIOGRAPHY,
    "lvef": EventKind.ECHOCARDIOGRAPHY,
    "pet": EventKind.PET,
    "dental-examination": EventKind.DENTAL_EXAMINATION,
    "palliative-care": EventKind.PALLIATIVE_CARE,
    "transplant-evaluation": EventKind.TRANSPLANT_EVALUATION,
    "donor-search": EventKind.DONOR_SEARCH,
    "donor-ready": EventKind.DONOR_READY,
}
"""Procedures and tests. A concept also means its narrower ones."""
OF_TESTS: Mapping[str, EventKind] = {
    "marrow-report": EventKind.MARROW_REPORT,
    "bcr-abl1": EventKind.BCR_ABL1_TEST,
    "fish.bcr-abl1": EventKind.BCR_ABL1_TEST,
    "genomics.variant": EventKind.GENOMIC_TEST,
}
"""Tests whose result is read elsewhere: that they were done counts even if they found nothing."""
_REPORTED = {EventKind.ECG, EventKind.ECHOCARDIOGRAPHY, EventKind.CHEST_X_RAY, EventKind.PET}
"""Examinations that a DiagnosticReport of their code shows to have been made, whatever its words are."""
_NOT_A_STATUS = {"cmv.igm"}
"""A recent infection or none: neither tells whether the patient ever had it."""
_ACTIVE = {"active", "recurrence", "relapse"}
_ENDED = {"inactive", "remission", "resolved"}
_WORDS = {
    **dict.fromkeys(("positive", "detected", "reactive", "present"), True),
    **dict.fromkeys(
        ("negative", "not detected", "non-reactive", "nonreactive", "non reactive", "absent"), False
    ),
}
_INTERPRETED = {
    "interpretation.positive": True,
    "interpretation.detected": True,
    "interpretation.negative": False,
    "interpretation.not-detected": False,
}


def _kind(concept: str, *tables: Mapping[str, EventKind]) -> EventKind | None:
    """The kind of a concept, or of the nearest broader one that a table has."""
    while concept:
        for table in tables:
            if concept in table:
                return table[concept]
        concept = concept.rpartition(".")[0]
    return None


@cache
def of_condition(concept: str) -> EventKind | None:
    """What a Condition of this concept tells, beside ALL."""
    return _kind(concept, _LASTING, _ENCOUNTERS)


@cache
def of_procedure(concept: str) -> EventKind | None:
    """What a Procedure of this concept tells, beside transplant and the like."""
    return _kind(concept, _DONE)


@cache
def of_observation(concept: str) -> EventKind | None:
    """What an Observation of this concept tells, if it is not read for its value."""
    return _kind(concept, _DONE, _LASTING)


_OF = {"Condition": of_condition, "Procedure": of_procedure, "Observation": of_observation}


def only_events(kind: str, meanings: Iterable[Meaning]) -> bool:
    """Does a resource of this type tell of events and nothing else?"""
    of = _OF.get(kind)
    return of is not None and all(of(m.concept) is not None for m in meanings)


def read_condition(
    resource: dict[str, Any],
    meanings: Iterable[Meaning],
    clinical: str | None,
    certain: bool,
    reading: Reading,
) -> None:
    """A complication from its onset to its end; `clinical` is the code of clinicalStatus."""
    data = LastingConditionData.of(resource)
    source = f"Condition/{data.id}"
    since = when(data.onsetDateTime, data.onsetPeriod, data.recordedDate)
    until = when(data.abatementDateTime, data.abatementPeriod)
    for meaning in meanings:
        kind = of_condition(meaning.concept)
        if kind is None:
            continue
        if meaning.concept in _ENCOUNTERS or meaning.concept.startswith("encounter."):
            positive = {"positive": True, "negative": False}.get(meaning.concept.rpartition(".")[2])
            event = Event(source, since, kind, positive=positive, route=meaning.route, certain=certain)
        else:
            active = _active(clinical, until, source, reading)
            event = Event(source, since, kind, until, active, route=meaning.route, certain=certain)
        reading.events.append(event)


def _active(clinical: str | None, until: PartialDate | None, source: str, reading: Reading) -> bool | None:
    if clinical in _ACTIVE and until is not None:
        text = "Recorded as active and with an end: whether it goes on is not known."
        reading.problem(ProblemKind.CONFLICT, text, source)
        return None
    if clinical in _ACTIVE:
        return True
    return False if clinical in _ENDED else None


def read_procedure(
    meanings: Iterable[Meaning], source: str, done: PartialDate | None, certain: bool, reading: Reading
) -> None:
    """What was done, once for each kind."""
    kinds = {kind: m for m in meanings if (kind := of_procedure(m.concept)) is not None}
    for kind, meaning in kinds.items():
        reading.events.append(Event(source, done, kind, route=meaning.route, certain=certain))


def read_observation(
    data: ObservationData, source: str, taken: PartialDate | None, meaning: Meaning, reading: Reading
) -> None:
    """A test that was done, with its plain answer; typing counts undated too."""
    kind = of_observation(meaning.concept)
    if kind is None or not _performed(data, source, reading):
        return
    positive = None if meaning.concept in _NOT_A_STATUS else answer(data, reading)
    if kind in _LASTING.values():
        event = Event(source, taken, kind, active=positive, route=meaning.route, certain=positive is not None)
    else:
        event = Event(source, taken, kind, positive=positive, route=meaning.route)
    reading.events.append(event)
    if kind is EventKind.KINASE_MUTATION_TEST and positive is False:
        # No mutation of the kinase domain: T315I, which is one, was not found either.
        reading.genetics.append(Genetic(source, taken, Marker.T315I, False, meaning.route))


def note_test(
    data: ObservationData, source: str, taken: PartialDate | None, meaning: Meaning, reading: Reading
) -> None:
    """That a test whose result is read elsewhere was done; that reader names what is wrong with it."""
    kind = _kind(meaning.concept, OF_TESTS)
    if kind is None or data.dataAbsentReason is not None:
        return
    if kind is EventKind.MARROW_REPORT and contradicts(data.specimen, "marrow", reading):
        return
    reading.events.append(Event(source, taken, kind, route=meaning.route))


def is_reported(meanings: Iterable[Meaning]) -> bool:
    """Does a report of these meanings show that an examination was made?"""
    return any(of_procedure(m.concept) in _REPORTED for m in meanings)


def note_report(
    source: str, taken: PartialDate | None, meanings: Iterable[Meaning], reading: Reading
) -> None:
    """The examinations that a report is about, once for each kind."""
    kinds = {kind: m for m in meanings if (kind := of_procedure(m.concept)) in _REPORTED and kind is not None}
    for kind, meaning in kinds.items():
        reading.events.append(Event(source, taken, kind, route=meaning.route))


def _performed(data: ObservationData, source: str, reading: Reading) -> bool:
    if data.dataAbsentReason is None:
        return True
    text = "It gives no result, but a reason for that: not used."
    reading.problem(ProblemKind.UNREADABLE, text, source)
    return False


def answer(data: ObservationData, reading: Reading) -> bool | None:
    """Positive or negative by the coded value, the interpretation and plain words; None if they do not
    say, or disagree. A number alone says neither: from where on it is positive, only the laboratory knows."""
    told = {m.concept for m in reading.concepts(data.valueCodeableConcept)}
    found = {True for c in told if c in SEEN} | {False for c in told if c in NOT_SEEN}
    found |= {
        _INTERPRETED[m.concept]
        for concept in data.interpretation
        for m in reading.concepts(concept)
        if m.concept in _INTERPRETED
    }
    texts = (data.valueString, data.valueCodeableConcept.text if data.valueCodeableConcept else None)
    found |= {_WORDS[word] for text in texts if text and (word := text.strip().lower()) in _WORDS}
    return found.pop() if len(found) == 1 else None
