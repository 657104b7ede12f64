"""Every call of fixtures/hooks/orders, from draft orders and chart to cards."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cds_rules.treatment.orders import CHECKS
from service.exercise import OrderCall
from tests.conftest import validate
from tests.journeys.order_calls import CALLS, FOLDER, SERVICES, answer, told

Json = dict[str, Any]
EACH_CALL = pytest.mark.parametrize("call", CALLS, ids=lambda c: c.name)
LEVELS = ["critical", "warning", "info"]
DOSE = re.compile(r"\b(mg|mcg|ug|g|ml|IU|units?)\b|/m2|\bdos(es?|age|ing)\b", re.IGNORECASE)


def expected(call: OrderCall) -> list[Json]:
    cards: list[Json] = json.loads((FOLDER / f"{call.name}.cards.json").read_text("utf-8"))
    return cards


@EACH_CALL
def test_the_cards_are_those_that_were_read_and_approved(call: OrderCall) -> None:
    status, body = answer(call)
    assert status == 200
    validate("response", body)
    assert told(body["cards"]) == expected(call)


@EACH_CALL
def test_the_cards_keep_to_the_rules_of_order_checks(call: OrderCall) -> None:
    checks = {check.id: check for check in CHECKS}
    cards = expected(call)
    assert [card["indicator"] for card in cards] == sorted((c["indicator"] for c in cards), key=LEVELS.index)
    for card in cards:
        open_question = "**Open:**" in card["detail"]
        assert card["indicator"] == "info" if open_question else card["indicator"] in LEVELS
        assert card["overrides"]
        assert LEVELS.index(card["indicator"]) >= LEVELS.index(checks[card["check"]].level)
        assert not DOSE.search(card["summary"].replace("high-dose", ""))


@EACH_CALL
def test_a_call_named_silent_has_no_card(call: OrderCall) -> None:
    assert (expected(call) == []) is call.name.startswith("silent-")


def test_every_file_of_cards_belongs_to_a_call() -> None:
    assert {path.name.removesuffix(".cards.json") for path in FOLDER.glob("*.cards.json")} == {
        call.name for call in CALLS
    }
    assert {call.request["hook"] for call in CALLS} == set(SERVICES)


def test_what_is_added_to_a_chart_is_of_its_patient_and_has_ids_of_its_own() -> None:
    for call in CALLS:
        entries = [entry["resource"] for entry in call.chart["entry"]]
        ids = [f"{r['resourceType']}/{r['id']}" for r in entries]
        assert len(set(ids)) == len(ids), call.name
        added = [r for r in entries if r["id"].startswith("o-")]
        drafts = [e["resource"] for e in call.request["context"]["draftOrders"]["entry"]]
        subjects = {r["subject"]["reference"] for r in (*added, *drafts)}
        assert subjects == {f"Patient/{call.patient}"}, call.name


@EACH_CALL
def test_signing_checks_what_choosing_checks(call: OrderCall) -> None:
    """The same drafts, all of them selected, give the same cards on either hook."""
    context = call.request["context"]
    drafts = [e["resource"] for e in context["draftOrders"]["entry"]]
    chosen = [f"{d['resourceType']}/{d['id']}" for d in drafts]
    found = []
    for hook in SERVICES:
        more = {"selections": chosen} if hook == "order-select" else {}
        request = {**call.request, "hook": hook, "context": {**context, **more}}
        other = OrderCall(call.name, call.patient, call.day, call.chart, request)
        found.append(told(answer(other)[1]["cards"]))
    assert found[0] == found[1]


@EACH_CALL
def test_the_day_decides_and_a_call_can_be_repeated(call: OrderCall) -> None:
    assert answer(call) == answer(call)
