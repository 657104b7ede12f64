"""CAR-T before infusion, for whom and which: rules C-1 to C-3, C-9, C-10, C-14, C-16, C-17 (section 6).

Everything here is for B lineage before any CAR-T. Where a source speaks of patients for whom CAR-T is
considered, `considered` says who they are; the record rarely holds the plan itself.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.patient.findings import Expression
from cds_rules.request import Test
from cds_rules.risk.case import FromDiagnosis
from cds_rules.treatment import car_t_collection, car_t_infusion
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspects.car_t import (
    AVOIDS_TRANSPLANT,
    BLINATUMOMAB,
    FIRST_REMISSION,
    INFANT,
    REFRACTORY_LABEL,
    Blinatumomab,
    FirstRemission,
    before_infusion,
    considered,
    in_question,
    labelled_course,
)
from cds_rules.treatment.aspects.collection import COLLECTED
from cds_rules.treatment.aspects.course import (
    FROM_DIAGNOSIS,
    NUMBER,
    TRANSPLANT_BEFORE,
    RelapseNumber,
    any_relapse,
    before_18_months,
    first_relapse,
    isolated_cns,
    later_relapse,
)
from cds_rules.treatment.aspects.findings import ABL_CLASS, BCR_ABL1, CD19, DOWN, JAK2
from cds_rules.treatment.aspects.person import AGE, Age, adult
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse

_D = Decision.CAR_T
_label = before_infusion & TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)
"""Whom a label may be for: not those in whom a transplant has been done since the relapse. Project's."""
_NOTE = Weight.NOTE
_ANY = Audience.ANY
_cd19 = CD19.is_(Expression.POSITIVE, Expression.DIM)
"""A CAR-T against CD19 is not named to a patient whose blasts are known to lack it."""
_blinatumomab_given = BLINATUMOMAB.is_(Blinatumomab.RESPONDED, Blinatumomab.FAILED)
_both_labels = AGE.is_(Age.TO_21, Age.TO_25)
"""18 to 25 years: the age of both labels. MYE2023 (004:9, 13)."""
to_25 = AGE.is_(Age.INFANT, Age.CHILD, Age.TO_21, Age.TO_25)
"""Up to 25 years, read as before the 26th birthday (project's). UTD2022 (003:132)."""
_targetable = BCR_ABL1.yes | ABL_CLASS.yes | JAK2.yes

LABEL_TISAGENLECLEUCEL = (
    Cite("UTD2022", "CAR-T, tisagenlecleucel", "003:132"),
    Cite("MYE2023", "introduction; construct selection", "004:3, 15"),
)
LABEL_BREXUCABTAGENE = (
    Cite("UTD2022", "CAR-T, brexucabtagene", "003:134"),
    Cite("MYE2023", "introduction; construct selection", "004:3, 15"),
)
_CONSTRUCT = Cite("MYE2023", "construct selection", "004:13")
_CD19 = Cite("MYE2023", "CD19 expression considerations", "004:112")


def _special(where: str, lines: str) -> tuple[Cite, ...]:
    return (Cite("MYE2023", f"table 3, {where}", lines),)


