"""How a statement of the record was recognised."""

from __future__ import annotations

from enum import StrEnum


class Route(StrEnum):
    """How a statement was recognised, from most to least trusted. Text never settles a scheme alone."""

    CODE = "code"
    SITE = "site mapping"
    TEXT = "text"
