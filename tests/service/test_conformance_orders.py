"""Order hooks: checklist 20, 25, 37, 41, 42, 46, 54 and 56. More of them in test_order_hooks.py."""

from __future__ import annotations

from typing import Any

import pytest

from cds_rules.treatment.caution import Override
from tests.conftest import BASE, CheckedClient, FhirStub, Json, validate
from tests.journeys.order_calls import CALLS, answer
from tests.service.test_order_hooks import HOOKS, ONDANSETRON, SELECT, SIGN, call, drug, with_server

each_hook = pytest.mark.parametrize("path", HOOKS)


@pytest.fixture(scope="module")
def cards() -> list[Json]:
    """The cards of all order calls among the fixtures."""
    found: list[Json] = [card for c in CALLS for card in answer(c)[1]["cards"]]
    assert {card["indicator"] for card in found} == {"critical", "warning", "info"}
    return found


@each_hook
def test_c20_drafts_are_read_from_the_context_and_never_fetched(
    client: CheckedClient, fhir: FhirStub, path: str
) -> None:
    cards = client.call(call(path, drug(), **with_server(fhir)), path).cards
    assert [card["source"]["topic"]["code"] for card in cards] == ["O-7"]
    assert not any("nelarabine" in asked.path for asked in fhir.asked)


def test_c20_of_order_select_only_the_selections_are_checked(client: CheckedClient, chart: Json) -> None:
    chosen = ["MedicationRequest/ondansetron"]
    request = call(SELECT, drug(), ONDANSETRON, selections=chosen, prefetch=chart)
    assert client.call(request, SELECT).cards == []
    assert client.call(call(SIGN, drug(), ONDANSETRON, prefetch=chart), SIGN).cards


@each_hook
@pytest.mark.parametrize("drafts", [None, "x", [], {}, {"resourceType": "MedicationRequest"}], ids=str)
def test_c20_a_context_without_usable_drafts_is_refused(
    client: CheckedClient, path: str, drafts: Any
) -> None:
    request = call(path, drug())
    request["context"]["draftOrders"] = drafts
    refused = client.call(request, path)
    assert refused.status == 400
    assert refused.issue["details"]["text"] == "The context of the hook cannot be used."


@each_hook
def test_c25_the_record_is_asked_for_only_where_an_order_is_checked(
    client: CheckedClient, fhir: FhirStub, path: str
) -> None:
    client.call(call(path, ONDANSETRON, **with_server(fhir)), path)
    assert fhir.asked == []
    client.call(call(path, drug(), **with_server(fhir)), path)
    assert {"patient", "conditions"} <= fhir.asked_keys()


def test_c37_order_cards_obey_the_schema() -> None:
    for c in CALLS:
        status, body = answer(c)
        assert status == 200
        validate("response", body)


def test_c41_an_order_card_says_which_order_and_which_rule(client: CheckedClient, cards: list[Json]) -> None:
    for card in cards:
        assert len(card["summary"]) < 140
        assert "…" not in card["summary"]
        assert card["detail"].startswith("**")
        url = card["source"]["url"]
        path, _, anchor = url.removeprefix(BASE).partition("#")
        page = client.get(path)
        assert page.status == 200
        assert f'id="{anchor}"' in page.text


def test_c42_c56_an_order_card_offers_reasons_of_our_list(cards: list[Json]) -> None:
    known = {reason.name.lower().replace("_", "-") for reason in Override}
    for card in cards:
        codes = [reason["code"] for reason in card["overrideReasons"]]
        assert codes
        assert set(codes) <= known
        assert len(set(codes)) == len(codes)
        assert all({"system", "code", "display"} == reason.keys() for reason in card["overrideReasons"])


def test_c46_orders_are_neither_changed_nor_made(cards: list[Json]) -> None:
    assert [card for card in cards if "suggestions" in card] == []
    assert all("systemActions" not in answer(c)[1] for c in CALLS)


def test_c54_no_two_order_cards_of_a_call_share_a_uuid() -> None:
    for c in CALLS:
        uuids = [card["uuid"] for card in answer(c)[1]["cards"]]
        assert len(set(uuids)) == len(uuids)
