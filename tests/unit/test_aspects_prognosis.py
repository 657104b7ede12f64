"""Age at diagnosis, blasts and marrow around the relapse, and MRD exactly on a line of the sources."""

from datetime import date
from typing import Any

import pytest

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.findings import Genetic, Marker
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    Measure,
    Measurement,
    MrdResult,
    Part,
    PatientTimeline,
    Person,
    Route,
    TimePoint,
    TreatmentPlan,
)
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.prognosis import (
    BLAST_COUNT,
    DIAGNOSIS_AGE,
    DURING_TREATMENT,
    FIRST_MONTH,
    GENETIC_FINDING,
    NCI_RISK,
    PCR_MRD,
    RELAPSE_MRD,
    BlastCount,
    DiagnosisAge,
    FirstMonth,
    NciRisk,
    PcrMrd,
    RelapseMrd,
    completed_years,
)
from tests.unit.advice_charts import seen
from tests.unit.charts import day, diagnosis, marrow, marrow_relapse

RELAPSED = "2025-06-15"
INFANT, TO_6, TO_9, TO_15, OVER_15 = DiagnosisAge
YES, NO, OPEN = {YesNo.YES}, {YesNo.NO}, set(YesNo)


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        ("2021-01-16", {INFANT}),
        ("2021-01-15", {TO_6}),
        ("2016-01-16", {TO_6}),
        ("2016-01-15", {TO_6, TO_9}),
        ("2015-01-15", {TO_9}),
        ("2012-01-16", {TO_9}),
        ("2012-01-15", {TO_15}),
        ("2006-01-16", {TO_15}),
        ("2006-01-15", {OVER_15}),
        ("2012", {TO_9, TO_15}),
        ("2023-01-01", set(DiagnosisAge)),
        (None, set(DiagnosisAge)),
    ],
)
def test_age_at_diagnosis_is_cut_where_the_sources_cut(birth: str | None, expected: set[Any]) -> None:
    person = Person("Patient/p", PartialDate.parse(birth) if birth else None)
    told = PatientTimeline(person, diagnoses=(diagnosis("2022-01-15"),))
    assert seen(DIAGNOSIS_AGE, told).possible == expected


def test_age_at_diagnosis_is_open_without_a_date_of_diagnosis() -> None:
    told = PatientTimeline(Person("Patient/p", day("2015-01-01")), diagnoses=(diagnosis(None),))
    assert seen(DIAGNOSIS_AGE, told).possible == set(DiagnosisAge)


def test_completed_years_of_two_uncertain_dates() -> None:
    birth, when = PartialDate.parse("2010"), PartialDate.on(date(2020, 6, 1))
    assert list(completed_years(birth, when)) == [9, 10]
    assert list(completed_years(PartialDate.parse("2020"), when)) == [0]


def blasts(value: float | Interval, when: str = RELAPSED, **more: Any) -> Measurement:
    interval = value if isinstance(value, Interval) else Interval.exactly(value)
    return Measurement(
        f"Observation/b-{when}-{value}", day(when), Measure.BLOOD_BLAST_COUNT, interval, **more
    )


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ((blasts(10_000),), {BlastCount.TO_10000}),
        ((blasts(10_001),), {BlastCount.OVER_10000}),
        ((blasts(Interval(5_000, 1e6)),), set(BlastCount)),
        ((blasts(20_000, readable=False),), set(BlastCount)),
        ((blasts(20_000, "2025-06-30"),), set(BlastCount)),
        ((blasts(20_000, "2025-06-29"),), {BlastCount.OVER_10000}),
        ((blasts(20_000), blasts(100, "2025-06-17")), set(BlastCount)),
        ((), set(BlastCount)),
    ],
)
def test_blasts_in_the_blood_at_the_relapse(results: tuple[Measurement, ...], expected: set[Any]) -> None:
    assert seen(BLAST_COUNT, marrow_relapse(measurements=results)).possible == expected


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ((marrow(4.9, "2025-07-10"),), {FirstMonth.M1}),
        ((marrow(5, "2025-07-10"),), {FirstMonth.PERSISTENT}),
        ((marrow(60, "2025-07-06"),), {FirstMonth.PERSISTENT}),
        ((marrow(60, "2025-07-05"),), set(FirstMonth)),
        ((marrow(60, "2025-08-11"),), set(FirstMonth)),
        ((marrow(60, "2025-07-10"), marrow(1, "2025-08-01")), set(FirstMonth)),
        ((), set(FirstMonth)),
    ],
)
def test_marrow_at_the_end_of_the_first_month(looks: tuple[Measurement, ...], expected: set[Any]) -> None:
    assert seen(FIRST_MONTH, marrow_relapse(measurements=looks)).possible == expected


def test_the_first_month_cannot_be_placed_without_the_date_of_the_relapse() -> None:
    told = marrow_relapse(None, measurements=(marrow(60, "2025-07-10"),))
    assert seen(FIRST_MONTH, told).possible == set(FirstMonth)


def mrd(fraction: float | Interval, when: str, method: str | None = "pcr", **more: Any) -> MrdResult:
    interval = fraction if isinstance(fraction, Interval) else Interval.exactly(fraction)
    return MrdResult(f"Observation/mrd-{when}-{fraction}", day(when), interval, True, method, **more)


