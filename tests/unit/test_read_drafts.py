"""Draft orders read as far as the checks need: which drug, which act, into the spinal fluid or not."""

from typing import Any

import pytest

from cds_rules.terminology.code_set import load
from cds_rules.treatment.order import Act, Order
from service.fhir.lexicon import Lexicon
from service.fhir.orders import Drafts, read_drafts
from service.fhir.site_map import SiteMap

LEXICON = Lexicon(load(), SiteMap())
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
Json = dict[str, Any]


def drafts(*resources: Json, chosen: list[str] | None = None) -> Drafts:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}
    return read_drafts(bundle, chosen, LEXICON)


def only(resource: Json) -> Order:
    found = drafts(resource)
    assert found.unread == 0
    (order,) = found.orders
    return order


def request(text: str, code: str | None = None, **more: Any) -> Json:
    concept: Json = {"text": text}
    if code is not None:
        concept["coding"] = [{"system": PCS, "code": code}]
    return {"resourceType": "ServiceRequest", "id": "s", "code": concept, **more}


def drug(code: str, text: str | None = None, **more: Any) -> Json:
    concept: Json = {"coding": [{"system": RXNORM, "code": code}]}
    if text is not None:
        concept["text"] = text
    return {"resourceType": "MedicationRequest", "id": "m", "medicationCodeableConcept": concept, **more}


@pytest.mark.parametrize(
    ("resource", "acts"),
    [
        (request("CAR-T infusion"), {Act.CAR_T_INFUSION}),
        (request("Infusion", "XW033C7"), {Act.CAR_T_INFUSION}),
        (request("Leukapheresis for CAR-T", "6A550Z1"), {Act.LEUKAPHERESIS_FOR_CAR_T}),
        (request("Leukapheresis for CAR-T"), {Act.LEUKAPHERESIS_FOR_CAR_T}),
        (request("CAR T-cell collection"), {Act.LEUKAPHERESIS_FOR_CAR_T}),
        (request("Leukapheresis", "6A550Z1"), {Act.LEUKAPHERESIS}),
        (request("Leukapheresis"), {Act.LEUKAPHERESIS}),
        (request("Leukapheresis, leukoreduction", "6A550Z1"), set()),
        (request("Leukoreduction before CAR-T", "6A550Z1"), {Act.CAR_T_AHEAD}),
        (request("Blood collection"), set()),
        (request("Allogeneic HSCT"), {Act.ALLOGENEIC_TRANSPLANT}),
        (request("Autologous stem cell transplant"), {Act.AUTOLOGOUS_TRANSPLANT}),
        (request("Stem cell transplant"), {Act.TRANSPLANT}),
        (request("Autologous or allogeneic HSCT"), {Act.TRANSPLANT}),
        (request("Haploidentical HSCT, RIC"), {Act.ALLOGENEIC_TRANSPLANT, Act.REDUCED_INTENSITY}),
        (request("Bone marrow transplant, sibling donor", "30233G2"), {Act.ALLOGENEIC_TRANSPLANT}),
        (request("BMT, reduced intensity", "30233G3"), {Act.ALLOGENEIC_TRANSPLANT, Act.REDUCED_INTENSITY}),
        (request("Donor lymphocyte infusion"), {Act.DONOR_LYMPHOCYTES}),
        (request("Intrathecal chemotherapy", "3E0R305"), {Act.INTRATHECAL}),
        (request("Referral for CAR-T infusion"), set()),
        (request("HSCT evaluation"), set()),
        (request("Echocardiogram"), set()),
    ],
    ids=lambda v: v["code"]["text"] if isinstance(v, dict) else "",
)
def test_what_is_done(resource: Json, acts: set[Act]) -> None:
    assert only(resource).acts == acts


def test_a_reason_tells_what_an_apheresis_is_for_and_nothing_of_other_orders() -> None:
    reason: Json = {
        "reasonCode": [{"text": "CAR-T manufacture"}],
        "note": [{"text": "before HSCT, intrathecal"}],
    }
    assert only(request("Leukapheresis", **reason)).acts == {Act.LEUKAPHERESIS_FOR_CAR_T}
    assert only(request("Echocardiogram", **reason)).acts == set()


