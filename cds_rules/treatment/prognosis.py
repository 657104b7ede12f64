"""Prognostic factors: PF-1 to PF-6, PF-8 to PF-12, PF-14, PF-15 (clinical model section 3).

What groups of patients in the studies had, with source and year; never the outlook of one person. All are
notes. Where a source leaves the line itself to neither side, both sides hold there.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.risk.case import AfterTreatment, FromDiagnosis, Pattern
from cds_rules.treatment.advice import Advice, Decision, Weight
from cds_rules.treatment.aspects.course import (
    AFTER_TREATMENT,
    CAR_T_GIVEN,
    FROM_DIAGNOSIS,
    PATTERN,
    any_relapse,
    b_lineage,
    first_relapse,
    isolated_extramedullary,
    marrow_relapse,
    t_lineage,
)
from cds_rules.treatment.aspects.findings import DOWN, ETV6_RUNX1, IKZF1, TP53
from cds_rules.treatment.aspects.prognosis import (
    BLAST_COUNT,
    DIAGNOSIS_AGE,
    FIRST_MONTH,
    GENETIC_FINDING,
    NCI_RISK,
    BlastCount,
    DiagnosisAge,
    FirstMonth,
    NciRisk,
)

_BEFORE_18 = FROM_DIAGNOSIS.is_(FromDiagnosis.BEFORE_18)
_TO_36 = FROM_DIAGNOSIS.is_(FromDiagnosis.BEFORE_18, FromDiagnosis.BEFORE_36, FromDiagnosis.AT_36)
_FROM_36 = FROM_DIAGNOSIS.is_(FromDiagnosis.AT_36, FromDiagnosis.AFTER_36)
_LATE_BFM = AFTER_TREATMENT.is_(AfterTreatment.FROM_6)
_D = Decision.PROGNOSIS

ADVICE: tuple[Advice, ...] = (
    Advice(
        "PF-1",
        _D,
        "Site: isolated marrow relapse fares worst",
        "So Locatelli et al. 2012; NCI PDQ 2014: worse than combined relapse in some studies; Hunger & "
        "Raetz 2020: worse than relapse outside the marrow.",
        first_relapse & PATTERN.is_(Pattern.MARROW),
        (
            Cite("HR2020", "risk factors at first relapse", "000:3"),
            Cite("LOC2012", "risk stratification", "001:45"),
            Cite("PDQ2014", "site of relapse", "002:54"),
        ),
        weight=Weight.NOTE,
        rank=10,
    ),
    Advice(
        "PF-1a",
        _D,
        "Site: combined marrow and extramedullary relapse stands between",
        "Locatelli et al. 2012 call the prognosis intermediate; NCI PDQ 2014: better than isolated marrow "
        "relapse in some studies.",
        first_relapse & PATTERN.is_(Pattern.COMBINED),
        (Cite("LOC2012", "risk stratification", "001:45"), Cite("PDQ2014", "site of relapse", "002:54")),
        weight=Weight.NOTE,
        rank=11,
    ),
    Advice(
        "PF-1b",
        _D,
        "Site: isolated extramedullary relapse fares better than relapse in the marrow",
        "Hunger & Raetz 2020 and NCI PDQ 2014; Locatelli et al. 2012 name isolated CNS, isolated testis and "
        "other sites outside the marrow.",
        first_relapse & isolated_extramedullary,
        (
            Cite("HR2020", "risk factors at first relapse", "000:3"),
            Cite("LOC2012", "risk stratification", "001:45"),
            Cite("PDQ2014", "site of relapse", "002:54"),
        ),
        weight=Weight.NOTE,
        rank=12,
    ),
    Advice(
        "PF-2",
        _D,
        "Time: relapse before 18 months from diagnosis, generally called very early, fares worst",
        "Hunger & Raetz 2020 and NCI PDQ 2014: the shorter the time from diagnosis to relapse, the worse the "
        "outcome.",
        first_relapse & _BEFORE_18,
        (
            Cite("HR2020", "time to relapse", "000:112"),
            Cite("PDQ2014", "time from diagnosis to relapse", "002:58"),
        ),
        weight=Weight.NOTE,
        rank=13,
    ),
    Advice(
        "PF-2a",
        _D,
        "Time: relapse from 18 months to 3 years after diagnosis is generally called early",
        "Hunger & Raetz 2020; groups differ in their terms (BFM: early until six months after the end of "
        "treatment). Earlier relapse fares worse than later relapse (NCI PDQ 2014).",
        first_relapse & FROM_DIAGNOSIS.is_(FromDiagnosis.BEFORE_36, FromDiagnosis.AT_36),
        (
            Cite("HR2020", "time to relapse", "000:112"),
            Cite("PDQ2014", "time from diagnosis to relapse", "002:58"),
        ),
        weight=Weight.NOTE,
        rank=14,
    ),
    Advice(
        "PF-2b",
        _D,
        "Time: relapse more than 3 years after diagnosis, generally called late, fares better",
        "Hunger & Raetz 2020; NCI PDQ 2014, of B-ALL. T-ALL in the marrow fares worse whatever the time "
        "(PF-11). Exactly 3 years is late for COG; Hunger & Raetz leave it to neither side.",
        first_relapse & _FROM_36,
        (
            Cite("HR2020", "time to relapse", "000:112"),
            Cite("PDQ2014", "time from diagnosis to relapse", "002:58"),
        ),
        weight=Weight.NOTE,
        rank=15,
    ),
    Advice(
        "PF-3",
        _D,
        "Age 10 to 15 years at diagnosis: adverse (COG study, 3-year survival after relapse 35 %)",
        "NCI PDQ 2014: age of 10 years or more at diagnosis is an independent adverse factor. In that COG "
        "study 48 % of those aged 1 to 9 survived three years after relapse.",
        first_relapse & DIAGNOSIS_AGE.is_(DiagnosisAge.TO_15),
        (Cite("PDQ2014", "patient characteristics", "002:64"),),
        weight=Weight.NOTE,
        rank=16,
    ),
    Advice(
        "PF-3a",
        _D,
        "Age above 15 years at diagnosis: adverse (COG study, 3-year survival after relapse 15 %)",
        "NCI PDQ 2014; in that COG study 35 % of those aged 10 to 15 and 48 % of those aged 1 to 9 survived "
        "three years after relapse.",
        first_relapse & DIAGNOSIS_AGE.is_(DiagnosisAge.OVER_15),
        (Cite("PDQ2014", "patient characteristics", "002:64"),),
        weight=Weight.NOTE,
        rank=17,
    ),
    Advice(
        "PF-3b",
        _D,
        "Age 1 to 9 years at diagnosis: the better group (COG study, 3-year survival after relapse 48 %)",
        "NCI PDQ 2014; in that COG study 35 % of those aged 10 to 15 and 15 % of those above 15.",
        first_relapse & DIAGNOSIS_AGE.is_(DiagnosisAge.TO_6, DiagnosisAge.TO_9),
        (Cite("PDQ2014", "patient characteristics", "002:64"),),
        weight=Weight.NOTE,
        rank=18,
    ),
    Advice(
        "PF-4",
        _D,
        "Late marrow relapse with more than 10,000 blasts/uL in the blood: adverse (BFM)",
        "NCI PDQ 2014 reports inferior outcome in late marrow relapse. Late: six months or more after "
        "completing primary treatment (BFM clock).",
        first_relapse & marrow_relapse & _LATE_BFM & BLAST_COUNT.is_(BlastCount.OVER_10000),
        (Cite("PDQ2014", "patient characteristics", "002:66"),),
        weight=Weight.NOTE,
        rank=19,
    ),
    Advice(
        "PF-5",
        _D,
        "NCI high risk at diagnosis: fares worse after relapse than NCI standard risk (COG)",
        "NCI PDQ 2014; no figure is given.",
        first_relapse & NCI_RISK.is_(NciRisk.HIGH),
        (Cite("PDQ2014", "risk group at initial diagnosis", "002:72"),),
        weight=Weight.NOTE,
        rank=20,
    ),
    Advice(
        "PF-6",
        _D,
        "Marrow relapse with 5 % blasts or more after the first month of reinduction: extremely poor outlook",
        "NCI PDQ 2014 says so of persistent morphologic disease, even where a second remission follows. "
        "That it means 5 % or more, seen on day 21 to 56, is the project's reading. MRD alone: PF-7.",
        first_relapse & marrow_relapse & CAR_T_GIVEN.no & FIRST_MONTH.is_(FirstMonth.PERSISTENT),
        (Cite("PDQ2014", "response to reinduction", "002:76"),),
        weight=Weight.NOTE,
        rank=21,
    ),
    Advice(
        "PF-8",
        _D,
        "TP53 alteration at first relapse: event-free survival 9 % against 49 % without it, in that study",
        "NCI PDQ 2014; leukemia persisted after initial reinduction in 38.5 % against 12.5 %. About 11 % of "
        "first relapses carry it, half of them newly.",
        first_relapse & TP53.yes,
        (Cite("PDQ2014", "cytogenetics and genomic alterations", "002:80"),),
        weight=Weight.NOTE,
        rank=24,
    ),
    Advice(
        "PF-9",
        _D,
        "IKZF1 deletion at first marrow relapse of B-ALL: predicts a poor outcome",
        "NCI PDQ 2014; found in 33 % of B-precursor first relapses in ALL-REZ BFM 2002. No outcome figure is "
        "given.",
        b_lineage & first_relapse & marrow_relapse & IKZF1.yes,
        (Cite("PDQ2014", "cytogenetics and genomic alterations", "002:80"),),
        weight=Weight.NOTE,
        rank=25,
    ),
    Advice(
        "PF-10",
        _D,
        "ETV6::RUNX1, relapse more than 36 months after diagnosis: 5-year survival 81 % (FRALLE 93)",
        "NCI PDQ 2014: favorable there also against other late relapses. Exactly 36 months is in neither "
        "group.",
        first_relapse & ETV6_RUNX1.yes & _FROM_36,
        (Cite("PDQ2014", "cytogenetics and genomic alterations", "002:82"),),
        weight=Weight.NOTE,
        versus=("PF-10b",),
        rank=26,
    ),
    Advice(
        "PF-10a",
        _D,
        "ETV6::RUNX1, relapse less than 36 months after diagnosis: 3-year survival 31 % (FRALLE 93)",
        "NCI PDQ 2014, against 81 % at 5 years in late relapse: the fusion does not lower the concern of an "
        "early one (project's reading). Exactly 36 months is in neither group.",
        first_relapse & ETV6_RUNX1.yes & _TO_36,
        (Cite("PDQ2014", "cytogenetics and genomic alterations", "002:82"),),
        weight=Weight.NOTE,
        rank=27,
    ),
    Advice(
        "PF-10b",
        _D,
        "ETV6::RUNX1 at marrow relapse: in ALL-REZ BFM 2002 time to relapse predicted outcome, not the "
        "fusion",
        "NCI PDQ 2014: event-free survival was 84 %, and first remission outlasted treatment by six months "
        "or more in 94 %; on multivariate analysis time was independent, the fusion was not.",
        first_relapse & marrow_relapse & ETV6_RUNX1.yes,
        (Cite("PDQ2014", "cytogenetics and genomic alterations", "002:82"),),
        weight=Weight.NOTE,
        versus=("PF-10",),
        rank=28,
    ),
    Advice(
        "PF-11",
        _D,
        "T lineage: second remission and long-term event-free survival are less likely than in B-ALL",
        "NCI PDQ 2014 says so of marrow relapse, isolated or combined, at any time; Locatelli et al. 2012: "
        "much worse prognosis, whatever the time from diagnosis.",
        t_lineage & any_relapse & marrow_relapse,
        (Cite("PDQ2014", "immunophenotype", "002:86"), Cite("LOC2012", "risk stratification", "001:45")),
        weight=Weight.NOTE,
        rank=29,
    ),
    Advice(
        "PF-12",
        _D,
        "Down syndrome: no difference in outcome after relapse since 2000",
        "NCI PDQ 2014; before 2000 BFM reported inferior outcome from induction and treatment deaths. Myers "
        "et al. 2023 say otherwise (PF-12a).",
        any_relapse & DOWN.yes,
        (Cite("PDQ2014", "patient characteristics", "002:68"),),
        weight=Weight.NOTE,
        versus=("PF-12a",),
        rank=30,
    ),
    Advice(
        "PF-12a",
        _D,
        "Down syndrome: inferior outcome of relapsed B-ALL with standard care",
        "Myers et al. 2023, who find CAR-T a reasonable consideration for that reason. NCI PDQ 2014 says "
        "otherwise (PF-12).",
        b_lineage & any_relapse & DOWN.yes,
        (Cite("MYE2023", "Down syndrome", "004:268"),),
        weight=Weight.NOTE,
        versus=("PF-12",),
        rank=31,
    ),
    Advice(
        "PF-14",
        _D,
        "Isolated extramedullary relapse, age above 6 years at diagnosis: adverse in one study",
        "NCI PDQ 2014; no figure is given.",
        first_relapse
        & isolated_extramedullary
        & DIAGNOSIS_AGE.is_(DiagnosisAge.TO_9, DiagnosisAge.TO_15, DiagnosisAge.OVER_15),
        (Cite("PDQ2014", "isolated extramedullary relapse", "002:193"),),
        weight=Weight.NOTE,
        rank=34,
    ),
    Advice(
        "PF-15",
        _D,
        "Genetic lesions are not routinely part of risk assignment after relapse",
        "Hunger & Raetz 2020, of B- and T-ALL; unfavorable lesions may influence treatment all the same. No "
        "scheme here changes its group for them; Locatelli et al. 2012 call that a limitation.",
        first_relapse & GENETIC_FINDING.yes,
        (
            Cite("HR2020", "patients 1 and 3, genetics", "000:114, 000:250"),
            Cite("LOC2012", "risk stratification", "001:45"),
        ),
        weight=Weight.NOTE,
        rank=35,
    ),
)
