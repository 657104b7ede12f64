"""The schemes side by side: the steps of each, the rule that decided, and which facts it hangs on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cds_rules.assessment import Assessment, SchemeFinding
from cds_rules.citation import Cite
from cds_rules.risk import SCHEME_BY_ID
from cds_rules.risk.case import RiskFacts
from cds_rules.risk.decisive import decisive_facts
from cds_rules.rule import Open
from cds_rules.treatment.missing import CONTRACT_NAME

FACTS = {
    "course": "Course so far",
    "lineage": "Lineage",
    "pattern": "Sites",
    "from_diagnosis": "From diagnosis to relapse",
    "after_treatment": "From end of primary treatment",
    "from_cr1": "From first remission",
    "mrd": "End-of-block-1 MRD",
}
OUTSIDE = "none: outside this scheme"


class Standing(StrEnum):
    """Where one group of a scheme stands."""

    IS = "settled"
    MAY = "possible"
    NOT = "excluded"


class Weight(StrEnum):
    """What a fact is to a scheme here."""

    DECIDES = "decides"
    OPEN = "open"
    NO_EFFECT = "makes no difference"
    UNUSED = "not asked"


@dataclass(frozen=True, slots=True)
class Step:
    """One group of a scheme, in its order from low to high."""

    group: str
    standing: Standing
    meaning: str


@dataclass(frozen=True, slots=True)
class SchemeRow:
    """One scheme. `would`: for each open fact that alone settles most, each value and the groups it gives."""

    finding: SchemeFinding
    said: str
    steps: tuple[Step, ...]
    rules: tuple[tuple[str, str], ...]
    """Id and condition of the rules that decide, or still can."""
    would: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    sources: tuple[Cite, ...]


@dataclass(frozen=True, slots=True)
class FactCells:
    """One fact over all schemes: its possible values, and what it is to each scheme."""

    name: str
    values: tuple[str, ...]
    weights: tuple[Weight, ...]


def scheme_rows(a: Assessment) -> tuple[SchemeRow, ...]:
    """Every scheme that is shown, in its order."""
    return tuple(_scheme(s) for s in a.schemes)


def _scheme(s: SchemeFinding) -> SchemeRow:
    scheme, f = SCHEME_BY_ID[s.id], s.finding
    texts = {rule.id: rule.when.text.replace("**", "") for rule in scheme.rules}
    return SchemeRow(
        s,
        groups_text(f.possible),
        tuple(Step(g, _standing(g, s), (scheme.meanings or {}).get(g, "")) for g in scheme.groups),
        tuple((r, texts[r]) for r in f.rules),
        tuple(_would(o) for o in f.open if _tells(o)),
        s.citations,
    )


def _tells(o: Open) -> bool:
    """Would most values of the fact settle the group? If not, the list says less than it takes to read."""
    return sum(len(groups) == 1 for _, groups in o.settles) * 2 >= len(o.settles)


def _would(o: Open) -> tuple[str, tuple[tuple[str, str], ...]]:
    return FACTS[o.fact], tuple((v, " or ".join(g or "none" for g in groups)) for v, groups in o.settles)


def _standing(group: str, s: SchemeFinding) -> Standing:
    if group not in s.finding.possible:
        return Standing.NOT
    return Standing.IS if s.finding.group == group else Standing.MAY


def groups_text(groups: tuple[str | None, ...]) -> str:
    """Groups in words; None is outside the scheme."""
    return " or ".join(g or OUTSIDE for g in groups)


def fact_cells(a: Assessment) -> tuple[FactCells, ...]:
    """Facts by schemes: what each asks for, and on what its answer hangs."""
    if a.chart is None or not a.schemes:
        return ()
    facts = a.chart.risk
    read = {name for s in a.schemes for name in SCHEME_BY_ID[s.id].reads}
    return tuple(
        FactCells(title, _values(facts, name), tuple(_weight(s, name, facts) for s in a.schemes))
        for name, title in FACTS.items()
        if name in read
    )


def _values(facts: RiskFacts, name: str) -> tuple[str, ...]:
    found = getattr(facts, name, None)
    values = found if found is not None else {getattr(t, name) for t in facts.timing}
    first = next(iter(values))
    return tuple(str(v) for v in type(first) if v in values)


def _weight(s: SchemeFinding, name: str, facts: RiskFacts) -> Weight:
    scheme = SCHEME_BY_ID[s.id]
    if name not in scheme.reads:
        return Weight.UNUSED
    if name in {o.fact for o in s.finding.open}:
        return Weight.OPEN
    return Weight.DECIDES if name in decisive_facts(scheme, facts) else Weight.NO_EFFECT


def needed(a: Assessment) -> Iterator[str]:
    """Names of the facts that some scheme waits for, in the words of the cards' contract."""
    yield from dict.fromkeys(CONTRACT_NAME[o.fact] for s in a.schemes if s.settles for o in s.finding.open)
