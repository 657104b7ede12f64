"""Laws of the advice: the three-valued answer is exactly what the complete cases say."""

from enum import StrEnum
from itertools import product
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_rules.answer import Answer
from cds_rules.treatment.advice import Advice
from cds_rules.treatment.aspect import ASPECTS, Seen
from cds_rules.treatment.sections import ADVICE
from cds_rules.treatment.weigh import apart, complete_cases, weigh

MOST_CASES = 20_000
EXAMPLES = 6
"""Of each of several hundred rules, on every run: together they are thousands."""
EACH_RULE = pytest.mark.parametrize("rule", ADVICE.values(), ids=lambda r: r.id)


@st.composite
def partial(draw: st.DrawFn, rule: Advice) -> dict[str, frozenset[StrEnum]]:
    """A non-empty set of possible values for every aspect that the rule reads."""
    return {
        name: draw(st.frozensets(st.sampled_from(list(ASPECTS[name].values)), min_size=1))
        for name in sorted(rule.when.reads)
    }


@EACH_RULE
def test_a_complete_case_is_decided(rule: Advice) -> None:
    some = next(complete_cases(rule.when))
    verdict = weigh(rule.when, {name: Seen(frozenset({value})) for name, value in some.items()})
    assert verdict.answer is not Answer.UNKNOWN
    assert not verdict.needs


@EACH_RULE
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_the_answer_is_what_all_complete_cases_together_say(rule: Advice, data: st.DataObject) -> None:
    possible = data.draw(partial(rule))
    names = sorted(possible)
    size = prod(len(possible[n]) for n in names)
    if size > MOST_CASES:
        return
    cases = (dict(zip(names, values, strict=True)) for values in product(*(possible[n] for n in names)))
    expected = Answer.over(rule.when.holds(case) for case in cases)
    assert weigh(rule.when, {n: Seen(v) for n, v in possible.items()}).answer is expected


@EACH_RULE
def test_no_part_of_a_rule_has_too_many_cases_to_weigh_at_once(rule: Advice) -> None:
    for part, _ in apart(rule.when):
        assert sum(1 for _ in complete_cases(part)) <= MOST_CASES


@EACH_RULE
def test_a_rule_can_hold_and_can_fail(rule: Advice) -> None:
    holds = False
    fails = False
    for case in complete_cases(rule.when):
        answer = rule.when.holds(case)
        holds, fails = holds or answer, fails or not answer
        if holds and fails:
            return
    pytest.fail(f"{rule.id} gives the same answer for every patient")


@EACH_RULE
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_learning_more_never_contradicts(rule: Advice, data: st.DataObject) -> None:
    less = data.draw(partial(rule))
    more = {name: frozenset({data.draw(st.sampled_from(sorted(values)))}) for name, values in less.items()}
    before = weigh(rule.when, {n: Seen(v) for n, v in less.items()})
    after = weigh(rule.when, {n: Seen(v) for n, v in more.items()})
    assert after.answer is not Answer.UNKNOWN
    assert before.answer in (after.answer, Answer.UNKNOWN)


@EACH_RULE
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_what_is_named_as_needed_is_open_and_not_more(rule: Advice, data: st.DataObject) -> None:
    less = data.draw(partial(rule))
    verdict = weigh(rule.when, {n: Seen(v) for n, v in less.items()})
    named = {need.aspect for need in verdict.needs}
    assert all(len(less[name]) > 1 for name in named)
    settled = {n: frozenset({min(v)}) if n in named else v for n, v in less.items()}
    assert weigh(rule.when, {n: Seen(v) for n, v in settled.items()}).answer is not Answer.UNKNOWN
