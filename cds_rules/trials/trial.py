"""A trial as the catalogue holds it: what the source says of it, and criteria as named questions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.citation import Cite, library


class TrialError(ValueError):
    """A catalogue file cannot be used; the message names the file and what is wrong, in one line."""


class Tier(StrEnum):
    """How a source names the trial."""

    REGISTRY = "registry"
    """By a registry identifier."""
    NAMED = "named"
    """By the name of a group's protocol."""


class Role(StrEnum):
    """What a criterion is for."""

    INCLUSION = "inclusion"
    EXCLUSION = "exclusion"


ENDED = frozenset({"closed", "completed", "results reported", "terminated", "withdrawn"})
"""Statuses of a trial that takes no more patients; where only its results are reported, by our reading."""


@dataclass(frozen=True, slots=True)
class TrialStatus:
    """What was last known of a trial's status. Every status that a source gives is old (`by` names it)."""

    status: str
    on: date
    """A source gives a year only, which stands for its first day: never fresher than it is."""
    by: str

    @property
    def ended(self) -> bool:
        """Does it take no more patients, as far as this tells? False is not "open"."""
        return self.status.lower().replace("_", " ") in ENDED

    @property
    def from_source(self) -> bool:
        """Is it one of the five sources that says so? Then it is old, whatever it says."""
        return self.by in library()

    def __str__(self) -> str:
        """With its date, as it is shown: "ongoing, 2020 (HR2020)"."""
        when = str(self.on.year) if self.from_source else self.on.isoformat()
        return f"{self.status}, {when} ({self.by})"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion. `question` names one of `cds_rules.trials.criteria`; None: ask the trial team."""

    text: str
    role: Role
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial of the catalogue. `id`: registry identifier, or the protocol's name.

    `for_relapse` False: a first-line or other trial that is listed, and never matched.
    `ages`: completed years, both included; None where no bound is given.
    """

    id: str
    tier: Tier
    title: str
    """In our words."""
    says: str
    """What the source says of it."""
    criteria: tuple[Criterion, ...]
    cites: tuple[Cite, ...]
    status: TrialStatus | None = None
    phase: str | None = None
    agents: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    population: str = ""
    ages: tuple[int | None, int | None] = (None, None)
    for_relapse: bool = True
    names: tuple[str, ...] = ()
    """Other names that the sources use."""


class Grade(StrEnum):
    """What all criteria together say."""

    ELIGIBLE = "eligible"
    POSSIBLE = "possible"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class CriterionAnswer:
    """Met (YES), not met (NO) or unknown, with the facts behind it. An exclusion is met if not so."""

    criterion: Criterion
    met: Answer
    evidence: tuple[str, ...]
    because: str | None
    needs: tuple[str, ...] = ()
    """Aspects that would settle it."""


@dataclass(frozen=True, slots=True)
class TrialMatch:
    """One trial for one patient."""

    trial: Trial
    grade: Grade
    answers: tuple[CriterionAnswer, ...]

    @property
    def unknown(self) -> int:
        """How many criteria are open."""
        return sum(a.met is Answer.UNKNOWN for a in self.answers)
