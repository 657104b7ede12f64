"""From the facts still possible to what a scheme says, by going through every complete case."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from functools import lru_cache

from cds_rules.risk.case import RiskCase, RiskFacts
from cds_rules.rule import Finding, Open, Rule, Scheme


@lru_cache(maxsize=65536)
def decide(scheme: Scheme[RiskCase], facts: RiskFacts) -> Finding:
    """The finding of one scheme; pure, so kept (there are few thousand distinct sets of facts)."""
    outcomes = _outcomes(scheme, facts)
    order: list[str | None] = [*scheme.groups, None]
    reached = {rule.then for rule in outcomes.values()}
    rules = {rule.id for rule in outcomes.values()}
    return Finding(
        scheme=scheme.id,
        rules=tuple(r.id for r in scheme.rules if r.id in rules),
        possible=tuple(g for g in order if g in reached),
        open=tuple(_open(scheme, fact, outcomes, order) for fact in _deciding(scheme, outcomes)),
    )


Outcomes = dict[tuple[StrEnum, ...], Rule[RiskCase]]
"""For each distinct choice of the facts that a scheme reads, the row that decides."""


def _outcomes(scheme: Scheme[RiskCase], facts: RiskFacts) -> Outcomes:
    """The deciding row for each distinct choice of the facts that the scheme reads."""
    found: Outcomes = {}
    places = [RiskCase._fields.index(name) for name in scheme.reads]
    for case in facts.cases():
        read = tuple(case[place] for place in places)
        if read not in found:
            found[read] = scheme.decide(case)
    return found


def _deciding(scheme: Scheme[RiskCase], outcomes: Outcomes) -> list[str]:
    """The facts that can change the group: cases alike in all other facts, unlike in the answer."""
    deciding = []
    for place, name in enumerate(scheme.reads):
        others: dict[tuple[StrEnum, ...], set[str | None]] = defaultdict(set)
        by_value: dict[StrEnum, set[str | None]] = defaultdict(set)
        for read, rule in outcomes.items():
            others[read[:place] + read[place + 1 :]].add(rule.then)
            by_value[read[place]].add(rule.then)
        alone = any(len(groups) > 1 for groups in others.values())
        if alone or len({frozenset(groups) for groups in by_value.values()}) > 1:
            deciding.append(name)
    return deciding


def _open(
    scheme: Scheme[RiskCase],
    fact: str,
    outcomes: Outcomes,
    order: list[str | None],
) -> Open:
    place = scheme.reads.index(fact)
    by_value: dict[StrEnum, set[str | None]] = defaultdict(set)
    for read, rule in outcomes.items():
        by_value[read[place]].add(rule.then)
    values = list(type(next(iter(by_value))))
    return Open(
        fact,
        tuple((str(v), tuple(g for g in order if g in by_value[v])) for v in values if v in by_value),
    )
