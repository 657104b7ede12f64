"""Calls to servers of others: the address that is connected to counts, and whatever answers is bounded."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from ipaddress import ip_network
from typing import Any

import pytest

from service.fhir.client import FhirAccess, FhirClient, Limits
from service.fhir.fetched import Problem
from service.outgoing.client import OutgoingClient
from service.outgoing.failure import Failure, OutgoingError
from service.outgoing.reach import ANYWHERE, Reach
from tests.service.local_ehr import (
    PATIENT,
    TOKEN,
    Answer,
    Ehr,
    cut_short,
    drip_body,
    drip_headers,
    hang_up,
    sends,
    status,
)

OPEN = Reach((ip_network("127.0.0.0/8"),), plain_http=True)
"""Loopback by name of its network, as a hospital names its own."""
STRICT = Reach(plain_http=True)


def failure(client: OutgoingClient, url: str, **options: Any) -> Failure:
    with pytest.raises(OutgoingError) as raised:
        client.json(url, **options)
    return raised.value.failure


# ---- the network address


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1"])
def test_a_private_address_gets_no_connection_however_it_is_written(ehr: Ehr, host: str) -> None:
    url = f"http://{host}:{ehr.server_port}/fhir"
    fetched = FhirClient(Limits(), reach=STRICT).fetch(FhirAccess(url, TOKEN), {"p": "Patient/p1"})["p"]
    assert fetched.problem in (Problem.REFUSED_ADDRESS, Problem.UNREACHABLE)
    assert failure(OutgoingClient(STRICT), url) in (Failure.ADDRESS, Failure.UNREACHABLE)
    assert ehr.asked == []
    assert ehr.callers == set()


def test_a_network_of_the_settings_is_reached(ehr: Ehr) -> None:
    ehr.on("Patient/p1", sends(PATIENT))
    client = FhirClient(Limits(), reach=OPEN)
    assert client.fetch(FhirAccess(ehr.base, TOKEN), {"p": "Patient/p1"})["p"].problem is None
    assert OutgoingClient(OPEN).json(f"{ehr.base}/Patient/p1").content == PATIENT


def test_a_name_that_leads_elsewhere_the_second_time_gains_nothing(
    ehr: Ehr, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []

    def rebinding(host: str, port: int, *_args: object, **_more: object) -> list[Any]:
        # Public to whoever checks the name, loopback to whoever looks it up again.
        looked_up.append(host)
        ip = "8.8.8.8" if host == "rebind.example" and len(looked_up) == 1 else "127.0.0.1"
        if host not in ("rebind.example", "127.0.0.1"):
            raise socket.gaierror("unreachable in this test")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    client = OutgoingClient(STRICT)
    url = f"http://rebind.example:{ehr.server_port}/fhir/Patient/p1"
    assert failure(client, url) is Failure.UNREACHABLE
    assert failure(client, url) is Failure.ADDRESS
    assert ehr.callers == set()


def test_of_a_name_with_several_addresses_only_permitted_ones_are_tried(
    ehr: Ehr, elsewhere: Ehr, monkeypatch: pytest.MonkeyPatch
) -> None:
    ehr.on("Patient/p1", sends(PATIENT))
    true_lookup = socket.getaddrinfo

    def mixed(host: str, *args: Any, **more: Any) -> list[Any]:
        if host != "mixed.example":
            return list(true_lookup(host, *args, **more))
        port = args[0]
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))
            for ip in ("169.254.169.254", "10.0.0.1", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", mixed)
    found = OutgoingClient(OPEN).json(f"http://mixed.example:{ehr.server_port}/fhir/Patient/p1")
    assert found.content == PATIENT
    assert elsewhere.callers == set()


def test_without_leave_nothing_goes_out_in_the_clear(ehr: Ehr) -> None:
    reach = Reach((ip_network("127.0.0.0/8"),))
    assert failure(OutgoingClient(reach), f"{ehr.base}/Patient/p1") is Failure.OTHER
    client = FhirClient(Limits(), reach=reach)
    fetched = client.fetch(FhirAccess(ehr.base, TOKEN), {"p": "Patient/p1"})["p"]
    assert fetched.problem is Problem.HTTP_ERROR
    assert ehr.callers == set()


# ---- what answers


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (status(302, Location="/fhir/elsewhere"), Failure.STATUS),
        (status(307, Location="http://127.0.0.1:1/"), Failure.STATUS),
        (status(404), Failure.STATUS),
        (status(500), Failure.STATUS),
        (sends(b"<html><body>Please log in</body></html>", "text/html"), Failure.NOT_JSON),
        (sends(b'{"keys": ['), Failure.NOT_JSON),
        (sends(b"[" * 100_000), Failure.NOT_JSON),
        (sends(b'"' + b"x" * 300_000 + b'"'), Failure.TOO_LARGE),
        (sends(gzip.compress(b" " * 5_000_000), Content_Encoding="gzip"), Failure.TOO_LARGE),
        (sends(b"no gzip", Content_Encoding="gzip"), Failure.NOT_JSON),
        (hang_up, Failure.LOST),
        (cut_short, Failure.LOST),
        (drip_body, Failure.TOO_SLOW),
        (drip_headers, Failure.TOO_SLOW),
    ],
)
def test_a_hostile_server_costs_bounded_time_and_space(ehr: Ehr, answer: Answer, expected: Failure) -> None:
    ehr.on("keys", answer)
    start = time.monotonic()
    assert failure(OutgoingClient(OPEN), f"{ehr.base}/keys", timeout_s=0.4) is expected
    assert time.monotonic() - start < 2
    assert ehr.asked == ["/fhir/keys"]


def test_a_lookup_that_hangs_holds_nobody_past_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: release.wait(5) and [])
    start = time.monotonic()
    assert failure(OutgoingClient(STRICT), "http://slow.example/keys", timeout_s=0.2) is Failure.TOO_SLOW
    assert time.monotonic() - start < 2
    release.set()


def test_a_refusal_tells_neither_the_address_nor_the_answer(ehr: Ehr) -> None:
    ehr.on("keys", sends(b"secret-in-body"))
    with pytest.raises(OutgoingError) as raised:
        OutgoingClient(OPEN).json(f"{ehr.base}/keys")
    assert str(raised.value) == "its answer is not readable as JSON"
    assert raised.value.__cause__ is None


def test_a_status_that_is_asked_for_comes_with_its_document(ehr: Ehr) -> None:
    ehr.on("token", lambda handler: handler.reply(400, b'{"error": "x"}', Content_Type="application/json"))
    found = OutgoingClient(OPEN).json(f"{ehr.base}/token", also=frozenset({400}))
    assert (found.status, found.content) == (400, {"error": "x"})


# ---- the breaker


def test_a_server_that_gave_no_answer_three_times_is_left_alone(ehr: Ehr, elsewhere: Ehr) -> None:
    ehr.on("Patient/p1", drip_headers)
    elsewhere.on("Patient/p1", sends(PATIENT))
    client = FhirClient(Limits(deadline_s=0.15, retries=0), reach=ANYWHERE)
    queries = {"p": "Patient/p1"}
    for _ in range(3):
        assert client.fetch(FhirAccess(ehr.base, TOKEN), queries)["p"].problem is Problem.TOO_SLOW
    asked = len(ehr.asked)
    start = time.monotonic()
    assert client.fetch(FhirAccess(ehr.base, TOKEN), queries)["p"].problem is Problem.UNAVAILABLE
    assert time.monotonic() - start < 0.1
    assert len(ehr.asked) == asked
    assert client.fetch(FhirAccess(elsewhere.base, TOKEN), queries)["p"].problem is None


def test_errors_are_answers_and_open_no_breaker(ehr: Ehr) -> None:
    ehr.on("Patient/p1", status(500))
    client = FhirClient(Limits(), reach=ANYWHERE)
    for _ in range(5):
        fetched = client.fetch(FhirAccess(ehr.base, TOKEN), {"p": "Patient/p1"})["p"]
        assert fetched.problem is Problem.SERVER_ERROR


def test_one_slow_query_among_answered_ones_opens_no_breaker(ehr: Ehr) -> None:
    ehr.on("Patient/p1", sends(PATIENT))
    ehr.on("Observation?patient=p1", drip_headers)
    client = FhirClient(Limits(deadline_s=0.15), reach=ANYWHERE)
    for _ in range(4):
        found = client.fetch(FhirAccess(ehr.base, TOKEN), {"p": "Patient/p1", "o": "Observation?patient=p1"})
        assert (found["p"].problem, found["o"].problem) == (None, Problem.TOO_SLOW)
