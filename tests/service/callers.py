"""CDS clients for the tests: their keys, the tokens they sign, and their file."""

from __future__ import annotations

import json
import time
import uuid
from base64 import urlsafe_b64encode
from functools import cache
from pathlib import Path
from typing import Any, Literal

from joserfc.jwk import ECKey, KeyParameters, OctKey, RSAKey
from joserfc.jws import JWSRegistry

from service.auth.algorithms import SUPPORTED
from tests.conftest import BASE

Json = dict[str, Any]
Key = ECKey | RSAKey

ISSUER = "https://ehr.example"
VENDOR = "https://vendor.example"
"""Speaks for two of our tenants."""
JKU = "https://ehr.example/.well-known/jwks.json"
DISCOVERY = f"{BASE}/cds-services"
CALL = f"{BASE}/cds-services/relapsed-all"


_CURVES: dict[str, Literal["P-256", "P-384", "P-521"]] = {
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
}


@cache
def key(kid: str = "ec", algorithm: str = "ES384", number: int = 0, bits: int = 2048) -> Key:
    """A key pair, made once; `number` tells keys of the same id apart."""
    about: KeyParameters = {"kid": kid, "use": "sig"}
    made: Key
    if algorithm in _CURVES:
        made = ECKey.generate_key(_CURVES[algorithm], about)
    else:
        made = RSAKey.generate_key(bits, about)
    _algorithm_of[id(made)] = algorithm
    return made


_algorithm_of: dict[int, str] = {}


def algorithm_of(signer: Key) -> str:
    return _algorithm_of[id(signer)]


def public(*keys: Key, **changes: Any) -> Json:
    """A JWK Set."""
    return {"keys": [{**k.as_dict(private=False), "alg": algorithm_of(k), **changes} for k in keys]}


def b64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def claims(**changes: Any) -> Json:
    """Right claims for a call of the patient-view service; None leaves one out."""
    now = int(time.time())
    right = {"iss": ISSUER, "aud": CALL, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
    return {name: value for name, value in {**right, **changes}.items() if value is not None}


def header(signer: Key | None = None, **changes: Any) -> Json:
    """A right header; None leaves a member out."""
    signer = signer or key()
    right: Json = {"alg": algorithm_of(signer), "kid": signer.get("kid"), "typ": "JWT"}
    return {name: value for name, value in {**right, **changes}.items() if value is not None}


def token(signer: Key | None = None, head: Json | None = None, **changes: Any) -> str:
    """A token signed by `signer`, right but for the changes to its claims or its header."""
    return raw(head or header(signer), json.dumps(claims(**changes)).encode(), signer)


def raw(head: Json, payload: bytes, signer: Key | OctKey | None = None) -> str:
    """A token with this very header and payload, validly signed: whatever is wrong with it is meant."""
    signer = signer or key()
    algorithm = "HS256" if isinstance(signer, OctKey) else algorithm_of(signer)
    if head.get("alg") in SUPPORTED:
        algorithm = head["alg"]
    signed = f"{b64(json.dumps(head).encode())}.{b64(payload)}"
    model = JWSRegistry.algorithms[algorithm]
    return f"{signed}.{b64(model.sign(signed.encode(), signer))}"


def unsigned(head: Json, payload: Json, signature: str = "") -> str:
    return f"{b64(json.dumps(head).encode())}.{b64(json.dumps(payload).encode())}.{signature}"


def tenants_file(folder: Path, extra: str = "", keys: Json | None = None) -> Path:
    """Three tenants: a hospital with keys in a file, and two customers of one vendor."""
    (folder / "ehr.jwks.json").write_text(
        json.dumps(keys or public(key(), key("rsa", "RS384"))), encoding="utf-8"
    )
    (folder / "vendor.jwks.json").write_text(json.dumps(public(key("vendor"))), encoding="utf-8")
    path = folder / "tenants.toml"
    path.write_text(
        f"""
version = 1

[[tenant]]
name = "hospital"
issuers = ["{ISSUER}"]
jku = ["{JKU}"]
jwks_file = "ehr.jwks.json"
{extra}

[[tenant]]
name = "vendor-north"
issuers = ["{VENDOR}"]
tenant_ids = ["north"]
jwks_file = "vendor.jwks.json"
max_lifetime_s = 60

[[tenant]]
name = "vendor-south"
issuers = ["{VENDOR}"]
tenant_ids = ["south", "south-2"]
jwks_file = "vendor.jwks.json"
""",
        encoding="utf-8",
    )
    return path
