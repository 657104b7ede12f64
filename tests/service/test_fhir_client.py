"""The FHIR client against servers that answer well, badly, slowly, endlessly or from elsewhere."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import shutil
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from service.fhir.client import FhirAccess, FhirClient, Limits
from service.fhir.fetched import Fetched, Problem

TOKEN = "tok-secret-7f3a"
PATIENT = {"resourceType": "Patient", "id": "p1"}

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Ehr

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.callers.add(self.client_address)
        self.server.headers.append(dict(self.headers))
        answers = self.server.answers[self.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        with contextlib.suppress(OSError):  # the client went away, as several tests want
            answer(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, piece: bytes, every_s: float) -> None:
        while not self.server.closing.wait(every_s):
            self.wfile.write(piece)
            self.wfile.flush()


class Ehr(ThreadingHTTPServer):
    """A server on loopback: path with query -> answers in turn, the last one repeated."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, list[Answer]] = defaultdict(lambda: [status(404)])
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.callers: set[tuple[str, int]] = set()
        self.closing = threading.Event()
        self.origin = f"http://127.0.0.1:{self.server_port}"
        self.base = f"{self.origin}/fhir"

    def handle_error(self, request: object, client_address: object) -> None:
        """Several tests break the connection on purpose."""

    def on(self, query: str, *answers: Answer) -> None:
        self.answers[f"/fhir/{query}"] = list(answers)


@contextlib.contextmanager
def running() -> Iterator[Ehr]:
    server = Ehr()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    with running() as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[Ehr]:
    with running() as server:
        yield server


def sends(content: object, content_type: str = "application/fhir+json", **headers: str) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda handler: handler.reply(200, body, Content_Type=content_type, **headers)


def status(code: int, **headers: str) -> Answer:
    return lambda handler: handler.reply(code, b"", **headers)


def after(seconds: float, answer: Answer) -> Answer:
    def wait(handler: Handler) -> None:
        handler.server.closing.wait(seconds)
        answer(handler)

    return wait


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def cut_short(handler: Handler) -> None:
    handler.reply(200, b'{"resourceType"', Content_Length="500", Content_Type="application/json")
    handler.close_connection = True


def drip_body(handler: Handler) -> None:
    handler.reply(200, b"", Content_Type="application/fhir+json", Content_Length="1000000")
    handler.drip(b" ", 0.02)


def drip_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    handler.drip(b"a", 0.02)


def observation(name: str) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": name}


def bundle(*names: str, next_link: str | None = None, **more: object) -> dict[str, Any]:
    link = [{"relation": "self", "url": "x"}]
    if next_link is not None:
        link.append({"relation": "next", "url": next_link})
    entry = [{"resource": observation(name), "search": {"mode": "match"}} for name in names]
    return {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": entry, **more}


def outcome(severity: str) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}


def get(ehr: Ehr, query: str, **limits: Any) -> Fetched:
    return FhirClient(Limits(**limits)).fetch(FhirAccess(ehr.base, TOKEN), {"key": query})["key"]


def ids(fetched: Fetched) -> list[str]:
    return [resource["id"] for resource in fetched.resources]


# ---- reads


def test_a_read_gives_the_resource_and_presents_token_and_media_type(ehr: Ehr) -> None:
    ehr.on("Patient/p1", sends(PATIENT))
    assert get(ehr, "Patient/p1") == Fetched("key", (PATIENT,))
    assert ehr.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert ehr.headers[0]["Accept"] == "application/fhir+json"
    assert ehr.headers[0]["Accept-Encoding"] == "gzip"


