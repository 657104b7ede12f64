"""Whom the page is about: name, birth date, sex and id as the record has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Banner:
    """Texts for the head of the page; empty where the record says nothing."""

    id: str = field(repr=False)
    name: str = field(default="", repr=False)
    born: str = field(default="", repr=False)
    sex: str = field(default="", repr=False)


def banner_of(resources: Iterable[dict[str, Any]], patient_id: str) -> Banner:
    """Of the Patient with this id, whatever its elements hold."""
    for resource in resources:
        if resource.get("resourceType") == "Patient" and resource.get("id") == patient_id:
            return Banner(
                patient_id, _name(resource), _text(resource, "birthDate"), _text(resource, "gender")
            )
    return Banner(patient_id)


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
