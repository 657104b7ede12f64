"""The FHIR client keeps its bounds of time, size and number against slow, endless and failing servers."""

from __future__ import annotations

import gzip
import threading
import time
import tracemalloc

import pytest
import requests

from service.fhir.client import FhirAccess, FhirClient, Limits
from service.fhir.fetched import Fetched, Problem
from service.outgoing.reach import ANYWHERE
from tests.service.local_ehr import (
    PATIENT,
    TOKEN,
    Answer,
    Ehr,
    Handler,
    after,
    bundle,
    cut_short,
    drip_body,
    drip_headers,
    get,
    hang_up,
    ids,
    refuse,
    sends,
    status,
)

# ---- bounds


def test_endless_paging_ends(ehr: Ehr) -> None:
    for number in range(10):
        ehr.on(f"Observation?page={number}", sends(bundle(str(number), next_link=f"?page={number + 1}")))
    fetched = get(ehr, "Observation?page=0", max_pages=3)
    assert (ids(fetched), fetched.problem) == (["0", "1", "2"], Problem.TOO_MANY_PAGES)
    assert len(ehr.asked) == 3


def test_a_circle_of_pages_is_walked_once(ehr: Ehr) -> None:
    ehr.on("Observation?page=1", sends(bundle("a", next_link="?page=2")))
    ehr.on("Observation?page=2", sends(bundle("b", next_link="?page=1")))
    fetched = get(ehr, "Observation?page=1")
    assert (ids(fetched), fetched.problem) == (["a", "b"], Problem.TOO_MANY_PAGES)
    assert len(ehr.asked) == 2


def test_bytes_count_over_all_pages(ehr: Ehr) -> None:
    padding = "x" * 60_000
    ehr.on("Observation?page=1", sends(bundle("a", next_link="?page=2", note=padding)))
    ehr.on("Observation?page=2", sends(bundle("b", note=padding)))
    fetched = get(ehr, "Observation?page=1", max_bytes=100_000)
    assert (ids(fetched), fetched.problem) == (["a"], Problem.TOO_LARGE)
    assert get(ehr, "Observation?page=1", max_bytes=130_000).problem is None


def test_a_gzip_bomb_is_not_unpacked(ehr: Ehr) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    ehr.on("Patient/p1", sends(bomb, Content_Encoding="gzip"))
    tracemalloc.start()
    try:
        assert get(ehr, "Patient/p1", max_bytes=1_000_000).problem is Problem.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("answer", [after(5, sends(PATIENT)), drip_body, drip_headers])
def test_the_deadline_holds_and_frees_the_slot(ehr: Ehr, answer: Answer) -> None:
    ehr.on("Patient/slow", answer)
    ehr.on("Patient/p1", sends(PATIENT))
    client = FhirClient(Limits(deadline_s=0.3, max_parallel=1), reach=ANYWHERE)
    start = time.monotonic()
    slow = client.fetch(FhirAccess(ehr.base, TOKEN), {"key": "Patient/slow"})
    assert time.monotonic() - start < 1
    assert slow["key"] == Fetched("key", (), Problem.TOO_SLOW)
    assert client.fetch(FhirAccess(ehr.base, TOKEN), {"key": "Patient/p1"})["key"].problem is None


def test_at_the_deadline_finished_keys_and_pages_are_kept(ehr: Ehr) -> None:
    ehr.on("Patient/p1", sends(PATIENT))
    ehr.on("Observation?patient=p1", sends(bundle("a", next_link="?page=2")))
    ehr.on("Observation?page=2", after(5, sends(bundle("b"))))
    queries = {"slow": "Observation?patient=p1", "fast": "Patient/p1"}
    found = FhirClient(Limits(deadline_s=0.5), reach=ANYWHERE).fetch(FhirAccess(ehr.base, TOKEN), queries)
    assert list(found) == ["slow", "fast"]
    assert found["fast"] == Fetched("fast", (PATIENT,))
    assert (ids(found["slow"]), found["slow"].problem) == (["a"], Problem.TOO_SLOW)


def test_queries_run_in_parallel(ehr: Ehr) -> None:
    queries = {f"k{number}": f"Patient/{number}" for number in range(6)}
    for number in range(6):
        ehr.on(f"Patient/{number}", after(0.2, sends({"resourceType": "Patient", "id": str(number)})))
    start = time.monotonic()
    found = FhirClient(Limits(), reach=ANYWHERE).fetch(FhirAccess(ehr.base, TOKEN), queries)
    assert time.monotonic() - start < 0.6
    assert [ids(fetched) for fetched in found.values()] == [[str(number)] for number in range(6)]


