"""The applications under gunicorn: one worker process each, with the service's own server options.

Run as a program (`python -m bench.servers APP PORT [WORKER]`) it is one such server; WORKER is a worker class
of gunicorn instead of the service's own.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.apps import APPS
from service.config import Settings
from service.run import Server, options

THREADS = 4
"""Threads of the one worker. The service has 8 by default."""

_ROOT = Path(__file__).resolve().parent.parent
_START_S = 20.0
_STOP_S = 5.0


class BenchError(RuntimeError):
    """A measurement that means nothing; the message says why."""


@contextlib.contextmanager
def running(apps: Iterable[str], worker: str | None = None) -> Iterator[dict[str, int]]:
    """Start a server for each application, give their ports, and end them whatever happens.

    `worker`: a worker class of gunicorn instead of the service's own.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        ports: dict[str, int] = {}
        for app in apps:
            ports[app] = free_port()
            processes.append(_start(app, ports[app], worker))
        for process, port in zip(processes, ports.values(), strict=True):
            await_port(process, port, "a server")
        yield ports
    finally:
        for process in processes:
            _end(process)


def _start(app: str, port: int, worker: str | None) -> subprocess.Popen[bytes]:
    # A session of its own, so that the worker can be ended with its parent.
    command = [sys.executable, "-m", "bench.servers", app, str(port), *([worker] if worker else ())]
    # The service writes a line a call, as it does in a hospital; nobody reads them here.
    return subprocess.Popen(
        command, cwd=_ROOT, start_new_session=True, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def await_port(process: subprocess.Popen[bytes], port: int, name: str) -> None:
    """Wait until it takes connections. BenchError, by its name, if it does not."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise BenchError(f"{name} did not start")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_S)
    # Also after a clean end: a worker may have outlived its parent. Its id is that of the session.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_STOP_S)


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end_with_parent() -> None:
    """A benchmark that was killed outright ends nothing; but its end of our input closes."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(app: str, port: int, worker: str | None = None) -> None:
    """Serve one application until ended."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = Settings(insecure=True, workers=1, threads=THREADS, host="127.0.0.1", port=port)
    chosen = {"worker_class": worker} if worker else {}
    Server(APPS[app](), {**options(settings), **chosen, "loglevel": "warning"}).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
