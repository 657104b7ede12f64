"""Postal codes of the United States and where they are, from the package `zipcodes`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import zipcodes

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

_FORM = re.compile(r"(\d{5})(?:-?\d{4})?", re.ASCII)


def point_of(code: str) -> Point | None:
    """Where a ZIP code (19104, 19104-1234) is; None if there is no such one."""
    form = _FORM.fullmatch(code.strip())
    return _point(form[1]) if form else None


def warm() -> None:
    """Let the package read its table, a fifth of a second: while a snapshot is loaded, not in a call."""
    _point("00501")


@lru_cache(maxsize=20_000)
def _point(code: str) -> Point | None:
    found: list[dict[str, Any]] = zipcodes.matching(code)  # type: ignore[no-untyped-call]
    points = [(float(entry["lat"] or 0), float(entry["long"] or 0)) for entry in found]
    # Army post offices abroad stand at 0 north, 0 east.
    return next((point for point in points if point != (0.0, 0.0)), None)
