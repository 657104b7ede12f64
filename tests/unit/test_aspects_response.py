"""The marrow after reinduction, and cycles of blinatumomab, as real timelines tell them."""

from datetime import timedelta
from typing import Any

import pytest

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import DrugUse, Measurement, Part, Route, Status, StatusReport
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.response import BLINATUMOMAB, RESPONSE, RESPONSE_ON_RECORD, Cycles, Response
from tests.unit.advice_charts import RELAPSED, after, seen
from tests.unit.charts import day, diagnosis, marrow, marrow_relapse, relapse, remission

M1, M2, M3 = Response.M1, Response.M2, Response.M3
NONE, ONE, TWO = Cycles.NONE, Cycles.ONE, Cycles.TWO


def response(*looks: Measurement, **record: Any) -> set[Any]:
    return set(seen(RESPONSE, marrow_relapse(measurements=looks, **record)).possible)


@pytest.mark.parametrize(
    ("blasts", "states"),
    [
        (4.9, {M1}),
        (5.0, {M2}),
        (25.0, {M2}),
        (25.1, {M3}),
        (Interval(0.0, 5.0, high_open=True), {M1}),
        (Interval(0.0, 5.0), {M1, M2}),
        (Interval(25.0, 100.0, low_open=True), {M3}),
        (Interval(20.0, 100.0), {M2, M3}),
        (Interval(0.0, 100.0), {M1, M2, M3}),
    ],
)
def test_a_marrow_is_m1_m2_or_m3(blasts: float | Interval, states: set[Response]) -> None:
    assert response(marrow(blasts, after(30))) == states


@pytest.mark.parametrize(("days", "settled"), [(20, False), (21, True), (200, True)])
def test_a_marrow_counts_from_day_21_of_reinduction_on(days: int, settled: bool) -> None:
    assert (response(marrow(40.0, after(days))) == {M3}) is settled


def test_reinduction_counts_from_its_first_drug() -> None:
    begun = (DrugUse("MedicationAdministration/v", day(after(10)), "vincristine"),)
    assert response(marrow(2.0, after(30)), drugs=begun) == set(Response)
    assert response(marrow(2.0, after(31)), drugs=begun) == {M1}


def test_the_latest_marrow_counts() -> None:
    assert response(marrow(40.0, after(30)), marrow(3.0, after(60))) == {M1}


def test_two_marrows_of_one_day_that_disagree_leave_both() -> None:
    other = Measurement("Observation/other", day(after(30)), marrow(0, None).measure, Interval.exactly(10.0))
    assert response(marrow(2.0, after(30)), other) == {M1, M2}


def test_no_marrow_is_no_response() -> None:
    assert response() == set(Response)
    assert response(marrow(2.0, after(30), route=Route.TEXT)) == set(Response)


@pytest.mark.parametrize("part", [Part.LABORATORY, Part.DISEASE_FINDINGS, Part.CONDITIONS])
def test_an_unread_part_may_hold_a_later_marrow(part: Part) -> None:
    assert response(marrow(2.0, after(30)), missing={part: "not read"}) == set(Response)


def test_a_marrow_that_may_be_from_before_the_response_settles_nothing() -> None:
    assert response(marrow(40.0, "2025-07")) == set(Response)


def test_an_undated_relapse_has_no_response() -> None:
    assert set(seen(RESPONSE, marrow_relapse(None)).possible) == set(Response)


@pytest.mark.parametrize(
    ("looks", "record", "left"),
    [
        ((), {}, {YesNo.NO}),
        ((marrow(40.0, after(20)),), {}, {YesNo.NO}),
        ((marrow(40.0, after(21)),), {}, {YesNo.YES}),
        ((marrow(40.0, "2025-07"),), {}, set(YesNo)),
        ((), {"missing": {Part.LABORATORY: "not read"}}, set(YesNo)),
        ((), {"relapsed": None}, set(YesNo)),
    ],
    ids=str,
)
def test_reinduction_was_judged_or_not(
    looks: tuple[Any, ...], record: dict[str, Any], left: set[Any]
) -> None:
    on = RELAPSED + timedelta(days=56)
    assert seen(RESPONSE_ON_RECORD, marrow_relapse(measurements=looks, **record), on).possible == left


@pytest.mark.parametrize(("days", "left"), [(56, {YesNo.NO}), (57, set(YesNo)), (365, set(YesNo))])
def test_once_block_1_should_have_been_looked_at_silence_is_no_answer(days: int, left: set[Any]) -> None:
    on = RELAPSED + timedelta(days=days)
    assert seen(RESPONSE_ON_RECORD, marrow_relapse(), on).possible == left


def said(days: int | None, status: Status = Status.PARTIAL_REMISSION, **more: Any) -> StatusReport:
    return StatusReport("Observation/s", day(after(days)) if days is not None else None, status, **more)


