"""T-cell collection for CAR-T: rules C-4, C-10a, C-10b and C-12 (section 6).

Two sources give conditions; both are reported, each under its own name, and neither settles the other.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Decision, Weight
from cds_rules.treatment.aspects.car_t import INDUCTION_MRD, INFANT, before_infusion, considered
from cds_rules.treatment.aspects.collection import (
    AFTER_TRANSPLANT,
    BLOOD_BLASTS,
    COLLECTED,
    CYTOTOXICS,
    GVHD,
    IMMUNOSUPPRESSION,
    LEUKOCYTES,
    LYMPHOCYTES,
    PEMBROLIZUMAB,
    STEROIDS,
    T_CELLS,
    TREATED,
    AfterTransplant,
    BloodBlasts,
    Leukocytes,
    LongWashout,
    Lymphocytes,
    TCells,
    Washout,
)
from cds_rules.treatment.aspects.course import NUMBER, RelapseNumber, any_relapse

_D = Decision.CAR_T
COUNTS = Cite("MYE2023", "leukapheresis; table 2, timing", "004:134, 142")
BLASTS = Cite("MYE2023", "leukapheresis; table 2, timing", "004:134, 143")
WASHOUTS = Cite("MYE2023", "table 2, time from prior therapy", "004:145")
TRANSPLANTED = Cite("MYE2023", "table 2, history of HSCT", "004:146")
HUNGER = Cite("HR2020", "patient 1, T-cell collection", "000:124")

counts_reached = LYMPHOCYTES.is_(Lymphocytes.TO_500, Lymphocytes.OVER_500) | T_CELLS.is_(TCells.OVER_200)
"""MYE2023: above the minimum by either count."""
counts_minimal = counts_reached | LYMPHOCYTES.is_(Lymphocytes.AT_300) | T_CELLS.is_(TCells.TO_200)
"""MYE2023: at the minimum or above it. Exactly 300/uL counts in the text, not in table 2."""
blasts_high = LEUKOCYTES.is_(Leukocytes.OVER_40) & BLOOD_BLASTS.is_(BloodBlasts.OVER_80)
"""MYE2023 gives 20-40,000/uL and 50-80 % as ranges; both above their upper ends: wait (project's split)."""
blasts_raised = LEUKOCYTES.is_(Leukocytes.TO_40, Leukocytes.OVER_40) & BLOOD_BLASTS.is_(
    BloodBlasts.TO_80, BloodBlasts.OVER_80
)
"""Both above the lower ends of their ranges."""
hunger_untreated = any_relapse & TREATED.no & T_CELLS.is_(TCells.OVER_200)
"""HR2020: before any antileukemic treatment of this relapse. Without a relapse there is no such time."""
hunger_treated = TREATED.yes & CYTOTOXICS.is_(Washout.OVER) & LYMPHOCYTES.is_(Lymphocytes.OVER_500)
"""HR2020: after chemotherapy. Other antileukemic treatment alone is read alike (project's)."""
_SCOPE = considered & COLLECTED.no
_transplanted = AFTER_TRANSPLANT.is_(
    AfterTransplant.BEFORE_100, AfterTransplant.TO_120, AfterTransplant.FROM_120
)

_COUNT_RULES: tuple[Advice, ...] = (
    Advice(
        "C-4",
        _D,
        "T-cell collection: counts are below the minimum of Myers et al.",
        "Myers et al. 2023 recommend at least 300 lymphocytes/uL, or 100 to 200 CD3+ cells/uL, and more is "
        "better.",
        _SCOPE & ~counts_minimal,
        (COUNTS,),
        tests=(Test.LYMPHOCYTES,),
        rank=30,
    ),
    Advice(
        "C-4a",
        _D,
        "T-cell collection: counts are above the minimum of Myers et al.",
        "Myers et al. 2023 recommend at least 300 lymphocytes/uL, or 100 to 200 CD3+ cells/uL, and more is "
        "better.",
        _SCOPE & counts_reached,
        (COUNTS,),
        versus=("C-4e", "C-4f"),
        rank=31,
    ),
    Advice(
        "C-4b",
        _D,
        "T-cell collection: counts are just at the minimum of Myers et al.",
        "Myers et al. 2023 recommend 100 to 200 CD3+ cells/uL or 300 lymphocytes/uL (at least 300 in the "
        "text, above 300 in table 2), and higher values are preferable.",
        _SCOPE & counts_minimal & ~counts_reached,
        (COUNTS,),
        versus=("C-4e", "C-4f"),
        rank=31,
    ),
    Advice(
        "C-4c",
        _D,
        "T-cell collection before treatment: T cells are above 200/uL, as Hunger & Raetz ask",
        "Hunger & Raetz 2020: with T cells above 200/uL collection before any antileukemic therapy is "
        "generally feasible, even in overt relapse.",
        _SCOPE & hunger_untreated,
        (HUNGER,),
        versus=("C-4g", "C-4h"),
        rank=32,
    ),
    Advice(
        "C-4d",
        _D,
        "T-cell collection after treatment of the relapse: the conditions of Hunger & Raetz are met",
        "Hunger & Raetz 2020 ask for at least 2 weeks since chemotherapy and more than 500 lymphocytes/uL.",
        _SCOPE & hunger_treated,
        (HUNGER,),
        versus=("C-4g", "C-4h", "C-4i"),
        rank=32,
    ),
    Advice(
        "C-4e",
        _D,
        "T-cell collection before treatment: T cells are 200/uL or less; Hunger & Raetz ask for more",
        "Hunger & Raetz 2020 then reduce the leukemia by chemotherapy first, and collect at least 2 weeks "
        "after it with more than 500 lymphocytes/uL.",
        _SCOPE & any_relapse & TREATED.no & T_CELLS.is_(TCells.BELOW_100, TCells.TO_200),
        (HUNGER,),
        versus=("C-4a", "C-4b"),
        rank=32,
    ),
    Advice(
        "C-4f",
        _D,
        "T-cell collection after treatment of the relapse: conditions of Hunger & Raetz are not met",
        "Hunger & Raetz 2020 ask for at least 2 weeks since chemotherapy and more than 500 lymphocytes/uL.",
        _SCOPE
        & TREATED.yes
        & (
            CYTOTOXICS.is_(Washout.RECENT)
            | LYMPHOCYTES.is_(Lymphocytes.BELOW_300, Lymphocytes.AT_300, Lymphocytes.TO_500)
        ),
        (HUNGER,),
        versus=("C-4a", "C-4b"),
        rank=32,
    ),
)

_TIMING: tuple[Advice, ...] = (
    Advice(
        "C-4g",
        _D,
        "Leukocytes above 40,000/uL with more than 80 % blasts: wait with T-cell collection",
        "Myers et al. 2023 generally advise against collection above 20-40,000/uL with more than 50-80 % "
        "blasts; both are above these ranges (project's line). It often succeeds after chemotherapy.",
        _SCOPE & blasts_high,
        (BLASTS,),
        versus=("C-4c", "C-4d"),
        rank=30,
    ),
    Advice(
        "C-4h",
        _D,
        "Leukocytes and blasts in the range in which T-cell collection is doubtful",
        "Myers et al. 2023 generally advise against collection above 20-40,000 leukocytes/uL with more than "
        "50-80 % blasts; how far it is acceptable is not defined.",
        _SCOPE & blasts_raised & ~blasts_high,
        (BLASTS,),
        versus=("C-4c", "C-4d"),
        rank=31,
    ),
    Advice(
        "C-4i",
        _D,
        "T-cell collection: less than 72 hours since corticosteroids",
        "Myers et al. 2023 ask for 72 hours without corticosteroids before collection.",
        _SCOPE & STEROIDS.is_(Washout.RECENT),
        (WASHOUTS,),
        versus=("C-4d",),
        rank=33,
    ),
    Advice(
        "C-4j",
        _D,
        "T-cell collection: less than 2 weeks since cytotoxic chemotherapy",
        "Myers et al. 2023 ask for 2 weeks without cytotoxic chemotherapy before collection, as Hunger & "
        "Raetz 2020 do.",
        _SCOPE & CYTOTOXICS.is_(Washout.RECENT),
        (WASHOUTS, HUNGER),
        rank=33,
    ),
    Advice(
        "C-4k",
        _D,
        "T-cell collection: less than 6 weeks since pembrolizumab",
        "Myers et al. 2023 ask for 6 weeks to 3 months without pembrolizumab before collection.",
        _SCOPE & PEMBROLIZUMAB.is_(LongWashout.RECENT),
        (WASHOUTS,),
        rank=33,
    ),
    Advice(
        "C-4l",
        _D,
        "T-cell collection: 6 weeks to 3 months since pembrolizumab, which may be too soon",
        "Myers et al. 2023 give this range as the shortest time without pembrolizumab before collection.",
        _SCOPE & PEMBROLIZUMAB.is_(LongWashout.RANGE),
        (WASHOUTS,),
        rank=34,
    ),
    Advice(
        "C-4m",
        _D,
        "T-cell collection: less than 100 days since transplant",
        "Myers et al. 2023 recommend at least 100 to 120 days between HSCT and collection. An autologous "
        "HSCT is not counted (project's reading: the concern is donor cells).",
        _SCOPE & AFTER_TRANSPLANT.is_(AfterTransplant.BEFORE_100),
        (TRANSPLANTED,),
        rank=33,
    ),
    Advice(
        "C-4n",
        _D,
        "T-cell collection: 100 to 120 days since transplant, which may be too soon",
        "Myers et al. 2023 give this range as the shortest time between HSCT and collection.",
        _SCOPE & AFTER_TRANSPLANT.is_(AfterTransplant.TO_120),
        (TRANSPLANTED,),
        rank=34,
    ),
    Advice(
        "C-4o",
        _D,
        "T-cell collection after transplant: immunosuppression has not been stopped for 4 weeks",
        "Myers et al. 2023 recommend at least 4 weeks without immunosuppression, so that no alloreactive T "
        "cells are collected.",
        _SCOPE & _transplanted & IMMUNOSUPPRESSION.is_(Washout.RECENT),
        (TRANSPLANTED,),
        rank=33,
    ),
    Advice(
        "C-4p",
        _D,
        "T-cell collection after transplant: signs of graft-versus-host disease",
        "Myers et al. 2023 recommend collection only without such signs, so that no alloreactive T cells are "
        "collected.",
        _SCOPE & _transplanted & GVHD.yes,
        (TRANSPLANTED,),
        rank=33,
    ),
)

_EARLY: tuple[Advice, ...] = (
    Advice(
        "C-10a",
        _D,
        "Collect T cells before chemotherapy for the relapse, where feasible",
        "Myers et al. 2023: repeated chemotherapy depletes the early T cells that expand best. Hunger & "
        "Raetz 2020 too would ideally collect before any antileukemic therapy.",
        _SCOPE & any_relapse & TREATED.no,
        (Cite("MYE2023", "leukapheresis; table 2, prior therapy", "004:132, 144"), HUNGER),
        tests=(Test.CAR_T_REFERRAL,),
        rank=29,
    ),
    Advice(
        "C-10b",
        _D,
        "Infant ALL, MRD positive after induction: preemptive T-cell collection may be considered",
        "Myers et al. 2023 name it as an example of a very high risk in which cells may be collected before "
        "any relapse.",
        before_infusion & NUMBER.is_(RelapseNumber.NONE) & INFANT.yes & INDUCTION_MRD.yes & COLLECTED.no,
        (Cite("MYE2023", "leukapheresis", "004:132"),),
        rank=35,
    ),
    Advice(
        "C-12",
        _D,
        "Tisagenlecleucel needs a collection of at least 1e9 CD3+ cells",
        "Myers et al. 2023, with rare exceptions for infants and very small children.",
        _SCOPE,
        (Cite("MYE2023", "leukapheresis", "004:134"),),
        weight=Weight.NOTE,
        rank=64,
    ),
)

ADVICE: tuple[Advice, ...] = (*_COUNT_RULES, *_TIMING, *_EARLY)
