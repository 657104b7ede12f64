"""The worked cases are the specification of the advice: every row is a test."""

import pytest

from cds_rules.answer import Answer
from cds_rules.rulebook.advice_cases import AdviceCase, advice_cases
from cds_rules.treatment.sections import ADVICE, SECTIONS, Section
from cds_rules.treatment.weigh import weigh

ROWS = [row for section in SECTIONS for row in advice_cases(section.id)]
EACH_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.section}:{r.line} {r.rule} {r.because}")
EACH_SECTION = pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.id)


@EACH_ROW
def test_the_rule_says_what_the_row_says(row: AdviceCase) -> None:
    verdict = weigh(ADVICE[row.rule].when, row.seen)
    assert verdict.answer is row.says
    if row.says is Answer.UNKNOWN:
        assert {need.aspect for need in verdict.needs} == row.needs


@EACH_ROW
def test_a_row_is_well_formed(row: AdviceCase) -> None:
    assert len(row.because) > 3
    assert bool(row.needs) is (row.says is Answer.UNKNOWN)


@EACH_SECTION
def test_a_section_has_rows_for_its_own_rules_only(section: Section) -> None:
    assert {row.rule for row in advice_cases(section.id)} == {rule.id for rule in section.advice}


@EACH_SECTION
def test_every_rule_is_shown_to_hold_not_to_hold_and_to_stay_open(section: Section) -> None:
    rows = advice_cases(section.id)
    for rule in section.advice:
        assert {row.says for row in rows if row.rule == rule.id} == set(Answer), rule.id


@EACH_SECTION
def test_no_two_rows_of_a_rule_give_the_same_facts(section: Section) -> None:
    given = [
        (row.rule, *sorted((k, *sorted(v)) for k, v in row.given.items())) for row in advice_cases(section.id)
    ]
    assert len(given) == len(set(given))
