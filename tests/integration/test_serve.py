"""`relapse-cds serve` as it runs in a hospital: several workers, signals, one sum of metrics."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
CALL = (ROOT / "fixtures" / "hooks" / "client-2.0-full-prefetch.json").read_bytes()
CALLS = 12
THREADS = 4
"""2 workers with 2 threads each."""


@dataclass
class Running:
    """A started service."""

    process: subprocess.Popen[bytes]
    base: str
    folder: Path

    def get(self, path: str) -> str:
        return requests.get(f"{self.base}{path}", timeout=10).text

    def call(self) -> None:
        answer = requests.post(
            f"{self.base}/cds-services/relapsed-all",
            CALL,
            headers={"Content-Type": "application/json"},
            timeout=10,
        )
        assert answer.json()["cards"]

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


def wait_until_ready(running: Running) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and running.process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            running.get("/health/ready")
            return
        time.sleep(0.05)
    pytest.fail("the service did not start")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = f"insecure = true\nport = {port}\nworkers = 2\nthreads = 2\nreceive_timeout_s = 1.5\n"
    (tmp_path / "relapse-cds.toml").write_text(settings)
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("RELAPSE_CDS_")},
        "PYTHONPATH": str(ROOT),
        "RELAPSE_CDS_CONFIG": str(tmp_path / "relapse-cds.toml"),
        "TMPDIR": str(tmp_path),
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve"], cwd=tmp_path, env=environment, stderr=log
        )
    running = Running(process, f"http://127.0.0.1:{port}", tmp_path)
    try:
        wait_until_ready(running)
        yield running
    finally:
        process.kill()
        process.wait(10)


def counted(running: Running) -> float:
    name = 'relapse_cds_calls_total{issuer="",service="relapsed-all",status="200"}'
    for line in running.get("/metrics").splitlines():
        if line.startswith(name):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


def test_the_metrics_are_the_sum_over_the_workers_and_outlive_one(service: Running) -> None:
    for _ in range(CALLS):
        service.call()
    assert counted(service) == CALLS
    os.kill(service.workers()[0], signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and len(service.workers()) < 2:
        time.sleep(0.05)
    service.call()
    assert counted(service) == CALLS + 1


def until(said: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            if said():
                return
        time.sleep(0.05)
    pytest.fail(what)


def test_sighup_takes_over_the_settings_of_the_file_and_none_that_cannot_be_used(service: Running) -> None:
    file = service.folder / "relapse-cds.toml"
    text = file.read_text()

    def base_said() -> str:
        said: str = requests.get(f"{service.base}/openapi.json", timeout=10).json()["servers"][0]["url"]
        return said

    file.write_text(text + 'public_base_url = "https://cds.example"\n')
    service.process.send_signal(signal.SIGHUP)
    until(lambda: base_said() == "https://cds.example", "the new settings did not come into force")
    before = set(service.workers())
    file.write_text("workers = 'many'\n")
    service.process.send_signal(signal.SIGHUP)
    until(lambda: not before & set(service.workers()), "the workers were not replaced")
    assert base_said() == "https://cds.example"
    service.call()
    assert "reload refused" in (service.folder / "log").read_text()


def test_a_client_that_drips_is_cut_off_and_holds_up_nobody(service: Running) -> None:
    """Every thread of both workers is held by a client that sends its request a byte at a time."""
    port = int(service.base.rpartition(":")[2])
    start = (
        b"POST /cds-services/relapsed-all HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Content-Length: 9000\r\n\r\n{"
    )
    with contextlib.ExitStack() as open_connections:
        dripping = [
            open_connections.enter_context(socket.create_connection(("127.0.0.1", port)))
            for _ in range(THREADS)
        ]
        for connection in dripping:
            connection.sendall(start)
        service.call()  # waits for a thread, and gets one
        answers = []
        for connection in dripping:
            connection.settimeout(10)
            answers.append(connection.recv(100))
    assert all(answer.startswith(b"HTTP/1.1 400") for answer in answers)


def test_sigterm_ends_it_cleanly_and_leaves_no_folder_behind(service: Running) -> None:
    service.call()
    assert list(service.folder.glob("relapse-cds-metrics-*"))
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(20) == 0
    assert list(service.folder.glob("relapse-cds-metrics-*")) == []
    lines = (service.folder / "log").read_text().splitlines()
    assert all(json.loads(line)["level"] in ("INFO", "WARNING") for line in lines)
