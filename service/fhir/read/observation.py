"""Observation: which results matter, and to which reader each goes."""

from __future__ import annotations

from typing import Any

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.findings import Antigen, AntigenResult, Expression
from cds_rules.patient.timeline import ProblemKind, Route, Status, StatusReport
from service.fhir.elements import ObservationData
from service.fhir.read import absent, event, genetics, measurement, mrd, poor_sample, report, score
from service.fhir.reading import Meaning, NotUsableError, Reading, local, when
from service.fhir.specimen import is_doubted_in_notes, note_contained

FINAL = {"final", "amended", "corrected"}

_STATUS = "disease-status"
_SAMPLED = {mrd.CONCEPT, "marrow-blasts-percent"}
"""Shares of cells that a poor sample makes too small."""
_MARROW_REPORT = "marrow-report"
_STATUSES = {
    "disease-status.full-remission": Status.FULL_REMISSION,
    "disease-status.partial-remission": Status.PARTIAL_REMISSION,
    "disease-status.improved": Status.IMPROVED,
    "disease-status.stable": Status.STABLE,
    "disease-status.worsened": Status.WORSENED,
    "disease-status.undetermined": Status.UNDETERMINED,
}
_ANTIGENS = {"blasts.cd19": Antigen.CD19, "blasts.cd22": Antigen.CD22}
_EXPRESSIONS = {
    "result.positive": Expression.POSITIVE,
    "result.present": Expression.POSITIVE,
    "result.detected": Expression.POSITIVE,
    "result.weakly-positive": Expression.DIM,
    "result.negative": Expression.NEGATIVE,
    "result.absent": Expression.NEGATIVE,
    "result.not-detected": Expression.NEGATIVE,
    "answer.positive": Expression.POSITIVE,
    "answer.present": Expression.POSITIVE,
    "answer.absent": Expression.NEGATIVE,
}


_IN_WORDS = {
    **dict.fromkeys(("positive", "pos", "present", "bright", "strongly positive"), Expression.POSITIVE),
    **dict.fromkeys(("dim", "weak", "weakly positive", "dim positive", "dimly positive"), Expression.DIM),
    **dict.fromkeys(("negative", "neg", "absent", "not expressed"), Expression.NEGATIVE),
}
"""Whole texts. "Partial" and "subset" are left out: some blasts have it and others have not."""


def matters(meaning: Meaning) -> bool:
    """Is this one of the results that are read?"""
    concept = meaning.concept
    return (
        measurement.matters(meaning)
        or concept in (mrd.CONCEPT, _STATUS, _MARROW_REPORT)
        or concept in _ANTIGENS
        or genetics.matters(meaning)
        or score.matters(meaning)
        or event.of_observation(concept) is not None
    )


def read(resource: dict[str, Any], meanings: list[Meaning], reading: Reading) -> None:
    """Turn one Observation that matters into a statement."""
    data = ObservationData.of(resource)
    source = f"Observation/{data.id}"
    note_contained(resource, reading)
    if not _usable(data, source, reading):
        return
    taken = when(data.effectiveDateTime, data.effectiveInstant, data.effectivePeriod)
    meaning = _one(meanings)
    if meaning.concept == _MARROW_REPORT:
        event.note_test(data, source, taken, meaning, reading)
        if not report.speaks(data.valueString or ""):
            return
    if event.of_observation(meaning.concept) is not None:
        event.read_observation(data, source, taken, meaning, reading)
        return
    if taken is None:
        raise NotUsableError("The result has no date of its own: not used.")
    _read_result(data, source, taken, meaning, reading)
    if meaning.concept in _SAMPLED and is_doubted_in_notes(resource):
        poor_sample.widen(source, reading)


def _one(meanings: list[Meaning]) -> Meaning:
    """What a result with several codes is: by the site's own first, else all must measure one thing."""
    mapped = [m for m in meanings if m.route is Route.SITE]
    told = mapped or meanings
    kinds = {measurement.measure_of(m.concept) or m.concept for m in told}
    if len(kinds) > 1 and any(measurement.measure_of(m.concept) or m.concept == mrd.CONCEPT for m in told):
        raise NotUsableError("Its codes name different tests: not used.")
    return told[0]


def _read_result(
    data: ObservationData, source: str, taken: PartialDate, meaning: Meaning, reading: Reading
) -> None:
    if meaning.concept == mrd.CONCEPT:
        mrd.read(data, source, taken, meaning, reading)
    elif meaning.concept == _STATUS:
        _read_status(data, source, taken, meaning, reading)
    elif meaning.concept in _ANTIGENS:
        _read_antigen(data, source, taken, meaning, reading)
    elif genetics.matters(meaning):
        event.note_test(data, source, taken, meaning, reading)
        genetics.read(data, source, taken, meaning, reading)
    elif meaning.concept == _MARROW_REPORT:
        measurement.check_specimen(data, "marrow", reading)
        report.read_words(source, taken, data.valueString or "", reading)
    elif absent.was_never_made(data.dataAbsentReason, reading):
        raise NotUsableError(absent.NO_RESULT)
    elif score.matters(meaning):
        score.read(data, source, taken, meaning, reading)
    else:
        measurement.read(data, source, taken, meaning, reading)


def _usable(data: ObservationData, source: str, reading: Reading) -> bool:
    if data.status in FINAL:
        return True
    if data.status == "entered-in-error":
        reading.problem(ProblemKind.ENTERED_IN_ERROR, "Entered in error: not used.", source)
    elif data.status == "preliminary":
        reading.problem(ProblemKind.UNAVAILABLE, "Preliminary result, not final: not used.", source)
    elif data.status not in ("cancelled", "registered"):
        reading.problem(
            ProblemKind.UNAVAILABLE, "Its status does not say that it is final: not used.", source
        )
    return False


def _read_status(
    data: ObservationData, source: str, taken: PartialDate, meaning: Meaning, reading: Reading
) -> None:
    """mCODE disease status. `focus` names the disease; one of another disease is not ours."""
    if data.focus and not any(local(f.reference) in reading.leukemia for f in data.focus):
        return
    told = {
        _STATUSES[m.concept] for m in reading.concepts(data.valueCodeableConcept) if m.concept in _STATUSES
    }
    if len(told) != 1:
        raise NotUsableError("The disease status is not one of the known answers: not used.")
    reading.reports.append(StatusReport(source, taken, told.pop(), meaning.route))


def _read_antigen(
    data: ObservationData, source: str, taken: PartialDate, meaning: Meaning, reading: Reading
) -> None:
    """Only an answer, coded or in one known word, is taken: from which percentage on an antigen is positive
    no source says."""
    value = data.valueCodeableConcept
    answers = reading.concepts(value)
    told = {_EXPRESSIONS[m.concept] for m in answers if m.concept in _EXPRESSIONS}
    written = data.valueString or (None if answers else measurement.words_of_answer(value, reading))
    word = _IN_WORDS.get(" ".join(written.lower().split()).strip(".")) if written else None
    if word is not None:
        told.add(word)
    if Expression.DIM in told:
        told.discard(Expression.POSITIVE)
    antigen = _ANTIGENS[meaning.concept]
    found = told.pop() if len(told) == 1 else None
    if found is not None or data.valueQuantity or data.valueString or value:
        reading.antigens.append(AntigenResult(source, taken, antigen, found, meaning.route))
    if found is None:
        raise NotUsableError("The expression is not given as one known answer: not used.")
