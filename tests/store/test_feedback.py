"""Outcomes on both databases: once each, all or none, whoever else writes at the same time."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from service.hooks.feedback import FeedbackDesk
from service.store.feedback import FeedbackStore, Outcome
from service.store.quiet import DismissedCards
from service.store.report import outcomes
from service.store.store import Store
from service.wire.feedback import FeedbackRequest
from tests.store.conftest import MakeStore

NOW = datetime(2026, 7, 5, 12, tzinfo=UTC)


def made(n: int) -> Outcome:
    card = str(uuid.UUID(int=n, version=5))
    return Outcome("https://ehr.example", "relapsed-all", card, "accepted", NOW, (card, card))


def test_a_batch_is_new_once_and_told_apart_from_what_was_known(store: Store) -> None:
    keep = FeedbackStore(store).keep
    batch = [made(n) for n in range(1000)]
    assert {o.card for o in keep(batch, NOW)} == {o.card for o in batch}
    assert [o.card for o in keep([*batch, made(1000), made(1000)], NOW)] == [made(1000).card]
    rows = list(outcomes(store, None))
    assert len(rows) == 1001
    assert all(row["suggestions"] == [row["card"]] for row in rows)


def test_several_that_bring_the_same_in_another_order_wait_for_no_one_in_a_circle(
    make_store: MakeStore, url: str
) -> None:
    batch = [made(n) for n in range(200)]
    stores = [make_store(url) for _ in range(4)]
    stores[0].prepare()
    new: list[int] = []
    start = threading.Barrier(4)

    def bring(store: Store, turned: bool) -> None:
        start.wait()
        new.append(len(FeedbackStore(store).keep(batch[::-1] if turned else batch, NOW)))

    threads = [threading.Thread(target=bring, args=(s, n % 2 == 0)) for n, s in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(new), sum(new)) == (4, 200)


def test_another_worker_knows_of_a_dismissal(make_store: MakeStore, url: str) -> None:
    card = made(1).card
    here, there = make_store(url), make_store(url)
    here.prepare()
    dismissed = DismissedCards(there, timedelta(hours=24), now=lambda: NOW)
    assert dismissed.when("", [card]) == {}
    said = Outcome("", "relapsed-all", card, "overridden", NOW)
    FeedbackStore(here).keep([said], NOW)
    dismissed.look_again()  # what a second that has passed does
    assert dismissed.when("", [card]) == {card: NOW}
    assert dismissed.when("https://ehr.example", [card]) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ANY = st.text() | JSON
WHEN = st.datetimes(timezones=st.timezones()).map(lambda t: t.isoformat()) | st.just(
    "9999-12-31T23:59:59-14:00"
)
REASON = st.fixed_dictionaries({}, optional={"code": ANY, "system": ANY, "display": ANY})
ITEM = st.fixed_dictionaries(
    {
        "card": st.uuids().map(str),
        "outcome": st.sampled_from(["accepted", "overridden"]),
        "outcomeTimestamp": WHEN | ANY,
    },
    optional={
        "acceptedSuggestions": st.lists(st.fixed_dictionaries({"id": st.uuids().map(str) | ANY})) | ANY,
        "overrideReason": st.fixed_dictionaries({}, optional={"reason": REASON | ANY, "userComment": ANY})
        | ANY,
    },
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.fixed_dictionaries({"feedback": st.lists(ITEM, max_size=3) | ANY}) | JSON)
def test_whatever_is_accepted_can_be_stored(store: Store, body: object) -> None:
    try:
        sent = FeedbackRequest.model_validate(body)
    except ValidationError:
        return
    dismissed = DismissedCards(store, timedelta(hours=24))
    desk = FeedbackDesk(FeedbackStore(store), dismissed, "keep", lambda _service, _outcome: None)
    taken = desk.take(sent, "relapsed-all", "https://ehr.example", None)
    assert taken.stored + taken.repeated == len(sent.feedback)


@pytest.mark.parametrize("comment", ["", "half \ud83d", "nul \0", "é" * 3000, "\u202e"])
def test_a_comment_of_any_characters_can_be_stored(store: Store, comment: str) -> None:
    said = {"card": str(uuid.uuid4()), "outcome": "overridden", "outcomeTimestamp": "2026-07-05T09:15:00Z"}
    sent = FeedbackRequest.model_validate(
        {"feedback": [{**said, "overrideReason": {"userComment": comment}}]}
    )
    dismissed = DismissedCards(store, timedelta(hours=24))
    desk = FeedbackDesk(FeedbackStore(store), dismissed, "keep", lambda _service, _outcome: None)
    assert desk.take(sent, "relapsed-all", "", None).stored == 1
    [row] = outcomes(store, None)
    assert len(row["comment"] or "") == min(len(comment), 1000)
