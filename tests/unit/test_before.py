"""What puts a relapse outside the first-relapse schemes: transplant before it, CAR-T, refractory disease.

For each: what settles it, and that missing, undated or doubtful data leave it open.
"""

from dataclasses import replace
from typing import Any

import pytest

from cds_rules import assess
from cds_rules.answer import Answer
from cds_rules.patient.before import refractory
from cds_rules.patient.draw import draw
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import Fact, RelapsePicture
from cds_rules.patient.timeline import CarT, Part, Route, Transplant, TreatmentPlan
from tests.unit.charts import ON, day, is_open, marrow, marrow_relapse

RELAPSED = "2025-06-15"
MISSING = "not retrieved: too slow"


def picture(**record: Any) -> RelapsePicture:
    return draw(marrow_relapse(**record), ON)


# ---- transplant before the relapse ----------------------------------------------------------------


def hsct(when: str | None, **more: Any) -> Transplant:
    return Transplant("Procedure/hsct", day(when), "allogeneic", **more)


def test_a_transplant_on_an_earlier_day() -> None:
    assert picture(transplants=(hsct("2025-06-14"),)).earlier_transplant == Fact(True, ("Procedure/hsct",))


def test_a_transplant_after_the_relapse_is_not_before_it() -> None:
    assert picture(transplants=(hsct("2025-06-16"),)).earlier_transplant.value is False


def test_no_transplant_in_a_record_heard_in_full() -> None:
    assert picture().earlier_transplant.value is False


@pytest.mark.parametrize(
    "record",
    [
        {"transplants": (hsct(None),)},
        {"transplants": (hsct(RELAPSED),)},
        {"transplants": (hsct("2025"),)},
        {"transplants": (hsct("2024-01-01", route=Route.TEXT),)},
        {"transplants": (hsct("2024-01-01", certain=False),)},
        {"transplants": (hsct("2024-01-01"),), "relapsed": None},
        {"transplants": (hsct("2025-06-14"),), "relapsed": "2025"},
        {"missing": {Part.PROCEDURES: MISSING}},
        {"missing": {Part.CONDITIONS: MISSING}},
    ],
    ids=[
        "undated status code",
        "same day",
        "that year",
        "text",
        "not certain that it was done",
        "undated relapse",
        "partial relapse",
        "procedures unread",
        "conditions unread",
    ],
)
def test_whether_a_transplant_came_before_stays_open(record: dict[str, Any]) -> None:
    found = picture(**record)
    assert is_open(found.earlier_transplant)
    groups = {s.id: s.finding for s in assess(marrow_relapse(**record), ON).schemes}
    assert all(finding.applies is None for finding in groups.values())


@pytest.mark.parametrize("kind", [EventKind.GVHD, EventKind.ACUTE_GVHD, EventKind.CHRONIC_GVHD])
def test_graft_versus_host_disease_without_a_transplant_leaves_the_transplant_open(kind: EventKind) -> None:
    """Only a transplanted patient has it: the record of the transplant is what is missing."""
    told = Event("Condition/gvhd", day("2024-05-01"), kind)
    assert is_open(picture(events=(told,)).earlier_transplant)
    later = picture(events=(told,), transplants=(hsct("2025-07-16"),)).earlier_transplant
    assert later.value is False
    unsure = replace(told, certain=False)
    assert picture(events=(unsure,)).earlier_transplant.value is False


def test_relapse_in_the_transplanted_marrow_proves_the_transplant() -> None:
    assert picture(in_transplant=True).earlier_transplant == Fact(True, ("Condition/rel",))


# ---- CAR-T -------------------------------------------------------------------------------------------


def test_an_infusion_at_any_time_counts() -> None:
    for when in (None, "2024-01-01", "2025-12-01"):
        assert picture(car_t=(CarT("Procedure/car", day(when)),)).car_t == Fact(True, ("Procedure/car",))


def test_an_infusion_after_the_day_of_assessment_does_not() -> None:
    assert picture(car_t=(CarT("Procedure/car", day("2026-02-01")),)).car_t.value is False


@pytest.mark.parametrize("doubt", [{"route": Route.TEXT}, {"certain": False}])
def test_car_t_that_is_not_certain_stays_open(doubt: dict[str, Any]) -> None:
    uncertain = CarT("Procedure/car", day("2024-01-01"), **doubt)
    found = picture(car_t=(uncertain,)).car_t
    assert is_open(found)
    assert found.evidence == ("Procedure/car",)
    sure = CarT("Procedure/sure", day("2024-01-01"))
    assert picture(car_t=(uncertain, sure)).car_t == Fact(True, ("Procedure/sure",))


