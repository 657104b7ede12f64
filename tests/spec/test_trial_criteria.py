"""The worked cases are the specification of the questions that criteria ask: every row is a test."""

from collections import Counter
from datetime import date

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.rulebook.advice_cases import AdviceCase, advice_cases
from cds_rules.treatment.weigh import weigh
from cds_rules.trials.asked import in_years
from cds_rules.trials.criteria import AGE_IN_RANGE, NAMES, QUESTIONS, text_of

ROWS = advice_cases("trials")
EACH_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.line} {r.rule} {r.because}")


@EACH_ROW
def test_the_question_says_what_the_row_says(row: AdviceCase) -> None:
    verdict = weigh(QUESTIONS[row.rule], row.seen)
    assert verdict.answer is row.says
    if row.says is Answer.UNKNOWN:
        assert {need.aspect for need in verdict.needs} == row.needs


@EACH_ROW
def test_a_row_is_well_formed(row: AdviceCase) -> None:
    assert len(row.because) > 3
    assert bool(row.needs) is (row.says is Answer.UNKNOWN)


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_shown_to_hold_not_to_hold_and_to_stay_open(name: str) -> None:
    assert {row.says for row in ROWS if row.rule == name} == set(Answer)


def test_rows_are_for_questions_only_and_none_twice() -> None:
    assert {row.rule for row in ROWS} == set(QUESTIONS)
    given = Counter((row.rule, *sorted((k, *sorted(v)) for k, v in row.given.items())) for row in ROWS)
    assert max(given.values()) == 1


ON = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("birth", "ages", "says"),
    [
        ("2007-01-02", (1, 18), Answer.YES),
        ("2007-01-01", (1, 18), Answer.NO),
        ("2007-01", (1, 18), Answer.UNKNOWN),
        ("2007", (1, 19), Answer.YES),
        ("2025-01-01", (1, 18), Answer.YES),
        ("2025-01-02", (1, 18), Answer.NO),
        ("2025", (1, None), Answer.UNKNOWN),
        ("1966", (18, None), Answer.YES),
        ("2003-06", (None, 21), Answer.NO),
        ("2026-01-02", (None, 21), Answer.UNKNOWN),
        (None, (1, 18), Answer.UNKNOWN),
        (None, (None, None), Answer.YES),
    ],
)
def test_an_age_is_within_its_bounds_both_included(
    birth: str | None, ages: tuple[int | None, int | None], says: Answer
) -> None:
    born = None if birth is None else PartialDate.parse(birth)
    assert in_years(ages).holds(born, ON) is says


def test_every_question_can_be_read() -> None:
    texts = [text_of(name) for name in NAMES]
    assert AGE_IN_RANGE in NAMES
    assert len(set(texts)) == len(texts)
    assert all(len(text) > 3 for text in texts)
