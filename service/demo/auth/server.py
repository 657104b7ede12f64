"""The authorization server itself: Authlib's, with one signing key and one app registered."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from joserfc import jwt
from joserfc.jwk import RSAKey

from service.demo.auth.grants import Assertion, Pkce, Revocation, SmartCode, SmartRefresh
from service.demo.auth.memory import Memory
from service.demo.auth.models import Client, Code, Token
from service.smart.sealing import fresh

_ID_TOKEN_S = 300


@dataclass(frozen=True, slots=True)
class Registration:
    """What the server must know. `fhir`: base address of the FHIR server it protects."""

    fhir: str
    clients: tuple[Client, ...]
    refreshes: bool = False
    """Give refresh tokens, unasked."""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True), repr=False)


class SmartServer(AuthorizationServer):  # type: ignore[misc]
    """Made without an app: everything it needs is in the registration and the memory."""

    def __init__(self, registration: Registration, memory: Memory) -> None:
        super().__init__()
        self.memory = memory
        self.registration = registration
        self.refreshes = registration.refreshes
        self.register_token_generator(
            "default", BearerTokenGenerator(_token, _token, lambda _client, _grant: memory.access_s)
        )
        self.register_grant(SmartCode, [Pkce(required=True)])
        self.register_grant(SmartRefresh)
        self.register_endpoint(Revocation)
        assertion = Assertion(memory, f"{registration.fhir}/auth/token")
        self.register_client_auth_method(Assertion.CLIENT_AUTH_METHOD, assertion)

    def query_client(self, client_id: str) -> Client | None:
        """Called by Authlib."""
        return next((c for c in self.registration.clients if c.client_id == client_id), None)

    def get_error_uri(self, _request: Any, _error: Any) -> None:
        """None: errors have no pages."""

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        """Called by Authlib."""
        for kind in ("access", "refresh"):
            text = token.get(f"{kind}_token")
            if text:
                row = Token(
                    text, request.client.client_id, token["scope"], request.user.patient, request.user.user
                )
                self.memory.keep_token(kind, row)

    def with_context(self, token: dict[str, Any], client: Client, code: Code) -> dict[str, Any]:
        """A token answer with the launch context, and who the user is if that was asked for."""
        found = {**token, "patient": code.patient, "need_patient_banner": True}
        if "openid" in code.scope.split():
            found["id_token"] = self._id_token(client, code)
        return found

    def _id_token(self, client: Client, code: Code) -> str:
        now = int(time.time())
        claims = {
            "iss": self.registration.fhir,
            "sub": code.user.rpartition("/")[2],
            "aud": client.client_id,
            "iat": now,
            "exp": now + _ID_TOKEN_S,
            "fhirUser": f"{self.registration.fhir}/{code.user}",
        }
        if code.nonce is not None:
            claims["nonce"] = code.nonce
        key = self.registration.key
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key, algorithms=["RS256"])


def _token(**_: Any) -> str:
    return fresh()
