"""Names for users and patients that tell them apart and do not tell who they are."""

from __future__ import annotations

import hmac

_LENGTH = 32  # hexadecimal digits: 128 bits
_SEPARATOR = "\x1f"


def caller_name(issuer: str | None, tenant: str | None) -> str:
    """Issuer and tenant in one word: ids of users and patients are unique only within it."""
    return f"{issuer or ''} {tenant}" if tenant else issuer or ""


class Pseudonyms:
    """Keyed hashes (HMAC-SHA256). Without the key nobody can try out ids to see whose pseudonym it is."""

    def __init__(self, key: str | None) -> None:
        self._key = key.encode() if key else None
        self._any_key = self._key or b"relapse-cds"

    def of(self, kind: str, caller: str, identifier: str | None) -> str | None:
        """The pseudonym of a `user` or `patient` of a caller; None without a key or an id."""
        if self._key is None or not identifier:
            return None
        return _digest(self._key, (kind, caller, identifier))[:_LENGTH]

    def card(self, *parts: str) -> str:
        """A uuid (version 8) for a card as sent to one reader; stable for as long as the key is."""
        said = _digest(self._any_key, ("card", *parts))
        variant = "89ab"[int(said[16], 16) & 3]
        return f"{said[:8]}-{said[8:12]}-8{said[13:16]}-{variant}{said[17:20]}-{said[20:32]}"


def _digest(key: bytes, parts: tuple[str, ...]) -> str:
    said = _SEPARATOR.join(parts).encode("utf-8", "surrogatepass")
    return hmac.digest(key, said, "sha256").hex()