_LABELS: tuple[Advice, ...] = (
    Advice(
        "C-1",
        _D,
        "Tisagenlecleucel: the criteria of its US label are met",
        "Larson 2022 and Myers et al. 2023 give the label as B-cell precursor ALL up to 25 years of age that "
        "is refractory or in second or later relapse.",
        _label & labelled_course & to_25,
        LABEL_TISAGENLECLEUCEL,
        _ANY,
        tests=(Test.CAR_T_REFERRAL,),
        rank=10,
    ),
    Advice(
        "C-1a",
        _D,
        "Tisagenlecleucel: older than its US label allows (up to 25 years)",
        "Larson 2022 and Myers et al. 2023 give 25 years as the upper age of the label.",
        _label & labelled_course & AGE.is_(Age.TO_30, Age.OVER_30),
        LABEL_TISAGENLECLEUCEL,
        _ANY,
        _NOTE,
        rank=12,
    ),
    Advice(
        "C-1b",
        _D,
        "Brexucabtagene: the criteria of its US label are met",
        "Larson 2022 and Myers et al. 2023 give the label as relapsed or refractory B-ALL in adults, read "
        "here as from 18 years.",
        _label & adult & (any_relapse | REFRACTORY_LABEL.yes),
        LABEL_BREXUCABTAGENE,
        _ANY,
        tests=(Test.CAR_T_REFERRAL,),
        rank=11,
    ),
    Advice(
        "C-1c",
        _D,
        "Brexucabtagene's trial took a first relapse only if the first remission was under 12 months",
        "Myers et al. 2023: the label speaks of any relapsed or refractory B-ALL in adults, but ZUMA-3 "
        "enrolled first relapses only after a first remission shorter than 12 months; this one was not.",
        _label & adult & first_relapse & FIRST_REMISSION.is_(FirstRemission.FROM_12),
        (Cite("MYE2023", "construct selection", "004:15"),),
        _ANY,
        _NOTE,
        rank=13,
    ),
    Advice(
        "C-1d",
        _D,
        "Brexucabtagene: younger than its US label (adults)",
        "Larson 2022 and Myers et al. 2023 give the label for adults; Myers et al. name a trial up to 21 "
        "years (ZUMA-4) as ongoing in 2023.",
        _label & labelled_course & AGE.is_(Age.INFANT, Age.CHILD),
        (*LABEL_BREXUCABTAGENE, Cite("MYE2023", "construct selection", "004:11")),
        _ANY,
        _NOTE,
        rank=14,
    ),
    Advice(
        "C-1e",
        _D,
        "Tisagenlecleucel and brexucabtagene have not been compared in patients of 18 to 25 years",
        "Myers et al. 2023: no trial compares them, and ZUMA-3 had a median age of 40 years, so little is "
        "known of brexucabtagene in young adults.",
        considered & _both_labels,
        (Cite("MYE2023", "construct selection", "004:11"),),
        _ANY,
        _NOTE,
        rank=16,
    ),
)

_CONSTRUCTS: tuple[Advice, ...] = (
    Advice(
        "C-2",
        _D,
        "Transplant not wanted or not possible: tisagenlecleucel is preferable to a CD28 construct",
        "Myers et al. 2023 prefer tisagenlecleucel (4-1BB) then, as it persists and can give durable "
        "remission without transplant.",
        considered & _both_labels & AVOIDS_TRANSPLANT.yes,
        (_CONSTRUCT,),
        _ANY,
        rank=15,
    ),
    Advice(
        "C-2a",
        _D,
        "A CD28 construct (brexucabtagene) implies a transplant in the remission that it brings",
        "Myers et al. 2023, above all without an earlier HSCT: it persists for a shorter time, and survival "
        "was poor without HSCT. After an earlier HSCT they do not recommend a second routinely (C-14).",
        considered & adult,
        (_CONSTRUCT, Cite("MYE2023", "CAR-T for relapse after HSCT", "004:225")),
        tests=(Test.TRANSPLANT_REFERRAL,),
        rank=17,
    ),
    Advice(
        "C-3",
        _D,
        "Blasts are CD19-negative: CD19 CAR-T is no option while they are",
        "Hunger & Raetz 2020 say so of a CD19-negative relapse after CAR-T, Myers et al. 2023 that loss of "
        "CD19 may rule CD19 CAR-T out; that it holds before CAR-T in general is the project's reading.",
        before_infusion & any_relapse & CD19.is_(Expression.NEGATIVE),
        (
            Cite("HR2020", "patient 1, relapse after CAR-T", "000:138"),
            Cite("MYE2023", "table 2, immunotherapy", "004:151"),
        ),
        _ANY,
        rank=5,
    ),
    Advice(
        "C-3a",
        _D,
        "CD19 dim after blinatumomab: high risk of CD19-negative relapse after CAR-T",
        "Myers et al. 2023: in the CAR-MA study antigen-negative relapse was particularly frequent where "
        "CD19 had become dim after blinatumomab.",
        considered & CD19.is_(Expression.DIM) & _blinatumomab_given,
        (_CD19,),
        rank=18,
    ),
    Advice(
        "C-3b",
        _D,
        "CD19 kept after blinatumomab: its loss was not the main reason for worse results",
        "Myers et al. 2023, CAR-MA study: with robust CD19 after blinatumomab, CD19 escape was not the main "
        "way to a worse outcome. In their case CD19 was confirmed after blinatumomab, before collection.",
        considered & CD19.is_(Expression.POSITIVE) & _blinatumomab_given,
        (_CD19, Cite("MYE2023", "case", "004:124")),
        weight=_NOTE,
        rank=60,
    ),
)

