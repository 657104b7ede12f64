"""One sync or import at a time: the second ends at once, and one that was killed is not waited for long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.store.engine import Mode
from service.store.lease import LASTS, LeaseHeldError, LeaseLostError, held
from service.store.store import Store
from service.store.trials import TrialStore
from tests.registry import Registry, running, study
from tests.store.conftest import MakeStore
from tests.store.registry_runs import held as held_trials
from tests.store.registry_runs import run, write

ROOT = Path(__file__).resolve().parents[2]


class Paused(Registry):
    """A registry in the middle of an answer."""

    def __init__(self, registry: Registry) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self.page = registry._page

    def __call__(self, query: dict[str, str]) -> Any:
        self.reached.set()
        self.go_on.wait(60)
        return self.page(query)


def sync(url: str, registry: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "RELAPSE_CDS_DATABASE_URL": url,
        "RELAPSE_CDS_TRIALS_REGISTRY_URL": registry,
        "RELAPSE_CDS_TRIALS_REGISTRY_PER_MINUTE": "6000",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "service.cli", "trials", "sync"]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def age_the_lease(store: Store, by: timedelta) -> None:
    """As after so much time without a renewal."""
    until = (datetime.now(UTC) + LASTS - by).replace(tzinfo=None)
    query = text("UPDATE lease SET until = :until")
    store.run("test", lambda c: c.execute(query, {"until": until}), Mode.WRITE)


def test_a_second_process_ends_at_once_and_the_first_is_not_disturbed(
    url: str, store: Store, trials: TrialStore, tmp_path: Path
) -> None:
    assert store.prepare()
    with running(study()) as registry:
        paused = registry._page = Paused(registry)  # type: ignore[method-assign]
        first = sync(url, registry.url)
        try:
            assert paused.reached.wait(60)
            second = sync(url, registry.url)
            said, complaint = second.communicate(timeout=60)
            assert (second.returncode, said) == (1, "")
            assert complaint.startswith("relapse-cds: another sync or import is under way since ")
            assert complaint.count("\n") == 1
        finally:
            paused.go_on.set()
            said, complaint = first.communicate(timeout=60)
    assert first.returncode == 0, complaint
    assert held_trials(trials) == {"NCT90000001"}


def test_one_that_was_killed_holds_it_until_its_time_is_over(
    url: str, store: Store, trials: TrialStore
) -> None:
    assert store.prepare()
    with running(study()) as registry:
        page = registry._page
        paused = registry._page = Paused(registry)  # type: ignore[method-assign]
        first = sync(url, registry.url)
        assert paused.reached.wait(60)
        first.send_signal(signal.SIGKILL)
        first.communicate(timeout=60)
        paused.go_on.set()
        registry._page = page  # type: ignore[method-assign]
        with pytest.raises(LeaseHeldError):
            run(registry, trials)
        age_the_lease(store, LASTS)
        run(registry, trials)
    assert held_trials(trials) == {"NCT90000001"}


def test_of_many_that_begin_together_one_gets_it(url: str, make_store: MakeStore) -> None:
    stores = [make_store(url) for _ in range(6)]
    assert stores[0].prepare()
    together, others = threading.Barrier(6), threading.Barrier(6)
    got: list[bool] = []

    def work(store: Store) -> None:
        together.wait(30)
        try:
            with held(store, "trials"):
                got.append(True)
                others.wait(30)
        except LeaseHeldError:
            got.append(False)
            others.wait(30)

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == [False] * 5 + [True]
    with held(stores[0], "trials"):
        """It was given back."""


def test_an_import_is_held_off_by_a_sync_and_works_after_it(
    trials: TrialStore, url: str, make_store: MakeStore, tmp_path: Path
) -> None:
    from click.testing import CliRunner

    from service.cli import main

    file = write(tmp_path, "x.json", study())
    command = ["trials", "import", str(file), "--as-of", "2025-11-20"]
    with trials.alone():
        refused = CliRunner().invoke(main, command, env={"RELAPSE_CDS_DATABASE_URL": url})
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "another sync or import is under way" in refused.stderr
    assert trials.snapshot() is None
    done = CliRunner().invoke(main, command, env={"RELAPSE_CDS_DATABASE_URL": url})
    assert done.exit_code == 0
    assert held_trials(trials) == {"NCT90000001"}


def test_one_that_was_stopped_too_long_writes_nothing_over_its_successor(
    trials: TrialStore, store: Store, url: str, make_store: MakeStore
) -> None:
    successor = TrialStore(make_store(url))
    with trials.alone():
        begun = trials.begin("sync", {}, resume=False)
        age_the_lease(store, LASTS)
        with successor.alone():
            with pytest.raises(LeaseLostError):
                trials.add(begun.id, [], {"query": 1})
            with pytest.raises(LeaseLostError):
                trials.finish(begun.id)
            successor.begin("sync", {"other": 1}, resume=False)
    assert successor.begin("sync", {}, resume=True).position == {}


def test_a_late_renewal_counts_where_nobody_took_over(trials: TrialStore, store: Store) -> None:
    with trials.alone():
        begun = trials.begin("sync", {}, resume=False)
        age_the_lease(store, LASTS * 2)
        trials.add(begun.id, [], {"query": 1})
        with pytest.raises(LeaseHeldError), TrialStore(store).alone():
            pytest.fail("two at once")


def test_it_is_renewed_while_the_work_takes_its_time(
    trials: TrialStore, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.lease._RENEW_S", 0.01)
    renewed = threading.Event()
    run_here = Store.run_here

    def told(self: Store, *arguments: Any) -> Any:
        done = run_here(self, *arguments)
        if getattr(arguments[1], "__name__", "") == "confirm":
            renewed.set()
        return done

    monkeypatch.setattr(Store, "run_here", told)
    with trials.alone():
        age_the_lease(store, LASTS * 2)
        for _ in range(2):  # the first may have been under way before
            renewed.clear()
            assert renewed.wait(30)
        with pytest.raises(LeaseHeldError), TrialStore(store).alone():
            pytest.fail("two at once")


def test_a_failure_gives_it_back(trials: TrialStore) -> None:
    with pytest.raises(RuntimeError, match="made to fail"), trials.alone():
        raise RuntimeError("made to fail")
    with trials.alone():
        """Free again."""
