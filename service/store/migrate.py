"""Bring the tables up to date, by one process at a time, all or nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from service.store.engine import Address, Mode, Waits, open_engine
from service.store.errors import StoreDown, name_of

_FOLDER = Path(__file__).with_name("migrations")
_LOCK_KEY = 7_268_204_109
"""Our advisory lock in PostgreSQL: any number, the same in all versions."""
_WAITS = Waits(connect_s=5.0, answer_s=60.0)
"""The answer may be that of another process which is migrating, or of a revision with much to do."""

_log = logging.getLogger(__name__)
# It tells at each look at a store which dialect it found.
logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
_alembic = threading.Lock()  # Alembic keeps the migration under way in a module


class Standing(Enum):
    """How a store stands to this version of the service."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"
    """Migrated by a later version. Revisions only add, so an earlier version goes on working beside it."""


_DONE = (Standing.CURRENT, Standing.AHEAD)


@dataclass(frozen=True, slots=True)
class Status:
    """The revision of a store, and the newest one known here."""

    revision: str | None
    newest: str
    standing: Standing


def status(address: Address) -> Status:
    """How the store stands. StoreDown if it cannot be asked."""
    if address.sqlite and not Path(address.url.database or "").exists():
        return _status(None)  # asking would make the file
    with _connected(address, Mode.READ) as connection:
        return _status(connection)


def migrate(address: Address) -> Status:
    """Bring the tables up to date, and say how it stands then. StoreDown if that cannot be done.

    Any number of processes may do this at once: they wait for one another, and only the first has work.
    """
    found = status(address)
    if found.standing in _DONE:
        return found
    with _alembic, _connected(address, Mode.WRITE) as connection:
        if not address.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        if _status(connection).standing not in _DONE:
            command.upgrade(_config(connection), "head")
            _log.info("the tables were brought up to date")
        return _status(connection)


@contextmanager
def _connected(address: Address, mode: Mode) -> Iterator[Connection]:
    engine = open_engine(address, _WAITS)
    try:
        with engine.connect().execution_options(mode=mode) as connection, connection.begin():
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise StoreDown(f"the store cannot be used ({name_of(error)})") from None
    finally:
        engine.dispose()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _status(connection: Connection | None) -> Status:
    scripts = ScriptDirectory.from_config(_config())
    newest = scripts.get_current_head()
    if newest is None:
        raise RuntimeError("the revisions have no end")
    revision = MigrationContext.configure(connection).get_current_revision() if connection else None
    if revision is None:
        return Status(None, newest, Standing.EMPTY)
    if revision == newest:
        return Status(revision, newest, Standing.CURRENT)
    known = {script.revision for script in scripts.walk_revisions()}
    return Status(revision, newest, Standing.BEHIND if revision in known else Standing.AHEAD)
