"""relapse-cds serve: the service under gunicorn."""

from __future__ import annotations

import click

from service.commands.common import start
from service.run import serve as run


@click.command()
def serve() -> None:
    """Start the service with gunicorn; settings come from RELAPSE_CDS_... (see service/README.md)."""
    start(run)
