"""A PostgreSQL of the tests' own: Debian's programs, a cluster in a temporary folder, loopback only."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_START_S = 30.0
_SETTINGS = (
    # No test takes the power away; a killed server keeps what it has committed without this.
    "fsync=off",
    "unix_socket_directories=",
    "shared_buffers=16MB",
    "max_connections=60",
)


def _programs() -> Path:
    """The folder of initdb and postgres; without it the test is skipped, or fails where nothing may be."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in [*folders, *([Path(found).resolve().parent] if found else [])]:
        if all((folder / name).exists() for name in ("initdb", "postgres", "psql", "pg_isready")):
            return folder
    message = "needs PostgreSQL (Debian: apt-get install postgresql): the store on it goes untested"
    if os.environ.get("RELAPSE_CDS_REQUIRE_TOOLS") == "1":
        pytest.fail(message)
    pytest.skip(message)


def _as_somebody() -> tuple[Sequence[str], pwd.struct_passwd]:
    """How to become a user that PostgreSQL runs as, which root is not."""
    if os.geteuid() != 0:
        return (), pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"), user
    pytest.fail("runs as root, and there is neither a user postgres nor a user nobody")


@dataclass
class Cluster:
    """A server that can be killed and started again."""

    folder: Path
    programs: Path
    prefix: Sequence[str]
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def admin(self) -> str:
        return self.url("postgres")

    def url(self, database: str) -> str:
        return f"postgresql://tests@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = [part for setting in _SETTINGS for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, self.programs / "postgres", "-D", self.folder / "data", "-p", str(self.port),
                 "-h", "127.0.0.1", *options],
                stdout=log, stderr=log, cwd="/",
            )  # fmt: skip
        ready = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        for _ in range(int(_START_S / 0.05)):
            if self.process.poll() is not None:
                break
            if subprocess.run(ready, check=False).returncode == 0:
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)
        pytest.fail(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def kill(self) -> None:
        """SIGKILL to the server and the processes of its sessions, as a machine that fails would."""
        self._signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(10)
        self.process = None

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """The server takes connections, as the kernel does for it, and answers nothing."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        # The server first: it would start anew what ends.
        for pid in (self.process.pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)
            self.process = None

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql prints for it."""
        done = subprocess.run(
            [self.programs / "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A cluster of its own for as long as the test needs it."""
    programs = _programs()
    prefix, user = _as_somebody()
    # Not in pytest's folders: only their owner may enter those.
    folder = Path(tempfile.mkdtemp(prefix="relapse-cds-pg-"))
    try:
        os.chown(folder, user.pw_uid, user.pw_gid)
        made = subprocess.run(
            [*prefix, programs / "initdb", "-D", folder / "data", "-U", "tests", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync", "--no-instructions"],
            capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        cluster = Cluster(folder, programs, prefix, port)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
