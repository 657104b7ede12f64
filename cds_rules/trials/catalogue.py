"""The catalogue: one TOML file per trial that the sources name, read and checked when it is imported."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from importlib import resources
from typing import Any, Final, TypeVar

from cds_rules.citation import CitationError, Cite
from cds_rules.trials.criteria import AGE_IN_RANGE, NAMES
from cds_rules.trials.trial import Criterion, Role, Tier, Trial, TrialError, TrialStatus

STATUSES: Final = frozenset(
    {
        "closed",
        "completed",
        "ongoing",
        "open",
        "results reported",
        "terminated",
        "unknown",
        "upcoming",
        "withdrawn",
    }
)
"""What a source can say. "unknown": it names the trial without a status, or says two things."""
PHASES: Final = frozenset({"pilot", "1", "1B", "1/2", "2", "2/3", "3", "3B", "4"})
_REGISTERED = re.compile(r"NCT\d{8}|EudraCT \d{4}-\d{6}-\d{2}")
_MOST_YEARS = 120
_REQUIRED: Final = {"id": str, "tier": str, "title": str, "says": str, "criteria": list, "citations": list}
_OPTIONAL: Final = {
    "names": list,
    "phase": str,
    "agents": list,
    "targets": list,
    "population": str,
    "ages": dict,
    "status": dict,
    "for_relapse": bool,
}

Json = Mapping[str, Any]
Ages = tuple[int | None, int | None]
T = TypeVar("T")


def read_trial(text: str, name: str) -> Trial:
    """One trial from the text of its file. TrialError names the file (`name`) and the fault."""
    try:
        return _trial(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise TrialError(f"{name}: not TOML") from error
    except (ValueError, CitationError) as error:
        raise TrialError(f"{name}: {error}") from error


def read_all(files: Iterable[tuple[str, str]]) -> dict[str, Trial]:
    """Trials by id, from file names and texts. TrialError also when two files have one id."""
    found: dict[str, Trial] = {}
    for name, text in files:
        trial = read_trial(text, name)
        if trial.id in found:
            raise TrialError(f"{name}: another file has the id {trial.id!r} too")
        found[trial.id] = trial
    return found


def _trial(entry: Json) -> Trial:
    _check_keys(entry, _REQUIRED, _OPTIONAL)
    tier = _one_of(Tier, entry["tier"], "tier")
    if tier is Tier.REGISTRY and not _REGISTERED.fullmatch(entry["id"]):
        raise ValueError(f"{entry['id']!r} is no registry identifier")
    if entry.get("phase", "1") not in PHASES:
        raise ValueError(f"no such phase: {entry['phase']!r}")
    criteria = tuple(_criterion(c) for c in entry["criteria"])
    ages = _ages(entry.get("ages", {}))
    for_relapse = entry.get("for_relapse", True)
    if for_relapse and not criteria:
        raise ValueError("a trial for relapse has no criterion")
    if any(c.question == AGE_IN_RANGE for c in criteria) is (ages == (None, None)):
        raise ValueError(f"ages and a criterion with the question {AGE_IN_RANGE!r} go together")
    if not entry["citations"]:
        raise ValueError("no citation")
    return Trial(
        id=_filled(entry["id"], "id"),
        tier=tier,
        title=_filled(entry["title"], "title"),
        says=_filled(entry["says"], "says"),
        criteria=criteria,
        cites=tuple(_cite(c) for c in entry["citations"]),
        status=_status(entry["status"]) if "status" in entry else None,
        phase=entry.get("phase"),
        agents=_texts(entry, "agents"),
        targets=_texts(entry, "targets"),
        population=entry.get("population", ""),
        ages=ages,
        for_relapse=for_relapse,
        names=_texts(entry, "names"),
    )


def _criterion(entry: Any) -> Criterion:
    _check_keys(entry, {"text": str, "role": str}, {"question": str})
    question = entry.get("question")
    if question is not None and question not in NAMES:
        raise ValueError(f"no such question: {question!r}")
    return Criterion(_filled(entry["text"], "text"), _one_of(Role, entry["role"], "role"), question)


def _cite(entry: Any) -> Cite:
    _check_keys(entry, {"key": str, "where": str, "lines": str}, {})
    return Cite(entry["key"], entry["where"], entry["lines"])


def _status(entry: Any) -> TrialStatus:
    """`on`: a year, which stands for its first day."""
    _check_keys(entry, {"status": str, "on": int, "by": str}, {})
    if entry["status"] not in STATUSES:
        raise ValueError(f"no such status: {entry['status']!r}")
    found = TrialStatus(entry["status"], date(entry["on"], 1, 1), entry["by"])
    if not found.from_source:
        raise ValueError(f"the status is by no source: {entry['by']!r}")
    return found


def _ages(entry: Any) -> Ages:
    _check_keys(entry, {}, {"from": int, "to": int})
    low, high = entry.get("from"), entry.get("to")
    if any(bound is not None and not 0 <= bound <= _MOST_YEARS for bound in (low, high)):
        raise ValueError(f"an age is not within 0 to {_MOST_YEARS} years")
    if low is not None and high is not None and low > high:
        raise ValueError(f"ages are reversed: from {low} to {high}")
    return low, high


def _check_keys(entry: Any, required: Mapping[str, type], optional: Mapping[str, type]) -> None:
    if not isinstance(entry, dict):
        raise ValueError("a table is expected, not a single value")
    known = {**required, **optional}
    if unknown := sorted(set(entry) - set(known)):
        raise ValueError(f"no such key: {', '.join(unknown)}")
    if missing := sorted(set(required) - set(entry)):
        raise ValueError(f"missing: {', '.join(missing)}")
    for key, value in entry.items():
        wanted = known[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is int):
            raise ValueError(f"{key} has a value of the wrong kind")


def _filled(text: str, key: str) -> str:
    if not text.strip():
        raise ValueError(f"{key} is empty")
    return text


def _texts(entry: Json, key: str) -> tuple[str, ...]:
    values = entry.get(key, [])
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise ValueError(f"{key} holds something that is no text")
    return tuple(values)


def _one_of(kind: type[T], value: str, key: str) -> T:
    try:
        return kind(value)  # type: ignore[call-arg]
    except ValueError as error:
        raise ValueError(f"no such {key}: {value!r}") from error


def _files() -> Iterable[tuple[str, str]]:
    folder = resources.files("cds_rules").joinpath("trials", "catalogue")
    for entry in sorted(folder.iterdir(), key=lambda found: found.name):
        if entry.name.endswith(".toml"):
            yield entry.name, entry.read_text(encoding="utf-8")


TRIALS: Final[Mapping[str, Trial]] = read_all(_files())
"""Every trial by its id."""
FOR_RELAPSE: Final = tuple(trial for trial in TRIALS.values() if trial.for_relapse)
