"""A demonstration as its own process, for the tests that need one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
READY = "Stop with Ctrl-C."
START_S = 30.0
STOP_S = 10.0


@dataclass(frozen=True)
class RunningDemo:
    """A demonstration that has printed its addresses."""

    process: subprocess.Popen[bytes]
    url: str
    out: Path
    err: Path

    def interrupt(self) -> int:
        """Ctrl-C, which a terminal sends to the whole group; the exit code. TimeoutExpired if it goes on."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_S)


def command(*arguments: str) -> list[str]:
    """The command line of a demonstration."""
    return [sys.executable, "-m", "service.cli", "demo", *arguments]


def environment() -> dict[str, str]:
    """This environment without settings of the service: the demonstration must not need any."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RELAPSE_CDS_")}
    return kept | {"PYTHONPATH": str(ROOT)}


@contextmanager
def running_demo(folder: Path) -> Iterator[RunningDemo]:
    """A demonstration on a free port; its output goes to files in `folder`. AssertionError if it fails."""
    out, err = folder / "demo.out", folder / "demo.err"
    with out.open("wb") as to_out, err.open("wb") as to_err:
        process = subprocess.Popen(
            command("--port", "0"),
            cwd=folder,
            env=environment(),
            stdout=to_out,
            stderr=to_err,
            start_new_session=True,
        )
    try:
        _await_ready(process, out, err)
        found = re.search(r"http://127\.0\.0\.1:\d+", out.read_text(encoding="utf-8"))
        assert found is not None
        yield RunningDemo(process, found[0], out, err)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_S)


def _await_ready(process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
    deadline = time.monotonic() + START_S
    while READY not in out.read_text(encoding="utf-8"):
        ended = process.poll() is not None
        assert not ended, f"the demonstration ended early: {err.read_text(encoding='utf-8')}"
        assert time.monotonic() < deadline, "the demonstration did not start in time"
        time.sleep(0.05)
