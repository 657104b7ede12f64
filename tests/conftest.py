"""Shared by all tests: the app, a client that checks every answer, requests, a FHIR server to misbehave."""

from __future__ import annotations

import copy
import json
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.datastructures import Headers
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from service.app import create_app
from service.config import Settings
from service.demo.fhir_server import create_fhir_blueprint
from service.demo.store import FhirStore
from service.fhir.prefetch import TEMPLATES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
SCHEMAS = Path(__file__).resolve().parent / "schema"
PATIENTS = sorted(path.parent.name for path in FIXTURES.glob("patients/*/bundle.json"))
DAY = date(2026, 7, 5)
"""The day of every test: most demo charts end before it, and without it the results would age."""
BASE = "https://cds.example"
ORIGINS = ("https://ehr.example", "https://portal.example:8443")
TOKEN = "made-up-token-5d1c"
SERVICE = "/cds-services/relapsed-all"

Json = dict[str, Any]


# ---- the client that checks every answer --------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What came back, already checked against the schema of its address and status."""

    status: int
    body: Json
    text: str
    headers: Headers

    @property
    def cards(self) -> list[Json]:
        assert self.status == 200, self.text
        cards: list[Json] = self.body["cards"]
        return cards

    @property
    def issue(self) -> Json:
        assert self.status >= 400, self.text
        issue: Json = self.body["issue"][0]
        return issue


def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")))


_VALIDATORS = {name: _validator(name) for name in ("discovery", "response", "operation-outcome", "feedback")}


def validate(name: str, body: object) -> None:
    """AssertionError naming every breach of one of our JSON Schemas."""
    assert [f"{e.json_path}: {e.message}" for e in _VALIDATORS[name].iter_errors(body)] == []


def suggested_resources(body: Json) -> Iterator[Json]:
    for card in body.get("cards", []):
        for suggestion in card.get("suggestions", []):
            yield from (action["resource"] for action in suggestion.get("actions", []))


