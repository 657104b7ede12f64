"""The service as a process of its own, `relapse-cds serve`, spoken to over loopback."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
CALL = (ROOT / "fixtures" / "hooks" / "client-2.0-full-prefetch.json").read_bytes()


@dataclass
class Running:
    """A started service."""

    process: subprocess.Popen[bytes]
    base: str
    folder: Path

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

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


def until(said: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            if said():
                return
        time.sleep(0.05)
    pytest.fail(what)


@contextlib.contextmanager
def started(folder: Path, settings: str) -> Iterator[Running]:
    """The service with these lines of TOML and no check of callers, once it is ready; killed at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    file = folder / "relapse-cds.toml"
    file.write_text(f"insecure = true\nport = {port}\n{settings}\n")
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("RELAPSE_CDS_")},
        "PYTHONPATH": str(ROOT),
        "RELAPSE_CDS_CONFIG": str(file),
        "TMPDIR": str(folder),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve"], cwd=folder, env=environment, stderr=log
        )
    running = Running(process, f"http://127.0.0.1:{port}", folder)
    try:
        wait_until_ready(running)
        yield running
    finally:
        process.kill()
        process.wait(10)
