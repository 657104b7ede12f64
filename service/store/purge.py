"""Forget what is older than it need be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, delete, exists, select

from service.store.engine import Mode
from service.store.replay import KEPT_AFTER_EXPIRY
from service.store.store import Store
from service.store.tables.audit import card, hook_call, shown_card
from service.store.tables.feedback import feedback
from service.store.tables.replay import used_token
from service.store.tables.sealed import sealed_row
from service.store.tables.trials import trial_run
from service.store.trials import left_over

_BATCH = 1000
"""Rows in one transaction: nobody waits long for it."""


def purge(store: Store, before: datetime, now: datetime | None = None) -> dict[str, int]:
    """Delete calls answered and outcomes received before then, and cards of which nothing is left; how many.

    And whatever `before` says, what is of no use to anyone: sessions and sign-ins that have ended, tokens
    that can no longer be used, runs of the trial registry beside the snapshot, the one before it, and one
    that may still be taken up. StoreDown if that cannot be done; what was deleted until then is gone.
    """
    now = now or datetime.now(UTC)
    unused = ~exists().where(shown_card.c.card == card.c.uuid) & ~exists().where(
        feedback.c.card == card.c.uuid
    )
    expired = used_token.c.expires < now - KEPT_AFTER_EXPIRY
    return {
        "calls": _delete(store, hook_call, hook_call.c.id, hook_call.c.at < before),
        "outcomes": _delete(store, feedback, feedback.c.id, feedback.c.received_at < before),
        "cards": _delete(store, card, card.c.uuid, unused),
        "ended sessions": _delete(store, sealed_row, sealed_row.c.digest, sealed_row.c.expires <= now),
        "expired tokens": _delete(store, used_token, used_token.c.digest, expired),
        # One at a time: its records, some thousand, go with it.
        "old runs of the trial registry": _delete(store, trial_run, trial_run.c.id, left_over(now), batch=1),
    }


def _delete(store: Store, table: Table, key: Any, condition: Any, batch: int = _BATCH) -> int:
    some = select(key).where(condition).limit(batch).scalar_subquery()
    statement = delete(table).where(key.in_(some))
    done = 0
    while True:
        found = store.run_here("purge", lambda c: c.execute(statement).rowcount, Mode.WRITE)
        done += found
        if found < batch:
            return done
