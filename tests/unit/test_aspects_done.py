"""What the record holds since the relapse: done, not done, or not to be told."""

from typing import Any

import pytest

from cds_rules.patient.draw import draw
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Antigen, AntigenResult, Expression, Genetic, Marker
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    DrugUse,
    Measure,
    Measurement,
    Part,
    PatientTimeline,
    Route,
    Site,
    Transplant,
)
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.aspects import done
from cds_rules.treatment.chart import Chart
from tests.unit.charts import ON, PERSON, csf, day, diagnosis, marrow, relapse

RELAPSED = "2025-06-15"
YES, NO, OPEN = {YesNo.YES}, {YesNo.NO}, set(YesNo)
BY_EVENT = [
    (done.MARROW_DONE, EventKind.MARROW_SAMPLING),
    (done.MARROW_DONE, EventKind.MARROW_REPORT),
    (done.IMMUNOPHENOTYPE_DONE, EventKind.IMMUNOPHENOTYPING),
    (done.BCR_ABL1_DONE, EventKind.BCR_ABL1_TEST),
    (done.CSF_DONE, EventKind.LUMBAR_PUNCTURE),
    (done.SEQUENCING_DONE, EventKind.GENOMIC_TEST),
    (done.KINASE_MUTATIONS_DONE, EventKind.KINASE_MUTATION_TEST),
    (done.TESTES_DONE, EventKind.TESTIS_BIOPSY),
    (done.TESTES_DONE, EventKind.ORCHIECTOMY),
    (done.PREGNANCY_TEST_DONE, EventKind.PREGNANCY_TEST),
    (done.CHEST_X_RAY_DONE, EventKind.CHEST_X_RAY),
    (done.ECG_DONE, EventKind.ECG),
    (done.CARDIAC_FUNCTION_DONE, EventKind.ECHOCARDIOGRAPHY),
    (done.DENTAL_DONE, EventKind.DENTAL_EXAMINATION),
]
EACH_EVENT = pytest.mark.parametrize(("aspect", "kind"), BY_EVENT, ids=lambda v: getattr(v, "id", v))
SEROLOGIES = (EventKind.HEPATITIS_B_SEROLOGY, EventKind.HSV_SEROLOGY, EventKind.CMV_SEROLOGY)


def see(aspect: Aspect, relapsed: str | None = RELAPSED, **record: Any) -> Seen:
    timeline = PatientTimeline(PERSON, diagnoses=(diagnosis(), relapse(relapsed)), **record)
    return aspect.read(Chart(draw(timeline, ON), timeline, {}))


def possible(aspect: Aspect, relapsed: str | None = RELAPSED, **record: Any) -> set[Any]:
    found = see(aspect, relapsed, **record)
    assert found.settled or found.because
    return set(found.possible)


def event(kind: EventKind, when: str | None, **more: Any) -> Event:
    return Event(f"Procedure/{kind.name}-{when}", day(when), kind, **more)


def gene(marker: Marker, when: str | None, **more: Any) -> Genetic:
    return Genetic(f"Observation/{marker.name}-{when}", day(when), marker, present=True, **more)


def antigen(which: Antigen, when: str | None) -> AntigenResult:
    return AntigenResult(f"Observation/{which.name}-{when}", day(when), which, Expression.POSITIVE)


def result(measure: Measure, when: str | None) -> Measurement:
    return Measurement(f"Observation/{measure.name}", day(when), measure, Interval.exactly(4.0))


@EACH_EVENT
def test_an_examination_counts_from_two_weeks_before_the_relapse(aspect: Aspect, kind: EventKind) -> None:
    assert possible(aspect, events=(event(kind, "2025-06-01"),)) == YES
    assert possible(aspect, events=(event(kind, "2025-05-31"),)) == NO


@EACH_EVENT
def test_silence_is_no_only_where_all_parts_were_read(aspect: Aspect, kind: EventKind) -> None:
    assert possible(aspect) == NO
    assert possible(aspect, missing={Part.PROCEDURES: "not retrieved"}) == OPEN
    told = (event(kind, RELAPSED),)
    assert possible(aspect, events=told, missing={Part.PROCEDURES: "not retrieved"}) == YES


@EACH_EVENT
@pytest.mark.parametrize(
    ("when", "more"),
    [(None, {}), ("2025", {}), (RELAPSED, {"certain": False}), (RELAPSED, {"route": Route.TEXT})],
)
def test_what_cannot_be_placed_or_is_not_sure_stays_open(
    aspect: Aspect, kind: EventKind, when: str | None, more: dict[str, Any]
) -> None:
    found = see(aspect, events=(event(kind, when, **more),))
    assert set(found.possible) == OPEN
    assert found.evidence == (f"Procedure/{kind.name}-{when}",)


def test_without_the_date_of_the_relapse_what_is_on_record_cannot_be_placed() -> None:
    assert possible(done.ECG_DONE, None, events=(event(EventKind.ECG, RELAPSED),)) == OPEN
    assert possible(done.ECG_DONE, None) == NO


def test_a_relapse_known_to_the_month_leaves_its_two_weeks_before_open() -> None:
    assert possible(done.ECG_DONE, "2025-06", events=(event(EventKind.ECG, "2025-06-16"),)) == YES
    assert possible(done.ECG_DONE, "2025-06", events=(event(EventKind.ECG, "2025-06-15"),)) == OPEN
    assert possible(done.ECG_DONE, "2025-06", events=(event(EventKind.ECG, "2025-05-17"),)) == NO