def test_an_open_server_is_asked_without_a_token_and_a_base_may_end_in_a_slash(ehr: Ehr) -> None:
    ehr.on("Patient/p1", sends(PATIENT))
    found = FhirClient(Limits()).fetch(FhirAccess(f"{ehr.base}/", None), {"p": "Patient/p1"})
    assert found["p"] == Fetched("p", (PATIENT,))
    assert ehr.asked == ["/fhir/Patient/p1"]
    assert "Authorization" not in ehr.headers[0]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (status(401), Problem.UNAUTHORIZED),
        (status(403), Problem.FORBIDDEN),
        (status(404), Problem.NOT_FOUND),
        (status(410), Problem.NOT_FOUND),
        (status(429), Problem.BUSY),
        (status(500), Problem.SERVER_ERROR),
        (status(503), Problem.SERVER_ERROR),
        (status(400), Problem.HTTP_ERROR),
        (status(204), Problem.HTTP_ERROR),
        (hang_up, Problem.UNREACHABLE),
        (cut_short, Problem.UNREACHABLE),
        (sends(b"<html>Log in</html>", "text/html"), Problem.NOT_FHIR),
        (sends(b"<Patient/>", "application/fhir+xml"), Problem.NOT_FHIR),
        (sends(PATIENT, "text/html"), Problem.NOT_FHIR),
        (sends(b'{"resourceType": "Patient"'), Problem.NOT_FHIR),
        (sends(b""), Problem.NOT_FHIR),
        (sends(b"[" * 5000), Problem.NOT_FHIR),
        (sends(b"not gzip", Content_Encoding="gzip"), Problem.NOT_FHIR),
        (sends([PATIENT]), Problem.NOT_FHIR),
        (sends(observation("o1")), Problem.NOT_FHIR),
        (sends(bundle("o1")), Problem.NOT_FHIR),
        (sends(outcome("error")), Problem.OPERATION_OUTCOME),
    ],
)
def test_a_read_that_fails_says_why(ehr: Ehr, answer: Answer, problem: Problem) -> None:
    ehr.on("Patient/p1", answer)
    assert get(ehr, "Patient/p1") == Fetched("key", (), problem)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/json+fhir", "text/json"]
)
def test_json_by_other_names_is_read(ehr: Ehr, content_type: str) -> None:
    ehr.on("Patient/p1", sends(PATIENT, content_type))
    assert get(ehr, "Patient/p1").problem is None


def test_a_byte_order_mark_and_gzip_are_read(ehr: Ehr) -> None:
    packed = gzip.compress(b"\xef\xbb\xbf" + json.dumps(PATIENT).encode())
    ehr.on("Patient/p1", sends(packed, Content_Encoding="gzip"))
    assert get(ehr, "Patient/p1") == Fetched("key", (PATIENT,))


def test_nobody_listens(ehr: Ehr) -> None:
    ehr.shutdown()
    ehr.server_close()
    assert get(ehr, "Patient/p1").problem is Problem.UNREACHABLE


# ---- searches


def test_pages_come_in_order_over_one_connection_each_with_the_token(ehr: Ehr) -> None:
    ehr.on("Observation?patient=p1", sends(bundle("a", "b", next_link=f"{ehr.base}/Observation?page=2")))
    ehr.on("Observation?page=2", sends(bundle("c", next_link=f"{ehr.base}?page=3")))
    ehr.answers["/fhir?page=3"] = [sends(bundle("d", total=4))]
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a", "b", "c", "d"], None)
    assert [headers["Authorization"] for headers in ehr.headers] == [f"Bearer {TOKEN}"] * 3
    assert len(ehr.callers) == 1


@pytest.mark.parametrize("link", ["Observation?page=2", "?page=2", "/fhir/Observation?page=2"])
def test_a_relative_next_link_is_resolved(ehr: Ehr, link: str) -> None:
    ehr.on("Observation?patient=p1", sends(bundle("a", next_link=link)))
    ehr.on("Observation?page=2", sends(bundle("b")))
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a", "b"], None)


def test_a_search_without_matches_is_complete(ehr: Ehr) -> None:
    ehr.on("Observation?patient=p1", sends({"resourceType": "Bundle", "type": "searchset", "total": 0}))
    assert get(ehr, "Observation?patient=p1") == Fetched("key")


@pytest.mark.parametrize(
    ("severity", "problem"),
    [
        ("error", Problem.OPERATION_OUTCOME),
        ("fatal", Problem.OPERATION_OUTCOME),
        ("warning", None),
        ("information", None),
    ],
)
def test_an_outcome_among_the_entries_is_no_result_and_an_error_is_told(
    ehr: Ehr, severity: str, problem: Problem | None
) -> None:
    page = bundle("a", next_link="?page=2")
    page["entry"].insert(0, {"resource": outcome(severity), "search": {"mode": "outcome"}})
    ehr.on("Observation?patient=p1", sends(page))
    ehr.on("Observation?page=2", sends(bundle("b")))
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a", "b"], problem)


@pytest.mark.parametrize("entry", ["text", {"resource": "text"}, {"resource": {"id": "no type"}}])
def test_a_malformed_entry_is_told_and_the_others_kept(ehr: Ehr, entry: object) -> None:
    page = bundle("a")
    page["entry"].append(entry)
    ehr.on("Observation?patient=p1", sends(page))
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a"], Problem.NOT_FHIR)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (sends(PATIENT), Problem.NOT_FHIR),
        (sends({"resourceType": "Bundle", "entry": {"resource": PATIENT}}), Problem.NOT_FHIR),
        (sends(outcome("error")), Problem.OPERATION_OUTCOME),
        (sends(bundle(total=1)), Problem.TRUNCATED),
        (sends(bundle() | {"link": [{"relation": "next"}]}), Problem.TRUNCATED),
    ],
)
def test_a_search_that_fails_says_why(ehr: Ehr, answer: Answer, problem: Problem) -> None:
    ehr.on("Observation?patient=p1", answer)
    assert get(ehr, "Observation?patient=p1") == Fetched("key", (), problem)


