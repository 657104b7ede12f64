"""Transplant in the present course, donor, radiation before and chimerism after, as timelines tell them."""

from typing import Any

import pytest

from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Field, Irradiation
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, Measurement, Part, PatientTimeline, Route, Transplant
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.transplant import (
    BODY_RADIATION,
    CLEARING_CYCLES,
    DONOR,
    DONOR_READY,
    RISING_CHIMERISM,
    TRANSPLANT,
    Donor,
    InThisCourse,
)
from tests.unit.advice_charts import after, seen
from tests.unit.charts import PERSON, day, diagnosis, marrow_relapse

NONE, PLANNED, DONE = InThisCourse.NONE, InThisCourse.PLANNED, InThisCourse.DONE
YES, NO = YesNo.YES, YesNo.NO
EITHER = {YES, NO}


def hsct(days: int | None, **more: Any) -> Transplant:
    told = {"kind": "allogeneic", **more}
    return Transplant(f"Procedure/t{days}", day(after(days)) if days is not None else None, **told)


def course(*transplants: Transplant, **record: Any) -> set[Any]:
    return set(seen(TRANSPLANT, marrow_relapse(transplants=transplants, **record)).possible)


@pytest.mark.parametrize(
    ("transplants", "left"),
    [
        ((), {NONE, PLANNED}),
        ((hsct(1),), {DONE}),
        ((hsct(-300),), {NONE, PLANNED}),
        ((hsct(-300), hsct(100)), {DONE}),
        ((hsct(0),), {NONE, PLANNED, DONE}),
        ((hsct(None),), {NONE, PLANNED, DONE}),
        ((hsct(100, certain=False),), {NONE, PLANNED, DONE}),
        ((hsct(100, route=Route.TEXT),), {NONE, PLANNED, DONE}),
    ],
    ids=str,
)
def test_a_transplant_since_the_relapse(transplants: tuple[Transplant, ...], left: set[Any]) -> None:
    assert course(*transplants) == left


@pytest.mark.parametrize("part", [Part.PROCEDURES, Part.CONDITIONS])
def test_an_unread_part_may_hold_a_transplant(part: Part) -> None:
    assert course(missing={part: "not read"}) == {NONE, PLANNED, DONE}


def test_a_transplant_in_first_remission_counts_while_there_is_no_relapse() -> None:
    record = PatientTimeline(PERSON, diagnoses=(diagnosis(),), transplants=(hsct(-300),))
    assert seen(TRANSPLANT, record).possible == {DONE}


def test_of_an_undated_relapse_it_cannot_be_told() -> None:
    record = marrow_relapse(None, transplants=(hsct(100),))
    assert seen(TRANSPLANT, record).possible == {NONE, PLANNED, DONE}


def test_a_search_for_a_donor_is_no_plan() -> None:
    search = Event("ServiceRequest/s", day(after(20)), EventKind.DONOR_SEARCH)
    found = seen(TRANSPLANT, marrow_relapse(events=(search,)))
    assert found.possible == {NONE, PLANNED}
    assert found.evidence == ("ServiceRequest/s",)


def order(days: int | None = 20, name: str = "o", **more: Any) -> Event:
    told = {"active": True, **more}
    when = None if days is None else day(after(days))
    return Event(f"ServiceRequest/{name}", when, EventKind.TRANSPLANT_ORDERED, **told)


@pytest.mark.parametrize(
    ("orders", "left"),
    [
        ((order(),), {PLANNED}),
        ((order(0),), {PLANNED}),
        ((order(-1),), {NONE, PLANNED}),
        ((order(None),), {NONE, PLANNED}),
        ((order(active=False),), {NONE, PLANNED}),
        ((order(route=Route.TEXT),), {NONE, PLANNED}),
        ((order(20), order(30, "b", active=False)), {NONE, PLANNED}),
        ((order(20), order(20, "b", active=False)), {NONE, PLANNED}),
        ((order(20), order(None, "b", active=False)), {NONE, PLANNED}),
        ((order(20), order(10, "b", active=False)), {PLANNED}),
        ((order(20), order(-10, "b", active=False)), {PLANNED}),
    ],
    ids=str,
)
def test_an_active_order_since_the_relapse_is_a_plan(orders: tuple[Event, ...], left: set[Any]) -> None:
    """One taken back on the same day or later, or at no day that is told, leaves it open."""
    assert course(events=orders) == left


def test_an_order_says_nothing_once_a_transplant_may_be_done() -> None:
    assert course(hsct(40), events=(order(),)) == {DONE}
    assert course(hsct(40, certain=False), events=(order(),)) == {NONE, PLANNED, DONE}
    assert course(missing={Part.PROCEDURES: "not read"}, events=(order(),)) == {NONE, PLANNED, DONE}


def test_an_order_is_a_plan_without_a_relapse_and_none_while_its_date_is_unknown() -> None:
    first = PatientTimeline(PERSON, diagnoses=(diagnosis(),), events=(order(),))
    assert seen(TRANSPLANT, first).possible == {PLANNED}
    assert seen(TRANSPLANT, marrow_relapse(None, events=(order(),))).possible == {NONE, PLANNED}


def ready(*events: Event) -> set[Any]:
    return set(seen(DONOR_READY, marrow_relapse(events=events)).possible)


