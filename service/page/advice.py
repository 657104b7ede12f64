"""Recommendations by decision: what applies, what may, and what each of these waits for."""

from __future__ import annotations

from dataclasses import dataclass

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.recommend import Recommendation
from cds_rules.treatment.weigh import Need

AUDIENCES = {Audience.PEDIATRIC: "children", Audience.ADULT: "adults", Audience.ANY: "any age"}
ORDER = (
    Decision.AFTER_CAR_T,
    Decision.LATER_RELAPSE,
    Decision.EVALUATION,
    Decision.REINDUCTION,
    Decision.CNS,
    Decision.TESTIS,
    Decision.CONSOLIDATION,
    Decision.TRANSPLANT,
    Decision.CAR_T,
    Decision.SUPPORT,
    Decision.PROGNOSIS,
)
"""Of decisions on the page: what is to be done now before what bears on it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One rule of advice for this patient. `needs`: each open fact, with the values under which it holds."""

    rule: Advice
    applies: bool
    note: bool
    """What a source reports, rather than advises."""
    audience: str
    sources: str
    needs: tuple[tuple[str, str], ...]
    differs: tuple[str, ...]
    """Rules of other sources, shown as well, that say something else."""
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionGroup:
    """The statements on one decision: those that apply, then those that may."""

    title: str
    key: str
    applying: tuple[Statement, ...]
    possible: tuple[Statement, ...]


def decision_groups(a: Assessment) -> tuple[DecisionGroup, ...]:
    """By decision, in the order of `ORDER`; within one, advice before notes, then by rank."""
    shown = {r.rule.id for r in a.recommendations if r.applies}
    groups = []
    for decision in ORDER:
        mine = [r for r in a.recommendations if r.rule.decision is decision]
        mine.sort(key=lambda r: (r.rule.weight is Weight.NOTE, r.rule.rank))
        if mine:
            told = [_statement(r, a, shown) for r in mine]
            title = decision.value[0].upper() + decision.value[1:]
            groups.append(
                DecisionGroup(
                    title,
                    decision.name.lower(),
                    tuple(s for s in told if s.applies),
                    tuple(s for s in told if not s.applies),
                )
            )
    return tuple(groups)


def _statement(r: Recommendation, a: Assessment, shown: set[str]) -> Statement:
    return Statement(
        r.rule,
        r.applies,
        r.rule.weight is Weight.NOTE,
        AUDIENCES[r.rule.audience],
        "; ".join(dict.fromkeys(f"{c.source.short}, {c.where}" for c in r.rule.cites)),
        tuple(_need(n) for n in r.needs),
        tuple(v for v in r.rule.versus if v in shown),
        r.evidence(a.seen or {}) if r.applies else (),
    )


def _need(n: Need) -> tuple[str, str]:
    """The fact, and the values with which the rule holds or may hold."""
    values = [value for value, answer in n.says if answer is not Answer.NO]
    return ASPECTS[n.aspect].title, " or ".join(values)
