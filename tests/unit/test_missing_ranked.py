"""What is missing, ranked: each fact once, what it would settle alone, what only waits for it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.assessment import MissingFact
from cds_rules.citation import Cite
from cds_rules.patient.draw import draw
from cds_rules.patient.timeline import PatientTimeline, Person
from cds_rules.request import Test as Evaluation
from cds_rules.risk.finding import SchemeFinding
from cds_rules.rule import Finding, Open
from cds_rules.treatment.advice import Advice, Decision, Weight
from cds_rules.treatment.aspect import ASPECTS, Seen, YesNo
from cds_rules.treatment.aspects.mrd import END_BLOCK1, MrdBand
from cds_rules.treatment.aspects.orders import CAR_T_PLAN, COLLECTION_PLAN
from cds_rules.treatment.missing import ranked, too_late
from cds_rules.treatment.recommend import Recommendation
from cds_rules.treatment.weigh import Need

CD19 = ASPECTS["antigens.CD19"]
CITES = (Cite("HR2020", "somewhere", "000:1"),)
SEEN = {
    END_BLOCK1.id: Seen(frozenset(MrdBand), (), "no result"),
    CAR_T_PLAN.id: Seen(frozenset(YesNo)),
    COLLECTION_PLAN.id: Seen(frozenset(YesNo), (), "no order"),
}
SITES = MissingFact("sites", "not recorded", "a marrow", ("COG-AALL1331", "UK-R3"))
DATE = MissingFact("firstRemission", "not recorded", "its date", ("BFM-S-TEXT",))


def rule(rule_id: str, *needs: Need, weight: Weight = Weight.ADVICE) -> Recommendation:
    advice = Advice(rule_id, Decision.CAR_T, "t", "d", CAR_T_PLAN.yes, CITES, weight=weight)
    return Recommendation(advice, applies=False, needs=needs)


def need(aspect: str, *, alone: bool = False) -> Need:
    return Need(aspect, (("yes", Answer.YES if alone else Answer.UNKNOWN), ("no", Answer.NO)))


def scheme(scheme_id: str, *facts: str, settles: bool = True) -> SchemeFinding:
    opened = tuple(Open(fact, ()) for fact in facts)
    finding = Finding(scheme_id, (), ("low", "high"), opened)
    return SchemeFinding(scheme_id, "t", "s", finding, None, None, CITES, settles)


def rank(
    of_schemes: tuple[MissingFact, ...] = (),
    schemes: tuple[SchemeFinding, ...] = (),
    rules: tuple[Recommendation, ...] = (),
    late: frozenset[Evaluation] = frozenset(),
) -> list[MissingFact]:
    return list(ranked(of_schemes, schemes, rules, SEEN, late))


def test_nothing_is_missing_where_nothing_waits() -> None:
    assert rank(rules=(rule("X-1"),)) == []


def test_a_fact_of_the_advice_says_why_it_is_open_and_what_would_settle_it() -> None:
    (found,) = rank(rules=(rule("X-1", need(END_BLOCK1.id, alone=True)),))
    assert found == MissingFact(
        END_BLOCK1.id, "no result", END_BLOCK1.settled_by, (), END_BLOCK1.tests, ("X-1",), 1
    )
    (silent,) = rank(rules=(rule("X-1", need(CAR_T_PLAN.id)),))
    assert silent.because == "the record leaves it open"


def test_only_a_fact_that_is_the_last_one_open_and_always_decides_closes_a_rule() -> None:
    a, b = CAR_T_PLAN.id, COLLECTION_PLAN.id
    rules = (
        rule("X-1", need(a, alone=True)),
        rule("X-2", need(a, alone=True)),
        rule("X-3", need(a)),
        rule("X-4", need(a, alone=True), need(b, alone=True)),
    )
    first, second = rank(rules=rules)
    assert (first.fact, first.rules, first.closes) == (a, ("X-1", "X-2", "X-3", "X-4"), 2)
    assert (second.fact, second.rules, second.closes) == (b, ("X-4",), 0)


def test_a_note_waits_for_nothing() -> None:
    note = rule("X-1", need(CAR_T_PLAN.id, alone=True), weight=Weight.NOTE)
    after = rule("X-2", need(COLLECTION_PLAN.id))
    assert [(m.fact, m.rules) for m in rank(rules=(note, after))] == [(COLLECTION_PLAN.id, ("X-2",))]


@pytest.mark.parametrize(
    ("schemes", "closes"),
    [
        ((scheme("COG-AALL1331", "pattern"),), 1),
        ((scheme("COG-AALL1331", "pattern"), scheme("UK-R3", "pattern")), 2),
        ((scheme("COG-AALL1331", "pattern", "mrd"),), 0),
        ((scheme("COG-AALL1331", "mrd"),), 0),
        ((scheme("BFM-S-TEXT", "pattern", settles=False),), 0),
        ((scheme("COG-AALL1331"),), 0),
    ],
)
def test_a_scheme_is_closed_by_its_only_open_fact(schemes: Any, closes: int) -> None:
    assert rank((SITES,), schemes) == [replace(SITES, closes=closes)]


def test_a_fact_of_schemes_and_advice_is_listed_once_with_what_both_wait_for() -> None:
    mrd = MissingFact(END_BLOCK1.id, "as a scheme says it", "s", ("COG-AALL1331",), (Evaluation.MARROW_MRD,))
    rules = (rule("X-1", need(END_BLOCK1.id, alone=True)),)
    (found,) = rank((mrd,), (scheme("COG-AALL1331", "mrd"),), rules)
    assert found == replace(mrd, rules=("X-1",), closes=2)


def test_first_what_most_schemes_wait_for_then_what_closes_most_then_what_most_rules_wait_for() -> None:
    a, b, c = CAR_T_PLAN.id, COLLECTION_PLAN.id, END_BLOCK1.id
    rules = (
        rule("X-1", need(c)),
        rule("X-2", need(b), need(c)),
        rule("X-3", need(b)),
        rule("X-4", need(b)),
        rule("X-5", need(a, alone=True)),
    )
    assert [m.fact for m in rank((DATE, SITES), (), rules)] == ["sites", "firstRemission", a, b, c]


def test_a_test_whose_time_has_passed_is_not_offered() -> None:
    rules = (rule("X-1", need(END_BLOCK1.id)),)
    assert rank(rules=rules)[0].tests == (Evaluation.MRD_END_BLOCK_1,)
    assert rank(rules=rules, late=frozenset({Evaluation.MRD_END_BLOCK_1}))[0].tests == ()
    assert rank(rules=rules, late=frozenset({Evaluation.CSF}))[0].tests == (Evaluation.MRD_END_BLOCK_1,)


@pytest.mark.parametrize(
    ("on", "passed"), [(date(2025, 8, 9), False), (date(2025, 8, 10), False), (date(2025, 8, 11), True)]
)
def test_the_end_of_block_1_has_passed_the_day_after_its_window(on: date, passed: bool) -> None:
    window = (date(2025, 7, 6), date(2025, 8, 10))
    picture = replace(draw(PatientTimeline(Person("Patient/1")), on), block1_window=window)
    assert (Evaluation.MRD_END_BLOCK_1 in too_late(picture)) is passed
    assert too_late(replace(picture, block1_window=None)) == frozenset()


def test_blasts_that_are_not_there_are_no_test_and_the_fact_says_so() -> None:
    rules = (rule("X-1", need(CD19.id)),)
    seen = {**SEEN, CD19.id: Seen(CD19.every, (), "no result")}
    none = frozenset({Evaluation.IMMUNOPHENOTYPE})
    (fact,) = ranked((), (), rules, seen, none)
    assert fact.tests == ()
    assert fact.settled_by == (
        "immunophenotyping of the blasts with CD19; in remission there are none to test, unless MRD is found"
    )
    (fact,) = ranked((), (), rules, seen)
    assert fact.tests == (Evaluation.IMMUNOPHENOTYPE,)
