"""Weighing by hand: parts of a rule, what they wait for, and the rules that a chart leaves alive."""

from enum import StrEnum

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.timeline import PatientTimeline, Person
from cds_rules.treatment.aspect import ASPECTS, Aspect, Seen, When, YesNo
from cds_rules.treatment.aspects.mrd import END_BLOCK1, MrdBand
from cds_rules.treatment.aspects.orders import CAR_T_PLAN, COLLECTION_PLAN
from cds_rules.treatment.aspects.person import AGE, Age, adult, pediatric
from cds_rules.treatment.recommend import in_audience, look, recommendations
from cds_rules.treatment.sections import ADVICE
from cds_rules.treatment.weigh import (
    Need,
    Sight,
    Verdict,
    apart,
    bits_of,
    complete_cases,
    plan,
    reads_of,
    weigh,
)
from tests.unit.advice_charts import chart
from tests.unit.charts import marrow_relapse

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
EITHER = frozenset(YesNo)
HIGH = END_BLOCK1.is_(MrdBand.FROM)


def seen(**possible: frozenset[StrEnum] | StrEnum) -> dict[str, Seen]:
    """Aspects as given; the others settled as no, a child, and MRD below both lines."""
    settled = {CAR_T_PLAN: YesNo.NO, COLLECTION_PLAN: YesNo.NO, AGE: Age.CHILD, END_BLOCK1: MrdBand.BELOW}
    rest: dict[str, StrEnum] = {aspect.id: value for aspect, value in settled.items()}
    values = {**rest, **possible}
    return {name: Seen(v if isinstance(v, frozenset) else frozenset({v})) for name, v in values.items()}


def of(aspect: Aspect, *values: StrEnum) -> dict[str, frozenset[StrEnum]]:
    return {aspect.id: frozenset(values)}


# ---- one part -------------------------------------------------------------------------------------


def test_a_part_waits_for_its_aspect_and_says_what_each_value_would_mean() -> None:
    found = weigh(HIGH, seen(**of(END_BLOCK1, MrdBand.FROM, MrdBand.BETWEEN)))
    assert found == Verdict(UNKNOWN, (Need(END_BLOCK1.id, (("0.01 % to <0.1 %", NO), (">=0.1 %", YES))),))


@pytest.mark.parametrize(
    ("possible", "answer"),
    [
        ({MrdBand.FROM}, YES),
        ({MrdBand.BETWEEN, MrdBand.FROM}, YES),
        ({MrdBand.BELOW}, NO),
        ({MrdBand.BELOW, MrdBand.BETWEEN}, UNKNOWN),
        (set(MrdBand), UNKNOWN),
    ],
    ids=str,
)
def test_one_of_two_values_is_asked_for(possible: set[MrdBand], answer: Answer) -> None:
    question = END_BLOCK1.is_(MrdBand.BETWEEN, MrdBand.FROM)
    found = weigh(question, seen(**of(END_BLOCK1, *possible)))
    assert found.answer is answer
    assert bool(found.needs) is (answer is UNKNOWN)


# ---- several parts --------------------------------------------------------------------------------


def test_while_two_parts_are_open_no_value_of_one_makes_the_whole_hold() -> None:
    both = seen(**of(CAR_T_PLAN, *YesNo), **of(COLLECTION_PLAN, *YesNo))
    found = weigh(CAR_T_PLAN.yes & COLLECTION_PLAN.yes, both)
    says = (("yes", UNKNOWN), ("no", NO))
    assert found == Verdict(UNKNOWN, (Need(CAR_T_PLAN.id, says), Need(COLLECTION_PLAN.id, says)))


def test_a_part_that_fails_decides_whatever_else_is_open() -> None:
    assert weigh(CAR_T_PLAN.yes & HIGH, seen(**of(END_BLOCK1, *MrdBand))) == Verdict(NO)
    either = CAR_T_PLAN.yes | COLLECTION_PLAN.yes
    assert weigh(either & HIGH, seen(**of(END_BLOCK1, *MrdBand))) == Verdict(NO)


def test_a_part_that_holds_leaves_the_other_alone() -> None:
    either = CAR_T_PLAN.yes | COLLECTION_PLAN.yes
    facts = seen(**of(CAR_T_PLAN, YesNo.YES), **of(END_BLOCK1, MrdBand.BELOW, MrdBand.FROM))
    assert weigh(either & HIGH, facts) == Verdict(
        UNKNOWN, (Need(END_BLOCK1.id, (("<0.01 %", NO), (">=0.1 %", YES))),)
    )


def test_an_or_waits_for_each_fact_that_can_change_it() -> None:
    either = CAR_T_PLAN.yes | COLLECTION_PLAN.yes
    one_open = weigh(either, seen(**of(CAR_T_PLAN, *YesNo)))
    assert one_open == Verdict(UNKNOWN, (Need(CAR_T_PLAN.id, (("yes", YES), ("no", NO))),))
    both_open = weigh(either, seen(**of(CAR_T_PLAN, *YesNo), **of(COLLECTION_PLAN, *YesNo)))
    says = (("yes", YES), ("no", UNKNOWN))
    assert both_open.needs == (Need(CAR_T_PLAN.id, says), Need(COLLECTION_PLAN.id, says))
    settled = weigh(either, seen(**of(CAR_T_PLAN, *YesNo), **of(COLLECTION_PLAN, YesNo.YES)))
    assert settled == Verdict(YES)


