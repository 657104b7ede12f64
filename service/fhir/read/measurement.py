"""Measurements: blasts in marrow, blood and CSF, cell counts, albumin; the specimen must agree."""

from __future__ import annotations

import re
from dataclasses import replace

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, Measurement
from service.fhir.elements import CodeableConcept, ObservationData, Quantity
from service.fhir.quantity import (
    ALBUMIN_CEILING,
    BLOOD_CELL_CEILING,
    COUNT_CEILING,
    G_PER_DL,
    PER_UL,
    PERCENT,
    UnitError,
    Units,
    factor,
    to_interval,
)
from service.fhir.reading import Meaning, NotUsableError, Reading
from service.fhir.result_text import Kind, parse_fraction
from service.fhir.specimen import contradicts, named_elsewhere, place_of

_PERCENT = (PERCENT, 100.0)
_COUNT = (PER_UL, COUNT_CEILING)
_BLOOD_COUNT = (PER_UL, BLOOD_CELL_CEILING)
Form = tuple[Measure, tuple[Units, float], str]

_FORMS: dict[str, Form] = {
    "marrow-blasts-percent": (Measure.MARROW_BLASTS, _PERCENT, "marrow"),
    "csf-wbc": (Measure.CSF_LEUKOCYTES, _COUNT, "csf"),
    "csf-nucleated-cells": (Measure.CSF_LEUKOCYTES, _COUNT, "csf"),
    "csf-rbc": (Measure.CSF_RED_CELLS, _COUNT, "csf"),
    "csf-blasts-percent": (Measure.CSF_BLASTS, _PERCENT, "csf"),
    "csf-blasts-count": (Measure.CSF_BLASTS, _COUNT, "csf"),
    "cd19-count": (Measure.B_CELLS, _COUNT, "blood"),
    "cd19-percent": (Measure.B_CELL_SHARE, _PERCENT, "blood"),
    "marrow-cd19-percent": (Measure.MARROW_CD19, _PERCENT, "marrow"),
    "marrow-cellularity": (Measure.CELLULARITY, _PERCENT, "marrow"),
    "blood-blasts-percent": (Measure.BLOOD_BLASTS, _PERCENT, "blood"),
    "blood-blasts-count": (Measure.BLOOD_BLAST_COUNT, _BLOOD_COUNT, "blood"),
    "wbc": (Measure.LEUKOCYTES, _BLOOD_COUNT, "blood"),
    "alc": (Measure.LYMPHOCYTES, _BLOOD_COUNT, "blood"),
    "cd3-count": (Measure.T_CELLS, _BLOOD_COUNT, "blood"),
    "platelets": (Measure.PLATELETS, _COUNT, "blood"),
    "albumin": (Measure.ALBUMIN, (G_PER_DL, ALBUMIN_CEILING), "blood"),
    "recipient-chimerism-percent": (Measure.CHIMERISM, _PERCENT, ""),
}
"""Each with its measure, its units, the largest value it can have, and where its specimen is from ("": it
may be from blood or marrow)."""
_SLIPS: dict[Measure, tuple[float, float]] = {
    Measure.LEUKOCYTES: (1.0, 100.0),
    Measure.LYMPHOCYTES: (1.0, 10.0),
    Measure.BLOOD_BLAST_COUNT: (1.0, 1.0),
    Measure.PLATELETS: (1.0, 1000.0),
    Measure.ALBUMIN: (0.1, 6.0),
}
"""A number under a unit of this factor that is above zero and below this is a slip of the unit: 4.5 /uL
is what an analyser writes as 4.5 K/uL, and 3.5 g/L of albumin is 3.5 g/dL. Project's."""
_NEVER = (0.0, 0.0)
_WHOLE_BELOW = 1000.0
"""Cells per microlitre; above it a part of a cell comes from a calculation. Project's."""
_CYTOLOGY = "csf-cytology"
BLOOD_COUNTS: dict[str, Form] = {
    name: form for name, form in _FORMS.items() if form[1][0] is PER_UL and form[2] == "blood"
}
"""What `service.fhir.read.plain_count` may read."""
SEEN = {
    *("result.detected", "result.positive", "result.present", "result.weakly-positive"),
    *("answer.present", "answer.positive"),
}
NOT_SEEN = {"result.not-detected", "result.negative", "result.absent", "answer.absent"}


def measure_of(concept: str) -> Measure | None:
    """What a result of this concept measures."""
    return _FORMS[concept][0] if concept in _FORMS else None


