"""What a trial registry said: runs that fetched it, the records of each, and which run holds now."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table, Text

from service.store.tables.base import UtcTime, metadata

trial_run = Table(
    "trial_run",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),  # sync or import
    Column(
        "plan", Text, nullable=False
    ),  # what is asked for, as JSON: only the same plan takes a run up again
    Column("position", Text, nullable=False),  # how far it has come, as JSON
    Column("started", UtcTime, nullable=False),
    Column("finished", UtcTime),
)
trial_record = Table(
    "trial_record",
    metadata,
    Column("run", String(36), ForeignKey("trial_run.id", ondelete="CASCADE"), primary_key=True),
    Column("nct_id", String(11), primary_key=True),
    Column("checked_on", Date, nullable=False),
    Column("source", String(64), nullable=False),
    Column("record", Text, nullable=False),  # JSON as the registry gave it
)
trial_snapshot = Table(
    "trial_snapshot",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, 1
    Column("run", String(36), ForeignKey("trial_run.id"), nullable=False),
    Column("studies", Integer, nullable=False),
    Column("checked_on", Date, nullable=False),  # the latest day on which a record was checked
    Column("taken", UtcTime, nullable=False),
)
