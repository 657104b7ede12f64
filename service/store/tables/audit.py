"""Who called, and what was shown."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, Table, Text

from service.store.tables.base import UtcTime, metadata
from service.store.tables.feedback import UUID_LENGTH

PSEUDONYM_LENGTH = 32

hook_call = Table(
    "hook_call",
    metadata,
    # Given by the writer, so that a batch whose commit was in doubt can be written again.
    Column("id", String(32), primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("request_id", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("issuer", Text, nullable=False),  # empty where callers are not checked, or are not known
    Column("tenant", Text),
    Column("service", Text),
    Column("hook", Text),
    Column("hook_instance", String(UUID_LENGTH)),
    Column("user_pseudonym", String(PSEUDONYM_LENGTH)),
    Column("patient_pseudonym", String(PSEUDONYM_LENGTH)),
    Column("status", Integer, nullable=False),
    Column("refused", Text),
    Column("ms", Float, nullable=False),
    Column("fetched", Integer, nullable=False),
)

card = Table(
    "card",
    metadata,
    Column("uuid", String(UUID_LENGTH), primary_key=True),
    Column("service", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("indicator", Text, nullable=False),
    Column("rules", Text, nullable=False),  # ids, separated by blanks
)

shown_card = Table(
    "shown_card",
    metadata,
    Column("call_id", ForeignKey(hook_call.c.id, ondelete="CASCADE"), primary_key=True),
    Column("card", ForeignKey(card.c.uuid), primary_key=True, index=True),
    Column("quiet", Boolean, nullable=False),  # held back, since its reader had dismissed it
)
