"""A trial as the catalogue holds it: what the source says of it, and criteria as named questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from cds_rules.answer import Answer
from cds_rules.citation import Cite, library
from cds_rules.trials.ages import AgeRange
from cds_rules.trials.study import Sex, Study


class TrialError(ValueError):
    """A catalogue file cannot be used; the message names the file and what is wrong, in one line."""


class Tier(StrEnum):
    """How a source names the trial."""

    REGISTRY = "registry"
    """By a registry identifier."""
    NAMED = "named"
    """By the name of a group's protocol."""
    FOUND = "found"
    """Not at all: it was found in the registry."""


class Role(StrEnum):
    """What a criterion is for."""

    INCLUSION = "inclusion"
    EXCLUSION = "exclusion"
    UNSTATED = "unstated"
    """A line of a registry's text under no such heading: never answered."""


ENDED = frozenset({"closed", "completed", "results reported", "terminated", "withdrawn"})
"""Statuses of a trial that takes no more patients; where only its results are reported, by our reading."""
_NO_MORE = frozenset(
    {"active, not recruiting", "active not recruiting", "no longer available", "approved for marketing"}
)
"""The same in the words that only the registry has."""


@dataclass(frozen=True, slots=True)
class TrialStatus:
    """What was last known of a trial's status. Every status that a source gives is old (`by` names it)."""

    status: str
    on: date
    """A source gives a year only, which stands for its first day: never fresher than it is. Of a registry,
    the day on which it was asked."""
    by: str

    @property
    def ended(self) -> bool:
        """Does it take no more patients, as far as this tells? False is not "open"."""
        return self.status.lower().replace("_", " ") in ENDED | _NO_MORE

    @property
    def from_source(self) -> bool:
        """Is it one of the five sources that says so? Then it is old, whatever it says."""
        return self.by in library()

    def fresh(self, on: date, within_days: int) -> bool:
        """Was a registry asked within so many days before the day `on`? Never so of a source.

        A day ahead is allowed: the registry may have been asked in another time zone.
        """
        age = (on - self.on).days
        return not self.from_source and -1 <= age <= within_days

    def __str__(self) -> str:
        """With its date, as it is shown: "ongoing, 2020 (HR2020)"."""
        when = str(self.on.year) if self.from_source else self.on.isoformat()
        return f"{self.status}, {when} ({self.by})"


class Origin(StrEnum):
    """Where a criterion was read."""

    SOURCE = "source"
    FIELD = "registry field"
    TEXT = "registry text"


@dataclass(frozen=True, slots=True)
class Ways:
    """Questions joined: one of the `ways`, and all questions of that way, must hold (`holds` False: not so).

    Beside the questions of `cds_rules.trials.criteria`, its constants may stand in a way.
    """

    ways: tuple[tuple[str, ...], ...]
    holds: bool = True


Ask = str | Ways | AgeRange | Sex
"""What a criterion asks: a named question, several of them, an age, a sex."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion. `question` names one of `cds_rules.trials.criteria`; None: ask the trial team."""

    text: str
    role: Role
    question: str | None = None
    asks: Ways | AgeRange | Sex | None = None
    """What it asks where a name is not enough."""
    about: tuple[str, ...] = ()
    """Questions on what it mentions. They do not answer it: what the record says of them is told with it."""
    origin: Origin = Origin.SOURCE


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
    study: Study | None = None
    """The record of the registry, where there is one. `status` is then that of the registry."""
    status_in_source: TrialStatus | None = None
    """What a source said, where the registry says it newer."""

    def open_on(self, on: date, within_days: int) -> bool:
        """Does the registry, asked within so many days, say that it takes patients? Else it is not known."""
        takes = self.study is not None and self.study.status.takes_patients
        return takes and self.status is not None and self.status.fresh(on, within_days)


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


Answers = tuple[CriterionAnswer, ...]


class TrialMatch:
    """One trial for one patient: its grade at once, the answers criterion by criterion when asked for.

    `unknown` and `met`: how many criteria are open, and met.
    """

    __slots__ = ("_answers", "grade", "met", "trial", "unknown")

    def __init__(
        self,
        trial: Trial,
        grade: Grade,
        answers: Answers | Callable[[Trial], Answers],
        counts: tuple[int, int] | None = None,
    ) -> None:
        self.trial, self.grade = trial, grade
        self._answers = answers
        if counts is None:
            met = [answer.met for answer in self.answers]
            counts = met.count(Answer.UNKNOWN), met.count(Answer.YES)
        self.unknown, self.met = counts

    @property
    def answers(self) -> Answers:
        """One for each criterion of the trial, in its order."""
        found = self._answers
        if not isinstance(found, tuple):
            found = self._answers = found(self.trial)
        return found

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, TrialMatch):
            return NotImplemented
        mine, theirs = (self.trial, self.grade, self.answers), (other.trial, other.grade, other.answers)
        return mine == theirs

    def __hash__(self) -> int:
        return hash((self.trial.id, self.grade))
