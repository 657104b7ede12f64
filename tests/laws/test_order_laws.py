"""Laws of the order checks: three-valued answers, never louder while open, never about what is not chosen."""

from dataclasses import replace
from enum import StrEnum
from itertools import product
from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_rules import check_orders
from cds_rules.answer import Answer
from cds_rules.patient.draw import draw
from cds_rules.patient.timeline import Part
from cds_rules.terminology.code_set import load
from cds_rules.treatment.aspect import ASPECTS, Seen
from cds_rules.treatment.caution import Caution, Level, OrderCheck, cautions
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.order import Order
from cds_rules.treatment.order_parts import ALWAYS, parts_of
from cds_rules.treatment.orders import CHECKS, checks_of
from cds_rules.treatment.recommend import look
from cds_rules.treatment.weigh import apart, complete_cases, weigh
from service.exercise import OrderCall
from service.fhir.lexicon import Lexicon
from service.fhir.orders import read_drafts
from service.fhir.prefetch import NEEDS
from service.fhir.to_timeline import RecordReader
from tests.journeys.order_calls import CALLS
from tests.journeys.regenerate import SITE_MAP

MOST_CASES = 20_000
LEXICON = Lexicon(load(), SITE_MAP)
EACH_CHECK = pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.id)
EACH_CALL = pytest.mark.parametrize("call", CALLS, ids=lambda c: c.name)


def order_for(check: OrderCheck, **more: object) -> Order:
    """An order that the check is about."""
    made = Order("MedicationRequest/d", "d", check.drugs, check.acts, check.spinal)
    assert check.about(made) is Answer.YES
    return replace(made, **more)  # type: ignore[arg-type]


@st.composite
def partial(draw: st.DrawFn, check: OrderCheck) -> dict[str, frozenset[StrEnum]]:
    """A non-empty set of possible values for every aspect that the check reads."""
    return {
        name: draw(st.frozensets(st.sampled_from(list(ASPECTS[name].values)), min_size=1))
        for name in sorted(check.when.reads)
    }


def seen(possible: dict[str, frozenset[StrEnum]]) -> dict[str, Seen]:
    return {name: Seen(values) for name, values in possible.items()}


@EACH_CHECK
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_the_answer_is_what_all_complete_cases_together_say(check: OrderCheck, data: st.DataObject) -> None:
    possible = data.draw(partial(check))
    names = sorted(possible)
    if prod(len(possible[n]) for n in names) > MOST_CASES:
        return
    cases = (dict(zip(names, values, strict=True)) for values in product(*(possible[n] for n in names)))
    expected = Answer.over(check.when.holds(case) for case in cases)
    assert weigh(check.when, seen(possible)).answer is expected


@EACH_CHECK
def test_no_part_of_a_check_has_too_many_cases_to_weigh_at_once(check: OrderCheck) -> None:
    for part, _ in apart(check.when):
        assert sum(1 for _ in complete_cases(part)) <= MOST_CASES


@EACH_CHECK
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_an_open_question_is_never_louder_than_information(check: OrderCheck, data: st.DataObject) -> None:
    possible = data.draw(partial(check))
    answer = weigh(check.when, seen(possible)).answer
    found = cautions([check], [order_for(check)], seen(possible))
    if answer is Answer.YES:
        assert [c.level for c in found] == [check.level]
        assert not found[0].needs
    elif answer is Answer.NO or check.if_unknown is None:
        assert found == ()
    else:
        assert [c.level for c in found] == [Level.INFO]
        assert found[0].needs


@EACH_CHECK
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_learning_more_never_contradicts(check: OrderCheck, data: st.DataObject) -> None:
    less = data.draw(partial(check))
    more = {name: frozenset({data.draw(st.sampled_from(sorted(values)))}) for name, values in less.items()}
    after = weigh(check.when, seen(more)).answer
    assert after is not Answer.UNKNOWN
    assert weigh(check.when, seen(less)).answer in (after, Answer.UNKNOWN)


@EACH_CHECK
def test_an_order_that_is_not_chosen_is_not_checked(check: OrderCheck) -> None:
    holds = next(case for case in complete_cases(check.when) if check.when.holds(case))
    facts = {name: Seen(frozenset({value})) for name, value in holds.items()}
    assert cautions([check], [order_for(check)], facts)
    assert cautions([check], [order_for(check, selected=False)], facts) == ()
    assert checks_of([order_for(check, selected=False)]) == ()


@EACH_CHECK
def test_an_order_that_only_may_be_meant_gets_information_at_most(check: OrderCheck) -> None:
    doubtful = [Order("ServiceRequest/d", "d", acts=frozenset({act})) for act in check.maybe]
    if check.spinal is not None:
        doubtful.append(Order("MedicationRequest/d", "d", check.drugs))
    for order in doubtful:
        assert check.about(order) is Answer.UNKNOWN
        for case in complete_cases(check.when):
            facts = {name: Seen(frozenset({value})) for name, value in case.items()}
            levels = {c.level for c in cautions([check], [order], facts)}
            assert levels == ({Level.INFO} if check.when.holds(case) else set())
        everything = {name: Seen(ASPECTS[name].every) for name in check.when.reads}
        assert cautions([check], [order], everything) == ()


def checked(call: OrderCall, parts: frozenset[Part] | None) -> tuple[Caution, ...]:
    """The cautions of a call when the record was read in full, or only these parts of it."""
    reader = RecordReader(LEXICON)
    drafts = read_drafts(call.request["context"]["draftOrders"], None, LEXICON).orders
    kept = {need.type for need in NEEDS if parts is None or need.part in parts}
    resources = [e["resource"] for e in call.chart["entry"]]
    missing = {} if parts is None else {part: "not asked for" for part in Part if part not in parts}
    timeline = reader.timeline(
        [r for r in resources if r["resourceType"] in kept], call.patient, missing=missing
    )
    return check_orders(timeline, call.day, drafts).cautions


@EACH_CALL
def test_the_parts_that_are_asked_for_say_as_much_as_the_whole_record(call: OrderCall) -> None:
    drafts = read_drafts(call.request["context"]["draftOrders"], None, LEXICON).orders
    parts = parts_of(checks_of(drafts))
    assert parts >= ALWAYS
    whole = [(c.check.id, c.level, c.order.reference, c.needs) for c in checked(call, None)]
    limited = [(c.check.id, c.level, c.order.reference, c.needs) for c in checked(call, parts)]
    assert limited == whole


@EACH_CHECK
@pytest.mark.parametrize("call", CALLS[::4], ids=lambda c: c.name)
def test_no_check_needs_more_than_its_parts(check: OrderCheck, call: OrderCall) -> None:
    drafts = (order_for(check),)
    reader = RecordReader(LEXICON)
    resources = [e["resource"] for e in call.chart["entry"]]
    parts = parts_of([check])
    kept = {need.type for need in NEEDS if need.part in parts}
    missing = {part: "not asked for" for part in Part if part not in parts}
    whole = reader.timeline(resources, call.patient)
    limited = reader.timeline(
        [r for r in resources if r["resourceType"] in kept], call.patient, missing=missing
    )
    mine = []
    for timeline in (whole, limited):
        known = timeline.as_of(call.day)
        facts = look(Chart(draw(known, call.day), known, {}, drafts))
        mine.append([(c.level, c.needs) for c in cautions([check], drafts, facts)])
    assert mine[0] == mine[1]
