"""The named questions that criteria of trials may ask: a closed list, over the same aspects as the rules.

A criterion that none of these asks is left to the trial team. An exclusion asks the same question as an
inclusion ("transplant before"), and is met when the answer is no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cds_rules.answer import Answer
from cds_rules.patient.dates import whole_years
from cds_rules.patient.findings import Expression
from cds_rules.patient.picture import RelapsePicture
from cds_rules.treatment.aspect import When
from cds_rules.treatment.aspects.active import ACTIVE
from cds_rules.treatment.aspects.after_car_t import RELAPSE_SINCE
from cds_rules.treatment.aspects.car_t import (
    BLINATUMOMAB,
    REFRACTORY_LABEL,
    Blinatumomab,
    FirstRemission,
)
from cds_rules.treatment.aspects.car_t import FIRST_REMISSION as FIRST_REMISSION_12
from cds_rules.treatment.aspects.cns import CNS_STATE, CRANIAL_RADIATION, CnsState, CranialRadiation
from cds_rules.treatment.aspects.course import (
    CAR_T_GIVEN,
    CNS,
    MARROW,
    any_relapse,
    b_lineage,
    before_18_months,
    early_marrow,
    first_relapse,
    isolated_cns,
    isolated_extramedullary,
    late_marrow,
    later_relapse,
    marrow_relapse,
    t_lineage,
)
from cds_rules.treatment.aspects.earlier import REGIMENS, Regimens
from cds_rules.treatment.aspects.findings import BCR_ABL1, CD19, CD22
from cds_rules.treatment.aspects.order_state import TRANSPLANT_EVER
from cds_rules.treatment.aspects.person import adult, pediatric
from cds_rules.treatment.aspects.risk_group import COG, Cog
from cds_rules.treatment.aspects.state import PRIMARY_REFRACTORY
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

AGE_IN_RANGE = "age-in-range"
"""Not over an aspect: compares the birth date with the `ages` of the trial."""
AGE_TEXT = "age now, in completed years, within the bounds given"


def _named(text: str, when: When) -> When:
    return replace(when, text=text, compound=False)


_failed: When = REFRACTORY_LABEL.yes
_in_hand: When = ACTIVE.yes | (
    TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED) & (CAR_T_GIVEN.no | RELAPSE_SINCE.yes)
)
"""Not in remission after transplant or CAR-T. Project's reading of "relapsed" where CAR-T cells are tested,
which are given in remission too."""
_cd19: When = CD19.is_(Expression.POSITIVE, Expression.DIM)
_cd22: When = CD22.is_(Expression.POSITIVE, Expression.DIM)
_high_risk: When = first_relapse & COG.is_(Cog.HIGH)

QUESTIONS: Mapping[str, When] = {
    "pediatric": _named("of an age that pediatric sources speak of, up to 30 years (D-9)", pediatric),
    "adult": _named("adult, 18 years or more (D-9)", adult),
    "b-lineage": _named("B-lineage", b_lineage),
    "t-lineage": _named("T-lineage", t_lineage),
    "relapsed": _named("a relapse on record", any_relapse),
    "in-relapse": _named("relapsed, with leukemia to bring into remission now", any_relapse & ACTIVE.yes),
    "relapse-in-hand": _named(
        "relapsed; if in remission now, not transplanted or given CAR-T for this relapse (our reading)",
        any_relapse & _in_hand,
    ),
    "in-relapse-or-refractory": _named(
        "relapsed or refractory, with leukemia to bring into remission now",
        (any_relapse | _failed) & ACTIVE.yes,
    ),
    "relapse-in-hand-or-refractory": _named(
        "relapsed or refractory; if in remission now, not transplanted or given CAR-T for this relapse "
        "(our reading)",
        (any_relapse | _failed) & _in_hand,
    ),
    "first-relapse": _named("first relapse", first_relapse),
    "second-or-later-relapse": _named("second or later relapse", later_relapse),
    "first-relapse-or-primary-refractory": _named(
        "first relapse, or no remission after the first induction", first_relapse | PRIMARY_REFRACTORY.yes
    ),
    "first-relapse-only-if-refractory": _named(
        "not a first relapse, or refractory to its reinduction", ~first_relapse | _failed
    ),
    "first-relapse-only-if-early": _named(
        "not a first relapse, or after a first remission of less than 12 months",
        ~first_relapse | FIRST_REMISSION_12.is_(FirstRemission.BEFORE_12),
    ),
    "high-risk-first-relapse": _named("first relapse of high risk (COG group, AALL1331)", _high_risk),
    "high-risk-first-or-isolated-cns": _named(
        "first relapse of high risk (COG group, AALL1331), or isolated CNS relapse",
        _high_risk | isolated_cns,
    ),
    "marrow-relapse": _named("marrow relapse, isolated or combined", marrow_relapse),
    "late-marrow-or-very-early-cns": _named(
        "late marrow relapse, isolated or combined (36 months or more from diagnosis), or isolated CNS "
        "relapse before 18 months",
        late_marrow | (isolated_cns & before_18_months),
    ),
    "marrow-t-or-early-b": _named(
        "marrow relapse of T-ALL, or of B-ALL less than 36 months from diagnosis",
        (marrow_relapse & t_lineage) | (early_marrow & b_lineage),
    ),
    "isolated-cns": _named("isolated CNS relapse", isolated_cns),
    "isolated-extramedullary": _named("isolated extramedullary relapse", isolated_extramedullary),
    "marrow-involved": _named("marrow involved", MARROW.yes),
    "cns-involved": _named("CNS involved", CNS.yes),
    "cns3": _named("CNS3, or CNS relapse recorded", CNS_STATE.is_(CnsState.CNS3)),
    "refractory": _named("no remission after induction or reinduction", _failed),
    "failed-two-or-three-regimens": _named("two or three regimens before", REGIMENS.is_(Regimens.TO_3)),
    "prior-transplant": _named("stem cell transplant before", TRANSPLANT_EVER.yes),
    "prior-car-t": _named("CAR-T infused before", CAR_T_GIVEN.yes),
    "relapse-after-car-t": _named("relapse since CAR-T", CAR_T_GIVEN.yes & RELAPSE_SINCE.yes),
    "prior-blinatumomab": _named(
        "blinatumomab before", BLINATUMOMAB.is_(Blinatumomab.RESPONDED, Blinatumomab.FAILED)
    ),
    "prior-cranial-radiation": _named(
        "cranial radiation before this relapse",
        CRANIAL_RADIATION.is_(CranialRadiation.TO_20, CranialRadiation.OVER_20),
    ),
    "cd19": _named("CD19 on the blasts, dim included", _cd19),
    "cd22": _named("CD22 on the blasts, dim included", _cd22),
    "cd22-after-cd19-loss": _named(
        "CD22 on the blasts, which lack CD19", _cd22 & CD19.is_(Expression.NEGATIVE)
    ),
    "ph-positive": _named("BCR::ABL1", BCR_ABL1.yes),
}
"""Every question by its name, but `AGE_IN_RANGE`."""
NAMES = frozenset({*QUESTIONS, AGE_IN_RANGE})

ASK_TEAM = "ask-team"
CONSTANTS: Mapping[str, tuple[Answer, str]] = {
    ASK_TEAM: (Answer.UNKNOWN, "what the record does not tell: ask the trial team"),
    "any-all": (Answer.YES, "acute lymphoblastic leukemia"),
    "other-disease": (Answer.NO, "another disease than acute lymphoblastic leukemia"),
}
"""What may stand beside questions where several are joined (`trial.Ways`), its answer, and in words."""


def text_of(name: str) -> str:
    """What a question asks, in words."""
    if name in CONSTANTS:
        return CONSTANTS[name][1]
    return AGE_TEXT if name == AGE_IN_RANGE else QUESTIONS[name].text


def age_span(picture: RelapsePicture) -> tuple[int, int] | None:
    """The youngest and the oldest that the birth date leaves possible, in completed years."""
    birth, on = picture.person.birth, picture.on
    if birth is None or birth.earliest > on:
        return None
    return whole_years(min(birth.latest, on), on), whole_years(birth.earliest, on)
