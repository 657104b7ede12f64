"""Laws of the matching: learning never turns excluded into eligible, not knowing never removes a trial."""

from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.timeline import PatientTimeline, Person
from cds_rules.treatment.aspect import ASPECTS, Seen
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.weigh import Sight, apart, complete_cases
from cds_rules.trials.ages import Age, AgeRange
from cds_rules.trials.catalogue import FOR_RELAPSE, TRIALS
from cds_rules.trials.criteria import QUESTIONS
from cds_rules.trials.match import TrialSet, matches
from cds_rules.trials.read_line import PHRASES
from cds_rules.trials.registered import with_records
from cds_rules.trials.study import Sex
from cds_rules.trials.trial import Criterion, Grade, Role, Trial, TrialMatch
from tests.unit.charts import PERSON, picture
from tests.unit.made_up_trials import STUDY

MOST_CASES = 20_000
ON = date(2026, 1, 1)
ROLES = ("Inclusion", "Exclusion")
INCLUSION, EXCLUSION = Role.INCLUSION, Role.EXCLUSION
READS = sorted(frozenset().union(*(when.reads for when in QUESTIONS.values())))

STUDIES = (
    STUDY,
    replace(STUDY, nct_id="NCT02650414", ages=AgeRange(), sex=Sex.MALE),
    replace(STUDY, nct_id="NCT90000002", sex=Sex.FEMALE, conditions=("T-ALL", "Ph Positive ALL")),
    replace(STUDY, nct_id="NCT90000003", title="Newly diagnosed ALL", conditions=("Leukemia", "B-ALL")),
    replace(
        STUDY,
        nct_id="NCT90000004",
        ages=AgeRange(Age.parse("20 Weeks"), Age.parse("400 Days")),
        criteria="".join(f"{role} Criteria:\n" + "".join(f"* {p}\n" for p in PHRASES) for role in ROLES),
    ),
)
"""Between them every kind of field, and every phrase that is read of a text, asked for and excluded."""
WITH_REGISTRY = TrialSet(with_records(TRIALS, {study.nct_id: study for study in STUDIES}))

Facts = dict[str, frozenset[StrEnum]]
Birth = PartialDate | None


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Possible values of every aspect that a question reads: settled, narrowed or open."""
    settled = st.sampled_from
    return {
        name: draw(
            st.one_of(
                settled(list(ASPECTS[name].values)).map(lambda v: frozenset({v})),
                st.frozensets(settled(list(ASPECTS[name].values)), min_size=1),
                st.just(ASPECTS[name].every),
            )
        )
        for name in READS
    }


@st.composite
def births(draw: st.DrawFn) -> Birth:
    if draw(st.booleans()):
        return None
    first = draw(st.dates(date(1950, 1, 1), ON))
    return PartialDate(first, first + timedelta(days=draw(st.integers(0, 3000))))


def matched(possible: Facts, birth: Birth) -> dict[str, TrialMatch]:
    drawn = picture(on=ON, person=replace(PERSON, birth=birth))
    chart = Chart(drawn, PatientTimeline(Person("Patient/p")), {})
    seen = Sight.of({name: Seen(values) for name, values in possible.items()})
    return {match.trial.id: match for match in WITH_REGISTRY.matches(seen, chart)}


@settings(max_examples=60, deadline=None)
@given(facts(), births(), st.data())
def test_learning_a_fact_only_settles_what_was_open(less: Facts, birth: Birth, data: st.DataObject) -> None:
    more = {name: frozenset({data.draw(st.sampled_from(sorted(values)))}) for name, values in less.items()}
    # Nobody is born after the day of assessment, unless the whole of the date given lies there.
    known = birth
    if birth is not None:
        latest = min(birth.latest, max(birth.earliest, ON))
        known = PartialDate.on(data.draw(st.dates(birth.earliest, latest)))
    before, after = matched(less, birth), matched(more, known)
    for trial, old in before.items():
        new = after[trial]
        for was, now in zip(old.answers, new.answers, strict=True):
            assert was.met in (now.met, Answer.UNKNOWN)
        if old.grade is not Grade.POSSIBLE and (known is None or known.earliest <= ON):
            assert new.grade is old.grade


@settings(max_examples=60, deadline=None)
@given(facts(), births(), st.data())
def test_making_a_fact_unknown_never_removes_a_trial(some: Facts, birth: Birth, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(READS))
    before, after = matched(some, birth), matched({**some, name: ASPECTS[name].every}, birth)
    assert {trial.id for trial in FOR_RELAPSE} <= set(before)
    assert set(before) == set(after) == {trial.id for trial in WITH_REGISTRY.trials}
    for trial, old in before.items():
        assert after[trial].grade in (old.grade, Grade.POSSIBLE)
        assert after[trial].unknown >= old.unknown
    undated = matched(some, None)
    assert all(undated[trial].grade in (old.grade, Grade.POSSIBLE) for trial, old in before.items())


@settings(max_examples=40, deadline=None)
@given(facts(), births())
def test_a_grade_is_what_its_answers_say_and_the_order_is_by_grade(some: Facts, birth: Birth) -> None:
    found = list(matched(some, birth).values())
    for match in found:
        met = {answer.met for answer in match.answers}
        assert (match.grade is Grade.EXCLUDED) is (Answer.NO in met)
        assert (match.grade is Grade.ELIGIBLE) is (met == {Answer.YES})
        for answer in match.answers:
            assert answer.because or answer.met is not Answer.UNKNOWN
            assert not answer.needs or answer.met is Answer.UNKNOWN
    ranks = [list(Grade).index(match.grade) for match in found]
    assert ranks == sorted(ranks)
    open_ones = [match.unknown for match in found if match.grade is Grade.POSSIBLE]
    assert open_ones == sorted(open_ones)


@settings(max_examples=40, deadline=None)
@given(facts(), births(), st.sampled_from(sorted(QUESTIONS)))
def test_an_exclusion_is_met_when_the_inclusion_is_not(some: Facts, birth: Birth, name: str) -> None:
    chart = Chart(picture(on=ON), PatientTimeline(Person("Patient/p")), {})
    seen = Sight.of({name: Seen(values) for name, values in some.items()})
    base = TRIALS["NCT02650414"]
    asked = [
        replace(base, id=role, criteria=(Criterion("x", role, name),)) for role in (INCLUSION, EXCLUSION)
    ]
    one, other = (match.answers[0].met for match in sorted(matches(seen, chart, asked), key=_id))
    assert one is ~other


def _id(match: TrialMatch) -> str:
    return match.trial.id


def test_a_trial_that_is_not_for_relapse_is_never_matched() -> None:
    first_line = TRIALS["NCT03876769"]
    chart = Chart(picture(on=ON), PatientTimeline(Person("Patient/p")), {})
    seen = Sight.of({name: Seen(ASPECTS[name].every) for name in READS})
    assert matches(seen, chart, (first_line,)) == ()
    bare: Trial = replace(first_line, for_relapse=True)
    assert [match.grade for match in matches(seen, chart, (bare,))] == [Grade.POSSIBLE]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_can_hold_and_can_fail_and_is_small(name: str) -> None:
    when = QUESTIONS[name]
    assert {when.holds(case) for case in complete_cases(when)} == {True, False}
    for part, _ in apart(when):
        assert sum(1 for _ in complete_cases(part)) <= MOST_CASES