@pytest.mark.parametrize(
    ("report", "left"),
    [
        (said(21), {YesNo.YES}),
        (said(20), {YesNo.NO}),
        (said(None), {YesNo.NO}),
        (said(30, Status.UNDETERMINED), {YesNo.NO}),
        (said(30, route=Route.TEXT), {YesNo.NO}),
    ],
    ids=str,
)
def test_a_reported_state_of_the_disease_judges_it_from_day_21(report: StatusReport, left: set[Any]) -> None:
    on = RELAPSED + timedelta(days=56)
    assert seen(RESPONSE_ON_RECORD, marrow_relapse(reports=(report,)), on).possible == left


def stated(when: str, *looks: Measurement) -> set[Any]:
    record = marrow_relapse(measurements=looks)
    statements = (diagnosis(), relapse(), remission("2022-03-01", "cr1"), remission(when, "cr2"))
    return set(seen(RESPONSE, type(record)(record.person, statements, looks)).possible)


def test_a_stated_remission_is_m1() -> None:
    assert stated(after(35)) == {M1}


def test_a_remission_stated_after_the_last_marrow_counts() -> None:
    assert stated(after(60), marrow(10.0, after(30))) == {M1}


def test_a_remission_stated_before_a_marrow_with_blasts_does_not() -> None:
    assert stated(after(35), marrow(10.0, after(60))) == {M2}


def use(first: int, last: int | None = None, **more: Any) -> DrugUse:
    until = day(after(last)) if last is not None else None
    return DrugUse(f"MedicationAdministration/{first}", day(after(first)), "blinatumomab", until, **more)


def cycles(*uses: DrugUse, **record: Any) -> set[Any]:
    return set(seen(BLINATUMOMAB, marrow_relapse(drugs=uses, **record)).possible)


@pytest.mark.parametrize(
    ("uses", "left"),
    [
        ((), {NONE}),
        ((use(35, 62),), {ONE}),
        ((use(35),), {ONE}),
        ((use(0),), {ONE}),
        (tuple(use(d) for d in range(35, 63)), {ONE}),
        (tuple(use(d) for d in (35, 41, 47, 53)), {ONE}),
        ((use(35, 62), use(68, 95)), {ONE, TWO}),
        ((use(35, 62), use(69, 96)), {ONE, TWO}),
        ((use(35, 62), use(75, 103)), {ONE, TWO}),
        ((use(35, 62), use(76, 104)), {TWO}),
        ((use(35, 62), use(80), use(120)), {TWO}),
        ((use(35, 69),), {ONE}),
        ((use(35, 70),), {ONE, TWO}),
        ((use(180, ongoing=True),), {ONE}),
        ((use(35, ongoing=True),), {ONE, TWO}),
        ((use(35, 62, given=False),), {ONE}),
        ((use(35, given=False, ordered=True),), {NONE, ONE, TWO}),
        ((use(35, 62), use(76, given=False, ordered=True)), {ONE, TWO}),
        ((use(35, route=Route.TEXT),), {NONE, ONE, TWO}),
        ((use(-200, -173),), {NONE}),
    ],
    ids=str,
)
def test_cycles_of_blinatumomab(uses: tuple[DrugUse, ...], left: set[Cycles]) -> None:
    assert cycles(*uses) == left


def test_a_pause_of_less_than_a_week_is_one_cycle() -> None:
    """Days 35 to 50 and 56 to 69: one infusion with a pause of six days."""
    assert cycles(use(35, 50), use(56, 69)) == {ONE}
    assert cycles(use(35, 50), use(57, 69)) == {ONE, TWO}


def test_the_first_and_the_last_dose_are_the_evidence() -> None:
    record = marrow_relapse(drugs=tuple(use(d) for d in (35, 36, 37)))
    told = ("MedicationAdministration/35", "MedicationAdministration/37")
    assert seen(BLINATUMOMAB, record).evidence == told


def test_an_undated_cycle_may_be_any() -> None:
    undated = DrugUse("MedicationStatement/b", None, "blinatumomab", given=False)
    assert cycles(undated) == {NONE, ONE, TWO}
    assert cycles(undated, use(35, 62), use(76, 104)) == {TWO}


@pytest.mark.parametrize("part", [Part.ADMINISTRATIONS, Part.STATEMENTS])
def test_silence_of_a_part_that_was_not_read_is_no_no(part: Part) -> None:
    assert cycles(missing={part: "not read"}) == {NONE, ONE, TWO}
    assert cycles(use(35, 62), missing={part: "not read"}) == {ONE, TWO}


def test_another_drug_is_not_counted() -> None:
    other = DrugUse("MedicationAdministration/i", day(after(40)), "inotuzumab")
    assert cycles(other) == {NONE}
