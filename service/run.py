"""Start the service under gunicorn."""

from __future__ import annotations

import gc
import logging
import logging.config
import os
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from threading import Thread
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker
from prometheus_client.multiprocess import mark_process_dead

from cds_rules import assess
from cds_rules.patient.timeline import Diagnosis, DiseaseState, Lineage, PatientTimeline, Person
from service.app import METRICS, STORE, TRIALS, create_app
from service.cards import cards_for
from service.cards.build import Pages
from service.config import Settings, check
from service.config.sources import check_names
from service.observing import logs, traces
from service.observing.metrics import FOLDER_VARIABLE
from service.page.draw import warm_up
from service.receiving.worker import BufferedWorker, buffered

_log = logging.getLogger(__name__)
_KEEPALIVE_S = 75
"""An idle connection costs no thread. Proxies and load balancers keep theirs for 60 s: they must be the first
to close one, or now and then a call is lost that was sent into the closing."""
_CONNECTIONS = 512
"""Of one worker. With the store's, those to FHIR servers and some that are closing, these stay below the 1024
open files that many systems allow a process."""
Remake = Callable[[], tuple[Flask, Mapping[str, Any]]]


class Server(BaseApplication):
    """gunicorn with our settings; the app is made once, before the workers fork, to share its memory.

    `remake`: makes app and options anew for a reload (SIGHUP), from the files as they are then.
    """

    def __init__(self, app: Flask, options: Mapping[str, Any], remake: Remake | None = None) -> None:
        self._app = app
        self._options = options
        self._remake = remake
        _warm_up()
        _spare_the_collector()
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        for key, value in self._options.items():
            self.cfg.set(key, value)

    def reload(self) -> None:
        """Called by gunicorn on SIGHUP. Settings or files that cannot be used leave the app as it was."""
        if self._remake is not None:
            try:
                self._app, self._options = self._remake()
                _warm_up()
            except Exception as error:  # noqa: BLE001 - whatever is wrong with the new, the old one works
                _log.error("reload refused, the settings before it stay in force: %s", type(error).__name__)
            _spare_the_collector()
        super().reload()

    def load(self) -> Any:
        """Called by gunicorn."""
        return self._app


def _warm_up() -> None:
    """Assess an unknown patient once, before the workers fork: what rules and cards keep is then at hand."""
    relapse = Diagnosis("Condition/none", None, Lineage.B, DiseaseState.RELAPSE, state_coded=True)
    timeline = PatientTimeline(Person("Patient/none"), diagnoses=(relapse,))
    cards_for(assess(timeline, date(2000, 1, 1)), Pages("http://127.0.0.1"))


def _spare_the_collector() -> None:
    """Everything made at start lives for good: the collector need not look at it again in the workers.

    A large chart makes many objects at once and drops them together; a higher threshold keeps the
    collector from walking them half a dozen times in one call.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def options(settings: Settings) -> dict[str, Any]:
    """Threaded workers: a slow FHIR server holds a thread, not the process; a slow client holds neither."""
    return {
        "bind": f"{settings.host}:{settings.port}",
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": buffered(settings.receive_timeout_s, settings.max_body_bytes, _count_refusal),
        "worker_connections": _CONNECTIONS,
        "timeout": 30,
        "graceful_timeout": 10,
        "keepalive": _KEEPALIVE_S,
        "limit_request_line": 8190,
        "control_socket_disable": True,
        "logconfig_dict": logs.config(settings.log_format, settings.log_level),
        "child_exit": _forget_worker,
        "worker_exit": _close_store,
        "post_worker_init": partial(begin_worker, settings),
    }


def _count_refusal(worker: BufferedWorker, code: str) -> None:
    """A client that was cut off before the application saw its request is counted with the other refusals."""
    app: Any = worker.app.callable
    if isinstance(app, Flask) and METRICS in app.extensions:
        app.extensions[METRICS].refusals.labels(code).inc()


def _close_store(_server: Arbiter, worker: Worker) -> None:
    """What a worker still has to write is written before it ends."""
    app: Any = worker.app.callable
    if isinstance(app, Flask) and STORE in app.extensions:
        app.extensions[STORE].close()


def _forget_worker(_server: Arbiter, worker: Worker) -> None:
    """What a gauge of a dead worker said no longer holds; its counts stay."""
    if FOLDER_VARIABLE in os.environ:
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def begin_worker(settings: Settings, _worker: Worker) -> None:
    """What may begin only after the fork: traces, and the drawing of charts where there are pages."""
    if settings.traces:
        traces.start()
    if settings.smart_issuers:
        # The first chart of a process takes half a second, and a process that has drawn must not fork.
        Thread(target=warm_up, name="first-chart", daemon=True).start()


def serve() -> None:
    """Serve until stopped. ConfigError if the settings do not allow it."""
    check_names(os.environ, Settings.model_fields)
    settings = Settings()
    check(settings)
    Server(_app(settings), options(settings), _from_settings).run()


def _from_settings() -> tuple[Flask, Mapping[str, Any]]:
    settings = Settings()
    return _app(settings), options(settings)


def _app(settings: Settings) -> Flask:
    # What is said before gunicorn takes over has the same form.
    logging.config.dictConfig(logs.config(settings.log_format, settings.log_level))
    app = create_app(settings)
    if settings.pseudonym_key is None:
        _log.warning("pseudonym_key is not set: the audit will not say who called for whom")
    # A store that is down is no reason not to start: calls are answered without it, and the metrics say so.
    if app.extensions[STORE].prepare():
        app.extensions[TRIALS].refresh()
        # Connections do not cross a fork.
        app.extensions[STORE].close()
    return app
