"""Prognosis by response, site and time: PF-7, PF-13, PF-16 to PF-20 (clinical model section 3).

What groups of patients in the studies had, with source and year; never the outlook of one person. All are
notes. Where a source leaves the line itself to neither side, both sides hold there.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.risk.case import AfterTreatment, FromDiagnosis
from cds_rules.treatment.advice import Advice, Decision, Weight
from cds_rules.treatment.aspects.course import (
    AFTER_TREATMENT,
    CAR_T_GIVEN,
    FROM_DIAGNOSIS,
    any_relapse,
    b_lineage,
    early_marrow,
    first_relapse,
    isolated_cns,
    isolated_testis,
    late_marrow,
    marrow_relapse,
    t_lineage,
)
from cds_rules.treatment.aspects.mrd import END_BLOCK1, MrdBand
from cds_rules.treatment.aspects.mrd_course import Positivity
from cds_rules.treatment.aspects.prognosis import (
    DURING_TREATMENT,
    PCR_MRD,
    RELAPSE_MRD,
    PcrMrd,
    RelapseMrd,
)
from cds_rules.treatment.aspects.reinduction import END_REINDUCTION_MRD
from cds_rules.treatment.aspects.response import RESPONSE_ON_RECORD
from cds_rules.treatment.aspects.risk_group import BFM, COG, Bfm, Cog
from cds_rules.treatment.aspects.state import IN_REMISSION
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

_BEFORE_18 = FROM_DIAGNOSIS.is_(FromDiagnosis.BEFORE_18)
_FROM_18 = FROM_DIAGNOSIS.is_(FromDiagnosis.BEFORE_36, FromDiagnosis.AT_36, FromDiagnosis.AFTER_36)
_FROM_36 = FROM_DIAGNOSIS.is_(FromDiagnosis.AT_36, FromDiagnosis.AFTER_36)
_LATE_BFM = AFTER_TREATMENT.is_(AfterTreatment.FROM_6)
_NO_TRANSPLANT = TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
"""The figures are of children on chemotherapy alone; a transplant only planned does not change that yet."""
_NO_CAR_T = CAR_T_GIVEN.no
"""The figures by site and time are older than CAR-T; after it they say nothing of what lies ahead."""
_AWAITED = IN_REMISSION.no & RESPONSE_ON_RECORD.no
"""The second remission is not reached, and reinduction has not failed to bring it."""
_D = Decision.PROGNOSIS

ADVICE: tuple[Advice, ...] = (
    Advice(
        "PF-7",
        _D,
        "BFM intermediate risk, chemotherapy alone in CR2: PCR <1e-3 after reinduction, 10-year EFS 73 % in "
        "one study",
        "NCI PDQ 2014, BFM study of 61 children with B-ALL; above 1e-3 it was 10 %. Exactly 1e-3 is in "
        "neither group. No forecast for a child who is transplanted.",
        b_lineage
        & first_relapse
        & marrow_relapse
        & BFM.is_(Bfm.S2)
        & _NO_TRANSPLANT
        & PCR_MRD.is_(PcrMrd.LOW),
        (Cite("PDQ2014", "late-relapsing B-precursor ALL, evidence 2", "002:138-139"),),
        weight=Weight.NOTE,
        rank=22,
    ),
    Advice(
        "PF-7a",
        _D,
        "BFM intermediate risk, chemotherapy alone in CR2: PCR >1e-3 after reinduction, 10-year EFS 10 % in "
        "one study",
        "NCI PDQ 2014, BFM study of 61 children with B-ALL; below 1e-3 it was 73 %. Exactly 1e-3 is in "
        "neither group. No forecast for a child who is transplanted.",
        b_lineage
        & first_relapse
        & marrow_relapse
        & BFM.is_(Bfm.S2)
        & _NO_TRANSPLANT
        & PCR_MRD.is_(PcrMrd.HIGH),
        (Cite("PDQ2014", "late-relapsing B-precursor ALL, evidence 2", "002:138-139"),),
        weight=Weight.NOTE,
        rank=23,
    ),
    Advice(
        "PF-13",
        _D,
        "Isolated CNS relapse with marrow MRD above 0.01 %: 5-year EFS 30 % against 60 % (one study)",
        "NCI PDQ 2014, in morphologically normal marrow. Exactly 0.01 % is in neither group.",
        first_relapse & isolated_cns & RELAPSE_MRD.is_(RelapseMrd.HIGH),
        (Cite("PDQ2014", "isolated extramedullary relapse", "002:193"),),
        weight=Weight.NOTE,
        rank=32,
    ),
    Advice(
        "PF-13a",
        _D,
        "Isolated CNS relapse with marrow MRD none or below 0.01 %: 5-year EFS 60 % against 30 % (one study)",
        "NCI PDQ 2014, in morphologically normal marrow. Exactly 0.01 % is in neither group.",
        first_relapse & isolated_cns & RELAPSE_MRD.is_(RelapseMrd.LOW),
        (Cite("PDQ2014", "isolated extramedullary relapse", "002:193"),),
        weight=Weight.NOTE,
        rank=33,
    ),
    Advice(
        "PF-16",
        _D,
        "Late marrow relapse of B-ALL, chemotherapy alone, MRD positive: 49 % relapsed by year 2 (12 "
        "children)",
        "NCI PDQ 2014, one study of 23 children: 12 MRD-positive at the end of reinduction; none of the 11 "
        "MRD-negative relapsed. No level is given for positive.",
        b_lineage
        & first_relapse
        & late_marrow
        & _NO_TRANSPLANT
        & END_REINDUCTION_MRD.is_(Positivity.POSITIVE),
        (Cite("PDQ2014", "late-relapsing B-precursor ALL, evidence 1", "002:136"),),
        weight=Weight.NOTE,
        rank=36,
    ),
    Advice(
        "PF-16a",
        _D,
        "Late marrow relapse of B-ALL, chemotherapy alone, MRD negative: none relapsed by year 2 (11 "
        "children)",
        "NCI PDQ 2014, one study of 23 children: 11 MRD-negative at the end of reinduction; 49 % of the 12 "
        "MRD-positive relapsed. No level is given for positive.",
        b_lineage
        & first_relapse
        & late_marrow
        & _NO_TRANSPLANT
        & END_REINDUCTION_MRD.is_(Positivity.NEGATIVE),
        (Cite("PDQ2014", "late-relapsing B-precursor ALL, evidence 1", "002:136"),),
        weight=Weight.NOTE,
        rank=37,
    ),
    Advice(
        "PF-17",
        _D,
        "Early marrow relapse: about 70 % reach a second remission after one month of reinduction",
        "NCI PDQ 2014; about 95 % in late marrow relapse, and lower in T-ALL (PF-17b). Early: below 36 "
        "months from diagnosis, as in its COG study (68 and 96 % after block 1).",
        first_relapse & early_marrow & _AWAITED,
        (Cite("PDQ2014", "reinduction chemotherapy", "002:96, 002:101"),),
        weight=Weight.NOTE,
        rank=38,
    ),
    Advice(
        "PF-17a",
        _D,
        "Late marrow relapse: about 95 % reach a second remission after one month of reinduction",
        "NCI PDQ 2014; about 70 % in early marrow relapse, and lower in T-ALL (PF-17b). Late: 36 months or "
        "more from diagnosis, as in its COG study (96 and 68 % after block 1).",
        first_relapse & late_marrow & _AWAITED,
        (Cite("PDQ2014", "reinduction chemotherapy", "002:96, 002:101"),),
        weight=Weight.NOTE,
        rank=39,
    ),
    Advice(
        "PF-17b",
        _D,
        "T-ALL: much lower rates of second remission with standard reinduction than B-ALL",
        "NCI PDQ 2014, COG study of three blocks; no figure is given there.",
        t_lineage & first_relapse & marrow_relapse & _AWAITED,
        (Cite("PDQ2014", "T-cell ALL", "002:122"),),
        weight=Weight.NOTE,
        rank=40,
    ),
    Advice(
        "PF-18",
        _D,
        "High-risk first relapse of B-ALL: 24-month event-free survival 25 % in COG AALL1331",
        "Myers et al. 2023, by intention to treat.",
        b_lineage & first_relapse & COG.is_(Cog.HIGH),
        (Cite("MYE2023", "indications", "004:15"),),
        weight=Weight.NOTE,
        rank=41,
    ),
    Advice(
        "PF-18a",
        _D,
        "COG intermediate or high risk: 2-year DFS 59 % and survival 79 % in the blinatumomab arm of "
        "AALL1331",
        "Hunger & Raetz 2020, table 2; ages 1 to 30, blinatumomab after reinduction. PF-18 is another group "
        "and another endpoint.",
        b_lineage & first_relapse & COG.is_(Cog.INTERMEDIATE, Cog.HIGH),
        (Cite("HR2020", "table 2", "000:85-86, 000:100"),),
        weight=Weight.NOTE,
        rank=42,
    ),
    Advice(
        "PF-20",
        _D,
        "Marrow relapse of B-ALL within 18 months of diagnosis: survival below 20 % in the studies",
        "NCI PDQ 2014; 40 to 50 % after more than 36 months, and no figure for the time between.",
        b_lineage & _NO_CAR_T & first_relapse & marrow_relapse & _BEFORE_18,
        (Cite("PDQ2014", "time from diagnosis to relapse", "002:58"),),
        weight=Weight.NOTE,
        rank=43,
    ),
    Advice(
        "PF-20a",
        _D,
        "Marrow relapse of B-ALL more than 36 months after diagnosis: survival 40 to 50 % in the studies",
        "NCI PDQ 2014; below 20 % within 18 months. Hunger & Raetz 2020 give about 70 % where MRD responds "
        "well (PF-20b). Exactly 36 months is in neither group.",
        b_lineage & _NO_CAR_T & first_relapse & marrow_relapse & _FROM_36,
        (Cite("PDQ2014", "time from diagnosis to relapse", "002:58"),),
        weight=Weight.NOTE,
        rank=44,
    ),
    Advice(
        "PF-20b",
        _D,
        "Late marrow relapse, MRD below 0.1 % after reinduction, chemotherapy: about 70 % survive long "
        "(trials)",
        "Hunger & Raetz 2020 of BFM, COG and UKALL trials; a good MRD response is below 0.1 % for most "
        "groups, below 0.01 % for some.",
        b_lineage
        & first_relapse
        & late_marrow
        & _NO_TRANSPLANT
        & END_BLOCK1.is_(MrdBand.BELOW, MrdBand.BETWEEN),
        (Cite("HR2020", "late marrow relapse", "000:112"),),
        weight=Weight.NOTE,
        rank=45,
    ),
    Advice(
        "PF-20c",
        _D,
        "Isolated CNS relapse within 18 months of diagnosis: survival 40 to 50 % in the studies",
        "NCI PDQ 2014; Hunger & Raetz 2020: 52 % at 3 years in COG AALL0433, event-free 41 %.",
        _NO_CAR_T & first_relapse & isolated_cns & _BEFORE_18,
        (
            Cite("PDQ2014", "time from diagnosis to relapse", "002:60"),
            Cite("HR2020", "isolated CNS relapse", "000:236"),
        ),
        weight=Weight.NOTE,
        rank=46,
    ),
    Advice(
        "PF-20d",
        _D,
        "Isolated CNS relapse from 18 months after diagnosis: 75 to 80 % in the studies",
        "NCI PDQ 2014: overall survival, later than 18 months; Hunger & Raetz 2020: event-free survival, 18 "
        "months or later.",
        _NO_CAR_T & first_relapse & isolated_cns & _FROM_18,
        (
            Cite("PDQ2014", "time from diagnosis to relapse", "002:60"),
            Cite("HR2020", "isolated CNS relapse", "000:240"),
        ),
        weight=Weight.NOTE,
        rank=47,
    ),
    Advice(
        "PF-20e",
        _D,
        "Testicular relapse during treatment: 3-year event-free survival about 40 % in the studies",
        "NCI PDQ 2014; about 85 % for late testicular relapse.",
        _NO_CAR_T & first_relapse & isolated_testis & DURING_TREATMENT.yes,
        (Cite("PDQ2014", "testicular relapse", "002:220"),),
        weight=Weight.NOTE,
        rank=48,
    ),
    Advice(
        "PF-20f",
        _D,
        "Late testicular relapse: 3-year event-free survival about 85 % in the studies",
        "NCI PDQ 2014; about 40 % during treatment. Late: six months or more after completing primary "
        "treatment (project's reading).",
        _NO_CAR_T & first_relapse & isolated_testis & _LATE_BFM,
        (Cite("PDQ2014", "testicular relapse", "002:220"),),
        weight=Weight.NOTE,
        rank=49,
    ),
    Advice(
        "PF-20g",
        _D,
        "T-ALL: survival after relapse below 25 % in the studies",
        "Hunger & Raetz 2020: only marginally better of late; not divided by site, time or number of "
        "relapse.",
        t_lineage & any_relapse,
        (Cite("HR2020", "patient 3", "000:248"),),
        weight=Weight.NOTE,
        rank=50,
    ),
)
