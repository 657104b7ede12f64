"""Which version of the program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """The installed version; "checkout" where the program runs from one and nothing is installed."""
    try:
        return version("relapse-cds")
    except PackageNotFoundError:
        return "checkout"
