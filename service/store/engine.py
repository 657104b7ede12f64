"""Connections to SQLite and PostgreSQL: durability, waiting times, how a transaction begins."""

from __future__ import annotations

import math
import os
import sqlite3
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from service.store.errors import StoreAddressError

_MS = 1000
_LEAST_CONNECT_TIMEOUT_S = 2  # libpq's own minimum


class Mode(Enum):
    """How a transaction is run."""

    READ = "read"
    WRITE = "write"
    """On disk before it returns: for what is acknowledged to someone."""
    WRITE_SOON = "write soon"
    """Seen by every process at once, and kept when one is killed; a power cut may lose the last moment."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the store is. Its text names neither user nor password."""

    url: URL

    @staticmethod
    def of(text: str) -> Address:
        """The address of a database_url. StoreAddressError if it can never work."""
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise StoreAddressError("database_url is not an address of a database") from None
        folder = Path(url.database or "").parent
        if url.get_backend_name() == "sqlite" and not folder.is_dir():
            raise StoreAddressError("database_url: the folder of the SQLite file does not exist")
        return Address(url)

    @property
    def sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self.url.get_backend_name() == "sqlite"

    def __str__(self) -> str:
        if self.sqlite:
            return f"SQLite, {self.url.database}"
        port = f":{self.url.port}" if self.url.port else ""
        return f"PostgreSQL, {self.url.host or 'local'}{port}/{self.url.database or ''}"


@dataclass(frozen=True, slots=True)
class Waits:
    """Longest waits in seconds: for a connection, and for a lock or an answer on it."""

    connect_s: float
    answer_s: float


def open_engine(address: Address, waits: Waits, connections: int = 0) -> Engine:
    """An engine that keeps so many connections open; with 0 each use opens one of its own.

    Nothing is connected yet. An engine belongs to the process that made it, and must not cross a fork.
    """
    pool: dict[str, Any] = {"poolclass": NullPool}
    if connections:
        pool = {"pool_size": connections, "max_overflow": 0, "pool_timeout": waits.answer_s}
    # Without parameters in its errors: they are what is confidential here.
    pool["hide_parameters"] = True
    return _sqlite(address, waits.answer_s, pool) if address.sqlite else _postgresql(address, waits, pool)


def _sqlite(address: Address, timeout_s: float, pool: dict[str, Any]) -> Engine:
    path = Path(address.url.database or "")
    # isolation_level None: we begin transactions ourselves, the driver would do it late and deferred.
    arguments = {"timeout": timeout_s, "check_same_thread": False, "isolation_level": None}
    engine = create_engine(address.url, connect_args=arguments, **pool)

    @event.listens_for(engine, "do_connect")
    def keep_private(*_: object) -> None:
        # SQLite would make it as the umask says; its -wal and -shm files take after it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        _write_ahead(connection, timeout_s)
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("mode", Mode.READ)
        if mode is Mode.READ:
            connection.exec_driver_sql("BEGIN")
            return
        # FULL syncs the log at each commit; NORMAL leaves that to the system.
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if mode is Mode.WRITE else 'NORMAL'}")
        # At once and not at the first write: there a writer that has read before could not wait.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _write_ahead(connection: sqlite3.Connection, timeout_s: float) -> None:
    """Readers and the writer do not wait for one another. The switch to it does not wait either: we do."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _postgresql(address: Address, waits: Waits, pool: dict[str, Any]) -> Engine:
    ms = math.ceil(waits.answer_s * _MS)
    defaults: dict[str, str] = {
        "application_name": "relapse-cds",
        "connect_timeout": str(max(_LEAST_CONNECT_TIMEOUT_S, math.ceil(waits.connect_s))),
        "tcp_user_timeout": str(max(ms, _LEAST_CONNECT_TIMEOUT_S * _MS)),
        "options": f"-c statement_timeout={ms} -c lock_timeout={ms} "
        f"-c idle_in_transaction_session_timeout={10 * ms} -c timezone=UTC",
    }
    # What the address says itself holds.
    arguments: dict[str, Any] = {k: v for k, v in defaults.items() if k not in address.url.query}
    # Prepared statements do not pass a pooler that shares connections between transactions.
    arguments["prepare_threshold"] = None
    # The first use after the database came back finds dead connections in the pool: asked before use.
    engine = create_engine(address.url, connect_args=arguments, pool_pre_ping=True, **pool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("mode") is Mode.WRITE_SOON:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    return engine
