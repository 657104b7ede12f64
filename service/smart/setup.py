"""Puts the app together from the settings; without an issuer there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from service.cards.build import Pages
from service.config import ConfigError, Settings, reach_of
from service.hooks.chart import ChartReader
from service.outgoing.client import OutgoingClient
from service.smart.api import SmartApp
from service.smart.cookies import Cookies
from service.smart.discovery import Discovery
from service.smart.http import Caller
from service.smart.issuers import listed
from service.smart.keys import load_keys
from service.smart.launch import Launcher
from service.smart.page import AppPage
from service.smart.sessions import Sessions
from service.store.sealed import SealedRows
from service.store.store import Store
from service.trials.snapshot import TrialSource

_MINUTE = 60


def create_smart_app(
    settings: Settings,
    charts: ChartReader,
    pages: Pages,
    store: Store,
    today: Callable[[str], date],
    trials: TrialSource,
) -> SmartApp | None:
    """The app, or None if no issuer is set. ConfigError if it must not start like this."""
    if not settings.smart_issuers:
        return None
    plain_http = reach_of(settings).plain_http
    issuers = listed(settings.smart_issuers, plain_http=plain_http)
    keys = load_keys(settings.smart_keys)
    if keys.signing is None and any(issuer.auth == "private_key_jwt" for issuer in issuers.listed):
        raise ConfigError("smart_issuers: private_key_jwt needs a key in smart_keys")
    secure = settings.public_base_url.startswith("https://")
    if not secure and not plain_http:
        raise ConfigError("smart_issuers: the app needs a public_base_url that is https")
    if settings.smart_frame_ancestors and not secure:
        raise ConfigError("smart_frame_ancestors: cookies in frames need a public_base_url that is https")
    caller = Caller(OutgoingClient(reach_of(settings), settings.fhir_ca_file), settings.smart_deadline_s)
    launcher = Launcher(
        issuers=issuers,
        discovery=Discovery(caller, plain_http=plain_http),
        caller=caller,
        keys=keys,
        sessions=Sessions(SealedRows(store)),
        base=settings.public_base_url,
        session_s=settings.smart_session_minutes * _MINUTE,
    )
    ancestors = " ".join(settings.smart_frame_ancestors)
    notice = "Demonstration with synthetic patients. Not for care." if settings.demo else None
    return SmartApp(
        launcher,
        AppPage(charts, pages, today, trials, ancestors or "'none'", notice),
        Cookies.of(settings.public_base_url, framed=bool(ancestors)),
    )
