"""The two Children's Oncology Group schemes for first relapse. They differ, and both are shown."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.risk.case import RiskCase
from cds_rules.risk.questions import (
    after_36_months,
    before_36_months,
    isolated_cns_or_testis,
    isolated_extramedullary,
    low_mrd,
    marrow_involved,
    outside_first_relapse,
    t_lineage,
    very_early,
)
from cds_rules.rule import Rule, Scheme

LOW, INTERMEDIATE, HIGH = "low", "intermediate", "high"

_TABLE_1 = Cite("HR2020", "table 1, COG", "000:10-17")
_FOOTNOTE = Cite("HR2020", "table 1, footnote on COG definitions", "000:62")
_TABLE_4 = Cite("PDQ2014", "table 4", "002:246-250")
_TABLE_4_T = Cite("PDQ2014", "table 4, footnote a", "002:253")

AALL1331: Scheme[RiskCase] = Scheme(
    id="COG-AALL1331",
    title="COG risk groups for first relapse, trial AALL1331",
    short="COG (AALL1331)",
    population="first relapse, B-ALL of marrow or extramedullary sites, T-ALL; trial age 1-30 years",
    ages=(1, 30),
    groups=(LOW, INTERMEDIATE, HIGH),
    reads=("course", "lineage", "pattern", "from_diagnosis", "mrd"),
    rules=(
        Rule("COG-1", outside_first_relapse, None, (_TABLE_1,)),
        Rule("COG-2", t_lineage, HIGH, (_TABLE_1,)),
        Rule("COG-3", marrow_involved & before_36_months, HIGH, (_TABLE_1, _FOOTNOTE)),
        Rule("COG-4", isolated_extramedullary & very_early, HIGH, (_TABLE_1, _FOOTNOTE)),
        Rule("COG-5", marrow_involved & low_mrd, LOW, (_TABLE_1, _FOOTNOTE)),
        Rule("COG-6", isolated_extramedullary & low_mrd, LOW, (_TABLE_1, _FOOTNOTE)),
        Rule("COG-7", marrow_involved & ~low_mrd, INTERMEDIATE, (_TABLE_1, _FOOTNOTE)),
        Rule("COG-8", isolated_extramedullary & ~low_mrd, INTERMEDIATE, (_TABLE_1, _FOOTNOTE)),
    ),
    remarks=(
        "A combined relapse counts as a marrow relapse here. The source's table does not say so; the "
        "reading follows the 2014 COG table, which puts both in one column (project's).",
        "Rows 5 to 8 are reached only by late B-lineage relapses.",
    ),
)

PDQ2014: Scheme[RiskCase] = Scheme(
    id="COG-PDQ2014",
    title="COG risk groups for first relapse, as reported by NCI PDQ in 2014",
    short="COG (PDQ 2014)",
    population=(
        "first relapse of B-precursor ALL (isolated CNS or testicular, marrow or combined) and of T-ALL; "
        "age 1-30 years"
    ),
    ages=(1, 30),
    groups=(LOW, INTERMEDIATE, HIGH),
    reads=("course", "lineage", "pattern", "from_diagnosis"),
    rules=(
        Rule("PDQ-1", outside_first_relapse, None, (_TABLE_4,)),
        Rule("PDQ-2", t_lineage, HIGH, (_TABLE_4_T,)),
        Rule("PDQ-3", isolated_cns_or_testis & very_early, INTERMEDIATE, (_TABLE_4,)),
        Rule("PDQ-4", isolated_cns_or_testis & ~very_early, LOW, (_TABLE_4,)),
        Rule(
            "PDQ-5",
            isolated_extramedullary,
            None,
            (_TABLE_4,),
            "other extramedullary sites are not in the table",
        ),
        Rule(
            "PDQ-6",
            marrow_involved & ~after_36_months,
            HIGH,
            (_TABLE_4,),
            "exactly 36 months counts as 18-36",
        ),
        Rule("PDQ-7", marrow_involved & after_36_months, INTERMEDIATE, (_TABLE_4,)),
    ),
    remarks=("The table looks at site and time only: MRD does not enter it.",),
)
