"""Every command of the documentation ends well, as a reader would run it. A page has one folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.blocks import PAGES, ROOT, Block, blocks, runs_of
from tests.tools import require_tool

ALL = tuple(blocks())
RUN = tuple(page for page in PAGES if runs_of(page))
PATIENCE_S = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs text in an empty folder that has the fixtures in it, with this checkout's program on the path."""
    program = tmp_path / ".venv" / "bin" / "relapse-cds"
    program.parent.mkdir(parents=True)
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m service.cli "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    port = str(free_port())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RELAPSE_CDS_")}
    # The pages name the default port, which may be taken on the machine of the tests.
    environment = kept | {"PATH": f"{program.parent}:{os.environ['PATH']}", "RELAPSE_CDS_PORT": port}

    def run(text: str) -> subprocess.CompletedProcess[str]:
        with (tmp_path / "out").open("w+") as out, (tmp_path / "err").open("w+") as err:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", text.replace("8080", port)],
                cwd=tmp_path, env=environment, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
            try:
                code = process.wait(PATIENCE_S)
            finally:
                stop(process)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(text, code, out.read(), err.read())

    return run


def stop(process: subprocess.Popen[bytes]) -> None:
    """What a block has left in the background goes with it."""
    for wanted in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, wanted)
        except ProcessLookupError:
            return
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue


@pytest.mark.integration
@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page_work_in_their_order(
    page: str, shell: Callable[[str], subprocess.CompletedProcess[str]]
) -> None:
    require_tool("bash", "the documentation's commands are run with it")
    for block in runs_of(page):
        if "curl" in block.text:
            require_tool("curl", "the documentation calls the service with it")
        done = shell(block.text)
        assert done.returncode == 0, f"{block}\n{block.text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert "Traceback" not in done.stderr, str(block)


@pytest.mark.parametrize("block", [b for b in ALL if b.reason is not None], ids=str)
def test_a_block_that_is_not_run_says_why(block: Block) -> None:
    assert block.reason is not None
    assert len(block.reason.split()) >= 4


def test_most_blocks_are_run() -> None:
    assert sum(block.reason is None for block in ALL) > len(ALL) / 2
    assert {"docs/quick-start.md", "docs/site-mapping.md", "docs/operations.md"} <= set(RUN)


def test_a_failing_command_is_noticed(shell: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    """Else none of the above could fail."""
    assert shell("relapse-cds assess nothing-here\necho not reached").returncode == 2
    assert shell("false | cat").returncode == 1
