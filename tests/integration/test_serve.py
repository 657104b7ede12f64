"""`relapse-cds serve` as it runs in a hospital: several workers, signals, one sum of metrics."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.running import Running, started, until

pytestmark = pytest.mark.integration

CALLS = 12


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    with started(tmp_path, "workers = 2\nthreads = 2") as running:
        yield running


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


def test_a_connection_does_not_stay_with_one_worker_for_ever(service: Running) -> None:
    """Those that an EHR makes at once may all have come to the same worker, and leave the other idle."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    said: list[str | None] = []
    while "close" not in said and len(said) < 100:
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
        said.append(answer.getheader("Connection"))
    assert said[0] == "keep-alive"
    assert said[-1] == "close"


def test_sigterm_ends_it_cleanly_and_leaves_no_folder_behind(service: Running) -> None:
    service.call()
    assert list(service.folder.glob("relapse-cds-metrics-*"))
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(20) == 0
    assert list(service.folder.glob("relapse-cds-metrics-*")) == []
    lines = (service.folder / "log").read_text().splitlines()
    assert all(json.loads(line)["level"] in ("INFO", "WARNING") for line in lines)
