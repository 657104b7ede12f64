"""What several commands share: days, refusals, going through inputs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from service.config.store import StoreSettings
    from service.fhir.site_map import SiteMap
    from service.inputs import Input
    from service.store.store import Store

BAD_INPUT = 2
"""Exit code when an input, a setting or an argument cannot be used."""


class Day(click.ParamType[date]):
    """A calendar day, YYYY-MM-DD."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day, or a usage error."""
        from cds_rules.patient.dates import FIRST_YEAR, LAST_YEAR

        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            self.fail("expected a day as YYYY-MM-DD", param, ctx)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail(f"expected a year from {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        return day


class Since(click.ParamType[datetime]):
    """A moment: a day (from its beginning in UTC), a time with a zone, or an age as 90m, 24h, 7d."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC, or a usage error."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        if age := re.fullmatch(r"(\d{1,5})([mhd])", text):
            unit = {"m": "minutes", "h": "hours", "d": "days"}[age[2]]
            return datetime.now(UTC) - timedelta(**{unit: int(age[1])})
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                moment = moment.replace(tzinfo=UTC)
            if moment.tzinfo is None:
                raise ValueError
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("expected a day (2026-07-05), a time with a zone, or an age (90m, 24h, 7d)", param, ctx)


@contextmanager
def open_store(settings: StoreSettings) -> Iterator[Store]:
    """The store, its tables up to date, for one command. It ends with 2 if it cannot be used."""
    from service.config import ConfigError
    from service.store.errors import StoreAddressError, StoreDown
    from service.store.migrate import Standing, status
    from service.store.store import Store

    try:
        store = Store(settings)
    except StoreAddressError as error:
        raise ConfigError(str(error)) from None
    try:
        # Looking is no reason to make tables, or a file.
        if status(store.address).standing in (Standing.EMPTY, Standing.BEHIND):
            raise refused(f"its tables are not up to date (relapse-cds store migrate): {store.address}")
        yield store
    except StoreDown as error:
        raise refused(f"{error}: {store.address}") from None
    finally:
        store.close()


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
