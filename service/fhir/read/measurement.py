"""Measurements: blasts in marrow, blood and CSF, cell counts, albumin; the specimen must agree."""

from __future__ import annotations

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, Measurement
from service.fhir.elements import ObservationData
from service.fhir.quantity import (
    COUNT_CEILING,
    PER_UL,
    PERCENT,
    UnitError,
    Units,
    to_interval,
)
from service.fhir.reading import Meaning, NotUsableError, Reading
from service.fhir.specimen import contradicts

_PERCENT = (PERCENT, 100.0)
_COUNT = (PER_UL, COUNT_CEILING)
_Form = tuple[Measure, tuple[Units, float], str]

_FORMS: dict[str, _Form] = {
    "marrow-blasts-percent": (Measure.MARROW_BLASTS, _PERCENT, "marrow"),
    "csf-wbc": (Measure.CSF_LEUKOCYTES, _COUNT, "csf"),
    "csf-nucleated-cells": (Measure.CSF_LEUKOCYTES, _COUNT, "csf"),
    "csf-rbc": (Measure.CSF_RED_CELLS, _COUNT, "csf"),
    "csf-blasts-percent": (Measure.CSF_BLASTS, _PERCENT, "csf"),
    "csf-blasts-count": (Measure.CSF_BLASTS, _COUNT, "csf"),
    "cd19-count": (Measure.B_CELLS, _COUNT, "blood"),
}
_CYTOLOGY = "csf-cytology"
SEEN = {"result.detected", "result.positive", "result.present", "result.weakly-positive"}
NOT_SEEN = {"result.not-detected", "result.negative", "result.absent"}


def matters(meaning: Meaning) -> bool:
    """Is this a measurement that is read?"""
    return meaning.concept in _FORMS or meaning.concept == _CYTOLOGY


def read(data: ObservationData, source: str, taken: PartialDate, meaning: Meaning, reading: Reading) -> None:
    """Turn one measurement into an interval in our unit."""
    if meaning.concept == _CYTOLOGY:
        check_specimen(data, "csf", reading)
        try:
            value = presence(data, reading)
        except NotUsableError:
            anything = Interval(0.0, 100.0)
            reading.measurements.append(
                Measurement(source, taken, Measure.CSF_BLASTS, anything, meaning.route)
            )
            raise
        reading.measurements.append(Measurement(source, taken, Measure.CSF_BLASTS, value, meaning.route))
        return
    measure, (units, ceiling), place = _FORMS[meaning.concept]
    check_specimen(data, place, reading)
    try:
        value = quantity(data, units, ceiling)
    except (UnitError, NotUsableError):
        # There is a result, and it may be anything: that is not the same as none.
        anything = Interval(0.0, ceiling)
        reading.measurements.append(Measurement(source, taken, measure, anything, meaning.route))
        raise
    reading.measurements.append(Measurement(source, taken, measure, value, meaning.route))


def check_specimen(data: ObservationData, place: str, reading: Reading) -> None:
    """NotUsableError if the result names a specimen from elsewhere: blood never stands for marrow."""
    if contradicts(data.specimen, place, reading):
        raise NotUsableError("Its specimen contradicts its code: not used.")


def quantity(data: ObservationData, units: Units, ceiling: float) -> Interval:
    """The value in our unit. UnitError for the unit, NotUsableError for anything else."""
    if data.valueQuantity is None:
        raise NotUsableError("The result is not given as a number with a unit: not used.")
    try:
        return to_interval(data.valueQuantity, units, ceiling)
    except UnitError:
        raise
    except ValueError as error:
        raise NotUsableError("The number is missing, out of range or wrongly compared: not used.") from error


def presence(data: ObservationData, reading: Reading) -> Interval:
    """Blasts seen: more than none; not seen: none."""
    told = {m.concept for m in reading.concepts(data.valueCodeableConcept)}
    if told & SEEN and not told & NOT_SEEN:
        return Interval(0.0, 100.0, low_open=True)
    if told & NOT_SEEN and not told & SEEN:
        return Interval.exactly(0.0)
    raise NotUsableError("The result is not a known answer for seen or not seen: not used.")