_SPECIAL: tuple[Advice, ...] = (
    Advice(
        "C-9a",
        _D,
        "Isolated CNS relapse, early or repeated: consider CAR-T",
        "Myers et al. 2023; an early one is not an approved indication for tisagenlecleucel, and early is "
        "read here as before 18 months from diagnosis (project's). For results see N-6d.",
        before_infusion & _cd19 & isolated_cns & (later_relapse | (first_relapse & before_18_months)),
        _special("isolated CNS relapse", "004:248-251"),
        tests=(Test.CAR_T_REFERRAL,),
        versus=("N-2",),
        rank=20,
    ),
    Advice(
        "C-9h",
        _D,
        "Late first isolated CNS relapse: CAR-T is not first line",
        "Myers et al. 2023, as results with standard therapy are favorable; late is read here as from 18 "
        "months from diagnosis on (project's).",
        before_infusion
        & isolated_cns
        & first_relapse
        & FROM_DIAGNOSIS.is_(FromDiagnosis.BEFORE_36, FromDiagnosis.AT_36, FromDiagnosis.AFTER_36),
        _special("isolated CNS relapse", "004:252"),
        versus=("N-6",),
        rank=21,
    ),
    Advice(
        "C-9b",
        _D,
        "High risk and primary refractory: consider early referral for CAR-T",
        "Myers et al. 2023; they do not say what high risk is, so it is for the team to judge. Whether HSCT "
        "should follow CAR-T needs study.",
        before_infusion & _cd19 & NUMBER.is_(RelapseNumber.NONE) & REFRACTORY_LABEL.yes,
        _special("primary refractory disease", "004:257-262"),
        tests=(Test.CAR_T_REFERRAL,),
        rank=22,
    ),
    Advice(
        "C-9c",
        _D,
        "First relapse, not refractory: tisagenlecleucel is not approved for it; trials of CAR-T are needed",
        "Myers et al. 2023, as chemotherapy at first relapse is toxic and brings too few remissions; the "
        "place of CAR-T at high or intermediate risk is to be explored. Trials at high risk: B-11.",
        _label & first_relapse & REFRACTORY_LABEL.no,
        (*_special("first relapse", "004:263"), Cite("MYE2023", "construct selection", "004:15")),
        weight=_NOTE,
        rank=23,
    ),
    Advice(
        "C-9d",
        _D,
        "Relapse after transplant: prefer a CAR-T with curative potential, to avoid a second transplant",
        "Myers et al. 2023: results after CAR-T are similar with and without an earlier HSCT. Hunger & Raetz "
        "2020 would give tisagenlecleucel or enroll in a CAR-T trial.",
        before_infusion & _cd19 & any_relapse & TRANSPLANT_BEFORE.yes,
        (*_special("earlier HSCT", "004:264-267"), Cite("HR2020", "patient 1, CAR-T after HSCT", "000:124")),
        tests=(Test.CAR_T_REFERRAL,),
        rank=24,
    ),
    Advice(
        "C-9e",
        _D,
        "Down syndrome: CAR-T is a reasonable consideration",
        "Myers et al. 2023: of 16 patients in tisagenlecleucel trials 14 reached CR and 9 of these stayed in "
        "remission (median 13.2 months), without added toxicity. That standard therapy does worse in them "
        "is said otherwise by NCI PDQ 2014 (PF-12).",
        before_infusion & _cd19 & any_relapse & DOWN.yes,
        _special("Down syndrome", "004:268-269"),
        versus=("PF-12",),
        rank=25,
    ),
    Advice(
        "C-9f",
        _D,
        "Infant ALL: CAR-T is a reasonable consideration; warn of lineage switch",
        "Myers et al. 2023: relapse is no more frequent than in others, but lineage switch is (none in a "
        "European series of 35), with no long-term survivor after it. Whether HSCT prevents it is unknown.",
        before_infusion & _cd19 & any_relapse & INFANT.yes,
        _special("infant B-ALL", "004:270-277"),
        rank=26,
    ),
    Advice(
        "C-9g",
        _D,
        "Targetable lesion: targeted drugs may control disease before CAR-T; weigh their effect on the cells",
        "Myers et al. 2023: careful thought is needed of what a targeted drug does to the collected T cells.",
        considered & _targetable,
        _special("targetable mutations", "004:278-279"),
        rank=27,
    ),
    Advice(
        "C-9i",
        _D,
        "Dasatinib together with CAR-T is not recommended",
        "Myers et al. 2023: high doses are toxic to T cells, and there are no data in humans for low or "
        "intermittent doses.",
        considered & (BCR_ABL1.yes | ABL_CLASS.yes),
        (Cite("MYE2023", "table 1, molecular targets", "004:37"),),
        rank=28,
    ),
)

