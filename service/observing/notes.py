"""What is noted of the request under way, for its log line, the metrics and the audit. Never chart text."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass, field

from flask import g, has_request_context

from service.pseudonyms import caller_name

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True, slots=True)
class Fetch:
    """One query to a FHIR server. `resource`: its prefetch key; `outcome`: `ok` or the problem's name."""

    resource: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card of the answer. `topic`: its kind; `rules`: ids of the rules it states."""

    uuid: str
    topic: str
    indicator: str
    rules: tuple[str, ...] = ()


@dataclass(slots=True)
class Notes:
    """Filled on the way, read when the answer is sent."""

    request_id: str
    started: float
    """time.perf_counter() at arrival."""
    service: str | None = None
    feedback: str | None = None
    """The service whose cards are reported on."""
    hook: str | None = None
    hook_instance: str | None = None
    issuer: str | None = None
    """Who calls, once the caller is known: the `iss` of its token."""
    tenant: str | None = None
    """Its name in the file of tenants."""
    user: str | None = field(default=None, repr=False)
    patient: str | None = field(default=None, repr=False)
    """As the call names them: for their pseudonyms alone, never for a log line."""
    quiet: list[ShownCard] = field(default_factory=list)
    """Cards held back, since their reader had dismissed them."""
    cards: list[ShownCard] = field(default_factory=list)
    fetches: list[Fetch] = field(default_factory=list)
    open_facts: tuple[str, ...] = ()
    """Names of facts that leave a scheme or a statement open."""
    refused: str | None = None
    """The issue code of a refusal."""

    @property
    def caller(self) -> str:
        """Within which ids of users and patients are unique; empty if callers are not checked."""
        return caller_name(self.issuer, self.tenant)

    @property
    def seconds(self) -> float:
        """Since arrival."""
        return time.perf_counter() - self.started


def request_id_of(given: str | None) -> str:
    """The caller's X-Request-Id if it has the form of one, else a new one: it goes into the log as it is."""
    return given if given and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def notes() -> Notes:
    """The notes of the request under way; outside a request, notes that nobody reads."""
    if not has_request_context():
        return Notes("", time.perf_counter())
    found: Notes | None = g.get("notes")
    if found is None:
        found = g.notes = Notes(uuid.uuid4().hex, time.perf_counter())
    return found
