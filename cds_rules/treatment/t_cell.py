"""Relapse of T-ALL, at any site and time: rules L-1 to L-7 (clinical model section 4)."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspects.active import ACTIVE
from cds_rules.treatment.aspects.cns import RADIATED_SINCE
from cds_rules.treatment.aspects.course import (
    CNS,
    TRANSPLANT_BEFORE,
    any_relapse,
    before_18_months,
    first_relapse,
    isolated_cns,
    later_relapse,
    marrow_relapse,
    t_lineage,
)
from cds_rules.treatment.aspects.reinduction import REMISSION_AFTER
from cds_rules.treatment.aspects.response import RESPONSE_ON_RECORD
from cds_rules.treatment.aspects.t_cell import INTRATHECAL, NELARABINE, Given
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

_FIRST = (
    t_lineage & first_relapse & TRANSPLANT_BEFORE.no & TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
)
"""First relapse of T-ALL, with a transplant neither before it nor since."""
_ANY = t_lineage & any_relapse
_HUNGER = Cite("HR2020", "patient 3, T-ALL", "000:248")
_TARGETED = Cite("HR2020", "patient 3, targeted agents; table 3", "000:250-254, 154-226")
_PROFILE = Cite("HR2020", "patient 3, genetics", "000:250")
_NUCLEOSIDE = Cite("LOC2012", "nucleoside analogs", "001:133-135")

ADVICE: tuple[Advice, ...] = (
    Advice(
        "L-1",
        Decision.REINDUCTION,
        "T-ALL: reinduction, and transplant as soon as there is an MRD-negative remission",
        "Hunger & Raetz (2020), whatever the site and time. They use UKALL R3, in hospital until counts "
        "recover and with antimicrobial prophylaxis; NECTAR (nelarabine, cyclophosphamide, etoposide) and "
        "bortezomib with four drugs are named too, none proven superior.",
        _FIRST & RESPONSE_ON_RECORD.no,
        (_HUNGER,),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("L-1c",),
        rank=10,
    ),
    Advice(
        "L-1d",
        Decision.CONSOLIDATION,
        "T-ALL after reinduction: transplant as soon as there is an MRD-negative remission",
        "Hunger & Raetz (2020): from the best available donor, whatever the site and time of the relapse.",
        _FIRST & RESPONSE_ON_RECORD.yes,
        (_HUNGER,),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("L-1c", "H-9"),
        rank=11,
    ),
    Advice(
        "L-1a",
        Decision.CONSOLIDATION,
        "T-ALL in remission after marrow relapse: usually transplant in CR2, whenever the relapse came",
        "NCI PDQ 2014: chemotherapy alone after reinduction has generally given poor results.",
        _FIRST & marrow_relapse & REMISSION_AFTER.yes,
        (Cite("PDQ2014", "T-cell ALL in second remission", "002:141-143"),),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        rank=12,
    ),
    Advice(
        "L-1b",
        Decision.CNS,
        "T-ALL with CNS relapse: therapy directed at the CNS as well, intrathecal and cranial radiation",
        "Locatelli et al. give radiation with systemic chemotherapy to every patient with CNS involvement: "
        "18 Gy, or 15 Gy after earlier cranial radiation above 20 Gy. Hunger & Raetz add CNS-directed "
        "therapy, classically cranial irradiation.",
        _FIRST & CNS.yes & RADIATED_SINCE.no,
        (
            Cite("LOC2012", "CNS relapse", "001:89-98"),
            Cite("HR2020", "isolated CNS relapse", "000:236"),
        ),
        rank=15,
    ),
    Advice(
        "L-1c",
        Decision.CNS,
        "T-ALL, isolated CNS relapse <18 months: transplant requires further study (2014)",
        "NCI PDQ 2014 leaves it open, above all for T-ALL. Hunger & Raetz 2020 prefer transplant for every "
        "relapse of T-ALL.",
        _FIRST & isolated_cns & before_18_months,
        (Cite("PDQ2014", "CNS relapse, HSCT", "002:211-216"),),
        weight=Weight.NOTE,
        versus=("L-1", "L-1d"),
        rank=16,
    ),
    Advice(
        "L-2",
        Decision.REINDUCTION,
        "T-ALL: nelarabine and intrathecal chemotherapy not at the same time",
        "Hunger & Raetz avoid giving them together, because of neurotoxicity.",
        _ANY,
        (_HUNGER,),
        Audience.ANY,
        rank=20,
    ),
    Advice(
        "L-2a",
        Decision.REINDUCTION,
        "T-ALL: nelarabine and intrathecal chemotherapy are both on record in the last 28 days",
        "Hunger & Raetz avoid giving them together, because of neurotoxicity. They name no interval: "
        "28 days are the project's.",
        _ANY & NELARABINE.is_(Given.RECENT) & INTRATHECAL.is_(Given.RECENT),
        (_HUNGER,),
        Audience.ANY,
        rank=5,
    ),
    Advice(
        "L-3",
        Decision.REINDUCTION,
        "T-ALL without remission after reinduction: targeted agents and trials can be considered",
        "Hunger & Raetz (2020), if reinduction or NECTAR fails: daratumumab, venetoclax with or without "
        "navitoclax, inhibitors of CDK4/6 or mTOR, each with few data; their table of trials adds proteasome "
        "inhibitors.",
        _ANY & REMISSION_AFTER.no,
        (_TARGETED,),
        tests=(Test.SEQUENCING, Test.TRIAL_REFERRAL),
        rank=30,
    ),
    Advice(
        "L-3a",
        Decision.EVALUATION,
        "T-ALL: a molecular profile may show a target; risk groups do not go by it",
        "Hunger & Raetz (2020): ABL-class fusions that can be targeted occur, and JAK-STAT activation in "
        "early T-cell precursor ALL. The request itself is EV-6a.",
        _ANY,
        (_PROFILE,),
        weight=Weight.NOTE,
        rank=60,
    ),
    Advice(
        "L-4",
        Decision.REINDUCTION,
        "T-ALL: NECTAR may be more practical after induction, above all with CNS disease",
        "Nelarabine is kept apart from intrathecal chemotherapy, which induction needs (Hunger & Raetz "
        "2020).",
        _FIRST,
        (_HUNGER,),
        rank=25,
    ),
    Advice(
        "L-5",
        Decision.PROGNOSIS,
        "T-ALL: CR2 44 % with NECTAR, 68 +/- 10 % with bortezomib and four drugs (22 patients)",
        "A phase 1 trial of NECTAR, and COG AALL07P1. In another series of NECTAR, relapsed or refractory, 5 "
        "of 5 had a remission (Hunger & Raetz 2020).",
        t_lineage & first_relapse & ACTIVE.yes,
        (_HUNGER,),
        weight=Weight.NOTE,
        rank=40,
    ),
    Advice(
        "L-5a",
        Decision.PROGNOSIS,
        "T-ALL in first relapse, CNS not involved: remission in 46 % with nelarabine alone",
        "Locatelli et al. from a phase 2 study of refractory T-ALL: 35 % of 79 without CNS involvement. "
        "NCI PDQ 2014 gives a response of about 50 % in first marrow relapse.",
        t_lineage & first_relapse & CNS.no & ACTIVE.yes,
        (_NUCLEOSIDE, Cite("PDQ2014", "T-cell ALL, reinduction", "002:120-122")),
        weight=Weight.NOTE,
        rank=41,
    ),
    Advice(
        "L-5b",
        Decision.PROGNOSIS,
        "T-ALL in second relapse, CNS not involved: remission in 25 % with nelarabine alone",
        "Locatelli et al. from a phase 2 study of refractory T-ALL; 46 % in first relapse.",
        t_lineage & later_relapse & CNS.no & ACTIVE.yes,
        (_NUCLEOSIDE,),
        weight=Weight.NOTE,
        rank=41,
    ),
    Advice(
        "L-5c",
        Decision.PROGNOSIS,
        "T-ALL with CNS disease: remission in 21 % with nelarabine alone",
        "Locatelli et al. from a phase 2 study of refractory T-ALL; 35 % of those without CNS involvement.",
        _ANY & CNS.yes & ACTIVE.yes,
        (_NUCLEOSIDE,),
        weight=Weight.NOTE,
        rank=41,
    ),
    Advice(
        "L-6",
        Decision.PROGNOSIS,
        "T-ALL: response to venetoclax, navitoclax and chemotherapy in 6 of 7 children, early data",
        "Hunger & Raetz from a phase 1 trial of relapsed or refractory T-ALL and lymphoma: best response a "
        "complete remission, with or without full counts, in 5.",
        _ANY & ACTIVE.yes,
        (_TARGETED,),
        weight=Weight.NOTE,
        rank=42,
    ),
    Advice(
        "L-7",
        Decision.REINDUCTION,
        "T-ALL: clofarabine combinations brought fewer remissions than in B-ALL",
        "Locatelli et al. (2012), from two studies; they consider these regimens for B-ALL that resists or "
        "has relapsed in the marrow a second time.",
        _ANY & ACTIVE.yes,
        (_NUCLEOSIDE,),
        weight=Weight.NOTE,
        rank=45,
    ),
)
