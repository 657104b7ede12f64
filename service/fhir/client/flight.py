"""One query under way: its pages, its retries, and what it has when the time is up."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import requests

from service.fhir.client.access import FhirAccess, Limits
from service.fhir.client.answer import Stop, check_head, stop_of
from service.fhir.client.links import OffOriginError, on_server, read_type
from service.fhir.fetched import Fetched, Page, Problem, read_one, read_page
from service.lenient_json import NotJsonError, loads
from service.outgoing.exchange import Exchange
from service.outgoing.failure import OutgoingError

_log = logging.getLogger(__name__)

_ACCEPT = {"Accept": "application/fhir+json"}


class Flight:
    """`run` on a thread of its own, `land` on the caller's."""

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
        self.started = False
        """Whether it was run at all."""
        self._query, self._base, self._limits = query, access.base.rstrip("/"), limits
        self._headers = {**_ACCEPT, "Authorization": f"Bearer {access.token}"} if access.token else _ACCEPT
        self._exchange = Exchange(session, deadline)
        self._since = time.monotonic()
        self._room = limits.max_bytes
        self._found: list[dict[str, Any]] = []
        self._problem: Problem | None = None
        self._took = 0.0
        self._done = threading.Event()

    def left(self) -> float:
        """Seconds to the deadline, negative after it."""
        return self._exchange.left()

    def land(self) -> Fetched:
        """Wait until done or the deadline."""
        if self._done.wait(max(0.0, self.left())):
            return Fetched(self.key, tuple(self._found), self._problem, self._took)
        self._exchange.abort()
        return Fetched(self.key, tuple(self._found), Problem.TOO_SLOW, time.monotonic() - self._since)

    def run(self) -> None:
        """Ask, to the end or the first obstacle."""
        self.started = True
        try:
            self._answer()
        except Stop as stop:
            self._note(stop.problem)
        except OffOriginError:
            self._note(Problem.OFF_ORIGIN)
        except Exception as error:  # noqa: BLE001
            # Its text may hold the URL or the token, and would be printed: only its name may leave.
            name = type(error).__name__
            _log.error("FHIR query ended by an unexpected %s", name)
            self._note(Problem.HTTP_ERROR)
        finally:
            self._took = time.monotonic() - self._since
            self._done.set()

    def _note(self, problem: Problem) -> None:
        """The first problem stands, except that after the deadline every failure is a consequence of it."""
        if self.left() <= 0:
            self._problem = Problem.TOO_SLOW
        elif self._problem is None:
            self._problem = problem

    def _answer(self) -> None:
        url = on_server(self._base, f"{self._base}/", self._query)
        wanted = read_type(self._query)
        if wanted is None:
            self._search(url)
        else:
            self._keep(read_one(self._ask(url), wanted))

    def _search(self, url: str) -> None:
        base = self._base
        seen = {url}
        matches = 0
        while True:
            page = read_page(self._ask(url))
            self._keep(page)
            matches += page.matches
            if page.next_link is None:
                break
            # A relative link is relative to the service base, or to the page if it is a bare query.
            url = on_server(base, url if page.next_link.startswith("?") else f"{base}/", page.next_link)
            if url in seen or len(seen) >= self._limits.max_pages:
                raise Stop(Problem.TOO_MANY_PAGES)
            seen.add(url)
        if page.total is not None and page.total > matches:
            self._note(Problem.TRUNCATED)

    def _keep(self, page: Page) -> None:
        self._found.extend(page.resources)  # in one step: the caller may take what is there at any moment
        if page.problem is not None:
            self._note(page.problem)

    def _ask(self, url: str) -> object:
        """The parsed body of one GET, repeated where that may help: reads change nothing."""
        for repeat in range(self._limits.retries):
            try:
                return self._get(url)
            except Stop as stop:
                if stop.pause is None:
                    raise
                pause = stop.pause * 2**repeat
                if pause >= self.left():
                    raise
                time.sleep(pause)
        return self._get(url)

    def _get(self, url: str) -> object:
        try:
            body = self._exchange.body(url, self._headers, self._room, check_head)
        except OutgoingError as error:
            raise stop_of(error.failure) from None
        self._room -= len(body)
        try:
            return loads(body)
        except NotJsonError:
            raise Stop(Problem.NOT_FHIR) from None
