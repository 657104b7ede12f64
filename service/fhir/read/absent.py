"""Why a value is absent. Laboratories write verdicts there: "POSITIVE [above the upper LoQ]".

Only an answer that stands there in a known code or in whole words is taken, and never a number. Every
other reason means that there is no result, which is not a negative one.
"""

from __future__ import annotations

from service.fhir.elements import CodeableConcept
from service.fhir.read.measurement import NOT_SEEN, SEEN
from service.fhir.reading import NotUsableError, Reading
from service.fhir.result_text import Kind, parse_fraction

_PREFIX = "absent-reason."
_NEVER = {"absent-reason.not-performed", "absent-reason.error"}
_ANSWERS = (Kind.DETECTED, Kind.BELOW_LOQ, Kind.NOT_DETECTED)
NO_RESULT = "It has no result: its reason says that none is known or none was made: not used."


def answer(reason: CodeableConcept | None, reading: Reading) -> Kind | None:
    """The verdict that stands in the place of a value, or None. NotUsableError if there are two."""
    if reason is None:
        return None
    told = {m.concept for m in reading.concepts(reason)}
    found = {kind for kind, codes in ((Kind.DETECTED, SEEN), (Kind.NOT_DETECTED, NOT_SEEN)) if told & codes}
    for text in (reason.text, *(c.display for c in reason.coding)):
        parsed = parse_fraction(text) if text else None
        if parsed is not None and parsed.kind in _ANSWERS:
            found.add(parsed.kind)
    if len(found - {Kind.BELOW_LOQ}) > 1 or found == {Kind.BELOW_LOQ, Kind.NOT_DETECTED}:
        raise NotUsableError("Its reason for absence contradicts itself: not used.")
    return Kind.BELOW_LOQ if Kind.BELOW_LOQ in found else next(iter(found), None)


def means_no_result(reason: CodeableConcept | None, reading: Reading) -> bool:
    """Is a known reason given why nothing is known?"""
    return any(m.concept.startswith(_PREFIX) for m in reading.concepts(reason))


def was_never_made(reason: CodeableConcept | None, reading: Reading) -> bool:
    """Does the reason say that the test was not done, or failed?"""
    return any(m.concept in _NEVER for m in reading.concepts(reason))
