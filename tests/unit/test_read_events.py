"""Events beside the course: what was done, what goes on, what was tested; and what tells nothing."""

from datetime import date
from typing import Any

import pytest

from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Marker
from cds_rules.patient.timeline import Part, PatientTimeline, ProblemKind, Route
from service.fhir.site_map import OWN_CONCEPTS, SiteCode, SiteMap
from service.fhir.to_timeline import to_timeline
from tests.unit.observations import LOINC, SCT, Json, coded, observation, percent

PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
GVHD, ALLOGENEIC, PUNCTURE = (ICD, "D89.810"), (SCT, "58390007"), (SCT, "277762005")
ALL_CONDITION = {
    "resourceType": "Condition",
    "id": "dx",
    "subject": {"reference": "Patient/p"},
    "code": coded((SCT, "277571004")),
}


def condition(*codes: tuple[str, str], clinical: str | None = "active", **members: Any) -> Json:
    told = {"clinicalStatus": coded((CLINICAL, clinical))} if clinical else {}
    return {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p"},
        "code": coded(*codes),
        "onsetDateTime": "2025-03-01",
        **told,
        **members,
    }


def procedure(*codes: tuple[str, str], **members: Any) -> Json:
    return {
        "resourceType": "Procedure",
        "id": "pr1",
        "status": "completed",
        "subject": {"reference": "Patient/p"},
        "code": coded(*codes),
        "performedDateTime": "2025-03-01",
        **members,
    }


def read(*resources: Json, site: SiteMap | None = None) -> PatientTimeline:
    return to_timeline(resources, "p", site_map=site)


def one(*resources: Json, site: SiteMap | None = None) -> Event:
    (found,) = read(*resources, site=site).events
    return found


# ---- procedures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (PUNCTURE, EventKind.LUMBAR_PUNCTURE),
        ((PCS, "009U3ZX"), EventKind.LUMBAR_PUNCTURE),
        ((SCT, "49401003"), EventKind.MARROW_SAMPLING),
        ((SCT, "236334001"), EventKind.ORCHIECTOMY),
        ((PCS, "0VBB3ZX"), EventKind.TESTIS_BIOPSY),
        ((PCS, "3E0R305"), EventKind.INTRATHECAL),
        ((PCS, "BW03ZZZ"), EventKind.CHEST_X_RAY),
        ((PCS, "4A02X4Z"), EventKind.ECG),
        ((PCS, "B246ZZZ"), EventKind.ECHOCARDIOGRAPHY),
        ((PCS, "CW3NYZZ"), EventKind.PET),
    ],
)
def test_a_procedure_that_was_done(code: tuple[str, str], kind: EventKind) -> None:
    found = one(procedure(code))
    assert (found.source, str(found.when), found.kind, found.certain) == (
        "Procedure/pr1",
        "2025-03-01",
        kind,
        True,
    )


@pytest.mark.parametrize(
    ("status", "certain"),
    [("completed", [True]), ("in-progress", [True]), ("unknown", [False]), ("stopped", [False])]
    + [(status, []) for status in ("not-done", "preparation", "entered-in-error")],
)
def test_what_was_not_done_is_no_event(status: str, certain: list[bool]) -> None:
    assert [e.certain for e in read(procedure(PUNCTURE, status=status)).events] == certain


def test_a_transplant_is_no_event_and_an_event_no_transplant() -> None:
    assert read(procedure(ALLOGENEIC)).events == ()
    assert read(procedure(PUNCTURE)).transplants == ()


@pytest.mark.parametrize("order", [1, -1])
def test_codes_of_both_sorts_tell_both(order: int) -> None:
    timeline = read(procedure(*[PUNCTURE, (PCS, "3E0R305"), ALLOGENEIC][::order]))
    assert {e.kind for e in timeline.events} == {EventKind.LUMBAR_PUNCTURE, EventKind.INTRATHECAL}
    assert [t.kind for t in timeline.transplants] == ["allogeneic"]


def test_two_codes_of_one_procedure_are_one_event() -> None:
    assert len(read(procedure(PUNCTURE, (PCS, "009U3ZX"))).events) == 1


