"""Draft orders as they are named in daily use: brands, abbreviations, several drugs, tests and visits."""

from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.terminology.code_set import load
from cds_rules.treatment.order import Act, Order
from cds_rules.treatment.orders import CHECKS
from service.fhir.lexicon import Lexicon
from service.fhir.orders import read_drafts
from service.fhir.site_map import SiteMap

LEXICON = Lexicon(load(), SiteMap())
Json = dict[str, Any]
CAR_T, CD19_CAR_T, COLLECTION = Act.CAR_T_INFUSION, Act.CD19_CAR_T, Act.LEUKAPHERESIS_FOR_CAR_T


def only(resource: Json) -> Order:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": resource}]}
    found = read_drafts(bundle, None, LEXICON)
    assert found.unread == 0
    (order,) = found.orders
    return order


def drug(text: str, route: Json | None = None) -> Json:
    concept = {"medicationCodeableConcept": {"text": text}}
    dosage = {"dosageInstruction": [{"route": route}]} if route else {}
    return {"resourceType": "MedicationRequest", "id": "m", **concept, **dosage}


def request(text: str) -> Json:
    return {"resourceType": "ServiceRequest", "id": "s", "code": {"text": text}}


@pytest.mark.parametrize(
    ("text", "drugs"),
    [
        ("Blincyto", {"blinatumomab"}),
        ("BESPONSA 0.9 mg vial", {"inotuzumab"}),
        ("Kymriah", {"tisagenlecleucel"}),
        ("Tecartus", {"brexucabtagene"}),
        ("Marqibo kit", {"liposomal-vincristine"}),
        ("Iclusig", {"ponatinib"}),
        ("Arranon", {"nelarabine"}),
        ("NECTAR block 1", {"nelarabine"}),
        ("imatinib mesylate", {"imatinib"}),
        ("nelarabine / cyclophosphamide / etoposide", {"nelarabine", "cyclophosphamide", "etoposide"}),
        ("NELARABINE|ETOPOSIDE", {"nelarabine", "etoposide"}),
        ("nelarabine days 1-5 methotrexate day 8", {"nelarabine", "methotrexate"}),
        ("nelarabine then methotrexate", {"nelarabine", "methotrexate"}),
        ("vincristine liposomal / methotrexate", {"liposomal-vincristine", "methotrexate"}),
        ("Ara-C", {"cytarabine"}),
        ("tisa-cel", {"tisagenlecleucel"}),
        ("brexu-cel", {"brexucabtagene"}),
        ("VSLI", {"liposomal-vincristine"}),
        ("ruxolitinib 1.5 % cream", set()),
        ("Nectar thick liquids", set()),
        ("NECTAR THICK LIQUIDS", set()),
    ],
)
def test_brands_and_several_drugs_are_read(text: str, drugs: set[str]) -> None:
    assert only(drug(text)).drugs == drugs


@pytest.mark.parametrize(
    ("resource", "intrathecal"),
    [
        (drug("IT methotrexate"), True),
        (drug("Methotrexate PF 25 mg/mL IT syringe"), True),
        (drug("methotrexate", {"text": "IT"}), True),
        (drug("methotrexate / cytarabine / hydrocortisone", {"text": "Intrathecal"}), True),
        (drug("DepoCyt"), True),
        (drug("IT methotrexate", {"text": "Intravenous"}), False),
        (drug("methotrexate, take it weekly"), None),
        (drug("methotrexate"), None),
    ],
    ids=str,
)
def test_it_is_intrathecal_in_capitals_only_and_yields_to_the_route(
    resource: Json, intrathecal: bool | None
) -> None:
    assert only(resource).intrathecal is intrathecal