@pytest.mark.parametrize(
    ("resource", "drugs", "acts", "intrathecal"),
    [
        (drug("6851"), {"methotrexate"}, set(), None),
        (drug("6851", "methotrexate intrathecal"), {"methotrexate"}, set(), True),
        (drug("6851", "High-dose methotrexate"), {"methotrexate"}, {Act.HIGH_DOSE_METHOTREXATE}, None),
        (drug("6851", "methotrexate (HD-MTX)"), {"methotrexate"}, {Act.HIGH_DOSE_METHOTREXATE}, None),
        (drug("3041", "High-dose cytarabine"), {"cytarabine"}, set(), None),
        (drug("1986438"), {"tisagenlecleucel"}, {Act.CAR_T_INFUSION}, None),
        (drug("968804"), {"liposomal-cytarabine"}, set(), None),
        (drug("26225"), set(), set(), None),
    ],
    ids=str,
)
def test_which_drug(resource: Json, drugs: set[str], acts: set[Act], intrathecal: bool | None) -> None:
    order = only(resource)
    assert order.drugs == drugs
    assert order.acts == acts
    assert order.intrathecal is intrathecal


def test_a_medication_beside_it_or_in_it_tells_the_drug() -> None:
    code = {"coding": [{"system": RXNORM, "code": "274771"}]}
    beside = {"resourceType": "Medication", "id": "x", "code": code}
    refers = {"resourceType": "MedicationRequest", "id": "m"}
    outside = {**refers, "medicationReference": {"reference": "Medication/x"}}
    inside = {**refers, "medicationReference": {"reference": "#x"}, "contained": [beside]}
    assert drafts(beside, outside).orders[0].drugs == {"nelarabine"}
    assert only(inside).drugs == {"nelarabine"}
    assert drafts(outside) == Drafts((), 1)


def test_each_activity_of_a_plan_is_an_order() -> None:
    plan = {
        "resourceType": "CarePlan",
        "id": "p",
        "activity": [
            {"detail": {"code": {"text": "Autologous stem cell transplant"}}},
            {"detail": {"code": {"text": "CAR-T infusion"}, "doNotPerform": True}},
            {"detail": {"productCodeableConcept": {"coding": [{"system": RXNORM, "code": "274771"}]}}},
            {"reference": {"reference": "ServiceRequest/1"}},
        ],
    }
    first, second = drafts(plan).orders
    assert first.acts == {Act.AUTOLOGOUS_TRANSPLANT}
    assert second.drugs == {"nelarabine"}
    assert {first.reference, second.reference} == {"CarePlan/p"}


def test_an_order_is_chosen_by_its_reference() -> None:
    both = (drug("6851"), {**drug("274771"), "id": "n"})
    assert [o.selected for o in drafts(*both, chosen=["MedicationRequest/n"]).orders] == [False, True]
    assert [o.selected for o in drafts(*both).orders] == [True, True]


def test_an_id_that_is_none_is_left_out_of_the_reference() -> None:
    assert only({**drug("6851"), "id": "[x](https://evil.example)"}).reference == "MedicationRequest"
    assert only({**drug("6851"), "id": 7}).reference == "MedicationRequest"


def test_a_medication_is_found_by_the_full_url_of_its_entry_and_told_by_its_ingredients() -> None:
    url = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    parts = [{"itemCodeableConcept": {"text": name}} for name in ("nelarabine", "etoposide")]
    product = {"resourceType": "Medication", "ingredient": parts}
    order = {"resourceType": "MedicationRequest", "id": "m", "medicationReference": {"reference": url}}
    bundle = {"entry": [{"fullUrl": url, "resource": product}, {"resource": order}]}
    (found,) = read_drafts(bundle, None, LEXICON).orders
    assert found.drugs == {"nelarabine", "etoposide"}
    inside = {**order, "medicationReference": {"reference": "#x"}, "contained": [{**product, "id": "x"}]}
    assert only(inside).drugs == {"nelarabine", "etoposide"}


@pytest.mark.parametrize(
    "route",
    [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration", "code": c}]}
        for c in ("IT", "ITINJ")
    ]
    + [{"coding": [{"system": "http://standardterms.edqm.eu", "code": "20042000"}]}]
    + [{"text": text} for text in ("intra-thecal", "it", "Intraventricular (Ommaya)", "Intrathecally")],
    ids=str,
)
def test_a_route_into_the_spinal_fluid_is_read_as_systems_write_it(route: Json) -> None:
    assert only(drug("6851", dosageInstruction=[{"route": route}])).intrathecal is True


@pytest.mark.parametrize(
    ("dosage", "intrathecal"),
    [
        ({"site": {"text": "Intrathecal space"}}, True),
        ({"method": {"text": "Intrathecal injection"}}, True),
        ({"text": "12 mg IT once"}, True),
        ({"text": "give via lumbar puncture"}, True),
        ({"text": "TAKE IT WITH FOOD"}, None),
        ({"route": {"coding": [{"code": "20045000"}]}}, None),
        ({"route": {"text": "Intravenous"}, "site": {"text": "Ommaya reservoir"}}, False),
    ],
    ids=str,
)
def test_site_method_and_instruction_tell_it_where_the_route_does_not(
    dosage: Json, intrathecal: bool | None
) -> None:
    assert only(drug("6851", dosageInstruction=[dosage])).intrathecal is intrathecal


