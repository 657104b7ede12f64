"""relapse-cds trials: the catalogue, the registry's snapshot, and patients matched against both."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.commands.common import BAD_INPUT, Day, each, refused
from service.commands.snapshot import UNREACHED, snapshot, tell, with_store

if TYPE_CHECKING:
    from cds_rules.trials.trial import Trial
    from service.config import Settings
    from service.store.trials import TrialStore
    from service.trials.registry.sync import Report

_catalogue_only = click.option(
    "--catalogue-only", is_flag=True, help="Leave the registry's snapshot in the store aside."
)


@click.group()
def trials() -> None:
    """Trials: those that the sources name, the registry's snapshot, and what fits a patient.

    A status is that of the registry only where a snapshot was synced or imported; each has its date.
    """


@trials.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only those that take patients, as last checked.")
@click.option("--fhir", is_flag=True, help="As FHIR ResearchStudy, one a line.")
@_catalogue_only
def list_trials(only_open: bool, fhir: bool, catalogue_only: bool) -> None:
    """List the trials that the sources name, then those found in the registry."""
    from service.trials.text import list_text, study_lines

    with _trials(catalogue_only=catalogue_only) as found:
        listed = [t for t in found if not only_open or t.open_on(*_now())]
        click.echo(study_lines(listed) if fhir else list_text(listed))


@trials.command("show")
@click.argument("trial_id", metavar="ID")
@click.option("--fhir", is_flag=True, help="As a FHIR ResearchStudy.")
@_catalogue_only
def show_trial(trial_id: str, fhir: bool, catalogue_only: bool) -> None:
    """Show one trial, by its registry identifier or its name in the list."""
    from service.trials.text import study_lines, trial_text

    wanted = trial_id.strip().casefold()
    with _trials(catalogue_only=catalogue_only) as found:
        trial = next((trial for trial in found if trial.id.casefold() == wanted), None)
    if trial is None:
        raise refused("no trial of this id in the catalogue (relapse-cds trials list shows all)")
    click.echo(study_lines([trial]) if fhir else trial_text(trial))


@trials.command("match")
@click.argument("paths", nargs=-1, required=True)
@click.option("--on", "on", type=Day(), default=None, help="Day of the assessment. Default: today.")
@click.option("--site", type=click.Path(path_type=Path), default=None, help="TOML file of local codes.")
@click.option("--json", "as_json", is_flag=True, help="One patient per line, trials as in the Assessment.")
@_catalogue_only
def match_trials(
    paths: tuple[str, ...], on: date | None, site: Path | None, as_json: bool, catalogue_only: bool
) -> None:
    """Match patients, criterion by criterion: bundle files, folders, or - for NDJSON on standard input."""
    from service.trials.text import match_line, match_text

    held = None if catalogue_only else snapshot()
    shown = match_line if as_json else match_text
    each(paths, on, site, lambda item, site_map, day: shown(item, site_map, day, held))


@trials.command("sync")
@click.option(
    "--condition", default=None, help="Condition to search for. Default: acute lymphoblastic leukemia."
)
@click.option("--term", default=None, help="Further terms of the search. Default: words for relapse.")
@click.option("--ids-only", is_flag=True, help="Only the trials of the catalogue.")
@click.option("--restart", is_flag=True, help="Do not take up a run that broke off.")
def sync_trials(condition: str | None, term: str | None, ids_only: bool, restart: bool) -> None:
    """Fetch the trials of the catalogue, and others for relapsed ALL, from the registry.

    The running service takes the new snapshot over by itself. A run that breaks off (exit 1) leaves the
    snapshot as it was; the next one goes on where it stopped.
    """
    from service.trials.registry import sync as run

    asked = run.queries(None if ids_only else condition or run.CONDITION, term or run.TERM)

    def work(settings: Settings, store: TrialStore) -> Report:
        from service.trials.registry.client import RegistryClient, RegistryError

        client = RegistryClient(settings)
        try:
            return run.sync(client, store, settings.trials_registry_url, asked, tell=tell, resume=not restart)
        except RegistryError as error:
            tell(f"{error}; run it again to go on, the snapshot before stays")
            sys.exit(UNREACHED)
        finally:
            client.close()

    report = with_store(work)
    _told(report)


@trials.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--as-of", type=Day(), default=None, help="Day on which the files were downloaded.")
@click.option("--replace", is_flag=True, help="Drop the records held before, in place of adding to them.")
@click.option("--demonstration", is_flag=True, help="Mark the records as made up.")
def import_trials(files: tuple[Path, ...], as_of: date | None, replace: bool, demonstration: bool) -> None:
    """Take study files downloaded from the registry (JSON of API v2): one study, a list, pages, or lines.

    What cannot be used is named and makes the exit 2; the rest is taken.
    """
    from service.trials.registry.importing import import_files, take

    taken = take(files, _today(), as_of, demonstration=demonstration)
    report = with_store(lambda _, store: import_files(store, taken, replace=replace))
    _told(report)
    if report.refused:
        sys.exit(BAD_INPUT)


@trials.command("status")
def show_status() -> None:
    """Say which snapshot holds and how old it is; exit 1 if there is none."""

    def work(settings: Settings, store: TrialStore) -> None:
        info = store.snapshot()
        if info is None:
            click.echo("no snapshot: run `relapse-cds trials sync`, or import downloaded files")
            sys.exit(1)
        age = (_today() - info.checked_on).days
        stale = age > settings.trials_max_status_days
        click.echo(f"snapshot: {info.studies} studies, checked on {info.checked_on} ({age} days ago)")
        click.echo(f"taken:    {info.taken:%Y-%m-%d %H:%M} UTC")
        if stale:
            click.echo(
                f"stale:    older than {settings.trials_max_status_days} days: no trial is shown as open"
            )

    with_store(work)


def _told(report: Report) -> None:
    for name, why in report.flagged:
        tell(f"{name}: flagged: {why}")
    for name, why in report.refused:
        tell(f"{name}: refused: {why}")
    if report.absent:
        tell(f"not in the registry's answer: {', '.join(report.absent)}")
    if report.snapshot is None:
        click.echo("nothing was taken; the snapshot is as it was")
        return
    held = report.snapshot
    click.echo(
        f"snapshot: {held.studies} studies, checked on {held.checked_on}; "
        f"{len(report.refused)} refused, {len(report.flagged)} flagged"
    )


def _today() -> date:
    return datetime.now(UTC).astimezone().date()


def _now() -> tuple[date, int]:
    from service.config import Settings

    return _today(), Settings().trials_max_status_days


@contextmanager
def _trials(*, catalogue_only: bool) -> Iterator[list[Trial]]:
    """All trials: the catalogue in its order, then those of the registry; also those never matched."""
    from cds_rules.trials.catalogue import TRIALS

    held = None if catalogue_only else snapshot()
    by_id = {trial.id: trial for trial in held.trials} if held else {}
    known = [by_id.pop(name, trial) for name, trial in TRIALS.items()]
    yield [*known, *by_id.values()]
