"""Our keys for private_key_jwt: read at start, public halves as a JWK Set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from service.config.errors import ConfigError

_LEAST_RSA_BITS = 2048
SigningKey = ECKey | RSAKey


@dataclass(frozen=True, slots=True)
class Keys:
    """The first key signs; the others are published so that a change can be prepared or finished."""

    all: tuple[SigningKey, ...] = field(repr=False)

    @property
    def signing(self) -> SigningKey | None:
        """The key for new assertions."""
        return self.all[0] if self.all else None

    def public(self) -> dict[str, Any]:
        """RFC 7517 JWK Set of the public halves."""
        return {"keys": [_public(key) for key in self.all]}


def kid_of(key: SigningKey) -> str:
    """RFC 7638 thumbprint: the same in every process and after every start."""
    return key.thumbprint()


def algorithm_of(key: SigningKey) -> str:
    """What SMART asks every server to accept: ES384 or RS384."""
    return "ES384" if isinstance(key, ECKey) else "RS384"


def load_keys(paths: Iterable[Path]) -> Keys:
    """The keys of PEM files. ConfigError names the file's position, never what it holds."""
    return Keys(tuple(_load(path, number) for number, path in enumerate(paths, start=1)))


def _load(path: Path, number: int) -> SigningKey:
    try:
        pem = path.read_bytes()
    except OSError:
        raise ConfigError(f"smart_keys: file {number} cannot be read") from None
    for kind in (ECKey, RSAKey):
        try:
            key: SigningKey = kind.import_key(pem)
        except (JoseError, ValueError, TypeError):
            continue
        return _usable(key, number)
    raise ConfigError(f"smart_keys: file {number} is no PEM file of an EC or RSA key")


def _usable(key: SigningKey, number: int) -> SigningKey:
    if not key.is_private:
        raise ConfigError(f"smart_keys: file {number} holds a public key, the private one is needed")
    if isinstance(key, ECKey) and key.curve_name != "P-384":
        raise ConfigError(f"smart_keys: file {number}: an EC key must be on the curve P-384")
    if isinstance(key, RSAKey) and key.private_key is not None and key.private_key.key_size < _LEAST_RSA_BITS:
        raise ConfigError(f"smart_keys: file {number}: an RSA key must have 2048 bits or more")
    return key


def _public(key: SigningKey) -> dict[str, Any]:
    own = {"kid": kid_of(key), "use": "sig", "alg": algorithm_of(key)}
    return {**key.as_dict(private=False), **own}


def public_set(keys: Keys) -> KeySet:
    """The public halves as whoever checks our assertions imports them."""
    return KeySet.import_key_set(keys.public())  # type: ignore[arg-type]
