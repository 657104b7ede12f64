"""Registry records as trials: fields matched with three values, the text carried as it stands."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.timeline import PatientTimeline, Person
from cds_rules.treatment.aspect import ASPECTS, Seen
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.weigh import Sight
from cds_rules.trials.ages import Age, AgeRange
from cds_rules.trials.catalogue import TRIALS
from cds_rules.trials.conditions import ways_of
from cds_rules.trials.criteria import AGE_IN_RANGE, QUESTIONS
from cds_rules.trials.match import TrialSet
from cds_rules.trials.registered import criteria_of, found, phase_of, with_records
from cds_rules.trials.study import RegistryStatus, Sex, Study
from cds_rules.trials.trial import Grade, Origin, Role, Tier, Trial, TrialMatch
from tests.unit.charts import PERSON, picture
from tests.unit.made_up_trials import STUDY

ON = date(2026, 1, 1)
READS = sorted(frozenset().union(*(when.reads for when in QUESTIONS.values())))


def matched(
    trial: Trial, *, birth: str | None = "2012-08-20", sex: str | None = "female", **known: str
) -> TrialMatch:
    """For a patient of whom the aspects named (dots as __) are known, and nothing else."""
    facts = {name.replace("__", "."): value for name, value in known.items()}
    possible = {
        name: frozenset(v for v in ASPECTS[name].values if v == facts.get(name)) or ASPECTS[name].every
        for name in READS
    }
    seen = Sight.of({name: Seen(values, ("Observation/o",)) for name, values in possible.items()})
    person = replace(PERSON, birth=PartialDate.parse(birth) if birth else None, sex=sex)
    chart = Chart(picture(on=ON, person=person), PatientTimeline(Person("Patient/p")), {})
    (match,) = TrialSet([trial]).matches(seen, chart)
    return match


def answers(match: TrialMatch) -> dict[str, Answer]:
    return {a.criterion.text: a.met for a in match.answers}


def test_fields_and_lines_are_answered_one_by_one() -> None:
    match = matched(found(STUDY), lineage="B", antigens__CD22="positive", carT="no")
    assert answers(match) == {
        "Conditions: Recurrent B Acute Lymphoblastic Leukemia": Answer.YES,
        "Age: 6 months to 30 years": Answer.YES,
        "Sex: all": Answer.YES,
        "Relapsed or refractory B-ALL": Answer.UNKNOWN,
        "CD22 expression": Answer.YES,
        "Prior CAR-T therapy": Answer.YES,
        "Pregnancy": Answer.UNKNOWN,
    }
    assert (match.grade, match.unknown, match.met) == (Grade.POSSIBLE, 2, 5)
    assert [a.criterion.origin for a in match.answers][2:4] == [Origin.FIELD, Origin.TEXT]
    told = {a.criterion.text: a for a in match.answers}
    assert told["CD22 expression"].because == "CD22 on the blasts: positive"
    assert told["CD22 expression"].evidence == ("Observation/o",)
    assert told["Pregnancy"].because is not None


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({"lineage": "T"}, "Conditions: Recurrent B Acute Lymphoblastic Leukemia"),
        ({"antigens__CD22": "negative"}, "CD22 expression"),
        ({"carT": "yes"}, "Prior CAR-T therapy"),
        ({"birth": "1990-01-01"}, "Age: 6 months to 30 years"),
        ({"birth": "2025-08-01"}, "Age: 6 months to 30 years"),
    ],
)
def test_one_criterion_that_is_not_met_excludes_and_is_named(known: dict[str, str], text: str) -> None:
    match = matched(found(STUDY), **known)
    assert match.grade is Grade.EXCLUDED
    assert answers(match)[text] is Answer.NO


def test_a_line_that_is_only_linked_tells_what_the_record_says_and_stays_open() -> None:
    study = replace(STUDY, criteria="Exclusion Criteria:\n* CAR-T therapy within the last 100 days")
    match = matched(found(study), carT="yes")
    last = match.answers[-1]
    assert last.met is Answer.UNKNOWN
    assert last.because is not None
    assert "CAR-T infused before: yes" in last.because
    assert last.evidence == ("Observation/o",)
    assert match.grade is Grade.POSSIBLE


def test_the_text_is_carried_word_for_word() -> None:
    odd = "Inclusion Criteria:\n* Bilirubin \\< 2 x ULN **and** AST ≤ 5 × ULN"
    assert criteria_of(replace(STUDY, criteria=odd))[-1].text == "Bilirubin \\< 2 x ULN **and** AST ≤ 5 × ULN"


def test_lines_under_no_heading_answer_nothing() -> None:
    match = matched(found(replace(STUDY, criteria="* Prior CAR-T therapy")), carT="yes")
    assert match.answers[-1].criterion.role is Role.UNSTATED
    assert match.answers[-1].met is Answer.UNKNOWN


# ---- the fields ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ages", "birth", "says"),
    [
        ("18 Years-", "2008-01-01", Answer.YES),
        ("18 Years-", "2008-01-02", Answer.NO),
        ("-18 Years", "2007-01-02", Answer.YES),
        ("-18 Years", "2007-01-01", Answer.NO),
        ("6 Months-", "2025-07-01", Answer.YES),
        ("6 Months-", "2025-07-02", Answer.NO),
        ("-8 Weeks", "2025-10-31", Answer.YES),
        ("-8 Weeks", "2025-10-30", Answer.NO),
        ("28 Days-", "2025-12-04", Answer.YES),
        ("28 Days-", "2025-12-05", Answer.NO),
        ("24 Hours-", "2025-12-31", Answer.YES),
        ("24 Hours-", "2026-01-01", Answer.NO),
        ("18 Years-", "2008", Answer.UNKNOWN),
        ("18 Years-", None, Answer.UNKNOWN),
        ("-", None, Answer.YES),
        ("18 Years-12 Years", "2008-01-01", Answer.UNKNOWN),
    ],
)
def test_an_age_bound_may_be_open_and_in_any_unit(ages: str, birth: str | None, says: Answer) -> None:
    low, high = (Age.parse(part) if part else None for part in ages.split("-"))
    match = matched(found(replace(STUDY, ages=AgeRange(low, high))), birth=birth)
    assert match.answers[1].met is says
    assert match.answers[1].because


@pytest.mark.parametrize(
    ("wanted", "sex", "says"),
    [
        (Sex.ALL, None, Answer.YES),
        (Sex.FEMALE, "female", Answer.YES),
        (Sex.FEMALE, "male", Answer.NO),
        (Sex.MALE, "female", Answer.NO),
        (Sex.MALE, "other", Answer.UNKNOWN),
        (Sex.MALE, "unknown", Answer.UNKNOWN),
        (Sex.MALE, None, Answer.UNKNOWN),
        (None, "male", Answer.UNKNOWN),
    ],
)
def test_a_sex_is_met_not_met_or_open(wanted: Sex | None, sex: str | None, says: Answer) -> None:
    assert matched(found(replace(STUDY, sex=wanted)), sex=sex).answers[2].met is says


@pytest.mark.parametrize(
    ("conditions", "b", "t"),
    [
        (("Acute Lymphoblastic Leukemia",), Answer.YES, Answer.YES),
        (("Precursor Cell Lymphoblastic Leukemia-Lymphoma",), Answer.YES, Answer.YES),
        (("Refractory B Acute Lymphoblastic Leukemia", "Acute Myeloid Leukemia"), Answer.YES, Answer.NO),
        (("T-cell Acute Lymphoblastic Leukemia", "T-Cell Lymphoma"), Answer.NO, Answer.YES),
        (("Acute Myeloid Leukemia",), Answer.NO, Answer.NO),
        (("Multiple Myeloma", "Non-hodgkin Lymphoma"), Answer.NO, Answer.NO),
        (("Leukemia",), Answer.UNKNOWN, Answer.UNKNOWN),
        (("Hematologic Malignancy", "Acute Myeloid Leukemia"), Answer.UNKNOWN, Answer.UNKNOWN),
        (("Mixed Phenotype Acute Leukemia",), Answer.UNKNOWN, Answer.UNKNOWN),
        (("Philadelphia Chromosome Positive Acute Lymphoblastic Leukemia",), Answer.UNKNOWN, Answer.UNKNOWN),
        ((), Answer.UNKNOWN, Answer.UNKNOWN),
    ],
)
def test_the_conditions_tell_the_disease_where_they_are_understood(
    conditions: tuple[str, ...], b: Answer, t: Answer
) -> None:
    trial = found(replace(STUDY, conditions=conditions, criteria=""))
    assert matched(trial, lineage="B").answers[0].met is b
    assert matched(trial, lineage="T").answers[0].met is t


def test_a_disease_beside_all_that_is_not_understood_does_not_exclude() -> None:
    assert ("ask-team",) in ways_of(("ALL, Childhood", "Something Rare")).ways


def test_a_trial_of_newly_diagnosed_leukemia_is_not_for_a_relapse_unless_it_speaks_of_one() -> None:
    study = replace(STUDY, title="Chemotherapy for newly diagnosed ALL", conditions=("ALL",), criteria="")
    assert matched(found(study), relapseNumber="first relapse").grade is Grade.EXCLUDED
    both = replace(study, criteria="Inclusion Criteria:\n* Newly diagnosed, or in first relapse")
    assert matched(found(both), relapseNumber="first relapse").grade is Grade.POSSIBLE


@pytest.mark.parametrize(
    ("phases", "phase"),
    [
        ((), None),
        (("PHASE1", "PHASE2"), "1/2"),
        (("NA",), "n-a"),
        (("EARLY_PHASE1",), "early 1"),
        (("PHASE4",), "4"),
    ],
)
def test_a_list_of_phases_is_one_phase(phases: tuple[str, ...], phase: str | None) -> None:
    assert phase_of(replace(STUDY, phases=phases)) == phase


# ---- with the catalogue ----------------------------------------------------------------------------


def record_of(name: str, **changed: object) -> Study:
    return replace(STUDY, nct_id=name, **changed)  # type: ignore[arg-type]


def test_a_trial_of_the_catalogue_gets_the_status_of_the_registry_and_keeps_what_the_source_said() -> None:
    (trial,) = (t for t in with_records(TRIALS, {"NCT02650414": record_of("NCT02650414")}) if t.study)
    assert str(trial.status) == "recruiting, 2026-01-01 (ClinicalTrials.gov)"
    assert trial.status_in_source == TRIALS["NCT02650414"].status
    assert trial.tier is Tier.REGISTRY
    assert trial.cites
    own = [c for c in trial.criteria if c.origin is Origin.SOURCE]
    # The bounds of the registry stand in for "a trial of a pediatric source".
    assert {c.question for c in own} == {"relapse-in-hand", "b-lineage", "cd22"}
    assert [c.text for c in trial.criteria if c.origin is Origin.FIELD][1] == "Age: 6 months to 30 years"


def test_without_bounds_in_the_registry_the_age_of_the_source_stays() -> None:
    bare = record_of("NCT00967057", ages=AgeRange())
    (trial,) = (t for t in with_records(TRIALS, {bare.nct_id: bare}) if t.study)
    assert AGE_IN_RANGE in {c.question for c in trial.criteria}
    assert trial.ages == (1, 18)


def test_a_first_line_trial_is_never_matched_whatever_the_registry_says_of_it() -> None:
    first_line = record_of("NCT03876769")
    trials = with_records(TRIALS, {first_line.nct_id: first_line})
    assert "NCT03876769" in {t.id for t in trials}
    assert "NCT03876769" not in {t.id for t in TrialSet(trials).trials}


def test_trials_that_no_source_names_are_added_and_each_is_there_once() -> None:
    trials = with_records(TRIALS, {STUDY.nct_id: STUDY, "NCT02650414": record_of("NCT02650414")})
    names = [t.id for t in trials]
    assert len(names) == len(set(names)) == len(TRIALS) + 1
    assert trials[-1].tier is Tier.FOUND


@pytest.mark.parametrize("status", RegistryStatus)
def test_only_recruiting_and_available_trials_are_open(status: RegistryStatus) -> None:
    takes = found(replace(STUDY, status=status)).open_on(ON, 30)
    assert takes is (status in (RegistryStatus.RECRUITING, RegistryStatus.AVAILABLE))
    assert len(RegistryStatus) == 14


@pytest.mark.parametrize(("days", "fresh"), [(-2, False), (-1, True), (0, True), (30, True), (31, False)])
def test_a_trial_is_open_as_long_as_its_status_is_fresh(days: int, fresh: bool) -> None:
    assert found(STUDY).open_on(ON + timedelta(days=days), 30) is fresh


def test_no_trial_is_open_by_what_a_source_says() -> None:
    assert [t.id for t in TRIALS.values() if t.open_on(date(2020, 1, 2), 30)] == []
