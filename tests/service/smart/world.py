"""Record systems with an authorization server, the service, and a browser between them, all on loopback."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.cookiejar import Cookie
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from flask import Flask, request
from joserfc.jwk import ECKey, RSAKey
from pydantic import SecretStr
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from service.app import create_app
from service.config import Settings
from service.config.smart import SmartIssuer
from service.config.store import StoreSettings
from service.demo.auth.endpoints import Choice
from service.demo.auth.models import Client
from service.demo.auth.server import Registration
from service.demo.auth.setup import create_demo_auth
from service.demo.fhir_server import create_fhir_blueprint
from service.demo.store import FhirStore
from service.smart.errors import Fault
from service.smart.keys import load_keys
from service.store.store import Store
from tests.conftest import DAY, FIXTURES, Canned

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATIENT = "hr2020-p1-24-months"
WRONG = "x" * 43
"""Of the form of a state, handle or key, and none."""
OTHER_PATIENT = "hr2020-p1-40-months"
NAME, OTHER_NAME = "Testgirl One", "Testgirl Two"
CLIENT = "relapse-cds"
KEY = RSAKey.generate_key(2048, auto_kid=True)
"""One for all record systems of the tests: making it takes a while."""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """The log of the process is searched for what these addresses hold."""


@dataclass
class Server:
    """A WSGI application on a free port of loopback."""

    app: Any = None
    _server: BaseWSGIServer = field(init=False)

    def __post_init__(self) -> None:
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=_Quiet)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answered: Iterable[bytes] = self.app(environ, start_response)
        return answered

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Ehr:
    """A record system: FHIR server and authorization server; single answers can be replaced.

    `posted` holds every form its token and revocation endpoints got, `asked` every path with its query.
    """

    def __init__(self, folder: Path, charts: FhirStore, name: str = "a") -> None:
        self.server = Server()
        self.name = name
        self.iss = f"{self.server.url}/fhir"
        self.answers: dict[str, Canned | Callable[[], Canned]] = {}
        self.asked: list[str] = []
        self.posted: list[tuple[str, dict[str, str]]] = []
        self.bearers: list[str | None] = []
        self._folder = folder
        self._charts = charts
        self._kept = Store(
            StoreSettings(
                database_url=SecretStr(f"sqlite:///{folder / f'ehr-{name}.db'}"), store_timeout_s=30
            )
        )

    def knows(
        self, base: str, jwks: dict[str, Any] | None, *, access_s: int = 3600, refreshes: bool = False
    ) -> None:
        """Register the app that has its callback at `base`."""
        client = Client(CLIENT, (f"{base}/smart/callback/{self.name}",), jwks)
        choices = [Choice(p, p, "") for p in (PATIENT, OTHER_PATIENT)]
        registration = Registration(self.iss, (client,), refreshes, KEY)
        auth = create_demo_auth(registration, self._kept, self._charts, lambda: choices, access_s)
        app = Flask(f"ehr-{self.name}")
        app.register_blueprint(create_fhir_blueprint(self._charts, auth), url_prefix="/fhir")
        app.before_request(self._note)
        self.server.app = self._answer(app)

    def launch(self, patient: str = PATIENT) -> str:
        """What the EHR puts into `launch`."""
        answer = requests.post(f"{self.iss}/auth/launch", json={"patient": patient}, timeout=10)
        return str(answer.json()["launch"])

    def close(self) -> None:
        self.server.close()
        self._kept.close()

    def _note(self) -> None:
        self.asked.append(request.full_path)
        if request.method == "POST":
            self.posted.append((request.path, request.form.to_dict()))
        elif "/auth/" not in request.path and ".well-known" not in request.path:
            self.bearers.append(request.headers.get("Authorization"))

    def _answer(self, app: Flask) -> Any:
        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ["PATH_INFO"].removeprefix("/fhir")
            canned = self.answers.get(path)
            if canned is None:
                return app.wsgi_app(environ, start_response)
            self.asked.append(environ["PATH_INFO"])
            return (canned() if callable(canned) else canned).write(start_response)

        return answer


@dataclass
class Browser:
    """Follows redirects like a browser, and remembers every address it was at."""

    session: requests.Session = field(default_factory=requests.Session)
    visited: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def step(self, url: str) -> requests.Response:
        """One answer, not followed."""
        self.visited.append(url)
        return self.session.get(url, allow_redirects=False, timeout=20)

    def go(self, url: str, until: str | None = None) -> requests.Response:
        """Follow redirects; stop before an address that holds `until`, which is the answer's Location."""
        answer = self.step(url)
        while answer.is_redirect:
            to = answer.headers["Location"]
            if until is not None and until in to:
                return answer
            answer = self.step(to)
        return answer


