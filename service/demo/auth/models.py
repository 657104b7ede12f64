"""Clients, launch contexts, codes and tokens, as Authlib and the rest of the server want them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin

_PLAIN = frozenset({"launch", "launch/patient", "openid", "fhirUser", "online_access"})
_RESOURCE = re.compile(r"patient/(?:\*|[A-Z][A-Za-z]+)\.(?:read|\*|c?r?u?d?s?)")


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):  # type: ignore[misc]
    """An app registered with this server; with `jwks` it must authenticate with private_key_jwt."""

    client_id: str
    redirect_uris: tuple[str, ...]
    jwks: dict[str, Any] | None = None

    def get_client_id(self) -> str:
        """Called by Authlib."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: an app says where its answers go."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """What of the scopes asked for is granted: all that this server knows."""
        asked = (scope or "").split()
        return " ".join(s for s in asked if s in _PLAIN or (_RESOURCE.fullmatch(s) and not s.endswith(".")))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exactly one of those registered."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, _secret: str) -> bool:
        """Nobody has one."""
        return False

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Registered keys must be used."""
        return method == ("none" if self.jwks is None else "client_assertion_jwt")

    def check_response_type(self, response_type: str) -> bool:
        """Codes only."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes and refresh tokens."""
        return grant_type in ("authorization_code", "refresh_token")


@dataclass(frozen=True, slots=True)
class Context:
    """What a launch is about."""

    patient: str
    user: str = "Practitioner/demo-clinician"

    def get_user_id(self) -> str:
        """Called by Authlib: whoever approves is the user."""
        return self.user


@dataclass(frozen=True, slots=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """A code given out, to be used once."""

    client_id: str
    redirect_uri: str
    scope: str
    patient: str
    user: str
    code_challenge: str
    nonce: str | None

    code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        """Called by Authlib."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Called by Authlib."""
        return self.scope


@dataclass(frozen=True, slots=True)
class Token(TokenMixin):  # type: ignore[misc]
    """An access or refresh token."""

    text: str = field(repr=False)
    client_id: str
    scope: str
    patient: str
    user: str

    def check_client(self, client: Client) -> bool:
        """Called by Authlib."""
        return self.client_id == client.client_id

    def get_scope(self) -> str:
        """Called by Authlib."""
        return self.scope

    def allows(self, resource_type: str) -> bool:
        """May resources of this type be read with it?"""
        for scope in self.scope.split():
            kind, dot, rights = scope.removeprefix("patient/").partition(".")
            reads = rights in ("read", "*") or {"r", "s"} <= set(rights)
            if dot and scope.startswith("patient/") and kind in ("*", resource_type) and reads:
                return True
        return False
