"""Bearer tokens at the FHIR server: who brings one sees what it is for, one patient and the types granted."""

from __future__ import annotations

from collections.abc import Callable

from flask import Request

from service.demo.auth.memory import Memory
from service.demo.auth.models import Token
from service.demo.store import FhirStore

_OPEN = frozenset({"metadata", ".well-known", "auth"})
UNKNOWN = "The access token is not valid."
OUTSIDE = "The access token does not permit this."


class BearerCheck:
    """Whether a request may go on. Without a token the demonstration's FHIR server is open, as it says."""

    def __init__(self, memory: Memory, store: FhirStore) -> None:
        self._memory = memory
        self._store = store

    def fault(self, request: Request, path: str) -> tuple[int, str] | None:
        """Status and text of a refusal; None if there is nothing against it. `path`: below the FHIR base."""
        header = request.headers.get("Authorization")
        kind, _, rest = path.strip("/").partition("/")
        if header is None or kind in _OPEN:
            return None
        scheme, _, text = header.partition(" ")
        token = self._memory.token("access", text.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            return 401, UNKNOWN
        allowed = token.allows(kind) and self._concerns(token, kind, rest, request.values.getlist)
        return None if allowed else (403, OUTSIDE)

    def _concerns(self, token: Token, kind: str, rest: str, values: Callable[[str], list[str]]) -> bool:
        """Does the request stay with the patient of the token?"""
        if rest and rest != "_search":
            resource = self._store.read(kind, rest)
            mine = self._store.of_patient(kind, token.patient)
            return resource is None or any(found["id"] == rest for found in mine)
        names = ("_id",) if kind == "Patient" else ("patient", "subject")
        asked = [value for name in names for value in values(name)]
        return bool(asked) and all(value.removeprefix("Patient/") == token.patient for value in asked)
