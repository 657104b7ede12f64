"""What became of the cards, by rule and by kind of card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, func, select

from service.store.engine import Mode
from service.store.store import Store
from service.store.tables.audit import card, hook_call, shown_card
from service.store.tables.feedback import accepted_suggestion, feedback

_PAGE = 500
UNKNOWN = "unknown"
"""Kind and rule of cards that the store does not know: their record was emptied, or they are not ours."""


@dataclass(slots=True)
class Tally:
    """Counts for one rule or one kind of card. `shown`: times sent; the others: outcomes reported."""

    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Code -> how often; `comment only` and `none given` where no reason was chosen."""

    @property
    def override_rate(self) -> float | None:
        """Share of the outcomes reported; None without any. Ignored cards are reported by nobody."""
        told = self.accepted + self.overridden
        return self.overridden / told if told else None


@dataclass(frozen=True, slots=True)
class Report:
    """Tallies by kind of card and by rule. A card that states several rules counts for each of them."""

    topics: dict[str, Tally]
    rules: dict[str, Tally]


def report(store: Store, since: datetime | None) -> Report:
    """Of cards sent and outcomes received since then. StoreDown if it cannot be had."""
    return store.run_here("report", lambda connection: _report(connection, since), Mode.READ)


def outcomes(store: Store, since: datetime | None) -> Iterator[dict[str, Any]]:
    """Each outcome with all that is kept of it, in the order of arrival. StoreDown if they cannot be had."""
    last = 0
    while True:
        page = store.run_here("report", partial(_outcomes, since=since, last=last), Mode.READ)
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1]["id"]


def _report(connection: Connection, since: datetime | None) -> Report:
    found = Report({}, {})
    for row in connection.execute(_showings(since)):
        for tally in _tallies(found, row.topic, row.rules):
            tally.shown += row.times
    for row in connection.execute(_reported(since)):
        for tally in _tallies(found, row.topic, row.rules):
            _count(tally, row)
    return Report(_sorted(found.topics), _sorted(found.rules))


def _showings(since: datetime | None) -> Any:
    query = (
        select(card.c.topic, card.c.rules, func.count().label("times"))
        .select_from(shown_card)
        .join(card, card.c.uuid == shown_card.c.card)
        .where(shown_card.c.quiet.is_(False))
        .group_by(card.c.topic, card.c.rules)
    )
    if since is None:
        return query
    return query.join(hook_call, hook_call.c.id == shown_card.c.call_id).where(hook_call.c.at >= since)


def _reported(since: datetime | None) -> Any:
    f = feedback.c
    said = (card.c.topic, card.c.rules, f.outcome, f.reason_code, f.commented)
    query = select(*said, func.count().label("times")).select_from(feedback)
    query = query.outerjoin(card, card.c.uuid == f.card).group_by(*said)
    return query if since is None else query.where(f.received_at >= since)


def _tallies(found: Report, topic: str | None, rules: str | None) -> Iterable[Tally]:
    if topic is None:
        topic, rules = UNKNOWN, UNKNOWN
    yield found.topics.setdefault(topic, Tally())
    for rule in (rules or "").split():
        yield found.rules.setdefault(rule, Tally())


def _count(tally: Tally, row: Row[Any]) -> None:
    if row.outcome == "accepted":
        tally.accepted += row.times
        return
    tally.overridden += row.times
    tally.reasons[row.reason_code or ("comment only" if row.commented else "none given")] += row.times


def _sorted(tallies: dict[str, Tally]) -> dict[str, Tally]:
    return dict(sorted(tallies.items(), key=lambda item: (-item[1].overridden, -item[1].shown, item[0])))


def _outcomes(connection: Connection, since: datetime | None, last: int) -> list[dict[str, Any]]:
    f = feedback.c
    query = select(feedback, card.c.topic, card.c.rules).outerjoin(card, card.c.uuid == f.card)
    query = query.where(f.id > last).order_by(f.id).limit(_PAGE)
    if since is not None:
        query = query.where(f.received_at >= since)
    rows = connection.execute(query).mappings().all()
    accepted: dict[int, list[str]] = {}
    asked = accepted_suggestion.c.feedback_id.in_([row["id"] for row in rows])
    for suggestion in connection.execute(select(accepted_suggestion).where(asked)):
        accepted.setdefault(suggestion.feedback_id, []).append(suggestion.suggestion)
    # Plain strings for keys: SQLAlchemy's are of a class of their own.
    return [
        {**{str(k): v for k, v in row.items()}, "suggestions": sorted(accepted.get(row["id"], ()))}
        for row in rows
    ]
