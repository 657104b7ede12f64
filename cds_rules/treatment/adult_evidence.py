"""What groups of adults had in the studies that UTD2022 reports: A-6a, A-11 to A-13, A-15, A-16."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.patient.findings import Expression
from cds_rules.risk.case import Pattern
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspect import When
from cds_rules.treatment.aspects.active import ACTIVE
from cds_rules.treatment.aspects.adult import TKI_BEFORE, TkiBefore
from cds_rules.treatment.aspects.car_t import BURDEN, Burden, considered
from cds_rules.treatment.aspects.course import (
    CAR_T_GIVEN,
    PATTERN,
    any_relapse,
    b_lineage,
    first_relapse,
)
from cds_rules.treatment.aspects.earlier import SINCE_ALLOGENEIC, AfterAllogeneic
from cds_rules.treatment.aspects.findings import BCR_ABL1, CD19, CD22, T315I
from cds_rules.treatment.aspects.scores import SALVAGE, Salvage
from cds_rules.treatment.aspects.state import IN_REMISSION, PRIMARY_REFRACTORY
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

_cd19 = CD19.is_(Expression.POSITIVE, Expression.DIM)
_cd22 = CD22.is_(Expression.POSITIVE, Expression.DIM)
_ill = (any_relapse | PRIMARY_REFRACTORY.yes) & ACTIVE.yes
_ahead = TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED) & CAR_T_GIVEN.no
_resistant_ph = b_lineage & _ill & BCR_ABL1.yes & TKI_BEFORE.is_(TkiBefore.SECOND, TkiBefore.LATER) & _cd19
"""Those of the trial: at least one inhibitor of the second generation, or later, had failed (003:194)."""
_low = BURDEN.is_(Burden.BELOW_1, Burden.BELOW_5)
_marrow_only = PATTERN.is_(Pattern.MARROW)

_AT_TRANSPLANT = Cite("UTD2022", "prognosis, disease at transplant", "003:246-256")
_PH = Cite("UTD2022", "Philadelphia chromosome positive ALL", "003:192-194")
_CAR_T = Cite("UTD2022", "CAR-T", "003:138")


def _note(
    id: str,  # noqa: A002 - the name that Advice gives it
    decision: Decision,
    title: str,
    detail: str,
    when: When,
    cite: Cite,
    rank: int,
    *more: Cite,
) -> Advice:
    return Advice(id, decision, title, detail, when, (cite, *more), Audience.ADULT, Weight.NOTE, rank=rank)


ADVICE: tuple[Advice, ...] = (
    _note(
        "A-6a",
        Decision.TRANSPLANT,
        "Allogeneic transplant in second remission: long-term leukemia-free survival 18 to 45 % in adults",
        "Larson (2022), over several studies; most failures were relapses.",
        first_relapse & IN_REMISSION.yes & _ahead & SINCE_ALLOGENEIC.is_(AfterAllogeneic.NOT_AFTER),
        Cite("UTD2022", "allogeneic HCT", "003:224"),
        30,
    ),
    _note(
        "A-11",
        Decision.REINDUCTION,
        "Ph-positive after a second-generation TKI: 36 % of 45 reached remission with blinatumomab",
        "Phase 2 study, within two cycles, with full or partial blood counts; 88 % of the responders had a "
        "complete MRD response and 7 of the 16 went on to transplant. Larson (2022) calls it a bridge to "
        "transplant.",
        _resistant_ph,
        _PH,
        40,
    ),
    _note(
        "A-11a",
        Decision.REINDUCTION,
        "T315I after a second-generation TKI: 4 of 10 reached remission with blinatumomab",
        "From the same phase 2 study of 45 patients (Larson 2022).",
        _resistant_ph & T315I.yes,
        _PH,
        41,
    ),
    _note(
        "A-12",
        Decision.TRANSPLANT,
        "Transplant in remission after the first rescue therapy: 3-year survival 56 % (GMALL)",
        "First relapses in GMALL studies, as Larson (2022) reports them; 39 % in remission after later "
        "rescue therapy, 20 % outside remission.",
        first_relapse & IN_REMISSION.yes & _ahead & SALVAGE.is_(Salvage.FIRST),
        _AT_TRANSPLANT,
        31,
    ),
    _note(
        "A-12a",
        Decision.TRANSPLANT,
        "Transplant in remission after a later rescue therapy: 3-year survival 39 % (GMALL)",
        "First relapses in GMALL studies, as Larson (2022) reports them; 56 % in remission after the first "
        "rescue therapy, 20 % outside remission.",
        first_relapse & IN_REMISSION.yes & _ahead & SALVAGE.is_(Salvage.SECOND, Salvage.LATER),
        _AT_TRANSPLANT,
        31,
    ),
    _note(
        "A-12b",
        Decision.TRANSPLANT,
        "Transplant outside remission: 3-year survival 20 % (GMALL)",
        "First relapses in GMALL studies, as Larson (2022) reports them; 56 % and 39 % in remission after "
        "the first and a later rescue therapy.",
        first_relapse & ACTIVE.yes & _ahead,
        _AT_TRANSPLANT,
        31,
    ),
    _note(
        "A-12c",
        Decision.TRANSPLANT,
        "Without transplant none lived longer than one year (first relapses, GMALL)",
        "Larson (2022): 149 of the 547 were transplanted; 38 % of these lived three years. The same report "
        "has 24 % of all 547 alive at three years, more than these two figures allow: read with caution.",
        first_relapse & _ahead,
        _AT_TRANSPLANT,
        32,
    ),
    _note(
        "A-13",
        Decision.TRANSPLANT,
        "Transplant without reinduction first was never compared by intention to treat",
        "Larson (2022): of 37 adults with primary refractory ALL or in first relapse, 51 % reached the "
        "transplant they were meant to have; reinduction toxicity and early relapse stopped the others.",
        (first_relapse | PRIMARY_REFRACTORY.yes) & ACTIVE.yes & _ahead,
        Cite("UTD2022", "transplantation, disease-related factors", "003:208"),
        33,
    ),
    _note(
        "A-15",
        Decision.REINDUCTION,
        "Blinatumomab against chemotherapy: median survival 7.7 and 4.0 months (405 adults, randomized)",
        "Ph-negative ALL, heavily pretreated; remission with full counts 34 and 16 % (Larson 2022).",
        b_lineage & _ill & BCR_ABL1.no & _cd19,
        Cite("UTD2022", "blinatumomab", "003:98-108"),
        42,
    ),
    _note(
        "A-15a",
        Decision.REINDUCTION,
        "Inotuzumab against chemotherapy: remission 81 and 29 %, 2-year survival 23 and 10 % (218 adults)",
        "Sinusoidal obstruction of the liver in 11 and 1 % (randomized; Larson 2022). Hunger & Raetz (2020) "
        "say that it may add to this risk after a later transplant, above all after several cycles.",
        b_lineage & _ill & _cd22,
        Cite("UTD2022", "inotuzumab ozogamicin", "003:118-126"),
        43,
        Cite("HR2020", "patient 1, after reinduction", "000:72"),
    ),
    _note(
        "A-16",
        Decision.CAR_T,
        "CAR-T with marrow blasts below 5 % before it: median EFS 11 months, survival over 20 (one center)",
        "53 adults, 19-28z CAR-T (Larson 2022); with 5 % or more, or extramedullary disease, median survival "
        "was 12 months and toxicity more frequent.",
        considered & _low & _marrow_only,
        _CAR_T,
        65,
    ),
    _note(
        "A-16a",
        Decision.CAR_T,
        "CAR-T with 5 % marrow blasts or more, or extramedullary disease: median survival 12 months (one "
        "center)",
        "53 adults, 19-28z CAR-T (Larson 2022); median survival over 20 months with less than 5 %. "
        "Cytokine release and neurologic toxicity were more frequent with more disease.",
        considered & ~(_low & _marrow_only),
        _CAR_T,
        65,
    ),
)
