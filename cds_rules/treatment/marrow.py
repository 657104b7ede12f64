"""First marrow relapse of B-ALL: rules B-1 to B-14 (clinical model section 4).

Early and late are the COG clock. Where the sources draw the line for transplant elsewhere, each says
so under its own name (marrow_mrd).
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.patient.findings import Expression
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Decision, Weight
from cds_rules.treatment.aspects.course import (
    CAR_T_GIVEN,
    REFRACTORY,
    TRANSPLANT_BEFORE,
    b_lineage,
    early_marrow,
    first_relapse,
    late_marrow,
    marrow_relapse,
)
from cds_rules.treatment.aspects.findings import (
    ABL_CLASS,
    BCR_ABL1,
    CD19,
    CD22,
    JAK2,
    T315I,
    T315I_ON_RECORD,
    TCF3_HLF,
    TP53,
)
from cds_rules.treatment.aspects.mrd import END_BLOCK1, MrdBand
from cds_rules.treatment.aspects.mrd_course import AFTER_BLINATUMOMAB, METHODS, Methods
from cds_rules.treatment.aspects.reinduction import REMISSION_AFTER
from cds_rules.treatment.aspects.response import BLINATUMOMAB, RESPONSE, RESPONSE_ON_RECORD, Cycles, Response
from cds_rules.treatment.aspects.transplant import DONOR_READY, TRANSPLANT, InThisCourse
from cds_rules.treatment.marrow_mrd import ADVICE as _BY_MRD

_STILL_AHEAD = TRANSPLANT_BEFORE.no & CAR_T_GIVEN.no & TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
"""Neither HSCT nor CAR-T before the relapse or since; after CAR-T other rules speak."""
_AHEAD = b_lineage & first_relapse & marrow_relapse & _STILL_AHEAD
"""A first marrow relapse of B-ALL with HSCT and CAR-T not done."""

_new = RESPONSE_ON_RECORD.no
"""Reinduction is not yet judged: what belongs to it is still timely."""
_clear = RESPONSE.is_(Response.M1)
_poor = RESPONSE.is_(Response.M3)
_cd19 = CD19.is_(Expression.POSITIVE, Expression.DIM)
_cd22 = CD22.is_(Expression.POSITIVE, Expression.DIM)
_two_cycles = BLINATUMOMAB.is_(Cycles.TWO)
_high_after_block1 = END_BLOCK1.is_(MrdBand.FROM)
_still_positive = _two_cycles & AFTER_BLINATUMOMAB.is_(MrdBand.BETWEEN, MrdBand.FROM)
_given_blinatumomab = early_marrow | (late_marrow & _high_after_block1)
"""Those whom HR2020 treats with blinatumomab and transplant (000:72, 112)."""

_HR_PATIENT1 = Cite("HR2020", "patient 1, after reinduction", "000:72")
_HR_LATE = Cite("HR2020", "patient 1, late marrow relapse", "000:112")
_R3 = Cite("LOC2012", "what we do for relapsed ALL, randomized trials", "001:70")
_LOC_TARGETED = Cite("LOC2012", "targeted molecular treatments", "001:155")
_HR_GENETICS = Cite("HR2020", "patient 1, somatic genetics", "000:114")

_REINDUCTION: tuple[Advice, ...] = (
    Advice(
        "B-1",
        Decision.REINDUCTION,
        "Four-drug reinduction in hospital; no regimen is proven superior",
        "Hunger & Raetz (2020) begin with four drugs (UKALL R3 or another regimen), keep the patient in "
        "hospital until counts recover and give antimicrobial prophylaxis. Locatelli et al. (2012) too find "
        "no reinduction regimen shown to be superior.",
        _AHEAD & _new,
        (
            Cite("HR2020", "patient 1, initial therapy", "000:72"),
            Cite("LOC2012", "what we do for relapsed ALL", "001:78"),
        ),
        versus=("A-1", "A-1a"),
        rank=10,
    ),
    Advice(
        "B-2",
        Decision.CONSOLIDATION,
        "Marrow above 25 % blasts (M3) after reinduction: inotuzumab is one course, with or without CAR-T",
        "Hunger & Raetz (2020) use inotuzumab, CAR-T cells or both then. Inotuzumab needs CD22 on the "
        "blasts.",
        _AHEAD & _poor & _cd22,
        (_HR_PATIENT1,),
        versus=("B-14",),
        rank=10,
    ),
    Advice(
        "B-2a",
        Decision.CONSOLIDATION,
        "Marrow above 25 % blasts (M3) after reinduction: CAR-T is one course, with or without inotuzumab",
        "Hunger & Raetz (2020) use CAR-T cells, inotuzumab or both then. Whether a product is approved for "
        "it is asked in C-1; to ask for CD19 on the blasts and to refer is the project's.",
        _AHEAD & _poor & _cd19,
        (_HR_PATIENT1,),
        tests=(Test.CAR_T_REFERRAL,),
        versus=("B-14",),
        rank=11,
    ),
    Advice(
        "B-3",
        Decision.CONSOLIDATION,
        "Early relapse with M1 or M2 marrow: two blinatumomab cycles, then transplant in CR2 if MRD-negative",
        "Hunger & Raetz (2020) give two 28-day cycles of blinatumomab (for CD19-positive ALL) after "
        "reinduction, then HSCT in CR2 if MRD is negative. In AALL1331, blinatumomab in place of two blocks "
        "of chemotherapy gave better disease-free and overall survival with less toxicity.",
        _AHEAD
        & early_marrow
        & RESPONSE.is_(Response.M1, Response.M2)
        & REFRACTORY.no
        & BLINATUMOMAB.is_(Cycles.NONE, Cycles.ONE)
        & (BLINATUMOMAB.is_(Cycles.ONE) | _cd19),
        (_HR_PATIENT1,),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("B-6a", "B-7b", "B-14", "H-9"),
        rank=20,
    ),
    Advice(
        "B-3a",
        Decision.CONSOLIDATION,
        "Two blinatumomab cycles given and MRD below 0.01 %: transplant in CR2",
        "Hunger & Raetz (2020) go on to HSCT in CR2 from the best available donor once MRD is negative after "
        "two cycles of blinatumomab; they look for other ways from 0.01 % on.",
        _AHEAD & _given_blinatumomab & _clear & _two_cycles & AFTER_BLINATUMOMAB.is_(MrdBand.BELOW),
        (_HR_PATIENT1, _HR_LATE),
        tests=(Test.TRANSPLANT_REFERRAL,),
        rank=22,
    ),
    Advice(
        "B-3b",
        Decision.CONSOLIDATION,
        "MRD-negative after the first blinatumomab cycle with a donor ready: consider transplant now",
        "If a donor is at hand, Hunger & Raetz (2020) would consider HSCT after the first cycle of "
        "blinatumomab in a patient whose MRD is negative (read here as below 0.01 %).",
        _AHEAD
        & early_marrow
        & _clear
        & BLINATUMOMAB.is_(Cycles.ONE)
        & AFTER_BLINATUMOMAB.is_(MrdBand.BELOW)
        & DONOR_READY.yes,
        (_HR_PATIENT1,),
        tests=(Test.TRANSPLANT_REFERRAL,),
        rank=21,
    ),
    Advice(
        "B-4",
        Decision.CONSOLIDATION,
        "MRD of 0.01 % or more after two blinatumomab cycles: consider other treatment before transplant",
        "Because MRD before HSCT worsens the outcome, Hunger & Raetz (2020) would consider other strategies "
        "if it is 0.01 % or more after two cycles of blinatumomab.",
        _AHEAD & _given_blinatumomab & _still_positive,
        (_HR_PATIENT1,),
        tests=(Test.TRIAL_REFERRAL, Test.TRANSPLANT_REFERRAL),
        versus=("H-8",),
        rank=23,
    ),
    Advice(
        "B-4a",
        Decision.CONSOLIDATION,
        "Inotuzumab is an option for MRD after blinatumomab; it may raise the risk of VOD after transplant",
        "Hunger & Raetz (2020) name inotuzumab among the other strategies. It may add to the risk of "
        "veno-occlusive disease after HSCT, above all after several cycles.",
        _AHEAD & _given_blinatumomab & _still_positive & _cd22,
        (_HR_PATIENT1,),
        weight=Weight.NOTE,
        rank=24,
    ),
)

_BY_GENETICS: tuple[Advice, ...] = (
    Advice(
        "B-8",
        Decision.REINDUCTION,
        "BCR::ABL1: add imatinib or dasatinib to reinduction",
        "Hunger & Raetz (2020). Locatelli et al. (2012) ask that the relapse shows no mutation that confers "
        "resistance to imatinib.",
        _AHEAD & BCR_ABL1.yes & T315I_ON_RECORD.no & _new,
        (_HR_GENETICS, _LOC_TARGETED),
        tests=(Test.KINASE_MUTATIONS,),
        rank=20,
    ),
    Advice(
        "B-8b",
        Decision.REINDUCTION,
        "BCR::ABL1 with T315I: not imatinib or dasatinib; of the inhibitors only ponatinib is active",
        "Locatelli et al. (2012) make it a condition of imatinib that the relapse shows no mutation that "
        "confers resistance. That only ponatinib has substantial activity against T315I is from the adult "
        "source, Larson (2022).",
        _AHEAD & BCR_ABL1.yes & T315I.yes,
        (
            _LOC_TARGETED,
            Cite("UTD2022", "Philadelphia chromosome positive ALL", "003:180"),
        ),
        rank=20,
    ),
    Advice(
        "B-8a",
        Decision.REINDUCTION,
        "ABL-class fusion: strongly consider imatinib or dasatinib",
        "Hunger & Raetz (2020), in the same sentence as adding them to reinduction with BCR::ABL1.",
        _AHEAD & ABL_CLASS.yes,
        (_HR_GENETICS,),
        rank=21,
    ),
    Advice(
        "B-9",
        Decision.CONSOLIDATION,
        "JAK2 fusion, refractory or MRD-positive after two blinatumomab cycles: ruxolitinib can be added",
        "Hunger & Raetz (2020) would use ruxolitinib only here; that it works, and is safe, is not yet "
        "shown. MRD-positive is read as 0.01 % or more.",
        _AHEAD & JAK2.yes & (REFRACTORY.yes | _still_positive),
        (_HR_GENETICS,),
        rank=40,
    ),
    Advice(
        "B-9a",
        Decision.REINDUCTION,
        "JAK2 fusion: no ruxolitinib unless refractory or MRD-positive after two blinatumomab cycles",
        "Hunger & Raetz (2020): benefit and safety of adding it to reinduction are not yet proven.",
        _AHEAD & JAK2.yes & ~(REFRACTORY.yes | _still_positive),
        (_HR_GENETICS,),
        rank=40,
    ),
    Advice(
        "B-10",
        Decision.CONSOLIDATION,
        "TP53 alteration: consider transplant or CAR-T in CR2 whatever the time to relapse and the MRD",
        "TP53 mutations carry a very poor outcome: Hunger & Raetz (2020) find HSCT or CAR-T in CR2 "
        "reasonable to consider whatever the time to relapse and the MRD response. What CAR-T products are "
        "approved for: C-1.",
        _AHEAD & TP53.yes & REFRACTORY.no,
        (_HR_GENETICS,),
        tests=(Test.TRANSPLANT_REFERRAL, Test.CAR_T_REFERRAL),
        versus=("B-5",),
        rank=5,
    ),
    Advice(
        "B-10a",
        Decision.CONSOLIDATION,
        "Late relapse with TCF3::HLF: consider transplant or CAR-T in CR2 whatever the MRD",
        "For a late marrow relapse with a high-risk alteration, of which they name TCF3::HLF as an example, "
        "Hunger & Raetz (2020) would consider HSCT or CAR-T in CR2 whatever the MRD response.",
        _AHEAD & late_marrow & TCF3_HLF.yes & REFRACTORY.no,
        (_HR_GENETICS,),
        tests=(Test.TRANSPLANT_REFERRAL, Test.CAR_T_REFERRAL),
        versus=("B-5",),
        rank=6,
    ),
    Advice(
        "B-11",
        Decision.CONSOLIDATION,
        "High-risk first relapse: a CAR-T trial is reasonable to consider, above all after a poor response",
        "Hunger & Raetz (2020) find it reasonable to consider a trial of CAR-T cells in high-risk first "
        "relapse, particularly if reinduction worked poorly.",
        _AHEAD & early_marrow,
        (_HR_PATIENT1,),
        tests=(Test.TRIAL_REFERRAL,),
        rank=50,
    ),
    Advice(
        "B-11a",
        Decision.CONSOLIDATION,
        "If CAR-T is planned for this relapse: be cautious with blinatumomab before it",
        "Hunger & Raetz (2020), of a CAR-T trial in high-risk first relapse; B-3 is their course without.",
        _AHEAD & early_marrow,
        (_HR_PATIENT1,),
        weight=Weight.NOTE,
        rank=51,
    ),
    Advice(
        "B-12",
        Decision.CONSOLIDATION,
        "MRD by sequencing only: not in general use to decide on transplant in CR2",
        "Sequencing may sort risk more finely, but Hunger & Raetz (2020) report that it has not generally "
        "been taken into decisions on HSCT in CR2. The lines of 0.01 % and 0.1 % wait for flow or PCR.",
        _AHEAD & METHODS.is_(Methods.NGS),
        (_HR_PATIENT1,),
        weight=Weight.NOTE,
        tests=(Test.MARROW_MRD,),
        rank=45,
    ),
)

_RANDOMIZED: tuple[Advice, ...] = (
    Advice(
        "B-13",
        Decision.REINDUCTION,
        "Reinduction in UKALL R3: 3-year survival 69 % with mitoxantrone, 45 % with idarubicin",
        "First relapses, 239 children enrolled. Locatelli et al. (2012) see a significant benefit of "
        "mitoxantrone, mainly by fewer disease events.",
        _AHEAD & RESPONSE_ON_RECORD.no,
        (_R3,),
        weight=Weight.NOTE,
        versus=("B-13a",),
        rank=60,
    ),
    Advice(
        "B-13a",
        Decision.REINDUCTION,
        "Mitoxantrone in reinduction: its benefit requires further investigation (2014)",
        "NCI PDQ (2014) of the same trial: second remissions and MRD after reinduction did not differ "
        "between the arms; survival did, by fewer relapses after transplant.",
        _AHEAD & RESPONSE_ON_RECORD.no,
        (Cite("PDQ2014", "reinduction chemotherapy", "002:105-110"),),
        weight=Weight.NOTE,
        versus=("B-13",),
        rank=61,
    ),
    Advice(
        "B-13b",
        Decision.REINDUCTION,
        "High-dose methotrexate in reinduction was no better than intermediate dose (BFM, randomized)",
        "Methotrexate 5 g/m2 and 1 g/m2 by infusion had similar outcomes (Locatelli et al. 2012, NCI PDQ "
        "2014); the group kept the lower dose for its later trials.",
        _AHEAD & RESPONSE_ON_RECORD.no,
        (_R3, Cite("PDQ2014", "reinduction chemotherapy", "002:112")),
        weight=Weight.NOTE,
        rank=62,
    ),
    Advice(
        "B-14",
        Decision.CONSOLIDATION,
        "No response to reinduction: dismal outcome; a controlled phase 1 or 2 trial",
        "Locatelli et al. (2012) propose one to every such child: more treatment can bring a second "
        "remission, with much toxicity and minimal survival. Newer means stand beside (B-2, B-2a, B-3, C-1).",
        first_relapse
        & TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
        & CAR_T_GIVEN.no
        & REMISSION_AFTER.no,
        (Cite("LOC2012", "what we do for relapsed ALL", "001:85"),),
        tests=(Test.TRIAL_REFERRAL,),
        versus=("B-2", "B-2a", "B-3"),
        rank=12,
    ),
)

ADVICE: tuple[Advice, ...] = (*_REINDUCTION, *_BY_MRD, *_BY_GENETICS, *_RANDOMIZED)
