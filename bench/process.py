"""`relapse-cds serve` as it runs in a hospital, with logs, metrics and a store."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.servers import BenchError, free_port

_ROOT = Path(__file__).resolve().parent.parent
_START_S = 30.0


@dataclass(frozen=True, slots=True)
class Service:
    """A started service."""

    port: int
    master: int

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def memory_mb(self) -> float:
        """Resident memory of the worker processes together, in MB."""
        children = Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in children)
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextlib.contextmanager
def serving(workers: int, **settings: str) -> Iterator[Service]:
    """Start the service on loopback with these settings, and end it. BenchError if it does not start."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = _start(Path(folder), _environment(Path(folder), port, workers, settings))
        try:
            _await(process, port)
            yield Service(port, process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _environment(folder: Path, port: int, workers: int, settings: Mapping[str, str]) -> dict[str, str]:
    ours = {
        "insecure": "true",
        "port": str(port),
        "workers": str(workers),
        "rate_limit": "none",
        "database_url": f"sqlite:///{folder / 'bench.db'}",
        "site_map": str(_ROOT / "fixtures" / "site.toml"),
        **settings,
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RELAPSE_CDS_")}
    named = {f"RELAPSE_CDS_{name.upper()}": value for name, value in ours.items()}
    return {**kept, **named, "PYTHONPATH": str(_ROOT), "TMPDIR": str(folder)}


def _start(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "service.cli", "serve"]
        return subprocess.Popen(command, cwd=folder, env=environment, stderr=log)


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}/health/live", timeout=5)
            return
        time.sleep(0.05)
    raise BenchError("the service did not start")
