"""The conformance table and the tests say the same: every number has a row, every test named there exists."""

import ast
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "service"
ROW = re.compile(r"^\| (\d+)([a-e]?) \| ([^|]+?) \| ([^|]+?) ?\|$", re.MULTILINE)
NUMBERS = re.compile(r"test_((?:c\d\d[a-e]?_)+)")
REASONS = ("not yet: ", "not ours: ")


def table() -> dict[str, str]:
    """Number -> what the last column says."""
    found = ROW.findall((FOLDER / "CONFORMANCE.md").read_text("utf-8"))
    rows = {f"{int(number)}{letter}": shown for number, letter, _, shown in found}
    assert len(rows) == len(found), "a number has two rows"
    return rows


def conformance_tests() -> dict[str, ast.FunctionDef]:
    files = sorted(FOLDER.glob("test_conformance_*.py"))
    assert len(files) >= 6
    functions = [
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    found = {function.name: function for function in functions}
    assert len(found) == len(functions), "two tests share a name"
    return found


def numbers_of(name: str) -> set[str]:
    """The numbers a test's name carries, as the table writes them."""
    carried = NUMBERS.match(name)
    parts = carried[1].strip("_").split("_") if carried else []
    return {f"{int(part[1:3])}{part[3:]}" for part in parts}


def named(text: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", text))


def is_open(function: ast.FunctionDef) -> bool:
    return any("xfail" in ast.unparse(decorator) for decorator in function.decorator_list)


TABLE = table()
TESTS = conformance_tests()


def test_every_number_has_a_row() -> None:
    plain = {int(re.sub(r"\D", "", number)) for number in TABLE}
    assert plain == set(range(1, 69))
    assert {number for number in TABLE if number.startswith("27")} == {f"27{letter}" for letter in "abcde"}


@pytest.mark.parametrize("number", TABLE)
def test_every_row_names_a_test_or_says_why_not(number: str) -> None:
    shown = TABLE[number]
    assert named(shown) or shown.startswith(REASONS)
    assert all(part.startswith(("`", "open: `", *REASONS)) for part in shown.split("; "))


@pytest.mark.parametrize("number", TABLE)
def test_the_tests_of_a_row_exist_and_carry_its_number(number: str) -> None:
    assert named(TABLE[number]) - TESTS.keys() == set()
    strangers = {name for name in named(TABLE[number]) if number not in numbers_of(name)}
    assert strangers == set()


def test_every_test_carries_numbers_of_the_table() -> None:
    assert [name for name in TESTS if not numbers_of(name)] == []
    unknown = {name: numbers_of(name) - TABLE.keys() - {"27"} for name in TESTS}
    assert {name: numbers for name, numbers in unknown.items() if numbers} == {}


def test_a_number_with_a_test_has_no_row_that_says_there_is_none() -> None:
    tested = {number for name in TESTS for number in numbers_of(name)}
    assert [number for number in tested & TABLE.keys() if not named(TABLE[number])] == []


def test_open_faults_are_owned_up_to() -> None:
    expected = {name for name, function in TESTS.items() if is_open(function)}
    told = {name for shown in TABLE.values() for name in named(shown.partition("open: ")[2])}
    assert told == expected
