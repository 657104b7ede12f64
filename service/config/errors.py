"""Why a service does not start, and what is wrong with a setting in words."""

from __future__ import annotations


class ConfigError(ValueError):
    """The settings do not allow a start; the message says what to change."""


def fault_text(message: str) -> str:
    """A message of pydantic without its name for the kind of fault, which tells an administrator nothing."""
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
