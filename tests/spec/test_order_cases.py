"""The worked cases are the specification of the order checks: every row is a test."""

import pytest

from cds_rules.answer import Answer
from cds_rules.rulebook.advice_cases import AdviceCase, advice_cases
from cds_rules.treatment.caution import OrderCheck
from cds_rules.treatment.orders import CHECKS, PAGE
from cds_rules.treatment.weigh import weigh

ROWS = advice_cases(PAGE)
BY_ID = {check.id: check for check in CHECKS}
EACH_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.line} {r.rule} {r.because}")
EACH_CHECK = pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.id)


@EACH_ROW
def test_the_check_says_what_the_row_says(row: AdviceCase) -> None:
    verdict = weigh(BY_ID[row.rule].when, row.seen)
    assert verdict.answer is row.says
    if row.says is Answer.UNKNOWN:
        assert {need.aspect for need in verdict.needs} == row.needs


@EACH_ROW
def test_a_row_is_well_formed(row: AdviceCase) -> None:
    assert len(row.because) > 3
    assert bool(row.needs) is (row.says is Answer.UNKNOWN)


def test_the_table_has_rows_of_checks_only() -> None:
    assert {row.rule for row in ROWS} == set(BY_ID)


@EACH_CHECK
def test_every_check_is_shown_to_fire_not_to_fire_and_to_stay_open(check: OrderCheck) -> None:
    assert {row.says for row in ROWS if row.rule == check.id} == set(Answer)


def test_no_two_rows_of_a_check_give_the_same_facts() -> None:
    given = [(row.rule, *sorted((k, *sorted(v)) for k, v in row.given.items())) for row in ROWS]
    assert len(given) == len(set(given))


@EACH_CHECK
def test_a_check_offers_reasons_to_go_on_and_no_two_alike(check: OrderCheck) -> None:
    assert check.overrides
    assert len(set(check.overrides)) == len(check.overrides)
