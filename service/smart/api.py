"""The app over HTTP: /smart/ (choice), launch, callback, the page, its end, and our public keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import orjson
from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import HTTPException

from service.errors import ServiceError, error_response, log_unforeseen
from service.observing.notes import notes
from service.smart.cookies import Cookies
from service.smart.errors import Fault, SmartError
from service.smart.launch import Callback, Launcher
from service.smart.page import FORM, AppPage
from service.smart.sealing import form_token, fresh, is_form_token, usable

SERVICE = "smart-app"
"""What the audit calls the page."""
_HTML = "text/html; charset=utf-8"
_BLANK = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'"


@dataclass(frozen=True, slots=True)
class SmartApp:
    """The app's parts, put together by `service.smart.setup`."""

    launcher: Launcher
    page: AppPage
    cookies: Cookies

    def blueprint(self) -> Blueprint:
        """To be registered at /smart."""
        blueprint = Blueprint(
            "smart", __name__, url_prefix="/smart", template_folder="templates", static_folder="static"
        )
        blueprint.after_request(self._with_policy)
        blueprint.register_error_handler(SmartError, _refused)
        blueprint.register_error_handler(ServiceError, _not_served)
        blueprint.register_error_handler(HTTPException, _http)
        blueprint.register_error_handler(Exception, _unforeseen)
        blueprint.context_processor(lambda: {"home": f"{self.launcher.base}/smart"})
        blueprint.add_url_rule("/", "choose", self.choose, strict_slashes=False)
        blueprint.add_url_rule("/launch", "launch", self.launch)
        blueprint.add_url_rule("/start/<issuer_id>", "start", self.start)
        blueprint.add_url_rule("/callback/<issuer_id>", "callback", self.callback)
        blueprint.add_url_rule("/app", "no_app", self.no_app)
        blueprint.add_url_rule("/app/<handle>", "app", self.app, methods=["GET", "POST"])
        blueprint.add_url_rule("/app/<handle>/end", "end", self.end, methods=["POST"])
        blueprint.add_url_rule("/jwks.json", "jwks", self.jwks)
        return blueprint

    def choose(self) -> str:
        """Standalone: at which EHR?"""
        offered = [issuer for issuer in self.launcher.issuers.listed if issuer.standalone]
        return render_template("smart/choose.html", issuers=offered)

    def start(self, issuer_id: str) -> Response:
        """Standalone launch at one of them."""
        issuer = self.launcher.issuers.named(issuer_id)
        if issuer is None or not issuer.standalone:
            raise SmartError(Fault.NOT_LISTED)
        return self._sign_in(issuer.iss, None)

    def launch(self) -> Response:
        """EHR launch: what a card's link opens, with `iss` and `launch` added by the EHR."""
        iss = _one("iss")
        if iss is None:
            raise SmartError(Fault.BAD_LAUNCH)
        return self._sign_in(iss, _one("launch"))

    def _sign_in(self, iss: str, launch: str | None) -> Response:
        secret = self.cookies.browser() or fresh()
        response = _see_other(self.launcher.begin(iss, launch, secret))
        self.cookies.keep_browser(response, secret)
        return response

    def callback(self, issuer_id: str) -> Response:
        """The authorization response. The session's handle and key are new: nobody can know them before."""
        answer = Callback(_one("state"), _one("code"), _one("error"), _one("iss"))
        session = self.launcher.finish(issuer_id, answer, self.cookies.browser())
        handle, secret = self.launcher.sessions.open(session)
        # On to an address without code and state, which would else stay in the history.
        response = _see_other(f"{self.launcher.base}/smart/app/{handle}")
        self.cookies.keep_session(response, handle, secret, self.launcher.session_s)
        return response

    def no_app(self) -> Response:
        """The page without a session."""
        raise SmartError(Fault.ENDED)

    def app(self, handle: str) -> Response:
        """The page of one session, or what follows from a supposition made on it."""
        secret = self._secret(handle)
        if request.method == "POST":
            self._check_form(secret, handle)
        session = self.launcher.current(handle, secret)
        issuer = self.launcher.issuers.named(session.issuer)
        if issuer is None:
            raise SmartError(Fault.ENDED)  # taken off the list since
        noted = notes()
        noted.service, noted.issuer = SERVICE, issuer.iss
        noted.user, noted.patient = session.user, session.patient
        return self.page.of(session, issuer, form_token(secret, handle), handle)

    def end(self, handle: str) -> Response:
        """Sign out."""
        secret = self._secret(handle)
        self._check_form(secret, handle)
        self.launcher.end(handle, secret)
        response = Response(render_template("smart/ended.html"), content_type=_HTML)
        self.cookies.forget_session(response, handle)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    def jwks(self) -> Response:
        """Our public keys, for the EHRs that check our assertions."""
        response = Response(orjson.dumps(self.launcher.keys.public()), content_type="application/json")
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    def _secret(self, handle: str) -> str:
        secret = self.cookies.session()
        if secret is None or usable(handle) is None:
            raise SmartError(Fault.ENDED)
        return secret

    def _check_form(self, secret: str, handle: str) -> None:
        if not is_form_token(secret, handle, request.form.get(FORM, "")):
            raise SmartError(Fault.FORM)

    def _with_policy(self, response: Response) -> Response:
        if "Content-Security-Policy" not in response.headers:
            response.headers["Content-Security-Policy"] = (
                f"{_BLANK}; frame-ancestors {self.page.frame_ancestors}"
            )
        return response


def _one(name: str) -> str | None:
    """A parameter that may be there once. SmartError BAD_LAUNCH if it is there more often."""
    given = request.args.getlist(name)
    if len(given) > 1:
        raise SmartError(Fault.BAD_LAUNCH)
    return given[0] if given and given[0] else None


def _see_other(url: str) -> Response:
    # Without a body: werkzeug's own would repeat the address, which holds the state.
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": url})


def _refused(error: SmartError) -> Response:
    fault = error.fault
    notes().refused = fault.name.lower()
    return _fault_page(fault.status, fault.heading, fault.text)


def _not_served(error: ServiceError) -> Response:
    notes().refused = error.code
    return _fault_page(error.status, "The request was refused", error.text, error.headers)


def _unforeseen(error: Exception) -> Response:
    log_unforeseen(error)
    text = "Nothing is shown, because it might be wrong. This says nothing about the patient."
    return _fault_page(HTTPStatus.INTERNAL_SERVER_ERROR, "The assessment failed", text)


def _http(error: HTTPException) -> Response:
    notes().refused = "http"
    return _fault_page(
        error.code or HTTPStatus.INTERNAL_SERVER_ERROR, "The request was refused", "It cannot be answered."
    )


def _fault_page(status: int, heading: str, text: str, headers: Mapping[str, str] | None = None) -> Response:
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        # The script of the page asks like this, and shows the text.
        return error_response(ServiceError(status, "processing", f"{heading}. {text}", headers=headers))
    page = render_template("smart/fault.html", heading=heading, text=text)
    return Response(page, status=status, content_type=_HTML, headers=dict(headers or {}))
