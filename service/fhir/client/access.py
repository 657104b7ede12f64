"""Whom to ask, with which token, and within which bounds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FhirAccess:
    """`fhirServer` and `fhirAuthorization` of a hook request; no token = an open server."""

    base: str
    token: str | None = field(default=None, repr=False)
    scope: str | None = field(default=None, repr=False)
    """As the caller wrote it: it may explain a refusal, and must not be shown."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one `fetch`; pages and bytes (decompressed) count per query, over all its pages."""

    deadline_s: float = 4.0
    max_pages: int = 20
    max_bytes: int = 20_000_000
    max_parallel: int = 8
    """Queries under way at once to one server, over all callers of the client."""
    max_overall: int = 32
    """The same over all servers."""
    retries: int = 1
    """Repeats of one request after 429, 502, 503, 504 or a lost connection."""
