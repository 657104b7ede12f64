"""nginx as `deploy/nginx.conf` sets it up, before a server on loopback.

Without TLS and without the limits by address, which are not what is measured.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.servers import BenchError, await_port, free_port

_EXAMPLE = Path(__file__).resolve().parent.parent / "deploy" / "nginx.conf"
_CHANGES = (
    (r"^limit_(req|conn)_zone .*$", ""),
    (r"^\s*limit_(req|conn) .*$", ""),
    (r"^\s*ssl_.*$", ""),
    (r"127\.0\.0\.1:8080", "127.0.0.1:{behind}"),
    (r"listen 443 ssl", "listen 127.0.0.1:{port}"),
)


def installed() -> bool:
    """Whether nginx is there."""
    return shutil.which("nginx") is not None


@contextlib.contextmanager
def before(behind: int) -> Iterator[int]:
    """Start nginx before the server at that port, give its own port, and end it."""
    with tempfile.TemporaryDirectory(prefix="relapse-cds-bench-") as folder:
        port = free_port()
        file = Path(folder, "nginx.conf")
        file.write_text(settings(folder, port, behind), "utf-8")
        process = subprocess.Popen(
            [shutil.which("nginx") or "nginx", "-p", folder, "-c", str(file)], stderr=subprocess.DEVNULL
        )
        try:
            await_port(process, port, "nginx")
            yield port
        finally:
            process.terminate()
            process.wait(10)


def settings(folder: str, port: int, behind: int) -> str:
    """The configuration. BenchError if the example no longer has what is changed of it."""
    site = _EXAMPLE.read_text("utf-8")
    for pattern, text in _CHANGES:
        site, found = re.subn(pattern, text.format(port=port, behind=behind), site, flags=re.MULTILINE)
        if not found:
            raise BenchError(f"deploy/nginx.conf has no {pattern!r} any more")
    paths = " ".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # Started by root, its workers would not be, and could not write to the folder.
    user = "user root; " if os.geteuid() == 0 else ""
    return (
        f"{user}daemon off; worker_processes 1; pid {folder}/pid; error_log /dev/null; events {{}} "
        f"http {{ access_log off; {paths}\n{site} }}"
    )
