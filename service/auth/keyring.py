"""The public keys of a CDS client: one JWK Set, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from service.auth.algorithms import LEAST_RSA_BITS, PublicKey, fits

MAX_KEYS = 100
_SECRET_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})


class KeysError(ValueError):
    """The set of keys cannot be used or had; the text is constant."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Usable keys by their kid, and why others were left out."""

    keys: Mapping[str, tuple[PublicKey, ...]]
    left_out: tuple[str, ...] = ()

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of this id for this algorithm."""
        return next((key for key in self.keys.get(kid, ()) if fits(key, algorithm)), None)


def read_keys(content: Any) -> KeyRing:
    """The signature keys of a JWK Set (RFC 7517). KeysError if it is none.

    Keys of other kinds and for other uses are left out; so is one whose private part is public, since
    anyone can sign with it.
    """
    listed = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise KeysError("it is no JWK Set")
    if len(listed) > MAX_KEYS:
        raise KeysError("it has too many keys")
    found: dict[str, tuple[PublicKey, ...]] = {}
    left_out: list[str] = []
    for position, entry in enumerate(listed, start=1):
        try:
            kid, key = _read(entry)
        except KeysError as error:
            left_out.append(f"key {position}: {error}")
        else:
            found[kid] = (*found.get(kid, ()), key)
    return KeyRing(found, tuple(left_out))


def _read(entry: Any) -> tuple[str, PublicKey]:
    if not isinstance(entry, dict):
        raise KeysError("is no object")
    kid = entry.get("kid")
    if not isinstance(kid, str) or not kid:
        raise KeysError("has no kid")
    if _SECRET_MEMBERS & entry.keys():
        raise KeysError("is secret or holds its private part, and must be replaced")
    operations = entry.get("key_ops", ["verify"])
    if entry.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise KeysError("is not for signatures")
    return kid, _import(entry)


def _import(entry: dict[str, Any]) -> PublicKey:
    kinds: dict[Any, type[ECKey] | type[RSAKey]] = {"EC": ECKey, "RSA": RSAKey}
    kind = kinds.get(str(entry.get("kty")))
    if kind is None:
        raise KeysError("is neither EC nor RSA")
    try:
        key: PublicKey = kind.import_key(entry)
        opened = key.get_op_key("verify")  # parsed now, and kept in the key
    except (JoseError, ValueError, TypeError, KeyError, OverflowError):
        raise KeysError("cannot be read") from None
    if isinstance(key, RSAKey) and opened.key_size < LEAST_RSA_BITS:
        raise KeysError(f"has fewer than {LEAST_RSA_BITS} bits")
    return key
