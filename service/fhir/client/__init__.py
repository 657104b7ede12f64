"""Fetch FHIR resources from the EHR, in parallel and within one deadline.

Nothing here logs or raises a URL, a token or a body: every failure becomes a `Problem`, which is a
constant. How a call leaves the service is the matter of `service.outgoing`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

from service.fhir.client.access import FhirAccess, Limits
from service.fhir.client.answer import UNANSWERED
from service.fhir.client.flight import Flight
from service.fhir.client.slots import Slots
from service.fhir.fetched import Fetched, Problem
from service.outgoing.address import Address
from service.outgoing.breaker import Breaker
from service.outgoing.connections import session
from service.outgoing.reach import Reach

__all__ = ["FhirAccess", "FhirClient", "Limits"]


class FhirClient:
    """May be shared by all threads of a process. Never raises for what a server does.

    `ca_file`: PEM file of the authorities to trust, in place of the public ones. `reach`: the network
    addresses that may be connected to; public ones over TLS if nothing is said. `breaker`: which servers
    are left alone for now, since they failed.
    """

    def __init__(
        self,
        limits: Limits,
        ca_file: Path | None = None,
        reach: Reach | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self._limits = limits
        self._session = session(limits.max_parallel, reach or Reach(), ca_file)
        self._slots = Slots(limits.max_parallel, limits.max_overall)
        # A trial ends with its fetch; a little later at the latest another may try.
        self._breaker = breaker or Breaker(probe_s=limits.deadline_s + 1)

    def fetch(self, access: FhirAccess, queries: Mapping[str, str]) -> dict[str, Fetched]:
        """Answer key -> relative query ("Patient/p1", "Observation?patient=p1"), each on its own.

        Returns at the deadline at the latest; a key open then is TOO_SLOW and keeps the pages it has.
        At once, and with UNAVAILABLE for each key, if the server failed over and over just now.
        """
        server = _server(access.base)
        if not self._breaker.allows(server):
            return {key: Fetched(key, problem=Problem.UNAVAILABLE) for key in queries}
        flights = self._flights(access, queries)
        for flight in flights:
            self._launch(flight, server)
        found = {flight.key: flight.land() for flight in flights}
        self._learn(server, [found[flight.key] for flight in flights if flight.started])
        return found

    def _learn(self, server: Hashable, asked: Sequence[Fetched]) -> None:
        """No answer at all counts against a server. An error is an answer, and costs nobody time.

        A query that found no free slot was never asked: it says nothing of the server.
        """
        if any(f.problem not in UNANSWERED or f.resources for f in asked):
            self._breaker.answered(server)
        elif asked:
            self._breaker.failed(server)

    def _flights(self, access: FhirAccess, queries: Mapping[str, str]) -> list[Flight]:
        deadline = time.monotonic() + self._limits.deadline_s
        return [
            Flight(key, query, access, self._limits, self._session, deadline)
            for key, query in queries.items()
        ]

    def _launch(self, flight: Flight, server: Hashable) -> None:
        """Start a thread once this server has a slot free; a flight without one lands TOO_SLOW.

        Daemon threads and not an executor: one that hangs (in a name lookup, say) must not hold up
        the end of the process, and nothing may queue behind it.
        """
        if not self._slots.acquire(server, flight.left()):
            return
        try:
            threading.Thread(target=self._fly, args=(flight, server), name="fhir-fetch", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            self._slots.release(server)

    def _fly(self, flight: Flight, server: Hashable) -> None:
        try:
            flight.run()
        finally:
            self._slots.release(server)


def _server(base: str) -> Hashable:
    """What breaker and slots take for one server: scheme, host and port."""
    address = Address.of(base)
    return address.origin if address is not None else base
