"""The demonstration: service, FHIR server and the page that plays the EHR, in one gunicorn on loopback."""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask, redirect
from pydantic import SecretStr
from werkzeug.wrappers import Response

from service.app import STORE, create_app, local_today
from service.cards.build import Pages
from service.config import ConfigError, Settings
from service.demo import reader
from service.demo.assessment import create_assessment_blueprint
from service.demo.auth.app import auth_for, issuer_at, key_in
from service.demo.ehr import create_ehr_blueprint
from service.demo.fhir_server import create_fhir_blueprint
from service.demo.first_call import FirstCallError, cards_as_text
from service.demo.guard import only_own_pages
from service.demo.patients import DemoPatient, load_patients
from service.demo.store import FhirStore
from service.fhir.site_map import load_site_map
from service.hooks.patient_view import ID
from service.paths import fixtures_dir
from service.run import Server, begin_worker, options
from service.trials.snapshot import demonstration

HOST = "127.0.0.1"
_THREADS = 16
"""A call that fetches its records holds one thread and asks this same server for nine answers."""
_NOTICE = "relapse-cds demonstration: synthetic patients, reachable from this machine only. Not for care."


@dataclass(frozen=True)
class Demo:
    """The assembled application and what it shows."""

    app: Flask
    patients: Sequence[DemoPatient]
    problems: Sequence[str]
    """What could not be loaded, a line each."""


def demo(port: int, *, once: bool) -> None:
    """Serve until interrupted, or with `once` until one patient's cards are printed. Port 0: any free one.

    ConfigError if it cannot start; SystemExit with the server's exit code when it ends, not 0 if the
    printed call failed.
    """
    listener = listen(port)
    folder, master = Path(tempfile.mkdtemp(prefix="relapse-cds-demo-")), os.getpid()
    try:
        _serve(listener, settings_for(listener.getsockname()[1], folder), once=once)
    finally:
        # A worker that ends comes by here as well, and must not take the store away.
        if os.getpid() == master:
            shutil.rmtree(folder, ignore_errors=True)


def _serve(listener: socket.socket, settings: Settings, *, once: bool) -> None:
    shown = build(settings, fixtures_dir())
    print(_NOTICE, flush=True)
    for problem in shown.problems:
        print(f"relapse-cds: left out: {problem}", file=sys.stderr, flush=True)
    if not shown.patients:
        raise ConfigError("the demonstration has no patients: see the lines above")
    shown.app.extensions[STORE].prepare()
    failed = mmap.mmap(-1, 1)  # shared with the workers, which are forks of this process
    try:
        Server(shown.app, _options(shown, settings, listener.detach(), failed, once=once)).run()
    finally:
        if failed[0]:
            sys.exit(1)


def listen(port: int) -> socket.socket:
    """A listening socket on loopback. ConfigError if the port cannot be had."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else "not available"
        raise ConfigError(
            f"port {port}: {reason}; name another one with --port, or make demo PORT=8081"
        ) from None


def settings_for(port: int, folder: Path) -> Settings:
    """The demonstration's settings: nothing that matters is taken from the environment.

    What is stored goes into `folder`.
    """
    return Settings(
        demo=True,
        insecure=False,
        host=HOST,
        port=port,
        public_base_url=f"http://{HOST}:{port}",
        fhir_servers=(f"http://{HOST}:{port}/fhir",),
        site_map=fixtures_dir() / "site.toml",
        workers=2,
        threads=_THREADS,
        cors_origins=(),
        log_format="text",
        log_level="warning",  # the terminal is for the reader of the demonstration
        database_url=SecretStr(f"sqlite:///{folder / 'demo.db'}"),
        smart_issuers=(issuer_at(f"http://{HOST}:{port}"),),
        smart_keys=(key_in(folder),),
    )


def build(settings: Settings, fixtures: Path) -> Demo:
    """The service as it is in production, with the FHIR server at /fhir and the EHR page at /demo."""
    folder = fixtures / "patients"
    store = FhirStore.from_folder(folder)
    patients = load_patients(folder, store)
    site_map = load_site_map(fixtures / "site.toml")
    days = {patient.id: patient.chart_day for patient in patients}
    # A chart told as of a day is assessed on that day, or its open tests would all be overdue.
    today = local_today(settings.timezone)
    trials = demonstration(fixtures / "trials" / "demonstration.json")
    app = create_app(settings, today=lambda patient: days.get(patient) or today(patient), trials=trials)
    app.before_request(only_own_pages)
    auth = auth_for(settings, app.extensions[STORE], store, patients)
    app.register_blueprint(create_fhir_blueprint(store, auth), url_prefix="/fhir")
    app.register_blueprint(create_ehr_blueprint(store, patients, site_map, trials), url_prefix="/demo")
    pages = Pages(settings.public_base_url)
    assessments = create_assessment_blueprint(store, patients, site_map, pages, trials)
    app.register_blueprint(assessments, url_prefix="/demo")
    app.add_url_rule("/", "home", _home)
    problems = [
        f"{p.file}{'' if p.entry is None else f', entry {p.entry}'}: {p.text}" for p in store.problems
    ]
    return Demo(app, patients, problems)


def _home() -> Response:
    return redirect("/demo/")


def _options(
    shown: Demo, settings: Settings, listener: int, failed: mmap.mmap, *, once: bool
) -> dict[str, Any]:
    def first_worker_speaks(worker: Any) -> None:
        if not once:
            begin_worker(settings, worker)
        # From a worker, because threads must not be started before the fork; from the first only.
        if worker.age == 1:
            Thread(target=_speak, args=(shown, settings.public_base_url, failed, once), daemon=True).start()

    return options(settings) | {
        "bind": f"fd://{listener}",
        "loglevel": "warning",
        "graceful_timeout": 2,
        "post_worker_init": first_worker_speaks,
        "when_ready": _end_with_the_terminal,
        # An idle browser connection must not hold up Ctrl-C: what is stored goes with the demonstration.
        "worker_int": _leave,
    }


def _end_with_the_terminal(_server: Any) -> None:
    """A closed terminal ends the demonstration: gunicorn would reload on SIGHUP, and hold the port unseen."""
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGINT))


def _leave(_worker: Any) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    os._exit(0)


def _speak(shown: Demo, base: str, failed: mmap.mmap, once: bool) -> None:
    """Print one patient's cards and the addresses; end the demonstration after `once`, or if that failed.

    And, without a word, when nobody reads it any more.
    """
    try:
        _tell(shown, base, failed)
        if not (once or failed[0]):
            _tell_addresses(base)
            if not reader.wait_until_gone():
                return
    except BrokenPipeError:
        reader.hush()
    os.kill(os.getppid(), signal.SIGINT)


def _tell(shown: Demo, base: str, failed: mmap.mmap) -> None:
    try:
        print(f"\n{cards_as_text(base, ID, shown.patients[0])}", flush=True)
    except FirstCallError as error:
        failed[0] = 1
        print(f"relapse-cds: {error}", file=sys.stderr, flush=True)


def _tell_addresses(base: str) -> None:
    print(f"The EHR page:    {base}/demo/")
    print(f"CDS services:    {base}/cds-services")
    print(f"FHIR R4 server:  {base}/fhir")
    print("Stop with Ctrl-C.", flush=True)
