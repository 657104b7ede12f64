"""The tables, a module for each concern. Each is listed here and has a revision in migrations/versions."""

from __future__ import annotations

from service.store.tables import (
    audit,
    feedback,
    replay,
    sealed,
    trials,
)
from service.store.tables.base import metadata

__all__ = [
    "audit",
    "feedback",
    "metadata",
    "replay",
    "sealed",
    "trials",
]
