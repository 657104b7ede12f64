"""To try out tokens: key pairs, tokens signed with them, and every check of a token in words."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from service.auth.checks import CHECKS, Examination, Refused, Rules
from service.auth.tenants import Tenants
from service.auth.token import TokenFormError, bearer, read_token

_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_RSA_BITS = 3072


class KeyFileError(ValueError):
    """The file holds no private key of ours; the text is constant."""


def write_pair(algorithm: str, kid: str | None, folder: Path) -> tuple[Path, Path]:
    """A new key pair: KID.private.json, for its owner's eyes, and KID.jwks.json. OSError if it cannot be."""
    key: ECKey | RSAKey
    if algorithm in _CURVES:
        key = ECKey.generate_key(_CURVES[algorithm])
    else:
        key = RSAKey.generate_key(_RSA_BITS)
    about = {"kid": kid or key.thumbprint(), "use": "sig", "alg": algorithm}
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in about["kid"]).lstrip(".-") or "key"
    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / f"{name}.private.json", folder / f"{name}.jwks.json"
    _write(private, {**key.as_dict(private=True), **about}, 0o600)
    _write(public, {"keys": [{**key.as_dict(private=False), **about}]}, 0o644)
    return private, public


def _write(path: Path, content: dict[str, Any], mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def signed(
    key_file: Path, *, issuer: str, audience: str, tenant: str | None, jku: str | None, lifetime_s: int
) -> str:
    """A token as CDS Hooks wants it, good for one call. KeyFileError if the key cannot be used."""
    try:
        content = orjson.loads(key_file.read_bytes())
        kinds: dict[Any, type[ECKey] | type[RSAKey]] = {"EC": ECKey, "RSA": RSAKey}
        key = kinds[content["kty"]].import_key(content)
        kid, algorithm = content["kid"], content["alg"]
    except OSError:
        raise KeyFileError("the file cannot be read") from None
    except (ValueError, TypeError, KeyError, JoseError):
        raise KeyFileError("the file is no private key of `keys new`") from None
    if not key.is_private:
        raise KeyFileError("the file holds a public key only")
    header = {"alg": algorithm, "kid": kid, "typ": "JWT", **({"jku": jku} if jku else {})}
    now = int(time.time())
    claims = {"iss": issuer, "aud": audience, "iat": now, "exp": now + lifetime_s, "jti": str(uuid.uuid4())}
    if tenant is not None:
        claims["tenant"] = tenant
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    return jws.serialize_compact(header, orjson.dumps(claims), key, registry=registry)


@dataclass(frozen=True, slots=True)
class Line:
    """One check. `passed`: None if it could not be made."""

    name: str
    passed: bool | None
    text: str

    @property
    def mark(self) -> str:
        """Four characters."""
        return {True: "ok  ", False: "FAIL", None: "--  "}[self.passed]


def lines(text: str, audience: str, tenants: Tenants, leeway_s: int, now: float) -> Iterator[Line]:
    """Every check of a token, those after a failure too where they can be made. Nothing is noted as used."""
    try:
        token = read_token(bearer(text) if " " in text else text)
    except TokenFormError as error:
        yield Line("form", False, str(error))
        return
    yield Line("form", True, "a signed JWT")
    examination = Examination(Rules(tenants, leeway_s), token, audience, now)
    failed: set[str] = set()
    for check in CHECKS:
        if missing := [name for name in check.needs if name in failed]:
            failed.add(check.name)
            yield Line(check.name, None, f"not checked, it needs: {', '.join(missing)}")
            continue
        try:
            yield Line(check.name, True, check.run(examination))
        except Refused as error:
            failed.add(check.name)
            yield Line(check.name, False, f"{error} ({error.detail})" if error.detail else str(error))
