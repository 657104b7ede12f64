"""The registry's snapshot is taken over by the service without a restart, and never waited for."""

import json
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import text

from cds_rules.trials.study import DEMONSTRATION, REGISTRY
from cds_rules.trials.trial import Tier, Trial
from service.store.engine import Mode
from service.store.store import Store
from service.store.trials import StoredRecord, TrialStore
from service.trials.registry.importing import import_files, take
from service.trials.snapshot import SnapshotTrials
from tests.registry import running, study
from tests.store.conftest import MakeStore
from tests.store.registry_runs import OF_CATALOGUE, ON, held, run, write


def trials_of(source: SnapshotTrials) -> tuple[Trial, ...]:
    held = source.current()
    return held.trials if held is not None else ()


def loaded(source: SnapshotTrials) -> set[str]:
    return {t.id for t in trials_of(source) if t.tier is Tier.FOUND}


def test_a_new_snapshot_is_in_force_without_a_restart(trials: TrialStore) -> None:
    source = SnapshotTrials(trials, refresh_s=1e9)
    assert source.current() is None
    with running(study(OF_CATALOGUE, status="TERMINATED"), study()) as registry:
        run(registry, trials)
    assert source.refresh()
    assert loaded(source) == {"NCT90000001"}
    current = source.current()
    assert current is not None
    assert current.checked_on == ON
    known = {t.id: t for t in current.trials}[OF_CATALOGUE]
    assert str(known.status) == f"terminated, {ON} (ClinicalTrials.gov)"
    assert source.current() is current
    assert source.refresh()
    assert source.current() is current


def test_a_call_never_waits_for_the_store(trials: TrialStore) -> None:
    here = threading.current_thread()
    asked: list[threading.Thread] = []
    done = threading.Event()

    class Watched(TrialStore):
        def snapshot(self, within_s: float | None = None) -> Any:
            asked.append(threading.current_thread())
            done.set()
            return None

    source = SnapshotTrials(Watched(trials._store), refresh_s=1e9)
    source.current()
    assert done.wait(10)
    assert here not in asked
    source.current()
    assert len(asked) == 1


def test_a_store_that_is_down_leaves_the_trials_as_they_were(make_store: MakeStore, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    down = make_store(f"sqlite:///{tmp_path / 'folder'}")
    source = SnapshotTrials(TrialStore(down))
    assert not source.refresh()
    assert source.current() is None


def test_a_record_that_can_no_longer_be_read_is_left_out(trials: TrialStore) -> None:
    begun = trials.begin("sync", {}, resume=False)
    good = json.dumps(study())
    records = [
        StoredRecord("NCT90000001", ON, REGISTRY, good),
        StoredRecord("NCT90000002", ON, REGISTRY, "{"),
    ]
    trials.add(begun.id, records, {})
    trials.finish(begun.id)
    source = SnapshotTrials(trials)
    assert source.refresh()
    assert loaded(source) == {"NCT90000001"}


def test_demonstration_data_are_never_those_of_the_registry(trials: TrialStore, tmp_path: Path) -> None:
    taken = take([write(tmp_path, "x.json", study())], ON, demonstration=True)
    import_files(trials, taken, replace=True)
    source = SnapshotTrials(trials)
    source.refresh()
    (trial,) = (t for t in trials_of(source) if t.tier is Tier.FOUND)
    assert trial.status is not None
    assert trial.status.by == DEMONSTRATION


def test_a_snapshot_and_the_one_before_it_are_kept_and_no_more(trials: TrialStore, store: Store) -> None:
    for number in range(3):
        begun = trials.begin("import", {}, resume=False)
        trials.add(begun.id, [StoredRecord(f"NCT9000000{number}", ON, REGISTRY, "{}")], {})
        trials.finish(begun.id)
    query = text("SELECT nct_id FROM trial_record ORDER BY nct_id")
    kept = store.run("test", lambda c: list(c.execute(query).scalars()), Mode.READ)
    assert kept == ["NCT90000001", "NCT90000002"]
    assert held(trials) == {"NCT90000002"}


def test_a_run_without_records_is_no_snapshot(trials: TrialStore) -> None:
    assert trials.finish(trials.begin("sync", {}, resume=False).id) is None
    assert trials.snapshot() is None
