"""The OAuth 2 part, by Authlib: authorization request, code for token, refresh, revocation."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlencode

from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from service.config.smart import SmartIssuer
from service.smart.discovery import AuthServer
from service.smart.errors import Fault, SmartError
from service.smart.http import Answer, Caller, CallError
from service.smart.keys import SigningKey, algorithm_of, kid_of

_ASSERTION_S = 240
"""Life of a client assertion: SMART allows five minutes at most."""
_UNSAID_S = 300
"""Life of a token whose server does not say it, which SMART asks it to."""
_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_VISIBLE = re.compile(r"[!-~]{1,20000}")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token answer, checked. Times are seconds since 1970."""

    access: str = field(repr=False)
    expires_at: float
    refresh: str | None = field(repr=False)
    patient: str | None
    encounter: str | None
    need_patient_banner: bool
    id_token: str | None = field(repr=False)
    scope: str | None


class OAuth:
    """Speaks for the app to one authorization server."""

    def __init__(
        self,
        issuer: SmartIssuer,
        server: AuthServer,
        redirect_uri: str,
        caller: Caller,
        key: SigningKey | None,
    ) -> None:
        self._issuer = issuer
        self._server = server
        self._redirect_uri = redirect_uri
        self._caller = caller
        self._key = key

    def authorization_url(
        self, *, scope: str, state: str, verifier: str, nonce: str | None, aud: str, launch: str | None
    ) -> str:
        """Where the browser is sent."""
        url, _ = self._client().create_authorization_url(
            self._server.authorize,
            state=state,
            code_verifier=verifier,
            redirect_uri=self._redirect_uri,
            scope=scope,
            nonce=nonce,
            aud=aud,
            launch=launch,
        )
        return str(url)

    def exchange(self, code: str, verifier: str) -> Tokens:
        """The code for a token. SmartError REFUSED or TOKEN."""
        return self._asked(
            lambda client: client.fetch_token(
                self._server.token, grant_type="authorization_code", code=code, code_verifier=verifier,
                redirect_uri=self._redirect_uri,
            )
        )  # fmt: skip

    def refreshed(self, refresh: str) -> Tokens:
        """A new token for a refresh token. SmartError REFUSED or TOKEN."""
        return self._asked(lambda client: client.refresh_token(self._server.token, refresh_token=refresh))

    def revoke(self, token: str, hint: str) -> bool:
        """Give a token back; whether the server took it. Never raises for what the server does."""
        if self._server.revoke is None:
            return False
        try:
            answer = self._client().revoke_token(self._server.revoke, token=token, token_type_hint=hint)
        except CallError:
            return False
        return bool(answer.status_code == HTTPStatus.OK)

    def _asked(self, ask: Any) -> Tokens:
        try:
            answer: dict[str, Any] = ask(self._client())
        except AuthlibBaseError:
            _log.warning("SMART token endpoint: refused", extra={"issuer": self._issuer.id})
            raise SmartError(Fault.REFUSED) from None
        except (CallError, ValueError):
            _log.warning("SMART token endpoint: no usable answer", extra={"issuer": self._issuer.id})
            raise SmartError(Fault.TOKEN) from None
        return read_tokens(answer, time.time())

    def _client(self) -> Any:
        secret = self._issuer.client_secret
        client = OAuth2Client(
            _Session(self._caller),
            client_id=self._issuer.client_id,
            client_secret=self._key if self._issuer.auth == "private_key_jwt" else _text(secret),
            token_endpoint_auth_method=self._issuer.auth,
            revocation_endpoint_auth_method=self._issuer.auth,
            code_challenge_method="S256",
        )
        if self._issuer.auth == "private_key_jwt" and self._key is not None:
            client.register_client_auth_method(_assertion(self._key, self._server.token))
        return client


def _text(secret: Any) -> str | None:
    return None if secret is None else str(secret.get_secret_value())


def _assertion(key: SigningKey, audience: str) -> Any:
    return PrivateKeyJWT(
        audience,
        claims={"exp": int(time.time()) + _ASSERTION_S},
        headers={"kid": kid_of(key), "typ": "JWT"},
        alg=algorithm_of(key),
    )


class _Session:
    """What Authlib needs of an HTTP session, on our own caller."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def post(self, url: str, data: dict[str, str], headers: dict[str, str], auth: Any) -> _Response:
        """A form with the client's authentication added."""
        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        return _Response(self._caller.post(url, headers, body))


class _Response:
    """What Authlib needs of an HTTP response."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self._answer = answer

    def json(self) -> dict[str, Any]:
        """The object of the body. ValueError if it holds none."""
        content = self._answer.object
        if content is None:
            raise ValueError("no JSON object")
        # A refusal by status alone is one, whatever the body says.
        if self.status_code != HTTPStatus.OK and "error" not in content:
            raise CallError("an unexpected status")
        return content

    def raise_for_status(self) -> Self:
        """CallError for any status but success."""
        if self.status_code >= HTTPStatus.BAD_REQUEST:
            raise CallError("an unexpected status")
        return self


def read_tokens(answer: dict[str, Any], now: float) -> Tokens:
    """The members that are used, checked. SmartError TOKEN if it is no usable bearer token."""
    access, kind = answer.get("access_token"), answer.get("token_type")
    if not (isinstance(access, str) and _VISIBLE.fullmatch(access)):
        raise SmartError(Fault.TOKEN)
    if not (isinstance(kind, str) and kind.lower() == "bearer"):
        raise SmartError(Fault.TOKEN)
    return Tokens(
        access=access,
        expires_at=now + _seconds(answer.get("expires_in")),
        refresh=_visible(answer.get("refresh_token")),
        patient=_fhir_id(answer.get("patient")),
        encounter=_fhir_id(answer.get("encounter")),
        # Left out means that the EHR shows no banner of its own that we could rely on.
        need_patient_banner=answer.get("need_patient_banner") is not False,
        id_token=_visible(answer.get("id_token")),
        scope=answer["scope"] if isinstance(answer.get("scope"), str) else None,
    )


def _seconds(value: object) -> float:
    # Some servers write the number as text.
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    return float(_UNSAID_S)


def _visible(value: object) -> str | None:
    return value if isinstance(value, str) and _VISIBLE.fullmatch(value) else None


def _fhir_id(value: object) -> str | None:
    return value if isinstance(value, str) and _FHIR_ID.fullmatch(value) else None
