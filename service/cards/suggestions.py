"""Suggestions: requests for the evaluations that would settle an open scheme. Never a drug, never a dose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cds_rules.assessment import Assessment
from cds_rules.request import Test
from service.cards.build import stable_uuid
from service.cards.settling import settling
from service.wire.response import Action, Suggestion

_SNOMED = "http://snomed.info/sct"
_LOINC = "http://loinc.org"

_CODES: dict[Test, tuple[str, str, str]] = {
    Test.MARROW: (_SNOMED, "49401003", "Bone marrow aspiration procedure (procedure)"),
    Test.MRD_END_BLOCK_1: (_SNOMED, "49401003", "Bone marrow aspiration procedure (procedure)"),
    Test.CSF: (_SNOMED, "277762005", "Lumbar puncture (procedure)"),
    Test.IMMUNOPHENOTYPE: (_LOINC, "55230-7", "Immunophenotyping study"),
}
"""Codes for requests, where one is shipped; the others are told by their text alone."""
MAX_SUGGESTIONS = 5


def suggestions_for(a: Assessment) -> tuple[Suggestion, ...]:
    """One suggestion a test, those that settle most first."""
    return tuple(_suggestion(a, s.test, s.later) for s in settling(a)[:MAX_SUGGESTIONS])


def suggestions_of(a: Assessment, tests: Iterable[Test]) -> tuple[Suggestion, ...]:
    """One suggestion a test, in the order given, at most a few."""
    return tuple(_suggestion(a, test) for test in list(dict.fromkeys(tests))[:MAX_SUGGESTIONS])


def _suggestion(a: Assessment, test: Test, later: str = "") -> Suggestion:
    request = service_request(a, test)
    if later:
        request["note"] = [{"text": f"To be done {later}."}]
    window = a.picture.block1_window if test is Test.MRD_END_BLOCK_1 else None
    days = f" ({window[0]} to {window[1]})" if window else ""
    # Made of our own words and checked references: the checks of the wire models would find nothing.
    action = Action.model_construct(
        type="create", description=f"Draft request: {test.value}", resource=request, resourceId=None
    )
    return Suggestion.model_construct(
        label=f"Request {test.value}{f', {later}' if later else ''}{days}",
        uuid=stable_uuid("suggestion", a.patient, test.name, *a.picture.relapse_number.evidence),
        isRecommended=None,
        actions=(action,),
    )


def service_request(a: Assessment, test: Test) -> dict[str, Any]:
    """A draft ServiceRequest, intent proposal, for the relapse it is about."""
    reasons = [e for e in a.picture.relapse_number.evidence if e.startswith("Condition/")]
    request: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "code": _code(test),
        "subject": {"reference": a.patient},
    }
    if test is Test.MRD_END_BLOCK_1 and a.picture.block1_window is not None:
        first, last = a.picture.block1_window
        request["occurrencePeriod"] = {"start": first.isoformat(), "end": last.isoformat()}
    if reasons:
        request["reasonReference"] = [{"reference": reason} for reason in reasons]
    return request


def _code(test: Test) -> dict[str, Any]:
    code: dict[str, Any] = {"text": test.value[0].upper() + test.value[1:]}
    if test in _CODES:
        system, value, display = _CODES[test]
        code["coding"] = [{"system": system, "code": value, "display": display}]
    return code
