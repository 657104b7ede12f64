"""Second or later relapse, refractory disease, relapse after HSCT, and after HSCT and CAR-T: M-1 to X-6.

M-5 is L-5b; X-3 is P-6 and P-6a. Isolated testicular relapse after transplant (X-6) is T-3.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.patient.findings import Expression
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspects.active import ACTIVE
from cds_rules.treatment.aspects.after_car_t import RELAPSE_SINCE
from cds_rules.treatment.aspects.car_t import REFRACTORY_LABEL
from cds_rules.treatment.aspects.course import (
    CAR_T_GIVEN,
    NUMBER,
    REFRACTORY,
    RelapseNumber,
    any_relapse,
    b_lineage,
    isolated_cns,
    later_relapse,
    marrow_relapse,
    t_lineage,
)
from cds_rules.treatment.aspects.earlier import (
    ALLOGENEIC_TRANSPLANTS,
    REGIMENS,
    SINCE_ALLOGENEIC,
    AfterAllogeneic,
    Regimens,
    Transplants,
    after_allogeneic,
    two_regimens,
)
from cds_rules.treatment.aspects.findings import CD19, CD22
from cds_rules.treatment.aspects.person import AGE, Age
from cds_rules.treatment.aspects.state import IN_REMISSION, PRIMARY_REFRACTORY
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

_D = Decision.LATER_RELAPSE
_NOTE = Weight.NOTE
_cd19 = CD19.is_(Expression.POSITIVE, Expression.DIM)
_cd22 = CD22.is_(Expression.POSITIVE, Expression.DIM)
_ahead = TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
_never_relapsed = NUMBER.is_(RelapseNumber.NONE)
_later_marrow = later_relapse & marrow_relapse
_resistant = REFRACTORY_LABEL.yes
_clofarabine = b_lineage & ACTIVE.yes & (_later_marrow | _resistant)
"""For whom LOC2012 considers clofarabine: resistant, or second or later marrow relapse (001:133)."""
_relapse_after_both = any_relapse & after_allogeneic & CAR_T_GIVEN.yes & RELAPSE_SINCE.yes
"""Relapse after an allogeneic transplant and after CAR-T."""
_after_both = _relapse_after_both & ACTIVE.yes
_not_after_car_t = CAR_T_GIVEN.no | RELAPSE_SINCE.yes
"""CAR-T was not given for this relapse."""
_second_transplant = any_relapse & _ahead & ALLOGENEIC_TRANSPLANTS.is_(Transplants.ONE) & _not_after_car_t
"""Not after CAR-T for this relapse: there P-6 to P-6c speak of a second transplant."""

_BORTEZOMIB = (
    Cite("LOC2012", "bortezomib", "001:153"),
    Cite("PDQ2014", "reinduction chemotherapy", "002:116"),
)
_NOVEL = Cite("LOC2012", "integrating novel drugs", "001:163")
_CLOFARABINE = Cite("LOC2012", "nucleoside analogs", "001:133")
_SECOND_MARROW = Cite("PDQ2014", "second and subsequent bone marrow relapse", "002:147")
_MULTIPLY = Cite("UTD2022", "multiply relapsed disease", "003:202")
_MULTIPLY_SUMMARY = Cite("UTD2022", "summary, second or later relapse", "003:314")
_AFTER_HSCT = Cite("PDQ2014", "relapse after allogeneic HSCT", "002:185")
_AFTER_HSCT_REST = Cite("PDQ2014", "relapse after allogeneic HSCT", "002:187")
_HR_AFTER_HSCT = Cite("HR2020", "patient 1, relapse after HSCT", "000:120")
_HR_CAR_T = Cite("HR2020", "patient 1, CAR-T after HSCT", "000:122-124")
_HR_AFTER_CAR_T = Cite("HR2020", "patient 1, relapse after CAR-T", "000:138")
_HR_LAST = Cite("HR2020", "patient 1, relapse after HSCT and CAR-T", "000:146-148")

_LATER: tuple[Advice, ...] = (
    Advice(
        "M-1",
        _D,
        "Second or later relapse, or refractory disease, in a child: a trial of a novel agent",
        "Locatelli et al. (2012) enroll every such child in a phase 1 or 2 trial whenever feasible. For no "
        "response to reinduction in first relapse see B-14.",
        (later_relapse | (_never_relapsed & PRIMARY_REFRACTORY.yes)) & ACTIVE.yes,
        (_NOVEL,),
        tests=(Test.TRIAL_REFERRAL,),
        versus=("M-1a",),
        rank=10,
    ),
    Advice(
        "M-1a",
        _D,
        "Adult: a trial, immunotherapy, chemotherapy not yet used, or palliative care; none is put first",
        "Larson (2022) lists these for second or later relapse, and for relapse after allogeneic transplant. "
        "His preference for immunotherapy over chemotherapy (A-1, A-1a) is for most adults, not this course.",
        (later_relapse | (any_relapse & after_allogeneic)) & ACTIVE.yes,
        (_MULTIPLY, _MULTIPLY_SUMMARY),
        Audience.ADULT,
        tests=(Test.TRIAL_REFERRAL, Test.PALLIATIVE_REFERRAL),
        versus=("M-1",),
        rank=11,
    ),
    Advice(
        "M-1b",
        _D,
        "Remission after a second or later marrow relapse: transplant is a reasonable approach",
        "NCI PDQ (2014): HSCT cured 20 to 35 % of children who reached this remission; cure with "
        "chemotherapy alone is rare, and no study compares them.",
        _later_marrow
        & IN_REMISSION.yes
        & _ahead
        & CAR_T_GIVEN.no
        & SINCE_ALLOGENEIC.is_(AfterAllogeneic.NOT_AFTER),
        (_SECOND_MARROW,),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("M-1d",),
        rank=12,
    ),
    Advice(
        "M-1c",
        _D,
        "Second or later relapse: about 40 % of children reach remission again",
        "NCI PDQ (2014) of second marrow relapse, with long-term survival from below 10 % to 20 % in all; "
        "Locatelli et al. (2012) of second and later relapse at any site.",
        later_relapse & ACTIVE.yes,
        (_SECOND_MARROW, Cite("LOC2012", "what we do for relapsed ALL", "001:68")),
        weight=_NOTE,
        rank=40,
    ),
    Advice(
        "M-1d",
        _D,
        "Third remission after a second marrow relapse: of 235 patients 19 (8 %) survived",
        "Locatelli et al. (2012), of all who reached it. NCI PDQ (2014) gives 20 to 35 % for those who were "
        "transplanted.",
        _later_marrow & IN_REMISSION.yes & CAR_T_GIVEN.no,
        (Cite("LOC2012", "what we do for relapsed ALL", "001:68"),),
        weight=_NOTE,
        versus=("M-1b",),
        rank=41,
    ),
    Advice(
        "M-1e",
        _D,
        "Relapse after transplant and CAR-T: talk with patient and family about goals, quality of life too",
        "Hunger & Raetz (2020) still see some chance of cure in good health, and would explore thoroughly "
        "with patient and family whether to aim at cure or at quality of life, palliative therapy included.",
        _after_both,
        (Cite("HR2020", "patient 1, relapse after CAR-T", "000:136"), _HR_LAST),
        tests=(Test.PALLIATIVE_REFERRAL,),
        rank=9,
    ),
    Advice(
        "M-2",
        _D,
        "B-ALL, resistant or in second or later marrow relapse: consider clofarabine combinations",
        "Locatelli et al. (2012) consider them in children; remission, with or without platelet recovery, in "
        "40 to 60 % with cyclophosphamide and etoposide. NCI PDQ (2014) has 42 to 56 %.",
        _clofarabine,
        (_CLOFARABINE, Cite("PDQ2014", "reinduction chemotherapy", "002:114")),
        rank=30,
    ),
    Advice(
        "M-2a",
        _D,
        "Clofarabine: the criteria of its US label are met (1 to 21 years, two regimens before)",
        "Larson (2022) and Locatelli et al. (2012) give the label as relapsed or refractory ALL after at "
        "least two regimens. Lines of treatment on record are counted here.",
        (any_relapse | _resistant) & ACTIVE.yes & AGE.is_(Age.CHILD, Age.TO_21) & two_regimens,
        (Cite("UTD2022", "clofarabine", "003:156"), _CLOFARABINE),
        Audience.ANY,
        _NOTE,
        rank=31,
    ),
    Advice(
        "M-2b",
        _D,
        "Clofarabine: veno-occlusive liver disease was seen above all in patients transplanted before",
        "Locatelli et al. (2012), of combinations with cyclophosphamide and etoposide; fatal infections too.",
        _clofarabine & after_allogeneic,
        (_CLOFARABINE,),
        weight=_NOTE,
        rank=32,
    ),
    Advice(
        "M-2c",
        _D,
        "Clofarabine in adults: response in about 17 %, limited data",
        "Larson (2022): 25 adults in phase 1/2 trials; 37 with cytarabine added had the same rate. Shown "
        "where the disease is refractory, or from the second relapse on.",
        (later_relapse | _resistant) & ACTIVE.yes,
        (Cite("UTD2022", "clofarabine", "003:158-162"),),
        Audience.ADULT,
        _NOTE,
        rank=33,
    ),
    Advice(
        "M-3",
        _D,
        "Clofarabine regimens: remission in 86 % at first, 40 % at second and 20 % at third relapse (UK)",
        "Children treated in the United Kingdom, as Locatelli et al. (2012) report them.",
        _clofarabine,
        (_CLOFARABINE,),
        weight=_NOTE,
        rank=34,
    ),
    Advice(
        "M-4",
        _D,
        "Bortezomib with four drugs after 2 or 3 regimens: remission in 80 % of children with B-ALL",
        "73 % over all lineages, 22 children (Locatelli et al. 2012); it took none refractory to reinduction "
        "(NCI PDQ 2014). Complete, with or without platelet recovery.",
        b_lineage & later_relapse & REFRACTORY.no & ACTIVE.yes & REGIMENS.is_(Regimens.TO_3),
        _BORTEZOMIB,
        weight=_NOTE,
        rank=35,
    ),
    Advice(
        "M-4a",
        _D,
        "Bortezomib with four drugs after 2 or 3 regimens: remission in 73 % of 22 children, of any lineage",
        "Locatelli et al. (2012), who give no figure for T-ALL alone; L-5 has one of another trial. It took "
        "none refractory to reinduction (NCI PDQ 2014).",
        t_lineage & later_relapse & REFRACTORY.no & ACTIVE.yes & REGIMENS.is_(Regimens.TO_3),
        _BORTEZOMIB,
        weight=_NOTE,
        rank=35,
    ),
)

_AFTER_TRANSPLANT: tuple[Advice, ...] = (
    Advice(
        "X-1",
        _D,
        "B-ALL relapse after transplant, CD19 on the blasts: CAR-T rather than a second transplant",
        "Hunger & Raetz (2020) aim at tisagenlecleucel or a trial of other CAR-T, given the limits of a "
        "second HSCT, and collect T cells before other treatment if they can. Labels: C-1.",
        any_relapse & b_lineage & after_allogeneic & CAR_T_GIVEN.no & _ahead & _cd19,
        (_HR_CAR_T,),
        tests=(Test.CAR_T_REFERRAL, Test.LYMPHOCYTES),
        versus=("X-2",),
        rank=8,
    ),
    Advice(
        "X-1a",
        _D,
        "Relapse within 6 months of transplant: low survival",
        "Hunger & Raetz (2020) put low survival at a relapse within 6 to 12 months of HSCT.",
        any_relapse & SINCE_ALLOGENEIC.is_(AfterAllogeneic.BEFORE_6),
        (_HR_AFTER_HSCT,),
        weight=_NOTE,
        rank=42,
    ),
    Advice(
        "X-1b",
        _D,
        "Relapse 6 to 12 months after transplant: the source draws its line for low survival here",
        "Hunger & Raetz (2020) put low survival at a relapse within 6 to 12 months of HSCT, better outcome "
        "at more than 12 months.",
        any_relapse & SINCE_ALLOGENEIC.is_(AfterAllogeneic.TO_12),
        (_HR_AFTER_HSCT,),
        weight=_NOTE,
        rank=42,
    ),
    Advice(
        "X-1c",
        _D,
        "Relapse more than 12 months after transplant: better outcome with a second one in remission",
        "Hunger & Raetz (2020); so NCI PDQ (2014) of a longer remission after the first HSCT.",
        _second_transplant & SINCE_ALLOGENEIC.is_(AfterAllogeneic.OVER_12),
        (_HR_AFTER_HSCT, _AFTER_HSCT),
        weight=_NOTE,
        rank=42,
    ),
    Advice(
        "X-2",
        _D,
        "Relapse after transplant: a second ablative one may be feasible, best in remission",
        "NCI PDQ (2014): long-term EFS of about 10 to 30 % in the few able to have it; many are not, for "
        "lack of remission, early death or organ toxicity. A long remission after the first HSCT helps.",
        _second_transplant,
        (_AFTER_HSCT,),
        tests=(Test.TRANSPLANT_REFERRAL,),
        versus=("X-1", "X-2a"),
        rank=20,
    ),
    Advice(
        "X-2a",
        _D,
        "Second transplant: long-term survival 25 to 30 % if remission is reached",
        "Hunger & Raetz (2020), of children and adolescents until recently. NCI PDQ (2014) gives EFS of 10 "
        "to 30 %.",
        _second_transplant,
        (_HR_AFTER_HSCT,),
        weight=_NOTE,
        versus=("X-2",),
        rank=43,
    ),
    Advice(
        "X-2b",
        _D,
        "Second transplant of reduced intensity: cured some, only in remission confirmed by flow cytometry",
        "NCI PDQ (2014).",
        _second_transplant,
        (_AFTER_HSCT_REST,),
        weight=_NOTE,
        rank=44,
    ),
    Advice(
        "X-2c",
        _D,
        "Relapse after transplant: donor lymphocytes are of limited benefit in ALL",
        "NCI PDQ (2014). Before a relapse, at rising recipient chimerism: H-4.",
        any_relapse & after_allogeneic & _not_after_car_t,
        (_AFTER_HSCT_REST,),
        weight=_NOTE,
        rank=45,
    ),
    Advice(
        "X-6",
        _D,
        "Isolated CNS relapse after transplant: whether a second transplant is needed is not known",
        "NCI PDQ (2014): in a small series some survived with chemotherapy alone, some with a second HSCT. "
        "Testicular relapse: T-3.",
        any_relapse & isolated_cns & after_allogeneic & _ahead,
        (Cite("PDQ2014", "relapse after allogeneic HSCT", "002:189"),),
        weight=_NOTE,
        rank=21,
    ),
)

_AFTER_BOTH: tuple[Advice, ...] = (
    Advice(
        "X-4",
        _D,
        "Relapse after transplant and CAR-T, CD22 on the blasts: the authors would use inotuzumab",
        "Hunger & Raetz (2020), alone or with chemotherapy. It may add to the risk of veno-occlusive disease "
        "after a second HSCT.",
        _after_both & b_lineage & _cd22,
        (_HR_LAST, _HR_AFTER_CAR_T),
        tests=(Test.IMMUNOPHENOTYPE,),
        rank=12,
    ),
    Advice(
        "X-4a",
        _D,
        "Relapse after transplant and CAR-T: a trial can be considered",
        "Hunger & Raetz (2020), beside inotuzumab, targeted drugs and palliative therapy.",
        _after_both,
        (_HR_LAST,),
        tests=(Test.TRIAL_REFERRAL,),
        rank=13,
    ),
    Advice(
        "X-4b",
        _D,
        "Relapse after transplant and CAR-T: comprehensive genomic profiling, if not done before",
        "Hunger & Raetz (2020) look for lesions that can be matched with a targeted drug: inhibitors of "
        "mTOR, proteasome, CDK4/6 or BCL-2 with chemotherapy can be considered.",
        _after_both,
        (_HR_LAST,),
        tests=(Test.SEQUENCING,),
        rank=14,
    ),
    Advice(
        "X-5",
        _D,
        "CD22 CAR-T: MRD responses are common but last less than with CD19; plan transplant at collection",
        "Hunger & Raetz (2020), early and limited experience; they expect a second HSCT to be needed for "
        "cure. To plan it at collection is the project's reading.",
        _relapse_after_both & _ahead & b_lineage & _cd22,
        (_HR_AFTER_CAR_T,),
        tests=(Test.TRIAL_REFERRAL, Test.TRANSPLANT_REFERRAL),
        rank=16,
    ),
)

ADVICE: tuple[Advice, ...] = (*_LATER, *_AFTER_TRANSPLANT, *_AFTER_BOTH)
