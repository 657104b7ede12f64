"""relapse-cds check: the survey of a site."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from service.commands.common import BAD_INPUT, refused
from service.site_check import CheckError, run_check


@click.command()
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
    try:
        text, failed = run_check(paths, server, patients, site, stub)
    except CheckError as error:
        raise refused(str(error)) from None
    click.echo(text)
    for problem in failed:
        click.echo(f"relapse-cds: {problem}", err=True)
    if failed:
        sys.exit(BAD_INPUT)
