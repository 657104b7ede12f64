"""A FHIR server on loopback that answers well, badly, slowly or endlessly, for the tests of the client."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from service.fhir.client import FhirAccess, FhirClient, Limits
from service.fhir.fetched import Fetched
from service.outgoing.reach import ANYWHERE

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
    client = FhirClient(Limits(**limits), reach=ANYWHERE)
    return client.fetch(FhirAccess(ehr.base, TOKEN), {"key": query})["key"]


def ids(fetched: Fetched) -> list[str]:
    return [resource["id"] for resource in fetched.resources]


def refuse(*args: object, **kwargs: object) -> threading.Thread:
    raise RuntimeError(TOKEN)
