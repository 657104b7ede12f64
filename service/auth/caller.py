"""Who calls: known from the check of the token to the end of the request."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, has_request_context

from service.auth.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Caller:
    """The issuer and the tenant of the token. In `g.caller`; nothing else of the token is kept."""

    issuer: str
    tenant: Tenant


def caller() -> Caller | None:
    """Who makes the request under way; None if callers are not checked (demonstration, insecure mode)."""
    if not has_request_context():
        return None
    found: Caller | None = g.get("caller")
    return found
