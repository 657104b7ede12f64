"""The registry's records: written run by run, read as one snapshot that changes in one step.

A run writes beside the snapshot. Only when it is finished does the snapshot become its records, in one
transaction: a run that breaks off leaves the earlier snapshot as it was, and can be taken up again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.store.engine import Mode
from service.store.lease import Lease, held
from service.store.store import Store
from service.store.tables.lease import lease
from service.store.tables.trials import trial_record, trial_run, trial_snapshot

RESUMED_WITHIN = timedelta(hours=24)
"""An older run that broke off is not taken up again: a snapshot is to be of one day."""
_BATCH = 500
_LEASE = "trials"
_PATIENCE_S = 30.0
"""Longest wait of the command line for one transaction."""

Json = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One study as it was received: JSON text, the day it was checked, and by whom it was given."""

    nct_id: str
    checked_on: date
    source: str
    record: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run under way. `position` {}: at its beginning."""

    id: str
    position: Json


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """Which run's records hold now."""

    run: str
    studies: int
    checked_on: date
    taken: datetime


class TrialStore:
    """Runs and the snapshot, on a Store. Every method may raise StoreDown."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lease: Lease | None = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While no other process writes runs: one that ends drops those of others.

        LeaseHeldError if one does. LeaseLostError from a method if this process was stopped for so long that
        another took over; nothing of that step is written.
        """
        with held(self._store, _LEASE) as mine:
            self._lease = mine
            try:
                yield
            finally:
                self._lease = None

    def begin(self, kind: str, plan: Json, *, resume: bool) -> Run:
        """The run of this plan that broke off of late, if `resume`; else a new one."""

        def work(connection: Connection) -> Run:
            text = _json(plan)
            if resume:
                since = datetime.now(UTC) - RESUMED_WITHIN
                fits = (trial_run.c.kind == kind, trial_run.c.plan == text, trial_run.c.started >= since)
                found = select(trial_run.c.id, trial_run.c.position).where(
                    *fits, trial_run.c.finished.is_(None)
                )
                row = connection.execute(found.order_by(trial_run.c.started.desc()).limit(1)).first()
                if row is not None:
                    return Run(row.id, json.loads(row.position))
            run = str(uuid.uuid4())
            values = {"id": run, "kind": kind, "plan": text, "position": "{}", "started": datetime.now(UTC)}
            connection.execute(insert(trial_run).values(values))
            return Run(run, {})

        return self._write(work)

    def add(self, run: str, records: Iterable[StoredRecord], position: Json) -> None:
        """Records of a run and how far it has come, in one step. A record that is there is replaced."""
        rows = [
            {
                "run": run,
                "nct_id": r.nct_id,
                "checked_on": r.checked_on,
                "source": r.source,
                "record": r.record,
            }
            for r in records
        ]

        def work(connection: Connection) -> None:
            if rows:
                connection.execute(_upsert(connection), rows)
            moved = update(trial_run).where(trial_run.c.id == run).values(position=_json(position))
            connection.execute(moved)

        self._write(work)

    def carry_over(self, run: str) -> None:
        """Take the records of the snapshot into a new run, before others are added."""
        names = ("nct_id", "checked_on", "source", "record")

        def work(connection: Connection) -> None:
            held = select(trial_snapshot.c.run).scalar_subquery()
            columns = [literal(run), *(trial_record.c[name] for name in names)]
            copied = select(*columns).where(trial_record.c.run == held)
            connection.execute(insert(trial_record).from_select(["run", *names], copied))

        self._write(work)

    def checked(self, run: str) -> dict[str, date]:
        """Identifier and day of every record of a run."""
        columns = select(trial_record.c.nct_id, trial_record.c.checked_on).where(trial_record.c.run == run)
        return {row.nct_id: row.checked_on for row in self._read(lambda c: c.execute(columns).all())}

    def finish(self, run: str) -> SnapshotInfo | None:
        """Make the records of a run the snapshot, in one step. None, and nothing changed, if it has none.

        The snapshot before it stays until the next one: a process may be reading it.
        """

        def work(connection: Connection) -> SnapshotInfo | None:
            mine = trial_record.c.run == run
            counted = select(func.count(), func.max(trial_record.c.checked_on)).where(mine)
            studies, checked_on = connection.execute(counted).one()
            if not studies:
                return None
            before = connection.execute(select(trial_snapshot.c.run)).scalar()
            now = datetime.now(UTC)
            connection.execute(delete(trial_snapshot))
            found = {"run": run, "studies": studies, "checked_on": checked_on, "taken": now}
            connection.execute(insert(trial_snapshot).values(id=1, **found))
            connection.execute(update(trial_run).where(trial_run.c.id == run).values(finished=now))
            kept = [run, *([before] if before else [])]
            connection.execute(delete(trial_record).where(trial_record.c.run.not_in(kept)))
            connection.execute(delete(trial_run).where(trial_run.c.id.not_in(kept)))
            return SnapshotInfo(**found)

        return self._write(work)

    def snapshot(self, within_s: float | None = None) -> SnapshotInfo | None:
        """Which snapshot holds; None if there never was one."""
        columns = select(
            trial_snapshot.c.run,
            trial_snapshot.c.studies,
            trial_snapshot.c.checked_on,
            trial_snapshot.c.taken,
        )
        row = self._store.run("trials", lambda c: c.execute(columns).first(), Mode.READ, within_s)
        return SnapshotInfo(*row) if row is not None else None

    def records(self, run: str) -> list[StoredRecord]:
        """Every record of a run, read in several steps: each is short."""
        found: list[StoredRecord] = []
        after = ""
        while True:
            batch = self._batch(run, after)
            found.extend(batch)
            if len(batch) < _BATCH:
                return found
            after = batch[-1].nct_id

    def _batch(self, run: str, after: str) -> list[StoredRecord]:
        held = trial_record.c
        columns = select(held.nct_id, held.checked_on, held.source, held.record)
        query = columns.where(held.run == run, held.nct_id > after).order_by(held.nct_id).limit(_BATCH)
        return self._read(lambda c: [StoredRecord(*row) for row in c.execute(query)])

    def _read(self, work: Callable[[Connection], T]) -> T:
        return self._store.run("trials", work, Mode.READ, _PATIENCE_S)

    def _write(self, work: Callable[[Connection], T]) -> T:
        mine = self._lease
        if mine is None:
            return self._store.run("trials", work, Mode.WRITE, _PATIENCE_S)

        def confirmed(connection: Connection) -> T:
            mine.confirm(connection)
            return work(connection)

        with mine.writing:
            return self._store.run("trials", confirmed, Mode.WRITE, _PATIENCE_S)


def left_over(now: datetime) -> ColumnElement[bool]:
    """Condition on `trial_run`: of no use. Never the snapshot, the one before it, and what may be taken up.

    A process may be reading the one before, as it was when it looked. Nothing while a run is under way: it
    may have been taken up at the last moment.
    """
    current = select(trial_snapshot.c.run)
    finished = trial_run.alias()
    latest = select(finished.c.id).where(finished.c.finished.is_not(None), finished.c.id.not_in(current))
    before = latest.order_by(finished.c.finished.desc()).limit(1)
    under_way = exists().where(lease.c.name == _LEASE, lease.c.until > now)
    ended = trial_run.c.finished.is_not(None) | (trial_run.c.started < now - RESUMED_WITHIN)
    return trial_run.c.id.not_in(current) & trial_run.c.id.not_in(before) & ended & ~under_way


def _json(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def _upsert(connection: Connection) -> Any:
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(trial_record)
    changed = {name: statement.excluded[name] for name in ("checked_on", "source", "record")}
    return statement.on_conflict_do_update(index_elements=["run", "nct_id"], set_=changed)
