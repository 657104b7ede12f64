"""Drug classes, other spellings, liposomal forms, routes, and that supportive drugs treat no leukemia."""

from typing import Any

import pytest

from cds_rules.patient import drug_class
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.drug_class import (
    ALL_DRUGS,
    ANTILEUKEMIC,
    ANTILEUKEMIC_STEROID,
    LIPOSOMAL,
    SPELLINGS,
    SUPPORTIVE,
)
from cds_rules.patient.events import EventKind
from cds_rules.patient.mrd import reinduction_start
from cds_rules.patient.timeline import DrugUse, PatientTimeline, Person, Route, TreatmentPlan
from cds_rules.patient.treatment import end_of_primary_treatment
from cds_rules.terminology.code_set import RXNORM, load
from service.fhir.drug_names import named_drugs
from service.fhir.to_timeline import to_timeline
from tests.unit.charts import day

Json = dict[str, Any]
CLASSES = {name: value for name, value in vars(drug_class).items() if isinstance(value, frozenset)}
SCT = "http://snomed.info/sct"
INTRATHECAL, INTRAVENOUS = (SCT, "72607000"), (SCT, "47625008")


# ---- classes -------------------------------------------------------------------------------------


def test_every_drug_of_the_terminology_has_a_class() -> None:
    named = {code.concept.removeprefix("drug.") for code in load().codes("drug")}
    assert named <= ALL_DRUGS


def test_no_drug_is_both_supportive_and_antileukemic() -> None:
    assert not SUPPORTIVE & ANTILEUKEMIC
    assert SUPPORTIVE | ANTILEUKEMIC == ALL_DRUGS
    assert ANTILEUKEMIC_STEROID <= ANTILEUKEMIC


@pytest.mark.parametrize("name", CLASSES)
def test_every_member_of_a_class_is_a_drug_that_is_read(name: str) -> None:
    assert CLASSES[name] <= ALL_DRUGS
    assert {f"drug.{drug}" for drug in CLASSES[name]} == {
        m.concept for drug in CLASSES[name] for m in named_drugs({"text": drug})
    }


def test_other_spellings_and_forms_lead_to_a_drug() -> None:
    assert set(SPELLINGS.values()) | set(LIPOSOMAL) | set(LIPOSOMAL.values()) <= ALL_DRUGS
    assert not set(SPELLINGS) & ALL_DRUGS


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "drug"),
    [
        ("ciclosporin 100 mg capsule", "cyclosporine"),
        ("mycophenolic  acid 360 mg", "mycophenolate"),
        ("6-thioguanine 40 mg", "thioguanine"),
        ("temsirolimus", "temsirolimus"),
        ("methylprednisolone sodium succinate", "methylprednisolone"),
        ("asparaginase Erwinia chrysanthemi (recombinant)", "asparaginase-erwinia"),
        ("Erwinia L-asparaginase", "asparaginase-erwinia"),
        ("L-asparaginase", "asparaginase"),
        ("calaspargase pegol-mknl", "calaspargase"),
        ("vinCRIStine sulfate liposome 5 MG/31 ML", "liposomal-vincristine"),
        ("liposomal vincristine", "liposomal-vincristine"),
        ("cytarabine liposome 10 MG/ML", "liposomal-cytarabine"),
        ("vincristine sulfate", "vincristine"),
        ("obecabtagene autoleucel", "obecabtagene"),
    ],
)
def test_a_name_in_another_spelling(text: str, drug: str) -> None:
    assert [m.concept for m in named_drugs({"text": text})] == [f"drug.{drug}"]


@pytest.mark.parametrize(
    "text",
    [
        "cytarabine liposome 100 MG / daunorubicin liposomal 44 MG Injection",
        "tacrolimus 0.001 MG/MG Topical Ointment",
        "cyclosporine 0.5 MG/ML Ophthalmic Suspension",
        "hydrocortisone 1 % cream",
        "dexamethasone eye drops",
        "ruxolitinib 15 MG/ML Topical Cream",
        "everolimus and sirolimus",
        "methotrexate, cytarabine",
    ],
)
def test_two_drugs_or_a_form_for_the_skin_or_the_eye_is_none(text: str) -> None:
    assert named_drugs({"text": text}) == []


def test_a_word_of_a_local_form_beside_another_drug_is_no_matter() -> None:
    assert [m.concept for m in named_drugs({"text": "imatinib, avoid eye contact"})] == ["drug.imatinib"]


def test_a_liposomal_display_and_its_plain_text_are_the_liposomal_drug() -> None:
    code = {
        "coding": [{"system": RXNORM, "code": "9", "display": "vincristine liposome"}],
        "text": "vincristine",
    }
    assert [(m.concept, m.route) for m in named_drugs(code)] == [("drug.liposomal-vincristine", Route.CODE)]


# ---- in a record ---------------------------------------------------------------------------------


def medication(text: str, kind: str = "MedicationAdministration", **members: Any) -> Json:
    return {
        "resourceType": kind,
        "id": "m1",
        "status": "completed",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": text},
        "effectiveDateTime": "2025-06-15",
        **members,
    }


def use(resource: Json) -> DrugUse:
    (found,) = to_timeline([resource], "p").drugs
    return found


def route(*codes: tuple[str, str], text: str | None = None, display: str | None = None) -> Json:
    coding = [{"system": system, "code": code, "display": display} for system, code in codes]
    return {"route": {"coding": coding, **({"text": text} if text else {})}}