def test_an_or_beside_another_open_part_is_held_up() -> None:
    either = CAR_T_PLAN.yes | COLLECTION_PLAN.yes
    facts = seen(**of(CAR_T_PLAN, *YesNo), **of(END_BLOCK1, MrdBand.BELOW, MrdBand.FROM))
    assert weigh(either & HIGH, facts).needs == (
        Need(END_BLOCK1.id, (("<0.01 %", NO), (">=0.1 %", UNKNOWN))),
        Need(CAR_T_PLAN.id, (("yes", UNKNOWN), ("no", NO))),
    )


def test_parts_that_share_an_aspect_are_weighed_together() -> None:
    either = CAR_T_PLAN.yes | COLLECTION_PLAN.yes
    question = HIGH & either & COLLECTION_PLAN.no
    assert [reads for _, reads in apart(question)] == [
        (END_BLOCK1.id,),
        tuple(sorted((CAR_T_PLAN.id, COLLECTION_PLAN.id))),
    ]
    facts = seen(**of(END_BLOCK1, MrdBand.FROM), **of(COLLECTION_PLAN, *YesNo))
    assert weigh(question, facts) == Verdict(NO)


def test_the_parts_of_a_question_as_bits() -> None:
    either = CAR_T_PLAN.yes | COLLECTION_PLAN.yes
    plain, compound = plan(HIGH & either)
    bands = list(MrdBand)
    assert plain == ((END_BLOCK1.id, 1 << bands.index(MrdBand.FROM)),)
    assert [reads for _, reads in compound] == [reads_of(either)]
    assert bits_of(END_BLOCK1, frozenset(MrdBand)) == 0b111
    assert bits_of(END_BLOCK1, frozenset({bands[0], bands[2]})) == 0b101


def test_every_complete_case_once() -> None:
    cases = list(complete_cases(CAR_T_PLAN.yes & HIGH))
    assert len(cases) == len({tuple(sorted(case.items())) for case in cases}) == 6
    assert all(set(case) == {CAR_T_PLAN.id, END_BLOCK1.id} for case in cases)


def test_an_aspect_is_looked_at_once_and_only_when_it_is_asked_for() -> None:
    looks: list[str] = []

    def reader(aspect: Aspect) -> Seen:
        looks.append(aspect.id)
        return Seen(frozenset({YesNo.YES}))

    sight = Sight(reader)
    for _ in range(2):
        assert weigh(CAR_T_PLAN.yes, sight).answer is YES
    assert looks == [CAR_T_PLAN.id]
    with pytest.raises(KeyError):
        weigh(COLLECTION_PLAN.yes, {CAR_T_PLAN.id: Seen(EITHER)})


# ---- every rule of a chart ------------------------------------------------------------------------

AGES: dict[str, When | None] = {"pediatric": pediatric, "adult": adult, "any age": None}
CHARTS = {
    "nothing known": PatientTimeline(Person("Patient/1")),
    "a relapse in the marrow": marrow_relapse(),
}


@pytest.mark.parametrize("name", CHARTS)
def test_the_rules_that_are_left_are_those_that_do_not_fail_when_weighed_one_by_one(name: str) -> None:
    sight = look(chart(CHARTS[name]))
    found = {r.rule.id: r for r in recommendations(sight)}
    for rule in ADVICE.values():
        verdict = weigh(in_audience(rule), Sight(lambda aspect: aspect.read(chart(CHARTS[name]))))
        assert (rule.id in found) is (verdict.answer is not NO), rule.id
        if rule.id in found:
            assert found[rule.id].applies is (verdict.answer is YES)
            assert found[rule.id].needs == verdict.needs
    assert list(found) == [rule_id for rule_id in ADVICE if rule_id in found]


def test_a_rule_speaks_of_the_ages_of_its_source() -> None:
    for rule in ADVICE.values():
        ages = AGES[str(rule.audience)]
        outside = [] if ages is None else [a for a in Age if not ages.holds({AGE.id: a})]
        for age in outside:
            facts = {name: Seen(ASPECTS[name].every) for name in in_audience(rule).reads}
            facts[AGE.id] = Seen(frozenset({age}))
            assert weigh(in_audience(rule), facts).answer is NO, rule.id
        if ages is None:
            assert in_audience(rule) is rule.when


def test_the_evidence_of_a_rule_is_what_its_facts_rest_on_each_once() -> None:
    sight = look(chart(CHARTS["a relapse in the marrow"]))
    shown = recommendations(sight)
    assert shown
    for r in shown:
        sources = [source for name in in_audience(r.rule).reads for source in sight[name].evidence]
        assert r.evidence(sight) == tuple(sorted(set(sources)))
    assert any(r.evidence(sight) for r in shown)


@pytest.mark.parametrize("name", CHARTS)
def test_what_only_rules_that_fail_already_ask_about_is_not_looked_at(name: str) -> None:
    sight = look(chart(CHARTS[name]))
    shown = recommendations(sight)
    plain = {aspect for rule in ADVICE.values() for aspect, _ in plan(in_audience(rule))[0]}
    asked = {aspect for r in shown for aspect in in_audience(r.rule).reads}
    assert asked <= set(sight) <= asked | plain
    assert plain - set(sight)
