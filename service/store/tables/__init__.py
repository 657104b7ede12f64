"""The tables, a module for each concern. Each is listed here and has a revision in migrations/versions."""

from __future__ import annotations

from service.store.tables import (
    audit,
    feedback,
    lease,
    replay,
    sealed,
    trials,
)
from service.store.tables.base import metadata

__all__ = [
    "audit",
    "feedback",
    "lease",
    "metadata",
    "replay",
    "sealed",
    "trials",
]
