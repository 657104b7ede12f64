"""An eligibility text is divided into its lines as they stand; a line that hangs on another is not alone."""

import pytest

from cds_rules.trials.eligibility_text import MAX_LINES, lines_of
from cds_rules.trials.trial import Role

PLAIN = """Inclusion Criteria:

* Relapsed or refractory B-ALL
* CD22 expression
* Age \\>= 1 year

Exclusion Criteria:

1. Prior CAR-T therapy
2. Pregnancy
"""


def alone(text: str) -> list[str]:
    return [line.text for line in lines_of(text) if line.alone]


def test_plain_lines_stand_under_their_heading_word_for_word() -> None:
    said = [(line.text, line.role) for line in lines_of(PLAIN)]
    assert said == [
        ("Relapsed or refractory B-ALL", Role.INCLUSION),
        ("CD22 expression", Role.INCLUSION),
        ("Age \\>= 1 year", Role.INCLUSION),
        ("Prior CAR-T therapy", Role.EXCLUSION),
        ("Pregnancy", Role.EXCLUSION),
    ]
    assert len(alone(PLAIN)) == len(said)


def test_a_text_without_headings_says_neither_inclusion_nor_exclusion() -> None:
    (line,) = lines_of("* Prior CAR-T therapy")
    assert (line.role, line.alone) == (Role.UNSTATED, False)


def test_a_line_with_lines_below_it_and_those_lines_are_not_alone() -> None:
    text = (
        "Inclusion Criteria:\n\n* Patients must have\n\n  * CD19 expression\n  * CD22 expression\n* T-ALL\n"
    )
    assert alone(text) == ["T-ALL"]


@pytest.mark.parametrize(
    "opening",
    [
        "* One of the following:",
        "* Meets one of these criteria, either",
        "Cohort A (phase 2):",
        "DISEASE CHARACTERISTICS:",
        "Inclusion Criteria for Cohort B:",
    ],
)
def test_what_follows_an_opening_is_not_alone_even_at_the_same_depth(opening: str) -> None:
    assert alone(f"Inclusion Criteria:\n\n{opening}\n* CD19 expression\n* CD22 expression\n") == []


def test_an_or_at_an_end_or_a_beginning_joins_two_lines() -> None:
    assert alone("Exclusion Criteria:\n* Prior CAR-T, or\n* Prior transplant\n* T-ALL") == []
    assert alone("Exclusion Criteria:\n* Prior CAR-T\n* or prior transplant\n* T-ALL") == ["T-ALL"]
    assert alone("Exclusion Criteria:\n* Prior CAR-T\n* unless in remission\n* T-ALL") == ["T-ALL"]


def test_words_between_bullets_are_shown_and_end_what_can_be_read() -> None:
    text = "Inclusion Criteria:\n* T-ALL\n* CD19 expression\n  on most blasts\n* CD22 expression"
    assert alone(text) == ["T-ALL"]
    assert [line.text for line in lines_of(text)][2] == "on most blasts"


def test_lines_without_bullets_can_be_read_too() -> None:
    assert alone("Inclusion Criteria\nT-ALL\nFirst relapse\nExclusion Criteria\nPrior CAR-T") == [
        "T-ALL",
        "First relapse",
        "Prior CAR-T",
    ]


def test_a_heading_that_says_more_than_its_section_is_a_line_of_its_own() -> None:
    lines = lines_of(
        "Exclusion Criteria for phase 1:\n* Prior CAR-T\n\nExclusion Criteria:\n* Prior transplant"
    )
    assert [(line.text, line.alone) for line in lines] == [
        ("Exclusion Criteria for phase 1:", False),
        ("Prior CAR-T", False),
        ("Prior transplant", True),
    ]
    assert {line.role for line in lines} == {Role.EXCLUSION}


@pytest.mark.parametrize("text", ["", "\n \n", "Inclusion Criteria:\n\nExclusion Criteria:\n"])
def test_an_empty_text_has_no_lines(text: str) -> None:
    assert lines_of(text) == ()


def test_a_text_without_end_is_cut_and_says_so() -> None:
    lines = lines_of("Inclusion Criteria:\n" + "* T-ALL\n" * (MAX_LINES + 7))
    assert len(lines) == MAX_LINES + 1
    assert (lines[-1].text, lines[-1].alone) == ("and 7 more lines in the registry", False)
