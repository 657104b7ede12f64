"""Measurable residual disease in its many forms, to a fraction of cells or to nothing.

What is not understood is not guessed: no number without a unit, no negative without a limit of
detection, no fraction from a log reduction, a ratio or the International Scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import MrdResult, TimePoint
from service.fhir.elements import CodeableConcept, ObservationData
from service.fhir.mrd_words import MRD, method_of, names_no_result, time_point_of
from service.fhir.quantity import FRACTION, with_limits
from service.fhir.read import absent
from service.fhir.read.measurement import NOT_SEEN, SEEN, quantity, words_of_answer
from service.fhir.reading import Meaning, NotUsableError, Reading, words
from service.fhir.result_text import Kind, TextResult, parse_fraction
from service.fhir.specimen import in_words, named, place_of

CONCEPT = "mrd"

_DETECTED = Interval(0.0, 1.0, low_open=True)
_NOT_DETECTED = Interval.exactly(0.0)
_UNREADABLE = "The result is neither a number with a unit nor a known answer: not used."
_INDETERMINATE = "The laboratory calls the result indeterminate: not used."


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a result is from and what its words say of it, beside its value."""

    source: str
    when: PartialDate
    place: str | None
    """marrow, csf, blood, or None when it is not told."""
    method: str | None = None
    time_point: TimePoint | None = None


def read(data: ObservationData, source: str, taken: PartialDate, meaning: Meaning, reading: Reading) -> None:
    """Turn one MRD result into an interval of fractions."""
    data = _with_its_component(data, reading)
    result, label = _result(data, reading)
    label = one_of(label, time_point_of(words(data.code))[0])
    method = method_of(words(data.method, codes=True)) or method_of(words(data.code))
    sample = Sample(source, taken, _place(data, reading), method, label)
    keep(sample, result, meaning, reading)


def _place(data: ObservationData, reading: Reading) -> str | None:
    """Where it is from by its specimen; else by its body site or its name, which never make it marrow."""
    place, site = named(data.specimen, reading), place_of(data.bodySite, reading)
    if place is not None and site not in (None, place):
        raise NotUsableError("Its specimen and its body site contradict each other: not used.")
    if place is None and site != "marrow":
        place = site
    if place is None:
        called = in_words(words(data.code))
        place = called if called != "marrow" else None
    return place


def keep(sample: Sample, result: TextResult, meaning: Meaning, reading: Reading) -> None:
    """Note a result, within the limits of its test. NotUsableError if the site file says otherwise of it."""
    site = meaning.site
    lod = result.lod or (site.lod if site else None)
    loq = result.loq or (site.loq if site else None)
    fraction = fraction_of(result, lod, loq)
    if fraction is None:
        raise NotUsableError("Not detected, but the test's limit of detection is not known: not used.")
    mapped = site.specimen if site else None
    if sample.place is not None and mapped is not None and sample.place != mapped:
        raise NotUsableError("Its specimen contradicts its code: not used.")
    if site and site.method and sample.method and site.method != sample.method:
        raise NotUsableError("Its method contradicts its code: not used.")
    reading.mrd.append(
        MrdResult(
            source=sample.source,
            when=sample.when,
            fraction=fraction,
            marrow=(mapped or sample.place) == "marrow",
            elsewhere=(mapped or sample.place or "marrow") != "marrow",
            method=(site.method if site else None) or sample.method,
            time_point=one_of(site.time_point if site else None, sample.time_point),
            route=meaning.route,
            lod=lod,
        )
    )


def one_of(first: TimePoint | None, second: TimePoint | None) -> TimePoint | None:
    """The time point that one of two tells. NotUsableError if they tell different ones."""
    if first is not None and second is not None and first is not second:
        raise NotUsableError("It is labelled with two different time points: not used.")
    return first if first is not None else second


def told(result: MrdResult, *, marrow: bool) -> MrdResult:
    """The result with what the words of its name tell of the specimen."""
    return replace(result, marrow=result.marrow or marrow, elsewhere=result.elsewhere and not marrow)


def _with_its_component(data: ObservationData, reading: Reading) -> ObservationData:
    """A panel without a value of its own, as its one component that is named as the result."""
    if data.valueQuantity or data.valueString or data.valueCodeableConcept:
        return data
    parts = [
        c
        for c in data.component
        if any(m.concept == CONCEPT for m in reading.concepts(c.code))
        or (MRD.search(words(c.code)) and not names_no_result(words(c.code)))
    ]
    if len(parts) > 1:
        raise NotUsableError("More than one of its components is named as the result: not used.")
    if not parts:
        return data
    (part,) = parts
    own = {
        "valueQuantity": part.valueQuantity,
        "valueString": part.valueString,
        "valueCodeableConcept": part.valueCodeableConcept,
        "interpretation": part.interpretation or data.interpretation,
        "dataAbsentReason": part.dataAbsentReason or data.dataAbsentReason,
    }
    return msgspec.structs.replace(data, **own)


