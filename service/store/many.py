"""Many rows in one statement with one parameter, for writers beside calls that are being answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import JSON, Connection, Text, bindparam, cast, column, func, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import Table
from sqlalchemy.sql.dml import Insert

_ROWS = "rows"


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, all with the same columns; those that are there already stay as they are.

    The driver of SQLite gives the interpreter away at each row of an executemany. While other threads are
    busy it has it back only after a switch interval, so that a batch of some hundred rows takes as many times
    five milliseconds, and forces as many switches on the calls under way. So the rows go as one JSON text.
    """
    if not rows:
        return
    lite = connection.dialect.name == "sqlite"
    statement = (_lite if lite else _postgresql)(table, tuple(rows[0]))
    # orjson writes no form of time that SQLite's DateTime would read.
    how = orjson.OPT_PASSTHROUGH_DATETIME if lite else 0
    told = orjson.dumps([dict(row) for row in rows], default=_time, option=how)
    connection.execute(statement, {_ROWS: told.decode()})


def _time(value: datetime) -> str:
    """As SQLAlchemy keeps times in SQLite: sortable text in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


@cache
def _lite(table: Table, names: tuple[str, ...]) -> Insert:
    each = func.json_each(bindparam(_ROWS, type_=Text)).table_valued("value")
    given = select(*(func.json_extract(each.c.value, f"$.{name}") for name in names))
    # Without a WHERE its parser takes ON CONFLICT for the condition of a join.
    return sqlite.insert(table).from_select(names, given.where(true())).on_conflict_do_nothing()


@cache
def _postgresql(table: Table, names: tuple[str, ...]) -> Insert:
    rows = cast(bindparam(_ROWS, type_=Text), JSON)
    typed = (column(name, table.c[name].type) for name in names)
    each = func.json_to_recordset(rows).table_valued(*typed).render_derived(name="given", with_types=True)
    given = select(*(each.c[name] for name in names))
    return postgresql.insert(table).from_select(names, given).on_conflict_do_nothing()
