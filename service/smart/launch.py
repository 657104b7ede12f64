"""From a launch to a session: SMART App Launch 2, steps 2 to 7."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from hmac import compare_digest

from authlib.common.security import generate_token

from service.config.smart import SmartIssuer
from service.smart.discovery import AuthServer, Discovery
from service.smart.errors import Fault, SmartError
from service.smart.http import Caller
from service.smart.id_token import fhir_user
from service.smart.issuers import Issuers
from service.smart.keys import Keys
from service.smart.oauth import OAuth, Tokens
from service.smart.scopes import version_of, wanted
from service.smart.sessions import Session, Sessions, SignIn

_LAUNCH = re.compile(r"[!-~]{1,6000}")
_CODE = re.compile(r"[!-~]{1,6000}")
_VERIFIER_LENGTH = 64  # of 43 to 128, RFC 7636
_EARLY_S = 60
"""A token with less time than this left is renewed before use, if it can be."""


@dataclass(frozen=True, slots=True)
class Callback:
    """The parameters of an authorization response, each at most once."""

    state: str | None
    code: str | None
    error: str | None
    iss: str | None


@dataclass(frozen=True, slots=True)
class Launcher:
    """What a launch needs. Every method raises SmartError for what cannot go on."""

    issuers: Issuers
    discovery: Discovery
    caller: Caller
    keys: Keys
    sessions: Sessions
    base: str
    """Public address of the service, from which the redirect URIs are made."""
    session_s: int

    def begin(self, iss: str, launch: str | None, secret: str) -> str:
        """Where to send the browser that holds `secret`, to sign in at `iss`; standalone without `launch`."""
        issuer = self.issuers.at(iss)
        if issuer is None:
            raise SmartError(Fault.NOT_LISTED)
        if launch is not None and not _LAUNCH.fullmatch(launch):
            raise SmartError(Fault.BAD_LAUNCH)
        server = self.discovery.of(issuer)
        asks_who = issuer.openid and server.says_who
        fhir = iss.rstrip("/")
        sign_in = SignIn(
            issuer.id, fhir, generate_token(_VERIFIER_LENGTH), generate_token(), who_asked=asks_who
        )
        version = version_of(issuer, server.capabilities, server.scopes_supported)
        return self._oauth(issuer, server).authorization_url(
            scope=wanted(version, ehr_launch=launch is not None, user=asks_who),
            state=self.sessions.begin(secret, sign_in),
            verifier=sign_in.verifier,
            nonce=sign_in.nonce if asks_who else None,
            aud=fhir,
            launch=launch,
        )

    def finish(self, issuer_id: str, answer: Callback, secret: str | None) -> Session:
        """The session that an authorization response leads to. Its state is spent, whatever becomes of it."""
        if secret is None or answer.state is None:
            raise SmartError(Fault.STATE)
        sign_in = self.sessions.claim(secret, answer.state)
        if sign_in is None:
            raise SmartError(Fault.STATE)
        issuer = self.issuers.named(sign_in.issuer)
        # Each issuer has a redirect URI of its own (RFC 9700, 4.4.2): a mixed-up answer is seen here.
        if issuer is None or sign_in.issuer != issuer_id:
            raise SmartError(Fault.WRONG_ISSUER)
        server = self.discovery.of(issuer)
        if answer.iss is not None and not _is_issuer(answer.iss, server):
            raise SmartError(Fault.WRONG_ISSUER)
        if answer.error is not None:
            raise SmartError(Fault.DENIED if answer.error == "access_denied" else Fault.REFUSED)
        if answer.code is None or not _CODE.fullmatch(answer.code):
            raise SmartError(Fault.TOKEN)
        tokens = self._oauth(issuer, server).exchange(answer.code, sign_in.verifier)
        return self._session(issuer, server, sign_in, tokens)

    def current(self, handle: str, secret: str) -> Session:
        """The session, its token renewed if that is due. SmartError ENDED or EXPIRED."""
        held = self.sessions.find(handle, secret)
        if held is None:
            raise SmartError(Fault.ENDED)
        session = held.session
        if time.time() < session.access_until - (_EARLY_S if session.refresh else 0):
            return session
        if session.refresh is None:
            raise SmartError(Fault.EXPIRED)
        try:
            tokens = self._oauth_of(session).refreshed(session.refresh)
        except SmartError:
            return self._renewed_elsewhere(handle, secret, session)
        if tokens.patient not in (None, session.patient):
            raise SmartError(Fault.EXPIRED)  # another patient than the session is about
        changes = {"access": tokens.access, "access_until": tokens.expires_at, "refresh": tokens.refresh}
        if tokens.refresh is None:
            changes["refresh"] = session.refresh
        return self.sessions.renew(handle, secret, held, **changes) or self._renewed_elsewhere(
            handle, secret, session
        )

    def end(self, handle: str, secret: str) -> None:
        """Forget the session, then give its tokens back. Never fails for what the EHR does."""
        held = self.sessions.find(handle, secret)
        if held is None:
            return
        self.sessions.close(handle)
        try:
            oauth = self._oauth_of(held.session)
        except SmartError:
            return
        if held.session.refresh is not None:
            oauth.revoke(held.session.refresh, "refresh_token")
        oauth.revoke(held.session.access, "access_token")

    def _session(self, issuer: SmartIssuer, server: AuthServer, sign_in: SignIn, tokens: Tokens) -> Session:
        user = None
        if sign_in.who_asked:
            user = fhir_user(tokens.id_token, server, issuer.client_id, sign_in.nonce, self.caller)
        if tokens.patient is None:
            raise SmartError(Fault.NO_PATIENT)
        until = time.time() + self.session_s
        return Session(
            issuer=issuer.id,
            fhir=sign_in.fhir,
            patient=tokens.patient,
            access=tokens.access,
            access_until=tokens.expires_at,
            refresh=tokens.refresh,
            until=until if tokens.refresh else min(until, tokens.expires_at),
            need_patient_banner=tokens.need_patient_banner,
            encounter=tokens.encounter,
            user=user,
        )

    def _renewed_elsewhere(self, handle: str, secret: str, before: Session) -> Session:
        """Another worker may have renewed the token at the same moment; else it cannot be renewed."""
        held = self.sessions.find(handle, secret)
        if held is None:
            raise SmartError(Fault.ENDED)
        if held.session.access == before.access and time.time() >= before.access_until:
            raise SmartError(Fault.EXPIRED)
        return held.session

    def _oauth_of(self, session: Session) -> OAuth:
        issuer = self.issuers.named(session.issuer)
        if issuer is None:
            raise SmartError(Fault.ENDED)  # taken off the list since
        return self._oauth(issuer, self.discovery.of(issuer))

    def _oauth(self, issuer: SmartIssuer, server: AuthServer) -> OAuth:
        redirect = f"{self.base}/smart/callback/{issuer.id}"
        return OAuth(issuer, server, redirect, self.caller, self.keys.signing)


def _is_issuer(said: str, server: AuthServer) -> bool:
    """RFC 9207, 2.4. A server whose issuer is not known cannot be checked by it."""
    return server.issuer is None or compare_digest(said.encode(), server.issuer.encode())
