"""`make demo | head`: when nobody reads what is printed any more, the demonstration ends and says nothing."""

from __future__ import annotations

import io
import mmap
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.demo import reader
from service.demo.run import Demo, _speak, build, settings_for
from service.paths import fixtures_dir
from tests.demo_server import ROOT, STOP_S, command, environment

BASE = "http://127.0.0.1:18998"
ENDED = [(os.getppid(), signal.SIGINT)]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return build(settings_for(18998, tmp_path_factory.mktemp("demo")), fixtures_dir())


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The signals that were sent, in place of sending them."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr("service.demo.run.os.kill", lambda *told: sent.append(told))
    monkeypatch.setattr("service.demo.run.cards_as_text", lambda *_: "the cards\n" * 20)
    return sent


@contextmanager
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Print into a pipe; the end from which it can be read, to be closed by the test."""
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as printed, monkeypatch.context() as patch:  # noqa: PTH123
        patch.setattr(sys, "stdout", printed)
        yield reading
        # As at the end of a process, where a failure would print a trace.
        printed.flush()


def nothing_failed() -> mmap.mmap:
    return mmap.mmap(-1, 1)


@pytest.mark.parametrize("once", [False, True])
def test_a_reader_who_left_before_ends_it_without_a_word(
    shown: Demo, ended: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch, once: bool
) -> None:
    with piped(monkeypatch) as pipe:
        os.close(pipe)
        _speak(shown, BASE, nothing_failed(), once)
    assert ended == ENDED


def test_a_reader_who_leaves_after_it_was_printed_ends_it(
    shown: Demo, ended: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with piped(monkeypatch) as pipe:
        speaks = threading.Thread(target=_speak, args=(shown, BASE, nothing_failed(), False), daemon=True)
        speaks.start()
        read = b""
        while b"Stop with Ctrl-C." not in read:
            read += os.read(pipe, 4096)
        assert ended == []
        os.close(pipe)
        speaks.join(30)
    assert ended == ENDED


def test_a_file_needs_no_reader(
    shown: Demo, ended: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("w") as printed:
        monkeypatch.setattr(sys, "stdout", printed)
        _speak(shown, BASE, nothing_failed(), False)
    assert ended == []
    assert "Stop with Ctrl-C." in (tmp_path / "log").read_text()


def test_what_is_no_file_at_all_needs_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not reader.wait_until_gone()


@pytest.mark.integration
def test_the_whole_of_it_ends_when_its_reader_leaves() -> None:
    """As the shell runs `relapse-cds demo | head -n 1`."""
    started = subprocess.Popen(
        command("--port", "0"), env=environment(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert started.stdout is not None
    assert started.stderr is not None
    try:
        assert b"synthetic patients" in started.stdout.readline()
        started.stdout.close()
        assert started.wait(STOP_S + 30) == 0
        assert started.stderr.read() == b""
    finally:
        started.kill()
        started.stderr.close()
