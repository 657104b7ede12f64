"""The request of the open clinical-trial-matching service: the filters in its Parameters resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.errors import ServiceError
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
    """Filters of a request; None: not filtered. `places`: names of those given that are not used."""

    phases: frozenset[str] | None = None
    status: str | None = None
    places: tuple[str, ...] = ()


def read_wanted(bundle: dict[str, Any]) -> Wanted:
    """The filters of a Bundle. ServiceError 400 for one that cannot be understood: it is never dropped."""
    given: dict[str, Any] = {}
    for name, value in _parameters(bundle):
        if name in given and given[name] != value:
            raise ServiceError(400, "value", "A parameter is given twice with different values.", name)
        given[name] = value
    places = tuple(name for name in ("zipCode", "travelRadius") if name in given)
    return Wanted(_phases(given.get("phase")), _status(given.get("recruitmentStatus")), places)


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


def _text(value: Any, name: str) -> str:
    """The value in small letters; "" if none is given."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ServiceError(400, "structure", "A parameter has the wrong type.", name)
    return value.strip().lower()
