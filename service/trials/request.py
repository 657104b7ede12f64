"""The request of the open clinical-trial-matching service: the filters in its Parameters resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.errors import ServiceError
from service.trials.nearest import KM_PER_MILE
from service.trials.research_study import phases_of

_UNFILTERED = {"", "all", "any"}

_FHIR_STATUSES = {
    "active",
    "administratively-completed",
    "approved",
    "closed-to-accrual",
    "closed-to-accrual-and-intervention",
    "completed",
    "disapproved",
    "in-review",
    "temporarily-closed-to-accrual",
    "temporarily-closed-to-accrual-and-intervention",
    "withdrawn",
}
_REGISTRY_STATUSES = {
    "active-not-recruiting",
    "approved-for-marketing",
    "available",
    "enrolling-by-invitation",
    "no-longer-available",
    "not-yet-recruiting",
    "recruiting",
    "suspended",
    "temporarily-not-available",
    "terminated",
    "unknown",
    "withheld",
}
_STATUSES = _FHIR_STATUSES | _REGISTRY_STATUSES


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of a request; None: not filtered. `zip_code` stands in for the patient's own."""

    phases: frozenset[str] | None = None
    status: str | None = None
    zip_code: str | None = None
    radius_km: float | None = None


def read_wanted(bundle: dict[str, Any]) -> Wanted:
    """The filters of a Bundle. ServiceError 400 for one that cannot be understood: it is never dropped."""
    given: dict[str, Any] = {}
    for name, value in _parameters(bundle):
        if name in given and given[name] != value:
            raise ServiceError(400, "value", "A parameter is given twice with different values.", name)
        given[name] = value
    return Wanted(
        _phases(given.get("phase")),
        _status(given.get("recruitmentStatus")),
        _zip_code(given.get("zipCode")),
        _radius(given.get("travelRadius")),
    )


_NAMES = ("zipCode", "travelRadius", "phase", "recruitmentStatus")


def _parameters(bundle: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Name and value of each parameter that is known here and not empty; others are passed over."""
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or resource.get("resourceType") != "Parameters":
            continue
        held = resource.get("parameter", [])
        if not isinstance(held, list):
            raise ServiceError(400, "structure", "The Parameters resource cannot be read.")
        for parameter in held:
            name = parameter.get("name") if isinstance(parameter, dict) else None
            if name in _NAMES:
                value = next((v for k, v in parameter.items() if k.startswith("value")), None)
                if value not in (None, ""):
                    yield name, value


def _phases(value: Any) -> frozenset[str] | None:
    text = _text(value, "phase")
    if text in _UNFILTERED:
        return None
    phases = phases_of(text)
    if phases is None:
        raise ServiceError(400, "value", "The phase asked for is not one that is known.", "phase")
    return phases


def _status(value: Any) -> str | None:
    text = _text(value, "recruitmentStatus").replace("_", "-").replace(",", "").replace(" ", "-")
    if text in _UNFILTERED:
        return None
    if text not in _STATUSES:
        message = "The recruitment status asked for is not one that is known."
        raise ServiceError(400, "value", message, "recruitmentStatus")
    return text


def _zip_code(value: Any) -> str | None:
    text = _text(value, "zipCode")
    if not text:
        return None
    if not re.fullmatch(r"[a-z0-9 -]{2,12}", text, re.ASCII):
        raise ServiceError(400, "value", "The postal code asked for is none.", "zipCode")
    return text


def _radius(value: Any) -> float | None:
    """In miles, as the open service has it; a number or a text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    text = _text(value, "travelRadius")
    if text in _UNFILTERED:
        return None
    if not re.fullmatch(r"\d{1,5}(\.\d+)?", text, re.ASCII):
        raise ServiceError(400, "value", "The radius asked for is no number of miles.", "travelRadius")
    return float(text) * KM_PER_MILE


def _text(value: Any, name: str) -> str:
    """The value in small letters; "" if none is given."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ServiceError(400, "structure", "A parameter has the wrong type.", name)
    return value.strip().lower()
