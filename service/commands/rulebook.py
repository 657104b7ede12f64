"""relapse-cds rulebook: the pages made from the rules."""

from __future__ import annotations

import sys

import click

from cds_rules.rulebook import write as pages_of
from service.exercise import exercised


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a page is not current.")
def rulebook(check: bool) -> None:
    """Write the rule book pages from the rules and their tables of worked cases."""
    if not check:
        click.echo(f"{pages_of.write(exercised())} pages written")
        return
    pages = pages_of.stale(exercised())
    for page in pages:
        click.echo(f"relapse-cds: rule book page {page} is not current: run `make rulebook`", err=True)
    if pages:
        sys.exit(1)
    click.echo("the rule book is current")
