"""Draft plans and groups of orders, as the single orders that they hold: CarePlan and RequestGroup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

GROUPS = {"CarePlan": "activity", "RequestGroup": "action"}
"""By type, the element that lists what is to be done."""


def parts_of(group: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a plan or group tells itself; what it refers to stands in the bundle or is contained."""
    kind = group["resourceType"]
    listed = group.get(GROUPS[kind]) or ()
    if not listed and isinstance(group.get("title"), str):
        yield {"code": {"text": group["title"]}}
    for part in listed:
        if kind == "CarePlan" and part.get("detail"):
            yield _detail(part["detail"], group)
        elif kind == "RequestGroup":
            yield from _action(part)


def _detail(detail: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    """An activity, with its product or its description as a code where it has no other."""
    refers = detail.get("productReference")
    if refers and not detail.get("productCodeableConcept"):
        return {
            **detail,
            "resourceType": "MedicationRequest",
            "medicationReference": refers,
            "contained": plan.get("contained"),
        }
    if detail.get("code") or detail.get("productCodeableConcept"):
        return detail
    return {**detail, "code": {"text": detail["description"]}} if detail.get("description") else detail


def _action(action: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node of a RequestGroup and those within it, by code and title; one that points to a request says
    no more than that does."""
    told = [code for code in action.get("code") or () if code]
    if not action.get("resource") and (told or isinstance(action.get("title"), str)):
        code = told[0] if told else {"text": action["title"]}
        yield {"code": code}
    for inner in action.get("action") or ():
        yield from _action(inner)


def references_of(group: dict[str, Any]) -> Iterator[str]:
    """The orders that a plan or group points to."""
    for part in group.get(GROUPS[group["resourceType"]]) or ():
        yield from _pointed(part)


def _pointed(part: dict[str, Any]) -> Iterator[str]:
    reference = (part.get("reference") or part.get("resource") or {}).get("reference")
    if isinstance(reference, str):
        yield reference
    for inner in part.get("action") or ():
        yield from _pointed(inner)
