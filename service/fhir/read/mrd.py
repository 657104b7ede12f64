"""Measurable residual disease in its many forms, to a fraction of cells or to nothing.

What is not understood is not guessed: no number without a unit, no negative without a limit of
detection, no fraction from a log reduction, a ratio or the International Scale.
"""

from __future__ import annotations

from dataclasses import replace

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import MrdResult
from service.fhir.elements import ObservationData
from service.fhir.quantity import FRACTION, with_limits
from service.fhir.read.measurement import NOT_SEEN, SEEN, quantity
from service.fhir.reading import Meaning, NotUsableError, Reading
from service.fhir.result_text import Kind, TextResult, parse_fraction
from service.fhir.specimen import named

CONCEPT = "mrd"

_DETECTED = Interval(0.0, 1.0, low_open=True)
_NOT_DETECTED = Interval.exactly(0.0)
_UNREADABLE = "The result is neither a number with a unit nor a known answer: not used."


def read(data: ObservationData, source: str, taken: PartialDate, meaning: Meaning, reading: Reading) -> None:
    """Turn one MRD result into an interval of fractions."""
    site = meaning.site
    result = _result(data, reading)
    lod = result.lod or (site.lod if site else None)
    loq = result.loq or (site.loq if site else None)
    fraction = _fraction(result, lod, loq)
    if fraction is None:
        raise NotUsableError("Not detected, but the test's limit of detection is not known: not used.")
    place = named(data.specimen, reading)
    mapped = site.specimen if site else None
    if place is not None and mapped is not None and place != mapped:
        raise NotUsableError("Its specimen contradicts its code: not used.")
    reading.mrd.append(
        MrdResult(
            source=source,
            when=taken,
            fraction=fraction,
            marrow=(mapped or place) == "marrow",
            method=site.method if site else None,
            time_point=site.time_point if site else None,
            route=meaning.route,
        )
    )


def told(result: MrdResult, *, method: str | None, marrow: bool) -> MrdResult:
    """The result with what the words of its name tell of method and specimen."""
    return replace(result, method=method, marrow=result.marrow or marrow)


def _result(data: ObservationData, reading: Reading) -> TextResult:
    """What the Observation says, from its number, its coded answer or its text; they must not disagree."""
    told = _coded(data, reading)
    if data.valueQuantity is not None:
        fraction = quantity(data, FRACTION, 1.0)
        if told is Kind.DETECTED and fraction.low == 0 and fraction.high > 0:
            fraction = Interval(0.0, fraction.high, low_open=True, high_open=fraction.high_open)
        if told is Kind.NOT_DETECTED and fraction.low > 0:
            raise NotUsableError("Its number and its interpretation contradict each other: not used.")
        return TextResult(Kind.NUMBER, fraction)
    written = data.valueString or (data.valueCodeableConcept.text if data.valueCodeableConcept else None)
    parsed = parse_fraction(written) if written else None
    if parsed is not None and parsed.kind is not Kind.INDETERMINATE:
        if told is not None and (told is Kind.NOT_DETECTED) != _negative(parsed):
            raise NotUsableError("Its text and its interpretation contradict each other: not used.")
        return parsed
    if told is not None and (written is None or data.valueString is None):
        return TextResult(told)
    raise NotUsableError(_UNREADABLE)


def _negative(result: TextResult) -> bool:
    if result.fraction is not None:
        return result.fraction.low == 0 and not result.fraction.low_open
    return result.kind is Kind.NOT_DETECTED


def _coded(data: ObservationData, reading: Reading) -> Kind | None:
    """Detected or not by value code, else by interpretation; a missing value never becomes negative."""
    told = {m.concept for m in reading.concepts(data.valueCodeableConcept)}
    if not told & (SEEN | NOT_SEEN):
        told = {_INTERPRETED.get(m.concept, "") for c in data.interpretation for m in reading.concepts(c)}
    seen, not_seen = bool(told & SEEN), bool(told & NOT_SEEN)
    if seen == not_seen:
        return None
    return Kind.DETECTED if seen else Kind.NOT_DETECTED


_INTERPRETED = {
    "interpretation.positive": "result.positive",
    "interpretation.detected": "result.detected",
    "interpretation.negative": "result.negative",
    "interpretation.not-detected": "result.not-detected",
}


def _fraction(result: TextResult, lod: float | None, loq: float | None) -> Interval | None:
    if result.fraction is not None:
        return with_limits(result.fraction, lod, loq)
    if result.kind is Kind.NOT_DETECTED:
        return with_limits(_NOT_DETECTED, lod, loq)
    if result.kind is Kind.BELOW_LOQ and loq is not None:
        return Interval(0.0, loq, low_open=True, high_open=True)
    return _DETECTED
