"""Fetch FHIR resources from the EHR, in parallel and within one deadline.

The only module that uses `requests`. Nothing here logs or raises a URL, a token or a body: every
failure becomes a `Problem`, which is a constant.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse

from service.fhir.fetched import Fetched, Page, Problem, read_one, read_page
from service.lenient_json import NotJsonError, loads

_log = logging.getLogger(__name__)

_CHUNK_BYTES = 65_536
_PAUSE_S = 0.1
"""Wait before a retry when the server does not name one."""
_RETRIED = frozenset({429, 502, 503, 504})
_BY_STATUS = {
    401: Problem.UNAUTHORIZED,
    403: Problem.FORBIDDEN,
    404: Problem.NOT_FOUND,
    410: Problem.NOT_FOUND,
    429: Problem.BUSY,
}


@dataclass(frozen=True, slots=True)
class FhirAccess:
    """`fhirServer` and `fhirAuthorization.access_token` of a hook request; no token = an open server."""

    base: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one `fetch`; pages and bytes (decompressed) count per query, over all its pages."""

    deadline_s: float = 4.0
    max_pages: int = 20
    max_bytes: int = 20_000_000
    max_parallel: int = 8
    """Queries under way at once, over all callers of the client."""
    retries: int = 1
    """Repeats of one request after 429, 502, 503, 504 or a lost connection."""