@pytest.mark.parametrize("when", ["01.03.2025", "2025-02-30", 2025])
def test_an_event_that_cannot_be_read_raises_no_doubt_about_transplants(when: object) -> None:
    timeline = read(ALL_CONDITION, procedure(PUNCTURE, performedDateTime=when))
    assert (timeline.events, Part.PROCEDURES in timeline.missing) == ((), False)
    assert [p.resources for p in timeline.problems] == [("Procedure/pr1",)]
    doubtful = read(ALL_CONDITION, procedure(PUNCTURE, ALLOGENEIC, performedDateTime=when))
    assert Part.PROCEDURES in doubtful.missing


# ---- conditions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("D89.810", EventKind.ACUTE_GVHD),
        ("D89.811", EventKind.CHRONIC_GVHD),
        ("D89.813", EventKind.GVHD),
        ("K76.5", EventKind.VOD),
        ("D89.833", EventKind.CRS),
        ("G92.02", EventKind.ICANS),
        ("R56.9", EventKind.SEIZURE),
        ("G92.9", EventKind.NEUROTOXICITY),
        ("H49.21", EventKind.CRANIAL_NERVE_PALSY),
    ],
)
def test_a_complication_with_its_day(code: str, kind: EventKind) -> None:
    found = one(condition((ICD, code)))
    assert (found.kind, str(found.when), found.until, found.active) == (kind, "2025-03-01", None, True)


@pytest.mark.parametrize(
    ("clinical", "abated", "active"),
    [
        ("active", None, True),
        ("recurrence", None, True),
        ("resolved", None, False),
        ("remission", "2025-04-01", False),
        ("inactive", None, False),
        (None, None, None),
        (None, "2025-04-01", None),
    ],
)
def test_whether_it_goes_on(clinical: str | None, abated: str | None, active: bool | None) -> None:
    ended = {"abatementDateTime": abated} if abated else {}
    found = one(condition(GVHD, clinical=clinical, **ended))
    assert (found.active, str(found.until) if found.until else None) == (active, abated)


def test_active_and_ended_contradict_each_other() -> None:
    timeline = read(condition(GVHD, abatementDateTime="2025-04-01"))
    assert [e.active for e in timeline.events] == [None]
    assert [(p.kind, p.resources) for p in timeline.problems] == [(ProblemKind.CONFLICT, ("Condition/c1",))]


@pytest.mark.parametrize(
    ("verification", "certain"),
    [("confirmed", [True]), ("differential", [False]), ("refuted", []), ("entered-in-error", [])],
)
def test_what_is_not_confirmed_is_not_certain(verification: str, certain: list[bool]) -> None:
    told = condition(GVHD, verificationStatus=coded((VERIFICATION, verification)))
    assert [e.certain for e in read(told).events] == certain


def test_a_complication_is_no_leukemia_and_keeps_the_history_beside_it() -> None:
    timeline = read(condition(GVHD, (ICD, "T86.09")))
    assert timeline.diagnoses == ()
    assert [e.kind for e in timeline.events] == [EventKind.ACUTE_GVHD]
    assert len(timeline.transplants) == 1


def test_another_patients_complication_raises_no_doubt_about_the_leukemia() -> None:
    timeline = read(condition(GVHD, subject={"reference": "Patient/q"}))
    assert (timeline.events, dict(timeline.missing)) == ((), {})
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]


@pytest.mark.parametrize("onset", ["2025-02-30", 5])
def test_a_complication_that_cannot_be_read_raises_no_doubt_about_relapses(onset: object) -> None:
    timeline = read(ALL_CONDITION, condition(GVHD, onsetDateTime=onset))
    assert (timeline.events, dict(timeline.missing)) == ((), {})


@pytest.mark.parametrize(
    ("code", "kind", "positive"),
    [
        ("Z32.01", EventKind.PREGNANCY_TEST, True),
        ("Z32.02", EventKind.PREGNANCY_TEST, False),
        ("Z32.00", EventKind.PREGNANCY_TEST, None),
        ("Z51.5", EventKind.PALLIATIVE_CARE, None),
        ("Z01.20", EventKind.DENTAL_EXAMINATION, None),
    ],
)
def test_a_reason_for_an_encounter_is_something_done(
    code: str, kind: EventKind, positive: bool | None
) -> None:
    found = one(condition((ICD, code)))
    assert (found.kind, found.positive, found.active) == (kind, positive, None)


