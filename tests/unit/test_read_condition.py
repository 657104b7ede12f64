"""What a Condition says of the leukemia, and what it does not."""

from typing import Any

import pytest

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.timeline import (
    Diagnosis,
    DiseaseState,
    Lineage,
    Part,
    PatientTimeline,
    ProblemKind,
    Route,
    Site,
)
from service.fhir.site_map import SiteCode, SiteMap
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SCT = "http://snomed.info/sct"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
B_ALL, T_ALL, ALL, MPAL = (SCT, "277571004"), (SCT, "277575008"), (SCT, "91857003"), (SCT, "278453007")
NOT_IN_REMISSION, IN_REMISSION, IN_RELAPSE = (ICD, "C91.00"), (ICD, "C91.01"), (ICD, "C91.02")


def coded(*codes: tuple[str, str]) -> Json:
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


def condition(*codes: tuple[str, str], **members: Any) -> Json:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p"},
        "code": coded(*codes),
        **members,
    }


def read(*resources: Json, site_map: SiteMap | None = None) -> PatientTimeline:
    return to_timeline(resources, "p", site_map=site_map)


def one(*codes: tuple[str, str], **members: Any) -> Diagnosis:
    (found,) = read(condition(*codes, **members)).diagnoses
    return found


# ---- the normal form ---------------------------------------------------------------------------


def test_a_diagnosis_with_all_it_can_say() -> None:
    found = one(
        B_ALL,
        onsetDateTime="2022-01-15",
        recordedDate="2022-01-20",
        clinicalStatus=coded((CLINICAL, "active")),
        verificationStatus=coded((VERIFICATION, "confirmed")),
        bodySite=[coded((SCT, "14016003"))],
    )
    assert found == Diagnosis(
        source="Condition/c1",
        when=PartialDate.parse("2022-01-15"),
        lineage=Lineage.B,
        state=DiseaseState.UNSTATED,
        sites=frozenset({Site.MARROW}),
        recorded=PartialDate.parse("2022-01-20"),
    )


@pytest.mark.parametrize(
    ("codes", "lineage"),
    [
        ([B_ALL], Lineage.B),
        ([T_ALL], Lineage.T),
        ([ALL], None),
        ([(SCT, "277574007")], None),
        ([NOT_IN_REMISSION], None),
        ([("http://terminology.hl7.org/CodeSystem/icd-o-3", "9814/3")], Lineage.B),
        ([ALL, T_ALL], Lineage.T),
        ([MPAL, ALL], Lineage.MIXED),
    ],
)
def test_lineage_is_what_the_code_says_and_else_open(
    codes: list[tuple[str, str]], lineage: Lineage | None
) -> None:
    assert one(*codes).lineage is lineage


def test_b_and_t_in_one_condition_contradict_each_other() -> None:
    timeline = read(condition(B_ALL, T_ALL))
    assert timeline.diagnoses[0].lineage is None
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]
    assert timeline.problems[0].resources == ("Condition/c1",)


@pytest.mark.parametrize("code", ["C9102", "c91.02", "C91.02"])
def test_icd_codes_are_known_with_and_without_the_dot(code: str) -> None:
    assert one((ICD, code)).state is DiseaseState.RELAPSE


@pytest.mark.parametrize(
    "codes",
    [
        [(ICD, "C92.00")],
        [(ICD, "C83.50")],
        [(ICD, "C91.A2")],
        [(ICD, "C95.02")],
        [(ICD, "Z85.6")],
        [(SCT, "91854005")],
        [MPAL],
        [("http://hl7.org/fhir/sid/icd-10", "C91.02")],
        [("urn:local", "C91.02")],
    ],
)
def test_other_diseases_and_the_same_code_in_another_system_are_not_all(codes: list[tuple[str, str]]) -> None:
    assert read(condition(*codes)).diagnoses == ()


# ---- the state of the disease ------------------------------------------------------------------


def test_c91_00_says_nothing_of_the_state() -> None:
    """It is the default for new, refractory and unspecified disease alike."""
    found = one(NOT_IN_REMISSION)
    assert (found.state, found.state_coded) == (DiseaseState.UNSTATED, False)


def test_c91_02_says_relapse_by_its_code() -> None:
    found = one(IN_RELAPSE, onsetDateTime="2025-06-15")
    assert (found.state, found.state_coded) == (DiseaseState.RELAPSE, True)


def test_c91_01_alone_says_remission_by_its_code() -> None:
    found = one(IN_REMISSION, onsetDateTime="2022-02-20")
    assert (found.state, found.state_coded) == (DiseaseState.REMISSION, True)


@pytest.mark.parametrize("disease", [B_ALL, T_ALL, ALL])
def test_c91_01_beside_the_disease_keeps_the_onset_of_the_diagnosis(disease: tuple[str, str]) -> None:
    """An old problem list entry whose ICD code was kept current: its onset is still the diagnosis."""
    found = one(disease, IN_REMISSION, onsetDateTime="2022-01-15")
    assert (found.state, found.state_coded) == (DiseaseState.REMISSION, False)
    assert str(found.when) == "2022-01-15"


