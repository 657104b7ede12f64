"""How order checks speak: who is looked at, what is said once, which of several checks of one matter."""

from dataclasses import replace
from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.citation import Cite
from cds_rules.rule import RuleError
from cds_rules.treatment.aspect import Seen, YesNo
from cds_rules.treatment.aspects.orders import CAR_T_PLAN, COLLECTION_PLAN
from cds_rules.treatment.caution import Level, OrderCheck, Override, cautions
from cds_rules.treatment.order import Act, Order

LOUD = OrderCheck(
    "O-90",
    Level.WARNING,
    "loud",
    "Says so.",
    CAR_T_PLAN.yes,
    (Cite("HR2020", "somewhere", "000:1"),),
    (Override.TRIAL,),
    drugs=frozenset({"methotrexate"}),
    if_unknown=Level.INFO,
    needs_title="is it so?",
)
QUIET = replace(LOUD, id="O-90a", level=Level.INFO, when=COLLECTION_PLAN.yes, yields_to=("O-90",))
METHOTREXATE = Order("MedicationRequest/m", "methotrexate", frozenset({"methotrexate"}))
YES, NO = frozenset({YesNo.YES}), frozenset({YesNo.NO})
OPEN = YES | NO


def facts(plan: frozenset[YesNo], collection: frozenset[YesNo]) -> dict[str, Seen]:
    return {
        CAR_T_PLAN.id: Seen(frozenset(plan), ("Condition/a",), "why plan"),
        COLLECTION_PLAN.id: Seen(frozenset(collection), ("Condition/b",), "why collection"),
    }


@pytest.mark.parametrize(
    ("plan", "collection", "said"),
    [
        (YES, YES, [("O-90", Level.WARNING)]),
        (NO, YES, [("O-90a", Level.INFO)]),
        (OPEN, YES, [("O-90a", Level.INFO)]),
        (YES, OPEN, [("O-90", Level.WARNING)]),
        (OPEN, NO, [("O-90", Level.INFO)]),
        (NO, NO, []),
    ],
    ids=str,
)
def test_of_one_matter_the_loudest_that_holds_speaks(plan: Any, collection: Any, said: Any) -> None:
    quiet = replace(QUIET, if_unknown=None, needs_title="")
    found = cautions([LOUD, quiet], [METHOTREXATE], facts(plan, collection))
    assert [(c.check.id, c.level) for c in found] == said


def test_checks_that_say_the_same_while_open_are_one() -> None:
    (one,) = cautions([LOUD, QUIET], [METHOTREXATE], facts(OPEN, OPEN))
    assert [need.aspect for need in one.needs] == [CAR_T_PLAN.id, COLLECTION_PLAN.id]
    assert one.because == ("why plan", "why collection")
    assert one.evidence == ("Condition/a", "Condition/b")


def test_two_orders_have_a_caution_each_and_one_that_stands_twice_has_one() -> None:
    other = replace(METHOTREXATE, reference="MedicationRequest/n")
    found = cautions([LOUD], [METHOTREXATE, METHOTREXATE, other], facts(YES, NO))
    assert [c.order.reference for c in found] == ["MedicationRequest/m", "MedicationRequest/n"]


@pytest.mark.parametrize(
    ("spinal", "route", "about"),
    [
        (None, None, Answer.YES),
        (None, True, Answer.YES),
        (True, True, Answer.YES),
        (True, None, Answer.UNKNOWN),
        (True, False, Answer.NO),
        (False, False, Answer.YES),
        (False, None, Answer.UNKNOWN),
        (False, True, Answer.NO),
    ],
)
def test_the_way_a_drug_goes(spinal: bool | None, route: bool | None, about: Answer) -> None:
    check = replace(LOUD, spinal=spinal)
    assert check.about(replace(METHOTREXATE, intrathecal=route)) is about
    assert check.about(Order("X/1", "x", frozenset({"cytarabine"}), intrathecal=route)) is Answer.NO


