"""The application. `create_app` is the only place where its parts are put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, request
from flask_cors import CORS

from cds_rules.terminology.code_set import load
from service import errors, headers
from service.audit import Audit
from service.auth.setup import gate_of
from service.cards.build import Pages
from service.config import ConfigError, Settings, check, reach_of
from service.fhir.client import FhirClient, Limits
from service.fhir.lexicon import Lexicon
from service.fhir.servers import AllowedServers
from service.fhir.site_map import SiteMap, load_site_map
from service.fhir.to_timeline import RecordReader
from service.hooks.api import create_blueprint
from service.hooks.chart import ChartReader
from service.hooks.delivery import Delivery, QuietTimes
from service.hooks.feedback import FeedbackDesk
from service.hooks.orders import ORDER_SELECT, ORDER_SIGN, OrderChecks
from service.hooks.patient_view import PatientView
from service.observing import logs, traces
from service.observing.health import create_health_blueprint
from service.openapi import create_openapi_blueprint
from service.page import create_page_blueprint
from service.pseudonyms import Pseudonyms
from service.rate_limit import create_rate_limit
from service.rulebook import create_rulebook_blueprint
from service.smart.setup import create_smart_app
from service.store.audit import AuditStore
from service.store.errors import StoreAddressError
from service.store.feedback import FeedbackStore
from service.store.quiet import DismissedCards
from service.store.replay import ReplayCache
from service.store.store import Store
from service.store.trials import TrialStore
from service.trials.api import create_trials_blueprint
from service.trials.snapshot import SnapshotTrials, TrialSource

if TYPE_CHECKING:
    from prometheus_client import Counter

    from service.observing.metrics import Metrics

Authenticate = Callable[[], None]
"""Raises ServiceError 401 unless the caller of the current request is allowed."""

CORS_PATHS = r"/cds-services.*"
TRIALS = "relapse-cds trials"
"""Key of the TrialSource among the app's extensions: refresh it before forking."""
METRICS = "relapse-cds metrics"
"""Key of the Metrics among the app's extensions, for whoever refuses a request before the app sees it."""
STORE = "relapse-cds store"
"""Key of the Store among the app's extensions, for whoever runs the app: prepare it before forking."""


Today = Callable[[str], date]
"""The day of assessment for a patient id."""


def local_today(timezone: str) -> Today:
    """Today in a time zone, the same for everyone. A result of this morning must not lie in the future."""
    zone = ZoneInfo(timezone)
    return lambda _patient: datetime.now(zone).date()


def create_app(
    settings: Settings,
    authenticate: Authenticate | None = None,
    today: Today | None = None,
    trials: TrialSource | None = None,
) -> Flask:
    """The application. ConfigError if the settings do not allow a start, SiteMapError for the site file.

    Callers are checked against the file of tenants (`service.auth`), or by `authenticate` in its place.
    `today` is there for the demonstration, whose charts are told as of a day, and so is `trials`: by
    default those of the registry's snapshot in the store.
    """
    check(settings)
    app, counted = _observed(settings)
    store = open_store(settings, counted.store_failures)
    app.extensions[STORE] = store
    site_map = load_site_map(settings.site_map) if settings.site_map else SiteMap()
    lexicon = Lexicon(load(), site_map)
    reader = RecordReader(lexicon)
    charts = ChartReader(
        client=FhirClient(limits_of(settings), settings.fhir_ca_file, reach_of(settings)),
        lexicon=lexicon,
        reader=reader,
        servers=servers_of(settings),
    )
    pages = Pages(settings.public_base_url, app=bool(settings.smart_issuers))
    delivery, desk = memory(settings, store, app, counted)
    trials = trials or SnapshotTrials(
        TrialStore(store), settings.trials_max_status_days, settings.trials_refresh_s
    )
    app.extensions[TRIALS] = trials
    services = (
        PatientView(charts, pages, trials, delivery),
        OrderChecks(charts, pages, delivery, ORDER_SELECT),
        OrderChecks(charts, pages, delivery, ORDER_SIGN),
    )
    day = today or local_today(settings.timezone)
    smart = create_smart_app(settings, charts, pages, store, day, trials)
    if smart is not None:
        app.register_blueprint(limited(smart.blueprint(), settings))
    authenticate = authenticate or gate_of(
        settings,
        ReplayCache(store),
        on_refused=lambda reason: counted.tokens_refused.labels(reason).inc(),
        on_unchecked=counted.replay_unchecked.inc,
    )
    for guarded in (create_blueprint(services, day, desk), create_trials_blueprint(reader, day, trials)):
        if authenticate is not None:
            guarded.before_request(_but_preflights(authenticate))
        app.register_blueprint(limited(guarded, settings))
    app.register_blueprint(create_rulebook_blueprint("/demo/patient/" if settings.demo else None))
    app.register_blueprint(create_openapi_blueprint((s.service for s in services), settings.public_base_url))
    app.register_blueprint(create_page_blueprint())
    _allow_origins(app, settings.cors_origins)
    app.register_blueprint(create_health_blueprint(needed={}, helpful={"store": store.works}))
    return app


