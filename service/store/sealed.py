"""Rows that only their owner can read: put, read, taken once, replaced, dropped. Nothing here decrypts."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select, update

from service.store.engine import Mode
from service.store.errors import StoreDown
from service.store.store import Store
from service.store.tables.sealed import sealed_row

_PURGE_EVERY_S = 60.0
_USE = "sealed"


def _now() -> datetime:
    return datetime.now(UTC)


def digest_of(name: str) -> bytes:
    """Under which a row of this name is kept."""
    return hashlib.sha256(name.encode()).digest()


class SealedRows:
    """Every method: StoreDown if it cannot be done. Names are unguessable; contents are already encrypted."""

    def __init__(self, store: Store, now: Callable[[], datetime] = _now) -> None:
        self._store = store
        self._now = now
        self._purge_at = 0.0

    def put(self, name: str, sealed: bytes, expires: datetime) -> None:
        """Keep a new row until `expires`, an aware datetime."""
        statement = insert(sealed_row).values(digest=digest_of(name), sealed=sealed, expires=expires)
        self._store.run(_USE, lambda c: c.execute(statement), Mode.WRITE_SOON)
        if time.monotonic() >= self._purge_at:
            self._purge_at = time.monotonic() + _PURGE_EVERY_S
            self._purge_quietly()

    def get(self, name: str) -> bytes | None:
        """The row, if it is there and has not expired."""
        statement = select(sealed_row.c.sealed).where(
            sealed_row.c.digest == digest_of(name), sealed_row.c.expires > self._now()
        )
        return self._store.run(_USE, lambda c: c.execute(statement).scalar_one_or_none(), Mode.READ)

    def take(self, name: str) -> bytes | None:
        """The row, which is gone afterwards: of any number of callers at once, one gets it."""
        statement = (
            delete(sealed_row)
            .where(sealed_row.c.digest == digest_of(name), sealed_row.c.expires > self._now())
            .returning(sealed_row.c.sealed)
        )
        return self._store.run(_USE, lambda c: c.execute(statement).scalar_one_or_none(), Mode.WRITE_SOON)

    def replace(self, name: str, old: bytes, new: bytes) -> bool:
        """Put `new` in the place of `old`; false if the row has changed or gone since."""
        statement = (
            update(sealed_row)
            .where(sealed_row.c.digest == digest_of(name), sealed_row.c.sealed == old)
            .values(sealed=new)
        )
        return self._store.run(_USE, lambda c: c.execute(statement).rowcount == 1, Mode.WRITE_SOON)

    def drop(self, name: str) -> None:
        """The row is gone afterwards."""
        statement = delete(sealed_row).where(sealed_row.c.digest == digest_of(name))
        self._store.run(_USE, lambda c: c.execute(statement), Mode.WRITE)

    def purge(self) -> int:
        """Remove what has expired; how many rows."""
        statement = delete(sealed_row).where(sealed_row.c.expires <= self._now())
        return self._store.run("purge", lambda c: c.execute(statement).rowcount, Mode.WRITE_SOON)

    def _purge_quietly(self) -> None:
        try:
            self.purge()
        except StoreDown:
            return  # counted by the store; the next one does it
