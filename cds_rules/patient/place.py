"""Where a patient lives, as far as a distance needs it: no street, no city."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Anything may be missing. Coordinates in degrees (WGS 84); country and state as the record has them."""

    country: str = ""
    state: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
