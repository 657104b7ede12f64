"""Relapsed or refractory ALL in adults: rules A-1 to A-17 of UTD2022 (clinical model section 4).

Reinduction is spoken of while the patient is not in remission. Figures are those of groups in studies.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.patient.findings import Expression
from cds_rules.request import Test
from cds_rules.treatment import adult_evidence
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspects.active import ACTIVE
from cds_rules.treatment.aspects.adult import (
    ANTIGEN_DIRECTED,
    CURE_DECLINED,
    OFF_TREATMENT,
    TKI_BEFORE,
    OffTreatment,
    TkiBefore,
)
from cds_rules.treatment.aspects.car_t import BLINATUMOMAB, REFRACTORY_LABEL, Blinatumomab
from cds_rules.treatment.aspects.cns import RADIATED_SINCE, adult_cns
from cds_rules.treatment.aspects.course import (
    CAR_T_GIVEN,
    any_relapse,
    b_lineage,
    first_relapse,
    later_relapse,
    t_lineage,
)
from cds_rules.treatment.aspects.done import CD19_CD22_DONE
from cds_rules.treatment.aspects.earlier import SINCE_ALLOGENEIC, AfterAllogeneic, two_regimens
from cds_rules.treatment.aspects.findings import BCR_ABL1, CD19, CD22, T315I
from cds_rules.treatment.aspects.mrd_course import BEFORE_TRANSPLANT, Positivity
from cds_rules.treatment.aspects.person import AGE, Age
from cds_rules.treatment.aspects.state import IN_REMISSION, PRIMARY_REFRACTORY
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

_ADULT = Audience.ADULT
_relapsed_or_refractory = any_relapse | PRIMARY_REFRACTORY.yes
_ill = _relapsed_or_refractory & ACTIVE.yes
"""Those for whom remission induction is chosen."""
_not_transplanted = TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
_ahead = _not_transplanted & CAR_T_GIVEN.no
"""No transplant yet. UTD2022 does not speak of one after CAR-T: other rules do."""
_timely = ACTIVE.yes | _ahead
"""Not for those in remission after a transplant or CAR-T: what comes next is said by other rules."""
_first_transplant = _relapsed_or_refractory & _ahead & SINCE_ALLOGENEIC.is_(AfterAllogeneic.NOT_AFTER)
_cd19 = CD19.is_(Expression.POSITIVE, Expression.DIM)
_cd22 = CD22.is_(Expression.POSITIVE, Expression.DIM)
_ph_negative = b_lineage & BCR_ABL1.no & _ill
_not_failed = BLINATUMOMAB.is_(Blinatumomab.NEVER, Blinatumomab.RESPONDED)
"""UTD2022 does not speak of blinatumomab after it failed: not named first again (project's reading)."""
_ph = _relapsed_or_refractory & BCR_ABL1.yes

_SUMMARY = Cite("UTD2022", "summary, remission induction", "003:302-308")
_CHOICE = Cite("UTD2022", "selection of therapy", "003:82-94")
_CAR_T = "CAR-T"
_PH = Cite("UTD2022", "Philadelphia chromosome positive ALL", "003:176-180")
_PH_SUMMARY = Cite("UTD2022", "summary, Philadelphia chromosome", "003:310")
_AUTOLOGOUS = "autologous HCT"

_REINDUCTION: tuple[Advice, ...] = (
    Advice(
        "A-1",
        Decision.REINDUCTION,
        "Ph-negative B-ALL with CD19: blinatumomab is suggested rather than chemotherapy (grade 2B)",
        "Larson (2022), for most adults and only where the blasts carry CD19; inotuzumab is the other "
        "choice where they carry CD22. Access and expected toxicity count as well.",
        _ph_negative & _cd19 & _not_failed,
        (_SUMMARY, _CHOICE),
        _ADULT,
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("B-1", "C-5"),
        rank=12,
    ),
    Advice(
        "A-1a",
        Decision.REINDUCTION,
        "Ph-negative B-ALL with CD22: inotuzumab is suggested rather than chemotherapy (grade 2B)",
        "Larson (2022), for most adults and only where the blasts carry CD22; blinatumomab is the other "
        "choice where they carry CD19. Access and expected toxicity count as well.",
        _ph_negative & _cd22,
        (_SUMMARY, _CHOICE),
        _ADULT,
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("B-1", "C-5a", "C-5b"),
        rank=12,
    ),
    Advice(
        "A-1b",
        Decision.REINDUCTION,
        "Blasts are CD19-negative: no blinatumomab while they are",
        "Larson (2022) asks for CD19 on the blasts; under blinatumomab they can lose it, and relapse.",
        b_lineage & _ill & CD19.is_(Expression.NEGATIVE),
        (_SUMMARY, _CHOICE),
        _ADULT,
        rank=8,
    ),
    Advice(
        "A-1c",
        Decision.REINDUCTION,
        "Blasts are CD22-negative: no inotuzumab while they are",
        "Larson (2022) asks for CD22 on the blasts, which about 90 % of adults have; under inotuzumab they "
        "can lose it, and relapse.",
        b_lineage & _ill & CD22.is_(Expression.NEGATIVE),
        (_SUMMARY, _CHOICE),
        _ADULT,
        rank=8,
    ),
    Advice(
        "A-1d",
        Decision.REINDUCTION,
        "Blinatumomab, inotuzumab and CAR-T have not been compared with each other at random",
        "Larson (2022): antigens, expected toxicity and access inform the choice; inotuzumab can be given to "
        "outpatients and is better tolerated than blinatumomab. All need an experienced center.",
        b_lineage & _ill & _cd19 & _cd22,
        (_SUMMARY, _CHOICE),
        _ADULT,
        Weight.NOTE,
        rank=13,
    ),
    Advice(
        "A-2",
        Decision.REINDUCTION,
        "B-ALL up to 25 years, refractory or second or later relapse: CAR-T is an acceptable alternative",
        "Larson (2022) names CAR-T (tisagenlecleucel as the example) beside blinatumomab and inotuzumab, in "
        "centers with the resources for it. Criteria of the label: C-1.",
        b_lineage
        & (later_relapse | REFRACTORY_LABEL.yes)
        & ACTIVE.yes
        & AGE.is_(Age.TO_21, Age.TO_25)
        & CAR_T_GIVEN.no
        & _cd19,
        (_SUMMARY, Cite("UTD2022", _CAR_T, "003:132")),
        _ADULT,
        tests=(Test.CAR_T_REFERRAL,),
        rank=14,
    ),
    Advice(
        "A-2a",
        Decision.REINDUCTION,
        "Relapsed or refractory B-ALL in adults: brexucabtagene is approved for it in the US",
        "Larson (2022). Criteria of the label and of its trial: C-1b, C-1c.",
        b_lineage & _ill & CAR_T_GIVEN.no & _cd19,
        (Cite("UTD2022", _CAR_T, "003:134"),),
        _ADULT,
        Weight.NOTE,
        (Test.CAR_T_REFERRAL,),
        rank=15,
    ),
    Advice(
        "A-3",
        Decision.REINDUCTION,
        "Relapse more than 2 years after treatment ended: induction as for new ALL may bring remission",
        "Larson (2022), who calls chemotherapy an acceptable alternative, above all in such late relapses.",
        _ill & first_relapse & OFF_TREATMENT.is_(OffTreatment.OVER_2_YEARS),
        (Cite("UTD2022", "selection of therapy", "003:94"), _SUMMARY),
        _ADULT,
        rank=16,
    ),
    Advice(
        "A-5",
        Decision.REINDUCTION,
        "T-ALL: chemotherapy, nelarabine, or both",
        "Larson (2022). Nelarabine alone brought complete remission in 20 to 35 %; its neurotoxicity can be "
        "severe and limits it.",
        t_lineage & _ill,
        (
            Cite("UTD2022", "T cell ALL", "003:200"),
            Cite("UTD2022", "summary, T ALL", "003:312"),
            Cite("UTD2022", "nelarabine", "003:166"),
        ),
        _ADULT,
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        rank=12,
    ),
    Advice(
        "A-5a",
        Decision.REINDUCTION,
        "T-ALL after at least two regimens: the criteria of nelarabine's US label are met",
        "Larson (2022) gives the label as T-ALL that did not respond to, or relapsed after, at least two "
        "chemotherapy regimens. Lines of treatment on record are counted here.",
        t_lineage & _ill & two_regimens,
        (Cite("UTD2022", "nelarabine", "003:168"),),
        _ADULT,
        Weight.NOTE,
        rank=13,
    ),
    Advice(
        "A-5b",
        Decision.REINDUCTION,
        "Liposomal vincristine: named for T-ALL, but withdrawn from the US market in May 2022",
        "It was sold in the US only. Larson (2022) reports this, and still lists it beside nelarabine in the "
        "text on T-ALL and in the summary.",
        t_lineage & _ill,
        (
            Cite("UTD2022", "liposomal vincristine", "003:170"),
            Cite("UTD2022", "T cell ALL", "003:200"),
            Cite("UTD2022", "summary, T ALL", "003:312"),
        ),
        _ADULT,
        Weight.NOTE,
        rank=60,
    ),
    Advice(
        "A-8",
        Decision.CNS,
        "Adult with CNS involvement: cranial radiation and intrathecal chemotherapy",
        "Larson (2022): typically 2400 cGy to the whole cranium in 12 doses, and at least six doses of "
        "intrathecal methotrexate. Any blasts in a tap without blood count as involvement.",
        any_relapse & adult_cns & RADIATED_SINCE.no,
        (Cite("UTD2022", "central nervous system involvement", "003:198"),),
        _ADULT,
        versus=("N-3", "N-4", "N-4a", "N-5"),
        rank=44,
    ),
    Advice(
        "A-14",
        Decision.REINDUCTION,
        "Blinatumomab: patients are in hospital at its start, watched for cytokine release and neurotoxicity",
        "Both are boxed warnings and can be fatal (Larson 2022). Some patients may benefit from chemotherapy "
        "first, to reduce the disease; no threshold is named.",
        b_lineage & _ill & _cd19,
        (
            Cite("UTD2022", "blinatumomab", "003:114"),
            Cite("UTD2022", "selection of therapy", "003:86"),
        ),
        _ADULT,
        rank=20,
    ),
    Advice(
        "A-17",
        Decision.EVALUATION,
        "Blasts can lose CD19 or CD22 under blinatumomab, inotuzumab or CAR-T: test both again now",
        "Larson (2022): loss of the antigen under blinatumomab or inotuzumab has led to relapse. To test at "
        "each relapse, and after CAR-T too, is the project's reading.",
        b_lineage & any_relapse & ACTIVE.yes & ANTIGEN_DIRECTED.yes & CD19_CD22_DONE.no,
        (Cite("UTD2022", "selection of therapy", "003:92"),),
        _ADULT,
        tests=(Test.IMMUNOPHENOTYPE,),
        rank=11,
    ),
)

_PHILADELPHIA: tuple[Advice, ...] = (
    Advice(
        "A-4",
        Decision.REINDUCTION,
        "Ph-positive: choose the TKI by earlier exposure, mutations, other illness and toxicity",
        "Larson (2022): treatment should include an inhibitor of BCR::ABL1; which is best is not known. The "
        "mutation analysis that it rests on is EV-9.",
        _ph & _timely,
        (_PH, _PH_SUMMARY),
        _ADULT,
        versus=("P-11",),
        rank=10,
    ),
    Advice(
        "A-4a",
        Decision.REINDUCTION,
        "T315I mutation: among inhibitors only ponatinib has substantial activity",
        "Larson (2022): so neither imatinib nor the second generation (dasatinib, nilotinib, bosutinib) has.",
        _ph & T315I.yes,
        (_PH,),
        _ADULT,
        rank=9,
    ),
    Advice(
        "A-4b",
        Decision.REINDUCTION,
        "Ph-positive after an earlier TKI, without T315I: a second-generation inhibitor may work",
        "Larson (2022): dasatinib, nilotinib or bosutinib may be used after intolerance, and in many cases "
        "of resistance, mostly with chemotherapy.",
        _ph & ACTIVE.yes & T315I.no & TKI_BEFORE.is_(TkiBefore.IMATINIB, TkiBefore.SECOND),
        (_PH,),
        _ADULT,
        rank=11,
    ),
    Advice(
        "A-4c",
        Decision.REINDUCTION,
        "Ph-positive B-ALL with CD19: blinatumomab is an acceptable alternative",
        "Larson (2022) names it beside inhibitors, as a bridge to transplant.",
        _ph & ACTIVE.yes & b_lineage & _cd19 & _not_failed,
        (_PH, _PH_SUMMARY),
        _ADULT,
        rank=13,
    ),
    Advice(
        "A-4d",
        Decision.TRANSPLANT,
        "Ph-positive: go on to allogeneic transplant as soon as there is a remission",
        "Larson (2022): a second response is likely to be short.",
        _ph & _ahead & SINCE_ALLOGENEIC.is_(AfterAllogeneic.NOT_AFTER),
        (_PH,),
        _ADULT,
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        rank=11,
    ),
)

_TRANSPLANT: tuple[Advice, ...] = (
    Advice(
        "A-6",
        Decision.TRANSPLANT,
        "Remission induction, then allogeneic transplant as soon as there is a remission (grade 1B)",
        "Larson (2022) recommends it for most adults, as remissions last a few months. HLA typing belongs to "
        "the evaluation.",
        _first_transplant,
        (
            Cite("UTD2022", "summary, goal of treatment", "003:292"),
            Cite("UTD2022", "selection of therapy", "003:72"),
            Cite("UTD2022", "pretreatment evaluation", "003:54"),
        ),
        _ADULT,
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("B-5", "N-3b", "N-5c"),
        rank=10,
    ),
    Advice(
        "A-7",
        Decision.TRANSPLANT,
        "Autologous transplant has little benefit in adults with ALL",
        "Larson (2022): relapse after it is unacceptably common beyond first remission.",
        _relapsed_or_refractory & _ahead,
        (Cite("UTD2022", _AUTOLOGOUS, "003:228-230"),),
        _ADULT,
        rank=40,
    ),
    Advice(
        "A-7a",
        Decision.TRANSPLANT,
        "Ph-positive without MRD: autologous transplant in molecular remission is under investigation",
        "Larson (2022) names it as a special situation: cells collected once BCR::ABL1 is negative, and an "
        "inhibitor afterwards; some stayed free of disease. Negative flow alone is no molecular remission.",
        _ph & IN_REMISSION.yes & _ahead & BEFORE_TRANSPLANT.is_(Positivity.NEGATIVE),
        (Cite("UTD2022", _AUTOLOGOUS, "003:232"),),
        _ADULT,
        Weight.NOTE,
        rank=41,
    ),
    Advice(
        "A-7b",
        Decision.TRANSPLANT,
        "MRD-negative by sensitive flow: autologous transplant may be a special situation",
        "Larson (2022) leaves it open and gives no figure. Negative PCR is taken for it too (project's).",
        _relapsed_or_refractory & IN_REMISSION.yes & _ahead & BEFORE_TRANSPLANT.is_(Positivity.NEGATIVE),
        (Cite("UTD2022", _AUTOLOGOUS, "003:232"),),
        _ADULT,
        Weight.NOTE,
        rank=42,
    ),
)

_SUPPORT: tuple[Advice, ...] = (
    Advice(
        "A-9",
        Decision.SUPPORT,
        "Clinical trial: often no better therapy can be offered",
        "Larson (2022), of trials that are well designed, valid and reviewed; one of three ways to induce a "
        "remission that he lists.",
        _relapsed_or_refractory & _timely,
        (Cite("UTD2022", "clinical trials", "003:272"), Cite("UTD2022", "selection", "003:74-80")),
        _ADULT,
        tests=(Test.TRIAL_REFERRAL,),
        rank=10,
    ),
    Advice(
        "A-9a",
        Decision.SUPPORT,
        "Relapsed ALL in a child: a prospective controlled trial is recommended in every case",
        "Locatelli et al. (2012), whatever the risk group: no reinduction is proven superior.",
        any_relapse & _timely,
        (Cite("LOC2012", "what we do for relapsed ALL", "001:78"),),
        tests=(Test.TRIAL_REFERRAL,),
        rank=11,
    ),
    Advice(
        "A-10",
        Decision.SUPPORT,
        "Remission induction not chosen: palliative, symptom-directed care is appropriate",
        "Larson (2022) names frailty, other illness and the patient's wish as reasons.",
        _ill & CURE_DECLINED.yes,
        (Cite("UTD2022", "remission induction", "003:66"),),
        _ADULT,
        tests=(Test.PALLIATIVE_REFERRAL,),
        rank=20,
    ),
)

ADVICE: tuple[Advice, ...] = (
    *_REINDUCTION,
    *_PHILADELPHIA,
    *_TRANSPLANT,
    *_SUPPORT,
    *adult_evidence.ADVICE,
)
