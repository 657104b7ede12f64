"""SQLite that is full or held by someone else: calls are answered, feedback is refused, nothing is lost."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from service.app import STORE
from service.store.engine import Mode
from service.store.report import outcomes
from service.store.store import Store
from tests.conftest import SERVICE, CheckedClient, Json
from tests.service.conftest import CHART, hook_call

FEEDBACK = f"{SERVICE}/feedback"


def said(card: str) -> Json:
    return {"feedback": [{"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-07-05T09:15:00Z"}]}


def limit(client: CheckedClient, pages: int) -> None:
    """Let the database grow to so many pages; on the one connection that the store has."""

    def ask(connection: Connection) -> None:
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))

    client.app.extensions[STORE].run("test", ask, Mode.READ)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def make(make_client: Callable[..., CheckedClient], file: Path, timeout_s: float) -> CheckedClient:
    """A client of an app with one connection to an up-to-date store."""
    client = make_client(
        authenticate=lambda: None,
        database_url=f"sqlite:///{file}",
        store_timeout_s=timeout_s,
        store_connections=1,
        rate_limit=None,
    )
    assert client.app.extensions[STORE].prepare()
    return client


def kept(client: CheckedClient) -> list[str]:
    store: Store = client.app.extensions[STORE]
    return [row["card"] for row in outcomes(store, None)]


def test_a_full_disk_refuses_feedback_and_answers_calls(
    make_client: Callable[..., CheckedClient], file: Path, prefetch_of: Callable[[str], Json]
) -> None:
    client = make(make_client, file, 30)
    limit(client, 1)  # as much as there is, and no page more
    done: list[str] = []
    for card in (str(uuid.UUID(int=n, version=4)) for n in range(2000)):
        status = client.call(said(card), FEEDBACK).status
        assert status in (200, 503)
        if status == 503:
            break
        done.append(card)
    else:
        pytest.fail("the disk was never full")
    answer = client.call(hook_call(prefetch=prefetch_of(CHART)))
    assert (answer.status, bool(answer.cards)) == (200, True)
    client.app.extensions[STORE].close()  # the rest after the failure is over for a new process
    limit(client, 1_000_000)
    assert kept(client) == done
    assert client.call(said(str(uuid.uuid4())), FEEDBACK).status == 200


def test_a_store_that_another_program_holds_refuses_feedback_and_answers_calls(
    make_client: Callable[..., CheckedClient], file: Path, prefetch_of: Callable[[str], Json]
) -> None:
    client = make(make_client, file, 0.1)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert client.call(said(str(uuid.uuid4())), FEEDBACK).status == 503
    answer = client.call(hook_call(prefetch=prefetch_of(CHART)))
    assert (answer.status, bool(answer.cards)) == (200, True)
    other.execute("ROLLBACK")
    other.close()
    client.app.extensions[STORE].close()
    assert client.call(said(str(uuid.uuid4())), FEEDBACK).status == 200


def test_a_file_that_is_no_database_is_a_store_that_is_down(
    make_client: Callable[..., CheckedClient], file: Path, prefetch_of: Callable[[str], Json]
) -> None:
    file.write_bytes(b"not a database" * 1000)
    client = make_client(authenticate=lambda: None, database_url=f"sqlite:///{file}", store_timeout_s=30)
    assert client.call(said(str(uuid.uuid4())), FEEDBACK).status == 503
    answer = client.call(hook_call(prefetch=prefetch_of(CHART)))
    assert (answer.status, bool(answer.cards)) == (200, True)
    assert file.read_bytes() == b"not a database" * 1000
