"""Whom the page is about, as the record names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def name_of(resources: Iterable[dict[str, Any]], patient_id: str) -> str | None:
    """The name of the Patient with this id, whatever its elements hold; None if there is none."""
    for resource in resources:
        if resource.get("resourceType") == "Patient" and resource.get("id") == patient_id:
            return _name(resource) or None
    return None


def _name(patient: dict[str, Any]) -> str:
    """The official name, else the first that is not an old one."""
    names = patient.get("name")
    found = [n for n in names if isinstance(n, dict)] if isinstance(names, list) else []
    present = [n for n in found if n.get("use") not in ("old", "maiden")]
    present.sort(key=lambda n: n.get("use") != "official")
    return next((text for text in map(_written, present) if text), "")


def _written(name: dict[str, Any]) -> str:
    given = name.get("given")
    parts = [*(given if isinstance(given, list) else ()), name.get("family")]
    return _text(name, "text") or " ".join(part for part in parts if isinstance(part, str))


def _text(element: dict[str, Any], key: str) -> str:
    value = element.get(key)
    return value if isinstance(value, str) else ""
