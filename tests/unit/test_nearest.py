"""How far a trial's sites are: along the great circle where both places are known, else by state."""

import pytest

from cds_rules.patient.place import Place
from cds_rules.trials.study import RegistryStatus, Site
from service.fhir.address import GEOLOCATION, home_of
from service.trials.nearest import KM_PER_MILE, kilometres, nearest, point_of_home
from service.trials.zip_codes import point_of

PHILADELPHIA = Site("A", "Philadelphia", "Pennsylvania", "19104", "United States")
CHICAGO = Site("B", "Chicago", "Illinois", "60611", "United States", None, 41.8955, -87.6219)
BERLIN = Site("C", "Berlin", "", "13353", "Germany", None, 52.54, 13.34)
UNPLACED = Site("D", "Hershey", "Pennsylvania", "", "United States")
NOWHERE = Site("E")
NEW_YORK = Place(country="US", state="NY", postal_code="10001")


def test_the_distance_is_that_of_the_great_circle() -> None:
    # Published great-circle distances of the airports JFK-LHR (5,540 km) and SYD-SCL (11,340 km).
    assert kilometres((40.6398, -73.7789), (51.4706, -0.4619)) == pytest.approx(5540, rel=0.005)
    assert kilometres((-33.9461, 151.1772), (-33.3930, -70.7858)) == pytest.approx(11340, rel=0.005)
    assert kilometres((10, 20), (10, 20)) == 0
    # Half the mean circumference between opposite points.
    assert kilometres((0, 0), (0, 180)) == pytest.approx(20015, abs=1)


def test_sites_come_by_distance_and_those_of_unknown_distance_last() -> None:
    found = nearest([BERLIN, NOWHERE, CHICAGO, UNPLACED, PHILADELPHIA], NEW_YORK)
    assert [near.site.facility for near in found] == ["A", "B", "C", "D", "E"]
    assert found[0].km == pytest.approx(80 * KM_PER_MILE, rel=0.1)
    assert found[0].words.endswith("miles)")
    assert [near.words for near in found[3:]] == ["same country", ""]


def test_without_a_point_state_and_country_tell() -> None:
    home = Place(country="USA", state="PA")
    found = nearest([BERLIN, CHICAGO, UNPLACED], home)
    assert [(near.site.facility, near.words) for near in found] == [
        ("D", "same state"),
        ("B", "same country"),
        ("C", ""),
    ]
    assert nearest([BERLIN], Place(country="DE"))[0].words == "same country"
    assert nearest([BERLIN], Place(country="Deutschland"))[0].words == "same country"
    assert nearest([CHICAGO, PHILADELPHIA], None)[0].site is CHICAGO


@pytest.mark.parametrize(
    ("status", "kept"),
    [(None, True), (RegistryStatus.RECRUITING, True), (RegistryStatus.COMPLETED, False),
     (RegistryStatus.NOT_YET_RECRUITING, False)],
)  # fmt: skip
def test_a_site_that_is_said_to_take_no_patients_is_left_out(
    status: RegistryStatus | None, kept: bool
) -> None:
    assert bool(nearest([Site("A", status=status)], NEW_YORK)) is kept


@pytest.mark.parametrize(
    ("code", "known"),
    [("19104", True), ("19104-4399", True), ("191044399", True), (" 19104 ", True), ("00000", False),
     ("1910", False), ("SW1A 1AA", False), ("", False), ("09012", False)],
)  # fmt: skip
def test_a_postal_code_has_a_place_or_none(code: str, known: bool) -> None:
    """09012 is an army post office abroad, which the table puts at 0 north, 0 east."""
    assert (point_of(code) is not None) is known


@pytest.mark.parametrize(
    ("home", "known"),
    [
        (Place(country="US", postal_code="19104"), True),
        (Place(country="united states", postal_code="19104-1234"), True),
        (Place(state="PA", postal_code="19104"), True),
        (Place(state="pennsylvania", postal_code="19104"), True),
        (Place(postal_code="13353"), False),
        (Place(country="DE", postal_code="13353"), False),
        (Place(country="DE", state="DE", postal_code="19801"), False),
        (Place(latitude=0.0, longitude=0.0), True),
        (Place(latitude=1.0), False),
        (None, False),
    ],
)
def test_five_digits_are_a_place_only_in_the_united_states(home: Place | None, known: bool) -> None:
    assert (point_of_home(home) is not None) is known


# ---- the patient's address -------------------------------------------------------------------------

HOME = {
    "use": "home",
    "postalCode": " 19104 ",
    "state": "PA",
    "country": "US",
    "city": "X",
    "line": ["1 Y St"],
}


def located(**parts: object) -> dict[str, object]:
    inner = [{"url": name, "valueDecimal": value} for name, value in parts.items()]
    return {"extension": [{"url": GEOLOCATION, "extension": inner}]}


HERE = located(latitude=39.95, longitude=-75)


def test_the_home_is_read_without_street_and_city() -> None:
    assert home_of([HOME]) == Place("US", "PA", "19104")
    assert home_of([{**HOME, **HERE}]) == Place("US", "PA", "19104", 39.95, -75.0)


@pytest.mark.parametrize(
    "other",
    [
        {"use": "old", "postalCode": "1"},
        {"use": "billing", "postalCode": "1"},
        {"type": "postal", "postalCode": "1"},
        {"use": "home", "period": {"end": "2020"}, "postalCode": "1"},
        {"use": "work", "postalCode": "1"},
        *({}, 7, None, "x"),
    ],
)
def test_the_home_of_now_comes_before_any_other_address(other: object) -> None:
    assert home_of([other, HOME]) == Place("US", "PA", "19104")


@pytest.mark.parametrize(
    "addresses",
    [
        *(None, [], {}, 7, "x", [None], [[]], [{"postalCode": 19104}], [{"extension": {}}]),
        [{"extension": [{"url": GEOLOCATION}]}],
        [located(latitude=91, longitude=0)],
        [located(latitude=True, longitude=0)],
        [located(latitude=1)],
        [{"extension": [{"url": GEOLOCATION, "extension": [{"url": ["x"]}, 7]}]}],
    ],
)
def test_an_address_that_cannot_be_used_is_none(addresses: object) -> None:
    assert home_of(addresses) is None