@pytest.mark.parametrize(
    ("text", "drugs", "acts"),
    [
        ("LP with IT chemo", set(), {Act.INTRATHECAL}),
        ("HCT", set(), set()),
        ("Allo HCT", set(), {Act.ALLOGENEIC_TRANSPLANT}),
        ("HSCT after CAR-T", set(), {Act.TRANSPLANT}),
        ("Transfer to BMT unit", set(), set()),
        ("Imatinib level", set(), set()),
        ("BCR::ABL1 mutation analysis, imatinib resistance", set(), set()),
        ("Imatinib, dasatinib resistance", set(), set()),
        ("Methotrexate infusion with drug levels", {"methotrexate"}, set()),
        ("High-dose methotrexate", {"methotrexate"}, {Act.HIGH_DOSE_METHOTREXATE}),
        ("Bone marrow biopsy day 28 post CAR-T", set(), set()),
        ("Tisagenlecleucel insurance approval", set(), set()),
        ("Discontinue blinatumomab infusion", set(), set()),
        ("Leukapheresis for Kymriah", {"tisagenlecleucel"}, {COLLECTION}),
        ("Apheresis, T-cell collection", set(), {COLLECTION}),
        ("T-cell collection before CAR-T", set(), {COLLECTION, Act.CAR_T_AHEAD}),
        ("Leukopheresis", set(), {Act.LEUKAPHERESIS}),
        ("Leucapheresis", set(), {Act.LEUKAPHERESIS}),
        ("Apheresis platelets, irradiated", set(), set()),
        ("Red cell exchange apheresis", set(), set()),
        ("Peripheral blood stem cell collection by apheresis", set(), set()),
        ("Lymphodepletion before CAR-T", set(), {Act.CAR_T_AHEAD}),
        ("Pre-CAR-T echocardiogram", set(), {Act.CAR_T_AHEAD}),
        ("Dental clearance prior to allogeneic HSCT", set(), {Act.TRANSPLANT_AHEAD}),
        ("Stem cell transplant workup", set(), set()),
        ("TBI 12 Gy", set(), {Act.BODY_IRRADIATION}),
        ("CT head, TBI", set(), set()),
        ("Donor leukocyte infusion", set(), {Act.DONOR_LYMPHOCYTES}),
        ("Allogeneic lymphocyte infusions", set(), {Act.DONOR_LYMPHOCYTES}),
        ("Chemotherapy administration, into CNS", set(), {Act.INTRATHECAL}),
        ("Intrathecal triple therapy", set(), {Act.INTRATHECAL}),
        ("Intrathecal baclofen", set(), set()),
        ("Intrathecal morphine after IT chemo", set(), {Act.INTRATHECAL}),
        ("CART19 infusion", set(), {CAR_T}),
        ("Educate about blinatumomab", set(), set()),
        ("Kymriah infusion", {"tisagenlecleucel"}, {CAR_T}),
        ("CD19 CAR-T infusion", set(), {CAR_T, CD19_CAR_T}),
        ("CD22-directed CAR-T infusion", set(), {Act.OTHER_CAR_T}),
        ("CD19/CD22 CAR-T infusion", set(), {CAR_T}),
        ("CAR-T infusion for CD22-positive ALL", set(), {CAR_T}),
    ],
)
def test_an_order_is_what_it_gives(text: str, drugs: set[str], acts: set[Act]) -> None:
    order = only(request(text))
    assert order.drugs == drugs
    assert order.acts == acts


@pytest.mark.parametrize(
    ("text", "acts"),
    [
        ("Triple IT", {Act.INTRATHECAL}),
        ("TIT", {Act.INTRATHECAL}),
        ("Intrathecal triple therapy", {Act.INTRATHECAL}),
        ("Intrathecal morphine", set()),
    ],
)
def test_a_mixture_into_the_spinal_fluid_without_its_drugs_is_intrathecal_chemotherapy(
    text: str, acts: set[Act]
) -> None:
    assert only(drug(text)).acts == acts


@pytest.mark.parametrize(
    "more", [{"reasonCode": [{"text": "Kymriah manufacture"}]}, {"orderDetail": [{"text": "for CAR-T"}]}]
)
def test_a_product_or_a_detail_tells_what_an_apheresis_is_for(more: Json) -> None:
    assert only({**request("Apheresis"), **more}).acts == {COLLECTION}


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Kymriah infusion", Answer.YES),
        ("CD19 CAR-T infusion", Answer.YES),
        ("CAR-T infusion", Answer.UNKNOWN),
        ("CD19/CD22 CAR-T infusion", Answer.UNKNOWN),
        ("CD22 CAR-T infusion", Answer.NO),
    ],
)
def test_a_loss_of_cd19_matters_to_cells_against_cd19(text: str, about: Answer) -> None:
    checks = {check.id: check for check in CHECKS}
    assert checks["O-19"].about(only(request(text))) is about
    assert checks["O-14b"].about(only(request(text))) is Answer.YES


def test_a_plan_without_activities_is_read_by_its_title() -> None:
    plan: Json = {"resourceType": "CarePlan", "id": "p", "title": "NECTAR"}
    assert only(plan).drugs == {"nelarabine"}
    detail = {"code": {"text": "Blincyto"}}
    assert only({**plan, "activity": [{"detail": detail}]}).drugs == {"blinatumomab"}
