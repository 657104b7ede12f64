"""Isolated CNS relapse of B-ALL: rules N-1 to N-4 and N-9 to N-12 (clinical model section 4).

N-5 to N-8 are in `cns_evidence`. Early and late are the line of 18 months from diagnosis. For CNS relapse
of T-ALL see `t_cell`. Doses of radiation are what the named source reports.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspects.cns import (
    CRANIAL_RADIATION,
    FIRST_REMISSION,
    RADIATED_SINCE,
    CranialRadiation,
    FirstRemission,
    adult_cns,
    from_18_months,
)
from cds_rules.treatment.aspects.course import (
    CAR_T_GIVEN,
    CNS,
    REFRACTORY,
    TRANSPLANT_BEFORE,
    any_relapse,
    b_lineage,
    before_18_months,
    first_relapse,
    isolated_cns,
)
from cds_rules.treatment.aspects.mrd_course import Positivity
from cds_rules.treatment.aspects.person import AGE, Age
from cds_rules.treatment.aspects.reinduction import END_REINDUCTION_MRD
from cds_rules.treatment.aspects.response import RESPONSE_ON_RECORD
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse
from cds_rules.treatment.cns_evidence import EVIDENCE

_FIRST = b_lineage & first_relapse & TRANSPLANT_BEFORE.no
_AHEAD = CAR_T_GIVEN.no & TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
"""Neither CAR-T nor a transplant in this course yet: after them other rules speak."""
_SCOPE = _FIRST & isolated_cns & _AHEAD
_EARLY = _SCOPE & before_18_months
_LATE = _SCOPE & from_18_months
_INVOLVED = _FIRST & CNS.yes & _AHEAD & RADIATED_SINCE.no
_D = Decision.CNS
_PATIENT_2 = "patient 2, isolated CNS relapse"
_LOCATELLI = Cite("LOC2012", "CNS relapse", "001:89-98")

_HERE: tuple[Advice, ...] = (
    Advice(
        "N-1",
        _D,
        "Isolated CNS relapse: UKALL R3 reinduction with weekly triple intrathecal chemotherapy",
        "Hunger & Raetz give the dexamethasone-based UKALL R3 reinduction because most later failures are in "
        "the marrow. They say that triple intrathecal chemotherapy is generally held to be better than "
        "intrathecal methotrexate alone in overt CNS leukemia.",
        _SCOPE & RESPONSE_ON_RECORD.no,
        (Cite("HR2020", _PATIENT_2, "000:236-238"),),
        rank=10,
    ),
    Advice(
        "N-2",
        _D,
        "Early isolated CNS relapse (<18 months): transplant in CR2 after three blocks",
        "Once three blocks of reinduction have brought a remission, Hunger & Raetz recommend transplant from "
        "the best available donor after total body irradiation with a boost to the CNS.",
        _EARLY & REFRACTORY.no,
        (Cite("HR2020", _PATIENT_2, "000:232-238"),),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("N-2a", "N-5b", "N-6b"),
        rank=20,
    ),
    Advice(
        "N-2a",
        _D,
        "First remission <18 months: the outcome has to be improved, perhaps also by transplant",
        "Locatelli et al. find the chance of rescue high after late CNS relapse and too low after early CNS "
        "recurrence; for the latter they name transplant as one possible way (4-year EFS 46 to 52 % in two "
        "POG studies).",
        _SCOPE & FIRST_REMISSION.is_(FirstRemission.BEFORE_18),
        (_LOCATELLI,),
        weight=Weight.NOTE,
        versus=("N-2",),
        rank=21,
    ),
    Advice(
        "N-3",
        _D,
        "Late isolated CNS relapse (>=18 months): two years of chemotherapy, cranial radiation near month 12",
        "Hunger & Raetz recommend intensive chemotherapy for two years with cranial radiation (1800 cGy) "
        "delayed to about month 12, and transplant only if marrow MRD stays positive at the end of "
        "reinduction.",
        _LATE & REFRACTORY.no,
        (Cite("HR2020", _PATIENT_2, "000:240"),),
        versus=("A-8", "N-10"),
        rank=30,
    ),
    Advice(
        "N-3a",
        _D,
        "Late isolated CNS relapse, marrow MRD positive at the end of reinduction: transplant",
        "Hunger & Raetz (2020) call it very uncommon. They give no level of MRD here: positive is read as "
        "0.01 % or more after block 1.",
        _LATE & REFRACTORY.no & END_REINDUCTION_MRD.is_(Positivity.POSITIVE),
        (Cite("HR2020", _PATIENT_2, "000:240"),),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("N-5c",),
        rank=29,
    ),
    Advice(
        "N-3b",
        _D,
        "Late isolated CNS relapse, marrow MRD negative at the end of reinduction: no transplant",
        "Hunger & Raetz (2020) would transplant only if it stayed positive. Locatelli et al. (2012) go by "
        "MRD after consolidation (B-6a).",
        _LATE & REFRACTORY.no & END_REINDUCTION_MRD.is_(Positivity.NEGATIVE),
        (Cite("HR2020", _PATIENT_2, "000:240"),),
        versus=("A-6", "B-6a"),
        rank=31,
    ),
    Advice(
        "N-4",
        _D,
        "CNS involved, no earlier cranial radiation above 20 Gy: 18 Gy after intensive chemotherapy",
        "Locatelli et al. (2012) use it for every patient with CNS involvement. How it goes together with "
        "total body irradiation before a transplant their text does not say.",
        _INVOLVED & CRANIAL_RADIATION.is_(CranialRadiation.NONE, CranialRadiation.TO_20),
        (_LOCATELLI,),
        versus=("A-8", "N-10"),
        rank=40,
    ),
    Advice(
        "N-4a",
        _D,
        "CNS involved, earlier cranial radiation above 20 Gy: the source reports 15 Gy",
        "Locatelli et al. (2012), instead of their 18 Gy. How it goes together with total body irradiation "
        "before a transplant their text does not say.",
        _INVOLVED & CRANIAL_RADIATION.is_(CranialRadiation.OVER_20),
        (_LOCATELLI,),
        versus=("A-8", "N-7", "N-10"),
        rank=40,
    ),
    Advice(
        "N-9",
        _D,
        "Early isolated CNS relapse: transplant and chemotherapy were never compared at random",
        "COG AALL0433: 3-year EFS 41 % and OS 52 %. It, UKALL R3 and single centers saw trends in favor of "
        "transplant, in few patients and not significant (Hunger & Raetz 2020).",
        _EARLY,
        (Cite("HR2020", _PATIENT_2, "000:236"),),
        weight=Weight.NOTE,
        rank=60,
    ),
    Advice(
        "N-9a",
        _D,
        "Early isolated CNS relapse: 10-year survival 52 % with transplant in an extramedullary series",
        "Italian children transplanted from 1990 to 2010 for relapse before 18 months at any such site, "
        "against 20 to 30 % in earlier years with chemotherapy and radiation (Hunger & Raetz 2020). "
        "A comparison with the past, not of like patients.",
        _EARLY,
        (Cite("HR2020", _PATIENT_2, "000:236"),),
        weight=Weight.NOTE,
        rank=61,
    ),
    Advice(
        "N-9b",
        _D,
        "Early isolated CNS relapse: high risk in the COG table of 2020",
        "Hunger & Raetz list isolated extramedullary relapse before 18 months as high risk (COG). The COG "
        "table in NCI PDQ 2014 calls it intermediate.",
        _EARLY,
        (Cite("HR2020", "table 1, COG", "000:10-17, 62"),),
        weight=Weight.NOTE,
        versus=("N-9c",),
        rank=65,
    ),
    Advice(
        "N-9c",
        _D,
        "Early isolated CNS relapse: intermediate risk in the COG table of 2014",
        "NCI PDQ 2014 lists isolated CNS relapse of B-precursor ALL before 18 months as intermediate risk "
        "(COG). Hunger & Raetz 2020 call it high.",
        _EARLY,
        (Cite("PDQ2014", "table 4, COG relapse risk", "002:246-250"),),
        weight=Weight.NOTE,
        versus=("N-9b",),
        rank=65,
    ),
    Advice(
        "N-10",
        _D,
        "CNS involved at 18 to 30 years: adult source 24 Gy in 12 fractions, pediatric sources 18 Gy",
        "Larson 2022, for adults: typically 2400 cGy to the whole cranium in 12 doses with intrathecal "
        "chemotherapy, for any blasts in a tap without blood. For children: 18 Gy, or 15 Gy after more than "
        "20 Gy (Locatelli et al. 2012); 18 Gy in late isolated relapse (Hunger & Raetz 2020).",
        any_relapse & adult_cns & RADIATED_SINCE.no & AGE.is_(Age.TO_21, Age.TO_25, Age.TO_30),
        (
            Cite("UTD2022", "central nervous system involvement", "003:198"),
            Cite("LOC2012", "CNS relapse", "001:98"),
            Cite("HR2020", _PATIENT_2, "000:240"),
        ),
        Audience.ADULT,
        versus=("N-3", "N-4", "N-4a", "N-5"),
        rank=45,
    ),
    Advice(
        "N-11",
        _D,
        "Isolated CNS relapse: an Omaya reservoir can be considered",
        "Hunger & Raetz mention it where intrathecal chemotherapy has to be given often.",
        _SCOPE,
        (Cite("HR2020", _PATIENT_2, "000:238"),),
        weight=Weight.NOTE,
        rank=70,
    ),
    Advice(
        "N-12",
        _D,
        "After transplant: intrathecal prophylaxis is controversial",
        "NCI PDQ 2014 calls intrathecal chemotherapy to prevent relapse after transplant controversial. No "
        "source makes it due.",
        any_relapse & TRANSPLANT.is_(InThisCourse.DONE),
        (Cite("PDQ2014", "intrathecal medication after HSCT", "002:179-181"),),
        weight=Weight.NOTE,
        rank=80,
    ),
)

ADVICE: tuple[Advice, ...] = (*_HERE, *EVIDENCE)
