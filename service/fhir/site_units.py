"""A hospital's own unit texts, put into units that `service.fhir.quantity` knows, before anything is read.

Done on the raw JSON and in one place, so that every reader has it. A unit that is mapped keeps its
partner: where `unit` and `code` of a Quantity then disagree, the number stays uninterpretable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UnitKey = tuple[str, tuple[str, str] | None]
"""The unit text, and the (system, code) of the results to which the entry is restricted."""
SiteUnits = Mapping[UnitKey, str]


def plain_unit(text: str) -> str:
    """A unit as it is compared: with single spaces. Case tells units apart, so it stays."""
    return " ".join(text.split())


def translated(resource: dict[str, Any], units: SiteUnits) -> dict[str, Any]:
    """The Observation, or a copy of it with the mapped units of its value and components replaced.

    What has not the shape of FHIR is left as it is, for the reader to refuse.
    """
    found = _with_unit(resource, units)
    parts = resource.get("component")
    if isinstance(parts, list):
        mapped = [_with_unit(part, units) if isinstance(part, dict) else part for part in parts]
        if any(new is not old for new, old in zip(mapped, parts, strict=True)):
            found = {**found, "component": mapped}
    return found


def _with_unit(item: dict[str, Any], units: SiteUnits) -> dict[str, Any]:
    given = item.get("valueQuantity")
    if not isinstance(given, dict):
        return item
    codes = _codes(item.get("code"))
    changed = {
        member: meant
        for member in ("unit", "code")
        if isinstance(text := given.get(member), str) and (meant := _meant(text, codes, units)) is not None
    }
    return {**item, "valueQuantity": {**given, **changed}} if changed else item


def _codes(code: Any) -> list[tuple[str, str]]:
    codings = code.get("coding") if isinstance(code, dict) else None
    pairs = [(c.get("system"), c.get("code")) for c in codings or () if isinstance(c, dict)]
    return [(s, c) for s, c in pairs if isinstance(s, str) and isinstance(c, str)]


def _meant(text: str, codes: list[tuple[str, str]], units: SiteUnits) -> str | None:
    """What the text means in this result; None if it is not mapped, or two ways for two of its codes."""
    unit = plain_unit(text)
    own = {meant for code in codes if (meant := units.get((unit, code))) is not None}
    if own:
        return own.pop() if len(own) == 1 else None
    return units.get((unit, None))
