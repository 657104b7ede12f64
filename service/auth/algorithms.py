"""Signature algorithms that can be allowed: never `none`, never a shared secret."""

from __future__ import annotations

from typing import Literal, get_args

from joserfc.jwk import ECKey, RSAKey

Algorithm = Literal["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
SUPPORTED: tuple[Algorithm, ...] = get_args(Algorithm)
RECOMMENDED: tuple[Algorithm, ...] = ("ES384", "RS384")
"""By CDS Hooks and SMART App Launch."""

PublicKey = ECKey | RSAKey
LEAST_RSA_BITS = 2048
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def fits(key: PublicKey, algorithm: str) -> bool:
    """Whether this key is one for this algorithm: a key that is good for several things is confusing."""
    stated = key.get("alg")
    if stated is not None and stated != algorithm:
        return False
    if isinstance(key, ECKey):
        return _CURVES.get(algorithm) == key.curve_name
    return algorithm[:2] in ("RS", "PS")
