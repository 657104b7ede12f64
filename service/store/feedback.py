"""Outcomes of cards, kept as they were reported."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from service.store.engine import Mode
from service.store.store import Store
from service.store.tables.feedback import accepted_suggestion, feedback


@dataclass(frozen=True, slots=True)
class Outcome:
    """What someone reported of one card. Times are aware; `issuer` is empty where callers are not checked."""

    issuer: str
    service: str
    card: str
    outcome: str
    """`accepted` or `overridden`."""
    outcome_at: datetime
    suggestions: tuple[str, ...] = ()
    reason_system: str | None = None
    reason_code: str | None = None
    commented: bool = False
    tenant: str | None = None
    comment: str | None = field(default=None, repr=False)

    @property
    def digest(self) -> bytes:
        """What makes it the same report: all but the comment, of which nothing may be left to guess from."""
        said = (
            self.issuer,
            self.tenant,
            self.service,
            self.card,
            self.outcome,
            self.outcome_at.astimezone(UTC).isoformat(),
            sorted(self.suggestions),
            self.reason_system,
            self.reason_code,
        )
        return hashlib.sha256(json.dumps(said).encode()).digest()


class FeedbackStore:
    """Keeps outcomes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, outcomes: Sequence[Outcome], received_at: datetime) -> list[Outcome]:
        """Keep all of them or none; those that were not known yet. On disk when this returns, else StoreDown.

        One that was kept before is not kept again, so that a client may repeat what was not acknowledged.
        """
        if not outcomes:
            return []
        return self._store.run("feedback", lambda c: _insert(c, outcomes, received_at), Mode.WRITE)


def _insert(connection: Connection, outcomes: Sequence[Outcome], received_at: datetime) -> list[Outcome]:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    given = {outcome.digest: outcome for outcome in outcomes}
    # In one order: two batches with the same outcomes would else wait for one another in PostgreSQL.
    rows = [_row(given[digest], digest, received_at) for digest in sorted(given)]
    statement = insert(feedback).on_conflict_do_nothing(index_elements=["digest"])
    kept = connection.execute(statement.returning(feedback.c.id, feedback.c.digest), rows).all()
    suggestions = [
        {"feedback_id": row.id, "suggestion": suggestion}
        for row in kept
        for suggestion in sorted(set(given[row.digest].suggestions))
    ]
    if suggestions:
        connection.execute(accepted_suggestion.insert(), suggestions)
    return [given[row.digest] for row in kept]


def _row(outcome: Outcome, digest: bytes, received_at: datetime) -> dict[str, Any]:
    return {
        "digest": digest,
        "issuer": outcome.issuer,
        "tenant": outcome.tenant,
        "service": outcome.service,
        "card": outcome.card,
        "outcome": outcome.outcome,
        "reason_system": outcome.reason_system,
        "reason_code": outcome.reason_code,
        "commented": outcome.commented,
        "comment": outcome.comment,
        "outcome_at": outcome.outcome_at,
        "received_at": received_at,
    }
