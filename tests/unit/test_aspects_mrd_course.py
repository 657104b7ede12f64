"""Which marrow MRD counts after blinatumomab, after consolidation and before transplant, and its bands."""

from typing import Any

import pytest

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import DrugUse, MrdResult, Part, Route, TimePoint, Transplant
from cds_rules.treatment.aspects.mrd import MrdBand
from cds_rules.treatment.aspects.mrd_course import (
    AFTER_BLINATUMOMAB,
    AFTER_BLOCK3,
    AFTER_CONSOLIDATION,
    BEFORE_TRANSPLANT,
    METHODS,
    AfterBlock3,
    AfterConsolidation,
    Methods,
    Positivity,
)
from tests.unit.advice_charts import after, seen
from tests.unit.charts import day, marrow_relapse

LOW, MIDDLE, HIGH = Interval.exactly(5e-5), Interval.exactly(5e-4), Interval.exactly(5e-3)
BELOW, BETWEEN, FROM = MrdBand.BELOW, MrdBand.BETWEEN, MrdBand.FROM
UP_TO, ABOVE = AfterConsolidation.UP_TO, AfterConsolidation.ABOVE
NEGATIVE, POSITIVE = Positivity.NEGATIVE, Positivity.POSITIVE
UNREAD = {Part.LABORATORY: "not read"}


def mrd(days: int, fraction: Interval = MIDDLE, **more: Any) -> MrdResult:
    told = {"marrow": True, "method": "flow", **more}
    return MrdResult(f"Observation/{days}-{told['method']}", day(after(days)), fraction, **told)


def use(first: int, last: int | None = None, **more: Any) -> DrugUse:
    until = day(after(last)) if last is not None else None
    return DrugUse(f"MedicationAdministration/{first}", day(after(first)), "blinatumomab", until, **more)


def blinatumomab(*results: MrdResult, drugs: tuple[DrugUse, ...] = (use(40, 67),), **record: Any) -> set[Any]:
    return set(seen(AFTER_BLINATUMOMAB, marrow_relapse(mrd=results, drugs=drugs, **record)).possible)


@pytest.mark.parametrize(
    ("fraction", "bands"),
    [
        (Interval.exactly(9.99e-5), {BELOW}),
        (Interval.exactly(1e-4), {BETWEEN}),
        (Interval.exactly(9.99e-4), {BETWEEN}),
        (Interval.exactly(1e-3), {FROM}),
        (Interval(0.0, 1e-4), {BELOW}),
        (Interval(0.0, 1e-4, high_open=True), {BELOW}),
        (Interval(0.0, 1e-4, low_open=True), {BELOW, BETWEEN}),
        (Interval(0.0, 1e-3), {BELOW, BETWEEN, FROM}),
        (Interval(0.0, 1.0, low_open=True), {BELOW, BETWEEN, FROM}),
    ],
)
def test_bands_after_blinatumomab(fraction: Interval, bands: set[MrdBand]) -> None:
    assert blinatumomab(mrd(68, fraction)) == bands


@pytest.mark.parametrize(("days", "counts"), [(59, False), (60, False), (61, True), (120, True)])
def test_it_is_taken_from_day_21_of_the_cycle_on(days: int, counts: bool) -> None:
    assert (blinatumomab(mrd(days)) == {BETWEEN}) is counts


@pytest.mark.parametrize(("days", "counts"), [(72, False), (73, True)])
def test_it_is_not_taken_long_before_the_end_of_the_infusion(days: int, counts: bool) -> None:
    assert (blinatumomab(mrd(days), drugs=(use(40, 80),)) == {BETWEEN}) is counts


def test_it_is_taken_after_the_last_of_the_cycles() -> None:
    two = (use(40, 67), use(82, 109))
    assert blinatumomab(mrd(68, LOW), drugs=two) == set(MrdBand)
    assert blinatumomab(mrd(68, LOW), mrd(110, HIGH), drugs=two) == {FROM}


def test_without_blinatumomab_there_is_none_after_it() -> None:
    assert blinatumomab(mrd(68), drugs=()) == set(MrdBand)


@pytest.mark.parametrize(
    "result",
    [
        mrd(68, method="ngs"),
        mrd(68, marrow=False),
        mrd(68, route=Route.TEXT),
        MrdResult("Observation/undated", None, MIDDLE, True, "flow"),
    ],
    ids=["sequencing", "not marrow", "text", "undated"],
)
def test_what_never_settles(result: MrdResult) -> None:
    assert blinatumomab(result) == set(MrdBand)
    assert blinatumomab(result, mrd(67, HIGH)) == {FROM}


def test_the_latest_counts_and_one_day_gives_its_span() -> None:
    assert blinatumomab(mrd(68, HIGH), mrd(90, LOW)) == {BELOW}
    assert blinatumomab(mrd(68, HIGH), mrd(68, LOW, method="pcr")) == {BELOW, BETWEEN, FROM}


def test_an_unread_part_may_hold_a_later_one() -> None:
    assert blinatumomab(mrd(68), missing=UNREAD) == set(MrdBand)


def consolidation(*results: MrdResult, **record: Any) -> set[Any]:
    return set(seen(AFTER_CONSOLIDATION, marrow_relapse(mrd=results, **record)).possible)


