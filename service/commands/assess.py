"""relapse-cds assess: patients from files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from service.commands.common import Day, each
from service.commands.snapshot import snapshot
from service.report import as_line, as_text


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--on", "on", type=Day(), default=None, help="Day of the assessment. Default: today.")
@click.option("--json", "as_json", is_flag=True, help="One Assessment per line, version 1.")
@click.option("--site", type=click.Path(path_type=Path), default=None, help="TOML file of local codes.")
@click.option("--registry", is_flag=True, help="With the registry's snapshot of trials in the store.")
def assess(paths: tuple[str, ...], on: date | None, as_json: bool, site: Path | None, registry: bool) -> None:
    """Assess patients: bundle files, folders of them, or - for NDJSON bundles on standard input."""
    held = snapshot() if registry else None
    shown = as_line if as_json else as_text
    each(paths, on, site, lambda item, site_map, day: shown(item, site_map, day, held))
