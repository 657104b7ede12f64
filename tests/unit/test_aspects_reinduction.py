"""Aspects of the end of reinduction: complete remission, and marrow MRD positive or negative."""

from enum import StrEnum
from typing import Any

import pytest

from cds_rules.patient.draw import draw
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    Measure,
    MrdResult,
    Part,
    PatientTimeline,
    Route,
    Site,
    Status,
    StatusReport,
    TimePoint,
)
from cds_rules.treatment.aspect import Aspect, YesNo
from cds_rules.treatment.aspects.mrd_course import Positivity
from cds_rules.treatment.aspects.reinduction import END_REINDUCTION_MRD, REMISSION_AFTER
from cds_rules.treatment.chart import Chart
from tests.unit.charts import ON, PERSON, csf, day, diagnosis, marrow, relapse, remission

RELAPSED = "2025-10-01"
DUE, EARLY = "2025-10-22", "2025-10-21"
"""Day 21 of reinduction, and the day before."""
YES, NO = {YesNo.YES}, {YesNo.NO}
EITHER = {YesNo.YES, YesNo.NO}
NEGATIVE, POSITIVE = {Positivity.NEGATIVE}, {Positivity.POSITIVE}
OPEN = {*Positivity}
CLEAR_CSF = tuple(csf(m, 0.0, RELAPSED) for m in (Measure.CSF_LEUKOCYTES, Measure.CSF_BLASTS))
FOUND_BELOW = Interval(0.0, 1e-4, low_open=True, high_open=True)


def possible(
    aspect: Aspect, *more: Any, sites: frozenset[Site] = frozenset({Site.CNS}), **rest: Any
) -> set[StrEnum]:
    told = (diagnosis(), relapse(RELAPSED, sites=sites), *more)
    timeline = PatientTimeline(PERSON, diagnoses=told, **rest)
    found = aspect.read(Chart(draw(timeline, ON), timeline, {}))
    assert found.settled or found.because
    return set(found.possible)


def mrd(fraction: float | Interval, when: str = "2025-11-01", **more: Any) -> MrdResult:
    value = fraction if isinstance(fraction, Interval) else Interval.exactly(fraction)
    return MrdResult(f"Observation/mrd-{when}", day(when), value, **{"marrow": True, **more})


def block(number: int, fraction: float | Interval, when: str, **more: Any) -> MrdResult:
    label = TimePoint.END_OF_BLOCK_1 if number == 1 else TimePoint.LATER_BLOCK
    return mrd(fraction, when, **{"time_point": label, **more})


def report(status: Status, when: str, **more: Any) -> StatusReport:
    return StatusReport(f"Observation/status-{when}", day(when), status, **more)


# ---- MRD -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [
        (1e-4, POSITIVE),
        (0.0, NEGATIVE),
        (Interval(0.0, 1e-4, high_open=True), NEGATIVE),
        (Interval(0.0, 1e-3, high_open=True), OPEN),
        (9e-5, OPEN),
        (FOUND_BELOW, OPEN),
    ],
)
def test_marrow_mrd_at_the_end_of_block_1(fraction: float | Interval, expected: set[StrEnum]) -> None:
    assert possible(END_REINDUCTION_MRD, mrd=(mrd(fraction),)) == expected


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (block(2, 1e-3, "2025-12-01"), POSITIVE),
        (block(2, 0.0, "2025-12-01"), OPEN),
        (block(2, 0.0, "2025-12-01", marrow=False), POSITIVE),
        (block(2, 0.0, "2025-12-01", method="ngs"), POSITIVE),
        (block(2, 0.0, "2025-12-01", route=Route.TEXT), POSITIVE),
    ],
)
def test_a_later_block_that_says_otherwise_leaves_it_open(later: MrdResult, expected: set[StrEnum]) -> None:
    assert possible(END_REINDUCTION_MRD, mrd=(block(1, 1e-3, "2025-11-01"), later)) == expected


def test_no_result_and_a_result_in_blood_tell_nothing() -> None:
    assert possible(END_REINDUCTION_MRD) == OPEN
    assert possible(END_REINDUCTION_MRD, mrd=(mrd(1e-3, marrow=False),)) == OPEN
    assert possible(END_REINDUCTION_MRD, mrd=(block(2, 1e-3, "2025-12-01"),)) == OPEN


# ---- remission -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.PARTIAL_REMISSION, Status.STABLE, Status.WORSENED])
@pytest.mark.parametrize(("when", "expected"), [(DUE, NO), (EARLY, EITHER)])
def test_a_report_from_day_21_on_denies_remission(status: Status, when: str, expected: set[StrEnum]) -> None:
    assert possible(REMISSION_AFTER, reports=(report(status, when),)) == expected


@pytest.mark.parametrize("status", [Status.IMPROVED, Status.UNDETERMINED])
def test_some_reports_do_not_tell(status: Status) -> None:
    assert possible(REMISSION_AFTER, reports=(report(status, DUE),)) == EITHER


def test_the_latest_report_counts() -> None:
    reports = (report(Status.STABLE, DUE), report(Status.FULL_REMISSION, "2025-11-20"))
    assert possible(REMISSION_AFTER, reports=reports) == YES
    told = (report(Status.FULL_REMISSION, DUE), report(Status.WORSENED, "2025-11-20"))
    assert possible(REMISSION_AFTER, reports=told) == EITHER


def test_a_stated_remission_is_one_and_that_before_the_relapse_is_none() -> None:
    assert possible(REMISSION_AFTER, remission("2025-11-10")) == YES
    assert possible(REMISSION_AFTER, remission("2022-03-01")) == EITHER


@pytest.mark.parametrize(
    ("sites", "blasts", "expected"),
    [
        (frozenset({Site.MARROW}), 4.9, YES),
        (frozenset({Site.MARROW}), 5.0, EITHER),
        (frozenset({Site.MARROW}), 25.0, EITHER),
        (frozenset({Site.MARROW}), 25.1, NO),
        (frozenset({Site.MARROW, Site.CNS}), 4.9, EITHER),
        (frozenset({Site.TESTIS}), 4.9, EITHER),
    ],
)
def test_a_clear_marrow_is_enough_only_where_the_marrow_alone_relapsed(
    sites: frozenset[Site], blasts: float, expected: set[StrEnum]
) -> None:
    looks = (marrow(1.0 if Site.MARROW not in sites else 60.0, RELAPSED), marrow(blasts, "2025-11-10"))
    clear = not sites & {Site.CNS} and sites & {Site.MARROW}
    found = possible(REMISSION_AFTER, sites=sites, measurements=(*looks, *(CLEAR_CSF if clear else ())))
    assert found == expected


def test_a_remission_stated_after_a_full_marrow_contradicts_it() -> None:
    looks = (marrow(60.0, RELAPSED), marrow(60.0, "2025-11-01"))
    found = possible(
        REMISSION_AFTER, remission("2025-12-20"), sites=frozenset({Site.MARROW}), measurements=looks
    )
    assert found == EITHER


def test_an_unread_part_may_hold_a_later_report() -> None:
    missing = {Part.DISEASE_FINDINGS: "not read"}
    assert possible(REMISSION_AFTER, reports=(report(Status.STABLE, DUE),), missing=missing) == EITHER
