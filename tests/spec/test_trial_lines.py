"""Lines of eligibility texts and what is read of them: the whole line, or nothing but what it mentions."""

import pytest

from cds_rules.trials.ages import Age, AgeRange, AgeUnit
from cds_rules.trials.criteria import ASK_TEAM, QUESTIONS
from cds_rules.trials.read_line import NOTHING, PHRASES, TOPICS, WORDS, Phrase, plain_words, read_line

BOTH = "relapse-in-hand-or-refractory"

READ: list[tuple[str, tuple[str, ...], bool]] = [
    ("Relapsed or refractory B-cell acute lymphoblastic leukemia (B-ALL)", (BOTH, "b-lineage"), True),
    ("Patients with relapsed or refractory acute lymphoblastic leukemia.", (BOTH,), True),
    ("Relapsed/refractory B-precursor ALL", (BOTH, "b-lineage"), True),
    ("Diagnosis of relapsed/refractory CD19+ B-ALL", (BOTH, "b-lineage", "cd19"), True),
    (
        "Patients must have recurrent or refractory T-cell acute lymphoblastic leukemia",
        (BOTH, "t-lineage"),
        True,
    ),
    ("First relapse of B-ALL", ("b-lineage", "first-relapse"), True),
    ("Second or greater relapse", ("second-or-later-relapse",), True),
    ("CD22 expression", ("cd22",), True),
    ("CD22-positive disease", ("cd22",), True),
    ("CD19\\+ leukemia", ("cd19",), True),
    ("Philadelphia chromosome positive (Ph+) ALL", ("ph-positive",), True),
    ("Ph-negative ALL", ("ph-positive",), False),
    ("Prior CAR T-cell therapy", ("prior-car-t",), True),
    ("Previous treatment with blinatumomab", ("prior-blinatumomab",), True),
    ("History of prior hematopoietic stem cell transplantation (HSCT)", ("prior-transplant",), True),
    ("Prior allogeneic HSCT", ("prior-transplant", ASK_TEAM), True),
    ("No prior allo-HSCT", ("prior-transplant", ASK_TEAM), False),
    ("Isolated extramedullary relapse", ("isolated-extramedullary",), True),
    ("Isolated CNS relapse", ("isolated-cns",), True),
    ("CNS-3 disease", ("cns3", ASK_TEAM), True),
    ("Active central nervous system (CNS) involvement", ("cns-involved", ASK_TEAM), True),
    ("Newly diagnosed B-ALL", ("relapsed",), False),
]


@pytest.mark.parametrize(("line", "questions", "holds"), READ, ids=str)
def test_a_line_that_says_one_thing_asks_for_it(line: str, questions: tuple[str, ...], holds: bool) -> None:
    assert read_line(line).phrase == Phrase(questions, holds)


MENTIONED: list[tuple[str, set[str]]] = [
    ("Prior allogeneic HSCT is allowed if more than 100 days ago", {"prior-transplant"}),
    ("No CAR-T therapy within 6 weeks", {"prior-car-t"}),
    ("CD19 negative or dim in more than 5 % of blasts", {"cd19"}),
    ("Patients who have not received blinatumomab", {"prior-blinatumomab"}),
    ("Prior CAR-T unless CD19 is still expressed", {"prior-car-t", "cd19"}),
    ("Refractory B-ALL, or Ph-positive ALL after two TKIs", {"refractory", "b-lineage", "ph-positive"}),
    ("CD19 positive and CD22 positive", {"cd19", "cd22"}),
    ("Second or greater relapse, or one after transplant", {"second-or-later-relapse", "prior-transplant"}),
    ("CNS leukemia that is stable", {"cns-involved"}),
    ("No isolated extramedullary relapse", {"isolated-extramedullary"}),
    ("Blasts of 5 % or more after first relapse " + "and so on " * 20, {"first-relapse"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "about"), MENTIONED)
def test_a_line_that_says_more_is_linked_to_what_it_mentions_and_asks_nothing(
    line: str, about: set[str]
) -> None:
    found = read_line(line)
    assert (found.phrase, found.ages) == (None, None)
    assert set(found.about) == about


@pytest.mark.parametrize(
    "line", ["Pregnancy or breastfeeding", "Karnofsky 50 or more", "Creatinine below 2 mg/dL", ""]
)
def test_a_line_about_other_things_is_not_linked(line: str) -> None:
    assert read_line(line) == NOTHING


def years(low: int | None, high: int | None) -> AgeRange:
    lowest, highest = (None if n is None else Age(n, AgeUnit.YEAR) for n in (low, high))
    return AgeRange(lowest, highest)


@pytest.mark.parametrize(
    ("line", "ages"),
    [
        ("Age 1 to 21 years", years(1, 21)),
        ("Age: 1-30 years old", years(1, 30)),
        ("Between 18 and 70 years of age", years(18, 70)),
        ("Age \\>= 18 years", years(18, None)),
        ("≥ 18 years old", years(18, None)),
        ("Patients aged 18 years or older", years(18, None)),
        ("Age ≥ 1 and ≤ 25 years", years(1, 25)),
        ("Age ≤ 21 years", years(None, 21)),
        ("6 months to 21 years", AgeRange(Age(6, AgeUnit.MONTH), Age(21, AgeUnit.YEAR))),
    ],
)
def test_a_line_that_is_an_age_asks_for_it(line: str, ages: AgeRange) -> None:
    assert read_line(line).ages == ages


@pytest.mark.parametrize(
    "line",
    [
        "Age > 18 years",
        "Age < 21 years",
        "Age 21 to 1 years",
        "Age 1 to 21 years at diagnosis",
        "18 years or older, or 12 years with consent",
        "Off treatment for 2 years or longer",
        "Life expectancy of at least 2 months",
    ],
)
def test_an_age_that_is_strict_reversed_or_of_another_day_is_not_read(line: str) -> None:
    assert read_line(line).ages is None


def test_every_phrase_is_reached_by_its_own_words_and_asks_what_can_be_asked() -> None:
    for phrase in PHRASES:
        assert plain_words(phrase) == phrase
        assert read_line(phrase).phrase == PHRASES[phrase]
    asked = {name for phrase in PHRASES.values() for name in phrase.questions}
    assert asked <= {*QUESTIONS, ASK_TEAM}
    assert {question for _, question in TOPICS} <= set(QUESTIONS)


def test_no_way_of_writing_hides_a_negation() -> None:
    """What is passed over is never a word that turns a line around."""
    turning = {"no", "not", "without", "never", "unless", "except", "negative", "absence", "non"}
    assert [word for word, read_as in WORDS.items() if not read_as and turning & set(word.split())] == []
    for written, read_as in WORDS.items():
        if written == "ph-":
            continue  # a sign for negative, kept as the word
        assert turning & set(written.replace("-", " ").split()) == turning & set(read_as.split()), written
