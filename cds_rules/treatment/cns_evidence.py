"""Isolated CNS relapse of B-ALL: rules N-5 to N-8, radiation in the POG studies and CAR-T."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.patient.findings import Expression
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Decision, Weight
from cds_rules.treatment.aspects.cns import (
    CRANIAL_RADIATION,
    FIRST_REMISSION,
    TRANSPLANT_CONTRAINDICATED,
    VERY_YOUNG,
    CranialRadiation,
    FirstRemission,
    from_18_months,
)
from cds_rules.treatment.aspects.course import (
    CAR_T_GIVEN,
    CNS,
    TRANSPLANT_BEFORE,
    any_relapse,
    b_lineage,
    before_18_months,
    first_relapse,
    isolated_cns,
    later_relapse,
)
from cds_rules.treatment.aspects.findings import CD19
from cds_rules.treatment.aspects.mrd_course import Positivity
from cds_rules.treatment.aspects.reinduction import END_REINDUCTION_MRD, REMISSION_AFTER
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

_FIRST = b_lineage & first_relapse & TRANSPLANT_BEFORE.no
_AHEAD = CAR_T_GIVEN.no & TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
"""Neither CAR-T nor a transplant in this course yet: after them other rules speak."""
_SCOPE = _FIRST & isolated_cns & _AHEAD
_NO_RADIATION = CRANIAL_RADIATION.is_(CranialRadiation.NONE)
_CD19 = CD19.is_(Expression.POSITIVE, Expression.DIM)
"""A CAR-T against CD19 is not named to a patient whose blasts are known to lack it."""
_SLOW = REMISSION_AFTER.no | END_REINDUCTION_MRD.is_(Positivity.POSITIVE)
"""HR2020 says "suboptimal response" without a measure: no remission, or MRD positive. Project's reading."""
_D = Decision.CNS
_POG = Cite("PDQ2014", "CNS relapse, chemotherapy and radiation", "002:203-209")
_HSCT = Cite("PDQ2014", "CNS relapse, HSCT", "002:211-216")
_CAR_T = Cite("MYE2023", "table 3, isolated CNS relapse", "004:248-256")

