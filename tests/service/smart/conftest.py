"""The service registered at record systems on loopback, new for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.demo.store import FhirStore
from tests.conftest import FIXTURES
from tests.service.smart.world import World, make_world

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def charts() -> FhirStore:
    return FhirStore.from_folder(FIXTURES / "patients")


@pytest.fixture
def new_world(tmp_path: Path, charts: FhirStore) -> Iterator[MakeWorld]:
    """Make a world with other options than the usual ones: see `make_world`."""
    made: list[World] = []

    def make(**options: Any) -> World:
        made.append(make_world(tmp_path, charts, **options))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(new_world: MakeWorld) -> World:
    """One record system, private_key_jwt, tokens for an hour, no refresh."""
    return new_world()
