"""Rows that end: found by their name, taken once, replaced by one of several, gone when their time is up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from service.store.errors import StoreDown
from service.store.sealed import SealedRows
from service.store.store import Store
from tests.store.conftest import MakeStore

NOW = datetime(2026, 7, 5, 12, tzinfo=UTC)
EXPIRES = NOW + timedelta(minutes=5)
AFTER = EXPIRES + timedelta(seconds=1)


def rows(store: Store, now: datetime = NOW) -> SealedRows:
    return SealedRows(store, now=lambda: now)


def test_a_row_is_there_for_every_process_until_its_time(make_store: MakeStore, url: str) -> None:
    rows(make_store(url)).put("one", b"\x00content", EXPIRES)
    other = make_store(url)
    assert rows(other).get("one") == b"\x00content"
    assert rows(other).get("two") is None
    assert rows(other, EXPIRES).get("one") is None
    assert rows(other, AFTER).take("one") is None


def test_a_row_is_taken_once(store: Store) -> None:
    rows(store).put("one", b"content", EXPIRES)
    assert [rows(store).take("one") for _ in range(2)] == [b"content", None]
    assert rows(store).get("one") is None


@pytest.mark.parametrize("use", ["take", "replace"])
def test_of_many_at_once_one_succeeds(make_store: MakeStore, url: str, use: str) -> None:
    rows(make_store(url)).put("one", b"old", EXPIRES)
    works: dict[str, Callable[[SealedRows, int], bool]] = {
        "take": lambda r, _: r.take("one") == b"old",
        "replace": lambda r, n: r.replace("one", b"old", b"new %d" % n),
    }
    done: list[bool] = []

    def attempt(store: Store, number: int) -> None:
        done.append(works[use](rows(store), number))

    stores = [make_store(url) for _ in range(4)]
    threads = [threading.Thread(target=attempt, args=(store, n)) for n, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, False, False, True]


def test_a_row_that_went_is_not_replaced(store: Store) -> None:
    rows(store).put("one", b"old", EXPIRES)
    rows(store).drop("one")
    assert rows(store).replace("one", b"old", b"new") is False
    assert rows(store).get("one") is None
    rows(store).drop("one")  # a second time is no fault


def test_what_has_ended_is_removed_and_nothing_else(store: Store) -> None:
    rows(store).put("early", b"x", EXPIRES)
    rows(store).put("late", b"x", AFTER + timedelta(minutes=1))
    assert rows(store, AFTER).purge() == 1
    assert rows(store, AFTER).get("late") == b"x"


def test_new_rows_drive_out_ended_ones(store: Store) -> None:
    rows(store).put("early", b"x", EXPIRES)
    rows(store, AFTER).put("late", b"x", AFTER + timedelta(minutes=1))
    assert rows(store, NOW).get("early") is None


def test_a_store_that_is_down_is_said_to_be(make_store: MakeStore) -> None:
    down = rows(make_store("postgresql://nobody:x@127.0.0.1:1/none", store_timeout_s=1))
    uses: tuple[Callable[[], object], ...] = (
        lambda: down.get("one"),
        lambda: down.take("one"),
        lambda: down.put("one", b"x", EXPIRES),
    )
    for use in uses:
        with pytest.raises(StoreDown):
            use()
