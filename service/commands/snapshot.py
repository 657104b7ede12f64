"""The registry's snapshot in the store, for commands: no command of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from service.commands.common import start

if TYPE_CHECKING:
    from cds_rules.trials.match import TrialSet
    from service.config import Settings
    from service.store.trials import TrialStore

T = TypeVar("T")

UNREACHED = 1
"""Exit code when the registry or the store cannot be had: trying again later may help."""


def tell(line: str) -> None:
    """Say something on standard error."""
    click.echo(f"relapse-cds: {line}", err=True)


def snapshot() -> TrialSet | None:
    """The snapshot of the store, if there is one. A store that is not there is none; nothing is made."""
    try:
        return with_store(_loaded, make=False)
    except StoreUnready:
        return None


def _loaded(settings: Settings, store: TrialStore) -> TrialSet | None:
    from service.trials.snapshot import trial_set_of

    info = store.snapshot()
    if info is None:
        return None
    return trial_set_of(store.records(info.run), settings.trials_max_status_days, info.run)


class StoreUnready(Exception):  # noqa: N818 - it names a state
    """There are no tables yet, so there is no snapshot either."""


def with_store(work: Callable[[Settings, TrialStore], T], *, make: bool = True) -> T:
    """Do something with the store of the settings. `make` False: only if its tables are there.

    A store that cannot be had, or that another sync writes to, is one line and the exit 1; settings that are
    wrong are one, and the exit 2.
    """
    from service.store.errors import StoreDown
    from service.store.lease import LeaseHeldError, LeaseLostError

    found: list[T] = []

    def run() -> None:
        from service.config import ConfigError, Settings
        from service.store.errors import StoreAddressError
        from service.store.migrate import Standing, status
        from service.store.store import Store
        from service.store.trials import TrialStore

        settings = Settings()
        try:
            store = Store(settings)
        except StoreAddressError as error:
            raise ConfigError(str(error)) from None
        if not make and status(store.address).standing in (Standing.EMPTY, Standing.BEHIND):
            raise StoreUnready
        try:
            found.append(work(settings, TrialStore(store)))
        finally:
            store.close()

    try:
        start(run)
    except (StoreDown, LeaseHeldError, LeaseLostError) as error:
        tell(_why(error))
        sys.exit(UNREACHED)
    return found[0]


def _why(error: Exception) -> str:
    from service.store.lease import LeaseHeldError, LeaseLostError

    if isinstance(error, LeaseHeldError):
        return (
            f"another sync or import is under way since {error.since:%Y-%m-%d %H:%M:%S} UTC; nothing was "
            "changed (one that was killed counts as ended after a minute)"
        )
    if isinstance(error, LeaseLostError):
        return "this run was stopped for so long that another sync or import took over; run it again"
    return f"{error}; nothing was changed by this step"