def test_no_more_than_max_parallel_at_once_and_all_are_answered(ehr: Ehr) -> None:
    now, most, lock = 0, 0, threading.Lock()

    def count(handler: Handler) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.03)
        with lock:
            now -= 1
        sends(PATIENT)(handler)

    for number in range(7):
        ehr.on(f"Patient/{number}", count)
    queries = {f"k{number}": f"Patient/{number}" for number in range(7)}
    found = FhirClient(Limits(max_parallel=2), reach=ANYWHERE).fetch(FhirAccess(ehr.base, TOKEN), queries)
    assert all(fetched.problem is None for fetched in found.values())
    assert most == 2


def test_hung_threads_do_not_pile_up_and_callers_do_not_wait_for_them(
    ehr: Ehr, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, hung = threading.Event(), []

    def hang(*args: object, **kwargs: object) -> requests.Response:
        hung.append(threading.current_thread())
        release.wait(10)
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "request", hang)
    client = FhirClient(Limits(deadline_s=0.1, max_parallel=2), reach=ANYWHERE)
    queries = {f"k{number}": f"Patient/{number}" for number in range(5)}
    start = time.monotonic()
    for _ in range(3):
        found = client.fetch(FhirAccess(ehr.base, TOKEN), queries)
        assert {fetched.problem for fetched in found.values()} == {Problem.TOO_SLOW}
    assert time.monotonic() - start < 1
    assert len(hung) == 2
    release.set()
    for thread in hung:
        thread.join(2)
    monkeypatch.undo()
    ehr.on("Patient/p1", sends(PATIENT))
    assert client.fetch(FhirAccess(ehr.base, TOKEN), {"key": "Patient/p1"})["key"].problem is None


def test_a_system_without_threads_to_give_costs_no_slot(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    ehr.on("Patient/p1", sends(PATIENT))
    client = FhirClient(Limits(deadline_s=0.5, max_parallel=1), reach=ANYWHERE)
    access = FhirAccess(ehr.base, TOKEN)
    with monkeypatch.context() as patch:
        patch.setattr("service.fhir.client.threading.Thread", refuse)
        assert client.fetch(access, {"key": "Patient/p1"})["key"].problem is Problem.TOO_SLOW
    assert client.fetch(access, {"key": "Patient/p1"})["key"].problem is None


# ---- retries


@pytest.mark.parametrize("first", [status(429), status(502), status(503), status(504), hang_up, cut_short])
def test_a_passing_failure_is_retried_once(ehr: Ehr, first: Answer) -> None:
    ehr.on("Patient/p1", first, sends(PATIENT))
    assert get(ehr, "Patient/p1") == Fetched("key", (PATIENT,))
    assert len(ehr.asked) == 2


@pytest.mark.parametrize(("code", "times"), [(503, 2), (500, 1), (404, 1), (401, 1)])
def test_a_lasting_failure_is_not_retried_more(ehr: Ehr, code: int, times: int) -> None:
    ehr.on("Patient/p1", status(code))
    get(ehr, "Patient/p1")
    assert len(ehr.asked) == times


@pytest.mark.parametrize("wait", ["60", "Fri, 31 Dec 2100 23:59:59 GMT", "9" * 400])
def test_a_retry_that_does_not_fit_the_deadline_is_not_awaited(ehr: Ehr, wait: str) -> None:
    ehr.on("Patient/p1", status(429, Retry_After=wait), sends(PATIENT))
    start = time.monotonic()
    assert get(ehr, "Patient/p1").problem is Problem.BUSY
    assert time.monotonic() - start < 1
    assert len(ehr.asked) == 1


@pytest.mark.parametrize(
    ("wait", "at_least"),
    [("1", 0.9), ("0", 0), ("Mon, 01 Jan 2001 00:00:00 GMT", 0), ("soon", 0.05), ("-1", 0.05)],
)
def test_a_retry_that_fits_waits_as_asked(ehr: Ehr, wait: str, at_least: float) -> None:
    ehr.on("Patient/p1", status(503, Retry_After=wait), sends(PATIENT))
    start = time.monotonic()
    assert get(ehr, "Patient/p1").problem is None
    assert at_least <= time.monotonic() - start < at_least + 1