def test_results_show_that_marrow_and_spinal_fluid_were_looked_at() -> None:
    assert possible(done.MARROW_DONE, measurements=(marrow(80, RELAPSED),)) == YES
    assert possible(done.MARROW_DONE, measurements=(marrow(80, "2022-01-15"),)) == NO
    assert possible(done.CSF_DONE, measurements=(csf(Measure.CSF_LEUKOCYTES, 0),)) == YES
    assert possible(done.CSF_DONE, events=(event(EventKind.INTRATHECAL, RELAPSED),)) == OPEN


@pytest.mark.parametrize(
    ("when", "intrathecal", "expected"),
    [
        (RELAPSED, True, OPEN),
        (None, True, OPEN),
        ("2025-05-31", True, NO),
        (RELAPSED, False, NO),
        (RELAPSED, None, NO),
    ],
)
def test_a_drug_into_the_spinal_fluid_leaves_its_examination_open(
    when: str | None, intrathecal: bool | None, expected: set[Any]
) -> None:
    dose = DrugUse("MedicationAdministration/it", day(when), "methotrexate", intrathecal=intrathecal)
    assert possible(done.CSF_DONE, drugs=(dose,)) == expected


def test_both_antigens_are_needed() -> None:
    one, other = antigen(Antigen.CD19, RELAPSED), antigen(Antigen.CD22, RELAPSED)
    assert possible(done.CD19_CD22_DONE, antigens=(one, other)) == YES
    assert possible(done.CD19_CD22_DONE, antigens=(one,)) == NO
    assert possible(done.CD19_CD22_DONE, antigens=(one, antigen(Antigen.CD22, None))) == OPEN
    assert possible(done.CD19_CD22_DONE, antigens=(one,), missing={Part.LABORATORY: "no"}) == OPEN
    assert possible(done.IMMUNOPHENOTYPE_DONE, antigens=(one,)) == YES


def test_genetic_results_show_their_test_and_no_other() -> None:
    assert possible(done.BCR_ABL1_DONE, genetics=(gene(Marker.BCR_ABL1, RELAPSED),)) == YES
    assert possible(done.BCR_ABL1_DONE, genetics=(gene(Marker.BCR_ABL1, "2022-01-20"),)) == NO
    assert possible(done.KINASE_MUTATIONS_DONE, genetics=(gene(Marker.T315I, RELAPSED),)) == YES
    assert possible(done.CYTOGENETICS_DONE, genetics=(gene(Marker.HYPODIPLOIDY, RELAPSED),)) == YES
    assert possible(done.CYTOGENETICS_DONE, events=(event(EventKind.GENOMIC_TEST, RELAPSED),)) == OPEN
    assert possible(done.SEQUENCING_DONE, genetics=(gene(Marker.JAK2, RELAPSED),)) == OPEN
    assert possible(done.SEQUENCING_DONE, genetics=(gene(Marker.BCR_ABL1, RELAPSED),)) == NO


def test_all_three_serologies_are_needed() -> None:
    told = tuple(event(kind, RELAPSED) for kind in SEROLOGIES)
    assert possible(done.SEROLOGY_DONE, events=told) == YES
    assert possible(done.SEROLOGY_DONE, events=told[:2]) == NO
    assert possible(done.SEROLOGY_DONE, events=(*told[:2], event(SEROLOGIES[2], None))) == OPEN


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        ((Measure.PLATELETS, Measure.ALBUMIN), YES),
        ((Measure.LEUKOCYTES, Measure.ALBUMIN), YES),
        ((Measure.PLATELETS,), OPEN),
        ((Measure.ALBUMIN,), OPEN),
        ((), NO),
    ],
)
def test_blood_count_and_chemistry_are_both_needed(measures: tuple[Measure, ...], expected: set[Any]) -> None:
    assert possible(done.BASELINE_DONE, measurements=tuple(result(m, RELAPSED) for m in measures)) == expected


def test_a_recorded_testicular_relapse_was_examined() -> None:
    second = relapse(RELAPSED, sites=frozenset({Site.TESTIS}))
    timeline = PatientTimeline(
        PERSON,
        diagnoses=(diagnosis(), second),
        measurements=(marrow(1, RELAPSED), csf(Measure.CSF_LEUKOCYTES, 0)),
    )
    assert done.TESTES_DONE.read(Chart(draw(timeline, ON), timeline, {})).possible == YES


@pytest.mark.parametrize("when", ["2022-02-01", RELAPSED, None])
def test_hla_typing_counts_whenever_it_was_done(when: str | None) -> None:
    assert possible(done.HLA_DONE, events=(event(EventKind.HLA_TYPING, when),)) == YES


@pytest.mark.parametrize(
    ("kind", "certain", "expected"),
    [
        ("allogeneic", True, YES),
        ("autologous", True, NO),
        (None, True, OPEN),
        ("allogeneic", False, OPEN),
    ],
)
def test_a_donor_transplant_means_that_typing_was_done(
    kind: str | None, certain: bool, expected: set[Any]
) -> None:
    given = Transplant("Procedure/t", day("2024-01-10"), kind, certain=certain)
    assert possible(done.HLA_DONE, transplants=(given,)) == expected


def test_hla_typing_in_text_only_or_in_an_unread_part_stays_open() -> None:
    assert possible(done.HLA_DONE) == NO
    assert possible(done.HLA_DONE, missing={Part.REPORTS: "no"}) == OPEN
    told = event(EventKind.HLA_TYPING, RELAPSED, route=Route.TEXT)
    assert possible(done.HLA_DONE, events=(told,)) == OPEN


@pytest.mark.parametrize(("when", "left"), [("2025-06-01", OPEN), ("2025-05-31", NO)])
def test_a_doubtful_trace_counts_from_the_same_day_as_a_sure_one(when: str, left: set[Any]) -> None:
    doubtful = event(EventKind.ECG, when, certain=False)
    assert possible(done.ECG_DONE, events=(doubtful,)) == left
