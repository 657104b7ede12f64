"""Allogeneic transplant for relapsed ALL in children: rules H-1 to H-11 (clinical model section 4).

For whom a source advises a transplant is that source's rule elsewhere (B-3, B-6, B-7); the same questions
are asked here, or that one is planned. A plan is not read from the record: it stays open. What the sources
say of donor, conditioning, MRD and benefit is read as said of a first transplant, without CAR-T since the
relapse: LOC2012 and PDQ2014 come before CAR-T, HR2020 (000:72) speaks of the way to CR2; X-2 and P-2 to P-9
speak of the others. Project's reading where a source does not say it (PDQ2014 002:161-171, LOC2012 001:121).
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspect import When
from cds_rules.treatment.aspects.after_car_t import RELAPSE_SINCE
from cds_rules.treatment.aspects.course import (
    CAR_T_GIVEN,
    REFRACTORY,
    TRANSPLANT_BEFORE,
    any_relapse,
    b_lineage,
    early_marrow,
    first_relapse,
    late_marrow,
    marrow_relapse,
)
from cds_rules.treatment.aspects.mrd import END_BLOCK1, MrdBand
from cds_rules.treatment.aspects.mrd_course import (
    AFTER_CONSOLIDATION,
    BEFORE_TRANSPLANT,
    AfterConsolidation,
    Positivity,
)
from cds_rules.treatment.aspects.response import RESPONSE, Response
from cds_rules.treatment.aspects.risk_group import BFM, Bfm
from cds_rules.treatment.aspects.state import IN_REMISSION
from cds_rules.treatment.aspects.transplant import (
    BODY_RADIATION,
    CLEARING_CYCLES,
    DONOR,
    RISING_CHIMERISM,
    TRANSPLANT,
    Donor,
    InThisCourse,
)

_planned = TRANSPLANT.is_(InThisCourse.PLANNED)
_planned_or_done = TRANSPLANT.is_(InThisCourse.PLANNED, InThisCourse.DONE)
_done = TRANSPLANT.is_(InThisCourse.DONE)
_ahead = TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
_first_transplant: When = TRANSPLANT_BEFORE.no & (CAR_T_GIVEN.no | RELAPSE_SINCE.yes)
"""No transplant before the relapse, and no CAR-T since it."""

_loc_indicated: When = _ahead & (
    BFM.is_(Bfm.S3, Bfm.S4) | AFTER_CONSOLIDATION.is_(AfterConsolidation.ABOVE) | _planned
)
"""Whom LOC2012 transplants: high-risk features or poor clearance (001:85, 125); or one is planned."""
_hr_indicated: When = _ahead & (early_marrow | (late_marrow & END_BLOCK1.is_(MrdBand.FROM)) | _planned)
"""Whom HR2020 transplants after a first marrow relapse of B-ALL (000:72, 112); or one is planned."""
_first_b = b_lineage & first_relapse
_second_remission = RESPONSE.is_(Response.M1) & _first_transplant

_LOC_DONOR = Cite("LOC2012", "to whom and when we offer HSCT", "001:125")
_PDQ_DONOR = Cite("PDQ2014", "donor type and HLA match", "002:171")

_BEFORE: tuple[Advice, ...] = (
    Advice(
        "H-1",
        Decision.TRANSPLANT,
        "Donor: HLA-identical sibling first; else unrelated, cord blood or haploidentical",
        "Locatelli et al. (2012) prefer an HLA-identical sibling. Without one, an unrelated donor (at most "
        "one allele different at HLA-A, -B, -C, -DRB1 by high-resolution typing), cord blood or, in centers "
        "with a program for it, a haploidentical relative are suitable.",
        any_relapse & _loc_indicated & _first_transplant,
        (_LOC_DONOR,),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("H-1a",),
        rank=10,
    ),
    Advice(
        "H-1a",
        Decision.TRANSPLANT,
        "Donor: the best one available, since survival is similar across donor types",
        "Hunger & Raetz (2020): survival is similar with matched siblings, fully matched unrelated donors "
        "and haploidentical donors, so they go on with the best available one.",
        _first_b & marrow_relapse & _first_transplant & _hr_indicated,
        (Cite("HR2020", "patient 1, after reinduction", "000:72"),),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("H-1",),
        rank=11,
    ),
    Advice(
        "H-2",
        Decision.TRANSPLANT,
        "Conditioning for a first transplant: higher cure rates with total body irradiation",
        "NCI PDQ (2014), from two retrospective studies and one randomized trial against chemotherapy alone.",
        any_relapse & _loc_indicated & _first_transplant & BODY_RADIATION.no,
        (Cite("PDQ2014", "TBI-containing preparative regimens", "002:161"),),
        rank=20,
    ),
    Advice(
        "H-2a",
        Decision.TRANSPLANT,
        "Total body irradiation was the standard in 2012, other conditioning a matter for trials",
        "Locatelli et al. (2012). In Eapen et al., whom they cite, transplant beat chemotherapy only with "
        "it, after relapse within 36 months.",
        any_relapse & _loc_indicated & _first_transplant & BODY_RADIATION.no,
        (_LOC_DONOR, Cite("LOC2012", "to whom and when we offer HSCT, studies", "001:108")),
        weight=Weight.NOTE,
        rank=21,
    ),
    Advice(
        "H-3",
        Decision.TRANSPLANT,
        "MRD-positive before transplant: reported survival 20 to 47 %, against 60 to 88 % MRD-negative",
        "NCI PDQ (2014), over several studies of children with ALL in CR at transplant. Positive is read as "
        "0.01 % or more. Locatelli et al. (2012) and Hunger & Raetz (2020) report the same direction.",
        any_relapse & _planned_or_done & _first_transplant & BEFORE_TRANSPLANT.is_(Positivity.POSITIVE),
        (
            Cite("PDQ2014", "MRD detection just before transplant", "002:165"),
            Cite("LOC2012", "role of MRD", "001:64"),
            Cite("HR2020", "patient 1, after reinduction", "000:72"),
        ),
        weight=Weight.NOTE,
        rank=30,
    ),
    Advice(
        "H-3a",
        Decision.TRANSPLANT,
        "MRD-negative before transplant: reported survival 60 to 88 %, against 20 to 47 % MRD-positive",
        "NCI PDQ (2014), over several studies of children with ALL in CR at transplant. Negative is read as "
        "nothing found by a test that reaches 0.01 %.",
        any_relapse & _planned_or_done & _first_transplant & BEFORE_TRANSPLANT.is_(Positivity.NEGATIVE),
        (Cite("PDQ2014", "MRD detection just before transplant", "002:165"),),
        weight=Weight.NOTE,
        rank=31,
    ),
    Advice(
        "H-5",
        Decision.TRANSPLANT,
        "Transplant outside remission: very poor survival; the score SC-1 sorts it",
        "NCI PDQ (2014): children not in CR at HSCT have very poor survival. Larson (2022) gives a score for "
        "myeloablative HSCT outside remission (SC-1), with 3-year survival from 46 to 10 %.",
        any_relapse & _planned & IN_REMISSION.no,
        (
            Cite("PDQ2014", "MRD detection just before transplant", "002:165"),
            Cite("UTD2022", "transplantation, score before transplant", "003:210-222"),
        ),
        audience=Audience.ANY,
        weight=Weight.NOTE,
        rank=32,
    ),
    Advice(
        "H-8",
        Decision.TRANSPLANT,
        "Still MRD-positive after two to three cycles: weigh further treatment against its toxicity",
        "NCI PDQ (2014): after two to three cycles to clear MRD, the benefit of further intensive treatment "
        "has to be weighed against its toxicity. Whether clearing MRD then improves survival is not shown.",
        any_relapse
        & marrow_relapse
        & _ahead
        & _first_transplant
        & BEFORE_TRANSPLANT.is_(Positivity.POSITIVE)
        & CLEARING_CYCLES.yes,
        (Cite("PDQ2014", "MRD detection just before transplant", "002:167"),),
        tests=(Test.TRANSPLANT_REFERRAL,),
        versus=("B-4",),
        rank=33,
    ),
    Advice(
        "H-9",
        Decision.TRANSPLANT,
        "Timing: in CR2, after two or three courses of consolidation chemotherapy to lower MRD",
        "Locatelli et al. (2012) transplant children who reach CR2 after two or three consolidation courses, "
        "aiming at low MRD, whatever the type of transplant.",
        first_relapse & _loc_indicated & _first_transplant & REFRACTORY.no,
        (_LOC_DONOR,),
        tests=(Test.TRANSPLANT_REFERRAL,),
        versus=("B-3", "L-1d"),
        rank=15,
    ),
    Advice(
        "H-10",
        Decision.TRANSPLANT,
        "Unrelated donor: more GVHD and transplant-related mortality than with a matched sibling",
        "NCI PDQ (2014), of clinically extensive GVHD. Survival has become similar, and relapse may be rarer "
        "with a matched unrelated donor.",
        any_relapse & _planned_or_done & _first_transplant & DONOR.is_(Donor.UNRELATED),
        (_PDQ_DONOR,),
        weight=Weight.NOTE,
        rank=40,
    ),
    Advice(
        "H-11",
        Decision.TRANSPLANT,
        "Haploidentical transplant: event-free survival 34 % in CR2, 22 % in CR3, 0 % outside remission",
        "Figures of 127 children with ALL in a European registry, T cell-depleted transplants, as Locatelli "
        "et al. (2012) report them.",
        any_relapse & _planned_or_done & _first_transplant & DONOR.is_(Donor.HAPLO),
        (Cite("LOC2012", "to whom and when we offer HSCT", "001:121-123"),),
        weight=Weight.NOTE,
        rank=41,
    ),
)

_BENEFIT: tuple[Advice, ...] = (
    Advice(
        "H-6",
        Decision.TRANSPLANT,
        "Early B-ALL marrow relapse in CR2: more leukemia-free survival with transplant, still under 50 %",
        "NCI PDQ (2014): in most studies HSCT from a matched sibling or unrelated donor in CR2 did better "
        "than chemotherapy; survival after it is still below 50 %.",
        _first_b & early_marrow & _second_remission & _ahead,
        (Cite("PDQ2014", "early-relapsing B-precursor ALL", "002:128"),),
        tests=(Test.TRANSPLANT_REFERRAL,),
        rank=12,
    ),
    Advice(
        "H-6a",
        Decision.TRANSPLANT,
        "High risk (S3, S4) in CR2: EFS 44 % with unrelated transplant, 0 % with chemotherapy",
        "Event-free survival (EFS) in matched pairs of the BFM group, as Locatelli et al. (2012) report "
        "them. High risk is read as S3 and S4.",
        first_relapse & BFM.is_(Bfm.S3, Bfm.S4) & _second_remission & _ahead,
        (Cite("LOC2012", "to whom and when we offer HSCT", "001:110"),),
        weight=Weight.NOTE,
        rank=42,
    ),
    Advice(
        "H-6b",
        Decision.TRANSPLANT,
        "Intermediate risk (S2) in CR2: EFS 39 % with unrelated transplant, 49 % with chemotherapy",
        "Event-free survival (EFS) in matched pairs of the BFM group, as Locatelli et al. (2012) report "
        "them; the difference was not significant.",
        first_relapse & BFM.is_(Bfm.S2) & _second_remission & _ahead,
        (Cite("LOC2012", "to whom and when we offer HSCT", "001:110"),),
        weight=Weight.NOTE,
        rank=43,
    ),
    Advice(
        "H-6c",
        Decision.TRANSPLANT,
        "Relapse within 36 months: one study found transplant better only here, and only with TBI",
        "Locatelli et al. (2012) cite three studies that disagree: Eapen et al. saw an advantage in children "
        "relapsing within 36 months, with total body irradiation; ALL-REZ BFM 87 in high and intermediate "
        "risk; CCG-1941 none.",
        first_relapse & early_marrow & _second_remission & _ahead,
        (Cite("LOC2012", "to whom and when we offer HSCT", "001:108"),),
        weight=Weight.NOTE,
        rank=44,
    ),
    Advice(
        "H-7",
        Decision.TRANSPLANT,
        "Late B-ALL marrow relapse in CR2: not clear that transplant cures more than chemotherapy",
        "NCI PDQ (2014): chemotherapy after CR2 gave survival of about 50 %, and it is not clear that HSCT "
        "does better.",
        _first_b & late_marrow & _second_remission & _ahead,
        (Cite("PDQ2014", "late-relapsing B-precursor ALL", "002:132"),),
        weight=Weight.NOTE,
        rank=13,
    ),
    Advice(
        "H-7a",
        Decision.TRANSPLANT,
        "Late marrow relapse: studies of transplant in CR2 disagree",
        "Locatelli et al. (2012): Eapen et al. saw no advantage of HSCT beyond 36 months from diagnosis; "
        "ALL-REZ BFM 87 saw one in high and intermediate risk; CCG-1941 none.",
        first_relapse & late_marrow & _second_remission & _ahead,
        (Cite("LOC2012", "to whom and when we offer HSCT", "001:108"),),
        weight=Weight.NOTE,
        rank=45,
    ),
)

_AFTER: tuple[Advice, ...] = (
    Advice(
        "H-4",
        Decision.TRANSPLANT,
        "Rising recipient chimerism: consider stopping immunosuppression, donor lymphocytes, or both",
        "Before a relapse. NCI PDQ (2014) cites 46 patients: 3-year event-free survival was 37 % in the 31 "
        "who had one or both, 0 % in the others; they were not randomized. Withdrawal was possible without "
        "excessive toxicity.",
        _done & RISING_CHIMERISM.yes,
        (Cite("PDQ2014", "immune modulation after transplant", "002:177"),),
        tests=(Test.CHIMERISM, Test.MARROW_MRD, Test.TRANSPLANT_REFERRAL),
        rank=5,
    ),
)

ADVICE: tuple[Advice, ...] = (*_BEFORE, *_BENEFIT, *_AFTER)
