"""Order checks of CAR-T: products O-11, O-12, O-19, O-22, O-23, collection O-13, infusion O-14."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.patient.drug_class import CAR_T, CYTOTOXIC, STEROID
from cds_rules.patient.findings import Expression
from cds_rules.patient.timeline import Lineage
from cds_rules.treatment.aspects.car_t import (
    AVOIDS_TRANSPLANT,
    BLINATUMOMAB,
    REFRACTORY_LABEL,
    Blinatumomab,
)
from cds_rules.treatment.aspects.collection import (
    AFTER_TRANSPLANT,
    CYTOTOXICS,
    GVHD,
    IMMUNOSUPPRESSION,
    LYMPHOCYTES,
    PEMBROLIZUMAB,
    STEROIDS,
    T_CELLS,
    TREATED,
    AfterTransplant,
    LongWashout,
    Lymphocytes,
    TCells,
    Washout,
)
from cds_rules.treatment.aspects.course import CNS, LINEAGE, NUMBER, TESTIS, RelapseNumber, b_lineage
from cds_rules.treatment.aspects.findings import CD19
from cds_rules.treatment.aspects.infusion import (
    LESION,
    NEUROTOXICITY,
    RADIATION,
    AfterRadiation,
    Neurotoxicity,
)
from cds_rules.treatment.aspects.order_state import FLUID, TESTIS_TREATED, Fluid
from cds_rules.treatment.aspects.orders import CAR_T_PLAN, COLLECTION_PLAN
from cds_rules.treatment.aspects.person import AGE, Age
from cds_rules.treatment.car_t import LABEL_BREXUCABTAGENE, LABEL_TISAGENLECLEUCEL
from cds_rules.treatment.car_t_collection import (
    BLASTS,
    COUNTS,
    HUNGER,
    TRANSPLANTED,
    WASHOUTS,
    blasts_high,
    blasts_raised,
    counts_minimal,
    counts_reached,
)
from cds_rules.treatment.car_t_infusion import CNS_CITE, EXTRAMEDULLARY
from cds_rules.treatment.caution import Level, OrderCheck, Override
from cds_rules.treatment.order import Act

_CRITICAL, _WARNING, _INFO = Level.CRITICAL, Level.WARNING, Level.INFO
_TISAGENLECLEUCEL = frozenset({"tisagenlecleucel"})
_BREXUCABTAGENE = frozenset({"brexucabtagene"})
_COLLECTION = frozenset({Act.LEUKAPHERESIS_FOR_CAR_T})
_ANY_APHERESIS = frozenset({Act.LEUKAPHERESIS})
_INFUSION = frozenset({Act.CAR_T_INFUSION, Act.OTHER_CAR_T})
_TARGET_UNTOLD = frozenset({Act.CAR_T_INFUSION})
_AGAINST_CD19 = frozenset({Act.CD19_CAR_T})
_WASHED_OUT = CYTOTOXIC | STEROID | {"pembrolizumab"}
"""Drugs after which Myers et al. leave a time before collection: C-4."""
_LABEL = (Override.TRIAL, Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.CHART_WRONG)
_ANTIGEN = (Override.RESULT_ELSEWHERE, Override.CHART_WRONG, Override.TRIAL)
_READY = (Override.RESULT_ELSEWHERE, Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.CHART_WRONG)
_OPEN_LABEL = "the criteria of its US label are not all settled by the record"
_OPEN_COLLECTION = "conditions for collecting T cells for CAR-T are not all settled by the record"
_given_blinatumomab = BLINATUMOMAB.is_(Blinatumomab.RESPONDED, Blinatumomab.FAILED)
_transplanted = AFTER_TRANSPLANT.is_(
    AfterTransplant.BEFORE_100, AfterTransplant.TO_120, AfterTransplant.FROM_120
)

_PRODUCTS: tuple[OrderCheck, ...] = (
    OrderCheck(
        "O-19",
        _CRITICAL,
        "the latest blasts are CD19-negative: CD19 CAR-T has no target",
        "Hunger & Raetz 2020 do not consider CD19 CAR-T an option when the blasts are CD19-negative.",
        CD19.is_(Expression.NEGATIVE),
        (Cite("HR2020", "relapse after CAR-T", "000:138"),),
        _ANTIGEN,
        drugs=CAR_T,
        acts=_AGAINST_CD19,
        maybe=_TARGET_UNTOLD,
        if_unknown=_INFO,
        needs_title="CD19 on the blasts now is not settled by the record, and this CAR-T acts through it",
    ),
    OrderCheck(
        "O-19a",
        _WARNING,
        "CD19 is dim after blinatumomab: high risk of CD19-negative relapse after CD19 CAR-T",
        "Myers et al. 2023: in the CAR-MA study antigen-negative relapse was particularly frequent then.",
        CD19.is_(Expression.DIM) & _given_blinatumomab,
        (Cite("MYE2023", "CD19 expression considerations", "004:112"),),
        (Override.RESULT_ELSEWHERE, Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.TRIAL),
        drugs=CAR_T,
        acts=_AGAINST_CD19,
        maybe=_TARGET_UNTOLD,
    ),
    OrderCheck(
        "O-19b",
        _INFO,
        "CD19 on the latest blasts is dim: antigen-negative relapse after CD19 CAR-T may be more likely",
        "Myers et al. 2023 report it of CD19 that became dim after blinatumomab; without it this is the "
        "project's reading.",
        CD19.is_(Expression.DIM),
        (Cite("MYE2023", "CD19 expression considerations", "004:112"),),
        (Override.RESULT_ELSEWHERE, Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.TRIAL),
        drugs=CAR_T,
        acts=_AGAINST_CD19,
        yields_to=("O-19a",),
    ),
    OrderCheck(
        "O-11",
        _WARNING,
        "older than tisagenlecleucel's US label allows (up to 25 years)",
        "Larson 2022 and Myers et al. 2023 give 25 years as the upper age; read as before the 26th birthday.",
        AGE.is_(Age.TO_30, Age.OVER_30),
        LABEL_TISAGENLECLEUCEL,
        _LABEL,
        drugs=_TISAGENLECLEUCEL,
        if_unknown=_INFO,
        needs_title=_OPEN_LABEL,
    ),
    OrderCheck(
        "O-11a",
        _WARNING,
        "neither refractory nor in second relapse, which tisagenlecleucel's US label asks for",
        "Larson 2022 and Myers et al. 2023 give the label as refractory, or second or later relapse.",
        REFRACTORY_LABEL.no & NUMBER.is_(RelapseNumber.NONE, RelapseNumber.FIRST),
        LABEL_TISAGENLECLEUCEL,
        _LABEL,
        drugs=_TISAGENLECLEUCEL,
        if_unknown=_INFO,
        needs_title=_OPEN_LABEL,
    ),
    OrderCheck(
        "O-11b",
        _WARNING,
        "T lineage is recorded; tisagenlecleucel's US label is for B-precursor ALL",
        "Larson 2022 gives the label as B-cell precursor ALL; the product acts through CD19.",
        LINEAGE.is_(Lineage.T),
        (Cite("UTD2022", "CAR-T, tisagenlecleucel", "003:132"),),
        _LABEL,
        drugs=_TISAGENLECLEUCEL,
        if_unknown=_INFO,
        needs_title=_OPEN_LABEL,
    ),
    OrderCheck(
        "O-12",
        _WARNING,
        "younger than brexucabtagene's US label (adults)",
        "Larson 2022 and Myers et al. 2023 give the label for adults, read as from 18 years.",
        AGE.is_(Age.INFANT, Age.CHILD),
        LABEL_BREXUCABTAGENE,
        _LABEL,
        drugs=_BREXUCABTAGENE,
        if_unknown=_INFO,
        needs_title=_OPEN_LABEL,
    ),
    OrderCheck(
        "O-22",
        _INFO,
        "transplant is not wanted or not possible: tisagenlecleucel would be preferable at 18 to 25 years",
        "Myers et al. 2023: a CD28 construct such as brexucabtagene persists for a shorter time and calls "
        "for a transplant; where that is avoided or not possible, they prefer tisagenlecleucel.",
        AGE.is_(Age.TO_21, Age.TO_25) & AVOIDS_TRANSPLANT.yes,
        (Cite("MYE2023", "construct selection", "004:13"),),
        (Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.TRIAL, Override.PLAN_CHANGED),
        drugs=_BREXUCABTAGENE,
        if_unknown=_INFO,
        needs_title="at 18 to 25 years: is a transplant after it wanted and possible?",
    ),
    OrderCheck(
        "O-23",
        _INFO,
        "no published data on bendamustine as lymphodepletion for CAR-T in pediatric B-ALL",
        "Myers et al. 2023, who name it as explored when fludarabine is short.",
        AGE.is_(Age.INFANT, Age.CHILD) & b_lineage & CAR_T_PLAN.yes,
        (Cite("MYE2023", "table 1, lymphodepletion", "004:53"),),
        (Override.NO_ALTERNATIVE, Override.ACCEPTED_RISK, Override.TRIAL, Override.OTHER_DISEASE),
        drugs=frozenset({"bendamustine"}),
        if_unknown=_INFO,
        needs_title="if for lymphodepletion before CAR-T: no published data on it in pediatric B-ALL",
    ),
)

_COLLECTIONS: tuple[OrderCheck, ...] = (
    OrderCheck(
        "O-13",
        _WARNING,
        "lymphocytes and T cells are below the minimum for T-cell collection",
        "Myers et al. 2023 recommend at least 300 lymphocytes/uL, or 100 to 200 CD3+ cells/uL, in blood.",
        ~counts_minimal,
        (COUNTS,),
        _READY,
        acts=_COLLECTION,
        maybe=_ANY_APHERESIS,
        if_unknown=_INFO,
        needs_title=_OPEN_COLLECTION,
    ),
    OrderCheck(
        "O-13a",
        _INFO,
        "lymphocytes or T cells are just at the minimum for T-cell collection; more is better",
        "Myers et al. 2023 recommend 300 lymphocytes/uL (at least in the text, more in table 2), or 100 to "
        "200 CD3+ cells/uL, and higher values are preferable.",
        counts_minimal & ~counts_reached,
        (COUNTS,),
        _READY,
        acts=_COLLECTION,
    ),
    OrderCheck(
        "O-13b",
        _WARNING,
        "leukocytes above 40,000/uL with more than 80 % blasts: collection is generally not advisable",
        "Myers et al. 2023: so many blasts disturb manufacturing; collection often succeeds once "
        "chemotherapy has brought the count down.",
        blasts_high,
        (BLASTS,),
        _READY,
        acts=_COLLECTION,
        if_unknown=_INFO,
        needs_title=_OPEN_COLLECTION,
    ),
    OrderCheck(
        "O-13c",
        _INFO,
        "leukocytes and blasts are in the range in which T-cell collection is doubtful",
        "Myers et al. 2023 generally advise against it above 20-40,000 leukocytes/uL with more than 50-80 % "
        "blasts.",
        blasts_raised,
        (BLASTS,),
        _READY,
        acts=_COLLECTION,
        yields_to=("O-13b",),
    ),
    OrderCheck(
        "O-13d",
        _WARNING,
        "too soon after treatment for T-cell collection (steroids, chemotherapy or pembrolizumab)",
        "Myers et al. 2023 ask for 72 hours without corticosteroids, 2 weeks without cytotoxic chemotherapy "
        "and 6 weeks to 3 months without pembrolizumab; Hunger & Raetz 2020 too ask for 2 weeks.",
        STEROIDS.is_(Washout.RECENT) | CYTOTOXICS.is_(Washout.RECENT) | PEMBROLIZUMAB.is_(LongWashout.RECENT),
        (WASHOUTS, HUNGER),
        _READY,
        acts=_COLLECTION,
        maybe=_ANY_APHERESIS,
        if_unknown=_INFO,
        needs_title=_OPEN_COLLECTION,
    ),
    OrderCheck(
        "O-13e",
        _INFO,
        "6 weeks to 3 months since pembrolizumab, the range that is asked for before T-cell collection",
        "Myers et al. 2023 ask for 6 weeks to 3 months without pembrolizumab before collection.",
        PEMBROLIZUMAB.is_(LongWashout.RANGE),
        (WASHOUTS,),
        _READY,
        acts=_COLLECTION,
        yields_to=("O-13d",),
    ),
    OrderCheck(
        "O-13f",
        _WARNING,
        "after transplant: less than 100 days, immunosuppression in the last 4 weeks, or signs of GVHD",
        "Myers et al. 2023 recommend collection 100 to 120 days or more after HSCT, at least 4 weeks after "
        "immunosuppression, and without graft-versus-host disease.",
        AFTER_TRANSPLANT.is_(AfterTransplant.BEFORE_100)
        | (_transplanted & (IMMUNOSUPPRESSION.is_(Washout.RECENT) | GVHD.yes)),
        (TRANSPLANTED,),
        _READY,
        acts=_COLLECTION,
        maybe=_ANY_APHERESIS,
        if_unknown=_INFO,
        needs_title=_OPEN_COLLECTION,
    ),
    OrderCheck(
        "O-13g",
        _INFO,
        "100 to 120 days since transplant, the range that is asked for before T-cell collection",
        "Myers et al. 2023 recommend at least 100 to 120 days between HSCT and collection.",
        AFTER_TRANSPLANT.is_(AfterTransplant.TO_120),
        (TRANSPLANTED,),
        _READY,
        acts=_COLLECTION,
        yields_to=("O-13f",),
    ),
    OrderCheck(
        "O-13h",
        _INFO,
        "T cells or lymphocytes do not exceed what Hunger & Raetz ask for before T-cell collection",
        "Hunger & Raetz 2020 ask for more than 200 T cells/uL before any treatment of the relapse, or more "
        "than 500 lymphocytes/uL after chemotherapy; Myers et al. 2023 accept fewer.",
        (TREATED.no & T_CELLS.is_(TCells.BELOW_100, TCells.TO_200))
        | (TREATED.yes & LYMPHOCYTES.is_(Lymphocytes.BELOW_300, Lymphocytes.AT_300, Lymphocytes.TO_500)),
        (HUNGER,),
        _READY,
        acts=_COLLECTION,
        yields_to=("O-13",),
    ),
    OrderCheck(
        "O-13i",
        _INFO,
        "T-cell collection for CAR-T is ordered with it: collect first, or wait long enough after it",
        "Myers et al. 2023 recommend collection before chemotherapy for the relapse where feasible; after a "
        "dose they ask for 72 hours without corticosteroids, 2 weeks without cytotoxic chemotherapy and 6 "
        "weeks to 3 months without pembrolizumab. The drafts do not tell which comes first.",
        COLLECTION_PLAN.yes,
        (WASHOUTS,),
        (Override.PLAN_CHANGED, *_READY[1:]),
        drugs=_WASHED_OUT,
        beside=_COLLECTION,
        spinal=False,
    ),
)

_INFUSIONS: tuple[OrderCheck, ...] = (
    OrderCheck(
        "O-14",
        _WARNING,
        "less than 4 weeks since cranial radiation: Myers et al. leave 4 to 8 weeks before CAR-T",
        "Myers et al. 2023: side effects of cranial radiation may look like neurotoxicity of CAR-T.",
        RADIATION.is_(AfterRadiation.BEFORE_4),
        (CNS_CITE,),
        _READY,
        acts=_INFUSION,
    ),
    OrderCheck(
        "O-14a",
        _WARNING,
        "blasts in the spinal fluid with rising cells: CNS disease is not stable before CAR-T",
        "Myers et al. 2023 treat CNS disease first, so that it is stable or responding at the infusion.",
        CNS.yes & FLUID.is_(Fluid.RISING),
        (CNS_CITE,),
        _READY,
        acts=_INFUSION,
    ),
    OrderCheck(
        "O-14b",
        _WARNING,
        "neurologic toxicity is recorded as active: none should be acute or worsening at a CAR-T infusion",
        "Myers et al. 2023 ask that there be no acute or worsening neurologic toxicity at the infusion.",
        NEUROTOXICITY.is_(Neurotoxicity.NOW),
        (CNS_CITE,),
        _READY,
        acts=_INFUSION,
    ),
    OrderCheck(
        "O-14c",
        _WARNING,
        "a parenchymal CNS lesion is on record: CAR-T with caution, after the best treatment of it",
        "Myers et al. 2023: such lesions may raise the risk of neurotoxicity (ICANS).",
        LESION.yes,
        (CNS_CITE,),
        _READY,
        acts=_INFUSION,
    ),
    OrderCheck(
        "O-14d",
        _INFO,
        "less than 8 weeks since cranial radiation: Myers et al. leave 4 to 8 weeks before CAR-T",
        "Myers et al. 2023: side effects of cranial radiation may look like neurotoxicity of CAR-T.",
        RADIATION.is_(AfterRadiation.BEFORE_4, AfterRadiation.TO_8),
        (CNS_CITE,),
        _READY,
        acts=_INFUSION,
        yields_to=("O-14",),
    ),
    OrderCheck(
        "O-14e",
        _INFO,
        "blasts in the latest spinal fluid: CNS disease should be stable or responding before CAR-T",
        "Myers et al. 2023 treat CNS disease first, so that it is stable or responding at the infusion.",
        CNS.yes & FLUID.is_(Fluid.BLASTS, Fluid.RISING),
        (CNS_CITE,),
        _READY,
        acts=_INFUSION,
        yields_to=("O-14a",),
    ),
    OrderCheck(
        "O-14f",
        _INFO,
        "testicular relapse without local treatment on record: consider it before CAR-T",
        "Myers et al. 2023 recommend to consider definitive treatment of testicular disease before the "
        "infusion, as little is known of CAR-T cells there.",
        TESTIS.yes & TESTIS_TREATED.no,
        (EXTRAMEDULLARY,),
        _READY,
        acts=_INFUSION,
    ),
)

CHECKS: tuple[OrderCheck, ...] = (*_PRODUCTS, *_COLLECTIONS, *_INFUSIONS)