def test_an_included_resource_does_not_make_up_for_a_missing_match(ehr: Ehr) -> None:
    page = bundle("a", total=2)
    page["entry"].append({"resource": PATIENT, "search": {"mode": "include"}})
    ehr.on("Observation?patient=p1", sends(page))
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a", "p1"], Problem.TRUNCATED)


def test_a_failure_on_a_later_page_keeps_the_earlier(ehr: Ehr) -> None:
    ehr.on("Observation?patient=p1", sends(bundle("a", next_link="?page=2")))
    ehr.on("Observation?page=2", status(500))
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a"], Problem.SERVER_ERROR)


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
    client = FhirClient(Limits(deadline_s=0.3, max_parallel=1))
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
    found = FhirClient(Limits(deadline_s=0.5)).fetch(FhirAccess(ehr.base, TOKEN), queries)
    assert list(found) == ["slow", "fast"]
    assert found["fast"] == Fetched("fast", (PATIENT,))
    assert (ids(found["slow"]), found["slow"].problem) == (["a"], Problem.TOO_SLOW)


def test_queries_run_in_parallel(ehr: Ehr) -> None:
    queries = {f"k{number}": f"Patient/{number}" for number in range(6)}
    for number in range(6):
        ehr.on(f"Patient/{number}", after(0.2, sends({"resourceType": "Patient", "id": str(number)})))
    start = time.monotonic()
    found = FhirClient(Limits()).fetch(FhirAccess(ehr.base, TOKEN), queries)
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
    found = FhirClient(Limits(max_parallel=2)).fetch(FhirAccess(ehr.base, TOKEN), queries)
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

    monkeypatch.setattr(requests.Session, "get", hang)
    client = FhirClient(Limits(deadline_s=0.1, max_parallel=2))
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
    client = FhirClient(Limits(deadline_s=0.5, max_parallel=1))
    access = FhirAccess(ehr.base, TOKEN)
    with monkeypatch.context() as patch:
        patch.setattr("service.fhir.client.threading.Thread", refuse)
        assert client.fetch(access, {"key": "Patient/p1"})["key"].problem is Problem.TOO_SLOW
    assert client.fetch(access, {"key": "Patient/p1"})["key"].problem is None


def refuse(*args: object, **kwargs: object) -> threading.Thread:
    raise RuntimeError(TOKEN)


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


# ---- the token stays with its server


@pytest.mark.parametrize(
    "link",
    [
        "{elsewhere}/fhir/Observation?page=2",
        "//{elsewhere_host}/fhir/Observation?page=2",
        "https://{host}/fhir/Observation?page=2",
        "http://{host}@{elsewhere_host}/fhir/Observation?page=2",
        "http://{elsewhere_host}\\@{host}/fhir/Observation?page=2",
        "{ehr}/other/Observation?page=2",
        "{ehr}/fhirother/Observation?page=2",
        "{ehr}/fhir/../admin?page=2",
        "{ehr}/fhir/%2e%2e/admin?page=2",
        "{ehr}/fhir/..%5cadmin?page=2",
        "../admin",
        "http://[broken",
        "http://127.0.0.1:port/fhir/Observation",
        "file:///etc/passwd",
    ],
)
def test_a_next_link_that_leads_elsewhere_is_not_followed(ehr: Ehr, elsewhere: Ehr, link: str) -> None:
    names = {
        "ehr": ehr.origin,
        "elsewhere": elsewhere.origin,
        "host": ehr.origin.removeprefix("http://"),
        "elsewhere_host": elsewhere.origin.removeprefix("http://"),
    }
    ehr.on("Observation?patient=p1", sends(bundle("a", next_link=link.format(**names))))
    fetched = get(ehr, "Observation?patient=p1")
    assert elsewhere.asked == []
    if "\\@" in link:  # read as a user name, which is dropped: the request stays at home
        assert ehr.asked[1:] == ["/fhir/Observation?page=2"]
        return
    assert (ids(fetched), fetched.problem) == (["a"], Problem.OFF_ORIGIN)
    assert len(ehr.asked) == 1


@pytest.mark.parametrize(
    "query", ["../admin", "http://127.0.0.1:1/x", "//127.0.0.1:1/x", "Patient/..%2f..%2fx"]
)
def test_a_query_cannot_leave_the_base(ehr: Ehr, query: str) -> None:
    assert get(ehr, query).problem is Problem.OFF_ORIGIN
    assert ehr.asked == []


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_nor_its_body_read(ehr: Ehr, elsewhere: Ehr, code: int) -> None:
    location = f"{elsewhere.base}/Patient/p1"

    def redirect(handler: Handler) -> None:
        handler.reply(code, b"", Location=location, Content_Length="1000000")
        handler.drip(b" ", 0.02)

    ehr.on("Patient/p1", redirect)
    start = time.monotonic()
    assert get(ehr, "Patient/p1", deadline_s=2).problem is Problem.HTTP_ERROR
    assert time.monotonic() - start < 1
    assert elsewhere.asked == []