# ---- tests ---------------------------------------------------------------------------------------

IGG = (LOINC, "22244-8")
POSITIVE, NEGATIVE, EQUIVOCAL = (SCT, "10828004"), (SCT, "260385009"), (SCT, "42425007")
HL7 = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"


@pytest.mark.parametrize(
    ("members", "positive"),
    [
        ({"valueCodeableConcept": coded(POSITIVE)}, True),
        ({"valueCodeableConcept": coded(NEGATIVE)}, False),
        ({"valueCodeableConcept": coded(EQUIVOCAL)}, None),
        ({"valueCodeableConcept": coded(POSITIVE, NEGATIVE)}, None),
        ({"valueCodeableConcept": coded(POSITIVE), "interpretation": [coded((HL7, "NEG"))]}, None),
        ({"interpretation": [coded((HL7, "POS"))], "valueQuantity": {"value": 80}}, True),
        ({"valueQuantity": {"value": 80, "unit": "[IU]/mL"}}, None),
        ({"valueString": "Non-Reactive"}, False),
        ({"valueString": "Positive in 2019"}, None),
        ({}, None),
    ],
)
def test_a_serology_and_its_plain_answer(members: Json, positive: bool | None) -> None:
    found = one(observation(IGG, **members))
    assert (found.kind, str(found.when), found.positive) == (EventKind.CMV_SEROLOGY, "2025-06-15", positive)


def test_igm_is_no_serostatus_and_dna_no_serology() -> None:
    positive = {"valueCodeableConcept": coded(POSITIVE)}
    assert one(observation((LOINC, "30325-5"), **positive)).positive is None
    assert read(observation((LOINC, "4996-5"), **positive)).events == ()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("57290-9", EventKind.HLA_TYPING),
        ("13303-3", EventKind.HLA_TYPING),
        ("55230-7", EventKind.IMMUNOPHENOTYPING),
        ("51969-4", EventKind.GENOMIC_TEST),
        ("48684-5", EventKind.CHIMERISM),
        ("5195-3", EventKind.HEPATITIS_B_SEROLOGY),
        ("2106-3", EventKind.PREGNANCY_TEST),
        ("50195-7", EventKind.BCR_ABL1_TEST),
        ("48807-2", EventKind.MARROW_REPORT),
    ],
)
def test_a_test_that_was_done(code: str, kind: EventKind) -> None:
    assert one(observation((LOINC, code), valueString="see report")).kind is kind


def test_typing_counts_undated_too() -> None:
    assert one(observation((LOINC, "13298-5"), effectiveDateTime=...)).when is None


@pytest.mark.parametrize("status", ["preliminary", "cancelled", "registered", "entered-in-error", "unknown"])
def test_a_test_without_a_final_result_is_none(status: str) -> None:
    assert read(observation(IGG, status=status)).events == ()


def test_a_reason_for_absence_is_no_test() -> None:
    timeline = read(observation(IGG, dataAbsentReason={"text": "not performed"}))
    assert timeline.events == ()


def test_a_marrow_report_on_spinal_fluid_is_none() -> None:
    assert read(observation((LOINC, "48807-2"), specimen={"display": "CSF"})).events == ()


def test_a_fusion_that_was_looked_for_and_not_found_was_looked_for() -> None:
    negative = observation((LOINC, "52132-8"), valueCodeableConcept=coded((SCT, "260415000")))
    timeline = read(negative)
    assert [e.kind for e in timeline.events] == [EventKind.BCR_ABL1_TEST]
    assert timeline.genetics == ()
    fish = observation((LOINC, "51867-0"), valueCodeableConcept=coded((SCT, "260415000")))
    assert [e.kind for e in read(fish).events] == [EventKind.BCR_ABL1_TEST]


