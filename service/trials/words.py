"""What is said of a trial's status: always with its date, and of today only as a registry said of late."""

from __future__ import annotations

from datetime import date

from cds_rules.trials.ages import Age, AgeRange, AgeUnit
from cds_rules.trials.study import REGISTRY
from cds_rules.trials.trial import Trial, TrialMatch, TrialStatus

_STUDY_PAGE = "https://clinicaltrials.gov/study/"


def status_words(status: TrialStatus | None) -> str:
    """The last known status with its date; never as if it were of today."""
    if status is None:
        return "status unknown, never checked"
    if status.from_source:
        return f"last known status: {status}, not checked since"
    return f"{status.status} when checked on {status.on.isoformat()} ({status.by})"


def status_line(trial: Trial, on: date, within_days: int) -> str:
    """The same for one day: a status that was checked too long ago is said to be old before what it was."""
    status = trial.status
    if status is None or status.from_source or status.fresh(on, within_days):
        return status_words(status)
    if status.on > on:
        return f"{status_words(status)}, after this day"
    return f"status not checked since {status.on.isoformat()}; then {status.status} ({status.by})"


def registry_page(trial: Trial) -> str | None:
    """Where the registry shows the trial; None if it is in none, or made up for demonstration."""
    known = trial.id.startswith("NCT") and (trial.study is None or trial.study.from_registry)
    return f"{_STUDY_PAGE}{trial.id}" if known else None


def ages_words(trial: Trial) -> str:
    """The ages it takes; "" if nothing is known of them."""
    if trial.study is not None:
        return "" if trial.study.ages.reversed else str(trial.study.ages)
    low, high = (None if years is None else Age(years, AgeUnit.YEAR) for years in trial.ages)
    return "" if low is None and high is None else str(AgeRange(low, high))


def made_up(trial: Trial) -> bool:
    """Is its record no registry's, but demonstration data?"""
    return trial.study is not None and trial.study.source != REGISTRY


def has_ended(match: TrialMatch) -> bool:
    """Does its last known status say that it takes no more patients? False is not "open"."""
    return match.trial.status is not None and match.trial.status.ended
