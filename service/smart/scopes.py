"""Scopes: what to ask for, in the form the server takes, and whether what it granted is enough to begin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from service.config.smart import SmartIssuer
from service.fhir.prefetch import NEEDS

Version = Literal["v1", "v2"]

RESOURCES = tuple(dict.fromkeys(need.type for need in NEEDS))
"""The resource types that an assessment reads, each once."""
_RIGHTS: dict[Version, str] = {"v1": "read", "v2": "rs"}


def version_of(issuer: SmartIssuer, capabilities: Iterable[str], supported: Iterable[str]) -> Version:
    """The form of scopes: as set, else as the server says, else v2, the present standard.

    A server that names neither capability is known by its list of scopes: `.read` and `.*` are v1.
    """
    if issuer.scopes != "auto":
        return issuer.scopes
    offered = set(capabilities)
    if "permission-v2" in offered:
        return "v2"
    if "permission-v1" in offered:
        return "v1"
    resource = [scope for scope in supported if scope.startswith(("patient/", "user/"))]
    old = [scope for scope in resource if scope.partition("?")[0].endswith((".read", ".write", ".*"))]
    return "v1" if resource and len(old) == len(resource) else "v2"


def wanted(version: Version, *, ehr_launch: bool, user: bool) -> str:
    """The scope parameter: reading what an assessment needs of one patient, while the user is there."""
    launch = "launch" if ehr_launch else "launch/patient"
    who = ("openid", "fhirUser") if user else ()
    reading = (f"patient/{kind}.{_RIGHTS[version]}" for kind in RESOURCES)
    return " ".join((launch, *who, *reading))
