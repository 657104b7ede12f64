"""relapse-cds store: the tables behind feedback, audit and the replay cache."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from service.commands.common import Since, refused, start


@click.group()
def store() -> None:
    """The store: its state, its tables, and forgetting what is old."""


@store.command("status")
def show_status() -> None:
    """Say where the store is and whether its tables are up to date; exit 1 if they are not."""
    start(lambda: _report(migrating=False))


@store.command("migrate")
def run_migrations() -> None:
    """Bring the tables up to date. Safe while the service runs, and at several places at once."""
    start(lambda: _report(migrating=True))


@store.command("purge")
@click.option("--older-than", "before", type=Since(), required=True, help="An age as 400d, or a day.")
def run_purge(before: datetime) -> None:
    """Delete calls and outcomes that are older, and cards of which nothing is left.

    And, however young, sessions that have ended, tokens that have expired, and runs of the trial registry
    beside the snapshot and the one before it.
    """
    start(lambda: _purge(before))


def _purge(before: datetime) -> None:
    from service.commands.common import open_store
    from service.config import Settings
    from service.store.purge import purge

    with open_store(Settings()) as opened:
        deleted = purge(opened, before)
    click.echo("deleted: " + ", ".join(f"{count} {what}" for what, count in deleted.items()))


def _report(*, migrating: bool) -> None:
    from service.config import ConfigError, Settings
    from service.store.engine import Address
    from service.store.errors import StoreAddressError, StoreDown
    from service.store.migrate import Standing, migrate, status

    try:
        address = Address.of(Settings().database_url.get_secret_value())
    except StoreAddressError as error:
        raise ConfigError(str(error)) from None
    try:
        found = migrate(address) if migrating else status(address)
    except StoreDown as error:
        raise refused(f"{error}: {address}") from None
    click.echo(f"store:    {address}")
    click.echo(f"revision: {found.revision or 'none'}, {found.standing.value}; newest known: {found.newest}")
    if found.standing in (Standing.EMPTY, Standing.BEHIND):
        sys.exit(1)