def test_any_cytotoxic_drug_into_the_spinal_fluid_is_intrathecal_chemotherapy() -> None:
    spinal = [{"route": {"text": "Intrathecal"}}]
    vincristine = drug("11202", "vincristine")
    assert only({**vincristine, "dosageInstruction": spinal}).acts == {Act.INTRATHECAL}
    assert only(vincristine).acts == set()


@pytest.mark.parametrize("status", ["cancelled", "completed", "entered-in-error", "stopped"])
def test_an_order_that_is_over_is_no_draft(status: str) -> None:
    assert drafts(drug("6851", status=status)) == Drafts(())
    assert drafts(drug("6851", status="on-hold")).orders


@pytest.mark.parametrize(
    ("subject", "others"),
    [
        ({"reference": "Patient/p"}, 0),
        ({"reference": "https://ehr.example/fhir/Patient/p/_history/2"}, 0),
        ({"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}, 0),
        ({"identifier": {"value": "7"}}, 0),
        ({"reference": "Patient/q"}, 1),
        ({"reference": "https://ehr.example/fhir/Patient/q"}, 1),
    ],
    ids=str,
)
def test_an_order_for_another_patient_is_counted_and_not_checked(subject: Json, others: int) -> None:
    bundle = {"entry": [{"resource": drug("6851", subject=subject)}]}
    found = read_drafts(bundle, None, LEXICON, "p")
    assert (len(found.orders), found.of_others, found.unread) == (1 - others, others, 0)


def test_a_selection_that_is_not_among_the_drafts_was_not_read() -> None:
    found = drafts(drug("6851"), chosen=["MedicationRequest/elsewhere"])
    assert found.unread == 1
    assert not found.orders[0].selected


def test_what_a_plan_contains_or_describes_is_an_order() -> None:
    held = {**drug("274771"), "id": "x"}
    plan: Json = {"resourceType": "CarePlan", "id": "p", "contained": [held]}
    (order,) = drafts({**plan, "activity": [{"reference": {"reference": "#x"}}]}).orders
    assert order.drugs == {"nelarabine"}
    assert order.reference == "CarePlan/p"
    medication = {"resourceType": "Medication", "id": "k", "code": {"text": "nelarabine"}}
    refers = {"detail": {"productReference": {"reference": "#k"}}}
    assert only({**plan, "contained": [medication], "activity": [refers]}).drugs == {"nelarabine"}
    described = {"detail": {"description": "nelarabine days 1 to 5"}}
    assert only({"resourceType": "CarePlan", "id": "p", "activity": [described]}).drugs == {"nelarabine"}


def test_the_actions_of_a_group_are_orders_unless_they_point_to_one() -> None:
    inner: Json = {"title": "CAR-T infusion"}
    actions = [{"title": "Block 1", "action": [{"code": [{"text": "nelarabine"}]}, inner]}]
    points = {"title": "blinatumomab", "resource": {"reference": "MedicationRequest/1"}}
    group = {"resourceType": "RequestGroup", "id": "g", "action": [*actions, points]}
    found = drafts(group).orders
    assert set().union(*(o.drugs for o in found)) == {"nelarabine"}
    assert set().union(*(o.acts for o in found)) == {Act.CAR_T_INFUSION}
    assert drafts({**group, "status": "revoked"}).orders == ()


@pytest.mark.parametrize("points", ["MedicationRequest/n", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"])
def test_who_chooses_a_plan_or_a_group_chooses_its_orders(points: str) -> None:
    entries = [
        {
            "fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
            "resource": {**drug("274771"), "id": "n"},
        },
        {"resource": drug("6851")},
    ]
    plan = {"resourceType": "CarePlan", "id": "g", "activity": [{"reference": {"reference": points}}]}
    inner = {"title": "Block 1", "action": [{"resource": {"reference": points}}]}
    group = {"resourceType": "RequestGroup", "id": "g", "action": [inner]}
    for chosen in (plan, group):
        bundle = {"entry": [*entries, {"resource": chosen}]}
        found = read_drafts(bundle, [f"{chosen['resourceType']}/g"], LEXICON)
        assert found.unread == 0
        assert [(o.reference, o.selected) for o in found.orders if o.drugs] == [
            ("MedicationRequest/n", True),
            ("MedicationRequest/m", False),
        ]
