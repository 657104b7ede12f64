"""The store holds nobody up, tells nobody what it holds, and comes back by itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import Connection, text

from service.app import create_app
from service.config import ConfigError, Settings, setting_faults
from service.config.store import StoreSettings
from service.store.breaker import Breaker
from service.store.engine import Mode
from service.store.errors import StoreDown
from service.store.store import Store
from tests.store.conftest import MakeStore

PASSWORD = "made-up-password-7c1e"


def one(connection: Connection) -> object:
    return connection.execute(text("SELECT 1")).scalar()


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://tests:{PASSWORD}@127.0.0.1:{server.getsockname()[1]}/none"


def test_work_is_done_in_one_transaction(store: Store) -> None:
    def half(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise LookupError

    with pytest.raises(LookupError):
        store.run("test", half)
    store.run("test", lambda connection: connection.execute(text("CREATE TABLE half (id INTEGER)")))
    assert store.works()


@pytest.mark.parametrize("mode", [Mode.WRITE, Mode.WRITE_SOON])
def test_what_was_written_is_seen_by_others_at_once(make_store: MakeStore, url: str, mode: Mode) -> None:
    make_store(url).run("test", lambda c: c.execute(text("CREATE TABLE seen AS SELECT 7 AS id")), mode)
    assert (
        make_store(url).run("test", lambda c: c.execute(text("SELECT id FROM seen")).scalar(), Mode.READ) == 7
    )


def test_acknowledged_writes_are_on_the_disk(make_store: MakeStore, tmp_path: Path) -> None:
    store = make_store(f"sqlite:///{tmp_path / 'store.db'}")

    def synchronous(connection: Connection) -> object:
        return connection.execute(text("PRAGMA synchronous")).scalar()

    full, normal = 2, 1
    assert store.run("test", synchronous, Mode.WRITE) == full
    assert store.run("test", synchronous, Mode.WRITE_SOON) == normal
    assert store.run("test", synchronous, Mode.WRITE) == full


def test_a_silent_server_holds_nobody_longer_than_he_gives(make_store: MakeStore, silent: str) -> None:
    """Were the bound not kept, this would take the ten seconds of the setting."""
    failures: list[str] = []
    store = make_store(silent, failures, store_timeout_s=10)
    with pytest.raises(StoreDown, match="in time"):
        store.run("hurried", one, Mode.READ, within_s=0.01)
    assert failures == ["hurried"]


def test_someone_in_a_hurry_does_not_send_the_others_away(store: Store) -> None:
    release = threading.Event()

    def slow(connection: Connection) -> object:
        release.wait(10)
        return one(connection)

    store.prepare()
    with pytest.raises(StoreDown, match="in time"):
        store.run("hurried", slow, Mode.READ, within_s=0.01)
    assert store.run("patient", one, Mode.READ) == 1
    release.set()


def test_a_failure_is_counted_by_use_and_the_next_are_not_even_tried(make_store: MakeStore) -> None:
    failures: list[str] = []
    store = make_store(f"postgresql://tests:{PASSWORD}@127.0.0.1:1/none", failures)
    for use in ("first", "second"):
        with pytest.raises(StoreDown):
            store.run(use, one)
    assert not store.works()
    assert failures == ["first", "second", "health"]


def test_after_a_rest_one_asks_and_his_success_lets_the_others_in() -> None:
    now = [100.0]
    breaker = Breaker(1.0, clock=lambda: now[0])
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    now[0] += 1.0
    assert [breaker.allows(), breaker.allows()] == [True, False]
    breaker.succeeded()
    assert [breaker.allows(), breaker.allows()] == [True, True]


def test_a_closed_store_opens_again(store: Store) -> None:
    assert store.works()
    store.close()
    assert store.works()


# ---- its address


@pytest.mark.parametrize(
    "url",
    ["", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory", "sqlite:///x?timeout=1",
     "mysql://root@127.0.0.1/x", "postgresql+asyncpg://a@b/c", "relapse.db", "sqlite+pysqlcipher:///x"],
)  # fmt: skip
def test_an_address_that_can_never_work_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        StoreSettings.model_validate({"database_url": url})
    said = setting_faults(caught.value)
    assert said.startswith("RELAPSE_CDS_DATABASE_URL: expected sqlite:///FILE or postgresql://")
    assert not url or url not in said.replace("sqlite:///FILE", "")


def test_a_folder_that_does_not_exist_is_refused_at_start(tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path / 'none' / 'store.db'}"
    with pytest.raises(ConfigError, match="folder of the SQLite file does not exist"):
        create_app(Settings.model_validate({"insecure": True, "database_url": missing}))


def test_a_port_that_is_none_is_refused_at_start() -> None:
    with pytest.raises(ConfigError, match="not an address of a database"):
        create_app(Settings.model_validate({"insecure": True, "database_url": "postgresql://a@b:x/c"}))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_usual_names_of_postgresql_are_understood(scheme: str) -> None:
    given = StoreSettings.model_validate({"database_url": f"{scheme}://a:{PASSWORD}@db.example:5433/c"})
    store = Store(given)
    assert store.address.url.drivername == "postgresql+psycopg"
    assert str(store.address) == "PostgreSQL, db.example:5433/c"
    assert PASSWORD not in f"{given!r}{store.address}{store.address!r}"


def test_the_password_is_in_no_log_line(
    make_store: MakeStore, silent: str, caplog: pytest.LogCaptureFixture
) -> None:
    for url in (silent, silent.replace("/none", "/none?sslmode=require")):
        with pytest.raises(StoreDown):
            make_store(url, store_timeout_s=0.05).run("test", one)
    make_store(f"postgresql://tests:{PASSWORD}@127.0.0.1:1/none").prepare()
    assert caplog.records
    assert not [r for r in caplog.records if PASSWORD in f"{vars(r)}"]