_REFERRAL: tuple[Advice, ...] = (
    Advice(
        "C-10",
        _D,
        "Refer early for CAR-T",
        "Myers et al. 2023: access, insurance and travel take time, and early referral may let healthier T "
        "cells be collected.",
        considered & COLLECTED.no,
        (Cite("MYE2023", "access", "004:128"),),
        tests=(Test.CAR_T_REFERRAL,),
        rank=19,
    ),
    Advice(
        "C-14",
        _D,
        "After a transplant: choose a CAR-T that persists",
        "Myers et al. 2023 recommend the more persistent CAR-T for these patients, as a second HSCT cannot "
        "be recommended routinely.",
        considered & TRANSPLANT_BEFORE.yes,
        (Cite("MYE2023", "CAR-T for relapse after HSCT", "004:225"),),
        rank=29,
    ),
    Advice(
        "C-14a",
        _D,
        "CAR-T after an allogeneic transplant: the risk of graft-versus-host disease is low",
        "Hunger & Raetz 2020; symptoms are generally mild. For collection Myers et al. ask that there be no "
        "signs of it (C-4p).",
        considered & TRANSPLANT_BEFORE.yes,
        (Cite("HR2020", "patient 1, CAR-T after HSCT", "000:124"),),
        weight=_NOTE,
        rank=61,
    ),
    Advice(
        "C-16",
        _D,
        "CAR-T is given by certified centers with tocilizumab at hand",
        "Larson 2022: both products are restricted in the US (REMS) and carry boxed warnings of cytokine "
        "release syndrome and neurologic toxicity; for tisagenlecleucel, staff is trained and tocilizumab is "
        "ready.",
        considered,
        (
            Cite("UTD2022", "CAR-T", "003:132, 134"),
            Cite("HR2020", "patient 1, CAR-T after HSCT", "000:126"),
        ),
        _ANY,
        _NOTE,
        rank=62,
    ),
    Advice(
        "C-17",
        _D,
        "Age, sex, trisomy 21 and most cytogenetics do not appear to change the results of CAR-T",
        "Myers et al. 2023, of children and young adults; so none of them excludes (project's reading). A "
        "few rare lesions stand apart (KMT2A, TP53, hypodiploidy).",
        in_question,
        (
            Cite("MYE2023", "additional risk factors", "004:118-120"),
            Cite("MYE2023", "table 1, leukemia cytogenetics", "004:29-36"),
        ),
        weight=_NOTE,
        rank=63,
    ),
)

ADVICE: tuple[Advice, ...] = (
    *_LABELS,
    *_CONSTRUCTS,
    *car_t_collection.ADVICE,
    *car_t_infusion.ADVICE,
    *_SPECIAL,
    *_REFERRAL,
)
