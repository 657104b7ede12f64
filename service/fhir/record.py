"""Gather one patient's record for a hook: what was prefetched, and from the FHIR server what was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cds_rules.patient.timeline import Part
from service.fhir.client import FhirAccess, FhirClient
from service.fhir.elements import ElementError
from service.fhir.fetched import Fetched, Problem
from service.fhir.lexicon import Lexicon, by_name
from service.fhir.prefetch import NEEDS, Need, is_empty, sent
from service.fhir.read import by_text
from service.fhir.read.condition import morphologies
from service.fhir.scopes import explanation
from service.observing.notes import Fetch, notes

_FINAL = {Problem.OPERATION_OUTCOME, Problem.WITHHELD}
"""The EHR asked and failed; the standard sends this to save us the same query."""
_REFUSALS = {Problem.UNAUTHORIZED, Problem.FORBIDDEN, Problem.WITHHELD}
"""What the scopes of the token may explain."""

_LEFT_OUT = "not asked for: these checks do not need it"


@dataclass(frozen=True, slots=True)
class Record:
    """The resources of one patient, and the parts that are not complete with the reason in words."""

    resources: tuple[dict[str, Any], ...]
    missing: Mapping[Part, str]
    unanswered: tuple[str, ...]
    """Keys for which nothing at all could be had."""
    token_refused: bool = False
    """Did the FHIR server not accept the access token (401) for some part?"""
    hints: Mapping[str, str] = field(default_factory=dict)
    """Keys that were refused, and what the token's scopes say to that, in words."""


def gather(
    patient_id: str,
    prefetch: Mapping[str, Any],
    access: FhirAccess | None,
    client: FhirClient,
    lexicon: Lexicon,
    parts: frozenset[Part] | None = None,
) -> Record:
    """The record, fetching in parallel what is missing if the FHIR server may be used.

    When the conditions are complete and none of them is leukemia, nothing more is fetched: the
    service then has nothing to say, and the chart is not its business. `parts`: what is needed of the
    record, all of it without; other parts are neither fetched nor read, and count as missing.
    """
    needs = [need for need in NEEDS if parts is None or need.part in parts]
    answers = {need.key: sent(need, prefetch) for need in needs}
    if access is not None and _may_concern(answers["conditions"], lexicon):
        if _someone_else(answers["patient"], patient_id):
            answers["patient"] = Fetched("patient", problem=Problem.NOT_SENT)
        wanted = {n.key: n.query(patient_id) for n in needs if _ask(answers[n.key], n)}
        if wanted:
            fetched = client.fetch(access, wanted)
            notes().fetches.extend(
                Fetch(key, answer.problem or "ok", answer.seconds) for key, answer in fetched.items()
            )
            answers = {key: _better(answer, fetched.get(key)) for key, answer in answers.items()}
    record = _record(needs, answers, access.scope if access is not None else None)
    if parts is None:
        return record
    left_out = {need.part: _LEFT_OUT for need in NEEDS if need.part not in parts}
    return replace(record, missing={**record.missing, **left_out}) if left_out else record


def _ask(answer: Fetched, need: Need) -> bool:
    """Is it worth a query? A reported failure is not asked again, but for what must be had."""
    if answer.problem is None:
        return is_empty(answer)
    return answer.problem not in _FINAL or need.part is Part.CONDITIONS


def _someone_else(patient: Fetched, patient_id: str) -> bool:
    return any(r.get("resourceType") == "Patient" and r.get("id") != patient_id for r in patient.resources)


def _may_concern(conditions: Fetched, lexicon: Lexicon) -> bool:
    """Is a lymphoblastic leukemia among the conditions, or could one be?"""
    if conditions.problem is not None or not conditions.resources:
        return True
    return any(_names_leukemia(resource, lexicon) for resource in conditions.resources)


def _names_leukemia(resource: dict[str, Any], lexicon: Lexicon) -> bool:
    try:
        code = resource.get("code") or {}
        codings = code.get("coding") or ()
        found = [lexicon.meanings.get((c.get("system"), c.get("code"))) for c in codings]
        found += [by_name(code, lexicon.names)] if lexicon.names else []
        found += [lexicon.meanings.get(coding) for coding in morphologies(resource)]
        if lexicon.text_settles and by_text.claims_leukemia(code):
            return True
    except (AttributeError, TypeError, ElementError):
        return True
    return any(m is not None and m.concept.startswith(("all.", "relapse.")) for m in found)


def _better(first: Fetched, second: Fetched | None) -> Fetched:
    """The fetched answer, with what the EHR had sent before; an empty key that cannot be checked stays."""
    if second is None:
        return first
    if second.problem is None:
        return Fetched(first.key, (*second.resources, *first.resources))
    if is_empty(first):
        return Fetched(first.key, second.resources, second.problem)
    return Fetched(first.key, (*first.resources, *second.resources), second.problem)


def _no_such_patient(answers: Mapping[str, Fetched]) -> bool:
    """No patient of this id and no conditions: an empty list about nobody must not read as health."""
    patient, conditions = answers["patient"], answers["conditions"]
    return patient.problem is Problem.NOT_FOUND and not patient.resources and not conditions.resources


def _record(needs: Iterable[Need], answers: Mapping[str, Fetched], scope: str | None) -> Record:
    resources: list[dict[str, Any]] = []
    missing: dict[Part, str] = {}
    unanswered: list[str] = []
    hints: dict[str, str] = {}
    for need in needs:
        answer = answers[need.key]
        resources.extend(answer.resources)
        if answer.problem is not None:
            missing[need.part] = f"{need.part.value} not retrieved in full: {answer.problem.text}"
            hint = explanation(scope, need.type, need.right) if answer.problem in _REFUSALS else None
            if hint is not None:
                hints[need.key] = hint
                missing[need.part] += f" {hint}"
            if not answer.resources:
                unanswered.append(need.key)
    if _no_such_patient(answers) and "conditions" not in unanswered:
        unanswered.append("conditions")
    refused = any(answer.problem is Problem.UNAUTHORIZED for answer in answers.values())
    return Record(tuple(resources), missing, tuple(unanswered), refused, hints)
