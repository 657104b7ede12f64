"""The audit: every call with who made it, what it showed, and how it ended. No word of a chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, and_, or_, select

from service.store.engine import Mode
from service.store.many import insert_new
from service.store.store import Store
from service.store.tables.audit import card, hook_call, shown_card

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """A card of an answer, or one held back because its reader had dismissed it."""

    uuid: str
    topic: str
    indicator: str
    rules: tuple[str, ...]
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One call, users and patients by pseudonym.

    `id`: given once, so that writing it again changes nothing; `at`: when it was answered, aware; `ms`: how
    long that took.
    """

    id: str
    at: datetime
    request_id: str
    route: str
    issuer: str
    tenant: str | None
    service: str | None
    hook: str | None
    hook_instance: str | None
    user: str | None
    patient: str | None
    status: int
    refused: str | None
    ms: float
    fetched: int
    cards: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls: at or after `since`, before `until`; None asks for all."""

    since: datetime | None = None
    until: datetime | None = None
    issuer: str | None = None
    tenant: str | None = None
    user: str | None = None
    patient: str | None = None


class AuditStore:
    """Writes calls, and reads them back."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, calls: Sequence[Call]) -> None:
        """Keep them, each once however often it is written. On the calling thread; StoreDown if it fails."""
        self._store.run_here("audit", lambda connection: _insert(connection, calls), Mode.WRITE)

    def read(self, wanted: Wanted) -> Iterator[Call]:
        """Calls in the order of time, page by page. StoreDown if they cannot be had."""
        after: tuple[datetime, str] | None = None
        while True:
            page = self._store.run_here("audit", partial(_page, wanted=wanted, after=after), Mode.READ)
            yield from page
            if len(page) < _PAGE:
                return
            after = (page[-1].at, page[-1].id)


def _insert(connection: Connection, calls: Sequence[Call]) -> None:
    rows = [
        {
            "id": c.id,
            "at": c.at,
            "request_id": c.request_id,
            "route": c.route,
            "issuer": c.issuer,
            "tenant": c.tenant,
            "service": c.service,
            "hook": c.hook,
            "hook_instance": c.hook_instance,
            "user_pseudonym": c.user,
            "patient_pseudonym": c.patient,
            "status": c.status,
            "refused": c.refused,
            "ms": c.ms,
            "fetched": c.fetched,
        }
        for c in calls
    ]
    cards = {
        s.uuid: {
            "uuid": s.uuid,
            "service": c.service or "",
            "topic": s.topic,
            "indicator": s.indicator,
            "rules": " ".join(s.rules),
        }
        for c in calls
        for s in c.cards
    }
    shown = [{"call_id": c.id, "card": s.uuid, "quiet": s.quiet} for c in calls for s in c.cards]
    # Sorted: two writers with the same cards would else wait for one another in PostgreSQL.
    for table, values in ((hook_call, rows), (card, [cards[k] for k in sorted(cards)]), (shown_card, shown)):
        insert_new(connection, table, values)


def _page(connection: Connection, wanted: Wanted, after: tuple[datetime, str] | None) -> list[Call]:
    query = select(hook_call).order_by(hook_call.c.at, hook_call.c.id).limit(_PAGE)
    if after is not None:
        at, last = after
        query = query.where(or_(hook_call.c.at > at, and_(hook_call.c.at == at, hook_call.c.id > last)))
    elif wanted.since is not None:
        query = query.where(hook_call.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(hook_call.c.at < wanted.until)
    for column, value in (
        (hook_call.c.issuer, wanted.issuer),
        (hook_call.c.tenant, wanted.tenant),
        (hook_call.c.user_pseudonym, wanted.user),
        (hook_call.c.patient_pseudonym, wanted.patient),
    ):
        if value is not None:
            query = query.where(column == value)
    found = connection.execute(query).mappings().all()
    cards = _cards_of(connection, [row["id"] for row in found])
    return [
        Call(
            cards=tuple(cards.get(row["id"], ())),
            user=row["user_pseudonym"],
            patient=row["patient_pseudonym"],
            **{k: v for k, v in row.items() if k not in ("user_pseudonym", "patient_pseudonym")},
        )
        for row in found
    ]


def _cards_of(connection: Connection, calls: Sequence[str]) -> dict[str, list[Shown]]:
    query = (
        select(shown_card.c.call_id, shown_card.c.quiet, card)
        .join(card, card.c.uuid == shown_card.c.card)
        .where(shown_card.c.call_id.in_(calls))
        .order_by(card.c.topic, card.c.uuid)
    )
    found: dict[str, list[Shown]] = {}
    for row in connection.execute(query):
        shown = Shown(row.uuid, row.topic, row.indicator, tuple(row.rules.split()), row.quiet)
        found.setdefault(row.call_id, []).append(shown)
    return found
