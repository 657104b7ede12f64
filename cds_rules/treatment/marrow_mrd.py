"""Chemotherapy or transplant in CR2 by MRD and time: rules B-5 to B-7, where the sources disagree.

HR2020 goes by the COG clock and 0.1 % after block 1; LOC2012 by BFM groups and 1e-4 after consolidation;
UKALL R3, as LOC2012 reports it, by its own groups and 1e-4 after three blocks. Each is a rule of its own.
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
)
from cds_rules.treatment.aspects.findings import CD19
from cds_rules.treatment.aspects.mrd import END_BLOCK1, MrdBand
from cds_rules.treatment.aspects.mrd_course import (
    AFTER_BLOCK3,
    AFTER_CONSOLIDATION,
    AfterBlock3,
    AfterConsolidation,
)
from cds_rules.treatment.aspects.response import BLINATUMOMAB, Cycles
from cds_rules.treatment.aspects.risk_group import BFM, UK, Bfm, Uk
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

_AHEAD = TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
_SCOPE = b_lineage & first_relapse & TRANSPLANT_BEFORE.no & CAR_T_GIVEN.no & _AHEAD
_LATE = _SCOPE & late_marrow & REFRACTORY.no
_fit_for_blinatumomab = BLINATUMOMAB.is_(Cycles.NONE, Cycles.ONE) & (
    BLINATUMOMAB.is_(Cycles.ONE) | CD19.is_(Expression.POSITIVE, Expression.DIM)
)
"""Begun already, or CD19 on the blasts: after the drug an earlier result no longer tells. After the second
cycle B-3a and B-4 speak."""

_OTHER_LINES = ("B-6a", "B-6b", "B-6c", "B-6d")
_HR_LATE = Cite("HR2020", "patient 1, late marrow relapse", "000:112")
_UKALL_R3 = Cite("LOC2012", "what we do for relapsed ALL, UKALL R3", "001:70")
_WEEKS = Cite("LOC2012", "role of MRD", "001:47")

ADVICE: tuple[Advice, ...] = (
    Advice(
        "B-5",
        Decision.CONSOLIDATION,
        "Late relapse with end-of-reinduction MRD below 0.1 %: chemotherapy without transplant",
        "Hunger & Raetz (2020) treat late marrow relapse with MRD below 0.1 % at the end of reinduction with "
        "chemotherapy, without transplant: UKALL R3 for its lower cumulative doses; ALL-REZ BFM 2002 or COG "
        "AALL0433 are others' choices.",
        _LATE & END_BLOCK1.is_(MrdBand.BELOW, MrdBand.BETWEEN),
        (_HR_LATE,),
        versus=("A-6", *_OTHER_LINES, "B-7", "B-7a", "B-10", "B-10a"),
        rank=20,
    ),
    Advice(
        "B-5a",
        Decision.CONSOLIDATION,
        "MRD between 0.01 and 0.1 % after block 1: the groups differ on the line for transplant",
        "Hunger & Raetz (2020): most groups transplant late relapses from 0.1 % on, some from 0.01 % on. "
        "Each source's line, and when it is measured, stands beside.",
        _LATE & END_BLOCK1.is_(MrdBand.BETWEEN),
        (_HR_LATE,),
        weight=Weight.NOTE,
        versus=_OTHER_LINES,
        rank=21,
    ),
    Advice(
        "B-6",
        Decision.CONSOLIDATION,
        "Late relapse with end-of-reinduction MRD of 0.1 % or more: 1-2 blinatumomab cycles, then transplant",
        "Hunger & Raetz (2020), as in an early relapse; if MRD is 0.01 % or more after two cycles they look "
        "for other ways first (B-4).",
        _LATE & END_BLOCK1.is_(MrdBand.FROM) & _fit_for_blinatumomab,
        (_HR_LATE,),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=_OTHER_LINES,
        rank=22,
    ),
    Advice(
        "B-6a",
        Decision.CONSOLIDATION,
        "Standard or intermediate risk (S1, S2) with MRD above 1e-4 after consolidation: offer transplant",
        "Locatelli et al. (2012) offer HSCT to standard- and intermediate-risk relapses (read as S1 and S2) "
        "with MRD above 0.01 % after induction/consolidation; they measure 5 and 12 to 13 weeks into "
        "treatment. The later sample is asked for here.",
        first_relapse & _AHEAD & BFM.is_(Bfm.S1, Bfm.S2) & AFTER_CONSOLIDATION.is_(AfterConsolidation.ABOVE),
        (Cite("LOC2012", "what we do for relapsed ALL", "001:78-85"), _WEEKS),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("B-3", "B-5", "B-5a", "B-6", "B-6b", "B-6c", "B-6d", "B-7b", "N-3b", "N-5c"),
        rank=23,
    ),
    Advice(
        "B-6b",
        Decision.CONSOLIDATION,
        "UKALL R3, intermediate or high risk with MRD of 1e-4 or more after three blocks: transplant",
        "In UKALL R3, as Locatelli et al. (2012) report it, intermediate- and high-risk patients with MRD of "
        "0.01 % or more after three blocks received allogeneic HSCT.",
        first_relapse & _AHEAD & UK.is_(Uk.INTERMEDIATE, Uk.HIGH) & AFTER_BLOCK3.is_(AfterBlock3.FROM),
        (_UKALL_R3,),
        weight=Weight.NOTE,
        versus=("B-5", "B-5a", "B-6", "B-6a", "B-6c", "B-7b"),
        rank=24,
    ),
    Advice(
        "B-6c",
        Decision.CONSOLIDATION,
        "Late relapse with high MRD after reinduction: NCI PDQ left open whether transplant helps",
        "NCI PDQ (2014): end-of-reinduction MRD may show who will relapse on chemotherapy alone, but whether "
        "HSCT benefits late relapses with high MRD needs further study. It names no level there; shown from "
        "0.01 % on.",
        _LATE & END_BLOCK1.is_(MrdBand.BETWEEN, MrdBand.FROM),
        (Cite("PDQ2014", "late-relapsing B-precursor ALL", "002:132"),),
        weight=Weight.NOTE,
        versus=("B-5", "B-5a", "B-6", "B-6a", "B-6b", "B-6d"),
        rank=25,
    ),
    Advice(
        "B-6d",
        Decision.CONSOLIDATION,
        "UKALL R3, standard or intermediate risk with MRD below 1e-4 after three blocks: chemotherapy",
        "In UKALL R3, as Locatelli et al. (2012) report it, standard- and intermediate-risk patients with "
        "MRD below 0.01 % after three blocks went on with chemotherapy.",
        first_relapse & _AHEAD & UK.is_(Uk.STANDARD, Uk.INTERMEDIATE) & AFTER_BLOCK3.is_(AfterBlock3.BELOW),
        (_UKALL_R3,),
        weight=Weight.NOTE,
        versus=("B-5", "B-5a", "B-6", "B-6a", "B-6c", "B-7b"),
        rank=26,
    ),
    Advice(
        "B-7",
        Decision.CONSOLIDATION,
        "High-risk relapse (BFM S3 or S4): offer transplant",
        "Locatelli et al. (2012) offer allogeneic HSCT to any child with high-risk features (read as S3 and "
        "S4) or poor clearance of blasts: without it they expect survival below 30 %.",
        first_relapse & _AHEAD & BFM.is_(Bfm.S3, Bfm.S4),
        (Cite("LOC2012", "to whom and when we offer HSCT", "001:125"),),
        tests=(Test.HLA, Test.TRANSPLANT_REFERRAL),
        versus=("B-5",),
        rank=27,
    ),
    Advice(
        "B-7a",
        Decision.CONSOLIDATION,
        "Late by COG, early by BFM and UK (on treatment or <6 months after it): the courses differ",
        "Relapse came 36 months or more after diagnosis, yet before or within 6 months of completing "
        "treatment. By COG's clock MRD after block 1 decides (B-5, B-6); by BFM's it is S3, which Locatelli "
        "et al. (2012) transplant.",
        _LATE & BFM.is_(Bfm.S3),
        (Cite("HR2020", "table 1, definitions", "000:62-64"), Cite("LOC2012", "HSCT", "001:125")),
        weight=Weight.NOTE,
        versus=("B-5",),
        rank=28,
    ),
    Advice(
        "B-7b",
        Decision.CONSOLIDATION,
        "Early by COG but intermediate (S2) by BFM: the courses differ",
        "Relapse came less than 36 months after diagnosis: Hunger & Raetz (2020) plan HSCT in CR2 (B-3). BFM "
        "classes it S2, where Locatelli et al. (2012) go by MRD after consolidation.",
        _SCOPE & REFRACTORY.no & early_marrow & BFM.is_(Bfm.S2),
        (
            Cite("HR2020", "table 1, definitions", "000:62-64"),
            Cite("HR2020", "patient 1, after reinduction", "000:72"),
            Cite("LOC2012", "what we do for relapsed ALL", "001:78-85"),
        ),
        weight=Weight.NOTE,
        versus=("B-3", "B-6a", "B-6b", "B-6d"),
        rank=29,
    ),
)
