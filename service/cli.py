"""The command line: assess, check, trials, serve, demo, rulebook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cds_rules.patient.dates import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from service.fhir.site_map import SiteMap
    from service.inputs import Input

BAD_INPUT = 2
"""Exit code when an input, a setting or an argument cannot be used."""


class Day(click.ParamType[date]):
    """A calendar day, YYYY-MM-DD."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day, or a usage error."""
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            self.fail("expected a day as YYYY-MM-DD", param, ctx)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail(f"expected a year from {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        return day


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="relapse-cds")
def main() -> None:
    """Decision support for relapsed acute lymphoblastic leukemia: CDS Hooks service and tools."""


@main.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--on", "on", type=Day(), default=None, help="Day of the assessment. Default: today.")
@click.option("--json", "as_json", is_flag=True, help="One Assessment per line, version 1.")
@click.option("--site", type=click.Path(path_type=Path), default=None, help="TOML file of local codes.")
def assess(paths: tuple[str, ...], on: date | None, as_json: bool, site: Path | None) -> None:
    """Assess patients: bundle files, folders of them, or - for NDJSON bundles on standard input."""
    from service.report import as_line, as_text

    _each(paths, on, site, as_line if as_json else as_text)


def _each(
    paths: tuple[str, ...],
    on: date | None,
    site: Path | None,
    shown: Callable[[Input, SiteMap, date], str],
) -> None:
    """Print what `shown` says of every input; those that cannot be used are named, and make the exit 2."""
    from service.fhir.site_map import SiteMap, SiteMapError, load_site_map
    from service.inputs import InputError, read_inputs

    try:
        site_map = load_site_map(site) if site else SiteMap()
    except SiteMapError as error:
        raise _refused(str(error)) from None
    day = on or datetime.now(UTC).astimezone().date()
    failed = False
    for item in read_inputs(paths, sys.stdin.buffer):
        problem = item.problem
        if item.bundle is not None:
            try:
                click.echo(shown(item, site_map, day))
                continue
            except InputError as error:
                problem = str(error)
        failed = True
        click.echo(f"relapse-cds: {item.name}: {problem}", err=True)
    if failed:
        sys.exit(BAD_INPUT)


@main.group()
def trials() -> None:
    """Trials that the sources name: list them, show one, match a patient. No status is of today."""


@trials.command("list")
def list_trials() -> None:
    """List the catalogue."""
    from cds_rules.trials.catalogue import TRIALS
    from service.trials.text import list_text

    click.echo(list_text(TRIALS.values()))


@trials.command("show")
@click.argument("trial_id", metavar="ID")
def show_trial(trial_id: str) -> None:
    """Show one trial, by its registry identifier or its name in the list."""
    from cds_rules.trials.catalogue import TRIALS
    from service.trials.text import trial_text

    wanted = trial_id.strip().casefold()
    found = next((trial for name, trial in TRIALS.items() if name.casefold() == wanted), None)
    if found is None:
        raise _refused("no trial of this id in the catalogue (relapse-cds trials list shows all)")
    click.echo(trial_text(found))


@trials.command("match")
@click.argument("paths", nargs=-1, required=True)
@click.option("--on", "on", type=Day(), default=None, help="Day of the assessment. Default: today.")
@click.option("--site", type=click.Path(path_type=Path), default=None, help="TOML file of local codes.")
@click.option("--json", "as_json", is_flag=True, help="One patient per line, trials as in the Assessment.")
def match_trials(paths: tuple[str, ...], on: date | None, site: Path | None, as_json: bool) -> None:
    """Match patients, criterion by criterion: bundle files, folders, or - for NDJSON on standard input."""
    from service.trials.text import match_line, match_text

    _each(paths, on, site, match_line if as_json else match_text)


@main.command()
@click.argument("paths", nargs=-1)
@click.option("--fhir", "server", default=None, help="Base address of a FHIR server to survey.")
@click.option("--patients", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--site", type=click.Path(path_type=Path), default=None, help="TOML file of local codes.")
@click.option("--stub", type=click.Path(path_type=Path), default=None, help="Write a site file to fill in.")
def check(
    paths: tuple[str, ...], server: str | None, patients: int, site: Path | None, stub: Path | None
) -> None:
    """Survey a site: which codes it uses for the data that are needed, and which are not recognised.

    Over bundles (files, folders, - for NDJSON), or over patients of a FHIR server; a bearer token is
    taken from the environment variable RELAPSE_CDS_FHIR_TOKEN, a file of trusted authorities from
    RELAPSE_CDS_FHIR_CA_FILE.
    """
    from service.site_check import CheckError, run_check

    try:
        text, failed = run_check(paths, server, patients, site, stub)
    except CheckError as error:
        raise _refused(str(error)) from None
    click.echo(text)
    for problem in failed:
        click.echo(f"relapse-cds: {problem}", err=True)
    if failed:
        sys.exit(BAD_INPUT)


@main.command()
def serve() -> None:
    """Start the service with gunicorn; settings come from RELAPSE_CDS_... (see service/README.md)."""
    from service.run import serve as run

    _start(run)


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--once", is_flag=True, help="Print one patient's cards and stop.")
def demo(port: int, once: bool) -> None:
    """Start the demonstration: synthetic patients, a FHIR server, and a page that plays the EHR."""
    from service.demo.run import demo as run

    _start(lambda: run(port, once=once))


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a page is not current.")
def rulebook(check: bool) -> None:
    """Write the rule book pages from the rules and their tables of worked cases."""
    from cds_rules.rulebook.write import stale, write
    from service.exercise import exercised

    if not check:
        click.echo(f"{write(exercised())} pages written")
        return
    pages = stale(exercised())
    for page in pages:
        click.echo(f"relapse-cds: rule book page {page} is not current: run `make rulebook`", err=True)
    if pages:
        sys.exit(1)
    click.echo("the rule book is current")


def _start(run: Callable[[], None]) -> None:
    from pydantic import ValidationError

    from service.config import ConfigError, setting_faults
    from service.fhir.site_map import SiteMapError

    try:
        run()
    except (ConfigError, SiteMapError) as error:
        raise _refused(str(error)) from None
    except ValidationError as error:
        raise _refused(setting_faults(error)) from None


def _refused(message: str) -> SystemExit:
    click.echo(f"relapse-cds: {message}", err=True)
    return SystemExit(BAD_INPUT)


if __name__ == "__main__":
    main()
