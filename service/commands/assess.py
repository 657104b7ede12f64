"""relapse-cds assess: patients from files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from service.commands.common import Day, each
from service.report import as_line, as_text


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--on", "on", type=Day(), default=None, help="Day of the assessment. Default: today.")
@click.option("--json", "as_json", is_flag=True, help="One Assessment per line, version 1.")
@click.option("--site", type=click.Path(path_type=Path), default=None, help="TOML file of local codes.")
def assess(paths: tuple[str, ...], on: date | None, as_json: bool, site: Path | None) -> None:
    """Assess patients: bundle files, folders of them, or - for NDJSON bundles on standard input."""
    each(paths, on, site, as_line if as_json else as_text)