@dataclass
class World:
    """The service with the record systems at which it is registered."""

    service: Server
    ehrs: dict[str, Ehr]
    app: Flask

    @property
    def base(self) -> str:
        return self.service.url

    @property
    def ehr(self) -> Ehr:
        return self.ehrs["a"]

    def launch_url(self, ehr: Ehr | None = None, patient: str = PATIENT, **changes: str) -> str:
        at = ehr or self.ehr
        wanted = {"iss": at.iss, "launch": at.launch(patient), **changes}
        return f"{self.base}/smart/launch?{urlencode(wanted)}"

    def open(self, browser: Browser, **options: Any) -> requests.Response:
        """A whole EHR launch; the page it ends at."""
        return browser.go(self.launch_url(**options))

    def to_callback(self, browser: Browser, **options: Any) -> str:
        """An EHR launch up to the address of the callback, with its code and state."""
        return browser.go(self.launch_url(**options), until="/smart/callback/").headers["Location"]

    def close(self) -> None:
        self.service.close()
        for ehr in self.ehrs.values():
            ehr.close()


def make_world(folder: Path, charts: FhirStore, names: Iterable[str] = "a", **options: Any) -> World:
    """`options`: of `Ehr.knows` (access_s, refreshes), `auth`, `issuer` (changes), the rest are settings."""
    known = {name: options.pop(name) for name in ("access_s", "refreshes") if name in options}
    auth, issuer = options.pop("auth", "private_key_jwt"), options.pop("issuer", {})
    service = Server()
    ehrs = {name: Ehr(folder, charts, name) for name in names}
    key = folder / "key.pem"
    key.write_bytes(ECKey.generate_key("P-384").as_pem(private=True))
    issuers = [
        SmartIssuer(id=e.name, name=e.name, iss=e.iss, client_id=CLIENT, **{"auth": auth, **issuer})
        for e in ehrs.values()
    ]
    settings = Settings(
        insecure=True,
        public_base_url=service.url,
        database_url=SecretStr(f"sqlite:///{folder / 'service.db'}"),
        smart_issuers=tuple(issuers),
        smart_keys=(key,),
        store_timeout_s=30,  # on a busy machine, too
        site_map=FIXTURES / "site.toml",
        **options,
    )
    app = create_app(settings, today=lambda _: DAY)
    service.app = app
    jwks = load_keys((key,)).public() if auth == "private_key_jwt" else None
    for ehr in ehrs.values():
        ehr.knows(service.url, jwks, **known)
    return World(service, ehrs, app)


def query_of(url: str) -> dict[str, str]:
    """The parameters of an address, each once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def heading(answer: requests.Response) -> str:
    """The page's own words for what happened."""
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    assert found is not None, answer.text
    return found[1]


def form_of(answer: requests.Response) -> str:
    """The token of the page's form."""
    found = re.search(r'name="form" value="([0-9a-f]{64})"', answer.text)
    assert found is not None
    return found[1]


def assert_fault(answer: requests.Response, fault: Fault) -> None:
    assert (answer.status_code, heading(answer)) == (fault.status, fault.heading.replace("'", "&#39;"))
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Set-Cookie" not in answer.headers


def cookies_of(browser: Browser, part: str) -> list[Cookie]:
    return [cookie for cookie in browser.session.cookies if part in cookie.name]
