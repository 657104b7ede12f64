"""relapse-cds trials: the catalogue, and patients matched against it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from cds_rules.trials import catalogue
from service.commands.common import Day, each, refused
from service.trials.text import list_text, match_line, match_text, trial_text


@click.group()
def trials() -> None:
    """Trials that the sources name: list them, show one, match a patient. No status is of today."""


@trials.command("list")
def list_trials() -> None:
    """List the catalogue."""
    click.echo(list_text(catalogue.TRIALS.values()))


@trials.command("show")
@click.argument("trial_id", metavar="ID")
def show_trial(trial_id: str) -> None:
    """Show one trial, by its registry identifier or its name in the list."""
    wanted = trial_id.strip().casefold()
    found = next((trial for name, trial in catalogue.TRIALS.items() if name.casefold() == wanted), None)
    if found is None:
        raise refused("no trial of this id in the catalogue (relapse-cds trials list shows all)")
    click.echo(trial_text(found))


@trials.command("match")
@click.argument("paths", nargs=-1, required=True)
@click.option("--on", "on", type=Day(), default=None, help="Day of the assessment. Default: today.")
@click.option("--site", type=click.Path(path_type=Path), default=None, help="TOML file of local codes.")
@click.option("--json", "as_json", is_flag=True, help="One patient per line, trials as in the Assessment.")
def match_trials(paths: tuple[str, ...], on: date | None, site: Path | None, as_json: bool) -> None:
    """Match patients, criterion by criterion: bundle files, folders, or - for NDJSON on standard input."""
    each(paths, on, site, match_line if as_json else match_text)
