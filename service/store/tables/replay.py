"""Tokens that were used."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table

from service.store.tables.base import UtcTime, metadata

used_token = Table(
    "used_token",
    metadata,
    # SHA-256 over issuer and jti: of one length, whatever an issuer puts into a jti.
    Column("digest", LargeBinary(32), primary_key=True),
    Column("expires", UtcTime, nullable=False, index=True),
)