EVIDENCE: tuple[Advice, ...] = (
    Advice(
        "N-5",
        _D,
        "First remission >=18 months, no radiation before: POG study with 18 Gy cranial, 4-year EFS 78 %",
        "One year of intensive systemic and intrathecal chemotherapy, then 18 Gy to the cranium only "
        "(NCI PDQ 2014).",
        _SCOPE & _NO_RADIATION & FIRST_REMISSION.is_(FirstRemission.FROM_18),
        (_POG,),
        weight=Weight.NOTE,
        versus=("A-8", "N-10"),
        rank=50,
    ),
    Advice(
        "N-5a",
        _D,
        "First remission <18 months, no radiation before: POG study with craniospinal 24/15 Gy, EFS 52 %",
        "The same chemotherapy for a year, then 24 Gy to the cranium and 15 Gy to the spine: 4-year EFS 52 % "
        "(NCI PDQ 2014).",
        _SCOPE & _NO_RADIATION & FIRST_REMISSION.is_(FirstRemission.BEFORE_18),
        (_POG,),
        weight=Weight.NOTE,
        versus=("N-8",),
        rank=50,
    ),
    Advice(
        "N-5b",
        _D,
        "Early isolated CNS relapse (<18 months): transplant requires further study (2014)",
        "NCI PDQ 2014. Hunger & Raetz 2020 recommend it.",
        _SCOPE & before_18_months,
        (_HSCT,),
        weight=Weight.NOTE,
        versus=("N-2",),
        rank=22,
    ),
    Advice(
        "N-5c",
        _D,
        "Late isolated CNS relapse (>18 months): transplant is generally not recommended (2014)",
        "NCI PDQ 2014 points to an outcome above 75 % with chemotherapy and radiation alone. It does not "
        "speak of marrow MRD here, nor of exactly 18 months.",
        _SCOPE & from_18_months,
        (_HSCT,),
        versus=("A-6", "N-3a", "B-6a"),
        rank=32,
    ),
    Advice(
        "N-5d",
        _D,
        "Isolated CNS relapse, sibling transplant or chemotherapy with radiation: 8-year LFS 58 and 66 %",
        "Retrospective comparison in a registry, early and late relapses together, adjusted for age and "
        "length of first remission; called similar (NCI PDQ 2014).",
        _SCOPE,
        (_HSCT,),
        weight=Weight.NOTE,
        rank=62,
    ),
    Advice(
        "N-6",
        _D,
        "Isolated CNS relapse with slow response, no transplant possible or very young: CAR-T trial",
        "Hunger & Raetz (2020), very young because cranial radiation then threatens late effects. They do "
        "not measure the response: slow is read as no remission, or MRD-positive marrow after block 1.",
        _SCOPE & _CD19 & (_SLOW | TRANSPLANT_CONTRAINDICATED.yes | VERY_YOUNG.yes),
        (Cite("HR2020", "patient 2, isolated CNS relapse", "000:242"),),
        tests=(Test.TRIAL_REFERRAL, Test.CAR_T_REFERRAL),
        versus=("N-6c",),
        rank=55,
    ),
    Advice(
        "N-6a",
        _D,
        "Multiply relapsed isolated CNS disease: consider CAR-T",
        "Myers et al. (2023), since CD19 CAR-T cells clear CNS disease effectively.",
        b_lineage & later_relapse & isolated_cns & _CD19 & _AHEAD,
        (_CAR_T,),
        tests=(Test.CAR_T_REFERRAL,),
        rank=56,
    ),
    Advice(
        "N-6b",
        _D,
        "Early isolated CNS relapse: consider CAR-T; not an approved indication for tisagenlecleucel",
        "Myers et al. (2023) give no limit for early: 18 months are those of Hunger & Raetz (2020), who "
        "recommend transplant in CR2.",
        _SCOPE & before_18_months & _CD19,
        (_CAR_T,),
        tests=(Test.CAR_T_REFERRAL,),
        versus=("N-2",),
        rank=57,
    ),
    Advice(
        "N-6c",
        _D,
        "Late isolated first CNS relapse: CAR-T is not considered first line",
        "Myers et al. (2023) point to good results of standard therapy.",
        _SCOPE & from_18_months,
        (_CAR_T,),
        versus=("N-6",),
        rank=57,
    ),
    Advice(
        "N-6d",
        _D,
        "CAR-T for isolated CNS disease: complete response in 98 % (43) and 96 % (23), later relapses",
        "CHOP: 38 % relapsed, 2-year OS 91 %. PRWCC, tisagenlecleucel: 32 % relapsed, 2-year OS 81 %. "
        "International, 15 patients: 2-year EFS 44 %, OS 93 % (Myers et al. 2023).",
        b_lineage & any_relapse & isolated_cns & _AHEAD,
        (_CAR_T,),
        weight=Weight.NOTE,
        rank=63,
    ),
    Advice(
        "N-7",
        _D,
        "Cranial radiation cut further, to 1200 cGy: more treatment failures (COG AALL02P2)",
        "Hunger & Raetz report it of a trial that went below 1800 cGy. The 15 Gy that Locatelli et al. give "
        "after earlier cranial radiation above 20 Gy are another matter.",
        _SCOPE,
        (Cite("HR2020", "patient 2, isolated CNS relapse", "000:242"),),
        weight=Weight.NOTE,
        versus=("N-4a",),
        rank=41,
    ),
    Advice(
        "N-8",
        _D,
        "CNS involved: craniospinal radiation has no clear advantage over cranial",
        "Locatelli et al. see no clear evidence for it where systemic therapy is contemporary.",
        _FIRST & CNS.yes & _AHEAD,
        (Cite("LOC2012", "CNS relapse", "001:91-98"),),
        weight=Weight.NOTE,
        versus=("N-5a",),
        rank=42,
    ),
)
