"""Procedures: what was done counts; what was planned, not done or only collected does not."""

from typing import Any

import pytest

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.timeline import CarT, Part, PatientTimeline, ProblemKind, Transplant
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
SCT = "http://snomed.info/sct"
PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
CPT = "http://www.ama-assn.org/go/cpt"
ALLOGENEIC, AUTOLOGOUS, HSCT = (SCT, "58390007"), (SCT, "58776007"), (SCT, "234336002")
TISAGENLECLEUCEL = (PCS, "XW033J7")


ALL_CONDITION = {
    "resourceType": "Condition",
    "id": "dx",
    "subject": {"reference": "Patient/p"},
    "code": {"coding": [{"system": SCT, "code": "277571004"}]},
}


def procedure(*codes: tuple[str, str], **members: Any) -> Json:
    return {
        "resourceType": "Procedure",
        "id": "pr1",
        "status": "completed",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": system, "code": code} for system, code in codes]},
        "performedDateTime": "2024-03-01",
        **members,
    }


def read(*resources: Json) -> PatientTimeline:
    return to_timeline(resources, "p")


def nothing(timeline: PatientTimeline) -> bool:
    return timeline.transplants == () and timeline.car_t == ()


@pytest.mark.parametrize("name", ["Donor lymphocyte infusion", "Donor leukocyte infusion #2", "DLI"])
def test_lymphocytes_of_the_donor_tell_of_a_transplant_on_another_day(name: str) -> None:
    (found,) = read({**procedure(), "code": {"text": name}}, ALL_CONDITION).transplants
    assert (found.when, found.certain) == (None, False)


def test_lymphocytes_of_the_patient_are_no_such_sign() -> None:
    told = {**procedure(), "code": {"text": "Infusion of CAR-T lymphocytes"}}
    assert [str(c.when) for c in read(told, ALL_CONDITION).car_t] == ["2024-03-01"]


@pytest.mark.parametrize(
    ("value", "unit", "gray"),
    [(12, "Gy", 12.0), (1200, "cGy", 12.0), (2, "Gy", 2.0), (12, "cGy", None), (1200, "Gy", None)],
)
def test_a_dose_that_nobody_is_given_is_a_slip_of_the_unit(
    value: float, unit: str, gray: float | None
) -> None:
    dose = {
        "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-dose-delivered-to-volume",
        "extension": [
            {"url": "totalDoseDelivered", "valueQuantity": {"value": value, "unit": unit, "code": unit}}
        ],
    }
    timeline = read(procedure((PCS, "DW050ZZ"), extension=[dose]))
    assert [i.gray for i in timeline.irradiations] == ([gray] if gray else [])
    assert bool(timeline.problems) is (gray is None)


def test_a_transplant_with_its_day_and_kind() -> None:
    day = PartialDate.parse("2024-03-01")
    assert read(procedure(ALLOGENEIC)).transplants == (Transplant("Procedure/pr1", day, "allogeneic"),)
    assert read(procedure(AUTOLOGOUS)).transplants[0].kind == "autologous"
    assert read(procedure(HSCT)).transplants[0].kind is None


@pytest.mark.parametrize("codes", [[ALLOGENEIC, HSCT], [HSCT, ALLOGENEIC]])
def test_the_kind_is_found_in_any_coding(codes: list[tuple[str, str]]) -> None:
    assert read(procedure(*codes)).transplants[0].kind == "allogeneic"


def test_a_car_t_infusion_with_its_product() -> None:
    day = PartialDate.parse("2024-03-01")
    assert read(procedure(TISAGENLECLEUCEL)).car_t == (CarT("Procedure/pr1", day, "tisagenlecleucel"),)
    assert read(procedure((CPT, "38228"))).car_t[0].product is None


@pytest.mark.parametrize("codes", [("38225", "38228"), ("38228", "38225")])
def test_a_claim_of_collection_and_infusion_is_an_infusion(codes: tuple[str, str]) -> None:
    told = read(procedure(*((CPT, code) for code in codes))).car_t
    assert [(c.source, c.certain) for c in told] == [("Procedure/pr1", True)]