@pytest.mark.parametrize("status", ["relapse", "recurrence"])
def test_clinical_status_says_relapse_but_not_by_the_code(status: str) -> None:
    found = one(B_ALL, clinicalStatus=coded((CLINICAL, status)))
    assert (found.state, found.state_coded) == (DiseaseState.RELAPSE, False)


@pytest.mark.parametrize("status", ["active", "inactive", "remission", "resolved", "invented"])
def test_no_other_clinical_status_makes_or_ends_a_relapse(status: str) -> None:
    assert one(B_ALL, clinicalStatus=coded((CLINICAL, status))).state is DiseaseState.UNSTATED
    assert one(IN_RELAPSE, clinicalStatus=coded((CLINICAL, status))).state is DiseaseState.RELAPSE


def test_a_status_code_of_another_system_is_not_a_clinical_status() -> None:
    found = one(B_ALL, clinicalStatus=coded(("urn:local", "relapse")))
    assert found.state is DiseaseState.UNSTATED


def test_remission_by_code_and_relapse_by_status_is_a_relapse() -> None:
    """A stale code beside a status somebody set: the more alarming one must not be lost."""
    assert one(IN_REMISSION, clinicalStatus=coded((CLINICAL, "relapse"))).state is DiseaseState.RELAPSE


# ---- verification ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["entered-in-error", "refuted"])
def test_what_was_withdrawn_is_not_used_and_is_named(status: str) -> None:
    timeline = read(condition(IN_RELAPSE, verificationStatus=coded((VERIFICATION, status))))
    assert timeline.diagnoses == ()
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.ENTERED_IN_ERROR, ("Condition/c1",))
    ]


@pytest.mark.parametrize("status", ["unconfirmed", "provisional", "differential"])
def test_what_is_not_confirmed_is_kept_as_uncertain_and_named(status: str) -> None:
    timeline = read(condition(IN_RELAPSE, verificationStatus=coded((VERIFICATION, status))))
    assert [d.certain for d in timeline.diagnoses] == [False]
    assert [p.resources for p in timeline.problems] == [("Condition/c1",)]


def test_without_a_verification_status_it_is_believed() -> None:
    assert one(B_ALL).certain is True


# ---- dates -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "when"),
    [
        ({"onsetDateTime": "2022"}, "2022"),
        ({"onsetDateTime": "2022-01"}, "2022-01"),
        ({"onsetDateTime": "2022-01-15T23:50:00+01:00"}, "2022-01-15"),
        ({"onsetPeriod": {"start": "2022-01-15", "end": "2022-03-01"}}, "2022-01-15"),
    ],
)
def test_the_onset_in_each_of_its_forms(members: Json, when: str) -> None:
    assert str(one(B_ALL, **members).when) == when


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"recordedDate": "2022-01-15"},
        {"onsetAge": {"value": 7, "unit": "a"}},
        {"onsetString": "January 2022"},
        {"onsetPeriod": {"end": "2022-03-01"}},
        {"abatementDateTime": "2022-03-01"},
    ],
)
def test_no_other_date_is_taken_for_the_onset(members: Json) -> None:
    """The day of recording is not the day of onset."""
    assert one(IN_RELAPSE, **members).when is None


@pytest.mark.parametrize(
    "text", ["15/01/2022", "2022-13-01", "2022-02-30", "0000-01-01", "2022-1-5", "soon", ""]
)
def test_a_date_that_is_none_costs_the_resource_and_raises_a_doubt(text: str) -> None:
    timeline = read(condition(IN_RELAPSE, onsetDateTime=text))
    assert timeline.diagnoses == ()
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]
    assert "Condition/c1" in timeline.missing[Part.CONDITIONS]


# ---- sites -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "site"),
    [
        ("14016003", Site.MARROW),
        ("21483005", Site.CNS),
        ("1231004", Site.CNS),
        ("65216001", Site.CNS),
        ("40689003", Site.TESTIS),
        ("39937001", Site.OTHER),
        ("68703001", Site.OTHER),
    ],
)
def test_body_sites_that_are_understood(code: str, site: Site) -> None:
    assert one(IN_RELAPSE, bodySite=[coded((SCT, code))]).sites == {site}


def test_several_body_sites_are_several_sites() -> None:
    found = one(IN_RELAPSE, bodySite=[coded((SCT, "14016003")), coded((SCT, "40689003"))])
    assert found.sites == {Site.MARROW, Site.TESTIS}


def test_without_a_body_site_no_site_is_told() -> None:
    assert one(IN_RELAPSE).sites == frozenset()
    assert one(IN_RELAPSE, bodySite=[{"text": "marrow"}]).sites == frozenset()


def test_a_body_site_that_is_not_understood_is_named() -> None:
    timeline = read(condition(IN_RELAPSE, bodySite=[coded((SCT, "39607008")), coded((SCT, "14016003"))]))
    assert [p.resources for p in timeline.problems] == [("Condition/c1",)]
    (found,) = timeline.diagnoses
    assert found.sites == {Site.MARROW}
    assert not found.sites_told
    assert one(IN_RELAPSE, bodySite=[coded((SCT, "14016003"))]).sites_told


