"""The CAR-T checklist: each label criterion and each condition of collection and infusion by itself."""

from datetime import timedelta
from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.findings import Field, Irradiation
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    CarT,
    DrugUse,
    Lineage,
    Measure,
    Measurement,
    Part,
    PatientTimeline,
    Person,
    Site,
    Transplant,
)
from cds_rules.treatment.car_t_checklist import LINES, Criterion, Topic, checklist
from tests.unit.advice_charts import chart
from tests.unit.charts import ON, day, diagnosis, marrow, relapse, remission

YES, NO, UNKNOWN = Answer
CHILD = Person("Patient/p", day("2015-04-01"))
MARROW = frozenset({Site.MARROW})
TWICE = (
    diagnosis(),
    relapse("2024-01-01", "r1", sites=MARROW),
    remission("2024-03-01"),
    relapse("2025-12-01", "r2", sites=MARROW),
)
ONCE = (diagnosis(), relapse("2025-10-01", sites=MARROW))


def ago(days: int) -> str:
    return (ON - timedelta(days=days)).isoformat()


def count(measure: Measure, value: float) -> Measurement:
    return Measurement(f"Observation/{measure.name}", day(ago(1)), measure, Interval.exactly(value))


def given(drug: str, days: int) -> DrugUse:
    return DrugUse(f"MedicationAdministration/{drug}", day(ago(days)), drug)


def judged(*diagnoses: Any, person: Person = CHILD, **record: Any) -> dict[str, Criterion]:
    timeline = PatientTimeline(person, diagnoses=diagnoses or TWICE, **record)
    return {c.id: c for c in checklist(chart(timeline, ON))}


def answers(*diagnoses: Any, person: Person = CHILD, **record: Any) -> dict[str, Answer]:
    return {name: c.answer for name, c in judged(*diagnoses, person=person, **record).items()}


def test_every_line_names_itself_once_and_has_a_source() -> None:
    assert len({line.id for line in LINES}) == len(LINES)
    assert {line.topic for line in LINES} == set(Topic)
    assert all(line.cites for line in LINES)


def test_a_child_in_second_relapse_meets_one_label_and_not_the_other() -> None:
    found = answers()
    assert [found[f"TISA-{n}"] for n in (1, 2, 3, 4)] == [YES, YES, YES, YES]
    assert [found[f"BREXU-{n}"] for n in (1, 2, 3, 4)] == [YES, NO, YES, YES]


@pytest.mark.parametrize(
    ("birth", "tisagenlecleucel", "brexucabtagene"),
    [
        ("2000-01-02", YES, YES),  # 26 tomorrow
        ("2000-01-01", NO, YES),  # 26 today
        ("2000", UNKNOWN, YES),
        ("2008-01-01", YES, YES),  # 18 today
        ("2008-01-02", YES, NO),
        (None, UNKNOWN, UNKNOWN),
    ],
)
def test_age_is_cut_at_the_birthdays(
    birth: str | None, tisagenlecleucel: Answer, brexucabtagene: Answer
) -> None:
    found = answers(person=Person("Patient/p", day(birth)))
    assert (found["TISA-2"], found["BREXU-2"]) == (tisagenlecleucel, brexucabtagene)


@pytest.mark.parametrize(("blasts", "expected"), [(5.0, YES), (4.9, NO), (None, UNKNOWN)])
def test_a_first_relapse_is_in_the_label_only_if_refractory(blasts: float | None, expected: Answer) -> None:
    looks = () if blasts is None else (marrow(blasts, "2025-11-05"),)
    assert answers(*ONCE, measurements=looks)["TISA-3"] is expected


def test_t_lineage_and_an_earlier_car_t_are_not_met() -> None:
    t_all = (diagnosis(lineage=Lineage.T), relapse("2025-10-01", sites=MARROW))
    assert answers(*t_all)["TISA-1"] is NO
    infused = (CarT("Procedure/c", day("2024-06-01"), "tisagenlecleucel"),)
    assert answers(car_t=infused)["TISA-4"] is NO
    assert answers(missing={Part.PROCEDURES: "not allowed"})["TISA-4"] is UNKNOWN


@pytest.mark.parametrize(
    ("lymphocytes", "t_cells", "minimum", "above"),
    [
        (299, 99, NO, NO),
        (300, 99, YES, NO),
        (301, 99, YES, YES),
        (299, 100, YES, NO),
        (299, 201, YES, YES),
        (299, None, UNKNOWN, UNKNOWN),
        (301, None, YES, YES),
        (None, None, UNKNOWN, UNKNOWN),
    ],
)
def test_counts_by_myers(
    lymphocytes: float | None, t_cells: float | None, minimum: Answer, above: Answer
) -> None:
    told = [(Measure.LYMPHOCYTES, lymphocytes), (Measure.T_CELLS, t_cells)]
    found = answers(measurements=tuple(count(m, v) for m, v in told if v is not None))
    assert (found["MYE-1"], found["MYE-2"]) == (minimum, above)


