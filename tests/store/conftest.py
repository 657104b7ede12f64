"""Stores on both databases, new for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.config.store import StoreSettings
from service.store.store import Store
from service.store.trials import TrialStore
from tests.postgres import Cluster, running_cluster

MakeStore = Callable[..., Store]
DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A running PostgreSQL."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.database()


@pytest.fixture
def make_store() -> Iterator[MakeStore]:
    """Open stores, each as another process would; they are closed in the end."""
    opened: list[Store] = []

    def make(url: str, failures: list[str] | None = None, **settings: object) -> Store:
        told = failures if failures is not None else []
        # Long, so that a busy machine fails no test that is not about time.
        settings.setdefault("store_timeout_s", 30)
        chosen = StoreSettings.model_validate({"database_url": SecretStr(url), **settings})
        store = Store(chosen, on_failure=told.append)
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: MakeStore, url: str) -> Store:
    """An empty store."""
    return make_store(url)


@pytest.fixture
def trials(store: Store) -> TrialStore:
    """The registry's part of an empty store."""
    return TrialStore(store)
