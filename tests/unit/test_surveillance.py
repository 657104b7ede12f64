"""Surveillance after CAR-T: every window by its days, and what stops it or leaves it unknown."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Lineage, Measurement, MrdResult, Part, Person, Route, Transplant
from cds_rules.request import Test
from cds_rules.treatment.surveillance import DueItem, DueState, surveillance
from tests.unit.advice_charts import after, chart
from tests.unit.car_t_charts import INFUSED, after_car_t, cells, infused, mrd, on_day
from tests.unit.charts import day, diagnosis, marrow_relapse, relapse, remission

UPCOMING, DUE, OVERDUE = DueState.UPCOMING, DueState.DUE, DueState.OVERDUE
DONE, UNKNOWN = DueState.DONE, DueState.UNKNOWN


def items(days: int, *results: MrdResult | Measurement, **record: Any) -> dict[str, DueItem]:
    told = {
        "mrd": tuple(r for r in results if isinstance(r, MrdResult)),
        "measurements": tuple(r for r in results if isinstance(r, Measurement)),
        **record,
    }
    return {i.what: i for i in surveillance(chart(after_car_t(**told), on_day(days)))}


def state(what: str, days: int, *results: MrdResult | Measurement, **record: Any) -> DueState | None:
    item = items(days, *results, **record).get(what)
    return item.state if item else None


@pytest.mark.parametrize(
    ("days", "expected"), [(20, UPCOMING), (21, DUE), (42, DUE), (43, OVERDUE), (74, OVERDUE), (75, None)]
)
@pytest.mark.parametrize("what", ["marrow with MRD, day 30", "NGS-MRD of marrow, day 28"])
def test_the_first_look_day_by_day(what: str, days: int, expected: DueState | None) -> None:
    assert state(what, days) is expected


@pytest.mark.parametrize(("days", "expected"), [(74, UPCOMING), (75, DUE), (120, DUE), (121, OVERDUE)])
@pytest.mark.parametrize("what", ["marrow with MRD, day 90", "NGS-MRD of marrow, month 3"])
def test_the_look_at_month_3_day_by_day(what: str, days: int, expected: DueState) -> None:
    assert state(what, days) is expected


@pytest.mark.parametrize(
    ("what", "first", "last"),
    [
        ("marrow with MRD, month 6", date(2026, 2, 8), date(2026, 3, 22)),
        ("marrow with MRD, month 9", date(2026, 5, 11), date(2026, 6, 22)),
        ("marrow with MRD, month 12", date(2026, 8, 11), date(2026, 9, 22)),
        ("B cells in blood, month 1", date(2025, 9, 17), date(2025, 10, 14)),
        ("B cells in blood, month 6", date(2026, 2, 15), date(2026, 3, 14)),
    ],
)
def test_the_later_windows(what: str, first: date, last: date) -> None:
    for on, expected in (
        (first - timedelta(days=1), UPCOMING),
        (first, DUE),
        (last, DUE),
        (last + timedelta(days=1), OVERDUE),
    ):
        item = items((on - INFUSED).days)[what]
        assert (item.state, item.due) == (expected, (first, last))


def test_the_months_of_b_cells_do_not_overlap() -> None:
    windows = [i.due for i in items(0).values() if i.id == "P-1a"]
    assert len(windows) == 6
    for earlier, later in pairwise(windows):
        assert earlier is not None
        assert later is not None
        assert earlier[1] < later[0]


def test_the_whole_schedule_on_the_day_of_infusion() -> None:
    found = items(0)
    assert [i.id for i in found.values()] == ["P-1"] * 5 + ["P-1a"] * 6 + ["P-1b"] * 2
    assert {i.state for i in found.values()} == {UPCOMING}
    assert {c.key for i in found.values() for c in i.cites} == {"HR2020", "MYE2023"}


@pytest.mark.parametrize(("taken", "expected"), [(20, DUE), (21, DONE), (42, DONE)])
def test_a_result_counts_from_the_first_day_of_its_window(taken: int, expected: DueState) -> None:
    assert state("marrow with MRD, day 30", 42, mrd(taken, method="flow")) is expected


def test_a_late_result_counts_until_the_next_window_begins() -> None:
    late = items(80, mrd(74, method="flow"))
    assert late["marrow with MRD, day 30"].state is DONE
    assert late["marrow with MRD, day 30"].evidence == ("Observation/flow-74",)
    assert "after its window" in (late["marrow with MRD, day 30"].because or "")
    next_one = items(80, mrd(75, method="flow"))
    assert "marrow with MRD, day 30" not in next_one
    assert next_one["marrow with MRD, day 90"].state is DONE


def test_what_was_missed_gives_way_to_the_next_of_its_kind() -> None:
    states = {what: i.state for what, i in items(100).items() if i.state is not UPCOMING}
    assert states == {
        "marrow with MRD, day 90": DUE,
        "B cells in blood, month 3": DUE,
        "NGS-MRD of marrow, month 3": DUE,
    }


def test_each_kind_has_its_own_results() -> None:
    assert state("NGS-MRD of marrow, day 28", 30, mrd(28, method="flow")) is DUE
    assert state("NGS-MRD of marrow, day 28", 30, mrd(28)) is DONE
    assert state("marrow with MRD, day 30", 30, mrd(28)) is DONE
    assert state("B cells in blood, month 1", 30, cells(30, 0.0)) is DONE
    assert state("marrow with MRD, day 30", 30, cells(30, 0.0)) is DUE


def test_blood_never_stands_for_marrow() -> None:
    assert state("marrow with MRD, day 30", 43, mrd(28, method="flow", marrow=False)) is OVERDUE


@pytest.mark.parametrize(
    "result",
    [mrd(28, method="ngs", route=Route.TEXT), mrd(28, method=None)],
    ids=["text only", "method not told"],
)
def test_a_result_that_may_be_the_test_is_never_overdue(result: MrdResult) -> None:
    found = items(43, result)["NGS-MRD of marrow, day 28"]
    assert found.state is UNKNOWN
    assert found.evidence == (result.source,)


def test_a_result_of_a_month_on_both_sides_of_the_window_leaves_it_unknown() -> None:
    september = MrdResult("Observation/s", PartialDate.parse("2025-09"), mrd(28).fraction, True, "flow")
    assert state("marrow with MRD, day 30", 43, september) is UNKNOWN


@pytest.mark.parametrize("part", [Part.LABORATORY, Part.REPORTS, Part.PROCEDURES, Part.CONDITIONS])
@pytest.mark.parametrize("days", [30, 60])
def test_an_unread_part_is_unknown_never_overdue(part: Part, days: int) -> None:
    found = items(days, missing={part: "not read"})
    assert {i.state for i in found.values()} == {UPCOMING, UNKNOWN}
    assert all("not read" in (i.because or "") for i in found.values() if i.state is UNKNOWN)


def test_what_is_done_stays_done_in_a_record_read_in_part() -> None:
    unread = {Part.LABORATORY: "not read"}
    assert state("marrow with MRD, day 30", 50, mrd(28, method="flow"), missing=unread) is DONE


def test_only_what_is_not_done_may_be_requested() -> None:
    found = items(60, mrd(28, method="flow"))
    assert found["marrow with MRD, day 30"].tests == ()
    assert found["marrow with MRD, day 90"].tests == (Test.MARROW, Test.MARROW_MRD)
    assert found["B cells in blood, month 2"].tests == (Test.B_CELLS,)


def transplant(days: int | None, **more: Any) -> Transplant:
    when = day(after(days, INFUSED)) if days is not None else None
    return Transplant("Procedure/t", when, more.pop("kind", "allogeneic"), **more)


@pytest.mark.parametrize(("days", "stops"), [(-1, False), (0, False), (1, True)])
def test_a_transplant_since_the_infusion_stops_it(days: int, stops: bool) -> None:
    found = items(60, transplants=(transplant(days),))
    assert (not found) is stops


def test_a_transplant_that_may_have_stopped_it_leaves_it_unknown() -> None:
    found = items(60, transplants=(transplant(20, certain=False),))
    assert {i.state for i in found.values()} == {UPCOMING, UNKNOWN}


def test_a_relapse_since_the_infusion_stops_it() -> None:
    course = (
        diagnosis("2022-01-15"),
        relapse("2025-06-15"),
        remission(after(28, INFUSED)),
        relapse(after(100, INFUSED), "second"),
    )
    assert items(99, diagnoses=course)
    assert not items(100, diagnoses=course)


def items_of(days: int, timeline: Any) -> tuple[DueItem, ...]:
    return surveillance(chart(timeline, on_day(days)))


def test_death_stops_it() -> None:
    alive = after_car_t(person=Person("Patient/p", deceased=False))
    assert items_of(30, alive)
    assert not items_of(30, replace(alive, person=Person("Patient/p", deceased=True)))


@pytest.mark.parametrize(
    ("taken", "share", "stops"),
    [(28, 0.05, True), (28, 0.049, False), (20, 0.3, False), (28, Interval(0.01, 0.3), False)],
)
def test_no_remission_stops_it(taken: int, share: float | Interval, stops: bool) -> None:
    """A marrow of 5 % or more from day 21 on; earlier, or open, it tells nothing yet."""
    assert (not items(40, mrd(taken, share, "flow"))) is stops


def test_without_car_t_there_is_none() -> None:
    assert not items_of(30, marrow_relapse())
    assert not items_of(30, after_car_t(infused(certain=False)))


@pytest.mark.parametrize(("lineage", "served"), [(Lineage.B, True), (None, True), (Lineage.T, False)])
def test_the_schedule_is_that_of_b_lineage(lineage: Lineage | None, served: bool) -> None:
    found = items(30, diagnoses=(diagnosis(lineage=lineage),))
    assert bool(found) is served


def test_without_the_day_of_infusion_every_kind_is_unknown() -> None:
    found = items_of(30, after_car_t(infused(None)))
    assert [(i.id, i.state, i.due) for i in found] == [
        ("P-1", UNKNOWN, None),
        ("P-1a", UNKNOWN, None),
        ("P-1b", UNKNOWN, None),
    ]


def test_an_infusion_dated_by_the_month_widens_the_windows() -> None:
    (first, *_) = items_of(50, after_car_t(infused("2025-09")))
    assert first.due == (date(2025, 9, 22), date(2025, 11, 11))
    assert first.state is DUE


def test_it_ends_with_the_fifteenth_month() -> None:
    last = date(2026, 12, 1)
    assert items((last - INFUSED).days - 1)
    assert not items((last - INFUSED).days)


def test_a_patient_who_never_relapsed_is_served() -> None:
    never = after_car_t(diagnoses=(diagnosis("2025-01-15"),))
    assert {i.what: i.state for i in items_of(43, never)}["marrow with MRD, day 30"] is OVERDUE


def test_a_second_infusion_begins_it_anew() -> None:
    again = infused(after(100, INFUSED))
    found = {i.what: i.state for i in items_of(121, after_car_t(infused(), again))}
    assert found["marrow with MRD, day 30"] is DUE


@pytest.mark.parametrize(("offsets", "told"), [((28, 35), ""), ((50, 60), ", after its window")])
@pytest.mark.parametrize("order", [1, -1])
def test_of_two_results_the_first_is_told(offsets: tuple[int, int], told: str, order: int) -> None:
    results = [mrd(days) for days in offsets]
    item = items(70, *results[::order])["marrow with MRD, day 30"]
    first = INFUSED + timedelta(days=offsets[0])
    assert (item.state, item.because) == (DONE, f"done {first}{told}")
    assert item.evidence == (results[0].source,)