def event(days: int = 30, **more: Any) -> Event:
    return Event(f"Observation/d{days}", day(after(days)), EventKind.DONOR_READY, **more)


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ((), EITHER),
        ((event(),), {YES}),
        ((event(active=True),), {YES}),
        ((event(active=False),), {NO}),
        ((event(20, active=False), event(40, active=True)), EITHER),
        ((event(certain=False),), EITHER),
        ((event(route=Route.TEXT),), EITHER),
    ],
    ids=str,
)
def test_a_donor_that_is_ready(events: tuple[Event, ...], left: set[Any]) -> None:
    assert ready(*events) == left


@pytest.mark.parametrize(
    ("transplants", "left"),
    [
        ((), set(Donor)),
        ((hsct(100, donor="related"),), {Donor.SIBLING, Donor.HAPLO}),
        ((hsct(100, donor="unrelated"),), {Donor.UNRELATED, Donor.CORD}),
        ((hsct(100),), set(Donor)),
        ((hsct(-300, donor="unrelated"),), set(Donor)),
        ((hsct(100, donor="unrelated"), hsct(None, donor="related")), set(Donor)),
    ],
    ids=str,
)
def test_the_donor(transplants: tuple[Transplant, ...], left: set[Any]) -> None:
    assert seen(DONOR, marrow_relapse(transplants=transplants)).possible == left


def radiation(field: Field = Field.WHOLE_BODY, **more: Any) -> Irradiation:
    return Irradiation("Procedure/r", day(after(-310)), field, **more)


@pytest.mark.parametrize(
    ("record", "left"),
    [
        ({}, {NO}),
        ({"irradiations": (radiation(),)}, {YES}),
        ({"irradiations": (radiation(Field.CRANIAL),)}, {NO}),
        ({"irradiations": (radiation(route=Route.TEXT),)}, EITHER),
        ({"transplants": (hsct(-300),)}, EITHER),
        ({"transplants": (hsct(None),)}, EITHER),
        ({"in_transplant": True}, EITHER),
        ({"missing": {Part.PROCEDURES: "not read"}}, EITHER),
    ],
    ids=str,
)
def test_total_body_irradiation_before(record: dict[str, Any], left: set[Any]) -> None:
    assert seen(BODY_RADIATION, marrow_relapse(**record)).possible == left


def chimerism(days: int, percent: float | Interval, source: str = "c", **more: Any) -> Measurement:
    value = percent if isinstance(percent, Interval) else Interval.exactly(percent)
    return Measurement(f"Observation/{source}{days}", day(after(days)), Measure.CHIMERISM, value, **more)


def rising(*results: Measurement, **record: Any) -> set[Any]:
    told = {"transplants": (hsct(60),), **record}
    return set(seen(RISING_CHIMERISM, marrow_relapse(measurements=results, **told)).possible)


@pytest.mark.parametrize(
    ("results", "left"),
    [
        ((chimerism(90, 1.0), chimerism(120, 2.1)), {YES}),
        ((chimerism(90, 1.0), chimerism(120, 2.0)), EITHER),
        ((chimerism(90, 1.0), chimerism(120, 1.0)), {NO}),
        ((chimerism(90, 5.0), chimerism(120, 2.0)), {NO}),
        ((chimerism(90, 5.0), chimerism(120, 2.0), chimerism(150, 9.0)), {YES}),
        ((chimerism(90, Interval(0.0, 5.0)), chimerism(120, 5.5)), EITHER),
        ((chimerism(90, Interval(0.0, 5.0)), chimerism(120, 6.5)), {YES}),
        ((chimerism(90, 1.0), chimerism(120, 8.0, "x"), chimerism(120, 1.0, "y")), EITHER),
        ((chimerism(120, 8.0),), EITHER),
        ((chimerism(30, 1.0), chimerism(120, 8.0)), EITHER),
        ((chimerism(60, 1.0), chimerism(120, 8.0)), EITHER),
        ((chimerism(61, 1.0), chimerism(120, 8.0)), {YES}),
        ((chimerism(90, 1.0), chimerism(120, 8.0, route=Route.TEXT)), EITHER),
        ((), EITHER),
    ],
    ids=str,
)
def test_rising_recipient_chimerism(results: tuple[Measurement, ...], left: set[Any]) -> None:
    assert rising(*results) == left


def test_chimerism_needs_a_dated_transplant_and_all_results() -> None:
    pair = (chimerism(90, 1.0), chimerism(120, 8.0))
    assert rising(*pair, transplants=()) == EITHER
    assert rising(*pair, transplants=(hsct(None),)) == EITHER
    assert rising(*pair, missing={Part.LABORATORY: "not read"}) == EITHER


def test_a_month_and_its_last_day_are_in_no_order() -> None:
    month = Measurement("Observation/m", day("2025-07"), Measure.CHIMERISM, Interval.exactly(1.0))
    for last, left in (("2025-07-31", EITHER), ("2025-08-01", {YES})):
        result = Measurement("Observation/l", day(last), Measure.CHIMERISM, Interval.exactly(8.0))
        assert rising(month, result, transplants=(hsct(1),)) == left


def test_the_cycles_given_to_clear_mrd_are_not_in_the_record() -> None:
    assert seen(CLEARING_CYCLES, marrow_relapse()).possible == EITHER
