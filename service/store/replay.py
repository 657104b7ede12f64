"""Which tokens were used before, by any worker and replica on the same store."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite

from service.store.engine import Mode
from service.store.errors import StoreDown
from service.store.store import Store
from service.store.tables.replay import used_token

KEPT_AFTER_EXPIRY = timedelta(days=1)
"""A clock that ran ahead and was set back makes expired tokens valid again: they are still known then."""
_PURGE_EVERY_S = 600.0


def _now() -> datetime:
    return datetime.now(UTC)


class ReplayCache:
    """Remembers tokens until they can no longer be used."""

    def __init__(self, store: Store, now: Callable[[], datetime] = _now) -> None:
        self._store = store
        self._now = now
        self._purge_at = time.monotonic() + _PURGE_EVERY_S

    def seen(self, issuer: str, jti: str, expires: datetime) -> bool:
        """Whether this token was given before; if not, it is from now on. One atomic step on the store.

        `issuer`: whoever the jti is unique for (the iss, with the tenant if a site has several); `expires`:
        the last moment at which the token is accepted, an aware datetime. StoreDown if nobody can tell:
        the token may or may not have been noted.
        """
        digest = _digest(issuer, jti)
        fresh = self._store.run("replay", lambda c: _insert(c, digest, expires), Mode.WRITE_SOON)
        if time.monotonic() >= self._purge_at:
            self._purge_at = time.monotonic() + _PURGE_EVERY_S
            self._purge_quietly()
        return not fresh

    def purge(self) -> int:
        """Forget tokens that expired a day ago or earlier; how many. StoreDown if that cannot be done."""
        before = self._now() - KEPT_AFTER_EXPIRY
        statement = delete(used_token).where(used_token.c.expires < before)
        return self._store.run("purge", lambda c: c.execute(statement).rowcount, Mode.WRITE_SOON)

    def _purge_quietly(self) -> None:
        try:
            self.purge()
        except StoreDown:
            return  # counted by the store; the next one does it


def _digest(issuer: str, jti: str) -> bytes:
    # The length keeps ("a", "bc") and ("ab", "c") apart. surrogatepass: JSON can hold a lone surrogate.
    said = f"{len(issuer)}:{issuer}{jti}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()


def _insert(connection: Connection, digest: bytes, expires: datetime) -> bool:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(used_token).values(digest=digest, expires=expires).on_conflict_do_nothing()
    return connection.execute(statement.returning(used_token.c.digest)).first() is not None
