"""Why a service does not start."""

from __future__ import annotations


class ConfigError(ValueError):
    """The settings do not allow a start; the message says what to change."""
