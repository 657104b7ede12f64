"""Every call is in the audit: who, what was shown, how it ended. Nobody's name, and no word of a chart."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from service.app import STORE
from service.errors import ServiceError
from service.observing.notes import notes
from service.pseudonyms import Pseudonyms
from service.store.audit import AuditStore, Call, Wanted
from service.store.store import Store
from tests.conftest import SERVICE, CheckedClient, Json
from tests.service.conftest import CHART, hook_call

KEY = "made-up-key-of-the-tests-1"
ISSUER = "https://ehr.example"
INSTANCE = "4f0c2f6e-1111-2222-3333-444455556666"


def known() -> None:
    notes().issuer = ISSUER


@pytest.fixture
def client(make_client: Callable[..., CheckedClient], tmp_path: Path) -> CheckedClient:
    url = f"sqlite:///{tmp_path / 'audit.db'}"
    return make_client(
        authenticate=known, database_url=url, store_timeout_s=30, pseudonym_key=KEY, rate_limit="none"
    )


def audited(client: CheckedClient) -> list[Call]:
    """All calls, after what waits is written."""
    store: Store = client.app.extensions[STORE]
    store.close()
    return list(AuditStore(store).read(Wanted()))


def test_a_call_is_noted_with_who_what_and_how_it_ended(
    client: CheckedClient, prefetch_of: Callable[[str], Json]
) -> None:
    answer = client.call({**hook_call(prefetch=prefetch_of(CHART)), "hookInstance": INSTANCE})
    [call] = audited(client)
    assert (call.issuer, call.service, call.hook, call.route) == (
        ISSUER,
        "relapsed-all",
        "patient-view",
        SERVICE,
    )
    assert (call.hook_instance, call.status, call.refused) == (INSTANCE, 200, None)
    assert call.request_id == answer.headers["X-Request-Id"]
    assert {c.uuid for c in call.cards} == {c["uuid"] for c in answer.cards}
    assert {c.topic for c in call.cards} == {c["source"]["topic"]["code"] for c in answer.cards}
    assert {rule.split("-")[0] for c in call.cards for rule in c.rules} != set()
    assert call.ms > 0


def test_users_and_patients_are_there_by_pseudonyms_that_need_the_key(
    client: CheckedClient, tmp_path: Path, prefetch_of: Callable[[str], Json]
) -> None:
    client.call(hook_call(prefetch=prefetch_of(CHART)))
    [call] = audited(client)
    names = Pseudonyms(KEY)
    assert call.user == names.of("user", ISSUER, "Practitioner/demo-practitioner")
    assert call.patient == names.of("patient", ISSUER, CHART)
    others = [("user", "https://other.example", CHART), ("user", ISSUER, CHART)]
    told = {
        call.patient,
        *(names.of(*other) for other in others),
        Pseudonyms(KEY + "2").of("patient", ISSUER, CHART),
    }
    assert len(told) == 4
    for file in tmp_path.glob("audit.db*"):
        assert CHART.encode() not in file.read_bytes()
        assert b"demo-practitioner" not in file.read_bytes()


def test_the_same_ids_at_two_tenants_of_an_issuer_are_two_patients(
    make_client: Callable[..., CheckedClient], tmp_path: Path, prefetch_of: Callable[[str], Json]
) -> None:
    """And a card that one dismissed is shown to the other."""
    tenants = iter(("north", "north", "south"))

    def one_of_two() -> None:
        notes().issuer, notes().tenant = ISSUER, next(tenants)

    url = f"sqlite:///{tmp_path / 'audit.db'}"
    client = make_client(authenticate=one_of_two, database_url=url, store_timeout_s=30, pseudonym_key=KEY)
    first = client.call(hook_call(prefetch=prefetch_of(CHART))).cards
    said = [
        {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2999-01-01T00:00:00Z"}
        for card in first
    ]
    client.call({"feedback": said}, f"{SERVICE}/feedback")
    second = client.call(hook_call(prefetch=prefetch_of(CHART))).cards
    assert len(second) == len(first)
    assert {card["uuid"] for card in first}.isdisjoint(card["uuid"] for card in second)
    north, _, south = audited(client)
    assert (north.tenant, south.tenant) == ("north", "south")
    assert north.patient != south.patient
    assert north.user != south.user


def test_without_a_key_users_and_patients_are_not_noted(
    make_client: Callable[..., CheckedClient], tmp_path: Path, prefetch_of: Callable[[str], Json]
) -> None:
    url = f"sqlite:///{tmp_path / 'audit.db'}"
    client = make_client(authenticate=known, database_url=url, store_timeout_s=30)
    client.call(hook_call(prefetch=prefetch_of(CHART)))
    [call] = audited(client)
    assert (call.user, call.patient) == (None, None)
    assert call.cards


def test_refused_calls_and_feedback_are_noted_too(client: CheckedClient) -> None:
    client.post(SERVICE, b"{")
    client.post("/cds-services/none", b"{}")
    client.call(hook_call())
    client.call({"feedback": []}, f"{SERVICE}/feedback")
    client.get("/cds-services")
    said = [(c.route, c.service, c.status, c.refused) for c in audited(client)]
    assert said == [
        (SERVICE, "relapsed-all", 400, "structure"),
        ("/cds-services/<service>", None, 404, "not-found"),
        (SERVICE, "relapsed-all", 412, "incomplete"),
        (f"{SERVICE}/feedback", "relapsed-all", 200, None),
    ]


def test_a_caller_who_is_not_known_is_noted_as_such(
    make_client: Callable[..., CheckedClient], tmp_path: Path
) -> None:
    def refuse() -> None:
        raise ServiceError(401, "login", "Who are you?")

    client = make_client(
        authenticate=refuse, database_url=f"sqlite:///{tmp_path / 'a.db'}", store_timeout_s=30
    )
    client.call(hook_call())
    [call] = audited(client)
    assert (call.issuer, call.status, call.service, call.user) == ("", 401, None, None)


def test_a_hook_instance_of_another_form_is_left_out_since_it_may_say_anything(client: CheckedClient) -> None:
    client.call({**hook_call(), "hookInstance": "Anna Schmidt, 2014"})
    assert [call.hook_instance for call in audited(client)] == [None]


def test_a_card_held_back_is_noted_as_quiet(
    client: CheckedClient, prefetch_of: Callable[[str], Json]
) -> None:
    first = client.call(hook_call(prefetch=prefetch_of(CHART))).cards[0]
    said = {"card": first["uuid"], "outcome": "overridden", "outcomeTimestamp": "2999-01-01T00:00:00Z"}
    client.call({"feedback": [said]}, f"{SERVICE}/feedback")
    client.call(hook_call(prefetch=prefetch_of(CHART)))
    before, _, after = audited(client)
    assert [c.uuid for c in after.cards if c.quiet] == [first["uuid"]]
    assert not any(c.quiet for c in before.cards)


def test_what_the_store_does_not_take_goes_to_the_log_and_is_counted(
    make_client: Callable[..., CheckedClient],
    prefetch_of: Callable[[str], Json],
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    client = make_client(authenticate=known, database_url=url, pseudonym_key=KEY)
    caplog.set_level(logging.WARNING, "service.audit")
    answer = client.call(hook_call(prefetch=prefetch_of(CHART)))
    client.app.extensions[STORE].close()
    [record] = [r for r in caplog.records if r.name == "service.audit"]
    call = vars(record)["call"]
    assert {c["uuid"] for c in call["cards"]} == {c["uuid"] for c in answer.cards}
    assert CHART not in json.dumps(call, default=str)
    said = client.app.test_client().get("/metrics").get_data(as_text=True)
    assert 'relapse_cds_store_failures_total{use="audit lost"} 1.0' in said