LOW, HIGH = PcrMrd


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [
        (9.99e-4, {LOW}),
        (1e-3, {LOW, HIGH}),
        (1.001e-3, {HIGH}),
        (Interval(0, 1e-3, high_open=True), {LOW}),
        (Interval(0, 1e-3), {LOW, HIGH}),
        (Interval(1e-3, 1.0, low_open=True), {HIGH}),
        (Interval(1e-3, 1.0), {LOW, HIGH}),
    ],
)
def test_exactly_one_in_a_thousand_belongs_to_neither_group(
    fraction: float | Interval, expected: set[Any]
) -> None:
    assert seen(PCR_MRD, marrow_relapse(mrd=(mrd(fraction, "2025-07-15"),))).possible == expected


@pytest.mark.parametrize("method", ["flow", "ngs", None])
def test_the_figures_by_pcr_need_pcr(method: str | None) -> None:
    found = seen(PCR_MRD, marrow_relapse(mrd=(mrd(1e-5, "2025-07-15", method),)))
    assert found.possible == {LOW, HIGH}
    assert "PCR" in (found.because or "")


def test_two_results_by_pcr_on_both_sides_leave_it_open() -> None:
    told = (mrd(1e-5, "2025-07-15"), mrd(1e-2, "2025-07-20"))
    assert seen(PCR_MRD, marrow_relapse(mrd=told)).possible == {LOW, HIGH}


BELOW, ABOVE = RelapseMrd


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ((mrd(9e-5, RELAPSED),), {BELOW}),
        ((mrd(1e-4, RELAPSED),), {BELOW, ABOVE}),
        ((mrd(1.1e-4, RELAPSED),), {ABOVE}),
        ((mrd(1e-2, "2025-06-01", "flow"),), {ABOVE}),
        ((mrd(1e-2, "2025-05-31"),), {BELOW, ABOVE}),
        ((mrd(1e-2, RELAPSED, "ngs"),), {BELOW, ABOVE}),
        ((mrd(1e-2, RELAPSED, route=Route.TEXT),), {BELOW, ABOVE}),
        ((mrd(1e-2, RELAPSED, time_point=TimePoint.END_OF_BLOCK_1),), {BELOW, ABOVE}),
        ((mrd(1e-2, RELAPSED), mrd(1e-5, "2025-06-14")), {BELOW, ABOVE}),
        ((), {BELOW, ABOVE}),
    ],
)
def test_exactly_a_hundredth_of_a_percent_belongs_to_neither_group(
    results: tuple[MrdResult, ...], expected: set[Any]
) -> None:
    assert seen(RELAPSE_MRD, marrow_relapse(mrd=results)).possible == expected


def test_mrd_taken_after_reinduction_began_is_not_that_of_the_relapse() -> None:
    plan = TreatmentPlan("CarePlan/1", day("2025-06-18"), None, "active")
    for when, expected in (("2025-06-18", {ABOVE}), ("2025-06-19", {BELOW, ABOVE})):
        told = marrow_relapse(mrd=(mrd(1e-2, when),), plans=(plan,))
        assert seen(RELAPSE_MRD, told).possible == expected


@pytest.mark.parametrize(
    ("until", "status", "expected"), [("2025-12-01", "active", YES), ("2024-01-10", "completed", NO)]
)
def test_relapse_during_treatment(until: str, status: str, expected: set[Any]) -> None:
    plan = TreatmentPlan("CarePlan/1", day("2022-01-20"), day(until), status)
    assert seen(DURING_TREATMENT, marrow_relapse(plans=(plan,))).possible == expected
    assert seen(DURING_TREATMENT, marrow_relapse()).possible == OPEN


def test_a_genetic_lesion_on_record() -> None:
    def gene(*, present: bool, **more: Any) -> Genetic:
        return Genetic("Observation/g", day(RELAPSED), Marker.TP53, present, **more)

    assert seen(GENETIC_FINDING, marrow_relapse(genetics=(gene(present=True),))).possible == YES
    assert seen(GENETIC_FINDING, marrow_relapse(genetics=(gene(present=False),))).possible == NO
    assert seen(GENETIC_FINDING, marrow_relapse()).possible == NO
    assert seen(GENETIC_FINDING, marrow_relapse(missing={Part.REPORTS: "no"})).possible == OPEN
    told = gene(present=True, route=Route.TEXT)
    assert seen(GENETIC_FINDING, marrow_relapse(genetics=(told,))).possible == OPEN


def test_down_syndrome_is_no_lesion_of_the_leukemia() -> None:
    down = Genetic("Condition/d", day("2015-04-01"), Marker.DOWN, present=True)
    assert seen(GENETIC_FINDING, marrow_relapse(genetics=(down,))).possible == NO
    lesion = Genetic("Observation/g", day(RELAPSED), Marker.TP53, present=True)
    assert seen(GENETIC_FINDING, marrow_relapse(genetics=(down, lesion))).possible == YES


def test_nci_risk_is_not_read() -> None:
    assert seen(NCI_RISK, marrow_relapse()).possible == set(NciRisk)
