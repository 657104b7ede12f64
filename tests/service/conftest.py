"""What these tests share: one chart, calls about it, what a card says of groups; servers to misbehave."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.demo.store import FhirStore
from service.fhir.prefetch import NEEDS
from tests.conftest import TOKEN, Answer, CheckedClient, Json
from tests.service.demo_fhir import client_for, write
from tests.service.local_ehr import Ehr, running

CHART = "hr2020-p1-40-months"
"""First relapse at 40 months, marrow; COG (AALL1331) is open until an end-of-block-1 MRD is known."""
PARTS = {need.key: need.part.value for need in NEEDS}
"""Prefetch key -> what a card calls that part of the record."""
SEARCHES = [need.key for need in NEEDS if need.key != "patient"]
INCOMPLETE = "ALL relapse assessment incomplete"

_ROW = re.compile(r"^\| (?!Scheme)([^|]*[^|\s-][^|]*?) \| ([^|]+?) \|", re.MULTILINE)


def hook_call(patient: str = CHART, **members: Any) -> Json:
    """A patient-view request; `members` go beside the context."""
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "context": {"userId": "Practitioner/demo-practitioner", "patientId": patient},
        **members,
    }


def authorization(patient: str | None = CHART, **changes: Any) -> Json:
    """The token lent for one call."""
    granted = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.read",
        "subject": "relapse-cds",
        **changes,
    }
    return granted if patient is None else {**granted, "patient": patient}


def groups(answer: Answer) -> dict[str, str]:
    """Scheme -> what the first card's table says of the group; empty if it is no risk card."""
    detail = answer.cards[0]["detail"] if answer.cards else ""
    return dict(_ROW.findall(detail)) if detail.startswith("| Scheme |") else {}


def possible(said: str) -> set[str]:
    """The groups named in one cell of that table."""
    return set(re.findall(r"\*\*(.+?)\*\*", said))


def incomplete(answer: Answer) -> Json | None:
    """The card that says what was not retrieved."""
    found = [card for card in answer.cards if card["summary"].startswith(INCOMPLETE)]
    assert len(found) <= 1
    return found[0] if found else None


def open_parts(answer: Answer) -> set[str]:
    """Prefetch keys of the parts which that card names."""
    card = incomplete(answer)
    detail = card["detail"] if card else ""
    return {key for key, part in PARTS.items() if re.search(rf"^- {re.escape(part)} ", detail, re.MULTILINE)}


def walk(value: object) -> list[object]:
    """The value and all values in it."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(found for item in inner for found in walk(item))]


@pytest.fixture
def chart(prefetch_of: Callable[[str], Json]) -> Json:
    """The complete prefetch of `CHART`."""
    return prefetch_of(CHART)


@pytest.fixture
def baseline(client: CheckedClient, prefetch_of: Callable[[str], Json]) -> dict[str, str]:
    """The groups of `CHART` when its whole record was prefetched."""
    found = groups(client.call(hook_call(prefetch=prefetch_of(CHART))))
    assert {scheme: possible(said) for scheme, said in found.items()} == {
        "COG (AALL1331)": {"low", "intermediate"},
        "COG (PDQ 2014)": {"intermediate"},
        "BFM": {"S2"},
        "BFM, text variant": {"S2"},
        "UK (R3)": {"intermediate"},
    }
    return found


# ---- servers ------------------------------------------------------------------------------------


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    """A FHIR server whose answers the test chooses."""
    with running() as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[Ehr]:
    """Another one, to which nothing may go."""
    with running() as server:
        yield server


@pytest.fixture
def client_of(tmp_path: Path) -> Callable[..., FlaskClient]:
    """Return a function: resources -> test client of a demo server that holds them in one bundle."""

    def make(*resources: Json) -> FlaskClient:
        write(tmp_path, "one", *resources)
        return client_for(FhirStore.from_folder(tmp_path))

    return make
