"""Performance status: whole points of a scale, in any of the forms in which they are sent."""

from __future__ import annotations

import re

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, Measurement
from service.fhir.elements import ObservationData
from service.fhir.quantity import SCORE, UnitError, factor
from service.fhir.reading import Meaning, NotUsableError, Reading

_SCALES: dict[str, tuple[Measure, int]] = {
    "ecog": (Measure.ECOG, 5),
    "karnofsky": (Measure.KARNOFSKY, 100),
    "lansky": (Measure.LANSKY, 100),
}
"""Each scale with its highest point; all begin at 0."""
_ANSWER = "lansky-answer."
_WRITTEN = re.compile(r"\s*(\d{1,3})\s*%?\s*", re.ASCII)


def matters(meaning: Meaning) -> bool:
    """Is this a performance status?"""
    return meaning.concept in _SCALES


def read(data: ObservationData, source: str, taken: PartialDate, meaning: Meaning, reading: Reading) -> None:
    """Turn one performance status into its points; what is not understood may be any of them."""
    measure, highest = _SCALES[meaning.concept]
    try:
        points = _points(data, reading)
        if points is None or points != int(points) or not 0 <= points <= highest:
            raise NotUsableError("The performance status is not a point of its scale: not used.")
    except (UnitError, NotUsableError):
        anything = Interval(0.0, float(highest))
        reading.measurements.append(
            Measurement(source, taken, measure, anything, meaning.route, readable=False)
        )
        raise
    value = Interval.exactly(float(points))
    reading.measurements.append(Measurement(source, taken, measure, value, meaning.route))


def _points(data: ObservationData, reading: Reading) -> float | None:
    """The points as an integer, a quantity (with or without a unit), a coded answer or written digits."""
    if data.valueInteger is not None:
        return data.valueInteger
    quantity = data.valueQuantity
    if quantity is not None:
        if quantity.unit or quantity.code:
            factor(quantity, SCORE)
        return None if quantity.comparator else quantity.value
    if data.valueCodeableConcept is not None:
        coded = {m.concept for m in reading.concepts(data.valueCodeableConcept)}
        told = {c.removeprefix(_ANSWER) for c in coded if c.startswith(_ANSWER)}
        return float(told.pop()) if len(told) == 1 else None
    written = _WRITTEN.fullmatch(data.valueString or "")
    return float(written[1]) if written else None
