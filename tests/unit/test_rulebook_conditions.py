"""Conditions in the rule book: parentheses go where they change nothing, and nothing else goes."""

from __future__ import annotations

import re

import pytest

from cds_rules.treatment.orders import CHECKS
from cds_rules.treatment.sections import SECTIONS
from service.rulebook.conditions import plain_condition, readable

WHENS = {r.id: r.when.text for s in SECTIONS for r in s.advice} | {c.id: c.when.text for c in CHECKS}
AND, OR = " **and** ", " **or** "
Tree = tuple[str, frozenset["Tree | str"]] | str


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("a", "a"),
        ("a **and** b", "a **and** b"),
        ("((a **and** b) **and** c) **and** d", "a **and** b **and** c **and** d"),
        ("(a **or** b) **or** c", "a **or** b **or** c"),
        ("(a **or** b) **and** c", "(a **or** b) **and** c"),
        ("((a **or** b) **or** c) **and** (d **and** e)", "(a **or** b **or** c) **and** d **and** e"),
        ("**not** (a **and** b)", "**not** (a **and** b)"),
        ("(a **and** **not** (b **and** c)) **and** d", "a **and** **not** (b **and** c) **and** d"),
        ("not: refractory (marrow above 25 %) **and** b", "not: refractory (marrow above 25 %) **and** b"),
        ("(a (x) **and** b (y)) **and** c", "a (x) **and** b (y) **and** c"),
    ],
)
def test_parentheses_go_only_where_the_word_is_the_same(written: str, plain: str) -> None:
    assert plain_condition(written) == plain


def tree(text: str) -> Tree:
    """The condition as a tree, read by another way: joins of the same word are one node."""
    for join in (AND, OR):
        parts, depth, current = [], 0, ""
        for piece in re.split(r"(\(|\)| \*\*and\*\* | \*\*or\*\* )", text):
            depth += (piece == "(") - (piece == ")")
            if piece == join and depth == 0:
                parts.append(current)
                current = ""
            else:
                current += piece
        if parts:
            found: set[Tree | str] = set()
            for each in (tree(part) for part in (*parts, current)):
                found |= each[1] if isinstance(each, tuple) and each[0] == join else {each}
            return join, frozenset(found)
    if text.startswith("(") and text.endswith(")") and (AND in text or OR in text):
        return tree(text[1:-1])
    return text


@pytest.mark.parametrize("rule", sorted(WHENS))
def test_the_condition_of_a_rule_says_the_same_as_before(rule: str) -> None:
    plain = plain_condition(WHENS[rule])
    assert tree(plain) == tree(WHENS[rule])


def test_only_the_lines_that_tell_a_condition_are_touched() -> None:
    text = "((a **and** b) **and** c)\n\n- When: (a **and** b) **and** c\n- Source: (x)"
    assert readable(text) == "((a **and** b) **and** c)\n\n- When: a **and** b **and** c\n- Source: (x)"
