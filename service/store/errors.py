"""What goes wrong with a store."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError


class StoreDown(Exception):  # noqa: N818 - it names a state, as the reader of an `except` wants it
    """The store cannot be used now: not reached, too slow, full, or its tables are not up to date.

    Whatever was to be written counts as not written (it may have been, if the answer came too late:
    writers must stand a repetition). The message is constant and fit for a log.
    """


class StoreAddressError(ValueError):
    """The setting database_url can never work; the message says why without repeating it."""


def name_of(error: Exception) -> str:
    """The kind of a failure, and the database's code for it: its text may quote what was to be written."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return f"{type(cause).__name__} {code}" if code else type(cause).__name__
