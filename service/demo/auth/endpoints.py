"""The server over HTTP, below the FHIR base: authorize, token, revoke, keys; launches for the EHR page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, render_template, request

from service.demo.auth.models import Context
from service.demo.auth.server import SmartServer
from service.smart.sealing import fresh

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of the patient picker."""

    id: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class AuthEndpoints:
    """`patients`: whom the picker offers, and for whom a launch can be made."""

    server: SmartServer
    patients: Callable[[], Sequence[Choice]]

    def add_to(self, blueprint: Blueprint) -> None:
        """The routes, on the FHIR server's blueprint."""
        blueprint.add_url_rule("/.well-known/smart-configuration", "smart_configuration", self.configuration)
        blueprint.add_url_rule("/auth/authorize", "authorize", self.authorize)
        blueprint.add_url_rule("/auth/token", "token", self.token, methods=["POST"])
        blueprint.add_url_rule("/auth/revoke", "revoke", self.revoke, methods=["POST"])
        blueprint.add_url_rule("/auth/jwks", "auth_jwks", self.jwks)
        blueprint.add_url_rule("/auth/launch", "launch", self.launch, methods=["POST"])

    def configuration(self) -> Response:
        """SMART App Launch 2, `.well-known/smart-configuration`."""
        base = self.server.registration.fhir
        return _json(
            {
                "issuer": base,
                "jwks_uri": f"{base}/auth/jwks",
                "authorization_endpoint": f"{base}/auth/authorize",
                "token_endpoint": f"{base}/auth/token",
                "revocation_endpoint": f"{base}/auth/revoke",
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384"],
                "grant_types_supported": ["authorization_code"],
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "fhirUser", "launch", "launch/patient", "patient/*.rs"],
                "capabilities": [
                    "launch-ehr", "launch-standalone", "client-public", "client-confidential-asymmetric",
                    "sso-openid-connect", "context-banner", "context-ehr-patient",
                    "context-standalone-patient", "permission-patient", "permission-v1", "permission-v2",
                ],
            }
        )  # fmt: skip

    def authorize(self) -> Response | str:
        """Approves by itself; in a standalone launch the patient is picked, and one can refuse."""
        try:
            grant = self.server.get_consent_grant(end_user=None)
        except OAuth2Error as error:
            return self._answered(error)
        asked = request.args
        if asked.get("aud") != self.server.registration.fhir:
            return self._refusal(grant, "invalid_request")
        if asked.get("deny"):
            return self._answered_by(grant, None)
        context = self._context()
        if context is None and asked.get("launch"):
            return self._refusal(grant, "invalid_request")
        if context is None and "launch/patient" in asked.get("scope", "").split():
            return self._picker()
        return self._answered_by(grant, context or Context(""))

    def token(self) -> Response:
        """Code or refresh token for an access token."""
        return _response(self.server.create_token_response())

    def revoke(self) -> Response:
        """RFC 7009."""
        return _response(self.server.create_endpoint_response("revocation"))

    def jwks(self) -> Response:
        """The key of id tokens."""
        key = self.server.registration.key
        return _json({"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "RS256"}]})

    def launch(self) -> Response:
        """For the EHR page: {"patient": id} to {"launch": value}, as an EHR does when an app is opened."""
        body = request.get_json(silent=True)
        patient = body.get("patient") if isinstance(body, dict) else None
        if not isinstance(patient, str) or not self._known(patient):
            return _json({"error": "invalid_request"}, 400)
        launch = fresh()
        self.server.memory.keep_launch(launch, Context(patient))
        return _json({"launch": launch})

    def _context(self) -> Context | None:
        launch, picked = request.args.get("launch"), request.args.get("patient")
        if launch:
            return self.server.memory.launch(launch)
        return Context(picked) if picked and self._known(picked) else None

    def _known(self, patient: str) -> bool:
        return any(choice.id == patient for choice in self.patients())

    def _picker(self) -> Response:
        asked = [(name, value) for name, value in request.args.items(multi=True) if name != "patient"]
        rows = [(choice, urlencode([*asked, ("patient", choice.id)])) for choice in self.patients()]
        page = render_template("auth.html", rows=rows, refuse=urlencode([*asked, ("deny", "1")]))
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    def _answered_by(self, grant: Any, user: Context | None) -> Response:
        return _response(self.server.create_authorization_response(grant=grant, grant_user=user))

    def _refusal(self, grant: Any, error: str) -> Response:
        redirect_uri = grant.request.payload.redirect_uri
        return self._answered(
            OAuth2Error(error=error, redirect_uri=redirect_uri, state=grant.request.payload.state)
        )

    def _answered(self, error: Any) -> Response:
        """To the app if its redirect URI is known to be its own, else to whoever asks."""
        return _response(self.server.handle_error_response(None, error))


def _response(response: Any) -> Response:
    found = Response(response.get_data(), response.status_code, headers=response.headers)
    found.headers["Referrer-Policy"] = "no-referrer"
    return found


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, content_type=_JSON)
