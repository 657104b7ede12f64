"""Matches as a searchset of ResearchStudy: scored, each with its criteria answered one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cds_rules import Assessment
from cds_rules.answer import Answer
from cds_rules.contract_advice import MET
from cds_rules.trials.trial import CriterionAnswer, Grade, TrialMatch
from service.trials.request import Wanted
from service.trials.research_study import phases_of, research_study, status_code, study_id

Json = dict[str, Any]

MATCH_EXTENSION = "urn:relapse-cds:trial-match"
"""On Bundle.entry.search: `grade` (code), then one `criterion` each: `text` (string), `role` (code),
`answer` (code: met, not met, unknown; an exclusion is met when it does not hold), and where there are any
`because` (string) and `evidence` (Reference, repeated)."""

POSSIBLE_FROM, POSSIBLE_TO = 0.5, 0.99
"""Score of a possible trial without, and next to all, criteria met (project's); 1 is kept for eligible."""

NOT_CHECKED = "No status was checked with a registry: do not take any of these trials as open."
NO_STATUS = "No current recruitment status is known: a filter by it finds only trials known to have ended."
NO_PHASE = "Trials whose phase is not known were left out."
NO_PLACE = "Accepted and not used, the places of the trials are not known: "
NOT_WHOLE = "The Bundle is not the whole record: what is not in it is taken as unknown."
NOT_MATCHED = "No trial was matched: "


def searchset(assessment: Assessment, wanted: Wanted) -> Json:
    """The trials that are not excluded and pass the filters, best first, and what to know about them."""
    graded = [m for m in assessment.trials if m.grade is not Grade.EXCLUDED]
    in_status = [m for m in graded if wanted.status in (None, status_code(m.trial))]
    found = sorted((m for m in in_status if _in_phase(m, wanted)), key=score, reverse=True)
    unphased = any(_phases(m) is None for m in in_status)
    told = [*_told(assessment, wanted, unphased=unphased), *([NOT_CHECKED] if found else [])]
    entries = [_entry(match) for match in found]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        **({"entry": [*entries, *([_outcome(told)] if told else [])]} if entries or told else {}),
    }


def score(match: TrialMatch) -> float:
    """1 for eligible, 0 for excluded, between 0.5 and 0.99 by the share of criteria met for possible."""
    if match.grade is not Grade.POSSIBLE:
        return 1.0 if match.grade is Grade.ELIGIBLE else 0.0
    met = sum(a.met is Answer.YES for a in match.answers)
    share = met / len(match.answers) if match.answers else 0.0
    return round(min(POSSIBLE_TO, POSSIBLE_FROM + share * (1 - POSSIBLE_FROM)), 2)


def _phases(match: TrialMatch) -> frozenset[str] | None:
    return phases_of(match.trial.phase) if match.trial.phase else None


def _in_phase(match: TrialMatch, wanted: Wanted) -> bool:
    return wanted.phases is None or bool(wanted.phases & (_phases(match) or frozenset()))


def _told(assessment: Assessment, wanted: Wanted, *, unphased: bool) -> Iterator[str]:
    """What the caller has to know to read the answer rightly, in constant words."""
    if assessment.seen is None:
        yield f"{NOT_MATCHED}{assessment.not_applicable_because or 'nothing to say'}."
    if assessment.incomplete:
        yield NOT_WHOLE
    if wanted.status is not None:
        yield NO_STATUS
    if wanted.phases is not None and unphased:
        yield NO_PHASE
    if wanted.places:
        yield f"{NO_PLACE}{', '.join(wanted.places)}."


def _entry(match: TrialMatch) -> Json:
    return {
        "fullUrl": f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:relapse-cds:trial:{study_id(match.trial)}')}",
        "resource": research_study(match.trial),
        "search": {"extension": [_answers(match)], "mode": "match", "score": score(match)},
    }


def _answers(match: TrialMatch) -> Json:
    criteria = [{"url": "criterion", "extension": list(_criterion(a))} for a in match.answers]
    grade = {"url": "grade", "valueCode": match.grade.value}
    return {"url": MATCH_EXTENSION, "extension": [grade, *criteria]}


def _criterion(answer: CriterionAnswer) -> Iterator[Json]:
    yield {"url": "text", "valueString": answer.criterion.text}
    yield {"url": "role", "valueCode": answer.criterion.role.value}
    yield {"url": "answer", "valueCode": MET[answer.met]}
    if answer.because:
        yield {"url": "because", "valueString": answer.because}
    for reference in answer.evidence:
        yield {"url": "evidence", "valueReference": {"reference": reference}}


def _outcome(texts: Sequence[str]) -> Json:
    issues = [
        {"severity": "information", "code": "informational", "details": {"text": text}} for text in texts
    ]
    outcome = {"resourceType": "OperationOutcome", "issue": issues}
    return {"resource": outcome, "search": {"mode": "outcome"}}