def test_a_coded_ingredient_called_liposomal_is_the_liposomal_drug() -> None:
    code = {"coding": [{"system": RXNORM, "code": "11202"}], "text": "vinCRIStine LIPOSOME"}
    assert use(medication("", medicationCodeableConcept=code)).drug == "liposomal-vincristine"
    assert use(medication("", medicationCodeableConcept={"coding": code["coding"]})).drug == "vincristine"


@pytest.mark.parametrize(
    ("dosage", "told"),
    [
        (route(INTRATHECAL), True),
        (route(text="Intrathecal"), True),
        (route(("urn:x", "IT"), display="intrathecal route"), True),
        (route(INTRAVENOUS, display="Intravenous route"), False),
        (route(text="IV"), False),
        (route(text="by mouth"), False),
        (route(("urn:x", "IT")), None),
        ({"text": "12 mg intrathecally"}, True),
        ({"text": "for intravenous use, fatal if given intrathecally"}, None),
        ({"text": "not for intrathecal use"}, None),
        ({"text": "12 mg"}, None),
        ({**route(text="IV"), "text": "intrathecal doses are given apart"}, False),
        ({}, None),
        ("intrathecal", None),
        ({"route": "intrathecal"}, None),
        ({"route": {"coding": "intrathecal"}}, None),
    ],
)
def test_whether_it_goes_into_the_spinal_fluid(dosage: Any, told: bool | None) -> None:
    assert use(medication("methotrexate", dosage=dosage)).intrathecal is told


@pytest.mark.parametrize(
    ("kind", "member"),
    [("MedicationStatement", "dosage"), ("MedicationRequest", "dosageInstruction")],
)
def test_statements_and_orders_have_lists_of_dosages(kind: str, member: str) -> None:
    both = [route(text="IV"), route(INTRATHECAL)]
    assert use(medication("methotrexate", kind, **{member: both})).intrathecal is True
    assert use(medication("methotrexate", kind, **{member: both[:1]})).intrathecal is False
    assert use(medication("methotrexate", kind, **{member: []})).intrathecal is None
    assert use(medication("methotrexate", kind, **{member: [5, None]})).intrathecal is None


def test_the_name_of_the_product_may_tell() -> None:
    assert use(
        medication("methotrexate intrathecal, preservative-free, for intrathecal use only")
    ).intrathecal


@pytest.mark.parametrize(
    ("kind", "events"),
    [
        ("MedicationAdministration", [EventKind.INTRATHECAL]),
        ("MedicationStatement", [EventKind.INTRATHECAL]),
        ("MedicationRequest", []),
    ],
)
def test_triple_intrathecal_therapy_is_an_event(kind: str, events: list[EventKind]) -> None:
    triple = medication("methotrexate / cytarabine / hydrocortisone INTRATHECAL", kind)
    timeline = to_timeline([triple], "p")
    given = [d.drug for d in timeline.drugs if not d.ordered]
    assert ([e.kind for e in timeline.events], given) == (events, [])
    not_given = {**triple, "status": "not-done" if kind == "MedicationAdministration" else "unknown"}
    assert to_timeline([not_given], "p").events == ()


# ---- no treatment of leukemia --------------------------------------------------------------------

RELAPSE = PartialDate.parse("2025-06-15")


def given(drug: str, when: str, **more: Any) -> DrugUse:
    return DrugUse(f"MedicationAdministration/{drug}", day(when), drug, **more)


def chart(*drugs: DrugUse, **record: Any) -> PatientTimeline:
    return PatientTimeline(Person("Patient/p"), drugs=drugs, **record)


@pytest.mark.parametrize("drug", sorted(SUPPORTIVE))
def test_a_supportive_drug_starts_no_reinduction(drug: str) -> None:
    treated = chart(given(drug, "2025-06-16"), given("vincristine", "2025-06-20"))
    assert reinduction_start(treated, RELAPSE) == day("2025-06-20")
    assert reinduction_start(chart(given(drug, "2025-06-16")), RELAPSE) == RELAPSE


@pytest.mark.parametrize("drug", sorted(ANTILEUKEMIC_STEROID))
def test_the_steroids_of_reinduction_start_it(drug: str) -> None:
    treated = chart(given(drug, "2025-06-16"), given("vincristine", "2025-06-20"))
    assert reinduction_start(treated, RELAPSE) == day("2025-06-16")


@pytest.mark.parametrize("drug", ["tacrolimus", "levetiracetam", "hydrocortisone"])
def test_a_supportive_drug_after_maintenance_does_not_undo_its_end(drug: str) -> None:
    maintenance = DrugUse("MedicationStatement/mp", day("2022-06-01"), "mercaptopurine", day("2024-03-01"))
    ended = end_of_primary_treatment(chart(maintenance, given(drug, "2024-05-01")), RELAPSE, None)
    assert ended.value is not None
    assert str(ended.value.completed) == "2024-03-01"
    followed = end_of_primary_treatment(chart(maintenance, given("vincristine", "2024-05-01")), RELAPSE, None)
    assert followed.value is None


def test_a_supportive_drug_keeps_no_plan_alive() -> None:
    """An open plan is doubted when its drugs stopped long ago, whatever else is still given."""
    plan = TreatmentPlan("CarePlan/cp", day("2022-01-17"), None, "active")
    old = given("vincristine", "2022-06-01")
    doubted = end_of_primary_treatment(
        chart(old, given("tacrolimus", "2025-06-01"), plans=(plan,)), RELAPSE, None
    )
    assert doubted.value is None
    going_on = end_of_primary_treatment(
        chart(old, given("vincristine", "2025-06-01"), plans=(plan,)), RELAPSE, None
    )
    assert going_on.value is not None
    assert going_on.value.on_treatment
