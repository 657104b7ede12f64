"""Work that one process at a time may do, and until when it has said that it is still there."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from service.store.tables.base import UtcTime, metadata

lease = Table(
    "lease",
    metadata,
    Column("name", String(32), primary_key=True),  # of the work
    Column("holder", String(36), nullable=False),  # new for each use
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
)