class FhirClient:
    """May be shared by all threads of a process. Never raises for what a server does.

    `ca_file`: PEM file of the authorities to trust, in place of the public ones.
    """

    def __init__(self, limits: Limits, ca_file: Path | None = None) -> None:
        self._limits = limits
        self._session = _session(limits.max_parallel, ca_file)
        self._slots = threading.Semaphore(limits.max_parallel)

    def fetch(self, access: FhirAccess, queries: Mapping[str, str]) -> dict[str, Fetched]:
        """Answer key -> relative query ("Patient/p1", "Observation?patient=p1"), each on its own.

        Returns at the deadline at the latest; a key open then is TOO_SLOW and keeps the pages it has.
        """
        deadline = time.monotonic() + self._limits.deadline_s
        flights = [
            _Flight(key, query, access, self._limits, self._session, deadline)
            for key, query in queries.items()
        ]
        for flight in flights:
            self._launch(flight)
        return {flight.key: flight.land() for flight in flights}

    def _launch(self, flight: _Flight) -> None:
        """Start a thread once a slot is free; a flight that gets none stays open and lands TOO_SLOW.

        Daemon threads and not an executor: one that hangs (in a name lookup, say) must not hold up
        the end of the process, and nothing may queue behind it.
        """
        if not self._slots.acquire(timeout=max(0.0, flight.left())):
            return
        try:
            threading.Thread(target=self._fly, args=(flight,), name="fhir-fetch", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            self._slots.release()

    def _fly(self, flight: _Flight) -> None:
        try:
            flight.run()
        finally:
            self._slots.release()


class _Stop(Exception):  # noqa: N818
    """Ends a request. `pause`: seconds after which it may be repeated; None = it may not."""

    def __init__(self, problem: Problem, pause: float | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.pause = pause


class _Flight:
    """One query under way: `run` on a thread of its own, `land` on the caller's."""

    def __init__(
        self,
        key: str,
        query: str,
        access: FhirAccess,
        limits: Limits,
        session: requests.Session,
        deadline: float,
    ) -> None:
        self.key = key
        self._query, self._access, self._limits, self._session = query, access, limits, session
        self._deadline = deadline
        self._started = time.monotonic()
        self._room = limits.max_bytes
        self._found: list[dict[str, Any]] = []
        self._problem: Problem | None = None
        self._took = 0.0
        self._done = threading.Event()
        self._socket: socket.socket | None = None

    def left(self) -> float:
        """Seconds to the deadline, negative after it."""
        return self._deadline - time.monotonic()

    def land(self) -> Fetched:
        """Wait until done or the deadline."""
        if self._done.wait(max(0.0, self.left())):
            return Fetched(self.key, tuple(self._found), self._problem, self._took)
        self._abort()
        return Fetched(self.key, tuple(self._found), Problem.TOO_SLOW, time.monotonic() - self._started)

    def run(self) -> None:
        """Ask, to the end or the first obstacle."""
        _here.flight = self
        try:
            self._answer()
        except _Stop as stop:
            self._note(stop.problem)
        except Exception as error:  # noqa: BLE001
            # Its text may hold the URL or the token, and would be printed: only its name may leave.
            name = type(error).__name__
            _log.error("FHIR query ended by an unexpected %s", name)
            self._note(Problem.HTTP_ERROR)
        finally:
            _here.flight = None
            self._took = time.monotonic() - self._started
            self._done.set()

    def watch(self, sock: socket.socket | None) -> None:
        """Remember the connection now in use."""
        self._socket = sock

    def _abort(self) -> None:
        """Wake a thread that waits for bytes, so that a server which drips cannot hold a slot."""
        if (sock := self._socket) is not None:
            with contextlib.suppress(OSError):
                # The plain shutdown: that of a TLS socket drops state which its reader is using.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _note(self, problem: Problem) -> None:
        """The first problem stands, except that after the deadline every failure is a consequence of it."""
        if self.left() <= 0:
            self._problem = Problem.TOO_SLOW
        elif self._problem is None:
            self._problem = problem

    def _answer(self) -> None:
        base = self._access.base.rstrip("/")
        url = _on_server(base, f"{base}/", self._query)
        wanted = _read_type(self._query)
        if wanted is None:
            self._search(base, url)
        else:
            self._keep(read_one(self._ask(url), wanted))

    def _search(self, base: str, url: str) -> None:
        seen = {url}
        matches = 0
        while True:
            page = read_page(self._ask(url))
            self._keep(page)
            matches += page.matches
            if page.next_link is None:
                break
            # A relative link is relative to the service base, or to the page if it is a bare query.
            url = _on_server(base, url if page.next_link.startswith("?") else f"{base}/", page.next_link)
            if url in seen or len(seen) >= self._limits.max_pages:
                raise _Stop(Problem.TOO_MANY_PAGES)
            seen.add(url)
        if page.total is not None and page.total > matches:
            self._note(Problem.TRUNCATED)

    def _keep(self, page: Page) -> None:
        self._found.extend(page.resources)  # in one step: the caller may take what is there at any moment
        if page.problem is not None:
            self._note(page.problem)

    def _ask(self, url: str) -> object:
        """The parsed body of one GET, repeated where that may help."""
        for _ in range(self._limits.retries):
            try:
                return self._get(url)
            except _Stop as stop:
                if stop.pause is None or stop.pause >= self.left():
                    raise
                time.sleep(stop.pause)
        return self._get(url)

    def _get(self, url: str) -> object:
        left = self.left()
        if left <= 0:
            raise _Stop(Problem.TOO_SLOW)
        headers = {"Authorization": f"Bearer {self._access.token}"} if self._access.token else {}
        try:
            with self._session.get(
                url, headers=headers, timeout=left, stream=True, allow_redirects=False
            ) as response:
                _check(response)
                return loads(self._body(response))
        except NotJsonError:
            raise _Stop(Problem.NOT_FHIR) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _failure(error) from None
        finally:
            self._socket = None  # back in the pool, and no longer ours to shut

    def _body(self, response: requests.Response) -> bytes:
        """The decompressed body, read as it arrives: `read1` returns after one receive, unlike `read`."""
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            self._room -= len(chunk)
            if self._room < 0:
                raise _Stop(Problem.TOO_LARGE)
            if self.left() <= 0:
                raise _Stop(Problem.TOO_SLOW)
            body += chunk
        return bytes(body).removeprefix(b"\xef\xbb\xbf")  # some servers begin with a byte order mark


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _on_server(base: str, start: str, link: str) -> str:
    """Where `link` leads from `start`, rebuilt on the base's own host; OFF_ORIGIN if not below the base."""
    try:
        home, there = urlsplit(base), urlsplit(urljoin(start, link))
        same = _origin(home) == _origin(there)
    except ValueError:
        raise _Stop(Problem.OFF_ORIGIN) from None
    inside = there.path == home.path or there.path.startswith(f"{home.path}/")
    steps = unquote(there.path).replace("\\", "/").split("/")
    if not same or not inside or "." in steps or ".." in steps:
        raise _Stop(Problem.OFF_ORIGIN)
    host = home.netloc.rpartition("@")[2]  # a user name in the URL would take the place of our token
    return urlunsplit((home.scheme, host, there.path, there.query, ""))


def _read_type(query: str) -> str | None:
    """The resource type of "Type/id"; None for a search."""
    match query.partition("?")[0].strip("/").split("/"):
        case [kind, name] if not name.startswith(("_", "$")):
            return kind
    return None


def _check(response: requests.Response) -> None:
    status = response.status_code
    if status != HTTPStatus.OK:
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        problem = _BY_STATUS.get(status, Problem.SERVER_ERROR if failed else Problem.HTTP_ERROR)
        raise _Stop(problem, _pause(response) if status in _RETRIED else None)
    kind = response.headers.get("Content-Type", "json").partition(";")[0].lower()
    if "json" not in kind:
        raise _Stop(Problem.NOT_FHIR)


def _pause(response: requests.Response) -> float:
    """Seconds, from Retry-After as a number or a date."""
    after = response.headers.get("Retry-After", "").strip()
    try:
        if after.isdecimal():
            return int(after)
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return _PAUSE_S


def _failure(error: Exception) -> _Stop:
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return _Stop(Problem.TOO_SLOW)
    if isinstance(error, urllib3.exceptions.DecodeError):
        return _Stop(Problem.NOT_FHIR)
    cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else error
    if isinstance(cause, urllib3.exceptions.ProtocolError):  # the connection was there and broke
        return _Stop(Problem.UNREACHABLE, _PAUSE_S)
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.HTTPError):
        return _Stop(Problem.UNREACHABLE)
    return _Stop(Problem.HTTP_ERROR)


class _Here(threading.local):
    """The flight of the current thread."""

    flight: _Flight | None = None


_here = _Here()


class _Connection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3 itself
        if _here.flight is not None:
            _here.flight.watch(self.sock)
        return super().getresponse()


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """Connections whose socket the flight knows, so that it can be shut at the deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: else the whole body of a redirect is read, unmeasured, even when it is not followed."""


def _say_nothing(record: logging.LogRecord) -> bool:
    return False


def _session(size: int, ca_file: Path | None) -> requests.Session:
    """A pool of verified TLS connections that takes nothing from the environment and keeps no cookies."""
    # urllib3 logs whole URLs, with the patient in the query, at DEBUG and at WARNING.
    for name in ("urllib3.connectionpool", "urllib3.connection"):
        logging.getLogger(name).addFilter(_say_nothing)
    session = _Session()
    session.verify = str(ca_file) if ca_file is not None else True
    session.trust_env = False  # no proxy from the environment, no .netrc in the place of our token
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # a cookie may carry one user's login
    session.headers.update({"Accept": "application/fhir+json", "Accept-Encoding": "gzip"})
    adapter = _Adapter(pool_maxsize=size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
