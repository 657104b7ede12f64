"""Which facts the answer of a scheme hangs on: those whose other values would have given another group."""

from __future__ import annotations

from functools import lru_cache

from cds_rules.patient.timeline import Lineage
from cds_rules.risk.case import Course, MrdBand, Pattern, RiskCase, RiskFacts, Timing
from cds_rules.risk.decide import decide
from cds_rules.risk.facts import ALL_TIMINGS
from cds_rules.rule import Scheme


@lru_cache(maxsize=16384)
def decisive_facts(scheme: Scheme[RiskCase], facts: RiskFacts) -> frozenset[str]:
    """The facts (fields of a case) that, were they not known, would leave more groups possible than now.

    Asked of the scheme itself, one fact at a time. A fact that is open already may be among them; what is
    open is told by `decide`.
    """
    now = set(decide(scheme, facts).possible)
    return frozenset(
        name for name in scheme.reads if set(decide(scheme, without(facts, name)).possible) != now
    )


def without(facts: RiskFacts, name: str) -> RiskFacts:
    """The facts with one of them unknown, the others as they are."""
    return RiskFacts(
        course=frozenset(Course) if name == "course" else facts.course,
        lineage=frozenset({Lineage.B, Lineage.T}) if name == "lineage" else facts.lineage,
        pattern=frozenset(Pattern) if name == "pattern" else facts.pattern,
        timing=_timing(facts, name),
        mrd=frozenset(MrdBand) if name == "mrd" else facts.mrd,
    )


def _timing(facts: RiskFacts, name: str) -> frozenset[Timing]:
    """The clocks with one of them unknown, if the fact is one of them."""
    if name not in Timing._fields:
        return facts.timing
    place = Timing._fields.index(name)
    rest = {_but(t, place) for t in facts.timing}
    return frozenset(t for t in ALL_TIMINGS if _but(t, place) in rest)


def _but(timing: Timing, place: int) -> tuple[str, ...]:
    return timing[:place] + timing[place + 1 :]