def private_texts(request: Any) -> Iterator[str]:
    """What may appear in no error and no log: token, scopes, patient id, names, birth date."""
    match request:
        case {"resourceType": "Patient", **rest}:
            given: Any = rest.get("name")
            names = [n for n in given if isinstance(n, dict)] if isinstance(given, list) else []
            yield from _texts([rest.get("birthDate"), *([n.get("text"), n.get("given")] for n in names)])
        case dict():
            yield from _texts([request.get(n) for n in ("access_token", "scope", "patientId")])
            for value in request.values():
                yield from private_texts(value)
        case list():
            for item in request:
                yield from private_texts(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= 6:
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


@dataclass
class CheckedClient:
    """Calls the app. Every answer obeys our schema; no error holds what the request told in confidence."""

    app: Flask
    private: set[str] = field(default_factory=lambda: {TOKEN})

    def get(self, path: str, **headers: str) -> Answer:
        return self._checked("GET", path, self.app.test_client().get(path, headers=headers))

    def post(self, path: str, data: bytes | str, content_type: str | None = "application/json") -> Answer:
        return self.send("POST", path, data=data, content_type=content_type)

    def send(self, method: str, path: str, **options: Any) -> Answer:
        return self._checked(method, path, self.app.test_client().open(path, method=method, **options))

    def call(self, request: object, path: str = SERVICE, **headers: str) -> Answer:
        """A hook call with `request` as its JSON body."""
        self.private.update(private_texts(request))
        return self.send("POST", path, data=json.dumps(request), headers=_json(headers))

    def _checked(self, method: str, path: str, response: TestResponse) -> Answer:
        text = response.get_data(as_text=True)
        answer = Answer(response.status_code, {}, text, Headers(response.headers))
        if method == "OPTIONS" and answer.status < 400:
            return answer
        if answer.status >= 400:
            answer = replace(answer, body=json.loads(text))
            self._check_error(answer)
        elif path.startswith("/cds-services"):
            answer = replace(answer, body=json.loads(text))
            _check_success("feedback" if path.endswith("/feedback") else method, answer)
        return answer

    def _check_error(self, answer: Answer) -> None:
        assert answer.headers["Content-Type"] == "application/fhir+json"
        validate("operation-outcome", answer.body)
        get_fhir_model_class("OperationOutcome").model_validate(answer.body)
        assert [text for text in self.private if text in answer.text] == []
        assert "Traceback" not in answer.text


def _json(headers: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}


def _check_success(method: str, answer: Answer) -> None:
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    if method == "feedback":
        assert answer.body.keys() == {"stored", "repeated"}
        return
    validate("discovery" if method == "GET" else "response", answer.body)
    for resource in suggested_resources(answer.body):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


# ---- the app --------------------------------------------------------------------------------


class LogLines(logging.Handler):
    """Every log record of the process, from DEBUG up, as text with its stack trace."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter("%(name)s %(message)s").format(record))


def pytest_configure(config: pytest.Config) -> None:
    """No test writes into the store of the folder it is started in, not even an app made at import."""
    folder = Path(tempfile.mkdtemp(prefix="relapse-cds-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["RELAPSE_CDS_DATABASE_URL"] = f"sqlite:///{folder / 'tests.db'}"


@cache
def shared_app(**settings: Any) -> Flask:
    """The app for these settings, made once: it keeps nothing of a call."""
    return create_app(Settings(**settings), today=lambda _: DAY)


@pytest.fixture
def make_client() -> Callable[..., CheckedClient]:
    """A client of an app with the settings given; anyone may call it, on `DAY`."""

    def make(authenticate: Callable[[], None] | None = None, **settings: Any) -> CheckedClient:
        chosen = {"insecure": True, "public_base_url": BASE, "cors_origins": ORIGINS, **settings}
        chosen.setdefault("site_map", FIXTURES / "site.toml")
        if authenticate is None:
            return CheckedClient(shared_app(**chosen))
        return CheckedClient(create_app(Settings(**chosen), authenticate, today=lambda _: DAY))

    return make


@pytest.fixture
def log() -> Iterator[LogLines]:
    """All that is logged while the test runs."""
    handler, root = LogLines(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def client(make_client: Callable[..., CheckedClient], log: LogLines) -> Iterator[CheckedClient]:
    """The client most tests use. What its requests told in confidence must not be in the log afterwards."""
    made = make_client()
    yield made
    assert [line for line in log.lines if any(text in line for text in made.private)] == []


@pytest.fixture
def app(client: CheckedClient) -> Flask:
    return client.app


# ---- requests -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def fhir_app() -> Flask:
    """The demo's FHIR server with all demo patients, at /fhir."""
    app = Flask("fhir-stub")
    app.register_blueprint(
        create_fhir_blueprint(FhirStore.from_folder(FIXTURES / "patients")), url_prefix="/fhir"
    )
    return app


@pytest.fixture(scope="session")
def _prefetched() -> dict[str, str]:
    return {}


@pytest.fixture
def prefetch_of(fhir_app: Flask, _prefetched: dict[str, str]) -> Callable[[str], Json]:
    """Patient id -> the complete prefetch of a client that resolves every template; the caller's own copy."""

    def prefetch(patient: str) -> Json:
        if patient not in _prefetched:
            ask = fhir_app.test_client().get
            found = {
                key: ask(f"/fhir/{t}".replace("{{context.patientId}}", patient)).json
                for key, t in TEMPLATES.items()
            }
            _prefetched[patient] = json.dumps(found)
        copied: Json = json.loads(_prefetched[patient])
        return copied

    return prefetch


@pytest.fixture
def load_request() -> Callable[..., Json]:
    """A request of fixtures/hooks; its server, which does not exist, is left out unless one is given."""

    def load(name: str, server: str | None = None) -> Json:
        request: Json = json.loads((FIXTURES / "hooks" / f"{name}.json").read_text("utf-8"))
        if server is None:
            return {k: v for k, v in request.items() if k not in ("fhirServer", "fhirAuthorization")}
        return {**request, "fhirServer": server}

    return load


# ---- the FHIR server ------------------------------------------------------------------------


@dataclass(frozen=True)
class Canned:
    """An answer in place of the true one."""

    status: int = 200
    body: object = b""
    content_type: str = "application/fhir+json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def write(self, start_response: StartResponse) -> Iterable[bytes]:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = [("Content-Type", self.content_type), *self.headers.items()]
        start_response(f"{self.status} Canned", headers)
        return [body]


@dataclass(frozen=True)
class Asked:
    """One request that reached the FHIR server; `key` is the prefetch key it is for, if any."""

    key: str | None
    path: str
    authorization: str | None


class FhirStub:
    """The demo's FHIR server on loopback; single answers can be replaced, delayed or cut in pages."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._under_way = 0
        self.closing = threading.Event()
        self.origin = ""
        self.base = ""
        self.answers: dict[str, Canned] = {}
        self.delay_s: dict[str | None, float] = {}
        self.page_size: int | None = None
        self.asked: list[Asked] = []
        self.most_at_once = 0

    def asked_keys(self) -> set[str | None]:
        return {asked.key for asked in self.asked}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        key = _key_of(path.removeprefix("/fhir/"), dict(parse_qsl(query)))
        with self._lock:
            self.asked.append(Asked(key, f"{path}?{query}", environ.get("HTTP_AUTHORIZATION")))
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            self.closing.wait(self.delay_s.get(key, self.delay_s.get(None, 0)))
            if key in self.answers:
                return self.answers[key].write(start_response)
            if self.page_size is not None and "_count=500" in query:
                environ["QUERY_STRING"] = query.replace("_count=500", f"_count={self.page_size}")
            return self._app.wsgi_app(environ, start_response)
        finally:
            with self._lock:
                self._under_way -= 1


def _key_of(path: str, query: Mapping[str, str]) -> str | None:
    """The prefetch key whose template this request, or a further page of it, answers."""
    for key, template in TEMPLATES.items():
        kind, _, rest = template.partition("?")
        kind = kind.partition("/")[0]
        wanted = {k: v for k, v in parse_qsl(rest) if k not in ("patient", "_count")}
        if (path == kind or path.startswith(f"{kind}/")) and wanted.items() <= query.items():
            return key
    return None


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """The paths hold patients, and the log of the process is searched for them."""


@pytest.fixture
def make_fhir(fhir_app: Flask) -> Iterator[Callable[[], FhirStub]]:
    """Start further FHIR servers."""
    running: list[tuple[FhirStub, Any]] = []

    def make() -> FhirStub:
        stub = FhirStub(fhir_app)
        server = make_server("127.0.0.1", 0, stub, threaded=True, request_handler=_Quiet)
        stub.origin = f"http://127.0.0.1:{server.server_port}"
        stub.base = f"{stub.origin}/fhir"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append((stub, server))
        return stub

    yield make
    for stub, server in running:
        stub.closing.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def fhir(make_fhir: Callable[[], FhirStub]) -> FhirStub:
    """A FHIR server that has all demo patients."""
    return make_fhir()


def copy_of(value: Json, **changes: object) -> Json:
    """A deep copy with members replaced."""
    return {**copy.deepcopy(value), **changes}