@pytest.mark.parametrize("part", [Part.PROCEDURES, Part.ADMINISTRATIONS, Part.CONDITIONS])
def test_car_t_stays_open_where_its_record_was_not_read(part: Part) -> None:
    assert is_open(picture(missing={part: MISSING}).car_t)


# ---- refractory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blasts", "answer"),
    [
        (25, False),
        (25.1, True),
        (4, False),
        (Interval(25.0, 100.0, low_open=True), True),
        (Interval(0, 25.0), False),
    ],
)
def test_more_than_a_quarter_of_blasts_after_reinduction(blasts: float | Interval, answer: bool) -> None:
    assert picture(measurements=(marrow(blasts, "2025-07-20"),)).refractory.value is answer


def test_a_result_that_straddles_the_limit_stays_open() -> None:
    assert is_open(picture(measurements=(marrow(Interval(0.0, 30.0), "2025-07-20"),)).refractory)


@pytest.mark.parametrize("order", [1, -1])
def test_refractory_stays_refractory_whatever_came_later(order: int) -> None:
    looks = (marrow(60, "2025-07-20"), marrow(3, "2025-09-01"))
    found = picture(measurements=looks[::order]).refractory
    assert (found.value, found.evidence) == (True, ("Observation/m-2025-07-20",))


@pytest.mark.parametrize("order", [1, -1])
def test_after_a_remission_high_blasts_are_no_refractory_disease(order: int) -> None:
    """They are the next relapse."""
    looks = (marrow(3, "2025-07-20"), marrow(60, "2025-09-01"))
    record = marrow_relapse(measurements=looks[::order])
    found = refractory(record, Fact(day(RELAPSED)))
    assert (found.value, found.evidence) == (False, ("Observation/m-2025-07-20",))
    whole = draw(record, ON)
    assert (whole.relapse_number.value, whole.refractory.value) == (2, False)


def test_a_marrow_between_is_followed_by_the_next() -> None:
    assert picture(measurements=(marrow(12, "2025-07-20"), marrow(60, "2025-09-01"))).refractory.value is True
    assert picture(measurements=(marrow(12, "2025-07-20"), marrow(3, "2025-09-01"))).refractory.value is False


def test_a_look_before_that_may_be_high_leaves_it_open() -> None:
    looks = (marrow(Interval(0.0, 100.0), "2025-07-20"), marrow(3, "2025-09-01"))
    assert is_open(picture(measurements=looks).refractory)


@pytest.mark.parametrize(("when", "counts"), [("2025-07-05", False), ("2025-07-06", True)])
def test_a_marrow_counts_from_the_twenty_first_day(when: str, counts: bool) -> None:
    assert picture(measurements=(marrow(60, when),)).refractory.value is counts


def test_the_days_are_counted_from_the_start_of_reinduction() -> None:
    reinduction = TreatmentPlan("CarePlan/re", day("2025-06-25"), None, "active")
    assert picture(plans=(reinduction,), measurements=(marrow(60, "2025-07-15"),)).refractory.value is False
    assert picture(plans=(reinduction,), measurements=(marrow(60, "2025-07-16"),)).refractory.value is True


@pytest.mark.parametrize("part", [Part.LABORATORY, Part.DISEASE_FINDINGS])
def test_unread_results_leave_it_open(part: Part) -> None:
    """Marrow blasts may be filed outside the laboratory's category."""
    missing = {part: MISSING}
    for looks in ((), (marrow(12, "2025-07-20"),)):
        found = picture(missing=missing, measurements=looks).refractory
        assert (found.value, found.because) == (None, MISSING)
    assert picture(missing=missing, measurements=(marrow(60, "2025-07-20"),)).refractory.value is True
    assert picture(missing=missing, measurements=(marrow(3, "2025-07-20"),)).refractory.value is False


def test_unread_plans_do_not_leave_it_open() -> None:
    assert picture(missing={Part.CARE_PLANS: MISSING}).refractory.value is False


def test_an_undated_relapse_with_high_blasts_leaves_it_open() -> None:
    found = picture(relapsed=None, measurements=(marrow(60, "2025-07-20"),)).refractory
    assert is_open(found)
    assert (found.because, found.evidence) == ("the date of the relapse is not recorded", ("Condition/rel",))


@pytest.mark.parametrize(("blasts", "because"), [(25.1, "no relapse is recorded"), (25, None)])
def test_without_a_relapse_high_blasts_leave_it_open_and_say_so(blasts: float, because: str | None) -> None:
    """The marrow of a diagnosis, or of an induction that failed."""
    only = replace(marrow_relapse(measurements=(marrow(blasts, "2025-07-20"),)), diagnoses=())
    found = draw(only, ON)
    assert found.relapsed is Answer.NO
    assert is_open(found.refractory) is (because is not None)
    assert because is None or found.refractory == Fact(because=because)
