"""Patient.address: the home of now, for distances to trial sites. An odd one costs but the distance."""

from __future__ import annotations

import math
from typing import Any

from cds_rules.patient.place import Place

GEOLOCATION = "http://hl7.org/fhir/StructureDefinition/geolocation"
_MOST_ADDRESSES = 20
_NOT_HOME = frozenset({"old", "billing", "temp"})


def home_of(addresses: Any) -> Place | None:
    """The home among the addresses of a Patient; None if none can be used.

    One that has ended, or is not where the patient lives, is passed over; one that says home comes first.
    """
    listed = addresses if isinstance(addresses, list | tuple) else ()
    usable = [a for a in listed[:_MOST_ADDRESSES] if isinstance(a, dict) and _lived_in(a)]
    for address in sorted(usable, key=lambda a: a.get("use") != "home"):
        place = _place(address)
        if place != Place():
            return place
    return None


def _lived_in(address: dict[str, Any]) -> bool:
    period = address.get("period")
    ended = isinstance(period, dict) and period.get("end") is not None
    return not ended and address.get("use") not in _NOT_HOME and address.get("type") != "postal"


def _place(address: dict[str, Any]) -> Place:
    latitude, longitude = _coordinates(address.get("extension"))
    return Place(
        country=_text(address.get("country")),
        state=_text(address.get("state")),
        postal_code=_text(address.get("postalCode")),
        latitude=latitude,
        longitude=longitude,
    )


def _text(value: Any) -> str:
    return value.strip()[:100] if isinstance(value, str) else ""


def _coordinates(extensions: Any) -> tuple[float | None, float | None]:
    for extension in extensions if isinstance(extensions, list) else ():
        if isinstance(extension, dict) and extension.get("url") == GEOLOCATION:
            parts = extension.get("extension")
            found = {
                part.get("url"): part.get("valueDecimal")
                for part in (parts if isinstance(parts, list) else ())
                if isinstance(part, dict) and isinstance(part.get("url"), str)
            }
            latitude, longitude = _degrees(found.get("latitude"), 90), _degrees(found.get("longitude"), 180)
            if latitude is not None and longitude is not None:
                return latitude, longitude
    return None, None


def _degrees(value: Any, most: int) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if number and abs(value) <= most else None
