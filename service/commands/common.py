"""What several commands share: days, refusals, going through inputs."""

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


def refused(message: str) -> SystemExit:
    """Say why in one line on standard error; raise what is returned."""
    click.echo(f"relapse-cds: {message}", err=True)
    return SystemExit(BAD_INPUT)


def start(run: Callable[[], None]) -> None:
    """Run something that reads the settings; what is wrong with them is one line, and the exit 2."""
    from pydantic import ValidationError

    from service.config import ConfigError, setting_faults
    from service.fhir.site_map import SiteMapError

    try:
        run()
    except (ConfigError, SiteMapError) as error:
        raise refused(str(error)) from None
    except ValidationError as error:
        raise refused(setting_faults(error)) from None


def each(
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
        raise refused(str(error)) from None
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
