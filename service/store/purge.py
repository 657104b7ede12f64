"""Forget what is older than it need be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, exists, select

from service.store.engine import Mode
from service.store.store import Store
from service.store.tables.audit import card, hook_call, shown_card
from service.store.tables.feedback import feedback

_BATCH = 1000
"""Rows in one transaction: nobody waits long for it."""


def purge(store: Store, before: datetime) -> dict[str, int]:
    """Delete calls answered and outcomes received before then, and cards of which nothing is left; how many.

    StoreDown if that cannot be done; what was deleted until then is gone.
    """
    unused = ~exists().where(shown_card.c.card == card.c.uuid) & ~exists().where(
        feedback.c.card == card.c.uuid
    )
    return {
        "calls": _delete(store, hook_call, hook_call.c.id, hook_call.c.at < before),
        "outcomes": _delete(store, feedback, feedback.c.id, feedback.c.received_at < before),
        "cards": _delete(store, card, card.c.uuid, unused),
    }


def _delete(store: Store, table: Table, key: Any, condition: Any) -> int:
    some = select(key).where(condition).limit(_BATCH).scalar_subquery()
    statement = delete(table).where(key.in_(some))
    done = 0
    while True:
        found = store.run_here("purge", lambda c: c.execute(statement).rowcount, Mode.WRITE)
        done += found
        if found < _BATCH:
            return done