@pytest.mark.parametrize(
    ("genes", "tested"), [(["HGNC:76"], True), (["HGNC:76", "HGNC:1014"], False), (["HGNC:11998"], False)]
)
@pytest.mark.parametrize("answer", ["LA9633-4", "LA9634-2"])
def test_a_variant_of_abl1_alone_is_a_mutation_analysis(genes: list[str], tested: bool, answer: str) -> None:
    parts = [
        {
            "code": coded((LOINC, "48018-6")),
            "valueCodeableConcept": coded(("http://www.genenames.org", gene)),
        }
        for gene in genes
    ]
    result = observation((LOINC, "69548-6"), valueCodeableConcept=coded((LOINC, answer)), component=parts)
    kinds = {e.kind: e.positive for e in read(result).events}
    assert EventKind.GENOMIC_TEST in kinds
    assert (EventKind.KINASE_MUTATION_TEST in kinds) is tested
    assert kinds.get(EventKind.KINASE_MUTATION_TEST) == (True if tested and answer == "LA9633-4" else None)


@pytest.mark.parametrize(
    ("answer", "found"), [(NEGATIVE, [(Marker.T315I, False)]), (POSITIVE, []), (EQUIVOCAL, [])]
)
def test_no_mutation_of_the_kinase_domain_is_no_t315i(answer: tuple[str, str], found: list[Any]) -> None:
    """A mutation that is not named may be any."""
    result = observation(("urn:lab", "X"), valueCodeableConcept=coded(answer))
    timeline = read(result, site=site("kinase-domain-mutation"))
    assert [(g.marker, g.present) for g in timeline.genetics] == found
    assert [e.kind for e in timeline.events] == [EventKind.KINASE_MUTATION_TEST]


# ---- a site's own codes --------------------------------------------------------------------------


def site(concept: str) -> SiteMap:
    return SiteMap("t", {("urn:lab", "X"): SiteCode(system="urn:lab", code="X", concept=concept)})


@pytest.mark.parametrize(
    ("concept", "kind"),
    [
        ("cmv.donor", EventKind.DONOR_CMV_SEROLOGY),
        ("hsv-serology", EventKind.HSV_SEROLOGY),
        ("kinase-domain-mutation", EventKind.KINASE_MUTATION_TEST),
        ("donor-search", EventKind.DONOR_SEARCH),
        ("donor-ready", EventKind.DONOR_READY),
        ("transplant-evaluation", EventKind.TRANSPLANT_EVALUATION),
        ("palliative-care", EventKind.PALLIATIVE_CARE),
        ("dental-examination", EventKind.DENTAL_EXAMINATION),
        ("hla", EventKind.HLA_TYPING),
        ("ecg", EventKind.ECG),
    ],
)
def test_a_site_names_what_has_no_code(concept: str, kind: EventKind) -> None:
    code = ("urn:lab", "X")
    found = one(observation(code, valueCodeableConcept=coded(POSITIVE)), site=site(concept))
    assert (found.kind, found.route) == (kind, Route.SITE)
    assert one(procedure(code), site=site(concept)).kind is kind


@pytest.mark.parametrize(
    ("answer", "active", "certain"),
    [(POSITIVE, True, True), (NEGATIVE, False, True), (EQUIVOCAL, None, False)],
)
def test_a_state_told_by_a_result_goes_by_its_answer(
    answer: tuple[str, str], active: bool | None, certain: bool
) -> None:
    result = observation(("urn:lab", "X"), valueCodeableConcept=coded(answer))
    found = one(result, site=site("parenchymal-cns-lesion"))
    assert (found.kind, found.active, found.certain) == (EventKind.PARENCHYMAL_CNS_LESION, active, certain)


def test_every_concept_of_a_site_is_read_by_something() -> None:
    for concept in OWN_CONCEPTS:
        code = ("urn:lab", "X")
        told = read(observation(code, valueQuantity=percent(1)), site=site(concept))
        assert told.events or told.measurements or told.mrd or told.antigens or told.problems, concept


# ---- the day of assessment -----------------------------------------------------------------------


def test_later_events_and_ends_are_not_known_yet() -> None:
    timeline = read(condition(GVHD, clinical=None, abatementDateTime="2025-04-01"))
    on_the_day = timeline.as_of(date(2025, 4, 1)).events
    assert [str(e.until) for e in on_the_day] == ["2025-04-01"]
    assert [e.until for e in timeline.as_of(date(2025, 3, 31)).events] == [None]
    before = timeline.as_of(date(2025, 2, 28))
    assert before.events == ()
    assert [p.kind for p in before.problems] == [ProblemKind.FUTURE_DATE]
