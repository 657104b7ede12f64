"""Trials for the terminal: the catalogue, one trial, and what a patient meets of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import orjson

from cds_rules import Assessment, assess
from cds_rules.contract_advice import MET, trial_to_dict
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.trials.match import TrialSet
from cds_rules.trials.trial import Criterion, CriterionAnswer, Grade, Origin, Role, Trial, TrialMatch
from service.fhir.site_map import SiteMap
from service.inputs import Input, timeline_of
from service.trials.research_study import research_study
from service.trials.words import ages_words, has_ended, registry_page, status_line, status_words


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
        ("age", ages_words(trial)),
        ("the source says" if trial.cites else "official title", trial.says),
        ("before that", _before(trial)),
        ("sites", _sites(trial)),
        ("registry", registry_page(trial) or ""),
    ):
        if text:
            lines.append(f"  {label}: {text}")
    if not trial.for_relapse:
        lines.append("  no trial for relapse: listed, never matched")
    for criterion in trial.criteria:
        asked = "" if criterion.question or criterion.asks else " (ask the trial team)"
        lines.append(f"  {_kind(criterion)}: {_wording(criterion)}{asked}")
    if trial.cites:
        lines.append(f"  Source: {'; '.join(str(cite) for cite in trial.cites)}")
    return "\n".join(lines)


def study_lines(trials: Iterable[Trial]) -> str:
    """Each as a FHIR ResearchStudy on a line of its own."""
    return "\n".join(orjson.dumps(research_study(trial)).decode() for trial in trials)


def match_line(item: Input, site_map: SiteMap, on: date, trial_set: TrialSet | None = None) -> str:
    """The trials of one patient as one line of JSON, as in the Assessment."""
    found = _assessed(item, site_map, on, trial_set)
    told = {
        "patient": found.patient,
        "assessedOn": on.isoformat(),
        "notApplicableBecause": found.not_applicable_because,
        "trials": [trial_to_dict(m, on, found.max_status_age_days) for m in found.trials],
    }
    return orjson.dumps(told).decode()


def match_text(item: Input, site_map: SiteMap, on: date, trial_set: TrialSet | None = None) -> str:
    """The trials of one patient: grade, status and its date, every criterion."""
    found = _assessed(item, site_map, on, trial_set)
    head = f"{found.patient}, trials as of {on.isoformat()} ({item.name})"
    if not found.trials:
        return f"{head}\n  No trial matched: {found.not_applicable_because or 'nothing to say'}.\n"
    within = found.max_status_age_days
    others, ended = (
        [line for m in found.trials if has_ended(m) is past for line in _match(m, on, within)]
        for past in (False, True)
    )
    below = [_ENDED, *ended] if ended else []
    return "\n".join([head, _WHETHER_OPEN, *others, *below]) + "\n"


_WHETHER_OPEN = "  By the criteria that are known. Whether a trial is open has to be asked of the trial team."
_ENDED = "  Take no more patients, as last known:"
_GRADES = {Grade.ELIGIBLE: "criteria met", Grade.POSSIBLE: "possible", Grade.EXCLUDED: "excluded"}
"""The words of the page: whoever meets the criteria of a trial is not eligible if it is closed."""


def _match(match: TrialMatch, on: date, within_days: int) -> Iterator[str]:
    trial, past = match.trial, "takes no patients; " if has_ended(match) else ""
    yield f"  [{past}{_GRADES[match.grade]}] {trial.id} {trial.title}"
    yield f"    {status_line(trial, on, within_days)}"
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
    return f"must not apply: {criterion.text}" if criterion.role is Role.EXCLUSION else criterion.text


def _phase(trial: Trial) -> str:
    return f"phase {trial.phase}" if trial.phase else "phase not known"


def _before(trial: Trial) -> str:
    return str(trial.status_in_source) if trial.status_in_source else ""


_SITES_SHOWN = 5


def _sites(trial: Trial) -> str:
    sites = trial.study.sites if trial.study else ()
    shown = "; ".join(str(site) for site in sites[:_SITES_SHOWN])
    more = f"; and {len(sites) - _SITES_SHOWN} more" if len(sites) > _SITES_SHOWN else ""
    return f"{shown}{more}"


def _kind(criterion: Criterion) -> str:
    """Where a criterion was read: what a source says, a field of the registry, a line of its text."""
    return "criterion" if criterion.origin is Origin.SOURCE else criterion.origin.value


def _assessed(item: Input, site_map: SiteMap, on: date, trial_set: TrialSet | None) -> Assessment:
    return assess(timeline_of(item.bundle or {}, site_map), on, trial_set=trial_set)