def units_of(concept: str) -> Units | None:
    """The units in which a result of this concept is read; None if it is not read as a number."""
    form = _FORMS.get(concept)
    return form[1][0] if form else None


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
                Measurement(source, taken, Measure.CSF_BLASTS, anything, meaning.route, readable=False)
            )
            raise
        reading.measurements.append(Measurement(source, taken, Measure.CSF_BLASTS, value, meaning.route))
        return
    measure, (units, ceiling), place = _FORMS[meaning.concept]
    if place:
        check_specimen(data, place, reading)
    try:
        value = quantity(data, units, ceiling)
        if measure in _SLIPS:
            _refuse_slip(data.valueQuantity, measure, units)
    except (UnitError, NotUsableError):
        # There is a result, and it may be anything: that is not the same as none.
        anything = Interval(0.0, ceiling)
        reading.measurements.append(
            Measurement(source, taken, measure, anything, meaning.route, readable=False)
        )
        raise
    reading.measurements.append(Measurement(source, taken, measure, value, meaning.route))


def check_specimen(data: ObservationData, place: str, reading: Reading) -> None:
    """NotUsableError if the result names a specimen from elsewhere: blood never stands for marrow."""
    if contradicts(data.specimen, place, reading) or place_of(data.bodySite, reading) not in (None, place):
        raise NotUsableError("Its specimen contradicts its code: not used.")
    if any(named_elsewhere(text, place) for text in (data.code.text, *names(data.code)) if text):
        raise NotUsableError("Its name contradicts its code: not used.")


def names(code: CodeableConcept) -> list[str]:
    """What the codings of a code are called."""
    return [c.display for c in code.coding if c.display]


def _share_in_words(data: ObservationData, units: Units) -> Interval | None:
    """A share of cells written as text: "85 %", ">90%". A word alone gives no number."""
    if units is not PERCENT or data.valueQuantity is not None or not data.valueString:
        return None
    parsed = parse_fraction(data.valueString)
    found = parsed.fraction if parsed is not None else None
    if found is None:
        return None
    return replace(found, low=round(found.low * 100, 9), high=round(found.high * 100, 9))


def quantity(data: ObservationData, units: Units, ceiling: float) -> Interval:
    """The value in our unit. UnitError for the unit, NotUsableError for anything else."""
    written = _share_in_words(data, units)
    if written is not None:
        return written
    if data.valueQuantity is None:
        raise NotUsableError("The result is not given as a number with a unit: not used.")
    try:
        return to_interval(data.valueQuantity, units, ceiling)
    except UnitError:
        raise
    except ValueError as error:
        raise NotUsableError("The number is missing, out of range or wrongly compared: not used.") from error


def _refuse_slip(given: Quantity | None, measure: Measure, units: Units) -> None:
    if given is None or given.value is None:
        return
    if is_slip(measure, given.value, factor(given, units), given.comparator):
        raise UnitError("the number is too small for its unit")


def is_slip(measure: Measure, value: float, given_factor: float, comparator: str | None = None) -> bool:
    """Does its unit make the number impossible? Few cells are counted whole."""
    slips, below = _SLIPS.get(measure, _NEVER)
    if given_factor != slips:
        return False
    part_of_a_cell = slips == 1.0 and value < _WHOLE_BELOW and value != int(value)
    return part_of_a_cell or (comparator is None and 0 < value < below)


def words_of_answer(value: CodeableConcept | None, reading: Reading) -> str | None:
    """What a coded answer says in words; its codes are called by name only where none of them is known."""
    if value is None:
        return None
    if value.text or reading.concepts(value):
        return value.text
    called = {c.display for c in value.coding if c.display}
    return called.pop() if len(called) == 1 else None


def presence(data: ObservationData, reading: Reading) -> Interval:
    """Blasts seen: more than none; not seen: none."""
    told = {m.concept for m in reading.concepts(data.valueCodeableConcept)}
    if told & SEEN and not told & NOT_SEEN:
        return Interval(0.0, 100.0, low_open=True)
    if told & NOT_SEEN and not told & SEEN:
        return Interval.exactly(0.0)
    written = data.valueString or (None if told else words_of_answer(data.valueCodeableConcept, reading))
    seen = _seen_in_words(written) if written else None
    if seen is not None:
        return Interval(0.0, 100.0, low_open=True) if seen else Interval.exactly(0.0)
    raise NotUsableError("The result is not a known answer for seen or not seen: not used.")


_NOT_MALIGNANT = re.compile(
    r"negative for (?:malignan(?:t cells|cy)|leuka?emi[ac](?: cells)?|blasts)"
    r"|no (?:malignant|leuka?emic|atypical) cells(?: (?:seen|identified|present|detected))?",
    re.IGNORECASE,
)


def _seen_in_words(text: str) -> bool | None:
    """Blasts seen or not, if the whole text says so."""
    if _NOT_MALIGNANT.fullmatch(text.strip(" .")):
        return False
    parsed = parse_fraction(text)
    if parsed is None or parsed.fraction is not None:
        return None
    return {Kind.DETECTED: True, Kind.NOT_DETECTED: False}.get(parsed.kind)
