"""The worked cases of the scores are their specification: every row is a test."""

import pytest

from cds_rules.answer import Answer
from cds_rules.rulebook.cases import CaseError
from cds_rules.rulebook.score_cases import COLUMNS, ScoreCase, read, score_cases
from cds_rules.treatment.score import Score, finding, reads
from cds_rules.treatment.scores import SCORES

ROWS = score_cases()
BY_ID = {score.id: score for score in SCORES}
EACH_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.line} {r.score} {r.because}")
EACH_SCORE = pytest.mark.parametrize("score", SCORES, ids=lambda s: s.id)
HEADER = " | ".join(COLUMNS)


@EACH_ROW
def test_the_score_says_what_the_row_says(row: ScoreCase) -> None:
    found = finding(BY_ID[row.score], row.seen)
    if row.applies is Answer.NO:
        assert found is None
        return
    assert found is not None
    assert found.applies is row.applies
    assert (found.low, found.high) == (row.low, row.high)
    assert {figure.of for figure in found.meaning} == row.figures
    assert {m.aspect for m in found.missing} == row.missing


@EACH_ROW
def test_a_row_is_well_formed(row: ScoreCase) -> None:
    assert len(row.because) > 3
    assert set(row.given) <= reads(BY_ID[row.score])


@EACH_SCORE
def test_every_score_is_shown_to_apply_not_to_apply_and_to_stay_open(score: Score) -> None:
    assert {row.applies for row in ROWS if row.score == score.id} == set(Answer)


@EACH_SCORE
def test_every_figure_of_a_score_is_shown_in_some_row(score: Score) -> None:
    told = {figure.of for _, figure in score.by_score}
    told |= {figure.of for given in score.inputs for _, figure in given.figures}
    assert {of for row in ROWS if row.score == score.id for of in row.figures} == told


@EACH_SCORE
def test_every_sum_up_to_the_maximum_has_exactly_one_figure(score: Score) -> None:
    if score.maximum is None:
        assert not score.by_score
        return
    assert sum(max(i.points.values()) for i in score.inputs) == score.maximum
    assert sorted(s for scores, _ in score.by_score for s in scores) == list(range(score.maximum + 1))


@pytest.mark.parametrize(
    "line",
    [
        "SC-1 | age=>30 years | applies | 1",
        "SC-1 | age=fifty | applies | 1 | | | no such value",
        "SC-1 | shoeSize=40 | applies | 1 | | | no such aspect",
        "SC-1 | age=>30 years | perhaps | 1 | | | no such answer",
        "SC-1 | age=>30 years | applies | some | | | no number",
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_its_line(line: str) -> None:
    with pytest.raises(CaseError, match="line 2"):
        read([HEADER, line])


def test_a_table_begins_with_its_header() -> None:
    with pytest.raises(CaseError, match="first row"):
        read(["SC-1 | | applies | 1 | | | x"])
