"""After CAR-T, in remission: rules P-2 to P-9, P-12 to P-17, P-20, P-21 (clinical model section 7).

The figure that MYE2023 arranges its own approach in is not at hand; what is said by construct, earlier
transplant, B-cell aplasia and MRD follows its text. Rules by MRD are in `after_car_t_mrd`.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.request import Test
from cds_rules.treatment import after_car_t_mrd
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspects.after_car_t import (
    BLINATUMOMAB_BEFORE,
    HEMATOGONES,
    TIME,
    SinceInfusion,
    after_infusion,
    in_remission,
    infant_or_kmt2a,
    naive,
    persistent,
    short_lived,
    transplanted,
)
from cds_rules.treatment.aspects.b_cells import B_CELLS, BCells, early_loss, kept_6_months
from cds_rules.treatment.aspects.car_t import AVOIDS_TRANSPLANT
from cds_rules.treatment.aspects.mrd_after_car_t import (
    CONVENTIONAL,
    NGS_DAY28,
    NGS_LATEST,
    NGS_MONTH3,
    Conventional,
    Ngs,
    imminent,
)
from cds_rules.treatment.aspects.state import PRIMARY_REFRACTORY

_D = Decision.AFTER_CAR_T
_NOTE = Weight.NOTE
_CHILD = Audience.PEDIATRIC
_DEFINITIVE = Cite("HR2020", "patient 1, CAR-T as definitive therapy or bridge", "000:128")
_ALL = "consolidative HSCT for all patients receiving CD19 CAR T cells"
_HIGH_RISK = "consolidative HSCT for high-risk patients"
_AFTER_HSCT = "approaches to patients treated with CAR T cells for relapse after HSCT"
_CONSTRUCT = Cite("MYE2023", "construct selection", "004:13")
_CD28 = Cite("MYE2023", _ALL, "004:199")
_SECOND = Cite("MYE2023", _AFTER_HSCT, "004:225")
_BCA_TABLE = Cite("MYE2023", "table 1, short CAR persistence", "004:58")
_BCA = Cite("MYE2023", _HIGH_RISK, "004:205")
_REINFUSION = Cite("MYE2023", "CAR T-cell reinfusions for relapse prevention", "004:237")
_returned = CONVENTIONAL.is_(Conventional.RECURRED)

_APLASIA: tuple[Advice, ...] = (
    Advice(
        "P-4",
        _D,
        "B-cell aplasia lost before 6 months, no earlier transplant: transplant",
        "Myers et al. 2023: studies suggest a benefit of HSCT after CAR-T only without an earlier one, above "
        "all if aplasia is lost early; they are small, single-center and not randomized. For Hunger & Raetz "
        "(2020) CAR-T alone will then probably not cure (P-7).",
        naive & early_loss,
        (_BCA_TABLE, _CD28, _BCA, _DEFINITIVE),
        tests=(Test.TRANSPLANT_REFERRAL, Test.HLA, Test.NGS_MRD),
        rank=10,
    ),
    Advice(
        "P-4a",
        _D,
        "Aplasia lost by day 63: a first transplant went with better leukemia-free survival",
        "Seattle (4-1BB construct, one center, not randomized; Myers et al. 2023): leukemia-free survival "
        "after a first HSCT was better (P=.01) if aplasia was lost by day 63. Of all without an earlier HSCT "
        "there was a trend (P=.09); overall survival did not differ.",
        naive & persistent & B_CELLS.is_(BCells.LOST_63),
        (_CD28,),
        _CHILD,
        _NOTE,
        rank=14,
    ),
    Advice(
        "P-4b",
        _D,
        "Aplasia lost at 6 to 12 months: no source gives a rule; get NGS-MRD and ask experts",
        "ELIANA/ENSIGN (143 patients; Myers et al. 2023): loss within 1 year went with relapse (HR 4.5). "
        "Hunger & Raetz (2020): how long it must last is not known, likely at least 6 to 12 months. NGS-MRD "
        "and experts' judgement is the project's reading.",
        in_remission & B_CELLS.is_(BCells.LOST_12),
        (_BCA_TABLE, _BCA, _DEFINITIVE),
        tests=(Test.NGS_MRD, Test.TRANSPLANT_REFERRAL),
        versus=("P-9",),
        rank=15,
    ),
    Advice(
        "P-4c",
        _D,
        "Aplasia lost at about 12 months, NGS-MRD negative: go on with monitoring",
        "One study gave an EFS of 75 % when aplasia was lost at 1 year (Myers et al. 2023). To monitor then, "
        "with NGS-MRD negative, is inferred from it.",
        naive
        & persistent
        & B_CELLS.is_(BCells.LOST_LATER)
        & NGS_MONTH3.is_(Ngs.NEGATIVE)
        & NGS_LATEST.is_(Ngs.NEGATIVE),
        (_BCA,),
        tests=(Test.NGS_MRD, Test.B_CELLS),
        rank=16,
    ),
    Advice(
        "P-4d",
        _D,
        "Aplasia lost within 6 months: 24-month EFS was 14 % in ELIANA and ENSIGN",
        "Pooled analysis of 143 patients (Myers et al. 2023), whose text says below 20 %. Loss within 1 year "
        "went with relapse (HR 4.5).",
        in_remission & early_loss,
        (_BCA_TABLE, _BCA),
        _CHILD,
        _NOTE,
        rank=13,
    ),
)

_BY_CONSTRUCT: tuple[Advice, ...] = (
    Advice(
        "P-5",
        _D,
        "CD28 construct, in remission, no earlier transplant: consolidative transplant",
        "Myers et al. 2023 recommend HSCT in remission after a CD28 construct, above all without an earlier "
        "one: it does not last, and long-term remission without HSCT is not expected.",
        naive & short_lived,
        (_CONSTRUCT, _CD28),
        tests=(Test.TRANSPLANT_REFERRAL, Test.HLA),
        rank=5,
    ),
    Advice(
        "P-5a",
        _D,
        "CD28 construct after an earlier transplant: one passage advises transplant in remission",
        "Myers et al. 2023, choosing a construct: HSCT for those in remission after a CD28 construct, "
        "particularly without an earlier HSCT. Their passage on earlier HSCT says otherwise (P-5b).",
        transplanted & short_lived,
        (_CONSTRUCT,),
        tests=(Test.TRANSPLANT_REFERRAL,),
        versus=("P-5b",),
        rank=6,
    ),
    Advice(
        "P-5b",
        _D,
        "CD28 construct after an earlier transplant: another passage advises no routine second one",
        "Myers et al. 2023, CAR-T for relapse after HSCT: a second HSCT cannot be advised routinely, and is "
        "for those clearly about to relapse. Their passage on constructs says otherwise (P-5a).",
        transplanted & short_lived,
        (_SECOND,),
        versus=("P-5a", "P-6a"),
        rank=7,
    ),
)

_TRANSPLANTED: tuple[Advice, ...] = (
    Advice(
        "P-6",
        _D,
        "Earlier transplant: a second one only if relapse is clearly imminent",
        "Myers et al. 2023 would keep a second HSCT for that, and prefer experimental CAR-T or prevention of "
        "relapse: with an earlier HSCT, Seattle saw no gain in leukemia-free survival (P=.45). They count "
        "early loss of aplasia among the signs that relapse may be imminent.",
        transplanted & ~short_lived & (early_loss | _returned),
        (_SECOND, _CD28, Cite("MYE2023", "bridging high-risk patients to HSCT", "004:231")),
        tests=(Test.TRIAL_REFERRAL, Test.NGS_MRD),
        versus=("P-6a",),
        rank=8,
    ),
    Advice(
        "P-6a",
        _D,
        "Earlier transplant, MRD returned or aplasia lost before 6 months: indication for a second one",
        "Hunger & Raetz (2020), of a patient given CAR-T for relapse after HSCT: return of MRD by flow or "
        "Ig/TCR PCR, or B-cell recovery in the first 6 months, is an indication for a second HSCT.",
        transplanted & (early_loss | _returned),
        (_DEFINITIVE,),
        tests=(Test.TRANSPLANT_REFERRAL,),
        versus=("P-6", "P-5b"),
        rank=9,
    ),
    Advice(
        "P-6b",
        _D,
        "Earlier transplant, NGS-MRD persistent, rising or positive from month 3: relapse may be imminent",
        "For those at imminent risk Myers et al. 2023 leave open a second HSCT; they encourage experimental "
        "CAR-T or prevention of relapse.",
        transplanted & persistent & imminent,
        (_SECOND, Cite("MYE2023", "bridging high-risk patients to HSCT", "004:231")),
        tests=(Test.TRANSPLANT_REFERRAL, Test.TRIAL_REFERRAL),
        versus=("P-9",),
        rank=8,
    ),
    Advice(
        "P-6c",
        _D,
        "Earlier transplant, aplasia present, NGS-MRD negative: no second transplant",
        "Myers et al. 2023 cannot advise a second HSCT routinely. Hunger & Raetz (2020) watch without "
        "further treatment once MRD by flow or PCR, and B cells, have stayed away for at least 6 months.",
        transplanted & persistent & B_CELLS.is_(BCells.PRESENT) & NGS_LATEST.is_(Ngs.NEGATIVE) & ~imminent,
        (_SECOND, _DEFINITIVE),
        tests=(Test.NGS_MRD, Test.B_CELLS),
        rank=20,
    ),
)

_WATCH: tuple[Advice, ...] = (
    Advice(
        "P-7",
        _D,
        "MRD returned, or aplasia lost before 6 months: transplant; CAR-T alone will probably not cure",
        "For Hunger & Raetz (2020), patients with early return of MRD (flow or Ig/TCR PCR) or early loss of "
        "B-cell depletion need HSCT. How long depletion must last is not known, likely at least 6 to 12 "
        "months.",
        naive & (early_loss | _returned),
        (_DEFINITIVE,),
        tests=(Test.TRANSPLANT_REFERRAL, Test.HLA),
        rank=11,
    ),
    Advice(
        "P-9",
        _D,
        "MRD-negative and in aplasia for 6 months: watch without treatment, gradually less often",
        "Hunger & Raetz (2020), of MRD by flow or PCR and B cells that do not return for at least 6 months. "
        "NGS-MRD, they add, may help to tell who needs HSCT; Myers et al. 2023 act on it.",
        in_remission
        & TIME.is_(SinceInfusion.TO_12, SinceInfusion.FROM_12)
        & kept_6_months
        & CONVENTIONAL.is_(Conventional.NEGATIVE),
        (_DEFINITIVE,),
        tests=(Test.B_CELLS, Test.MARROW_MRD),
        versus=("P-4b", "P-3", "P-3a", "P-6b"),
        rank=21,
    ),
    Advice(
        "P-9a",
        _D,
        "4-1BB construct, aplasia present, NGS-MRD negative at day 28 and month 3: monitor",
        "Reconstructed from the text of Myers et al. 2023: about half stay in remission without further "
        "treatment, and loss of aplasia and NGS-MRD are the two factors that tell who will not.",
        naive
        & persistent
        & B_CELLS.is_(BCells.PRESENT)
        & NGS_DAY28.is_(Ngs.NEGATIVE)
        & NGS_MONTH3.is_(Ngs.NEGATIVE),
        (Cite("MYE2023", "case, day 28; " + _HIGH_RISK, "004:195, 004:203"),),
        tests=(Test.NGS_MRD, Test.B_CELLS),
        rank=20,
    ),
)

_BACKGROUND: tuple[Advice, ...] = (
    Advice(
        "P-7a",
        _D,
        "Infant ALL or KMT2A rearrangement: the role of transplant after CAR-T is not known",
        "Myers et al. 2023: it is not known whether HSCT can prevent lineage switch, and radiation is a "
        "problem in the very young. They speak of infants; KMT2A rearrangement at any age is the project's "
        "reading. Holds beside every other rule here.",
        in_remission & infant_or_kmt2a,
        (Cite("MYE2023", "table 3, infant B-ALL", "004:272"),),
        _CHILD,
        _NOTE,
        rank=2,
    ),
    Advice(
        "P-7b",
        _D,
        "CAR-T for primary refractory disease: the role of transplant after it is not defined",
        "Myers et al. 2023 call for a prospective study of it; outcomes of these patients alone are hard to "
        "tell from those after relapse.",
        in_remission & PRIMARY_REFRACTORY.yes,
        (Cite("MYE2023", "table 3, primary refractory disease", "004:258, 004:262"),),
        _CHILD,
        _NOTE,
        rank=2,
    ),
    Advice(
        "P-12",
        _D,
        "Reinfusion of CAR-T for early B-cell recovery: its role is not established",
        "Philadelphia (63 patients; Myers et al. 2023): for B cells in blood or hematogones, 33 were in "
        "aplasia 28 days after it; 16 of these stayed in remission without more therapy, median 39 months. "
        "Other groups had limited success.",
        in_remission & (early_loss | HEMATOGONES.yes),
        (_REINFUSION,),
        _CHILD,
        _NOTE,
        rank=40,
    ),
    Advice(
        "P-13",
        _D,
        "About half of those in remission after tisagenlecleucel were so at 5 years without more therapy",
        "ELIANA (75 patients; Myers et al. 2023), who call them possibly cured; the other half will relapse.",
        in_remission & persistent,
        (Cite("MYE2023", "case, day 28", "004:195"),),
        _CHILD,
        _NOTE,
        rank=50,
    ),
    Advice(
        "P-15",
        _D,
        "B-cell aplasia does not exclude a CD19-negative relapse",
        "Myers et al. 2023: leukemia without CD19 can return while CAR-T cells persist, so that watching "
        "B cells alone is not enough.",
        in_remission & B_CELLS.is_(BCells.PRESENT),
        (_BCA,),
        _CHILD,
        _NOTE,
        (Test.NGS_MRD,),
        rank=45,
    ),
    Advice(
        "P-16",
        _D,
        "Hematogones in the marrow: B cells may be recovering",
        "In the Philadelphia study (Myers et al. 2023), hematogones in the marrow were a reason for "
        "reinfusion beside B cells in blood; read here as possible recovery.",
        in_remission & HEMATOGONES.yes,
        (_REINFUSION,),
        _CHILD,
        _NOTE,
        (Test.B_CELLS,),
        rank=41,
    ),
    Advice(
        "P-17",
        _D,
        "Adverse events of CAR-T: cytopenias, low immunoglobulins, serious infection, second malignancy",
        "Larson 2022 lists them, the first two as prolonged, beside hypersensitivity, cytokine release "
        "syndrome and neurologic toxicity; when each comes, and how often, is not said.",
        after_infusion,
        (Cite("UTD2022", "CAR-T, adverse effects", "003:148"),),
        Audience.ANY,
        _NOTE,
        rank=60,
    ),
    Advice(
        "P-20",
        _D,
        "Earlier transplant, blinatumomab before CAR-T: do not decide on a second transplant by it",
        "Hunger & Raetz (2020) would monitor closely: it may raise the risk that MRD does not clear, or of a "
        "CD19-negative relapse, but the data are not conclusive.",
        transplanted & BLINATUMOMAB_BEFORE.yes,
        (Cite("HR2020", "patient 1, relapse after CAR-T", "000:130"),),
        rank=30,
    ),
    Advice(
        "P-21",
        _D,
        "High risk of relapse and no transplant possible: prevention of relapse or reinfusion in a trial",
        "If HSCT is not wanted or not possible, Myers et al. 2023 call for better ways to prevent relapse; "
        "that they be sought in trials is their wish for all such approaches.",
        in_remission & AVOIDS_TRANSPLANT.yes & (early_loss | imminent),
        (Cite("MYE2023", "closing discussion", "004:241"), _REINFUSION),
        tests=(Test.TRIAL_REFERRAL,),
        rank=25,
    ),
)

ADVICE: tuple[Advice, ...] = (
    *after_car_t_mrd.ADVICE,
    *_APLASIA,
    *_BY_CONSTRUCT,
    *_TRANSPLANTED,
    *_WATCH,
    *_BACKGROUND,
)
