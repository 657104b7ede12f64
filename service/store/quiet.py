"""Which cards their readers have dismissed: kept in memory, so that asking costs a call nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select

from service.pseudonyms import caller_name
from service.store.engine import Mode
from service.store.errors import StoreDown
from service.store.store import Store
from service.store.tables.feedback import feedback

FRESH_S = 1.0
"""A card dismissed at another worker is known here after this time."""
_WITHIN_S = 0.25
_AFRESH_S = 600.0
_OVERLAP = timedelta(minutes=1)
"""Rows become visible out of order, and clocks of replicas differ."""

_Card = tuple[str, str]
_LongAgo = datetime.min.replace(tzinfo=UTC)


class _Row(NamedTuple):
    issuer: str
    tenant: str | None
    card: str
    outcome: str
    outcome_at: datetime
    received_at: datetime


def _now() -> datetime:
    return datetime.now(UTC)


class DismissedCards:
    """The dismissals of the last `span`, as of a second ago; one that an acceptance followed is none."""

    def __init__(self, store: Store, span: timedelta, now: Callable[[], datetime] = _now) -> None:
        self._store = store
        self._span = span
        self._now = now
        self._fresh_until = 0.0
        self._afresh_at = 0.0
        self._asked = _LongAgo
        self._last: dict[_Card, tuple[datetime, bool]] = {}

    def when(self, caller: str, cards: Iterable[str]) -> dict[str, datetime]:
        """Card -> when it was dismissed, for those that were. Never fails: what is not known was not."""
        if time.monotonic() >= self._fresh_until:
            self._refresh()
        last = self._last
        found = {card: last.get((caller, card)) for card in cards}
        return {card: known[0] for card, known in found.items() if known is not None and known[1]}

    def look_again(self) -> None:
        """Something has changed: the next call asks the store."""
        self._fresh_until = 0.0

    def _refresh(self) -> None:
        # Set before asking: of many calls at once one asks, and a store that is down is asked once a second.
        started = time.monotonic()
        self._fresh_until = started + FRESH_S
        afresh, now = started >= self._afresh_at, self._now()
        since = now - self._span if afresh else self._asked - _OVERLAP
        try:
            rows = self._store.run("quiet", lambda c: _outcomes(c, since), Mode.READ, _WITHIN_S)
        except StoreDown:
            return
        last = {} if afresh else dict(self._last)
        for row in rows:
            _note(last, row)
        self._last, self._asked = last, now
        if afresh:
            self._afresh_at = started + _AFRESH_S


def _outcomes(connection: Connection, since: datetime) -> list[_Row]:
    f = feedback.c
    query = select(f.issuer, f.tenant, f.card, f.outcome, f.outcome_at, f.received_at)
    query = query.where(f.received_at >= since)
    return [_Row(*row) for row in connection.execute(query)]


def _note(last: dict[_Card, tuple[datetime, bool]], row: _Row) -> None:
    # A client's clock may run ahead: nothing was dismissed later than we heard of it.
    moment, dismissed = min(row.outcome_at, row.received_at), row.outcome == "overridden"
    key = (caller_name(row.issuer, row.tenant), row.card)
    known = last.get(key)
    if known is None or (known[0], not known[1]) < (moment, not dismissed):
        last[key] = (moment, dismissed)
