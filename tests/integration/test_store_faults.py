"""Killed workers and databases: feedback acknowledged is feedback stored, and calls are answered anyway."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr

from service.config.store import StoreSettings
from service.store.audit import AuditStore, Wanted
from service.store.report import outcomes
from service.store.store import Store
from tests.postgres import Cluster, running_cluster

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
CALL = (ROOT / "fixtures" / "hooks" / "client-2.0-full-prefetch.json").read_bytes()
JSON = {"Content-Type": "application/json"}
SENDERS = 3
PER_SENDER = 20
PATIENCE_S = 60.0
"""No test is about how long something takes: this only ends those that would never end."""


@dataclass
class Served:
    """A started service and its store."""

    process: subprocess.Popen[bytes]
    base: str
    url: str

    def call(self) -> requests.Response:
        return requests.post(f"{self.base}/cds-services/relapsed-all", CALL, headers=JSON, timeout=30)

    def feedback(self, card: str) -> requests.Response:
        said = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-07-05T09:15:00Z"}
        address = f"{self.base}/cds-services/relapsed-all/feedback"
        return requests.post(address, json={"feedback": [said]}, timeout=30)

    def figure(self, name: str) -> float:
        for line in requests.get(f"{self.base}/metrics", timeout=30).text.splitlines():
            if line.startswith(name):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def end(self) -> None:
        """As an operator does."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE_S) == 0

    def store(self) -> Store:
        return Store(StoreSettings(database_url=SecretStr(self.url), store_timeout_s=30))

    def stored(self) -> Counter[str]:
        """Card -> how often it is in the table."""
        store = self.store()
        try:
            return Counter(row["card"] for row in outcomes(store, None))
        finally:
            store.close()


def until(said: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            if said():
                return
        time.sleep(0.05)
    pytest.fail(f"never: {what}")


@contextlib.contextmanager
def serving(folder: Path, url: str) -> Iterator[Served]:
    """`relapse-cds serve` with two workers on this store."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"INSECURE": "true", "PORT": str(port), "WORKERS": "2", "THREADS": "2", "DATABASE_URL": url,
                "RATE_LIMIT": "none", "STORE_TIMEOUT_S": "1"}  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RELAPSE_CDS_")}
    environment |= {f"RELAPSE_CDS_{name}": value for name, value in settings.items()}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve"],
            cwd=folder, env={**environment, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}, stderr=log,
        )  # fmt: skip
    served = Served(process, f"http://127.0.0.1:{port}", url)
    try:
        ready = f"{served.base}/health/ready"
        until(lambda: requests.get(ready, timeout=30).status_code == 200, "the service is ready")
        yield served
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A service on an empty store."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'store.db'}"
    else:
        made: Cluster = request.getfixturevalue("cluster")
        if made.process is None:
            made.start()
        url = made.database()
    with serving(tmp_path, url) as running:
        yield running


@dataclass
class Sender:
    """A client that repeats its feedback until it is acknowledged, as it should."""

    served: Served
    acknowledged: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    """Requests that ended without an answer."""

    def run(self) -> None:
        for _ in range(PER_SENDER):
            self.send(str(uuid.uuid4()))

    def send(self, card: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                status = self.served.feedback(card).status_code
            except requests.RequestException:
                self.lost += 1
                continue
            self.answers[status] += 1
            if status == 200:
                self.acknowledged.append(card)
                return
            time.sleep(0.02)


def sending(served: Served) -> tuple[list[Sender], list[threading.Thread]]:
    senders = [Sender(served) for _ in range(SENDERS)]
    threads = [threading.Thread(target=sender.run) for sender in senders]
    for thread in threads:
        thread.start()
    return senders, threads


def acknowledged(senders: list[Sender]) -> list[str]:
    return [card for sender in senders for card in sender.acknowledged]


def test_a_worker_killed_in_mid_feedback_loses_nothing_that_was_acknowledged(served: Served) -> None:
    senders, threads = sending(served)
    for share in (1, 2, 3):
        wanted = share * SENDERS * PER_SENDER // 5
        until(lambda wanted=wanted: len(acknowledged(senders)) >= wanted, "some feedback is acknowledged")  # type: ignore[misc]
        os.kill(served.workers()[0], signal.SIGKILL)
        until(lambda: len(served.workers()) == 2, "a new worker takes the place")
    for thread in threads:
        thread.join()
    done = acknowledged(senders)
    assert len(done) == SENDERS * PER_SENDER
    assert {status for sender in senders for status in sender.answers} <= {200, 503}
    # Exactly once: what was sent again because its answer was lost is one outcome.
    assert served.stored() == Counter(done)


def test_calls_are_answered_while_the_database_is_dead_and_all_is_well_when_it_is_back(
    cluster: Cluster, tmp_path: Path
) -> None:
    with serving(tmp_path, cluster.database()) as served:
        senders, threads = sending(served)
        until(lambda: len(acknowledged(senders)) >= SENDERS, "some feedback is acknowledged")
        cluster.kill()
        until(lambda: any(sender.answers[503] for sender in senders), "feedback is refused")
        calls = [served.call() for _ in range(4)]
        assert [call.status_code for call in calls] == [200] * 4
        assert all(call.json()["cards"] for call in calls)
        refused = served.feedback(str(uuid.uuid4()))
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        ready = requests.get(f"{served.base}/health/ready", timeout=30)
        assert (ready.status_code, ready.json()["parts"]["store"]) == (200, "down")
        assert served.figure('relapse_cds_store_failures_total{use="feedback"}') > 0
        cluster.start()
        for thread in threads:
            thread.join()
        done = acknowledged(senders)
        assert len(done) == SENDERS * PER_SENDER
        until(lambda: served.feedback(str(uuid.UUID(int=1))).status_code == 200, "feedback is taken again")
        stored = served.stored()
        assert {card: stored[card] for card in done} == dict.fromkeys(done, 1)
        # The audit of the time without a database was kept waiting, and is written when there is one.
        served.end()
        store = served.store()
        audited = [call for call in AuditStore(store).read(Wanted()) if call.hook == "patient-view"]
        store.close()
        assert len(audited) == 4


def test_a_database_that_hangs_holds_up_no_call(cluster: Cluster, tmp_path: Path) -> None:
    if cluster.process is None:
        cluster.start()
    with serving(tmp_path, cluster.database()) as served:
        assert served.feedback(str(uuid.uuid4())).status_code == 200
        with cluster.stopped():
            assert served.feedback(str(uuid.uuid4())).status_code == 503
            for _ in range(3):
                answer = served.call()
                assert (answer.status_code, bool(answer.json()["cards"])) == (200, True)
        until(lambda: served.feedback(str(uuid.uuid4())).status_code == 200, "feedback is taken again")


def test_what_waits_to_be_written_is_written_when_the_service_ends(served: Served) -> None:
    for _ in range(5):
        assert served.call().status_code == 200
    served.end()
    store = served.store()
    audited = list(AuditStore(store).read(Wanted()))
    store.close()
    assert [call.status for call in audited] == [200] * 5
    assert all(call.cards for call in audited)
