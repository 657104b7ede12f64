"""A lock in the store that outlives a connection and not its holder: renewed while he works, else it ends.

A row and no lock of the database: those of a session do not pass a pooler, and SQLite has none of a name.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.store.engine import Mode
from service.store.errors import StoreDown
from service.store.store import Store
from service.store.tables.lease import lease

LASTS = timedelta(seconds=60)
"""After the last renewal: so long others wait for one that was killed."""
_RENEW_S = 15.0
_USE = "lease"


class LeaseHeldError(Exception):
    """Another one has it. `since`: when it began."""

    def __init__(self, since: datetime) -> None:
        super().__init__("held by another")
        self.since = since


class LeaseLostError(Exception):
    """It ended, the process having been stopped for longer than it lasts, and another one has it now."""


class Lease:
    """Held by one; made by `held`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._holder = str(uuid.uuid4())
        self.writing = threading.Lock()
        """For the holder's own transactions: else its renewal would wait for them at the database."""

    def confirm(self, connection: Connection) -> None:
        """Within a transaction that must not happen without it: renews it. LeaseLostError if it is lost.

        PostgreSQL keeps the row locked until the transaction ends, and SQLite has one writer: nobody can
        take it between this and the commit.
        """
        mine = update(lease).where(lease.c.name == self._name, lease.c.holder == self._holder)
        if connection.execute(mine.values(until=_now(connection) + LASTS)).rowcount != 1:
            raise LeaseLostError("another one has taken over")

    def take(self, connection: Connection) -> None:
        """LeaseHeldError if another one has it, and it has not ended."""
        now = _now(connection)
        connection.execute(delete(lease).where(lease.c.name == self._name, lease.c.until <= now))
        row = {"name": self._name, "holder": self._holder, "since": now, "until": now + LASTS}
        make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        wanted = make(lease).values(row).on_conflict_do_nothing().returning(lease.c.name)
        if connection.execute(wanted).first() is None:
            since = connection.execute(select(lease.c.since).where(lease.c.name == self._name)).scalar()
            raise LeaseHeldError(since or now)

    def give_back(self, connection: Connection) -> None:
        """Nothing happens if another one has it."""
        mine = (lease.c.name == self._name, lease.c.holder == self._holder)
        connection.execute(delete(lease).where(*mine))


@contextmanager
def held(store: Store, name: str) -> Iterator[Lease]:
    """Hold the lease of this name. LeaseHeldError at once if another one has it; StoreDown."""
    mine = Lease(name)
    store.run_here(_USE, mine.take, Mode.WRITE)
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(store, mine, done), name="lease", daemon=True)
    renewing.start()
    try:
        yield mine
    finally:
        done.set()
        renewing.join()
        with suppress(StoreDown):  # then it ends by itself
            store.run_here(_USE, mine.give_back, Mode.WRITE)


def _renew(store: Store, mine: Lease, done: threading.Event) -> None:
    """A page of the registry may take minutes, with its repeats."""
    while not done.wait(_RENEW_S):
        try:
            with mine.writing:
                store.run_here(_USE, mine.confirm, Mode.WRITE)
        except StoreDown:
            continue  # the next one may succeed, or the holder's next step fails
        except LeaseLostError:
            return  # the holder's next step says so


def _now(connection: Connection) -> datetime:
    """By the database's clock, those of two machines may differ; SQLite's is this machine's."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    told = connection.execute(select(func.clock_timestamp())).scalar_one()
    return datetime.fromtimestamp(told.timestamp(), UTC)
