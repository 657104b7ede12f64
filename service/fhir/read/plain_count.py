"""The short way for what a chart holds most of: a plain blood count, a number with a unit and a day.

Anything unusual (a comparator, a specimen, a unit that is not known, a wrong shape) is left to
`service.fhir.read.measurement`, which says what is wrong with it; the result is the same.
"""

from __future__ import annotations

import re
from typing import Any

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measurement
from service.fhir.quantity import factor_of
from service.fhir.read.measurement import BLOOD_COUNTS, Form, is_slip
from service.fhir.reading import Meaning, Reading
from service.fhir.specimen import named_elsewhere

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_FINAL = {"final", "amended", "corrected"}
_UNUSUAL = {
    *("specimen", "bodySite", "dataAbsentReason", "component", "contained", "focus", "method"),
    *("effectiveInstant", "effectivePeriod", "valueString", "valueInteger", "valueCodeableConcept"),
}
"""Members that change what a result says. What is not read of a count is not checked."""


_TEXT_OR_NONE = (str, type(None))


def read(resource: dict[str, Any], meaning: Meaning, reading: Reading) -> bool:
    """Read a plain count; False if it is none, and then nothing has been done."""
    form = BLOOD_COUNTS.get(meaning.concept)
    if form is None or not _UNUSUAL.isdisjoint(resource) or _is_named_elsewhere(resource.get("code")):
        return False
    name, status, taken = resource.get("id"), resource.get("status"), resource.get("effectiveDateTime")
    if not (isinstance(name, str) and isinstance(status, str) and isinstance(taken, str)):
        return False
    if status not in _FINAL or not _ID.fullmatch(name):
        return False
    value = _value(resource.get("valueQuantity"), form)
    if value is None:
        return False
    try:
        day = PartialDate.parse(taken)
    except ValueError:
        return False
    found = Measurement(f"Observation/{name}", day, form[0], Interval(value, value), meaning.route)
    reading.measurements.append(found)
    return True


def _is_named_elsewhere(code: Any) -> bool:
    """Is it called by another place than blood, or has it not the shape of a code?"""
    if not isinstance(code, dict):
        return True
    try:
        texts = [code.get("text"), *[c.get("display") for c in code.get("coding", ())]]
    except (AttributeError, TypeError):
        return True
    return any(
        text is not None and (not isinstance(text, str) or named_elsewhere(text, "blood")) for text in texts
    )


def _value(given: Any, form: Form) -> float | None:
    """The count per microlitre of a plain Quantity, if unit and number go together."""
    if not isinstance(given, dict) or given.get("comparator") is not None:
        return None
    measure, (units, ceiling), _ = form
    number, unit, code = given.get("value"), given.get("unit"), given.get("code")
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    if not (isinstance(unit, _TEXT_OR_NONE) and isinstance(code, _TEXT_OR_NONE)):
        return None
    factor = factor_of(code, unit, units)
    if factor is None or not 0 <= number <= ceiling or is_slip(measure, number, factor):
        return None
    value = round(float(number) * factor, 12)
    return value if value <= ceiling else None