def test_relapse_in_the_transplanted_marrow_tells_site_state_and_transplant() -> None:
    found = one(B_ALL, (SCT, "234522008"))
    assert (found.state, found.state_coded, found.in_transplant) == (DiseaseState.RELAPSE, True, True)
    assert found.sites == {Site.MARROW}


def test_relapse_in_the_transplanted_marrow_does_not_name_the_disease() -> None:
    timeline = read(condition((SCT, "234522008")), {**condition((ICD, "C92.00")), "id": "aml"})
    assert timeline.diagnoses == ()
    assert read(condition((SCT, "234522008"))).diagnoses == ()


@pytest.mark.parametrize("order", [1, -1])
def test_it_counts_if_all_is_told_elsewhere_and_no_other_code_stands_beside_it(order: int) -> None:
    disease = {**condition(B_ALL), "id": "dx"}
    alone = [disease, condition((SCT, "234522008"))][::order]
    assert {d.source for d in read(*alone).diagnoses} == {"Condition/dx", "Condition/c1"}
    beside = [disease, condition((SCT, "234522008"), (ICD, "C92.02"))][::order]
    timeline = read(*beside)
    assert [d.source for d in timeline.diagnoses] == ["Condition/dx"]
    assert [(p.kind, p.resources) for p in timeline.problems] == [(ProblemKind.CONFLICT, ("Condition/c1",))]


# ---- a site's own codes --------------------------------------------------------------------------


def test_a_local_code_is_believed_by_the_site_mapping() -> None:
    site_map = SiteMap(
        "x", {("urn:x", "ALLREL"): SiteCode(system="urn:x", code="ALLREL", concept="all.in-relapse")}
    )
    (found,) = read(condition(("urn:x", "ALLREL")), site_map=site_map).diagnoses
    assert (found.state, found.route) == (DiseaseState.RELAPSE, Route.SITE)
    assert read(condition(("urn:x", "ALLREL"))).diagnoses == ()


def test_text_alone_is_at_most_possible() -> None:
    told = read(condition(code={"text": "Acute lymphoblastic leukemia, in relapse"})).diagnoses
    assert [(d.route, d.state) for d in told] == [(Route.TEXT, DiseaseState.RELAPSE)]


@pytest.mark.parametrize(
    "text",
    [
        "No evidence of acute lymphoblastic leukemia",
        "Rule out ALL relapse, acute lymphoblastic leukemia?",
        "Family history: brother with acute lymphoblastic leukemia",
        "Possible acute lymphoblastic leukemia",
        "All teeth extracted",
        "Acute myeloid leukemia in relapse",
    ],
)
def test_text_that_denies_asks_or_tells_of_others_is_no_diagnosis(text: str) -> None:
    assert read(condition(code={"text": text})).diagnoses == ()


# ---- wrong shapes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"onsetDateTime": 2022},
        {"onsetPeriod": "2022"},
        {"bodySite": "marrow"},
        {"bodySite": [["marrow"]]},
        {"clinicalStatus": "relapse"},
        {"clinicalStatus": coded((CLINICAL, "relapse"))["coding"]},
        {"verificationStatus": {"coding": "confirmed"}},
        {"id": 7},
        {"id": "white space"},
        {"id": None},
        {"recordedDate": ["2022-01-01"]},
    ],
)
def test_a_wrong_shape_costs_the_resource_raises_a_doubt_and_no_more(members: Json) -> None:
    good = {**condition(B_ALL), "id": "good"}
    timeline = read(condition(IN_RELAPSE, **members), good)
    assert [d.source for d in timeline.diagnoses] == ["Condition/good"]
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]
    assert Part.CONDITIONS in timeline.missing


@pytest.mark.parametrize("code", [[1], "C91.02", 7, {"coding": {"code": "C91.02"}}, {"coding": ["C91.02"]}])
def test_a_code_of_the_wrong_shape_is_named(code: object) -> None:
    timeline = read(condition(code=code), {**condition(B_ALL), "id": "good"})
    assert [d.source for d in timeline.diagnoses] == ["Condition/good"]
    assert [(p.kind, p.resources) for p in timeline.problems] == [(ProblemKind.UNREADABLE, ("Condition/c1",))]


def test_a_code_of_the_wrong_shape_raises_a_doubt_about_the_conditions() -> None:
    """It may be the relapse; in a chart without ALL it is none of our business."""
    good = {**condition(B_ALL), "id": "good"}
    for resources in ([condition(code=[1]), good], [good, condition(code=[1])]):
        assert "Condition/c1" in read(*resources).missing[Part.CONDITIONS]
    assert dict(read(condition(code=[1])).missing) == {}


@pytest.mark.parametrize(
    "code", [None, {}, {"coding": []}, {"coding": [{}]}, {"coding": [{"code": "C91.02"}]}]
)
def test_a_condition_without_a_code_of_ours_is_none_of_our_business(code: object) -> None:
    timeline = read(condition(code=code))
    assert (timeline.diagnoses, timeline.problems, dict(timeline.missing)) == ((), (), {})