@pytest.mark.parametrize(
    ("leukocytes", "blasts", "outer", "inner"),
    [
        (40_001, 81, NO, NO),
        (40_000, 81, YES, NO),
        (40_001, 80, YES, NO),
        (20_000, 90, YES, YES),
        (50_000, 50, YES, YES),
        (50_000, None, UNKNOWN, UNKNOWN),
        (20_000, None, YES, YES),
    ],
)
def test_blasts_by_myers(leukocytes: float, blasts: float | None, outer: Answer, inner: Answer) -> None:
    told = [(Measure.LEUKOCYTES, leukocytes), (Measure.BLOOD_BLASTS, blasts)]
    found = answers(measurements=tuple(count(m, v) for m, v in told if v is not None))
    assert (found["MYE-3"], found["MYE-4"]) == (outer, inner)


def test_washouts_after_a_transplant() -> None:
    drugs = (
        given("dexamethasone", 2),
        given("vincristine", 14),
        given("pembrolizumab", 42),
        given("tacrolimus", 27),
    )
    transplants = (Transplant("Procedure/t", day(ago(100)), "allogeneic"),)
    found = answers(drugs=drugs, transplants=transplants)
    assert [found[f"MYE-{n}"] for n in range(5, 13)] == [NO, YES, YES, NO, YES, NO, NO, YES]


def test_conditions_after_a_transplant_are_met_without_one() -> None:
    found = answers(drugs=(given("tacrolimus", 1),))
    assert [found[f"MYE-{n}"] for n in (9, 10, 11, 12)] == [YES, YES, YES, YES]


@pytest.mark.parametrize(
    ("drugs", "lymphocytes", "t_cells", "expected"),
    [
        ((given("mercaptopurine", 400),), 250, 201, (YES, YES, YES)),
        ((given("mercaptopurine", 400),), 900, 200, (NO, YES, YES)),
        ((given("vincristine", 14),), 501, 50, (YES, YES, YES)),
        ((given("vincristine", 13),), 500, 900, (YES, NO, NO)),
        ((), 501, 201, (YES, UNKNOWN, YES)),
    ],
)
def test_conditions_by_hunger_and_raetz(
    drugs: tuple[DrugUse, ...], lymphocytes: float, t_cells: float, expected: tuple[Answer, ...]
) -> None:
    counts = (count(Measure.LYMPHOCYTES, lymphocytes), count(Measure.T_CELLS, t_cells))
    found = answers(drugs=drugs, measurements=counts)
    assert tuple(found[f"HR-{n}"] for n in (1, 2, 3)) == expected


def test_the_two_sources_may_disagree_and_both_are_told() -> None:
    counts = (count(Measure.LYMPHOCYTES, 400),)
    found = answers(drugs=(given("vincristine", 20),), measurements=counts)
    assert (found["MYE-1"], found["HR-3"]) == (YES, NO)


@pytest.mark.parametrize(
    ("days", "four", "eight"), [(10, NO, NO), (49, YES, NO), (77, YES, YES), (30, UNKNOWN, NO)]
)
def test_cranial_radiation_before_an_infusion(days: int, four: Answer, eight: Answer) -> None:
    radiation = (Irradiation("Procedure/r", day(ago(days)), Field.CRANIAL),)
    found = answers(irradiations=radiation)
    assert (found["INF-2"], found["INF-3"]) == (four, eight)


def test_a_cns_relapse_leaves_its_control_to_the_team() -> None:
    cns = (diagnosis(), relapse("2025-10-01", sites=frozenset({Site.CNS})))
    found = judged(*cns)
    assert found["INF-1"].answer is UNKNOWN
    assert found["INF-4"].answer is UNKNOWN
    assert found["INF-1"].because
    assert found["INF-1"].settled_by


def test_an_unknown_line_says_why_and_what_would_settle_it_and_a_settled_one_shows_its_facts() -> None:
    found = judged(measurements=(count(Measure.LYMPHOCYTES, 400),))
    assert found["MYE-1"].evidence == ("Observation/LYMPHOCYTES",)
    assert found["MYE-1"].settled_by is None
    for criterion in found.values():
        if criterion.answer is UNKNOWN:
            assert criterion.because, criterion.id
            assert criterion.settled_by, criterion.id


def test_topics_can_be_asked_for() -> None:
    timeline = PatientTimeline(CHILD, diagnoses=TWICE)
    asked = checklist(chart(timeline, ON), Topic.TISAGENLECLEUCEL)
    assert [c.id for c in asked] == ["TISA-1", "TISA-2", "TISA-3", "TISA-4"]
