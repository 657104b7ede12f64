"""The BFM groups S1 to S4 for first relapse, and the variant in the text of the same source."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.risk.case import RiskCase
from cds_rules.risk.questions import (
    RiskQuestion,
    combined,
    isolated_extramedullary,
    isolated_marrow,
    marrow_involved,
    outside_first_relapse,
    six_months_after_treatment,
    t_lineage,
    thirty_months_from_cr1,
    very_early,
)
from cds_rules.rule import Rule, Scheme

S1, S2, S3, S4 = "S1", "S2", "S3", "S4"

_TABLE = Cite("LOC2012", "table 1", "001:50-62")
_CLOCK = Cite("HR2020", "table 1, footnote on BFM and UK definitions", "000:64")
_RISK = Cite("HR2020", "table 1, BFM Group", "000:18-25")
_TEXT = Cite("LOC2012", "risk stratification, text", "001:45")

_MEANINGS = {S1: "low", S2: "intermediate", S3: "high", S4: "high"}


def _rules(prefix: str, late: RiskQuestion, clock: Cite) -> tuple[Rule[RiskCase], ...]:
    cites = (_TABLE, _RISK, clock)
    return (
        Rule(f"{prefix}-1", outside_first_relapse, None, (_TABLE,)),
        Rule(f"{prefix}-2", isolated_extramedullary & (very_early | ~late), S2, cites),
        Rule(f"{prefix}-3", isolated_extramedullary, S1, cites),
        Rule(f"{prefix}-4", t_lineage, S4, (_TABLE, _RISK), "T combined: inferred, S2 admits only non-T"),
        Rule(f"{prefix}-5", marrow_involved & very_early, S4, cites),
        Rule(f"{prefix}-6", combined, S2, cites, "early or late, not T"),
        Rule(f"{prefix}-7", isolated_marrow & ~late, S3, cites),
        Rule(f"{prefix}-8", isolated_marrow & late, S2, cites),
    )


BFM: Scheme[RiskCase] = Scheme(
    id="BFM-S",
    title="BFM groups S1 to S4 for first relapse",
    short="BFM",
    population="children with first relapse of ALL; trial age 1-18 years",
    ages=(1, 18),
    groups=(S1, S2, S3, S4),
    reads=("course", "lineage", "pattern", "from_diagnosis", "after_treatment"),
    rules=_rules("BFM", six_months_after_treatment, _CLOCK),
    remarks=(
        "Very early (<18 months from diagnosis) wins over any date of completing treatment. A relapse "
        "during primary treatment counts as before its completion.",
        "Locatelli et al. leave exactly 18 and exactly 6 months unassigned; the boundary signs are those "
        "of Hunger & Raetz.",
        "Locatelli et al. report for S1, S2, S3, S4: share of relapses 5, 55, 15, 25 %; remission reached "
        "in 99, 97, 80-85, 70-75 %; 5-year survival with chemotherapy 60-70, 40, <5, <5 %; with HSCT "
        "not used, 60, 30, 25 % (table 1, 2012). These are group figures, not a forecast for one patient.",
    ),
    meanings=_MEANINGS,
)

BFM_TEXT: Scheme[RiskCase] = Scheme(
    id="BFM-S-TEXT",
    title="BFM groups by the clock in the text of Locatelli et al. 2012 (from first remission)",
    short="BFM, text variant",
    population="as BFM-S, reported beside it when the date of first remission is known",
    ages=(1, 18),
    groups=(S1, S2, S3, S4),
    reads=("course", "lineage", "pattern", "from_diagnosis", "from_cr1"),
    rules=_rules("BFM-TEXT", thirty_months_from_cr1, _TEXT),
    remarks=("It never settles BFM-S: the same source's table counts from the end of treatment.",),
    meanings=_MEANINGS,
    settles=False,
)
