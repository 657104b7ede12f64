"""How a statement of the record was recognised."""

from __future__ import annotations

from enum import StrEnum


class Route(StrEnum):
    """How a statement was recognised, from most to least trusted. Text never settles a scheme alone."""

    CODE = "code"
    SITE = "site mapping"
    SITE_TEXT = "text, trusted at this site"
    """Text at a site whose file says `text_settles = true`: it settles, and is still shown as text."""
    TEXT = "text"

    @property
    def settles(self) -> bool:
        """May a statement by this route settle a fact?"""
        return self is not Route.TEXT
