"""Relapse after CAR-T: rules P-10, P-11, P-18, P-19 (clinical model section 7)."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.patient.findings import Expression
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspect import When
from cds_rules.treatment.aspects.after_car_t import (
    CONSTRUCT,
    LINEAGE_SWITCH,
    RELAPSE_SINCE,
    TRANSPLANT_SINCE,
    Construct,
)
from cds_rules.treatment.aspects.b_cells import B_CELLS, BCells
from cds_rules.treatment.aspects.course import CAR_T_GIVEN, b_lineage
from cds_rules.treatment.aspects.done import CD19_CD22_DONE
from cds_rules.treatment.aspects.findings import ABL_CLASS, BCR_ABL1, CD19, CD22, JAK2
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

_D = Decision.AFTER_CAR_T
_NOTE = Weight.NOTE
_CHILD = Audience.PEDIATRIC
_relapsed: When = b_lineage & CAR_T_GIVEN.yes & RELAPSE_SINCE.yes
_ahead: When = _relapsed & TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
"""Relapse after CAR-T, no transplant since that relapse."""
_negative = CD19.is_(Expression.NEGATIVE)
_positive = CD19.is_(Expression.POSITIVE)
_targetable = BCR_ABL1.yes | ABL_CLASS.yes | JAK2.yes
_NEGATIVE = Cite("HR2020", "patient 1, CD19-negative relapse after CAR-T", "000:138")
_POSITIVE = Cite("HR2020", "patient 1, if the relapse were CD19-positive", "000:140")
_SURVIVAL = Cite("MYE2023", "figure 1C, caption", "004:102")

ADVICE: tuple[Advice, ...] = (
    Advice(
        "P-10",
        _D,
        "CD19-negative, CD22-positive: inotuzumab or a CD22 CAR-T trial, then transplant after MRD clears",
        "Hunger & Raetz (2020) aim at MRD-negative remission and hold that HSCT is likely needed for cure: "
        "remissions with CD22 CAR-T are common but shorter. Inotuzumab may raise the risk of veno-occlusive "
        "disease after a second HSCT.",
        _ahead & _negative & CD22.is_(Expression.POSITIVE, Expression.DIM),
        (_NEGATIVE,),
        tests=(Test.TRIAL_REFERRAL, Test.TRANSPLANT_REFERRAL, Test.HLA),
        rank=3,
    ),
    Advice(
        "P-10a",
        _D,
        "CD19-negative relapse: blinatumomab and CD19 CAR-T are not options",
        "Hunger & Raetz (2020), of blasts that have lost CD19 after CAR-T; they do not speak of weak (dim) "
        "CD19.",
        _ahead & _negative,
        (_NEGATIVE,),
        rank=4,
    ),
    Advice(
        "P-10b",
        _D,
        "CD19-positive: blinatumomab, CAR-T again, or a trial of a humanized or dual-target CAR-T",
        "Hunger & Raetz (2020) name these; if CAR-T is given again, whether to go on to a second HSCT in MRD-"
        "negative remission is to be discussed in detail.",
        _ahead & _positive,
        (_POSITIVE,),
        tests=(Test.CAR_T_REFERRAL, Test.TRIAL_REFERRAL),
        rank=3,
    ),
    Advice(
        "P-10c",
        _D,
        "CD19-positive relapse after CAR-T: median survival from relapse was 18.9 months",
        "Figure in Myers et al. 2023 (95 % CI 11.2 to 27.0 months); CD19-negative 9.7, lineage switch 3.7.",
        _ahead & _positive,
        (_SURVIVAL,),
        _CHILD,
        _NOTE,
        rank=50,
    ),
    Advice(
        "P-10d",
        _D,
        "CD19-negative relapse after CAR-T: median survival from relapse was 9.7 months",
        "Figure in Myers et al. 2023 (95 % CI 6.9 to 15.9 months); CD19-positive 18.9. If the lineage has "
        "switched, 3.7 is the figure.",
        _ahead & _negative,
        (_SURVIVAL,),
        _CHILD,
        _NOTE,
        rank=50,
    ),
    Advice(
        "P-11",
        _D,
        "Targeted drugs after CAR-T: most harm T cells; to be avoided while B-cell aplasia lasts",
        "Myers et al. 2023: most targeted drugs have a clear effect against T cells and should be avoided "
        "after CAR-T, unless B-cell aplasia is lost.",
        b_lineage & CAR_T_GIVEN.yes & TRANSPLANT_SINCE.no & _targetable & B_CELLS.is_(BCells.PRESENT),
        (Cite("MYE2023", "table 3, ALL with targetable mutations", "004:280"),),
        tests=(Test.B_CELLS,),
        versus=("A-4",),
        rank=28,
    ),
    Advice(
        "P-18",
        _D,
        "Relapse after CAR-T: test CD19, CD22 and myeloid markers on the blasts",
        "Relapse can be CD19-positive or CD19-negative (Hunger & Raetz 2020), or a switch to the myeloid "
        "lineage (Myers et al. 2023), and what can be given follows from it. To test all is our reading.",
        _ahead & CD19_CD22_DONE.no,
        (Cite("HR2020", "patient 1, relapse after CAR-T", "000:130"), _SURVIVAL),
        tests=(Test.IMMUNOPHENOTYPE,),
        rank=1,
    ),
    Advice(
        "P-18a",
        _D,
        "Lineage switch after CAR-T: none of the sources recommends a treatment",
        "Myers et al. 2023 give a median survival of 3.7 months (95 % CI 1.2 to 7.0), and no long-term "
        "survivors in infant ALL.",
        _ahead & LINEAGE_SWITCH.yes,
        (_SURVIVAL, Cite("MYE2023", "table 3, infant B-ALL", "004:271")),
        _CHILD,
        _NOTE,
        (Test.TRIAL_REFERRAL, Test.PALLIATIVE_REFERRAL),
        rank=2,
    ),
    Advice(
        "P-19",
        _D,
        "Humanized CD19 CAR-T after CTL019 (tisagenlecleucel): 9 of 16 reached remission",
        "Early data from Philadelphia (Hunger & Raetz 2020), given CTL119: remission with B-cell aplasia, in "
        "7 of the 9 MRD-negative; 1-year relapse-free survival of the 9 was 56 %.",
        _ahead & _positive & CONSTRUCT.is_(Construct.FOUR_1BB),
        (_POSITIVE,),
        _CHILD,
        _NOTE,
        (Test.TRIAL_REFERRAL,),
        rank=40,
    ),
)
