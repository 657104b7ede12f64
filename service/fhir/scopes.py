"""Do the scopes of an access token include what was refused? For explaining a refusal, never for a decision.

SMART App Launch 1 (`patient/Observation.read`) and 2 (`patient/Observation.rs?category=laboratory`). Servers
grant otherwise than their scopes say, so every query is made; and what is not understood may grant anything.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Literal

Right = Literal["r", "s"]
"""To read by id, to search: the letters of SMART 2. `read` of SMART 1 is both."""

_MOST = 20_000
"""Characters looked at; the scopes of a server with all types of R4 take half of that."""
_DATA = re.compile(r"(?:patient|user|system)/(\*|[a-z]+)\.(\*|read|write|[cruds]+)(\?.*)?", re.DOTALL)
_MISSPELT = re.compile(r"(?:patient|user|system)/([a-z]+)(?:\.[a-z]*)?")
_LETTERS = {"*": "cruds", "read": "rs", "write": "cud"}
"""Of SMART 1, as SMART 2 has them."""
_WHO = frozenset(
    {
        "openid", "fhiruser", "profile", "email", "address", "phone", "offline_access", "online_access",
        "launch", "smart/orchestrate_launch",
    }
)  # fmt: skip
"""Of identity and launch: they open no record."""


class Cover(Enum):
    """Whether scopes include a right on a resource type."""

    YES = auto()
    IN_PART = auto()
    """Only with a search restriction (SMART 2)."""
    NO = auto()
    UNKNOWN = auto()


def cover(scope: str | None, kind: str, right: Right) -> Cover:
    """Whether the scopes of a token response include reading or searching a resource type.

    NO only if every word is understood and none grants it. Letter case does not count here.
    """
    words = scope.casefold().split() if scope and len(scope) <= _MOST else []
    if not words:
        return Cover.UNKNOWN
    found = {_of(word, kind.casefold(), right) for word in words}
    return next(c for c in (Cover.YES, Cover.UNKNOWN, Cover.IN_PART, Cover.NO) if c in found)


def explanation(scope: str | None, kind: str, right: Right) -> str | None:
    """Why it may have been refused, in words made of the resource type alone; None if scopes do not tell."""
    match cover(scope, kind, right):
        case Cover.NO:
            doing = "reading" if right == "r" or cover(scope, kind, "r") is Cover.NO else "searching"
            return f"The access token's scopes do not include {doing} {kind}."
        case Cover.IN_PART:
            return f"The access token's scopes include {kind} only in part (with a search restriction)."
    return None


def _of(word: str, kind: str, right: Right) -> Cover:
    """What one word says of it."""
    if word == "*":
        return Cover.YES
    if word in _WHO or word.startswith("launch/"):
        return Cover.NO
    if (data := _DATA.fullmatch(word)) is not None:
        type_, rights, restricted = data.groups()
        if type_ not in ("*", kind) or right not in _LETTERS.get(rights, rights):
            return Cover.NO
        return Cover.IN_PART if restricted else Cover.YES
    misspelt = _MISSPELT.fullmatch(word)
    return Cover.UNKNOWN if misspelt is None or misspelt[1] == kind else Cover.NO
