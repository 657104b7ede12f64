"""Encrypted rows that end: sign-ins under way and sessions of the SMART app."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table

from service.store.tables.base import UtcTime, metadata

sealed_row = Table(
    "sealed_row",
    metadata,
    # SHA-256 over the row's name: the name itself is half of what finds it, and stays with the browser.
    Column("digest", LargeBinary(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires", UtcTime, nullable=False, index=True),
)
