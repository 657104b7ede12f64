from itertools import product

import pytest

from cds_rules.answer import Answer, Question, question

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


@question("even")
def even(number: int) -> bool:
    return number % 2 == 0


@question("large")
def large(number: int) -> bool:
    return number > 10


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (YES, YES, YES, YES),
        (YES, NO, NO, YES),
        (NO, NO, NO, NO),
        (YES, UNKNOWN, UNKNOWN, YES),
        (NO, UNKNOWN, NO, UNKNOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_three_valued_and_or(left: Answer, right: Answer, both: Answer, either: Answer) -> None:
    assert (left & right) is both
    assert (right & left) is both
    assert (left | right) is either
    assert (right | left) is either


def test_not_swaps_yes_and_no_and_keeps_unknown() -> None:
    assert [~a for a in (YES, NO, UNKNOWN)] == [NO, YES, UNKNOWN]


@pytest.mark.parametrize(("left", "right"), list(product(Answer, repeat=2)))
def test_de_morgan(left: Answer, right: Answer) -> None:
    assert ~(left & right) is (~left | ~right)


def test_an_answer_is_not_used_as_a_truth_value() -> None:
    with pytest.raises(TypeError, match="no truth value"):
        bool(UNKNOWN)


@pytest.mark.parametrize(("value", "answer"), [(True, YES), (False, NO), (None, UNKNOWN)])
def test_of_a_value(value: bool | None, answer: Answer) -> None:
    assert Answer.of(value) is answer


@pytest.mark.parametrize(
    ("truths", "answer"),
    [([True, True], YES), ([False], NO), ([True, False], UNKNOWN), ([False, True], UNKNOWN), ([], UNKNOWN)],
)
def test_over_the_cases_that_are_left(truths: list[bool], answer: Answer) -> None:
    assert Answer.over(truths) is answer


def test_a_question_is_asked_of_every_case() -> None:
    assert even.of([2, 4]) is YES
    assert even.of([1, 3]) is NO
    assert even.of([1, 2]) is UNKNOWN


def test_a_question_or_its_opposite_always_holds() -> None:
    assert even.of([1, 2]) is UNKNOWN
    assert (even | ~even).of([1, 2]) is YES
    assert (even & ~even).of([1, 2]) is NO


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (even & large, "even **and** large"),
        (even | large, "even **or** large"),
        (~even, "**not** even"),
        (even & (large | ~even), "even **and** (large **or** (**not** even))"),
        (~(even & large), "**not** (even **and** large)"),
    ],
)
def test_a_compound_question_reads_as_it_is_asked(asked: Question[int], text: str) -> None:
    assert asked.text == text


@pytest.mark.parametrize("number", [1, 2, 11, 12])
def test_a_compound_question_holds_as_its_parts_do(number: int) -> None:
    is_even, is_large = number % 2 == 0, number > 10
    assert (even & large).holds(number) is (is_even and is_large)
    assert (even | large).holds(number) is (is_even or is_large)
    assert (~even).holds(number) is (not is_even)


def test_a_question_is_not_used_as_a_truth_value() -> None:
    with pytest.raises(TypeError, match="combine questions with"):
        bool(even)
