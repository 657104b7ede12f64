"""What `make demo` hands on to the program."""

from __future__ import annotations

import subprocess

from tests.demo_server import ROOT
from tests.tools import require_tool


def test_a_signal_to_make_reaches_the_demonstration() -> None:
    """Without exec, `make demo` that is ended leaves the program behind its shell running."""
    (line,) = [
        s for s in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines() if "service.cli demo" in s
    ]
    assert " exec $(BIN)/python " in line


def test_make_hands_a_port_on() -> None:
    make = require_tool("make", "the demonstration is started with it")
    done = subprocess.run(
        [make, "--dry-run", "--assume-old=.venv/.runtime", "demo", "PORT=18081"],
        cwd=ROOT, capture_output=True, text=True, timeout=40, check=True,
    )  # fmt: skip
    assert "service.cli demo --port 18081" in done.stdout
