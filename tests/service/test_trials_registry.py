"""POST /trials/match with the records of the registry: statuses, filters by them, sites by distance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_rules.trials.ages import Age, AgeRange
from cds_rules.trials.registered import found as found_in_registry
from cds_rules.trials.study import RegistryStatus, Site, Study
from service.trials import searchset as said
from tests.conftest import CheckedClient, Json
from tests.service.test_trials import asked, ids, post, studies, told, with_parameters
from tests.unit.made_up_trials import MADE_UP, POSSIBLE, STUDY, use

DAY = date(2026, 7, 5)
HERE = Site("Near", "Philadelphia", "Pennsylvania", "19104", "United States")
AWAY = Site("Far", "Chicago", "Illinois", "60611", "United States")


def record(number: int, **changed: object) -> Study:
    base = replace(STUDY, nct_id=f"NCT9000000{number}", checked_on=DAY, criteria="")
    return replace(base, **changed)  # type: ignore[arg-type]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    studies = (
        record(1, sites=(HERE,)),
        record(2, sites=(AWAY,), status=RegistryStatus.NOT_YET_RECRUITING),
        record(3, status=RegistryStatus.COMPLETED, checked_on=date(2026, 1, 1)),
        record(4, checked_on=date(2026, 6, 4)),
        record(5, ages=AgeRange(Age.parse("40 Years"))),
    )
    use(monkeypatch, [*MADE_UP, *map(found_in_registry, studies)])


def with_id(found: Json, name: str) -> Json:
    (entry,) = (e for e in studies(found) if e["resource"]["id"] == name)
    resource: Json = entry["resource"]
    return resource


@pytest.mark.usefixtures("registry")
def test_a_status_is_told_while_it_is_fresh_and_an_end_for_good(client: CheckedClient) -> None:
    found = asked(client)
    statuses = {e["resource"]["id"]: e["resource"].get("status") for e in studies(found)}
    assert {name: statuses[name] for name in statuses if name.startswith("NCT9")} == {
        "NCT90000001": "active",
        "NCT90000002": "approved",
        "NCT90000003": "completed",
        "NCT90000004": None,
    }
    assert told(found) == [said.CHECKED]
    extension = with_id(found, "NCT90000004")["extension"][0]
    assert extension["extension"][1] == {"url": "on", "valueDate": "2026-06-04"}


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    ("status", "left"),
    [
        ("recruiting", ["NCT90000001"]),
        ("active", ["NCT90000001"]),
        ("Not yet recruiting", ["NCT90000002"]),
        ("approved", ["NCT90000002"]),
        ("COMPLETED", ["NCT90000003", POSSIBLE.id]),
        ("suspended", []),
    ],
)
def test_the_recruitment_status_is_honoured_where_it_is_known(
    client: CheckedClient, status: str, left: list[str]
) -> None:
    found = asked(client, recruitmentStatus=status)
    assert sorted(ids(found)) == sorted(left)
    assert told(found)[0] == said.SOME_STATUS


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize(
    ("miles", "left"),
    [
        ("100", {"NCT90000001"}),
        (100, {"NCT90000001"}),
        ("1000", {"NCT90000001", "NCT90000002"}),
        ("50", set()),
    ],
)
def test_the_distance_in_miles_is_honoured(client: CheckedClient, miles: object, left: set[str]) -> None:
    body = with_parameters(
        [
            {"name": "zipCode", "valueString": "10001"},
            {"name": "travelRadius", ("valueString" if isinstance(miles, str) else "valueInteger"): miles},
        ]
    )
    found = post(client, body)
    # New York is some 80 miles from Philadelphia, 710 from Chicago.
    assert set(ids(found)) == left
    assert said.SOME_PLACE in told(found)


@pytest.mark.usefixtures("registry")
def test_the_sites_are_contained_the_nearest_first(client: CheckedClient) -> None:
    made = with_id(asked(client, zipCode="10001"), "NCT90000001")
    (location,) = (c for c in made["contained"] if c["resourceType"] == "Location")
    assert (location["name"], location["address"]["postalCode"]) == ("Near", "19104")
    assert made["site"] == [{"reference": "#site-1"}]
    group = made["contained"][0]["characteristic"]
    assert group[0]["valueRange"]["low"] == {
        "value": 6,
        "unit": "months",
        "system": "http://unitsofmeasure.org",
        "code": "mo",
    }
    get_fhir_model_class("ResearchStudy").model_validate(made)
