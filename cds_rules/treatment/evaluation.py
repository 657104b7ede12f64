"""Evaluation at relapse: rules EV-1 to EV-11 (clinical model section 4).

Only what the record lacks is offered. UTD2022 writes for adults; what it evaluates before treatment is
given at every age, and each rule says where it comes from.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.patient.timeline import Lineage
from cds_rules.request import Test
from cds_rules.risk.case import AfterTreatment
from cds_rules.treatment.advice import Advice, Audience, Decision, Weight
from cds_rules.treatment.aspects import done
from cds_rules.treatment.aspects.course import (
    AFTER_TREATMENT,
    CAR_T_GIVEN,
    LINEAGE,
    any_relapse,
    b_lineage,
    first_relapse,
    marrow_relapse,
    t_lineage,
)
from cds_rules.treatment.aspects.evaluation import (
    CHILDBEARING,
    CIRCULATING,
    MALE,
    MARROW_RECENT,
    NEUROLOGIC,
    OFF_THERAPY,
    SINCE_TREATMENT,
    Blasts,
    OffTherapyFor,
)
from cds_rules.treatment.aspects.findings import BCR_ABL1
from cds_rules.treatment.aspects.state import IN_REMISSION

_AT_RELAPSE = any_relapse & IN_REMISSION.no
"""Before or during reinduction; once in remission the blasts to examine are gone (project's reading)."""
_SUSPECTED = Cite("UTD2022", "evaluation of suspected relapse", "003:42-44")
_SPINAL_FLUID = Cite("UTD2022", "pretreatment evaluation", "003:62, 003:290")
_D = Decision.EVALUATION

ADVICE: tuple[Advice, ...] = (
    Advice(
        "EV-1",
        _D,
        "Bone marrow aspirate and biopsy: none on record since the relapse",
        "Larson 2022 (adult source) examines marrow by aspirate and biopsy at every suspected relapse and "
        "sends it for morphology, immunophenotype, cytochemistry and cytogenetics.",
        _AT_RELAPSE & done.MARROW_DONE.no,
        (_SUSPECTED,),
        Audience.ANY,
        tests=(Test.MARROW, Test.MARROW_BIOPSY),
        rank=10,
    ),
    Advice(
        "EV-1a",
        _D,
        "Immunophenotype of the relapse: none on record",
        "Larson 2022 (adult source) sends the relapse sample for immunophenotyping.",
        _AT_RELAPSE & done.IMMUNOPHENOTYPE_DONE.no,
        (_SUSPECTED,),
        Audience.ANY,
        tests=(Test.IMMUNOPHENOTYPE,),
        rank=11,
    ),
    Advice(
        "EV-1b",
        _D,
        "CD19 and CD22 on the relapse blasts: not both on record since the relapse",
        "Larson 2022 (adult source): blinatumomab only where blasts carry CD19, inotuzumab only where they "
        "carry CD22; blasts escape either by losing its antigen, so the result of the diagnosis does not do "
        "(project's).",
        _AT_RELAPSE & LINEAGE.is_(Lineage.B, Lineage.MIXED) & done.CD19_CD22_DONE.no,
        (Cite("UTD2022", "selection of therapy", "003:88-92, 003:302"), _SUSPECTED),
        Audience.ANY,
        tests=(Test.IMMUNOPHENOTYPE,),
        rank=12,
    ),
    Advice(
        "EV-1c",
        _D,
        "Cytogenetics of the relapse: none on record",
        "Larson 2022 (adult source) sends the relapse marrow for cytogenetics.",
        _AT_RELAPSE & done.CYTOGENETICS_DONE.no,
        (_SUSPECTED,),
        Audience.ANY,
        tests=(Test.MARROW_BIOPSY,),
        rank=13,
    ),
    Advice(
        "EV-2",
        _D,
        "BCR::ABL1 by RT-PCR at once: no test on record since the relapse",
        "Larson 2022 (adult source) sends marrow, or blood with blasts, for RT-PCR of BCR::ABL1, so that "
        "Ph-positive disease, which is treated differently, is known early.",
        _AT_RELAPSE & done.BCR_ABL1_DONE.no,
        (_SUSPECTED,),
        Audience.ANY,
        tests=(Test.BCR_ABL1,),
        rank=15,
    ),
    Advice(
        "EV-3",
        _D,
        "Lumbar puncture with cytology and flow cytometry: none on record since the relapse",
        "Larson 2022 (adult source) examines the cerebrospinal fluid of every patient with relapse, by "
        "stained cytospin and by flow cytometry.",
        _AT_RELAPSE & done.CSF_DONE.no,
        (_SPINAL_FLUID,),
        Audience.ANY,
        tests=(Test.CSF,),
        rank=16,
    ),
    Advice(
        "EV-4",
        _D,
        "HLA typing if a transplant is possible: none on record",
        "Larson 2022 (adult source) types every candidate for transplant, to it the likeliest way to cure "
        "relapsed ALL.",
        any_relapse & done.HLA_DONE.no,
        (Cite("UTD2022", "pretreatment evaluation", "003:54"),),
        Audience.ANY,
        tests=(Test.HLA,),
        rank=20,
    ),
    Advice(
        "EV-5",
        _D,
        "Examine the testes even without symptoms: nothing on record since the relapse",
        "Larson 2022 (adult source) evaluates suspected extramedullary sites, such as CNS and testes, also "
        "in patients without symptoms. Up to a third have such a site together with the marrow.",
        _AT_RELAPSE & MALE.yes & done.TESTES_DONE.no,
        (Cite("UTD2022", "evaluation of suspected relapse", "003:40-44"),),
        Audience.ANY,
        tests=(Test.TESTIS_EXAM,),
        rank=21,
    ),
    Advice(
        "EV-6",
        _D,
        "Sequencing panel and RNA fusion test of the relapse: none on record",
        "Hunger & Raetz 2020 do both at marrow relapse of B-ALL: lesions found may change treatment, though "
        "they are not routinely part of risk assignment.",
        b_lineage & any_relapse & marrow_relapse & done.SEQUENCING_DONE.no,
        (Cite("HR2020", "patient 1, genetics", "000:114"),),
        tests=(Test.SEQUENCING,),
        rank=22,
    ),
    Advice(
        "EV-6a",
        _D,
        "T-ALL: comprehensive molecular profiling of the relapse, if available: none on record",
        "Hunger & Raetz 2020 recommend it: ABL-class fusions that can be targeted occur, and JAK-STAT "
        "activation is seen in early T-cell precursor ALL.",
        t_lineage & any_relapse & done.SEQUENCING_DONE.no,
        (Cite("HR2020", "patient 3, genetics", "000:250"),),
        tests=(Test.SEQUENCING,),
        rank=22,
    ),
    Advice(
        "EV-7",
        _D,
        "Blood count and chemistry before treatment: not on record since the relapse",
        "Larson 2022 (adult source): blood count with differential, liver and renal function, electrolytes, "
        "glucose, LDH, calcium, phosphorus, uric acid, albumin and total protein.",
        _AT_RELAPSE & done.BASELINE_DONE.no,
        (Cite("UTD2022", "pretreatment evaluation", "003:56"),),
        Audience.ANY,
        tests=(Test.BASELINE_LABS,),
        rank=30,
    ),
    Advice(
        "EV-7a",
        _D,
        "Serology of hepatitis B, HSV and CMV: not all on record since the relapse",
        "Larson 2022 (adult source) tests for the three infections before treatment.",
        _AT_RELAPSE & done.SEROLOGY_DONE.no,
        (Cite("UTD2022", "pretreatment evaluation", "003:56"),),
        Audience.ANY,
        tests=(Test.SEROLOGY,),
        rank=31,
    ),
    Advice(
        "EV-7b",
        _D,
        "Pregnancy test before treatment: none on record since the relapse",
        "Larson 2022 (adult source) tests women of childbearing age, without giving an age.",
        _AT_RELAPSE & CHILDBEARING.yes & done.PREGNANCY_TEST_DONE.no,
        (Cite("UTD2022", "pretreatment evaluation", "003:56"),),
        Audience.ANY,
        tests=(Test.PREGNANCY,),
        rank=32,
    ),
    Advice(
        "EV-7c",
        _D,
        "Chest X-ray before treatment: none on record since the relapse",
        "Larson 2022 (adult source) lists it as a baseline, above all after anthracyclines, with a cardiac "
        "history or with symptoms.",
        _AT_RELAPSE & done.CHEST_X_RAY_DONE.no,
        (Cite("UTD2022", "pretreatment evaluation", "003:58"),),
        Audience.ANY,
        tests=(Test.CHEST_XRAY,),
        rank=33,
    ),
    Advice(
        "EV-7d",
        _D,
        "ECG before treatment: none on record since the relapse",
        "Larson 2022 (adult source) lists it as a baseline, above all after anthracyclines, with a cardiac "
        "history or with symptoms.",
        _AT_RELAPSE & done.ECG_DONE.no,
        (Cite("UTD2022", "pretreatment evaluation", "003:58"),),
        Audience.ANY,
        tests=(Test.ECG,),
        rank=34,
    ),
    Advice(
        "EV-7e",
        _D,
        "Cardiac function before treatment: no test on record since the relapse",
        "Larson 2022 (adult source) measures it (echocardiogram or MUGA) as a baseline, above all after "
        "anthracyclines, with a cardiac history or with symptoms.",
        _AT_RELAPSE & done.CARDIAC_FUNCTION_DONE.no,
        (Cite("UTD2022", "pretreatment evaluation", "003:58"),),
        Audience.ANY,
        tests=(Test.CARDIAC_FUNCTION,),
        rank=35,
    ),
    Advice(
        "EV-7f",
        _D,
        "Dental examination for foci of infection: none on record since the relapse",
        "Larson 2022 (adult source) calls it warranted.",
        _AT_RELAPSE & done.DENTAL_DONE.no,
        (Cite("UTD2022", "pretreatment evaluation", "003:60"),),
        Audience.ANY,
        tests=(Test.DENTAL,),
        rank=36,
    ),
    Advice(
        "EV-8",
        _D,
        "Neurologic signs: imaging for meningeal disease and for bleeding, unless done",
        "Larson 2022 (adult source) images every patient with neurologic signs or symptoms.",
        _AT_RELAPSE & NEUROLOGIC.yes,
        (Cite("UTD2022", "pretreatment evaluation", "003:62"),),
        Audience.ANY,
        tests=(Test.BRAIN_IMAGING,),
        rank=14,
    ),
    Advice(
        "EV-8a",
        _D,
        "Blasts in the blood: keep blood out of the lumbar puncture",
        "Larson 2022 (adult source) asks for care here, and takes blasts for CNS involvement only in fluid "
        "without signs of blood. Locatelli et al. 2012: a traumatic puncture may carry blasts into the CNS.",
        _AT_RELAPSE & CIRCULATING.is_(Blasts.PRESENT) & done.CSF_DONE.no,
        (
            Cite("UTD2022", "pretreatment evaluation", "003:62, 003:198"),
            Cite("LOC2012", "CNS relapse", "001:37"),
        ),
        Audience.ANY,
        Weight.NOTE,
        rank=17,
    ),
    Advice(
        "EV-9",
        _D,
        "Ph-positive: BCR::ABL1 kinase mutation analysis on the relapse, before a TKI is chosen",
        "Larson 2022 (adult source) analyses mutations in all patients; the choice among inhibitors goes by "
        "earlier exposure, mutations, other illness and toxicity.",
        _AT_RELAPSE & BCR_ABL1.yes & done.KINASE_MUTATIONS_DONE.no,
        (Cite("UTD2022", "Philadelphia chromosome positive ALL", "003:178"),),
        Audience.ANY,
        tests=(Test.KINASE_MUTATIONS,),
        rank=18,
    ),
    Advice(
        "EV-9a",
        _D,
        "Ph-positive child: imatinib at relapse presupposes that the relapse carries no resistance mutation",
        "Locatelli et al. 2012: it can be used provided that molecular study of the relapse sample shows "
        "none. No such study is on record since the relapse.",
        _AT_RELAPSE & BCR_ABL1.yes & done.KINASE_MUTATIONS_DONE.no,
        (Cite("LOC2012", "targeted molecular treatments", "001:155"),),
        weight=Weight.NOTE,
        tests=(Test.KINASE_MUTATIONS,),
        rank=19,
    ),
    Advice(
        "EV-10",
        _D,
        "Late relapse of T-ALL may be a second T-ALL: compare its clone with that of diagnosis",
        "Locatelli et al. 2012: T-cell receptor rearrangements had changed in more than a third of the few "
        "late T-ALL relapses studied, which suggests a second T-ALL; to compare them is read from that "
        "(project's). Late: 6 months or more after completing primary treatment (BFM clock, project's).",
        t_lineage & first_relapse & AFTER_TREATMENT.is_(AfterTreatment.FROM_6),
        (Cite("LOC2012", "origin of relapse", "001:31-33"),),
        weight=Weight.NOTE,
        rank=40,
    ),
    Advice(
        "EV-11",
        _D,
        "Off therapy: no evidence that frequent counts or marrows improve the outcome of a relapse",
        "NCI PDQ 2014, of patients off therapy; read here of remission after relapse too (project's). "
        "Larson 2022 does marrows in adults (EV-11a). After CAR-T: P-1.",
        any_relapse & CAR_T_GIVEN.no & IN_REMISSION.yes & OFF_THERAPY.yes,
        (Cite("PDQ2014", "time from diagnosis to relapse", "002:60"),),
        weight=Weight.NOTE,
        versus=("EV-11a",),
        rank=50,
    ),
    Advice(
        "EV-11a",
        _D,
        "Off therapy, adult: marrow every 3 to 6 months for at least two years; none in the last 6 months",
        "Larson 2022 (adult source) says so of the time after initial therapy; read here of remission after "
        "relapse too, in the first two years off therapy (project's). NCI PDQ 2014 finds no benefit (EV-11).",
        any_relapse
        & CAR_T_GIVEN.no
        & IN_REMISSION.yes
        & OFF_THERAPY.yes
        & SINCE_TREATMENT.is_(OffTherapyFor.TO_24)
        & MARROW_RECENT.no,
        (Cite("UTD2022", "monitoring for relapse", "003:30"),),
        Audience.ADULT,
        tests=(Test.MARROW,),
        versus=("EV-11",),
        rank=51,
    ),
)
