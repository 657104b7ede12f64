"""Whose a resource is: by reference, or by an identifier of the patient where it has no reference."""

from __future__ import annotations

from typing import Any

from service.fhir.elements import Reference
from service.fhir.reading import ForeignError, Reading


def own(resource: dict[str, Any], reading: Reading, member: str = "subject") -> dict[str, Any]:
    """The resource, if it is our patient's; ForeignError for any other."""
    if is_plainly_own(resource, reading, member) or reading.own(Reference.of(resource.get(member) or {})):
        return resource
    raise ForeignError


def is_plainly_own(resource: dict[str, Any], reading: Reading, member: str = "subject") -> bool:
    """A quick look, for most references have the one form."""
    subject = resource.get(member)
    plain = subject.get("reference") if isinstance(subject, dict) else None
    return isinstance(plain, str) and plain in reading.subjects


def is_referred(resource: dict[str, Any]) -> bool:
    """Does it name its subject by a reference, or in a shape for the reader to refuse?"""
    subject = resource.get("subject")
    return not isinstance(subject, dict) or "reference" in subject


def names_subject(resource: dict[str, Any]) -> bool:
    """Does it say whose it is, in a form that can be followed?"""
    subject = resource.get("subject", resource.get("patient"))
    return isinstance(subject, dict) and ("reference" in subject or "identifier" in subject)
