"""A card that its reader has dismissed stays quiet for him on this patient while the facts stay the same."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import g

from service.cards.build import Pages
from service.hooks.delivery import NEVER_QUIET, Delivery, QuietTimes
from service.hooks.orders import ORDER_SIGN
from service.hooks.patient_view import SERVICE as CHART_SERVICE
from service.observing.notes import Notes
from service.pseudonyms import Pseudonyms
from service.store.quiet import DismissedCards
from service.wire.request import PatientViewContext
from service.wire.response import Card, Coding, Service, Source
from tests.conftest import SERVICE, Answer, CheckedClient, Json
from tests.service.conftest import CHART, hook_call

FEEDBACK = f"{SERVICE}/feedback"
Call = Callable[..., Answer]


@pytest.fixture
def client(make_client: Callable[..., CheckedClient], tmp_path: Path) -> CheckedClient:
    """An app with an empty store, and time enough to bring it up to date on a busy machine."""
    url = f"sqlite:///{tmp_path / 'quiet.db'}"
    made = make_client(authenticate=lambda: None, database_url=url, store_timeout_s=30)
    made.call({"feedback": []}, FEEDBACK)
    return made


@pytest.fixture
def call(client: CheckedClient, prefetch_of: Callable[[str], Json]) -> Call:
    """Open the chart: as a user, with a changed prefetch."""
    prefetch = prefetch_of(CHART)

    def opened(user: str = "Practitioner/one", **changed: object) -> Answer:
        request = hook_call(prefetch={**prefetch, **changed})
        return client.call({**request, "context": {"userId": user, "patientId": CHART}})

    return opened


def dismiss(
    client: CheckedClient, *cards: Json, at: datetime | None = None, outcome: str = "overridden"
) -> None:
    when = (at or datetime.now(UTC)).isoformat()
    said: list[Json] = [
        {"card": card["uuid"], "outcome": outcome, "outcomeTimestamp": when,
         **({"acceptedSuggestions": [{"id": str(uuid.uuid4())}]} if outcome == "accepted" else {})}
        for card in cards
    ]  # fmt: skip
    assert client.call({"feedback": said}, FEEDBACK).body["stored"] == len(cards)


def summaries(answer: Answer) -> list[str]:
    return [card["summary"] for card in answer.cards]


def test_a_dismissed_card_is_not_shown_again_and_the_first_one_left_says_so(
    client: CheckedClient, call: Call
) -> None:
    before = call()
    first, *others = before.cards
    assert others
    dismiss(client, first)
    after = call()
    assert summaries(after) == [card["summary"] for card in others]
    assert "Dismissed by you, and quiet while nothing changes" in after.cards[0]["detail"]
    assert [card["detail"] for card in after.cards[1:]] == [card["detail"] for card in others[1:]]


def test_when_all_were_dismissed_the_answer_is_empty_until_a_fact_changes(
    client: CheckedClient, call: Call
) -> None:
    shown = call()
    dismiss(client, *shown.cards)
    assert call().cards == []
    patient = {"resourceType": "Patient", "id": CHART, "birthDate": "2008-08-20"}
    assert summaries(call(patient=patient))


def test_it_stays_for_everybody_else(client: CheckedClient, call: Call) -> None:
    dismiss(client, *call("Practitioner/one").cards)
    assert call("Practitioner/one").cards == []
    assert len(call("Practitioner/two").cards) == len(call("Practitioner/three").cards) > 0


def test_the_uuid_on_the_wire_is_of_one_reader(call: Call) -> None:
    one, again, two = call("Practitioner/one"), call("Practitioner/one"), call("Practitioner/two")
    assert [card["uuid"] for card in one.cards] == [card["uuid"] for card in again.cards]
    assert {card["uuid"] for card in one.cards}.isdisjoint(card["uuid"] for card in two.cards)


def test_it_comes_back_after_the_set_time(client: CheckedClient, call: Call) -> None:
    shown = call()
    dismiss(client, *shown.cards, at=datetime.now(UTC) - timedelta(hours=24, seconds=1))
    assert summaries(call()) == summaries(shown)


def test_a_client_whose_clock_runs_ahead_silences_it_no_longer(
    client: CheckedClient, call: Call, make_client: Callable[..., CheckedClient]
) -> None:
    shown = call()
    dismiss(client, *shown.cards, at=datetime.now(UTC) + timedelta(days=3650))
    assert call().cards == []
    dismissed = DismissedCards(client.app.extensions["relapse-cds store"], timedelta(days=31))
    told = dismissed.when("", [shown.cards[0]["uuid"]])
    assert all(when <= datetime.now(UTC) for when in told.values())
    assert told


def test_whoever_accepts_it_later_sees_it_again(client: CheckedClient, call: Call) -> None:
    shown, now = call(), datetime.now(UTC)
    dismiss(client, *shown.cards, at=now - timedelta(minutes=2))
    dismiss(client, *shown.cards, at=now - timedelta(minutes=1), outcome="accepted")
    assert summaries(call()) == summaries(shown)


def test_an_acceptance_that_comes_in_late_does_not_undo_a_later_dismissal(
    client: CheckedClient, call: Call
) -> None:
    shown, now = call(), datetime.now(UTC)
    dismiss(client, *shown.cards, at=now - timedelta(minutes=1))
    dismiss(client, *shown.cards, at=now - timedelta(minutes=2), outcome="accepted")
    assert call().cards == []


def test_a_setting_of_no_hours_keeps_nothing_quiet(
    make_client: Callable[..., CheckedClient], tmp_path: Path, prefetch_of: Callable[[str], Json]
) -> None:
    url = f"sqlite:///{tmp_path / 'loud.db'}"
    client = make_client(authenticate=lambda: None, database_url=url, store_timeout_s=30, quiet_hours=0)
    shown = client.call(hook_call(prefetch=prefetch_of(CHART)))
    dismiss(client, *shown.cards)
    assert summaries(client.call(hook_call(prefetch=prefetch_of(CHART)))) == summaries(shown)


def test_a_store_that_is_down_keeps_no_card_back(
    make_client: Callable[..., CheckedClient], prefetch_of: Callable[[str], Json]
) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    client = make_client(authenticate=lambda: None, database_url=url)
    answer = client.call(hook_call(prefetch=prefetch_of(CHART)))
    assert answer.cards
    said = client.app.test_client().get("/metrics").get_data(as_text=True)
    assert 'relapse_cds_store_failures_total{use="quiet"} 1.0' in said


def test_what_is_quiet_is_counted_by_topic(client: CheckedClient, call: Call) -> None:
    dismiss(client, call().cards[0])
    call()
    said = client.app.test_client().get("/metrics").get_data(as_text=True)
    assert 'relapse_cds_quiet_cards_total{topic="first-relapse-risk"} 1.0' in said


# ---- which cards never do


class AllDismissed(DismissedCards):
    """Says of every card that it was dismissed a moment ago."""

    def __init__(self, ago: timedelta = timedelta(seconds=1)) -> None:
        self.ago = ago

    def when(self, caller: str, cards: object) -> dict[str, datetime]:
        assert isinstance(cards, list)
        return dict.fromkeys(cards, datetime.now(UTC) - self.ago)


def card(indicator: str, topic: str) -> Card:
    coding = Coding(system="urn:relapse-cds:topic", code=topic, display=topic)
    source = Source(label="A source", url=Pages("https://cds.example").book(), topic=coding)
    return Card.model_validate(
        {"uuid": str(uuid.uuid4()), "summary": f"{topic}, {indicator}", "detail": "-", "indicator": indicator,
         "source": source}
    )  # fmt: skip


def delivered(cards: list[Card], service: Service, ago: timedelta, client: CheckedClient) -> list[str]:
    times = QuietTimes(chart=timedelta(hours=24), order=timedelta(hours=1))
    delivery = Delivery(Pseudonyms(None), AllDismissed(ago), times, UTC)
    context = PatientViewContext(userId="Practitioner/one", patientId="made-up")
    with client.app.test_request_context():
        g.notes = Notes("made-up", 0.0)
        return [card["summary"] for card in delivery.response(service, context, cards)["cards"]]


@pytest.mark.parametrize("service", [CHART_SERVICE, ORDER_SIGN])
def test_critical_cards_and_those_on_the_call_itself_are_always_shown(
    client: CheckedClient, service: Service
) -> None:
    spoken = [card("critical", "O-1"), *(card("info", topic) for topic in sorted(NEVER_QUIET))]
    silent = [card("warning", "O-2"), card("info", "first-relapse-risk")]
    now = timedelta(seconds=1)
    assert delivered([*silent, *spoken], service, now, client) == [c.summary for c in spoken]


def test_the_check_of_an_order_is_back_after_an_hour_and_that_of_a_chart_is_not(
    client: CheckedClient,
) -> None:
    cards, later = [card("warning", "O-2")], timedelta(minutes=61)
    assert delivered(cards, ORDER_SIGN, later, client) == [cards[0].summary]
    assert delivered(cards, CHART_SERVICE, later, client) == []
