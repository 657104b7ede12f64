"""Authlib's grants with what SMART adds: launch context, PKCE for everyone, assertions of five minutes."""

from __future__ import annotations

import time
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7636 import CodeChallenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.demo.auth.memory import Memory
from service.demo.auth.models import Client, Code, Context, Token

_METHODS = ["none", "client_assertion_jwt"]
_ALGORITHMS = ["ES384", "RS384"]
_LONGEST_ASSERTION_S = 300
_LEEWAY_S = 30


class Pkce(CodeChallenge):  # type: ignore[misc]
    """S256 and nothing else, for public and confidential clients."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Called by Authlib."""
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class SmartCode(AuthorizationCodeGrant):  # type: ignore[misc]
    """The authorization code grant with the launch context beside the token."""

    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

    @property
    def memory(self) -> Memory:
        """The server's memory."""
        memory: Memory = self.server.memory
        return memory

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Called by Authlib."""
        asked, context = request.payload.data, request.user
        row = Code(
            client_id=request.client.client_id,
            redirect_uri=request.payload.redirect_uri,
            scope=request.scope,
            patient=context.patient,
            user=context.user,
            code_challenge=asked["code_challenge"],
            nonce=asked.get("nonce"),
        )
        self.memory.keep_code(code, row)

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        """Called by Authlib. The code is spent even if the verifier turns out to be wrong."""
        row = self.memory.use_code(code)
        return row if row is not None and row.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It went when it was looked up."""

    def authenticate_user(self, authorization_code: Code) -> Context:
        """Called by Authlib."""
        return Context(authorization_code.patient, authorization_code.user)

    def generate_token(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Called by Authlib."""
        kwargs["include_refresh_token"] = self.server.refreshes
        token = super().generate_token(*args, **kwargs)
        found: dict[str, Any] = self.server.with_context(
            token, self.request.client, self.request.authorization_code
        )
        return found


class SmartRefresh(RefreshTokenGrant):  # type: ignore[misc]
    """Refresh with rotation."""

    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        """Called by Authlib."""
        found: Token | None = self.server.memory.token("refresh", refresh_token)
        return found

    def authenticate_user(self, refresh_token: Token) -> Context:
        """Called by Authlib."""
        return Context(refresh_token.patient, refresh_token.user)

    def revoke_old_credential(self, refresh_token: Token) -> None:
        """Called by Authlib."""
        self.server.memory.forget_token(refresh_token.text)


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009."""

    CLIENT_AUTH_METHODS = _METHODS

    def query_token(self, token_string: str, _hint: str | None) -> Token | None:
        """Called by Authlib."""
        memory: Memory = self.server.memory
        return memory.token("access", token_string) or memory.token("refresh", token_string)

    def revoke_token(self, token: Token, _request: Any) -> None:
        """Called by Authlib."""
        self.server.memory.forget_token(token.text)


class Assertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """private_key_jwt: RFC 7523 as SMART narrows it."""

    def __init__(self, memory: Memory, audience: str) -> None:
        super().__init__(leeway=_LEEWAY_S)
        self._memory = memory
        self._audience = audience

    def get_audiences(self) -> list[str]:
        """Called by Authlib."""
        return [self._audience]

    def resolve_client_public_key(self, client: Client) -> KeySet:
        """Called by Authlib."""
        return KeySet.import_key_set(client.jwks or {"keys": []})  # type: ignore[arg-type]

    def process_assertion_claims(self, assertion: str, resolve_key: KeySet) -> dict[str, Any]:
        """Called by Authlib, whose own form takes other algorithms than SMART asks for."""
        try:
            claims = jwt.decode(assertion, resolve_key, algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError):
            raise InvalidClientError(description="The assertion is not signed by the client.") from None
        self.verify_claims(claims)
        if claims["exp"] > time.time() + _LONGEST_ASSERTION_S + _LEEWAY_S:
            raise InvalidClientError(description="The assertion lives longer than five minutes.")
        return dict(claims)

    def validate_jti(self, claims: dict[str, Any], jti: str) -> bool:
        """Called by Authlib."""
        return not self._memory.seen(claims["sub"], jti, claims["exp"])
