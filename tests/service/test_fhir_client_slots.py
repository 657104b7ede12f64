"""Each FHIR server has a share of the queries under way; one that hangs does not hold up the others."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from requests.adapters import HTTPAdapter

from service.fhir.client import FhirAccess, FhirClient, Limits
from service.fhir.client.slots import Slots
from service.fhir.fetched import Problem
from service.outgoing.reach import ANYWHERE
from tests.service.local_ehr import PATIENT, TOKEN, Ehr, Handler, running, sends


def queries(count: int) -> dict[str, str]:
    return {f"k{number}": f"Patient/{number}" for number in range(count)}


def answers(server: Ehr, count: int, answer: Callable[[Handler], None]) -> None:
    for query in queries(count).values():
        server.on(query, answer)


@pytest.fixture
def servers() -> Iterator[tuple[Ehr, Ehr, Ehr]]:
    with running() as one, running() as two, running() as three:
        yield one, two, three


def test_a_server_that_hangs_does_not_delay_another(ehr: Ehr, elsewhere: Ehr) -> None:
    full, go_on, begun = threading.Event(), threading.Event(), []

    def hang(handler: Handler) -> None:
        begun.append(handler.path)
        if len(begun) == 2:
            full.set()
        go_on.wait(30)
        sends(PATIENT)(handler)

    answers(ehr, 5, hang)
    answers(elsewhere, 5, sends(PATIENT))
    client = FhirClient(Limits(deadline_s=30, max_parallel=2, max_overall=3), reach=ANYWHERE)
    with ThreadPoolExecutor() as callers:
        # The first fills its share; the second waits for it.
        hung = [callers.submit(client.fetch, FhirAccess(ehr.base, TOKEN), queries(5)) for _ in range(2)]
        try:
            assert full.wait(10)
            found = client.fetch(FhirAccess(elsewhere.base, TOKEN), queries(5))
            assert [fetched.problem for fetched in found.values()] == [None] * 5
            assert not any(call.done() for call in hung)
            assert len(begun) == 2
        finally:
            go_on.set()
        assert {fetched.problem for call in hung for fetched in call.result(30).values()} == {None}


def test_the_limits_hold_while_many_call_many_servers(servers: tuple[Ehr, Ehr, Ehr]) -> None:
    lock, now = threading.Lock(), Counter[str]()
    most: Counter[str] = Counter()

    def count(handler: Handler) -> None:
        names = (handler.server.base, "all")
        with lock:
            now.update(names)
            for name in names:
                most[name] = max(most[name], now[name])
        handler.server.closing.wait(0.02)
        with lock:
            now.subtract(names)
        sends(PATIENT)(handler)

    for server in servers:
        answers(server, 6, count)
    client = FhirClient(Limits(deadline_s=30, max_parallel=2, max_overall=4), reach=ANYWHERE)
    with ThreadPoolExecutor(9) as callers:
        calls = [
            callers.submit(client.fetch, FhirAccess(server.base, TOKEN), queries(6)) for server in servers * 3
        ]
        problems = {fetched.problem for call in calls for fetched in call.result(60).values()}
    assert problems == {None}
    assert most["all"] == 4
    assert {most[server.base] for server in servers} == {2}


def test_as_many_connections_are_kept_as_queries_run_at_once(ehr: Ehr) -> None:
    together = threading.Barrier(8)

    def wait(handler: Handler) -> None:
        together.wait(10)
        sends(PATIENT)(handler)

    answers(ehr, 8, wait)
    client = FhirClient(Limits(deadline_s=20), reach=ANYWHERE)
    for _ in range(3):
        found = client.fetch(FhirAccess(ehr.base, TOKEN), queries(8))
        assert {fetched.problem for fetched in found.values()} == {None}
    assert len(ehr.callers) == 8


# ---- what is remembered ------------------------------------------------------------------------


def test_whoever_waits_for_a_busy_server_holds_nothing_that_others_need() -> None:
    slots = Slots(per_server=1, overall=2)
    assert slots.acquire("busy", 0)
    waits = threading.Thread(target=slots.acquire, args=("busy", 30), daemon=True)
    waits.start()
    assert slots.acquire("free", 10)
    slots.release("busy")
    waits.join(10)
    assert not waits.is_alive()


def test_a_slot_that_is_not_had_in_time_costs_nothing() -> None:
    slots = Slots(per_server=1, overall=1)
    assert slots.acquire("one", 0)
    assert not slots.acquire("one", 0.01)
    assert not slots.acquire("two", 0.01)
    assert not slots.acquire("two", -1)
    slots.release("one")
    assert slots.acquire("two", 0)
    slots.release("two")
    assert len(slots) == 0


def test_no_server_is_remembered_after_its_last_query() -> None:
    slots = Slots(per_server=2, overall=4)
    for number in range(10_000):
        assert slots.acquire(number, 0)
        slots.release(number)
    assert len(slots) == 0


def test_no_more_servers_have_connections_kept_than_are_allowed_for() -> None:
    # Ports on which nothing listens: each is a server of its own.
    client = FhirClient(Limits(retries=0), reach=ANYWHERE)
    for port in range(1, 41):
        found = client.fetch(FhirAccess(f"http://127.0.0.1:{port}", TOKEN), {"p": "Patient/p1"})
        assert found["p"].problem is Problem.UNREACHABLE
    adapter = client._session.get_adapter("http://127.0.0.1")
    assert isinstance(adapter, HTTPAdapter)
    assert len(adapter.poolmanager.pools) == 32
    assert len(client._slots) == 0
