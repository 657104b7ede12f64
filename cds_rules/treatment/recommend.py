"""From a chart to what the sources advise: every rule that applies, or may apply, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from cds_rules.answer import Answer
from cds_rules.treatment.advice import Advice, Audience
from cds_rules.treatment.aspect import Seen, When
from cds_rules.treatment.aspects.person import adult, pediatric
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.sections import ADVICE
from cds_rules.treatment.weigh import Need, Sight, apart, plan, reads_of, weigh_bits


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    """What one rule says: `applies`, or possible as far as `needs` are open. Compared by identity."""

    rule: Advice
    applies: bool
    needs: tuple[Need, ...]

    def evidence(self, seen: Mapping[str, Seen]) -> tuple[str, ...]:
        """Resources behind the facts that the rule looks at."""
        reads = _WHEN[self.rule.id].reads
        return tuple(sorted({source for name in reads for source in seen[name].evidence}))


def look(chart: Chart) -> Sight:
    """The aspects of a chart, each read when a rule first asks for it."""
    return Sight(lambda aspect: aspect.read(chart))


def recommendations(seen: Sight) -> tuple[Recommendation, ...]:
    """Every rule that applies or may apply, in the order of the rule book.

    The very same objects for the same facts, so that what is made of them can be kept.
    """
    alive = _alive(seen)
    bits = seen.bits
    return _weighed(alive, tuple([bits.get(name) or seen.bit(name) for name in _reads(alive)]))


@lru_cache(maxsize=4096)
def _reads(alive: int) -> tuple[str, ...]:
    """The aspects that these rules ask about."""
    return tuple(sorted(frozenset().union(*(when.reads for _, when in _of(alive)))))


def _of(alive: int) -> Iterator[tuple[Advice, When]]:
    while alive:
        lowest = alive & -alive
        yield _RULES[lowest.bit_length() - 1]
        alive ^= lowest


@lru_cache(maxsize=16384)
def _weighed(alive: int, possible: tuple[int, ...]) -> tuple[Recommendation, ...]:
    bits = dict(zip(_reads(alive), possible, strict=True))
    found = []
    for rule, when in _of(alive):
        verdict = weigh_bits(when, tuple(bits[name] for name in reads_of(when)))
        if verdict.answer is not Answer.NO:
            found.append(Recommendation(rule, verdict.answer is Answer.YES, verdict.needs))
    return tuple(found)


def _alive(seen: Sight) -> int:
    """Rules that no single aspect rules out, as bits; an aspect that concerns none of them is not read."""
    alive = _EVERY
    bits = seen.bits
    for name, wanted, rules in _CONDITIONS:
        if alive & rules and not (bits.get(name) or seen.bit(name)) & wanted:
            alive &= ~rules
    return alive


_AGES: Mapping[Audience, When | None] = {
    Audience.PEDIATRIC: pediatric,
    Audience.ADULT: adult,
    Audience.ANY: None,
}


def in_audience(rule: Advice) -> When:
    """The rule's question, and that its source speaks of a patient of this age (D-9)."""
    ages = _AGES[rule.audience]
    return rule.when if ages is None else ages & rule.when


_WHEN: Mapping[str, When] = {rule.id: in_audience(rule) for rule in ADVICE.values()}


@cache
def _parts(rule: Advice) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(reads) for _, reads in apart(_WHEN[rule.id]))


def add_up(r: Recommendation) -> bool:
    """Do the open facts stand in parts of the rule of their own, so that all must be as each says?"""
    names = {need.aspect for need in r.needs}
    return all(len(names & part) <= 1 for part in _parts(r.rule))


_RULES: tuple[tuple[Advice, When], ...] = tuple((rule, _WHEN[rule.id]) for rule in ADVICE.values())
_EVERY = (1 << len(_RULES)) - 1


def _conditions() -> tuple[tuple[str, int, int], ...]:
    """Aspect, wanted values and the rules that fail without them, as bits; those of most rules first."""
    found: dict[tuple[str, int], int] = {}
    for place, (_, when) in enumerate(_RULES):
        for condition in plan(when)[0]:
            found[condition] = found.get(condition, 0) | 1 << place
    ranked = sorted(found.items(), key=lambda item: -item[1].bit_count())
    return tuple((name, wanted, rules) for (name, wanted), rules in ranked)


_CONDITIONS = _conditions()
