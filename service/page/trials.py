"""Trials by grade, each with its criteria; never said to be open unless the registry said so lately."""

from __future__ import annotations

from dataclasses import dataclass

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from cds_rules.trials.trial import CriterionAnswer, Grade, Role, TrialMatch
from service.trials.words import has_ended


@dataclass(frozen=True, slots=True)
class TrialGroup:
    """The trials of one grade, in the order of the match; apart those that take no more patients."""

    grade: str
    trials: tuple[TrialMatch, ...]
    ended: tuple[TrialMatch, ...]


def trial_groups(a: Assessment) -> tuple[TrialGroup, ...]:
    """Eligible, possible, excluded; a grade without trials is left out."""
    found = [(grade.value, [m for m in a.trials if m.grade is grade]) for grade in Grade]
    return tuple(
        TrialGroup(grade, tuple(m for m in mine if not has_ended(m)), tuple(m for m in mine if has_ended(m)))
        for grade, mine in found
        if mine
    )


def against(match: TrialMatch) -> tuple[CriterionAnswer, ...]:
    """The criteria that are not met."""
    return tuple(answer for answer in match.answers if answer.met is Answer.NO)


def wording(answer: CriterionAnswer) -> str:
    """The text of a criterion; an exclusion is met when it does not hold, so it says that it must not."""
    criterion = answer.criterion
    return f"must not apply: {criterion.text}" if criterion.role is Role.EXCLUSION else criterion.text
