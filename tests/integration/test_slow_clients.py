"""Clients that send slowly or take nothing wait by themselves: a thread is for a request that is there."""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.running import CALL, Running, started, until

pytestmark = pytest.mark.integration

MANY = 32
"""Slow clients, for one worker of two threads."""
MOST = 512
"""Connections of a worker."""
PATIENT = "workers = 1\nthreads = 2\nreceive_timeout_s = 120\nmax_body_bytes = 200000"
"""Who drips is cut off only long after these tests have given up."""
PATH = b"/cds-services/relapsed-all"
HEAD = b"POST " + PATH + b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(CALL) + CALL
STARTS = {
    "nothing": b"",
    "a byte": b"P",
    "half a head": HEAD,
    "a byte of the body": HEAD + b"Content-Length: 9000\r\n\r\n{",
    "a byte of a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n50\r\n{",
    "no body, told to go on": HEAD + b"Content-Length: 9000\r\nExpect: 100-continue\r\n\r\n",
    "a whole call and a byte of the next": WHOLE + b"P",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("patient"), PATIENT) as running:
        yield running


@pytest.fixture
def brief(tmp_path: Path) -> Iterator[Running]:
    with started(tmp_path, "workers = 1\nthreads = 2\nreceive_timeout_s = 1") as running:
        yield running


@contextlib.contextmanager
def clients(service: Running, count: int = 1) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection(("127.0.0.1", service.port), timeout=20))
            for _ in range(count)
        ]


def answer(client: socket.socket) -> tuple[int, bytes]:
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, response.read()


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_more_slow_clients_than_threads_hold_up_nobody_and_are_answered_in_the_end(
    service: Running, start: bytes
) -> None:
    with clients(service, MANY) as slow:
        for client in slow:
            client.sendall(start)
        for _ in range(3):
            service.call()
        if start == STARTS["a byte of the body"]:
            slow[-1].sendall(b" " * 8998 + b"}")
            assert answer(slow[-1])[0] == 400


def test_who_drips_is_cut_off_is_told_why_and_is_counted(brief: Running) -> None:
    with clients(brief, 3) as slow:
        for client in slow:
            client.sendall(HEAD + b"Content-Length: 9000\r\n\r\n{")
        for client in slow:
            status, body = answer(client)
            assert status == 408
            assert json.loads(body)["issue"][0]["code"] == "timeout"
            assert client.recv(1) == b""
    assert 'relapse_cds_refusals_total{code="timeout"} 3.0' in brief.get("/metrics")


def test_who_never_closes_its_end_holds_up_nobody(service: Running) -> None:
    """Each of them once cost the worker two seconds, in which it heard nobody."""
    with clients(service, MANY) as lasting:
        for client in lasting:
            client.sendall(b"nonsense\r\n\r\n")
        service.call()
        assert all(answer(client)[0] == 400 for client in lasting)
        service.call()


def test_who_takes_no_answer_is_let_go(brief: Running) -> None:
    """Each thread comes to have more to say than the connection holds."""
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
    with clients(brief, 2) as silent:
        for client in silent:
            client.settimeout(1)
            with contextlib.suppress(OSError):
                client.sendall(asked * 2000)
        counted = 'relapse_cds_refusals_total{code="timeout"} 2.0'
        until(lambda: counted in brief.get("/metrics"), "they were not let go")


def test_more_clients_than_connections_cost_those_who_wait_longest(service: Running) -> None:
    with clients(service, MOST + 8) as slow:
        for client in slow:
            client.sendall(HEAD)
        service.call()
        status, body = answer(slow[0])
    assert status == 503
    assert json.loads(body)["issue"][0]["code"] == "throttled"


def test_what_is_half_received_fills_no_memory(service: Running) -> None:
    """Four bodies of the largest size are held; of five, one is refused, and the others are answered."""
    start, end = b"{" + b" " * 170_000, b" " * 29_998 + b"}"
    with clients(service, 5) as large:
        for client in large:
            client.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(start + end) + start)
        [refused], _, _ = select.select(large, [], [], 20)
        assert answer(refused)[0] == 503
        service.call()
        for client in large:
            if client is not refused:
                client.sendall(end)
                assert answer(client)[0] == 400


def test_requests_sent_together_are_answered_in_turn(service: Running) -> None:
    with clients(service) as [client]:
        client.sendall(WHOLE + b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n" + WHOLE[:500])
        file = client.makefile("rb")
        for wanted in ("cards", "status"):
            assert file.readline() == b"HTTP/1.1 200 OK\r\n"
            headers = http.client.parse_headers(file)
            assert wanted in json.loads(file.read(int(headers["Content-Length"])))
        client.sendall(WHOLE[500:])
        assert file.readline() == b"HTTP/1.1 200 OK\r\n"


def test_the_only_worker_keeps_a_connection(service: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    for _ in range(100):
        connection.request("GET", "/health/live")
        answered = connection.getresponse()
        answered.read()
        assert answered.getheader("Connection") == "keep-alive"
    connection.close()


def test_chunks_are_put_together(service: Running) -> None:
    with clients(service) as [client]:
        client.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(CALL), 1000):
            piece = CALL[start : start + 1000]
            client.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        client.sendall(b"0\r\n\r\n")
        status, body = answer(client)
    assert status == 200
    assert json.loads(body)["cards"]


def test_who_waits_to_be_told_to_go_on_is_told_so_once(service: Running) -> None:
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    with clients(service) as [client]:
        client.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(CALL))
        assert client.recv(len(go_on), socket.MSG_WAITALL) == go_on
        client.sendall(CALL)
        assert client.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (HEAD + b"Content-Length: 200001\r\n\r\n{", 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n30d41\r\n" + b" " * 200_001, 413),
        (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"A: " + b"a" * 70_000, 431),
    ],
    ids=["declared too large", "too large in chunks", "two ways to tell the end", "endless headers"],
)
def test_what_cannot_be_taken_in_is_refused_at_once_and_nothing_after_it_is_a_request(
    service: Running, sent: bytes, status: int
) -> None:
    with clients(service) as [client]:
        client.sendall(sent)
        with contextlib.suppress(ConnectionError):
            client.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
        said = b"".join(iter(lambda: client.recv(65_536), b""))
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in said
    assert said.count(b"HTTP/1.1 ") == 1
    service.call()


def test_who_stops_in_the_middle_is_answered_if_it_listens(service: Running) -> None:
    with clients(service) as [client]:
        client.sendall(WHOLE[:-100])
        client.shutdown(socket.SHUT_WR)
        assert answer(client)[0] == 400


def test_slow_clients_do_not_keep_a_stopping_service(brief: Running) -> None:
    with clients(brief, MANY) as slow:
        for client in slow[1:]:
            client.sendall(HEAD)
        brief.call()
        brief.process.send_signal(signal.SIGTERM)
        assert brief.process.wait(20) == 0
