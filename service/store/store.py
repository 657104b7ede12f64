"""The store as the rest of the service sees it: bounded in time, and down rather than in the way."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.config.store import StoreSettings
from service.store.breaker import Breaker
from service.store.engine import Address, Mode, Waits, open_engine
from service.store.errors import StoreDown, name_of
from service.store.migrate import Standing, migrate, status

_log = logging.getLogger(__name__)
_REST_S = 1.0

T = TypeVar("T")
OnFailure = Callable[[str], None]
"""Told of each use that failed, by its name; must be quick and not raise."""


class Store:
    """Runs transactions for callers that cannot wait.

    Made before the server forks; each process opens connections of its own at its first use. A transaction
    runs on a thread of the store, so that no state of the database or the network holds the caller longer
    than the time it gives.
    """

    def __init__(self, settings: StoreSettings, on_failure: OnFailure = lambda _: None) -> None:
        self.address = Address.of(settings.database_url.get_secret_value())
        self.timeout_s = settings.store_timeout_s
        self._settings = settings
        self._on_failure = on_failure
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._up_to_date = False
        self._before_close: list[Callable[[], None]] = []

    def run(
        self,
        use: str,
        work: Callable[[Connection], T],
        mode: Mode = Mode.WRITE,
        within_s: float | None = None,
    ) -> T:
        """What `work` returns, in one transaction, within `within_s` seconds (default: store_timeout_s).

        `use` is the name under which failures are counted. StoreDown if it cannot be done; what `work`
        raises of its own accord comes through, and undoes the transaction.
        """
        process = self._here()
        if not process.breaker.allows():
            self._on_failure(use)
            raise StoreDown("the store failed a moment ago and is given a rest")
        try:
            future = process.threads.submit(process.execute, work, mode)
        except RuntimeError:  # closed meanwhile, or the interpreter is ending
            self._on_failure(use)
            raise StoreDown("the store is closed") from None
        try:
            return future.result(within_s or self.timeout_s)
        except StoreDown:
            self._on_failure(use)
            raise
        except TimeoutError:
            self._on_failure(use)
            future.cancel()
            # Someone in a hurry says nothing of the store; the whole time without an answer does.
            if within_s is None or within_s >= self.timeout_s:
                process.breaker.failed()
            raise StoreDown("the store did not answer in time") from None
        except CancelledError:
            raise StoreDown("the store is closed") from None

    def run_here(self, use: str, work: Callable[[Connection], T], mode: Mode = Mode.WRITE) -> T:
        """As `run`, on the calling thread: for those who can wait, commands and writers in the background."""
        process = self._here()
        try:
            if not process.breaker.allows():
                raise StoreDown("the store failed a moment ago and is given a rest")
            return process.execute(work, mode)
        except StoreDown:
            self._on_failure(use)
            raise

    def before_close(self, done: Callable[[], None]) -> None:
        """Have something done before the store closes, while it can still be written to."""
        self._before_close.append(done)

    def works(self) -> bool:
        """Whether the store answers now. Bounded, never raises: for /health/ready."""
        try:
            self.run("health", lambda connection: connection.execute(text("SELECT 1")).all(), Mode.READ)
        except StoreDown:
            return False
        return True

    def prepare(self) -> bool:
        """Bring the tables up to date, or see that they are; false if the store is down.

        To be called before the server forks: it leaves no connection and no thread behind. Without it the
        first use does the same.
        """
        with self._lock:
            if not self._up_to_date:
                self._up_to_date = _brought_up(self.address, migrating=self._settings.store_migrate)
            return self._up_to_date

    def close(self) -> None:
        """Give the connections of this process back, after the transactions under way."""
        for done in self._before_close:
            done()
        process, self._process = self._process, None
        if process is not None and process.pid == os.getpid():
            process.threads.shutdown(wait=True, cancel_futures=True)
            process.engine.dispose()

    def _here(self) -> _Process:
        process = self._process
        if process is None or process.pid != os.getpid():
            # What a fork inherited belongs to the parent: dropped, neither used nor closed.
            process = self._process = _Process(self.address, self._settings, self.prepare)
        return process


class _Process:
    """Connections and threads of one process."""

    def __init__(self, address: Address, settings: StoreSettings, prepare: Callable[[], bool]) -> None:
        self.pid = os.getpid()
        self.breaker = Breaker(_REST_S)
        waits = Waits(settings.store_timeout_s, settings.store_timeout_s)
        self.engine = open_engine(address, waits, settings.store_connections)
        self.threads = ThreadPoolExecutor(settings.store_connections, "store")
        self._prepare = prepare

    def execute(self, work: Callable[[Connection], T], mode: Mode) -> T:
        """On a thread of the store. StoreDown instead of what the database raises."""
        try:
            if not self._prepare():
                raise StoreDown("the store is not ready")
            with self.engine.connect().execution_options(mode=mode) as connection, connection.begin():
                done = work(connection)
        except StoreDown:
            self.breaker.failed()
            raise
        except (IntegrityError, DataError):
            raise  # a mistake of ours and not of the store
        except (DBAPIError, PoolTimeout) as error:
            self.breaker.failed()
            _log.warning("the store failed: %s", name_of(error))
            raise StoreDown("the store failed") from None
        self.breaker.succeeded()
        return done


def _brought_up(address: Address, *, migrating: bool) -> bool:
    try:
        found = migrate(address) if migrating else status(address)
    except StoreDown as error:
        _log.error("the store cannot be prepared: %s", error)
        return False
    if found.standing is Standing.AHEAD:
        _log.warning("the store was migrated by a later version", extra={"revision": found.revision})
    elif found.standing is not Standing.CURRENT:
        _log.error("the tables are not up to date: run `relapse-cds store migrate`")
        return False
    return True