def _result(data: ObservationData, reading: Reading) -> tuple[TextResult, TimePoint | None]:
    """What the Observation says, from its number, its coded answer or its text; they must not disagree.

    With it, the time point that its text names.
    """
    answer = _coded(data, reading)
    if data.valueQuantity is not None:
        return TextResult(Kind.NUMBER, _number(data, answer, reading)), None
    written = data.valueString or words_of_answer(data.valueCodeableConcept, reading)
    label, rest = time_point_of(written) if written else (None, "")
    parsed = parse_fraction(rest) if written else None
    if parsed is not None and parsed.kind is not Kind.INDETERMINATE:
        if answer is not None and (answer is Kind.NOT_DETECTED) != negative(parsed):
            raise NotUsableError("Its text and its interpretation contradict each other: not used.")
        return parsed, label
    if answer is not None and (written is None or data.valueString is None):
        return TextResult(answer), None
    raise NotUsableError(absent.NO_RESULT if _is_empty(data, reading) else _UNREADABLE)


def _is_empty(data: ObservationData, reading: Reading) -> bool:
    return data.valueString is None and absent.means_no_result(data.dataAbsentReason, reading)


def _number(data: ObservationData, answer: Kind | None, reading: Reading) -> Interval:
    """The number, off the scale of the test where the interpretation says so."""
    fraction = quantity(data, FRACTION, 1.0)
    off = {m.concept for c in data.interpretation for m in reading.concepts(c)} & set(_OFF_SCALE)
    if off:
        comparator = data.valueQuantity.comparator if data.valueQuantity else None
        signs = {_OFF_SCALE[concept] for concept in off}
        if len(signs) > 1 or (comparator or "=")[0] not in ("=", *(s[0] for s in signs)):
            raise NotUsableError("Its number and its interpretation contradict each other: not used.")
        if comparator is None:
            fraction = Interval.compared(signs.pop(), fraction.low, 1.0)
    if answer is Kind.DETECTED and fraction.low == 0 and fraction.high > 0:
        fraction = Interval(0.0, fraction.high, low_open=True, high_open=fraction.high_open)
    if answer is Kind.NOT_DETECTED and fraction.low > 0:
        raise NotUsableError("Its number and its interpretation contradict each other: not used.")
    return fraction


_OFF_SCALE = {"interpretation.off-scale-low": "<=", "interpretation.off-scale-high": ">="}
"""The printed number is then the end of the scale."""


def negative(result: TextResult) -> bool:
    """Does it say that nothing was found?"""
    if result.fraction is not None:
        return result.fraction.low == 0 and not result.fraction.low_open
    return result.kind is Kind.NOT_DETECTED


def _coded(data: ObservationData, reading: Reading) -> Kind | None:
    """Detected or not by value code, else by interpretation, else by the verdict in place of a value."""
    found = _verdict({m.concept for m in reading.concepts(data.valueCodeableConcept)})
    noted = {m.concept for c in data.interpretation for m in reading.concepts(c)}
    if noted & _UNSURE:
        raise NotUsableError(_INDETERMINATE)
    if found is None:
        found = _verdict({_INTERPRETED.get(concept, "") for concept in noted})
    if data.valueQuantity is None and data.valueString is None and data.valueCodeableConcept is None:
        return _without_value(data.dataAbsentReason, found, reading)
    return found


def _without_value(reason: CodeableConcept | None, found: Kind | None, reading: Reading) -> Kind | None:
    """A missing value never becomes negative but by a reason that says so in as many words."""
    answer = absent.answer(reason, reading)
    if answer is None:
        never = absent.was_never_made(reason, reading)
        unknown = found is Kind.NOT_DETECTED and absent.means_no_result(reason, reading)
        return None if never or unknown else found
    if found is not None and (found is Kind.NOT_DETECTED) != (answer is Kind.NOT_DETECTED):
        raise NotUsableError("Its reason for absence and its interpretation contradict each other: not used.")
    return answer


def _verdict(concepts: set[str]) -> Kind | None:
    seen, not_seen = bool(concepts & SEEN), bool(concepts & NOT_SEEN)
    if seen == not_seen:
        return None
    return Kind.DETECTED if seen else Kind.NOT_DETECTED


_INTERPRETED = {
    "interpretation.positive": "result.positive",
    "interpretation.detected": "result.detected",
    "interpretation.negative": "result.negative",
    "interpretation.not-detected": "result.not-detected",
}
_UNSURE = {"interpretation.indeterminate", "interpretation.equivocal"}


def fraction_of(result: TextResult, lod: float | None, loq: float | None) -> Interval | None:
    """The fractions of cells that a result leaves possible; None if it says nothing without a limit."""
    if result.fraction is not None:
        return with_limits(result.fraction, lod, loq)
    if result.kind is Kind.NOT_DETECTED:
        return with_limits(_NOT_DETECTED, lod, loq)
    if result.kind is Kind.BELOW_LOQ and loq is not None:
        return Interval(0.0, loq, low_open=True, high_open=True)
    return _DETECTED
