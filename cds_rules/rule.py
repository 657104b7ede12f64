"""Rules, schemes and findings: an ordered table of named questions, and what it says of a patient."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from cds_rules.answer import Question
from cds_rules.citation import Cite

Case = TypeVar("Case")

RULE_ID = re.compile(r"[A-Z]+(?:-[A-Z]+)*-\d+[a-z]?", re.ASCII)


class RuleError(ValueError):
    """A rule or scheme is malformed: no citation, a bad id, an unknown group."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[Case]):
    """One row: when the question holds, the scheme answers `then`; None means outside the scheme."""

    id: str
    when: Question[Case]
    then: str | None
    cites: tuple[Cite, ...]
    note: str = ""

    def __post_init__(self) -> None:
        if not RULE_ID.fullmatch(self.id):
            raise RuleError(f"{self.id!r} is not a rule id")
        if not self.cites:
            raise RuleError(f"rule {self.id} names no source")


@dataclass(frozen=True, slots=True, eq=False)
class Scheme(Generic[Case]):
    """An ordered table; the first row whose question holds decides a complete case.

    `reads` names the facts (fields of the case) that its questions look at.
    `ages` are completed years at relapse, both included, of the trials behind the scheme.
    """

    id: str
    title: str
    short: str
    population: str
    ages: tuple[int, int]
    groups: tuple[str, ...]
    reads: tuple[str, ...]
    rules: tuple[Rule[Case], ...]
    remarks: tuple[str, ...] = ()
    meanings: Mapping[str, str] | None = None
    """What a group is called in plain risk words, where the group's own name is a code (S1)."""
    settles: bool = True
    """False for a variant that is only reported beside another scheme."""

    def __post_init__(self) -> None:
        ids = [rule.id for rule in self.rules]
        if len(set(ids)) != len(ids):
            raise RuleError(f"scheme {self.id} has two rules of one id")
        for rule in self.rules:
            if rule.then is not None and rule.then not in self.groups:
                raise RuleError(f"rule {rule.id} answers a group that {self.id} does not have")

    def decide(self, case: Case) -> Rule[Case]:
        """The deciding row for one complete case. RuleError if no row holds: the table has a gap."""
        for rule in self.rules:
            if rule.when.holds(case):
                return rule
        raise RuleError(f"scheme {self.id} has no row for a case")


@dataclass(frozen=True, slots=True)
class Open:
    """A fact that would narrow the answer: each value it may have, and the groups then possible.

    A None among the groups means outside the scheme.
    """

    fact: str
    settles: tuple[tuple[str, tuple[str | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a scheme says: the rows that can still decide, and the groups they answer."""

    scheme: str
    rules: tuple[str, ...]
    possible: tuple[str | None, ...]
    """Groups still possible in the scheme's order; None (outside the scheme) comes last."""
    open: tuple[Open, ...]

    @property
    def group(self) -> str | None:
        """The group, when exactly one is left and the patient is certainly inside the scheme."""
        return self.possible[0] if len(self.possible) == 1 else None

    @property
    def applies(self) -> bool | None:
        """Does the scheme speak of this patient? None when that is open."""
        if None not in self.possible:
            return True
        return False if len(self.possible) == 1 else None

    @property
    def rule(self) -> str | None:
        """The deciding row, when only one is left."""
        return self.rules[0] if len(self.rules) == 1 else None
