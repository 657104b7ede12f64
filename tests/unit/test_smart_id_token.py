"""Who is signed in: every check of OpenID Connect Core 1.0, 3.1.3.7, each failing on its own."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from service.outgoing.client import OutgoingClient
from service.outgoing.reach import ANYWHERE
from service.smart.discovery import AuthServer
from service.smart.errors import Fault, SmartError
from service.smart.http import Answer, Caller, CallError
from service.smart.id_token import fhir_user

KEY = RSAKey.generate_key(2048, auto_kid=True)
OTHER = RSAKey.generate_key(2048, {"kid": KEY.kid or ""})
ISSUER = "https://fhir.ehr.example/r4"
SERVER = AuthServer(f"{ISSUER}/authorize", f"{ISSUER}/token", issuer=ISSUER, jwks=f"{ISSUER}/jwks")
CLIENT, NONCE = "app", "nonce-1"


class Keys(Caller):
    """Answers with a key set."""

    def __init__(self, answer: Answer | None) -> None:
        super().__init__(OutgoingClient(ANYWHERE), 1.0)
        self._answer = answer

    def get(self, url: str) -> Answer:
        assert url == SERVER.jwks
        if self._answer is None:
            raise CallError("none")
        return self._answer


def key_set(*keys: Any) -> Answer:

    content = [key if isinstance(key, dict) else key.as_dict(private=False) for key in keys]
    return Answer(200, {"keys": content})


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    full = {
        "iss": ISSUER, "sub": "s-1", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": NONCE,
        "fhirUser": f"{ISSUER}/Practitioner/dr-1",
    }  # fmt: skip
    return {name: value for name, value in {**full, **changes}.items() if value is not None}


def json_segment(content: object) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def signed(key: Any = KEY, alg: str = "RS256", **changes: Any) -> str:
    return jwt.encode({"alg": alg, "kid": key.kid}, claims(**changes), key, algorithms=[alg])


def user_of(token: str | None, answer: Answer | None = None, server: AuthServer = SERVER) -> str | None:
    return fhir_user(token, server, CLIENT, NONCE, Keys(answer or key_set(KEY)))


def test_a_valid_statement_names_the_user() -> None:
    assert user_of(signed()) == "Practitioner/dr-1"
    assert user_of(signed(aud=[CLIENT])) == "Practitioner/dr-1"
    assert user_of(signed(aud=[CLIENT, "other"], azp=CLIENT)) == "Practitioner/dr-1"
    assert user_of(signed(fhirUser="Practitioner/dr-2")) == "Practitioner/dr-2"


def test_an_elliptic_key_among_unknown_ones_is_found() -> None:
    key = ECKey.generate_key("P-384", auto_kid=True)
    strange = [{"kty": "new", "kid": "x"}, {"kty": "RSA", "n": "!"}, "text"]
    assert user_of(signed(key, "ES384"), key_set(*(k for k in strange if isinstance(k, dict)), KEY, key))


@pytest.mark.parametrize("said", [None, "https://x/Device/1", "Practitioner/a b", 7, "Practitioner/"])
def test_a_user_that_is_no_reference_is_not_shown(said: object) -> None:
    assert user_of(signed(fhirUser=said)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-app"},
        {"aud": ["another-app"]},
        {"aud": None},
        {"aud": [CLIENT, "other"]},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"azp": "other"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "later"},
        {"iat": None},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        {"nonce": "nonce-2"},
        {"nonce": None},
        {"sub": None},
    ],
)
def test_a_statement_that_fails_one_check_refuses_the_launch(changes: dict[str, Any]) -> None:
    with pytest.raises(SmartError) as caught:
        user_of(signed(**changes))
    assert caught.value.fault is Fault.IDENTITY


def test_a_signature_of_someone_else_refuses_the_launch() -> None:
    # The public key used as if it were a shared secret.
    head = json_segment({"alg": "HS256", "kid": KEY.kid})
    said = f"{head}.{json_segment(claims())}"
    mac = hmac.new(KEY.as_pem(private=False), said.encode(), sha256).digest()
    confused = f"{said}.{urlsafe_b64encode(mac).decode().rstrip('=')}"
    unsigned = f"{json_segment({'alg': 'none'})}.{json_segment(claims())}."
    for forged in (
        signed(OTHER),
        signed()[:-6] + "AAAAAA",
        confused,
        unsigned,
        "x.y.z",
        "",
    ):
        with pytest.raises(SmartError) as caught:
            user_of(forged)
        assert caught.value.fault is Fault.IDENTITY


@pytest.mark.parametrize(
    "answer",
    [Answer(0), Answer(200, "text"), Answer(200, {"keys": []}), Answer(200, {"keys": 5})],
)
def test_keys_that_cannot_be_had_refuse_the_launch(answer: Answer) -> None:
    with pytest.raises(SmartError):
        user_of(signed(), answer)
    with pytest.raises(SmartError):
        fhir_user(signed(), SERVER, CLIENT, NONCE, Keys(None))


def test_what_cannot_be_checked_is_not_used() -> None:
    assert user_of(None) is None
    assert user_of("anything", server=AuthServer(SERVER.authorize, SERVER.token, issuer=ISSUER)) is None
    assert user_of("anything", server=AuthServer(SERVER.authorize, SERVER.token, jwks=SERVER.jwks)) is None
    encrypted = jwe.encrypt_compact({"alg": "dir", "enc": "A128GCM"}, b"inner", OctKey.generate_key(128))
    assert user_of(encrypted) is None
