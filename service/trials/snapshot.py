"""The trials in force: the catalogue with the registry's snapshot, loaded beside the calls."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Protocol

from cds_rules.trials.catalogue import TRIALS
from cds_rules.trials.match import MAX_STATUS_AGE_DAYS, TrialSet
from cds_rules.trials.registered import with_records
from cds_rules.trials.study import Study
from service.lenient_json import NotJsonError, loads
from service.store.errors import StoreDown
from service.store.trials import SnapshotInfo, StoredRecord, TrialStore
from service.trials import zip_codes
from service.trials.registry.importing import take
from service.trials.registry.v2 import StudyError, read_study

_log = logging.getLogger(__name__)
_BREATH_EVERY = 20
"""Studies read before other threads are let in: a call must not wait for a snapshot being loaded."""


class TrialSource(Protocol):
    """Where calls get the trials from. Never slow, never raises."""

    def current(self) -> TrialSet | None:
        """The trials in force; None: those that the sources name, without any registry."""

    def refresh(self) -> bool:
        """Look for newer ones now, and wait for it: at start, before the server forks."""


class FixedTrials:
    """Always the same trials: for the command line and the demonstration."""

    def __init__(self, trial_set: TrialSet | None) -> None:
        self._trial_set = trial_set

    def current(self) -> TrialSet | None:
        """The trials given."""
        return self._trial_set

    def refresh(self) -> bool:
        """There are no newer ones."""
        return True


class SnapshotTrials:
    """Follows the snapshot in the store.

    A call takes what is in memory. When it is time to look, a thread beside the calls does: it reads one row,
    and the records only if that row names another run. A store that is down leaves things as they are; a
    status grows old by its own date.
    """

    def __init__(
        self,
        store: TrialStore,
        max_status_days: int = MAX_STATUS_AGE_DAYS,
        refresh_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._max_status_days = max_status_days
        self._refresh_s = refresh_s
        self._clock = clock
        self._held: TrialSet | None = None
        self._look_at = 0.0
        self._busy = threading.Lock()
        self._process = os.getpid()

    def current(self) -> TrialSet | None:
        """The trials in force. Starts a look at the store when it is time, and does not wait for it."""
        if self._clock() >= self._look_at:
            self._start()
        return self._held

    def refresh(self) -> bool:
        """Look now, and wait for it. False if the store is down."""
        try:
            info = self._store.snapshot()
            if info is not None and (self._held is None or info.run != self._held.version):
                self._load(info)
        except StoreDown:
            return False
        except Exception as error:  # noqa: BLE001 - whatever a record holds, the trials in force stay
            _log.error("the registry's snapshot cannot be loaded", extra={"error": type(error).__name__})
        return True

    def _start(self) -> None:
        if self._process != os.getpid():
            # A lock held by a thread of the parent would never be given back here.
            self._busy, self._process = threading.Lock(), os.getpid()
        if not self._busy.acquire(blocking=False):
            return
        self._look_at = self._clock() + self._refresh_s
        try:
            threading.Thread(target=self._look, name="trials", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            self._busy.release()

    def _look(self) -> None:
        try:
            self.refresh()
        finally:
            self._busy.release()

    def _load(self, info: SnapshotInfo) -> None:
        records = self._store.records(info.run)
        if len(records) != info.studies:
            return  # replaced while it was read: the next look finds the newer one
        zip_codes.warm()
        self._held = trial_set_of(records, self._max_status_days, info.run, breathe=_breathe)
        _log.info("a snapshot of the registry was loaded", extra={"studies": info.studies})


def demonstration(path: Path, max_status_days: int = MAX_STATUS_AGE_DAYS) -> FixedTrials:
    """Made-up records from a file beside the catalogue, each marked as such, with the day it names.

    Without the file the catalogue alone. StudyError if a record cannot be used.
    """
    if not path.exists():
        return FixedTrials(None)
    taken = take([path], date.max, demonstration=True)
    for _, reason in taken.refused:
        raise StudyError(reason)
    zip_codes.warm()
    return FixedTrials(trial_set_of(taken.records, max_status_days, "demonstration"))


def _breathe(number: int) -> None:
    if number % _BREATH_EVERY == 0:
        time.sleep(0.001)


def trial_set_of(
    records: Iterable[StoredRecord],
    max_status_days: int,
    version: str,
    breathe: Callable[[int], None] = lambda _: None,
) -> TrialSet:
    """The catalogue with the records of a snapshot. A record that cannot be read is left out and counted."""
    studies: dict[str, Study] = {}
    unread = 0
    for number, record in enumerate(records):
        breathe(number)
        try:
            study, _ = read_study(loads(record.record.encode()), record.checked_on, record.source)
        except (StudyError, NotJsonError):
            unread += 1
            continue
        studies[study.nct_id] = study
    if unread:
        _log.warning("records of the registry's snapshot were left out", extra={"count": unread})
    return TrialSet(
        with_records(TRIALS, studies),
        max_status_age_days=max_status_days,
        checked_on=max((study.checked_on for study in studies.values()), default=None),
        version=version,
    )