def servers_of(settings: Settings) -> AllowedServers:
    """FHIR servers that may be called where callers are not checked. ConfigError for a doubtful address."""
    try:
        listed = AllowedServers.of(settings.fhir_servers)
    except ValueError as error:
        raise ConfigError(f"RELAPSE_CDS_FHIR_SERVERS: {error}") from None
    return replace(listed, anywhere=settings.insecure)


def limits_of(settings: Settings) -> Limits:
    """The bounds of fetching from FHIR servers."""
    return Limits(
        deadline_s=settings.fetch_deadline_s,
        max_parallel=settings.fetch_per_server,
        max_overall=settings.fetch_overall,
    )


def limited(blueprint: Blueprint, settings: Settings) -> Blueprint:
    """The blueprint with the rate limit of the settings, if there is one."""
    if settings.rate_limit is not None:
        blueprint.before_request(create_rate_limit(settings.rate_limit))
    return blueprint


def open_store(settings: Settings, failures: Counter) -> Store:
    """The store of these settings, not yet connected. ConfigError if its address can never work."""
    try:
        return Store(settings, on_failure=lambda use: failures.labels(use).inc())
    except StoreAddressError as error:
        raise ConfigError(str(error)) from None


def memory(settings: Settings, store: Store, app: Flask, counted: Metrics) -> tuple[Delivery, FeedbackDesk]:
    """What is remembered of cards: which were sent, what became of them, which stay quiet for whom."""
    key = settings.pseudonym_key
    pseudonyms = Pseudonyms(key.get_secret_value() if key else None)
    audit = Audit(AuditStore(store), pseudonyms, lost=counted.store_failures.labels("audit lost").inc)
    audit.register(app)
    store.before_close(audit.writer.close)
    hours = (settings.quiet_hours, settings.quiet_order_hours)
    times = QuietTimes(*(timedelta(hours=n) for n in hours))
    dismissed = DismissedCards(store, times.longest)
    desk = FeedbackDesk(
        FeedbackStore(store),
        dismissed,
        settings.feedback_comments,
        counted=lambda service, outcome: counted.feedback.labels(service, outcome).inc(),
    )
    return Delivery(pseudonyms, dismissed, times, ZoneInfo(settings.timezone)), desk


def _observed(settings: Settings) -> tuple[Flask, Metrics]:
    """An application that answers errors, and is seen from outside, before it has anything to say."""
    app = Flask("service")
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined]
    errors.register(app)
    logs.register(app)
    headers.register(app, settings.public_base_url)
    # Not before: prometheus_client decides when it is imported whether several processes share the counts,
    # and `relapse-cds serve` must have named their folder by then.
    from service.observing import metrics  # noqa: PLC0415

    counted = app.extensions[METRICS] = metrics.register(app, settings)
    if settings.traces:
        traces.instrument(app)
    return app, counted


def _allow_origins(app: Flask, origins: Sequence[str]) -> None:
    if origins:
        CORS(
            app,
            resources={CORS_PATHS: {"origins": list(origins)}},
            methods=["GET", "POST", "OPTIONS"],
            allow_headers=["authorization", "content-type"],
        )


def _but_preflights(authenticate: Authenticate) -> Authenticate:
    """A browser's preflight carries no token, and gets nothing but permission to ask."""

    def check_caller() -> None:
        if request.method != "OPTIONS":
            authenticate()

    return check_caller
