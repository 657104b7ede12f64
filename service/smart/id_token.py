"""Who is signed in: OpenID Connect Core 1.0, section 3.1.3.7, with SMART's fhirUser claim."""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.smart.discovery import AuthServer
from service.smart.errors import Fault, SmartError
from service.smart.http import Caller, CallError

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures only: neither `none` nor a shared secret."""
_LEEWAY_S = 60
_JWE_PARTS = 5
_USER = re.compile(
    r"(?:^|/)((?:Practitioner|PractitionerRole|Patient|RelatedPerson|Person)/[A-Za-z0-9\-.]{1,64})$"
)


def fhir_user(
    id_token: str | None, server: AuthServer, client_id: str, nonce: str, caller: Caller
) -> str | None:
    """The user as `Type/id`; None if the server does not say it in a way that can be checked.

    SmartError IDENTITY for a token that fails a check: then someone else may have made it. A token that is
    encrypted for us (some servers do so) is not read.
    """
    if id_token is None or not server.says_who or id_token.count(".") == _JWE_PARTS - 1:
        return None
    claims = _verified(id_token, _keys(server, caller))
    _check(claims, server.issuer or "", client_id, nonce)
    user = claims.get("fhirUser")
    found = _USER.search(user) if isinstance(user, str) else None
    return found[1] if found else None


def _keys(server: AuthServer, caller: Caller) -> KeySet:
    try:
        answer = caller.get(server.jwks or "")
    except CallError:
        raise SmartError(Fault.IDENTITY) from None
    content = answer.object if answer.status == HTTPStatus.OK else None
    keys = content.get("keys") if content else None
    # Keys of kinds that are not known here are no reason to refuse the others.
    usable = [key for key in keys if _importable(key)] if isinstance(keys, list) else []
    if not usable:
        raise SmartError(Fault.IDENTITY)
    return KeySet.import_key_set({"keys": usable})


def _importable(key: Any) -> bool:
    if not isinstance(key, dict) or key.get("kty") not in ("RSA", "EC"):
        return False
    try:
        KeySet.import_key_set({"keys": [key]})
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return True


def _verified(id_token: str, keys: KeySet) -> dict[str, Any]:
    try:
        return dict(jwt.decode(id_token, keys, algorithms=list(_ALGORITHMS)).claims)
    except (JoseError, ValueError, TypeError, KeyError):
        raise SmartError(Fault.IDENTITY) from None


def _check(claims: dict[str, Any], issuer: str, client_id: str, nonce: str) -> None:
    audience = claims.get("aud")
    several = isinstance(audience, list) and len(audience) > 1
    registry = jwt.JWTClaimsRegistry(
        now=int(time.time()),
        leeway=_LEEWAY_S,
        iss={"essential": True, "value": issuer},
        sub={"essential": True},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
        azp={"essential": several, "value": client_id},
    )
    try:
        registry.validate(claims)
    except (JoseError, ValueError, TypeError):
        raise SmartError(Fault.IDENTITY) from None