def test_neither_netrc_nor_proxy_nor_a_user_in_the_base_takes_the_place_of_the_token(
    ehr: Ehr, elsewhere: Ehr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, elsewhere.origin)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    ehr.on("Patient/p1", sends(PATIENT))
    base = ehr.base.replace("http://", "http://user:word@")
    found = FhirClient(Limits()).fetch(FhirAccess(base, TOKEN), {"p": "Patient/p1"})
    assert found["p"].problem is None
    assert ehr.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert elsewhere.asked == []


def test_a_cookie_is_not_kept(ehr: Ehr) -> None:
    ehr.on("Patient/p1", sends(PATIENT, Set_Cookie="login=first-user; Path=/"))
    client = FhirClient(Limits())
    for _ in range(2):
        client.fetch(FhirAccess(ehr.base, TOKEN), {"p": "Patient/p1"})
    assert len(ehr.headers) == 2
    assert all("Cookie" not in headers for headers in ehr.headers)


def test_certificates_are_verified_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    with responses.RequestsMock() as mock:
        mock.get("https://ehr.example/fhir/Patient/p1", json=PATIENT, content_type="application/fhir+json")
        found = FhirClient(Limits()).fetch(FhirAccess("https://ehr.example/fhir"), {"p": "Patient/p1"})
        assert found["p"] == Fetched("p", (PATIENT,))
        assert mock.calls[0].request.req_kwargs["verify"] is True  # type: ignore[attr-defined]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed, with its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    file = tmp_path / "both.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    both = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run([openssl, *new, *both], check=True, capture_output=True)
    file.write_text((tmp_path / "key.pem").read_text() + (tmp_path / "cert.pem").read_text())
    return file


def test_over_tls_an_unknown_certificate_gets_no_request_and_the_deadline_holds(
    ehr: Ehr, certificate: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ehr.socket = context.wrap_socket(ehr.socket, server_side=True)
    access = FhirAccess(ehr.base.replace("http://", "https://"), TOKEN)
    ehr.on("Patient/p1", sends(PATIENT))
    ehr.on("Patient/slow", drip_headers)
    client = FhirClient(Limits(deadline_s=0.5, max_parallel=1))
    assert client.fetch(access, {"key": "Patient/p1"})["key"].problem is Problem.UNREACHABLE
    assert ehr.asked == []
    client._session.verify = str(certificate)
    assert client.fetch(access, {"key": "Patient/slow"})["key"].problem is Problem.TOO_SLOW
    assert client.fetch(access, {"key": "Patient/p1"})["key"] == Fetched("key", (PATIENT,))


# ---- nothing is given away


def bad_header(handler: Handler) -> None:
    handler.reply(200, json.dumps(PATIENT).encode(), **{"not a header": "\r\nbroken line\r\nX: y"})


@pytest.mark.parametrize(
    "answer",
    [
        sends(PATIENT),
        status(500),
        status(302, Location="/x"),
        hang_up,
        cut_short,
        bad_header,
        sends(b"{secret-body"),
    ],
)
@pytest.mark.parametrize("token", [TOKEN, f"{TOKEN}\nX-Injected: 1", f"{TOKEN}\u20ac"])
def test_no_token_query_or_body_is_logged_or_printed(
    ehr: Ehr,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    answer: Answer,
    token: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    ehr.on("Patient/p1?secret-query=1", answer)
    access = FhirAccess(ehr.base, token)
    found = FhirClient(Limits()).fetch(access, {"key": "Patient/p1?secret-query=1"})
    if token != TOKEN:
        assert found["key"].problem is Problem.HTTP_ERROR
        assert ehr.asked == []
    printed = capfd.readouterr()
    told = f"{access!r} {access} {found!r} {found} {caplog.text} {printed.out} {printed.err}"
    for secret in (TOKEN, "secret-query", "secret-body", "'id'"):
        assert secret not in told


def test_an_error_nobody_foresaw_leaves_only_its_name(
    ehr: Ehr, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests.Session, "get", refuse)
    assert get(ehr, "Patient/p1").problem is Problem.HTTP_ERROR
    assert "RuntimeError" in caplog.text
    assert TOKEN not in caplog.text


def test_every_problem_has_a_plain_text_of_its_own() -> None:
    texts = [problem.text for problem in Problem]
    assert len(set(texts)) == len(texts)
    assert all(text.endswith(".") and "{" not in text for text in texts)
