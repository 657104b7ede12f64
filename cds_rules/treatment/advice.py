"""Advice: one statement of a source, for whom it holds, and what it says of a patient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cds_rules.citation import Cite
from cds_rules.request import Test
from cds_rules.rule import RULE_ID, RuleError
from cds_rules.treatment.aspect import When
from cds_rules.treatment.weigh import Need as Need  # noqa: PLC0414
from cds_rules.treatment.weigh import weigh as weigh  # noqa: PLC0414


class Audience(StrEnum):
    """Of whom a source speaks (D-9). ANY: given at every age."""

    PEDIATRIC = "pediatric"
    ADULT = "adult"
    ANY = "any age"


class Decision(StrEnum):
    """What a statement helps to decide; cards and pages are arranged by it."""

    EVALUATION = "evaluation at relapse"
    REINDUCTION = "reinduction"
    CONSOLIDATION = "after reinduction"
    CNS = "CNS relapse"
    TESTIS = "testicular relapse"
    TRANSPLANT = "transplant"
    CAR_T = "CAR-T before infusion"
    AFTER_CAR_T = "after CAR-T"
    LATER_RELAPSE = "second or later relapse"
    SUPPORT = "trials, goals of care and support"
    PROGNOSIS = "prognostic factors"


class Weight(StrEnum):
    """How a statement is meant."""

    ADVICE = "advice"
    """The source advises it, or advises against it."""
    NOTE = "note"
    """What the source reports: a figure, a caution, background. Not an instruction."""


@dataclass(frozen=True, slots=True, eq=False)
class Advice:
    """One statement. `when` is asked of every case that is still possible.

    `versus` names rules of other sources that say something else on the same point: when one of them
    is shown, so are the others. RuleError for a bad id, a missing source or a question that reads nothing.
    """

    id: str
    decision: Decision
    title: str
    detail: str
    when: When
    cites: tuple[Cite, ...]
    audience: Audience = Audience.PEDIATRIC
    weight: Weight = Weight.ADVICE
    tests: tuple[Test, ...] = ()
    """Evaluations that a card may offer to request when it applies."""
    versus: tuple[str, ...] = ()
    rank: int = 50
    """Order within its decision: lower first."""

    def __post_init__(self) -> None:
        if not RULE_ID.fullmatch(self.id):
            raise RuleError(f"{self.id!r} is not a rule id")
        if not self.cites:
            raise RuleError(f"rule {self.id} names no source")
        if not self.when.reads:
            raise RuleError(f"rule {self.id} asks about no fact")
