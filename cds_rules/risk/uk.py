"""The United Kingdom (UKALL R3) risk groups for first relapse."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.risk.case import RiskCase
from cds_rules.risk.questions import (
    combined,
    isolated_extramedullary,
    isolated_marrow,
    marrow_involved,
    outside_first_relapse,
    six_months_after_treatment,
    t_lineage,
    very_early,
)
from cds_rules.rule import Rule, Scheme

STANDARD, INTERMEDIATE, HIGH = "standard", "intermediate", "high"

_TABLE = Cite("HR2020", "table 1, Cancer Research UK", "000:26-34")
_CLOCK = Cite("HR2020", "table 1, footnote on BFM and UK definitions", "000:64")
_CITES = (_TABLE, _CLOCK)

UK_R3: Scheme[RiskCase] = Scheme(
    id="UK-R3",
    title="UK risk groups for first relapse, trial UKALL R3",
    short="UK (R3)",
    population="children with first relapse of ALL; trial age 1-18 years",
    ages=(1, 18),
    groups=(STANDARD, INTERMEDIATE, HIGH),
    reads=("course", "lineage", "pattern", "from_diagnosis", "after_treatment"),
    rules=(
        Rule("UK-1", outside_first_relapse, None, (_TABLE,)),
        Rule("UK-2", isolated_extramedullary & very_early, HIGH, _CITES),
        Rule("UK-3", isolated_extramedullary & ~six_months_after_treatment, INTERMEDIATE, _CITES),
        Rule("UK-4", isolated_extramedullary, STANDARD, _CITES),
        Rule("UK-5", t_lineage, HIGH, (_TABLE,), "T marrow or combined, at any time"),
        Rule("UK-6", marrow_involved & very_early, HIGH, _CITES),
        Rule("UK-7", combined, INTERMEDIATE, _CITES, "early or late, B lineage"),
        Rule("UK-8", isolated_marrow & ~six_months_after_treatment, HIGH, _CITES),
        Rule("UK-9", isolated_marrow, INTERMEDIATE, _CITES),
    ),
    remarks=(
        "Very early (<18 months from diagnosis) wins over any date of completing treatment. A relapse "
        "during primary treatment counts as before its completion.",
    ),
)
