"""relapse-cds demo: the demonstration EHR."""

from __future__ import annotations

import click

from service.commands.common import start


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--once", is_flag=True, help="Print one patient's cards and stop.")
def demo(port: int, once: bool) -> None:
    """Start the demonstration: synthetic patients, a FHIR server, and a page that plays the EHR."""
    from service.demo.run import demo as run

    start(lambda: run(port, once=once))
