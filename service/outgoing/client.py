"""Small JSON documents of other servers: sets of keys, SMART discovery, tokens."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests

from service.lenient_json import NotJsonError, loads
from service.outgoing.connections import session
from service.outgoing.exchange import Exchange
from service.outgoing.failure import Failure, OutgoingError
from service.outgoing.reach import Reach

_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Document:
    """What was answered with 200, or with a status that the caller asked for."""

    status: int
    content: Any = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class OutgoingClient:
    """Gets JSON within bounds of time and size, from addresses within reach. Threads may share it.

    No redirect is followed, no cookie kept, no proxy taken from the environment.
    """

    def __init__(self, reach: Reach, ca_file: Path | None = None, size: int = 4) -> None:
        self._session = session(size, reach, ca_file)

    def json(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        also: frozenset[int] = frozenset(),
        timeout_s: float = 3.0,
        max_bytes: int = 256_000,
    ) -> Document:
        """The JSON at an address: GET, or POST if there is a form. OutgoingError if it cannot be had.

        `also`: statuses beside 200 whose body is wanted. Returns or raises after `timeout_s` at the latest.
        """
        call = _Call(self._session, time.monotonic() + timeout_s)
        wanted = {"Accept": "application/json", **headers}
        call.start(url, wanted, form, frozenset({HTTPStatus.OK, *also}), max_bytes)
        return call.result()


class _Call:
    """On a thread of its own: a lookup of a name heeds no deadline."""

    def __init__(self, pool: requests.Session, deadline: float) -> None:
        self._exchange = Exchange(pool, deadline)
        self._done = threading.Event()
        self._found: Document | None = None
        self._failure = Failure.OTHER

    def start(
        self,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        statuses: frozenset[int],
        max_bytes: int,
    ) -> None:
        def run() -> None:
            try:
                self._found = self._ask(url, headers, form, statuses, max_bytes)
            except OutgoingError as error:
                self._failure = error.failure
            except Exception:  # noqa: BLE001 - its text may hold the address or a secret
                self._failure = Failure.OTHER
            finally:
                self._done.set()

        try:
            threading.Thread(target=run, name="outgoing", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            self._done.set()

    def result(self) -> Document:
        if not self._done.wait(max(0.0, self._exchange.left())):
            self._exchange.abort()
            raise OutgoingError(Failure.TOO_SLOW)
        if self._found is None:
            raise OutgoingError(self._failure)
        return self._found

    def _ask(
        self,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        statuses: frozenset[int],
        max_bytes: int,
    ) -> Document:
        seen: list[requests.Response] = []

        def head(response: requests.Response) -> None:
            seen.append(response)
            if response.status_code not in statuses:
                raise OutgoingError(Failure.STATUS)

        body = self._exchange.body(url, headers, max_bytes, head, form)
        try:
            return Document(seen[0].status_code, loads(body), dict(seen[0].headers))
        except NotJsonError:
            raise OutgoingError(Failure.NOT_JSON) from None