@pytest.mark.parametrize(
    ("fraction", "left"),
    [
        (Interval.exactly(1e-4), {UP_TO}),
        (Interval.exactly(1.01e-4), {ABOVE}),
        (Interval(1e-4, 1.0, low_open=True), {ABOVE}),
        (Interval(1e-4, 1.0), {UP_TO, ABOVE}),
        (Interval(0.0, 1e-4), {UP_TO}),
        (Interval(0.0, 1e-3), {UP_TO, ABOVE}),
    ],
)
def test_above_one_in_ten_thousand_after_consolidation(fraction: Interval, left: set[Any]) -> None:
    assert consolidation(mrd(90, fraction)) == left


@pytest.mark.parametrize(("days", "counts"), [(83, False), (84, True), (97, True), (98, False)])
def test_weeks_12_and_13_count_without_a_label(days: int, counts: bool) -> None:
    assert (consolidation(mrd(days)) == {ABOVE}) is counts


def test_a_label_wins_over_the_weeks() -> None:
    labelled = mrd(110, LOW, time_point=TimePoint.AFTER_CONSOLIDATION)
    assert consolidation(mrd(90, HIGH), labelled) == {UP_TO}
    assert consolidation(mrd(90, HIGH, time_point=TimePoint.BEFORE_TRANSPLANT)) == {UP_TO, ABOVE}


def test_block_1_does_not_stand_for_consolidation() -> None:
    assert consolidation(mrd(35, HIGH)) == {UP_TO, ABOVE}


def test_two_results_after_consolidation_that_disagree_leave_it_open() -> None:
    assert consolidation(mrd(86, LOW), mrd(92, HIGH)) == {UP_TO, ABOVE}


def test_the_third_block_is_never_told_apart() -> None:
    later = mrd(70, time_point=TimePoint.LATER_BLOCK)
    found = seen(AFTER_BLOCK3, marrow_relapse(mrd=(mrd(35), later)))
    assert found.possible == set(AfterBlock3)
    assert found.evidence == (later.source,)


def before(*results: MrdResult, **record: Any) -> set[Any]:
    return set(seen(BEFORE_TRANSPLANT, marrow_relapse(mrd=results, **record)).possible)


@pytest.mark.parametrize(
    ("fraction", "left"),
    [
        (Interval.exactly(1e-4), {POSITIVE}),
        (Interval.exactly(9e-5), {NEGATIVE, POSITIVE}),
        (Interval(0.0, 1e-4), {NEGATIVE}),
        (Interval(0.0, 1e-5), {NEGATIVE}),
        (Interval(0.0, 1e-3), {NEGATIVE, POSITIVE}),
        (Interval(0.0, 1e-4, low_open=True), {NEGATIVE, POSITIVE}),
    ],
)
def test_positive_and_negative_before_transplant(fraction: Interval, left: set[Any]) -> None:
    """Taken 10 days before the day of assessment, 200 days after the relapse."""
    assert before(mrd(190, fraction)) == left


@pytest.mark.parametrize(("days", "counts"), [(139, False), (140, True), (200, True)])
def test_the_last_60_days_count(days: int, counts: bool) -> None:
    assert (before(mrd(days)) == {POSITIVE}) is counts


def test_the_days_before_the_transplant_count_once_it_is_done() -> None:
    done = (Transplant("Procedure/t", day(after(150)), "allogeneic"),)
    assert before(mrd(120, HIGH), mrd(190, Interval(0.0, 1e-5)), transplants=done) == {POSITIVE}
    assert before(mrd(89, HIGH), transplants=done) == {NEGATIVE, POSITIVE}
    assert before(mrd(90, HIGH), transplants=done) == {POSITIVE}


def test_a_label_before_transplant_counts_whenever_taken() -> None:
    assert before(mrd(100, HIGH, time_point=TimePoint.BEFORE_TRANSPLANT)) == {POSITIVE}
    assert before(mrd(100, HIGH)) == {NEGATIVE, POSITIVE}


def methods(*results: MrdResult, **record: Any) -> set[Any]:
    return set(seen(METHODS, marrow_relapse(mrd=results, **record)).possible)


@pytest.mark.parametrize(
    ("results", "left"),
    [
        ((), {Methods.NONE}),
        ((mrd(20, method="ngs"),), {Methods.NONE}),
        ((mrd(21, method="ngs"),), {Methods.NGS}),
        ((mrd(35), mrd(60, method="ngs")), {Methods.NGS}),
        ((mrd(60), mrd(60, method="ngs")), {Methods.FLOW_OR_PCR}),
        ((mrd(60, method="pcr"),), {Methods.FLOW_OR_PCR}),
        ((mrd(60, method=None),), {Methods.FLOW_OR_PCR, Methods.NGS}),
    ],
    ids=str,
)
def test_the_method_of_the_latest_result(results: tuple[MrdResult, ...], left: set[Methods]) -> None:
    assert methods(*results) == left


def test_unread_results_have_no_method() -> None:
    assert methods(missing=UNREAD) == set(Methods)


@pytest.mark.parametrize(
    "aspect",
    [AFTER_BLINATUMOMAB, AFTER_CONSOLIDATION, BEFORE_TRANSPLANT, METHODS],
    ids=lambda a: a.id,
)
def test_an_undated_relapse_settles_nothing(aspect: Any) -> None:
    record = marrow_relapse(None, mrd=(mrd(68), mrd(90), mrd(190)), drugs=(use(40, 67),))
    assert seen(aspect, record).possible == aspect.every