def test_a_product_that_is_billed_may_be_its_collection_or_its_infusion() -> None:
    """HCPCS Q codes bundle leukapheresis and dose preparation."""
    q2053 = ("http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "Q2053")
    (told,) = read(procedure(q2053)).car_t
    assert (told.certain, told.product) == (False, "brexucabtagene")
    (told,) = read(procedure(q2053, (CPT, "38228"))).car_t
    assert (told.certain, told.product) == (True, "brexucabtagene")


@pytest.mark.parametrize(
    "code",
    [(CPT, "38225"), (CPT, "0537T"), (CPT, "38226"), (CPT, "38227"), (PCS, "6A550Z1"), (PCS, "6A550ZV")],
)
def test_collection_preparation_and_receipt_are_no_infusion(code: tuple[str, str]) -> None:
    assert nothing(read(procedure(code)))


@pytest.mark.parametrize("code", [(SCT, "277762005"), (SCT, "49401003"), ("urn:x", "58390007"), (SCT, "1")])
def test_other_procedures_say_nothing(code: tuple[str, str]) -> None:
    timeline = read(procedure(code))
    assert nothing(timeline)
    assert timeline.problems == ()


@pytest.mark.parametrize("status", ["completed", "in-progress"])
@pytest.mark.parametrize("code", [ALLOGENEIC, TISAGENLECLEUCEL])
def test_what_was_done_counts(status: str, code: tuple[str, str]) -> None:
    assert not nothing(read(procedure(code, status=status)))


@pytest.mark.parametrize("status", ["not-done", "preparation"])
@pytest.mark.parametrize("code", [ALLOGENEIC, TISAGENLECLEUCEL])
def test_what_was_not_done_does_not(status: str, code: tuple[str, str]) -> None:
    assert nothing(read(procedure(code, status=status)))


@pytest.mark.parametrize("code", [ALLOGENEIC, TISAGENLECLEUCEL])
def test_entered_in_error_is_named(code: tuple[str, str]) -> None:
    timeline = read(procedure(code, status="entered-in-error"))
    assert nothing(timeline)
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.ENTERED_IN_ERROR, ("Procedure/pr1",))
    ]


@pytest.mark.parametrize("status", ["unknown", "stopped", "on-hold", "invented"])
@pytest.mark.parametrize("code", [ALLOGENEIC, TISAGENLECLEUCEL, (SCT, "2631000119108")])
def test_a_status_that_tells_nothing_leaves_it_uncertain(status: str, code: tuple[str, str]) -> None:
    timeline = read(procedure(code, status=status))
    certain = [t.certain for t in timeline.transplants] + [c.certain for c in timeline.car_t]
    assert certain == [False]


@pytest.mark.parametrize(
    ("members", "when"),
    [
        ({"performedDateTime": "2024-03"}, "2024-03"),
        ({"performedDateTime": "2024"}, "2024"),
        (
            {"performedDateTime": None, "performedPeriod": {"start": "2024-03-01", "end": "2024-03-02"}},
            "2024-03-01",
        ),
        ({"performedDateTime": None}, "None"),
        ({"performedDateTime": None, "performedString": "last year"}, "None"),
    ],
)
def test_the_day_in_each_of_its_forms(members: Json, when: str) -> None:
    assert str(read(procedure(ALLOGENEIC, **members)).transplants[0].when) == when


@pytest.mark.parametrize("text", ["01.03.2024", "2024-02-30", "spring", ""])
def test_a_day_that_is_none_costs_the_resource_and_raises_a_doubt(text: str) -> None:
    timeline = read(procedure(ALLOGENEIC, performedDateTime=text))
    assert nothing(timeline)
    assert "Procedure/pr1" in timeline.missing[Part.PROCEDURES]


@pytest.mark.parametrize("code", ["2631000119108", "737300001"])
def test_a_history_kept_as_a_procedure_gives_no_day(code: str) -> None:
    timeline = read(procedure((SCT, code)))
    assert [(t.source, t.when) for t in timeline.transplants] == [("Procedure/pr1", None)]


@pytest.mark.parametrize(
    "members",
    [{"status": None}, {"status": 1}, {"performedDateTime": 2024}, {"performedPeriod": "2024"}, {"id": 5}],
)
def test_a_wrong_shape_costs_the_resource_and_raises_a_doubt(members: Json) -> None:
    timeline = read(procedure(ALLOGENEIC, **members))
    assert nothing(timeline)
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]
    assert Part.PROCEDURES in timeline.missing


def test_a_code_of_the_wrong_shape_raises_a_doubt() -> None:
    """The code that cannot be read may be the transplant; without ALL it is not our business."""
    bad = {**procedure(), "code": ["58390007"]}
    for resources in ([bad, ALL_CONDITION], [ALL_CONDITION, bad]):
        assert "Procedure/pr1" in read(*resources).missing[Part.PROCEDURES]
    assert dict(read(bad).missing) == {}
    assert [p.kind for p in read(bad).problems] == [ProblemKind.UNREADABLE]
