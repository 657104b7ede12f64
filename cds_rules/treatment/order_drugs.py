"""Order checks of drugs: antibodies O-1 to O-5, targeted drugs O-8, O-9, O-20, O-21, and O-10, O-17."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.patient.drug_class import SECOND_GENERATION_TKI, TARGETED, TKI
from cds_rules.patient.findings import Expression
from cds_rules.treatment.aspects.car_t import considered
from cds_rules.treatment.aspects.collection import COLLECTED
from cds_rules.treatment.aspects.course import any_relapse, t_lineage
from cds_rules.treatment.aspects.done import CD19_DONE, CD22_DONE, KINASE_MUTATIONS_DONE
from cds_rules.treatment.aspects.findings import BCR_ABL1, CD19, CD22, T315I
from cds_rules.treatment.aspects.order_state import (
    APLASIA,
    CAR_T_CELLS,
    PRIOR_REGIMENS,
    TRANSPLANT_EVER,
    Aplasia,
    Regimens,
)
from cds_rules.treatment.aspects.orders import (
    CAR_T_PLAN,
    COLLECTION_PLAN,
    INOTUZUMAB_CYCLE,
    TRANSPLANT_PLAN,
    VINCRISTINE_WITHDRAWN,
    InotuzumabCycle,
    TransplantPlan,
    prepared,
)
from cds_rules.treatment.aspects.person import AGE, Age
from cds_rules.treatment.caution import Level, OrderCheck, Override

_CRITICAL, _WARNING, _INFO = Level.CRITICAL, Level.WARNING, Level.INFO
_BLINATUMOMAB = frozenset({"blinatumomab"})
_INOTUZUMAB = frozenset({"inotuzumab"})
_CLOFARABINE = frozenset({"clofarabine"})
OLDER_TKI = SECOND_GENERATION_TKI | {"imatinib"}
"""Inhibitors without substantial activity against T315I. UTD2022 (003:180)."""

_RESULT = (Override.RESULT_ELSEWHERE, Override.CHART_WRONG, Override.OTHER_DISEASE)
_PLAN = (Override.PLAN_CHANGED, Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.TRIAL)
_LABEL = (Override.TRIAL, Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.CHART_WRONG)

_ANTIGENS: tuple[OrderCheck, ...] = (
    OrderCheck(
        "O-1",
        _CRITICAL,
        "the latest blasts are CD19-negative, and blinatumomab acts through CD19",
        "Hunger & Raetz 2020 do not consider blinatumomab an option once the blasts have lost CD19; Larson "
        "2022 gives it only if they express CD19.",
        CD19.is_(Expression.NEGATIVE),
        (
            Cite("HR2020", "relapse after CAR-T", "000:138"),
            Cite("UTD2022", "summary and recommendations", "003:304"),
        ),
        _RESULT,
        drugs=_BLINATUMOMAB,
        if_unknown=_INFO,
        needs_title="CD19 on the blasts now is not settled by the record, and blinatumomab acts through it",
    ),
    OrderCheck(
        "O-1a",
        _INFO,
        "CD19 is on record from before this relapse only, and blinatumomab acts through it",
        "Larson 2022: blinatumomab should be given only if the blasts express CD19, which they "
        "can lose under it. To test again at each relapse is the project's reading.",
        any_relapse & CD19.is_(Expression.POSITIVE, Expression.DIM) & CD19_DONE.no,
        (Cite("UTD2022", "selection of therapy; summary", "003:92, 003:304"),),
        _RESULT,
        drugs=_BLINATUMOMAB,
    ),
    OrderCheck(
        "O-2",
        _CRITICAL,
        "the latest blasts are CD22-negative, and inotuzumab acts through CD22",
        "Larson 2022: inotuzumab is effective only when the blasts express CD22.",
        CD22.is_(Expression.NEGATIVE),
        (Cite("UTD2022", "immunotherapy; summary", "003:88, 003:304"),),
        _RESULT,
        drugs=_INOTUZUMAB,
        if_unknown=_INFO,
        needs_title="CD22 on the blasts now is not settled by the record, and inotuzumab acts through it",
    ),
    OrderCheck(
        "O-2a",
        _INFO,
        "CD22 is on record from before this relapse only, and inotuzumab acts through it",
        "Larson 2022: inotuzumab should be given only if the blasts express CD22, which they "
        "can lose under it. To test again at each relapse is the project's reading.",
        any_relapse & CD22.is_(Expression.POSITIVE, Expression.DIM) & CD22_DONE.no,
        (Cite("UTD2022", "selection of therapy; summary", "003:92, 003:304"),),
        _RESULT,
        drugs=_INOTUZUMAB,
    ),
    OrderCheck(
        "O-3",
        _WARNING,
        "CAR-T is ordered or its cells wait: blinatumomab just before can cost the CD19 that it may need",
        "Myers et al. 2023 recommend against blinatumomab as the immediate bridge to CD19 CAR-T: reduced or "
        "lost CD19 may worsen the result or rule CAR-T out. The record need not say what the CAR-T is "
        "against.",
        CAR_T_PLAN.yes,
        (Cite("MYE2023", "table 2, immunotherapy", "004:151"),),
        _PLAN,
        drugs=_BLINATUMOMAB,
    ),
    OrderCheck(
        "O-3a",
        _INFO,
        "if CD19 CAR-T is to follow: blinatumomab just before it can cost the CD19 that it needs",
        "A CAR-T product is labelled for this course, or cells were collected. Myers et al. 2023 recommend "
        "against blinatumomab as the immediate bridge; Hunger & Raetz 2020 are cautious with it before a "
        "planned CAR-T.",
        considered,
        (
            Cite("MYE2023", "table 2, immunotherapy", "004:151"),
            Cite("HR2020", "patient 1, first relapse", "000:72"),
        ),
        _PLAN,
        drugs=_BLINATUMOMAB,
        yields_to=("O-3",),
    ),
    OrderCheck(
        "O-4",
        _WARNING,
        "a transplant is ahead: inotuzumab this late, or again, may add to the risk of liver VOD after it",
        "Hunger & Raetz 2020: inotuzumab may increase veno-occlusive disease after HSCT, particularly after "
        "several cycles. Myers et al. 2023 find it particularly problematic around a transplant.",
        TRANSPLANT_PLAN.is_(TransplantPlan.SCHEDULED)
        | (prepared & INOTUZUMAB_CYCLE.is_(InotuzumabCycle.LATER)),
        (
            Cite("HR2020", "patient 1, first relapse", "000:72"),
            Cite("MYE2023", "table 2; bridging to HSCT", "004:152, 004:231"),
        ),
        _PLAN,
        drugs=_INOTUZUMAB,
    ),
    OrderCheck(
        "O-4a",
        _INFO,
        "a transplant is in preparation: inotuzumab may raise the risk of liver VOD after it",
        "Hunger & Raetz 2020: inotuzumab may increase veno-occlusive disease after HSCT, particularly after "
        "several cycles. Myers et al. 2023 too name the risk, for HSCT that is to follow CAR-T.",
        prepared,
        (
            Cite("HR2020", "patient 1, first relapse", "000:72"),
            Cite("MYE2023", "table 2; bridging to HSCT", "004:152, 004:231"),
        ),
        _PLAN,
        drugs=_INOTUZUMAB,
        if_unknown=_INFO,
        needs_title="if a transplant is to follow: inotuzumab may raise the risk of liver VOD after it",
        yields_to=("O-4",),
    ),
    OrderCheck(
        "O-5",
        _WARNING,
        "CAR-T is ordered or its cells wait: inotuzumab before it with caution; not contraindicated",
        "Hunger & Raetz 2020 avoid it if possible, as lasting B-cell aplasia may hinder expansion, but name "
        "no contraindication. Myers et al. 2023 are cautious immediately before CAR-T, for its persistence.",
        CAR_T_PLAN.yes,
        (
            Cite("HR2020", "patient 1, T-cell collection", "000:124"),
            Cite("MYE2023", "table 2, immunotherapy", "004:152"),
        ),
        _PLAN,
        drugs=_INOTUZUMAB,
    ),
    OrderCheck(
        "O-5a",
        _INFO,
        "if CD19 CAR-T is to follow: inotuzumab before it with caution; it is not contraindicated",
        "A CAR-T product is labelled for this course, or cells were collected. Hunger & Raetz 2020 avoid "
        "inotuzumab before CAR-T if possible; Myers et al. 2023 are cautious immediately before it.",
        considered,
        (
            Cite("HR2020", "patient 1, T-cell collection", "000:124"),
            Cite("MYE2023", "table 2, immunotherapy", "004:152"),
        ),
        _PLAN,
        drugs=_INOTUZUMAB,
        yields_to=("O-5",),
    ),
)

_TARGETED: tuple[OrderCheck, ...] = (
    OrderCheck(
        "O-8",
        _WARNING,
        "CAR-T cells may still be at work: targeted drugs can harm T cells; no loss of aplasia on record",
        "Myers et al. 2023: most targeted drugs act against T cells and should be avoided after CAR-T unless "
        "B-cell aplasia is lost. No B-cell count since counts here as aplasia that may last.",
        CAR_T_CELLS.yes & APLASIA.is_(Aplasia.PRESENT, Aplasia.UNTOLD),
        (Cite("MYE2023", "table 3, targetable mutations", "004:280"),),
        (Override.RESULT_ELSEWHERE, Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.TRIAL),
        drugs=TARGETED,
        if_unknown=_INFO,
        needs_title="after CAR-T targeted drugs can harm its T cells; the record leaves open if it applies",
    ),
    OrderCheck(
        "O-9",
        _CRITICAL,
        "T315I is on record: of these inhibitors only ponatinib has substantial activity against it",
        "Larson 2022: with T315I in BCR::ABL1 only ponatinib has substantial activity.",
        T315I.yes,
        (Cite("UTD2022", "Ph-positive ALL", "003:180"),),
        (Override.RESULT_ELSEWHERE, Override.NO_ALTERNATIVE, Override.TRIAL, Override.CHART_WRONG),
        drugs=OLDER_TKI,
    ),
    OrderCheck(
        "O-20",
        _INFO,
        "no BCR::ABL1 kinase mutation analysis since the relapse; it helps to choose the inhibitor",
        "Larson 2022: all patients should have mutation analysis of BCR::ABL1, as it directs the choice.",
        BCR_ABL1.yes & any_relapse & KINASE_MUTATIONS_DONE.no,
        (Cite("UTD2022", "Ph-positive ALL", "003:178"),),
        (Override.RESULT_ELSEWHERE, Override.ACCEPTED_RISK, Override.TRIAL),
        drugs=TKI,
        yields_to=("O-9",),
    ),
    OrderCheck(
        "O-21",
        _WARNING,
        "T-cell collection for CAR-T is ordered: targeted drugs may harm the cells collected",
        "Myers et al. 2023: consider carefully what targeted therapy does to the product of apheresis.",
        COLLECTION_PLAN.yes,
        (Cite("MYE2023", "table 3, targetable mutations", "004:279"),),
        _PLAN,
        drugs=TARGETED,
    ),
    OrderCheck(
        "O-21a",
        _INFO,
        "if T cells are to be collected for CAR-T: targeted drugs may harm the cells collected",
        "A CAR-T product is labelled for this course, and no collection is on record. Myers et al. 2023: "
        "consider carefully what targeted therapy does to the product of apheresis.",
        considered & COLLECTED.no,
        (Cite("MYE2023", "table 3, targetable mutations", "004:279"),),
        _PLAN,
        drugs=TARGETED,
        yields_to=("O-21",),
    ),
)

_CLOFARABINE_LABEL = Cite("UTD2022", "clofarabine", "003:156")

_OTHERS: tuple[OrderCheck, ...] = (
    OrderCheck(
        "O-10",
        _WARNING,
        "earlier transplant on record: liver VOD is reported of clofarabine combinations, above all then",
        "Locatelli et al. 2012: clofarabine in combination had cases of veno-occlusive disease and fatal "
        "infections, especially in previously transplanted patients.",
        TRANSPLANT_EVER.yes,
        (Cite("LOC2012", "clofarabine", "001:133"),),
        (Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.TRIAL, Override.CHART_WRONG),
        drugs=_CLOFARABINE,
    ),
    OrderCheck(
        "O-10a",
        _INFO,
        "outside the age of clofarabine's US label (1 to 21 years)",
        "Larson 2022 gives the label as pediatric patients of 1 to 21 years after two prior regimens.",
        AGE.is_(Age.INFANT, Age.TO_25, Age.TO_30, Age.OVER_30),
        (_CLOFARABINE_LABEL,),
        _LABEL,
        drugs=_CLOFARABINE,
    ),
    OrderCheck(
        "O-10b",
        _INFO,
        "fewer than two regimens before, which clofarabine's US label asks for",
        "Larson 2022 and Locatelli et al. 2012 give the label as after at least two prior regimens; in a "
        "trial Locatelli et al. name, combinations did best in first relapse.",
        PRIOR_REGIMENS.is_(Regimens.BELOW_2),
        (_CLOFARABINE_LABEL, Cite("LOC2012", "clofarabine", "001:133")),
        _LABEL,
        drugs=_CLOFARABINE,
    ),
    OrderCheck(
        "O-10c",
        _INFO,
        "T-ALL: fewer remissions with clofarabine combinations than in B-precursor ALL",
        "Locatelli et al. 2012: so in two studies, and they consider these combinations for B-precursor ALL.",
        t_lineage,
        (Cite("LOC2012", "clofarabine", "001:133"),),
        (Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.TRIAL, Override.CHART_WRONG),
        drugs=_CLOFARABINE,
    ),
    OrderCheck(
        "O-17",
        _WARNING,
        "liposomal vincristine was withdrawn from the market in May 2022",
        "Larson 2022: it was available in the United States only, and withdrawn there.",
        VINCRISTINE_WITHDRAWN.yes,
        (Cite("UTD2022", "liposomal vincristine", "003:170"),),
        (Override.TRIAL, Override.NO_ALTERNATIVE),
        drugs=frozenset({"liposomal-vincristine"}),
    ),
)

CHECKS: tuple[OrderCheck, ...] = (*_ANTIGENS, *_TARGETED, *_OTHERS)
