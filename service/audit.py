"""Notes every call for the audit, once it is answered."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from flask import Flask, Response, request

from service.observing.notes import Notes, ShownCard, notes
from service.pseudonyms import Pseudonyms
from service.store.audit import AuditStore, Call, Shown
from service.store.writer import BackgroundWriter

AUDITED = frozenset({"hooks", "trials"})
"""Blueprints whose POSTs are calls."""
APP_PAGE = "smart.app"
"""The endpoint that shows a record to whoever launched the app."""
_MS = 1000
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_spilled = logging.getLogger("service.audit")


@dataclasses.dataclass(frozen=True, slots=True)
class Answered:
    """A call as the request leaves it: no more is done before the answer is sent."""

    noted: Notes
    at: datetime
    seconds: float
    status: int
    route: str
    id: str


class Audit:
    """Writes calls to the store in the background; to the log what the store cannot take."""

    def __init__(self, store: AuditStore, pseudonyms: Pseudonyms, lost: Callable[[], None]) -> None:
        """`lost` is told of each call that goes to the log instead of the store."""
        self._store = store
        self._pseudonyms = pseudonyms
        self._lost = lost
        self.writer: BackgroundWriter[Answered] = BackgroundWriter(self._write, self._spill)

    def register(self, app: Flask) -> None:
        """Note the calls of an app."""
        app.after_request(self._note)

    def _note(self, response: Response) -> Response:
        if (request.blueprint in AUDITED and request.method == "POST") or request.endpoint == APP_PAGE:
            noted = notes()
            route = request.url_rule.rule if request.url_rule else ""
            now, key = datetime.now(UTC), uuid4().hex
            self.writer.put(Answered(noted, now, noted.seconds, response.status_code, route, key))
        return response

    def _write(self, answered: list[Answered]) -> None:
        self._store.write([self._call(a) for a in answered])

    def _spill(self, answered: Answered) -> None:
        self._lost()
        call = dataclasses.asdict(self._call(answered))
        _spilled.warning("a call that the store did not take", extra={"call": call})

    def _call(self, answered: Answered) -> Call:
        noted, caller = answered.noted, answered.noted.caller
        instance = noted.hook_instance
        return Call(
            id=answered.id,
            at=answered.at,
            request_id=noted.request_id,
            route=answered.route,
            issuer=noted.issuer or "",
            tenant=noted.tenant,
            service=noted.service or noted.feedback,
            hook=noted.hook,
            # Of another form it may say anything.
            hook_instance=instance if instance and _UUID.fullmatch(instance) else None,
            user=self._pseudonyms.of("user", caller, noted.user),
            patient=self._pseudonyms.of("patient", caller, noted.patient),
            status=answered.status,
            refused=noted.refused,
            ms=round(answered.seconds * _MS, 2),
            fetched=len(noted.fetches),
            cards=(
                *(_shown(c, quiet=False) for c in noted.cards),
                *(_shown(c, quiet=True) for c in noted.quiet),
            ),
        )


def _shown(card: ShownCard, *, quiet: bool) -> Shown:
    return Shown(card.uuid, card.topic, card.indicator, card.rules, quiet)
