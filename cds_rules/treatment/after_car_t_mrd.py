"""MRD after CAR-T, in remission: rules P-2, P-3, P-8 and P-14 (clinical model section 7).

Sequencing counts at any level here, unlike everywhere else (D-6); flow and PCR keep their lines.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspects.after_car_t import in_remission, naive, persistent
from cds_rules.treatment.aspects.b_cells import early_loss
from cds_rules.treatment.aspects.mrd_after_car_t import (
    FLOW,
    NGS_DAY28,
    NGS_LATEST,
    NGS_MONTH3,
    NGS_REPEAT,
    PCR_DAY28,
    PCR_LATEST,
    Flow,
    Ngs,
    Pcr,
    PcrNow,
    imminent,
    late_positive,
    persists_or_rises,
)

_D = Decision.AFTER_CAR_T
_NOTE = Weight.NOTE
_CHILD = Audience.PEDIATRIC
_HIGH_RISK = "consolidative HSCT for high-risk patients"
_BRIDGING = "bridging high-risk patients to HSCT"
_NGS = Cite("MYE2023", _HIGH_RISK, "004:207")
_NGS_TABLE = Cite("MYE2023", "table 1, NGS-MRD and PCR", "004:60")
_PCR_TABLE = Cite("MYE2023", "table 1, NGS-MRD and PCR", "004:61")
_BRIDGE = Cite("MYE2023", _BRIDGING, "004:231")
_WITH_MRD = Cite("MYE2023", _BRIDGING, "004:233")
_INFORMATIVE = Cite("MYE2023", _HIGH_RISK, "004:219")

_once_positive = (NGS_DAY28.is_(Ngs.POSITIVE) & NGS_REPEAT.is_(Ngs.NOT_DONE)) | (
    NGS_REPEAT.is_(Ngs.POSITIVE) & NGS_DAY28.is_(Ngs.NOT_DONE, Ngs.NO_CLONE)
)
"""Positive once before month 3, and not repeated."""
_unverified = _once_positive & NGS_MONTH3.is_(Ngs.NOT_DONE)

ADVICE: tuple[Advice, ...] = (
    Advice(
        "P-2",
        _D,
        "NGS-MRD positive before month 3, at any level: verify and repeat",
        "Myers et al. 2023: at day 28 it can be part of a response that is still going on, so it should be "
        "verified; in ELIANA/ENSIGN any level at day 28 went with relapse (HR 4.9).",
        in_remission & _unverified,
        (_NGS, _NGS_TABLE),
        tests=(Test.NGS_MRD,),
        rank=12,
    ),
    Advice(
        "P-2a",
        _D,
        "Ig/TCR PCR MRD above 0.01 % at day 28 went with relapse after CAR-T (HR 6.0)",
        "Robert Debre and Saint Louis study (51 patients; Myers et al. 2023), independently of other "
        "factors. It tells of a group, and is not itself said to call for transplant.",
        in_remission & PCR_DAY28.is_(Pcr.ABOVE),
        (_PCR_TABLE, _NGS),
        _CHILD,
        _NOTE,
        (Test.NGS_MRD,),
        rank=13,
    ),
    Advice(
        "P-2b",
        _D,
        "No NGS-MRD at day 28: the Ig/TCR PCR of that time can stand in, read at 0.01 %",
        "Myers et al. 2023 allow it where sequencing is not available; in the study that they cite, what "
        "went with relapse was MRD above that line.",
        in_remission & NGS_DAY28.is_(Ngs.NOT_DONE, Ngs.NO_CLONE) & PCR_DAY28.is_(Pcr.UP_TO, Pcr.ABOVE),
        (_NGS, _PCR_TABLE),
        _CHILD,
        _NOTE,
        rank=31,
    ),
    Advice(
        "P-3",
        _D,
        "NGS-MRD positive at month 3 or later, no earlier transplant: refer for transplant before relapse",
        "In ELIANA/ENSIGN any level at month 3 went with relapse (HR 12; Myers et al. 2023). To refer for "
        "HSCT then, and for later months too, is reconstructed from their text, which names a trial of it.",
        naive & persistent & late_positive,
        (_NGS, _NGS_TABLE, Cite("MYE2023", _HIGH_RISK, "004:221")),
        tests=(Test.TRANSPLANT_REFERRAL, Test.HLA, Test.NGS_MRD),
        versus=("P-9",),
        rank=10,
    ),
    Advice(
        "P-3a",
        _D,
        "NGS-MRD positive again on repeat, or rising, no earlier transplant: on the way to transplant",
        "Myers et al. 2023: with persistent or rising NGS-MRD relapse may be imminent; treatment to clear it "
        "before HSCT is often considered.",
        naive & persistent & persists_or_rises,
        (_BRIDGE, _INFORMATIVE),
        tests=(Test.TRANSPLANT_REFERRAL, Test.HLA),
        versus=("P-9",),
        rank=11,
    ),
    Advice(
        "P-8",
        _D,
        "MRD by PCR or NGS only, flow below 0.01 %: transplant may be reasonable without clearing it",
        "Myers et al. 2023, of patients on the way to HSCT: not ideal, but HSCT may be the only cure and the "
        "residue not treatable. With NGS-MRD, myeloablative conditioning with total body irradiation, and "
        "some acute GVHD, may be needed. A first positive NGS-MRD before month 3 is to be verified first.",
        in_remission
        & ((NGS_LATEST.is_(Ngs.POSITIVE) & ~_unverified) | PCR_LATEST.is_(PcrNow.POSITIVE))
        & FLOW.is_(Flow.BELOW),
        (_WITH_MRD,),
        tests=(Test.TRANSPLANT_REFERRAL,),
        rank=22,
    ),
    Advice(
        "P-8a",
        _D,
        "Before transplant: survival is clearly better with flow MRD below 0.01 % or PCR below 1e-4",
        "Reported by Myers et al. 2023. They do not speak of going to HSCT with flow MRD of 0.01 % or more.",
        in_remission & FLOW.is_(Flow.FROM),
        (_WITH_MRD,),
        _CHILD,
        _NOTE,
        rank=23,
    ),
    Advice(
        "P-8b",
        _D,
        "Bridging to transplant: blinatumomab only helps if CD19 is kept, which NGS-MRD does not show",
        "Myers et al. 2023: it may work well at low burden. Options are limited and empiric; leukemia that "
        "has had CAR-T is generally refractory to chemotherapy.",
        in_remission & (early_loss | imminent),
        (_BRIDGE,),
        _CHILD,
        _NOTE,
        (Test.IMMUNOPHENOTYPE,),
        rank=24,
    ),
    Advice(
        "P-8c",
        _D,
        "Bridging to transplant: inotuzumab raises concern of veno-occlusive disease around transplant",
        "Myers et al. 2023 call it a consideration, but particularly problematic near HSCT.",
        in_remission & (early_loss | imminent),
        (_BRIDGE,),
        _CHILD,
        _NOTE,
        rank=25,
    ),
    Advice(
        "P-14",
        _D,
        "No NGS-MRD result, or no informative clone: MRD by sequencing is unknown, not negative",
        "Myers et al. 2023: about 10 % of B-ALL have no informative IgH clone; T-cell receptor clones bring "
        "it above 95 %, but vary in specificity. B-cell aplasia alone is not enough.",
        in_remission & NGS_LATEST.is_(Ngs.NO_CLONE, Ngs.NOT_DONE),
        (_INFORMATIVE, Cite("MYE2023", _HIGH_RISK, "004:205")),
        _CHILD,
        _NOTE,
        (Test.NGS_MRD,),
        rank=32,
    ),
    Advice(
        "P-14a",
        _D,
        "NGS-MRD positive: several clones, or a rise on repeat, make relapse more certain",
        "Myers et al. 2023; they advise experts in the test for suspicious results.",
        in_remission & NGS_LATEST.is_(Ngs.POSITIVE),
        (_INFORMATIVE,),
        _CHILD,
        _NOTE,
        (Test.NGS_MRD,),
        rank=33,
    ),
)
