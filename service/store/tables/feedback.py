"""What became of cards. Append-only: an outcome is never changed, only followed by a later one."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, String, Table, Text

from service.store.tables.base import Serial, UtcTime, metadata

UUID_LENGTH = 36
OUTCOME_LENGTH = 10

feedback = Table(
    "feedback",
    metadata,
    Column("id", Serial, primary_key=True),
    # SHA-256 over who said what of which card and when: the same said again is the same row.
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("issuer", Text, nullable=False),  # empty where callers are not checked
    Column("tenant", Text),
    Column("service", Text, nullable=False),
    Column("card", String(UUID_LENGTH), nullable=False, index=True),
    Column("outcome", String(OUTCOME_LENGTH), nullable=False),
    Column("reason_system", Text),
    Column("reason_code", Text),
    Column("commented", Boolean, nullable=False),
    Column("comment", Text),
    Column("outcome_at", UtcTime, nullable=False),  # by the clock of the client
    Column("received_at", UtcTime, nullable=False, index=True),  # by ours
)

accepted_suggestion = Table(
    "accepted_suggestion",
    metadata,
    Column("feedback_id", ForeignKey(feedback.c.id, ondelete="CASCADE"), primary_key=True),
    Column("suggestion", String(UUID_LENGTH), primary_key=True),
)
