"""The order hooks: their contexts, what they ask of the EHR, and drafts that nobody expects."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.conftest import Answer, CheckedClient, FhirStub, Json
from tests.service.conftest import CHART, authorization

SELECT, SIGN = "/cds-services/relapsed-all-order-select", "/cds-services/relapsed-all-order-sign"
HOOKS = {SELECT: "order-select", SIGN: "order-sign"}
each_hook = pytest.mark.parametrize("path", HOOKS)
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
MARKUP = "a|b *c* [d](https://evil.example) <img src=x onerror=e()> `f` ~g~ &lt;h&gt; # i"
Ask = Callable[..., Answer]


def drug(name: str = "nelarabine", code: str = "274771", **more: Any) -> Json:
    """A draft of one drug; nelarabine is checked and needs little of the record."""
    coding = {"system": RXNORM, "code": code, "display": name}
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [coding]},
        "subject": {"reference": f"Patient/{CHART}"},
        **more,
    }


BREXUCABTAGENE = drug("brexucabtagene", "2387277")
ONDANSETRON = drug("ondansetron", "26225")


def call(path: str, *drafts: Any, selections: list[str] | None = None, **members: Any) -> Json:
    """A request with these drafts, all chosen unless told otherwise."""
    context: Json = {
        "userId": "Practitioner/demo-practitioner",
        "patientId": CHART,
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft} for draft in drafts]},
    }
    if path == SELECT:
        context["selections"] = (
            [f"{d['resourceType']}/{d['id']}" for d in drafts] if selections is None else selections
        )
    return {"hook": HOOKS[path], "hookInstance": str(uuid.uuid4()), "context": context, **members}


@pytest.fixture
def ask(client: CheckedClient, chart: Json) -> Ask:
    """(path, drafts) -> the answer with the whole record prefetched."""

    def answer(path: str, *drafts: Any, **more: Any) -> Answer:
        return client.call(call(path, *drafts, **{"prefetch": chart, **more}), path)

    return answer


def checks(answer: Answer) -> list[str]:
    return [card["source"]["topic"]["code"] for card in answer.cards]


# ---- discovery and context ------------------------------------------------------------------------


def test_discovery_lists_a_service_for_each_hook(client: CheckedClient) -> None:
    services = client.get("/cds-services").body["services"]
    assert {s["hook"]: s["id"] for s in services} == {
        "patient-view": "relapsed-all",
        "order-select": "relapsed-all-order-select",
        "order-sign": "relapsed-all-order-sign",
    }


@each_hook
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"draftOrders": None}, "context.draftOrders has the wrong type"),
        ({"draftOrders": "none"}, "context.draftOrders has the wrong type"),
        ({"draftOrders": []}, "context.draftOrders has the wrong type"),
        ({"draftOrders": {}}, "context.draftOrders has the wrong form"),
        ({"draftOrders": drug()}, "context.draftOrders has the wrong form"),
        ({"patientId": "no id"}, "context.patientId has the wrong form"),
    ],
    ids=str,
)
def test_a_context_that_cannot_be_used_is_refused_with_its_place_only(
    client: CheckedClient, path: str, change: Json, reason: str
) -> None:
    request = call(path, drug())
    answer = client.call({**request, "context": {**request["context"], **change}}, path)
    assert answer.status == 400
    assert answer.issue["details"]["text"] == "The context of the hook cannot be used."
    assert reason in answer.text


@each_hook
def test_missing_drafts_are_refused(client: CheckedClient, path: str) -> None:
    request = call(path, drug())
    del request["context"]["draftOrders"]
    answer = client.call(request, path)
    assert answer.status == 400
    assert "context.draftOrders is missing" in answer.text


@pytest.mark.parametrize("selections", [None, "all", ["a b"], ["nelarabine"], [1], {}], ids=str)
def test_selections_that_name_nothing_are_refused(client: CheckedClient, selections: Any) -> None:
    request = call(SELECT, drug())
    request["context"]["selections"] = selections
    assert client.call(request, SELECT).status == 400
    del request["context"]["selections"]
    assert client.call(request, SELECT).status == 400


def test_a_call_for_another_hook_is_refused(client: CheckedClient) -> None:
    assert client.call(call(SIGN, drug()), SELECT).status == 400


# ---- which orders are checked ---------------------------------------------------------------------


def test_only_what_was_chosen_is_checked(ask: Ask) -> None:
    drafts = (drug(), BREXUCABTAGENE)
    assert checks(ask(SELECT, *drafts, selections=["MedicationRequest/nelarabine"])) == ["O-7"]
    assert "O-12" in checks(ask(SELECT, *drafts))
    assert "O-12" in checks(ask(SIGN, *drafts))


def test_a_draft_beside_the_chosen_one_still_counts_for_it(ask: Ask) -> None:
    spinal = {
        "dosageInstruction": [
            {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "72607000"}]}}
        ]
    }
    drafts = (drug(), drug("methotrexate", "6851", **spinal))
    assert "O-6" in checks(ask(SELECT, *drafts, selections=["MedicationRequest/nelarabine"]))
    assert "O-6" not in checks(ask(SELECT, drug()))


@each_hook
@pytest.mark.parametrize(
    "void", [{"doNotPerform": True}, {"status": "cancelled"}, {"status": "entered-in-error"}], ids=str
)
def test_an_order_not_to_be_done_is_not_checked(ask: Ask, path: str, void: Json) -> None:
    assert ask(path, drug(**void)).cards == []


@each_hook
def test_no_drafts_is_no_card(client: CheckedClient, path: str) -> None:
    assert client.call(call(path), path).cards == []
    assert client.call({**call(path), "prefetch": {}}, path).cards == []


# ---- drafts that cannot be read -------------------------------------------------------------------

UNREADABLE = [
    drug(medicationCodeableConcept=[]),
    drug(medicationCodeableConcept="nelarabine"),
    drug(medicationCodeableConcept={"coding": {"code": "x"}}),
    drug(medicationCodeableConcept={"coding": [1]}),
    drug(medicationCodeableConcept=None),
    drug(medicationCodeableConcept=None, medicationReference={"reference": "Medication/elsewhere"}),
    {**drug(), "resourceType": "ServiceRequest", "code": []},
    {**drug(), "resourceType": "ServiceRequest"},
    {**drug(), "resourceType": "CarePlan", "activity": {"detail": 1}},
    {**drug(), "resourceType": "CarePlan", "activity": [{"detail": "x"}]},
]


@each_hook
@pytest.mark.parametrize("draft", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_draft_that_cannot_be_read_is_not_passed_over_in_silence(
    client: CheckedClient, path: str, draft: Json
) -> None:
    (card,) = client.call(call(path, draft), path).cards
    assert card["summary"] == "One draft order could not be read, so no check was made of it"
    assert card["indicator"] == "info"


def test_what_was_not_chosen_need_not_be_readable(client: CheckedClient) -> None:
    request = call(SELECT, UNREADABLE[0], ONDANSETRON, selections=["MedicationRequest/ondansetron"])
    assert client.call(request, SELECT).cards == []


@each_hook
def test_what_can_be_read_is_checked_beside_what_cannot(ask: Ask, path: str) -> None:
    found = checks(ask(path, {**UNREADABLE[0], "id": "other"}, drug()))
    assert found == ["order-unread", "O-7"]


def test_more_drafts_than_anyone_signs_are_said_not_to_be_read(client: CheckedClient) -> None:
    request = call(SIGN, *[{**ONDANSETRON, "id": f"d{n}"} for n in range(203)])
    (card,) = client.call(request, SIGN).cards
    assert card["summary"].startswith("3 draft orders could not be read")


@pytest.mark.parametrize("entry", [{}, {"a": 1}, "x", 1, [None], [1], [[]], [{"resource": []}]], ids=str)
def test_a_bundle_of_another_shape_never_breaks_the_call(client: CheckedClient, entry: Any) -> None:
    request = call(SIGN)
    request["context"]["draftOrders"]["entry"] = entry
    assert [c["source"]["topic"]["code"] for c in client.call(request, SIGN).cards] == ["order-unread"]


@each_hook
@pytest.mark.parametrize("member", ["id", "display", "text"])
def test_no_text_of_a_draft_formats_or_links(
    client: CheckedClient, chart: Json, path: str, member: str
) -> None:
    draft = drug()
    if member == "id":
        draft["id"] = MARKUP
    else:
        code = draft["medicationCodeableConcept"]
        (code if member == "text" else code["coding"][0])[member] = MARKUP
    request = call(path, draft, prefetch=chart)
    if path == SELECT:
        request["context"]["selections"] = ["MedicationRequest/nelarabine"]
    answer = client.call(request, path)
    if member == "id" and path == SELECT:
        assert checks(answer) == ["order-unread"]
        return
    assert "O-7" in checks(answer)
    reader = MarkdownIt("gfm-like", {"linkify": False})
    for card in answer.cards:
        tokens = [t for top in reader.parse(card["detail"]) for t in [top, *(top.children or [])]]
        assert not {"html_inline", "html_block", "image", "link_open", "code_inline"} & {
            t.type for t in tokens
        }
        assert "<" not in card["summary"]
        assert len(card["summary"]) < 140


def test_a_huge_name_is_cut(ask: Ask) -> None:
    draft = drug()
    draft["medicationCodeableConcept"]["text"] = "nelarabine " * 20_000
    for card in ask(SIGN, draft).cards:
        assert len(card["summary"]) < 140
        assert len(card["detail"]) < 2000


def test_an_order_that_stands_twice_has_one_card(ask: Ask) -> None:
    cards = ask(SIGN, drug(), drug()).cards
    assert len({card["uuid"] for card in cards}) == len(cards) == 1


# ---- what is asked of the EHR ---------------------------------------------------------------------


def with_server(fhir: FhirStub) -> Json:
    return {"fhirServer": fhir.base, "fhirAuthorization": authorization()}


@each_hook
def test_nothing_is_fetched_for_orders_that_are_not_ours(
    client: CheckedClient, fhir: FhirStub, path: str
) -> None:
    request = call(path, ONDANSETRON, **with_server(fhir))
    assert client.call(request, path).cards == []
    assert fhir.asked == []


def test_nothing_is_fetched_for_an_order_that_was_not_chosen(client: CheckedClient, fhir: FhirStub) -> None:
    request = call(
        SELECT, drug(), ONDANSETRON, selections=["MedicationRequest/ondansetron"], **with_server(fhir)
    )
    assert client.call(request, SELECT).cards == []
    assert fhir.asked == []


@each_hook
def test_only_what_the_checks_need_is_fetched(client: CheckedClient, fhir: FhirStub, path: str) -> None:
    request = call(path, drug("liposomal vincristine", "x", id="lv"), **with_server(fhir))
    request["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"] = {
        "text": "vincristine liposomal"
    }
    assert checks(client.call(request, path)) == ["O-17"]
    assert fhir.asked_keys() == {"patient", "conditions"}


def test_a_steroid_opens_no_record_unless_a_collection_stands_beside_it(
    client: CheckedClient, fhir: FhirStub
) -> None:
    dexamethasone = drug("dexamethasone", "3264")
    assert client.call(call(SIGN, dexamethasone, **with_server(fhir)), SIGN).cards == []
    assert fhir.asked_keys() == set()
    pheresis: Json = {
        "resourceType": "ServiceRequest",
        "id": "p",
        "code": {"text": "Leukapheresis for CAR-T"},
    }
    beside = call(SELECT, dexamethasone, pheresis, selections=["MedicationRequest/dexamethasone"])
    assert checks(client.call({**beside, **with_server(fhir)}, SELECT)) == ["O-13i"]


@each_hook
def test_an_order_for_another_patient_is_named_and_not_checked(ask: Ask, path: str) -> None:
    other = drug("nelarabine", subject={"reference": "Patient/another"})
    (card,) = ask(path, other).cards
    assert card["source"]["topic"]["code"] == "order-of-another"
    assert "names another patient" in card["summary"]
    assert checks(ask(path, other, {**drug(), "id": "mine"}))[0] == "order-of-another"


def test_a_selection_that_is_not_among_the_drafts_is_said(ask: Ask) -> None:
    assert checks(ask(SELECT, drug(), selections=["MedicationRequest/elsewhere"])) == ["order-unread"]


def test_what_an_antigen_needs_is_fetched(client: CheckedClient, fhir: FhirStub) -> None:
    inotuzumab = drug("inotuzumab", "1942950")
    client.call(call(SIGN, inotuzumab, **with_server(fhir)), SIGN)
    assert {"laboratory", "medicationAdministrations", "procedures"} <= fhir.asked_keys()


def test_the_fetched_parts_say_the_same_as_the_whole_record(ask: Ask, fhir: FhirStub, chart: Json) -> None:
    """No check that is waiting for a part that was not asked for, and none that takes it for empty."""
    drafts = (drug(), BREXUCABTAGENE, drug("clofarabine", "44151"))
    whole = ask(SIGN, *drafts)
    limited = ask(SIGN, *drafts, **{**with_server(fhir), "prefetch": {"conditions": chart["conditions"]}})
    assert fhir.asked_keys()
    assert [c["summary"] for c in limited.cards] == [c["summary"] for c in whole.cards]


@each_hook
def test_without_the_conditions_the_answer_is_412(client: CheckedClient, path: str) -> None:
    answer = client.call(call(path, drug()), path)
    assert answer.status == 412
    assert "conditions" in answer.text


@each_hook
def test_an_error_tells_nothing_of_the_drafts(client: CheckedClient, path: str) -> None:
    answer = client.call(call(path, drug("secretol", "274771")), path)
    assert answer.status == 412
    assert "secretol" not in json.dumps(answer.body)
