"""Feedback on cards: checklist numbers 51 to 57. What is acknowledged is stored, once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from service.errors import ServiceError
from tests.conftest import SERVICE, Answer, CheckedClient, Json, validate
from tests.service.conftest import CHART, hook_call

FEEDBACK = f"{SERVICE}/feedback"
SERVICES = ("relapsed-all", "relapsed-all-order-select", "relapsed-all-order-sign")
CARD = "5f1c3a52-9a4e-5a61-8d0f-0b6f3c1d2e4a"
OTHER = "6a2d4b63-0b5f-5b72-9e1a-1c7a4d2e3f5b"
SUGGESTION = "7b3e5c74-1c6a-5c83-af2b-2d8b5e3f4a6c"
AT = "2026-07-05T09:15:00Z"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feedback.db"


@pytest.fixture
def desk(make_client: Callable[..., CheckedClient], file: Path) -> CheckedClient:
    """A client of an app with an empty store."""
    return make_client(authenticate=lambda: None, database_url=f"sqlite:///{file}", store_timeout_s=30)


def rows(file: Path, columns: str = "card, outcome", table: str = "feedback") -> list[tuple[Any, ...]]:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT {columns} FROM {table} ORDER BY 1, 2"))  # noqa: S608
        return [tuple(row) for row in found]


def accepted(card: str = CARD, at: str = AT, *suggestions: str) -> Json:
    named = suggestions or (SUGGESTION,)
    return {
        "card": card,
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": s} for s in named],
        "outcomeTimestamp": at,
    }


def overridden(card: str = CARD, at: str = AT, **why: Any) -> Json:
    said: Json = {"card": card, "outcome": "overridden", "outcomeTimestamp": at}
    return {**said, "overrideReason": why} if why else said


def send(client: CheckedClient, *outcomes: object, path: str = FEEDBACK, **headers: str) -> Answer:
    return client.call({"feedback": list(outcomes)}, path, **headers)


# ---- what is taken


@pytest.mark.parametrize("service", SERVICES)
def test_c51_every_service_takes_feedback(desk: CheckedClient, file: Path, service: str) -> None:
    answer = send(desk, accepted(), path=f"/cds-services/{service}/feedback")
    assert answer.body == {"stored": 1, "repeated": 0}
    assert rows(file, "service, card") == [(service, CARD)]


def test_c51_a_service_that_is_none_takes_none(desk: CheckedClient) -> None:
    assert send(desk, accepted(), path="/cds-services/none/feedback").status == 404


def test_c52_both_outcomes_are_kept_with_all_that_is_said(desk: CheckedClient, file: Path) -> None:
    reason = {
        "code": "already-known",
        "system": "urn:relapse-cds:override-reason",
        "display": "Already known",
    }
    assert send(desk, accepted(), overridden(OTHER, reason=reason)).body == {"stored": 2, "repeated": 0}
    columns = "card, outcome, reason_system, reason_code, outcome_at"
    at = "2026-07-05 09:15:00.000000"
    assert rows(file, columns) == [
        (CARD, "accepted", None, None, at),
        (OTHER, "overridden", "urn:relapse-cds:override-reason", "already-known", at),
    ]
    assert [s for _, s in rows(file, "feedback_id, suggestion", "accepted_suggestion")] == [SUGGESTION]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-07-05T09:15:00Z", "2026-07-05 09:15:00.000000"),
        ("2026-07-05T11:15:00+02:00", "2026-07-05 09:15:00.000000"),
        ("2026-07-05t09:15:00.5z", "2026-07-05 09:15:00.500000"),
        ("2026-07-05T09:15:00.123456789Z", "2026-07-05 09:15:00.123456"),
        ("2016-12-31T23:59:60Z", "2016-12-31 23:59:59.000000"),
        ("2026-07-05T09:15:00-00:00", "2026-07-05 09:15:00.000000"),
    ],
)
def test_c52_a_time_in_any_zone_is_kept_in_utc(desk: CheckedClient, file: Path, said: str, kept: str) -> None:
    assert send(desk, overridden(at=said)).status == 200
    assert rows(file, "card, outcome_at") == [(CARD, kept)]


@pytest.mark.parametrize(
    "body",
    [
        accepted(CARD.upper()),
        accepted(f"urn:uuid:{CARD}"),
        {**accepted(), "overrideReason": None, "extension": {"x": 1}, "unknown": [1]},
        {**overridden(), "acceptedSuggestions": None},
        {**overridden(), "acceptedSuggestions": []},
        {**overridden(), "overrideReason": {}},
        overridden(reason={"code": "x"}),
        overridden(reason={"code": "x", "system": "", "display": None}),
        overridden(reason=None, userComment=""),
        overridden(userComment="half a character \ud83d and \u0000"),
    ],
)
def test_c52_what_clients_write_differently_is_understood(
    desk: CheckedClient, file: Path, body: Json
) -> None:
    assert send(desk, body).body == {"stored": 1, "repeated": 0}
    assert [card for card, _ in rows(file)] == [CARD]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "body has the wrong type"),
        ({}, "feedback is missing"),
        ({"feedback": None}, "feedback has the wrong type"),
        ({"feedback": overridden()}, "feedback has the wrong type"),
        ({"feedback": ["x"]}, "feedback[0] has the wrong type"),
        ({"feedback": [{}]}, "feedback[0].card is missing; feedback[0].outcome is missing; "
                             "feedback[0].outcomeTimestamp is missing"),
        ({"feedback": [{**overridden(), "card": "Anna Schmidt"}]}, "feedback[0].card has the wrong form"),
        ({"feedback": [{**overridden(), "card": 7}]}, "feedback[0].card has the wrong type"),
        ({"feedback": [{**overridden(), "outcome": "ignored"}]}, "feedback[0].outcome has the wrong form"),
        ({"feedback": [overridden(at="2026-07-05T09:15:00")]},
         "feedback[0].outcomeTimestamp has the wrong form"),
        ({"feedback": [overridden(at="yesterday")]}, "feedback[0].outcomeTimestamp has the wrong form"),
        ({"feedback": [overridden(at="2026-02-30T09:15:00Z")]},
         "feedback[0].outcomeTimestamp has the wrong form"),
        ({"feedback": [overridden(at="0001-01-01T00:00:00+14:00")]},
         "feedback[0].outcomeTimestamp has the wrong form"),
        ({"feedback": [{**overridden(), "outcomeTimestamp": 1783242900}]},
         "feedback[0].outcomeTimestamp has the wrong form"),
        ({"feedback": [{k: v for k, v in accepted().items() if k != "acceptedSuggestions"}]},
         "feedback[0].acceptedSuggestions is missing"),
        ({"feedback": [{**accepted(), "acceptedSuggestions": [{"id": "1"}]}]},
         "feedback[0].acceptedSuggestions[0].id has the wrong form"),
        ({"feedback": [{**accepted(), "acceptedSuggestions": [SUGGESTION]}]},
         "feedback[0].acceptedSuggestions[0] has the wrong type"),
        ({"feedback": [overridden(reason={"display": "x"})]},
         "feedback[0].overrideReason.reason.code is missing"),
        ({"feedback": [overridden(userComment=["x"])]},
         "feedback[0].overrideReason.userComment has the wrong type"),
        ({"feedback": [overridden()] * 1001}, "feedback is not accepted"),
    ],
)  # fmt: skip
def test_c52_what_is_no_feedback_is_refused_with_the_place_and_nothing_is_kept(
    desk: CheckedClient, file: Path, body: Any, reason: str
) -> None:
    answer = desk.call(body, FEEDBACK)
    assert (answer.status, answer.issue["diagnostics"]) == (400, reason)
    assert answer.issue["details"]["text"] == "The request is no CDS Hooks feedback."
    assert not file.exists() or rows(file) == []


def test_c52_a_batch_is_kept_whole_or_not_at_all(desk: CheckedClient, file: Path) -> None:
    """A client that is told of a fault repeats the batch it can mend, and not a part that it must guess."""
    answer = send(desk, overridden(), overridden(OTHER, at="yesterday"))
    assert (answer.status, answer.issue["diagnostics"]) == (
        400,
        "feedback[1].outcomeTimestamp has the wrong form",
    )
    assert send(desk, overridden(), overridden(OTHER)).body == {"stored": 2, "repeated": 0}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [(b"", "application/json", 400), (b"{", "application/json", 400), (b"{}", "text/plain", 415),
     (b"x" * 40_000_000, "application/json", 413)],
)  # fmt: skip
def test_c52_a_body_that_is_no_json_is_refused(
    desk: CheckedClient, body: bytes, kind: str, status: int
) -> None:
    assert desk.post(FEEDBACK, body, kind).status == status


def test_c53_feedback_needs_the_same_token_as_a_call(
    make_client: Callable[..., CheckedClient], file: Path
) -> None:
    def refuse() -> None:
        raise ServiceError(401, "login", "Who are you?")

    client = make_client(authenticate=refuse, database_url=f"sqlite:///{file}")
    assert send(client, accepted()).status == 401
    assert not file.exists()


# ---- how often, and in what order


def test_c54_feedback_that_is_repeated_is_kept_once(desk: CheckedClient, file: Path) -> None:
    both = [accepted(), overridden(OTHER)]
    assert send(desk, *both).body == {"stored": 2, "repeated": 0}
    assert send(desk, *reversed(both)).body == {"stored": 0, "repeated": 2}
    assert send(desk, both[0], both[0], accepted(OTHER)).body == {"stored": 1, "repeated": 2}
    assert len(rows(file)) == 3


def test_c54_the_same_moment_in_another_zone_is_the_same_report(desk: CheckedClient) -> None:
    send(desk, overridden())
    assert send(desk, overridden(at="2026-07-05T11:15:00+02:00")).body == {"stored": 0, "repeated": 1}


def test_c54_a_card_may_be_reported_on_again_later_and_in_any_order(desk: CheckedClient, file: Path) -> None:
    later, earlier = "2026-07-05T10:00:00Z", "2026-07-05T09:00:00Z"
    assert send(desk, accepted(at=later)).body["stored"] == 1
    assert send(desk, overridden(at=earlier), overridden(at=later)).body["stored"] == 2
    assert len(rows(file)) == 3


def test_c54_several_hook_instances_may_be_reported_on_at_once(desk: CheckedClient, file: Path) -> None:
    cards = [str(uuid.UUID(int=n, version=5)) for n in range(1000)]
    assert send(desk, *map(overridden, cards)).body == {"stored": 1000, "repeated": 0}
    assert len(rows(file)) == 1000


def test_c54_feedback_on_a_card_that_nobody_knows_is_kept(desk: CheckedClient, file: Path) -> None:
    """The record of what was shown may be yet to arrive, or emptied already."""
    assert send(desk, overridden()).status == 200
    assert rows(file) == [(CARD, "overridden")]


def test_c54_the_uuids_that_are_sent_are_those_that_feedback_can_name(
    desk: CheckedClient, file: Path, prefetch_of: Callable[[str], Json]
) -> None:
    cards = desk.call(hook_call(prefetch=prefetch_of(CHART))).cards
    named = [
        (card["uuid"], [s["uuid"] for s in card["suggestions"]]) for card in cards if "suggestions" in card
    ]
    assert named
    said = [accepted(card, AT, *suggestions) for card, suggestions in named]
    assert send(desk, *said).body["stored"] == len(named)


def test_c54_what_users_write_is_dropped_unless_a_setting_keeps_it(
    make_client: Callable[..., CheckedClient], file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    comment = "Anna Schmidt already had this test" + "!" * 2000
    for choice, kept in (("drop", None), ("keep", comment[:1000])):
        own = file.with_name(f"{choice}.db")
        client = make_client(
            authenticate=lambda: None,
            database_url=f"sqlite:///{own}",
            feedback_comments=choice,
            store_timeout_s=30,
        )
        assert send(client, overridden(userComment=comment)).status == 200
        assert rows(own, "commented, comment") == [(1, kept)]
    assert send(client, overridden(userComment=[comment])).status == 400
    assert "Schmidt" not in caplog.text


# ---- what is answered


def test_c55_it_is_acknowledged_when_it_is_stored_and_not_before(
    make_client: Callable[..., CheckedClient],
) -> None:
    client = make_client(authenticate=lambda: None, database_url="postgresql://nobody@127.0.0.1:1/none")
    answer = send(client, accepted())
    assert (answer.status, answer.issue["code"], answer.headers["Retry-After"]) == (503, "transient", "5")
    assert answer.issue["details"]["text"] == "The feedback could not be stored. Please send it again."


def test_c55_an_empty_list_says_nothing_and_is_taken(desk: CheckedClient) -> None:
    assert send(desk).body == {"stored": 0, "repeated": 0}


def test_c56_reasons_of_any_list_are_kept(desk: CheckedClient, file: Path) -> None:
    suggested = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
    send(desk, overridden(reason={"system": suggested, "code": "need-more-info"}))
    assert rows(file, "reason_system, reason_code") == [(suggested, "need-more-info")]


def test_c51_outcomes_are_counted_once_by_service(desk: CheckedClient) -> None:
    for _ in range(2):
        send(desk, overridden(), accepted(OTHER))
    said = desk.app.test_client().get("/metrics").get_data(as_text=True)
    for outcome in ("accepted", "overridden"):
        assert f'relapse_cds_feedback_total{{outcome="{outcome}",service="relapsed-all"}} 1.0' in said


def test_c52_the_bodies_of_these_tests_are_what_the_standard_describes() -> None:
    reason = {"code": "x", "system": "urn:x", "display": "X"}
    validate("feedback", {"feedback": [accepted(), overridden(reason=reason, userComment="why")]})
