"""relapse-cds serve: the service under gunicorn."""

from __future__ import annotations

import os
import shutil
import tempfile

import click

from service.commands.common import start


@click.command()
def serve() -> None:
    """Start the service with gunicorn; settings come from RELAPSE_CDS_... (see service/README.md)."""
    folder, master = tempfile.mkdtemp(prefix="relapse-cds-metrics-"), os.getpid()
    ours = "PROMETHEUS_MULTIPROC_DIR" not in os.environ
    # Read by prometheus_client when it is first imported.
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
    try:
        start(_run)
    finally:
        # A worker that ends comes by here as well, and must not take the others' counts away.
        if os.getpid() == master:
            shutil.rmtree(folder, ignore_errors=True)
            if ours:
                del os.environ["PROMETHEUS_MULTIPROC_DIR"]


def _run() -> None:
    from service.run import serve as run

    run()
