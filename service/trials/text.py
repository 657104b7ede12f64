"""Trials for the terminal: the catalogue, one trial, and what a patient meets of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import orjson

from cds_rules import Assessment, assess
from cds_rules.contract_advice import MET, trial_to_dict
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.trials.trial import Criterion, CriterionAnswer, Role, Trial, TrialMatch
from service.fhir.site_map import SiteMap
from service.inputs import Input, timeline_of
from service.trials.research_study import status_words


def list_text(trials: Iterable[Trial]) -> str:
    """One line for each trial: id, phase, title, last known status."""
    return "\n".join(
        f"{t.id}  {_phase(t)}  {t.title}; {status_words(t.status)}{'' if t.for_relapse else _NOT_MATCHED}"
        for t in trials
    )


_NOT_MATCHED = "; no trial for relapse, never matched"


def trial_text(trial: Trial) -> str:
    """One trial with all that the catalogue holds of it."""
    lines = [f"{trial.id}: {trial.title}", f"  {status_words(trial.status)}", f"  {_phase(trial)}"]
    for label, text in (
        ("also called", ", ".join(trial.names)),
        ("agents", ", ".join(trial.agents)),
        ("targets", ", ".join(trial.targets)),
        ("population", trial.population),
        ("age", _ages(*trial.ages)),
        ("the source says", trial.says),
    ):
        if text:
            lines.append(f"  {label}: {text}")
    if not trial.for_relapse:
        lines.append("  no trial for relapse: listed, never matched")
    for criterion in trial.criteria:
        asked = "" if criterion.question else " (ask the trial team)"
        lines.append(f"  criterion: {_wording(criterion)}{asked}")
    lines.append(f"  Source: {'; '.join(str(cite) for cite in trial.cites)}")
    return "\n".join(lines)


def match_line(item: Input, site_map: SiteMap, on: date) -> str:
    """The trials of one patient as one line of JSON, as in the Assessment."""
    found = _assessed(item, site_map, on)
    told = {
        "patient": found.patient,
        "assessedOn": on.isoformat(),
        "notApplicableBecause": found.not_applicable_because,
        "trials": [trial_to_dict(m, on, found.max_status_age_days) for m in found.trials],
    }
    return orjson.dumps(told).decode()


def match_text(item: Input, site_map: SiteMap, on: date) -> str:
    """The trials of one patient: grade, status and its date, every criterion."""
    found = _assessed(item, site_map, on)
    head = f"{found.patient}, trials as of {on.isoformat()} ({item.name})"
    if not found.trials:
        return f"{head}\n  No trial matched: {found.not_applicable_because or 'nothing to say'}.\n"
    return "\n".join([head, *(line for match in found.trials for line in _match(match))]) + "\n"


def _match(match: TrialMatch) -> Iterator[str]:
    trial = match.trial
    yield f"  [{match.grade.value}] {trial.id} {trial.title}"
    yield f"    {status_words(trial.status)}"
    yield from (f"    {MET[a.met]}: {_criterion(a)}" for a in match.answers)


def _criterion(answer: CriterionAnswer) -> str:
    """Its text, why it is so, what would settle it, and the resources behind it."""
    settling = "; ".join(dict.fromkeys(ASPECTS[n].settled_by for n in answer.needs if n in ASPECTS))
    told = _wording(answer.criterion)
    if answer.because:
        told += f" - {answer.because}"
    if settling:
        told += f" - to settle it: {settling}"
    return f"{told} ({', '.join(answer.evidence)})" if answer.evidence else told


def _wording(criterion: Criterion) -> str:
    """An exclusion is met when it does not hold, so it says that it must not."""
    return criterion.text if criterion.role is Role.INCLUSION else f"must not apply: {criterion.text}"


def _phase(trial: Trial) -> str:
    return f"phase {trial.phase}" if trial.phase else "phase not known"


def _ages(low: int | None, high: int | None) -> str:
    if low is None and high is None:
        return ""
    if high is None:
        return f"{low} years or more"
    return f"up to {high} years" if low is None else f"{low} to {high} years"


def _assessed(item: Input, site_map: SiteMap, on: date) -> Assessment:
    return assess(timeline_of(item.bundle or {}, site_map), on)
