"""What `store purge` forgets beside the audit: ended sessions, expired tokens, old runs of the registry."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from cds_rules.trials.study import REGISTRY
from service.store.engine import Mode
from service.store.purge import purge
from service.store.replay import ReplayCache
from service.store.sealed import SealedRows
from service.store.store import Store
from service.store.trials import RESUMED_WITHIN, StoredRecord, TrialStore

NOW = datetime.now(UTC)
"""When this file was read: a test may run an hour later."""
MINUTE = timedelta(minutes=1)
HOURS = timedelta(hours=3)
SESSIONS, TOKENS, RUNS = "ended sessions", "expired tokens", "old runs of the trial registry"


def purged(store: Store, now: datetime = NOW) -> dict[str, int]:
    """As with an age that spares every call and outcome; what was deleted."""
    return {what: count for what, count in purge(store, NOW - timedelta(days=4000), now).items() if count}


def finished(trials: TrialStore, number: int) -> str:
    begun = trials.begin("import", {}, resume=False)
    trials.add(begun.id, [StoredRecord(f"NCT9000000{number}", date(2025, 11, 20), REGISTRY, "{}")], {})
    trials.finish(begun.id)
    return begun.id


def broken_off(trials: TrialStore, store: Store, ago: timedelta, records: int = 1) -> str:
    begun = trials.begin("sync", {}, resume=False)
    held = [StoredRecord(f"NCT8{n:07d}", date(2025, 11, 20), REGISTRY, "{}") for n in range(records)]
    trials.add(begun.id, held, {"query": 1})
    started = (NOW - ago).replace(tzinfo=None)
    query = text("UPDATE trial_run SET started = :started WHERE id = :id")
    store.run("test", lambda c: c.execute(query, {"started": started, "id": begun.id}), Mode.WRITE)
    return begun.id


def runs(store: Store) -> set[str]:
    return store.run("test", lambda c: set(c.execute(text("SELECT id FROM trial_run")).scalars()), Mode.READ)


def records(store: Store) -> int:
    query = text("SELECT count(*) FROM trial_record")
    return int(store.run("test", lambda c: c.execute(query).scalar_one(), Mode.READ))


def test_sessions_that_have_ended_go_and_others_stay(store: Store) -> None:
    rows = SealedRows(store, lambda: NOW - 2 * MINUTE)
    rows.put("ended", b"x", NOW - MINUTE)
    rows.put("goes on", b"y", NOW + MINUTE)
    assert purged(store) == {SESSIONS: 1}
    assert rows.get("ended") is None
    assert rows.get("goes on") == b"y"
    assert purged(store) == {}


def test_many_go_in_several_steps(store: Store) -> None:
    query = text("INSERT INTO sealed_row (digest, sealed, expires) VALUES (:digest, :sealed, :expires)")
    ended = (NOW - MINUTE).replace(tzinfo=None)
    made = [{"digest": n.to_bytes(32), "sealed": b"x", "expires": ended} for n in range(2500)]
    store.run("test", lambda c: c.execute(query, made), Mode.WRITE)
    assert purged(store) == {SESSIONS: 2500}


def test_tokens_go_a_day_after_they_expired(store: Store) -> None:
    cache = ReplayCache(store)
    assert not cache.seen("https://ehr.example", "old", NOW - timedelta(days=1, minutes=1))
    assert not cache.seen("https://ehr.example", "late", NOW - timedelta(hours=23))
    assert purged(store) == {TOKENS: 1}
    assert cache.seen("https://ehr.example", "late", NOW)


def test_the_snapshot_and_the_one_before_it_stay_however_old(store: Store, trials: TrialStore) -> None:
    kept = {finished(trials, 1), finished(trials, 2)}
    assert purged(store, NOW + timedelta(days=4000)) == {}
    assert runs(store) == kept
    assert records(store) == 2


def test_a_run_that_broke_off_stays_while_it_can_be_taken_up(store: Store, trials: TrialStore) -> None:
    kept = {finished(trials, 1), finished(trials, 2)}
    young = broken_off(trials, store, RESUMED_WITHIN - HOURS)
    for _ in range(3):
        broken_off(trials, store, RESUMED_WITHIN + HOURS, records=20)
    assert purged(store) == {RUNS: 3}
    assert runs(store) == {*kept, young}
    assert records(store) == 3
    assert trials.begin("sync", {}, resume=True).id == young


def test_runs_stay_while_one_is_under_way(store: Store, trials: TrialStore) -> None:
    old = broken_off(trials, store, RESUMED_WITHIN + HOURS)
    with trials.alone():
        assert purged(store, datetime.now(UTC)) == {}
        assert runs(store) == {old}
    assert purged(store) == {RUNS: 1}
    assert (runs(store), records(store)) == (set(), 0)


def test_finished_runs_of_an_earlier_version_go_but_for_the_last(store: Store, trials: TrialStore) -> None:
    first, second = finished(trials, 1), finished(trials, 2)
    extra = broken_off(trials, store, timedelta(days=9))
    ended = (NOW - timedelta(days=8)).replace(tzinfo=None)
    query = text("UPDATE trial_run SET finished = :ended WHERE id = :id")
    store.run("test", lambda c: c.execute(query, {"ended": ended, "id": extra}), Mode.WRITE)
    assert purged(store) == {RUNS: 1}
    assert runs(store) == {first, second}
