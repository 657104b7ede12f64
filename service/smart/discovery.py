"""How an EHR wants the app to sign in: SMART App Launch 2, `.well-known/smart-configuration`.

Servers of the first version say it in their CapabilityStatement (extension oauth-uris): asked second.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from service.config.smart import SmartIssuer
from service.smart.errors import Fault, SmartError
from service.smart.http import Caller, CallError
from service.wire.request import split_http_url

_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_KEPT_S = 300.0
_MOST_WORDS = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuthServer:
    """What is needed of a server's description. Every address in it is permitted for its issuer."""

    authorize: str
    token: str
    revoke: str | None = None
    issuer: str | None = None
    """The OpenID issuer, for id tokens and the `iss` of authorization responses."""
    jwks: str | None = None
    capabilities: tuple[str, ...] = ()
    scopes_supported: tuple[str, ...] = ()

    @property
    def says_who(self) -> bool:
        """Whether an id token of it could be checked."""
        return self.issuer is not None and self.jwks is not None


class Discovery:
    """Asks servers how to sign in, and keeps each good answer for five minutes."""

    def __init__(
        self, caller: Caller, *, plain_http: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._caller = caller
        self._plain_http = plain_http
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, AuthServer]] = {}

    def of(self, issuer: SmartIssuer) -> AuthServer:
        """The sign-in of one listed EHR. SmartError DISCOVERY if it cannot be had or used."""
        with self._lock:
            kept = self._kept.get(issuer.id)
        if kept is not None and self._clock() - kept[0] < _KEPT_S:
            return kept[1]
        found = self._ask(issuer)
        with self._lock:
            self._kept[issuer.id] = (self._clock(), found)
        return found

    def _ask(self, issuer: SmartIssuer) -> AuthServer:
        try:
            described = self._object(f"{issuer.iss}/.well-known/smart-configuration")
            if described is None:
                described = _of_capabilities(self._object(f"{issuer.iss}/metadata"))
        except CallError:
            _log.warning("SMART discovery: no answer", extra={"issuer": issuer.id})
            raise SmartError(Fault.DISCOVERY) from None
        server = self._read(issuer, described or {})
        if server is None:
            _log.warning("SMART discovery: no usable description", extra={"issuer": issuer.id})
            raise SmartError(Fault.DISCOVERY)
        return server

    def _object(self, url: str) -> dict[str, Any] | None:
        answer = self._caller.get(url)
        return answer.object if answer.status == HTTPStatus.OK else None

    def _read(self, issuer: SmartIssuer, described: dict[str, Any]) -> AuthServer | None:
        authorize = self._permitted(issuer, described.get("authorization_endpoint"))
        token = self._permitted(issuer, described.get("token_endpoint"))
        if authorize is None or token is None:
            return None
        said = described.get("issuer")
        return AuthServer(
            authorize,
            token,
            revoke=self._permitted(issuer, described.get("revocation_endpoint")),
            issuer=said if isinstance(said, str) and said else None,
            jwks=self._permitted(issuer, described.get("jwks_uri")),
            capabilities=_words(described.get("capabilities")),
            scopes_supported=_words(described.get("scopes_supported")),
        )

    def _permitted(self, issuer: SmartIssuer, url: object) -> str | None:
        """An endpoint's address, if it is one and lies where this issuer's endpoints may lie."""
        if not isinstance(url, str):
            return None
        parts = split_http_url(url)
        if parts is None or parts.fragment:
            return None
        home = urlsplit(issuer.iss)
        secure = parts.scheme == "https" or (self._plain_http and home.scheme == "http")
        known = (parts.hostname or "").lower() in {home.hostname, *issuer.oauth_hosts}
        if not (secure and known):
            _log.warning("SMART discovery: an endpoint on a host not listed", extra={"issuer": issuer.id})
            return None
        return url


def _words(value: object) -> tuple[str, ...]:
    found = value[:_MOST_WORDS] if isinstance(value, list) else []
    return tuple(word for word in found if isinstance(word, str))


def _of_capabilities(statement: dict[str, Any] | None) -> dict[str, Any] | None:
    """The endpoints in a CapabilityStatement, under the names of the newer form."""
    if statement is None or statement.get("resourceType") != "CapabilityStatement":
        return None
    names = {
        "authorize": "authorization_endpoint",
        "token": "token_endpoint",
        "revoke": "revocation_endpoint",
    }
    found = {
        names[part["url"]]: part.get("valueUri")
        for rest in _objects(statement.get("rest"))
        for security in _objects([rest.get("security")])
        for extension in _objects(security.get("extension"))
        if extension.get("url") == _OAUTH_URIS
        for part in _objects(extension.get("extension"))
        if part.get("url") in names
    }
    return found or None


def _objects(value: object) -> Iterator[dict[str, Any]]:
    yield from (item for item in (value if isinstance(value, list) else ()) if isinstance(item, dict))
