"""A token is accepted once, whoever sees it: every worker, every replica, and after a restart."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import StatementError

from service.store.errors import StoreDown
from service.store.replay import KEPT_AFTER_EXPIRY, ReplayCache
from service.store.store import Store
from tests.store.conftest import MakeStore

NOW = datetime(2026, 7, 5, 12, tzinfo=UTC)
EXPIRES = NOW + timedelta(minutes=5)
ISSUER = "https://ehr.example"


def cache(store: Store, now: datetime = NOW) -> ReplayCache:
    return ReplayCache(store, now=lambda: now)


def test_a_token_is_new_once(store: Store) -> None:
    seen = cache(store).seen
    assert [seen(ISSUER, "one", EXPIRES) for _ in range(3)] == [False, True, True]


@pytest.mark.parametrize(
    ("issuer", "jti"),
    [
        ("https://other.example", "one"),
        (ISSUER, "One"),
        (ISSUER + "o", "ne"),
        (ISSUER, ""),
        (ISSUER, "\udc80\0"),
    ],
)
def test_another_token_or_issuer_is_new(store: Store, issuer: str, jti: str) -> None:
    seen = cache(store).seen
    seen(ISSUER, "one", EXPIRES)
    assert [seen(issuer, jti, EXPIRES), seen(issuer, jti, EXPIRES)] == [False, True]


def test_a_jti_of_any_length_is_told_apart(store: Store) -> None:
    seen = cache(store).seen
    assert [seen(ISSUER, "x" * 100_000, EXPIRES), seen(ISSUER, "x" * 100_001, EXPIRES)] == [False, False]


def test_another_process_and_a_restart_know_it(make_store: MakeStore, url: str) -> None:
    first = make_store(url)
    assert cache(first).seen(ISSUER, "one", EXPIRES) is False
    assert cache(make_store(url)).seen(ISSUER, "one", EXPIRES) is True
    first.close()
    assert cache(make_store(url)).seen(ISSUER, "one", EXPIRES) is True


def test_of_many_who_bring_it_at_once_one_is_let_in(make_store: MakeStore, url: str) -> None:
    stores = [make_store(url, store_timeout_s=20) for _ in range(3)]
    new: list[str] = []
    start = threading.Barrier(12)

    def bring(seen: Callable[[str, str, datetime], bool]) -> None:
        start.wait()
        for jti in ("a", "b", "c", "d"):
            if not seen(ISSUER, jti, EXPIRES):
                new.append(jti)

    threads = [threading.Thread(target=bring, args=(cache(stores[n % 3]).seen,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == ["a", "b", "c", "d"]


def test_a_forked_worker_opens_connections_of_its_own(make_store: MakeStore, url: str) -> None:
    store = make_store(url)
    seen = cache(store).seen
    assert seen(ISSUER, "of the parent", EXPIRES) is False
    child = os.fork()
    if child == 0:
        known = seen(ISSUER, "of the parent", EXPIRES), seen(ISSUER, "of the child", EXPIRES)
        os._exit(0 if known == (True, False) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [seen(ISSUER, jti, EXPIRES) for jti in ("of the parent", "of the child", "new")] == [
        True,
        True,
        False,
    ]


def test_expired_tokens_are_forgotten_a_day_later(store: Store) -> None:
    cache(store).seen(ISSUER, "old", EXPIRES)
    cache(store).seen(ISSUER, "young", EXPIRES + timedelta(seconds=1))
    assert cache(store, EXPIRES + KEPT_AFTER_EXPIRY).purge() == 0
    assert cache(store, EXPIRES + KEPT_AFTER_EXPIRY + timedelta(seconds=1)).purge() == 1
    assert cache(store).seen(ISSUER, "young", EXPIRES) is True


def test_a_clock_that_ran_ahead_and_came_back_lets_no_token_in_again(store: Store) -> None:
    assert cache(store).seen(ISSUER, "one", EXPIRES) is False
    ahead = cache(store, NOW + timedelta(hours=20))
    assert ahead.purge() == 0
    assert cache(store).seen(ISSUER, "one", EXPIRES) is True


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        cache(store).seen(ISSUER, "one", EXPIRES.replace(tzinfo=None))


def test_a_store_that_is_down_is_no_answer(make_store: MakeStore) -> None:
    failures: list[str] = []
    store = make_store("postgresql://tests@127.0.0.1:1/none", failures)
    with pytest.raises(StoreDown):
        cache(store).seen(ISSUER, "one", EXPIRES)
    assert failures == ["replay"]
