"""Matches as a searchset of ResearchStudy: scored, each with its criteria answered one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cds_rules import Assessment
from cds_rules.answer import Answer
from cds_rules.contract_advice import MET
from cds_rules.patient.place import Place
from cds_rules.trials.trial import CriterionAnswer, Grade, Trial, TrialMatch
from service.trials.nearest import nearest, point_of_home
from service.trials.request import Wanted
from service.trials.research_study import AsOf, phases_of, research_study, status_code, study_id
from service.trials.words import has_ended

Json = dict[str, Any]

MATCH_EXTENSION = "urn:relapse-cds:trial-match"
"""On Bundle.entry.search: `grade` (code), then one `criterion` each: `text` (string), `role` (code),
`answer` (code: met, not met, unknown; an exclusion is met when it does not hold), and where there are any
`because` (string) and `evidence` (Reference, repeated)."""

POSSIBLE_FROM, POSSIBLE_TO = 0.5, 0.99
"""Score of a possible trial without, and next to all, criteria met (project's); 1 is kept for eligible."""

NOT_CHECKED = "No status was checked with a registry: do not take any of these trials as open."
CHECKED = "Statuses were checked with the registry on the days given with them; where none is, none was."
NO_STATUS = "No current recruitment status is known: a filter by it finds only trials known to have ended."
SOME_STATUS = "Trials whose recruitment status is not known for these days were left out."
NO_PHASE = "Trials whose phase is not known were left out."
NO_PLACE = (
    "The distance was not used: where the patient lives is not known (postal codes of the United States)."
)
SOME_PLACE = "Trials without a site known to lie within the distance were left out."
MADE_UP = "Some records are made up for demonstration: no registry says this."
NOT_WHOLE = "The Bundle is not the whole record: what is not in it is taken as unknown."
NOT_MATCHED = "No trial was matched: "


def searchset(assessment: Assessment, wanted: Wanted) -> Json:
    """The trials that are not excluded and pass the filters, best first, and what to know about them."""
    home = assessment.picture.person.place
    if wanted.zip_code is not None:
        home = Place(country="US", postal_code=wanted.zip_code)
    as_of = AsOf(assessment.assessed_on, assessment.max_status_age_days, home)
    graded = [m for m in assessment.trials if m.grade is not Grade.EXCLUDED]
    in_status = [m for m in graded if _in_status(m.trial, wanted.status, as_of)]
    in_reach = [m for m in in_status if _in_reach(m.trial, wanted, home)]
    found = sorted((m for m in in_reach if _in_phase(m, wanted)), key=_rank)
    unphased = any(_phases(m) is None for m in in_reach)
    told = [*_told(assessment, wanted, as_of, unphased=unphased), *_checked(found)]
    entries = [_entry(match, as_of) for match in found]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        **({"entry": [*entries, *([_outcome(told)] if told else [])]} if entries or told else {}),
    }


def _in_status(trial: Trial, wanted: str | None, as_of: AsOf) -> bool:
    """By the word of FHIR or, while the registry's is fresh, by its own."""
    if wanted is None or wanted == status_code(trial, as_of):
        return True
    said = trial.study.status.value.lower().replace("_", "-") if trial.study else None
    fresh = trial.status is not None and trial.status.fresh(as_of.on, as_of.within_days)
    return fresh and wanted == said


def _in_reach(trial: Trial, wanted: Wanted, home: Place | None) -> bool:
    """Without a point to measure from every trial is."""
    if wanted.radius_km is None or point_of_home(home) is None:
        return True
    sites = trial.study.sites if trial.study else ()
    return any(near.km is not None and near.km <= wanted.radius_km for near in nearest(sites, home))


def _checked(found: Sequence[TrialMatch]) -> Iterator[str]:
    if found:
        studied = [m.trial.study for m in found if m.trial.study is not None]
        yield CHECKED if studied else NOT_CHECKED
        if not all(study.from_registry for study in studied):
            yield MADE_UP


def score(match: TrialMatch) -> float:
    """1 for eligible, 0 for excluded, between 0.5 and 0.99 by the share of criteria met for possible."""
    if match.grade is not Grade.POSSIBLE:
        return 1.0 if match.grade is Grade.ELIGIBLE else 0.0
    met = sum(a.met is Answer.YES for a in match.answers)
    share = met / len(match.answers) if match.answers else 0.0
    return round(min(POSSIBLE_TO, POSSIBLE_FROM + share * (1 - POSSIBLE_FROM)), 2)


def _rank(match: TrialMatch) -> tuple[bool, float]:
    """Best first; after all others those that take no more patients, however well they would fit."""
    return has_ended(match), -score(match)


def _phases(match: TrialMatch) -> frozenset[str] | None:
    return phases_of(match.trial.phase) if match.trial.phase else None


def _in_phase(match: TrialMatch, wanted: Wanted) -> bool:
    return wanted.phases is None or bool(wanted.phases & (_phases(match) or frozenset()))


def _told(assessment: Assessment, wanted: Wanted, as_of: AsOf, *, unphased: bool) -> Iterator[str]:
    """What the caller has to know to read the answer rightly, in constant words."""
    if assessment.seen is None:
        yield f"{NOT_MATCHED}{assessment.not_applicable_because or 'nothing to say'}."
    if assessment.incomplete:
        yield NOT_WHOLE
    if wanted.status is not None:
        known = any(m.trial.study is not None for m in assessment.trials)
        yield SOME_STATUS if known else NO_STATUS
    if wanted.phases is not None and unphased:
        yield NO_PHASE
    if wanted.radius_km is not None:
        yield NO_PLACE if point_of_home(as_of.home) is None else SOME_PLACE


def _entry(match: TrialMatch, as_of: AsOf) -> Json:
    return {
        "fullUrl": f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:relapse-cds:trial:{study_id(match.trial)}')}",
        "resource": research_study(match.trial, as_of),
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