def test_an_act_that_may_be_meant_gets_information_and_nothing_while_open() -> None:
    check = replace(LOUD, drugs=frozenset(), acts=frozenset({Act.LEUKAPHERESIS_FOR_CAR_T}))
    check = replace(check, maybe=frozenset({Act.LEUKAPHERESIS}))
    unclear = Order("ServiceRequest/l", "l", acts=frozenset({Act.LEUKAPHERESIS}))
    assert [c.level for c in cautions([check], [unclear], facts(YES, NO))] == [Level.INFO]
    assert cautions([check], [unclear], facts(OPEN, NO)) == ()


def test_an_act_that_is_neither_looked_at_nor_perhaps_meant_is_passed_over() -> None:
    check = replace(LOUD, acts=frozenset({Act.LEUKAPHERESIS_FOR_CAR_T}))
    other = Order("ServiceRequest/l", "l", acts=frozenset({Act.LEUKAPHERESIS}))
    assert check.about(other) is Answer.NO
    assert not check.looks_at(other)
    assert check.looks_at(replace(other, acts=frozenset({Act.LEUKAPHERESIS_FOR_CAR_T})))


def test_the_loudest_comes_first_and_of_one_loudness_the_first_check() -> None:
    levels = (Level.INFO, Level.WARNING, Level.CRITICAL, Level.WARNING)
    checks = [replace(LOUD, id=f"O-9{place}", level=level) for place, level in enumerate(levels)]
    found = cautions(checks, [METHOTREXATE], facts(YES, NO))
    assert [c.check.id for c in found] == ["O-92", "O-91", "O-93", "O-90"]


def test_an_open_check_is_answered_only_by_a_quieter_one_of_its_matter_and_order() -> None:
    cytarabine = Order("MedicationRequest/c", "cytarabine", frozenset({"cytarabine"}))
    orders, seen = [METHOTREXATE, cytarabine], facts(OPEN, YES)
    elsewhere = replace(QUIET, drugs=frozenset({"cytarabine"}))
    unrelated = replace(QUIET, id="O-91", yields_to=())
    for sure, order in ((elsewhere, cytarabine), (unrelated, METHOTREXATE)):
        found = {(c.check.id, c.order.name) for c in cautions([LOUD, sure], orders, seen)}
        assert found == {("O-90", "methotrexate"), (sure.id, order.name)}


def test_a_check_yields_only_where_the_louder_one_holds_for_the_same_order() -> None:
    cytarabine = Order("MedicationRequest/c", "cytarabine", frozenset({"cytarabine"}))
    both = replace(QUIET, drugs=frozenset({"methotrexate", "cytarabine"}))
    found = cautions([LOUD, both], [METHOTREXATE, cytarabine], facts(YES, YES))
    assert [(c.check.id, c.order.name) for c in found] == [("O-90", "methotrexate"), ("O-90a", "cytarabine")]


def test_an_order_that_is_not_selected_is_passed_over() -> None:
    assert cautions([LOUD], [replace(METHOTREXATE, selected=False)], facts(YES, NO)) == ()


def test_the_longest_and_the_shortest_titles_load() -> None:
    assert replace(LOUD, title="x" * 100, needs_title="y" * 100).needs_title == "y" * 100
    assert replace(LOUD, title="x").title == "x"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "nonsense"},
        {"cites": ()},
        {"drugs": frozenset()},
        {"if_unknown": Level.WARNING},
        {"needs_title": ""},
        {"if_unknown": None},
        {"title": ""},
        {"title": "x" * 101},
        {"needs_title": "x" * 101},
    ],
    ids=str,
)
def test_a_check_that_breaks_the_rules_of_the_house_does_not_load(wrong: Any) -> None:
    assert replace(LOUD, title="x" * 100).title
    with pytest.raises(RuleError):
        replace(LOUD, **wrong)
