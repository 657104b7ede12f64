"""The worked cases are the specification of the schemes: every row is a test."""

import pytest

from cds_rules.risk import SCHEME_BY_ID, SCHEMES
from cds_rules.risk.case import RiskCase
from cds_rules.risk.decide import decide
from cds_rules.rule import Scheme
from cds_rules.rulebook.cases import WorkedCase, facts_of, worked_cases

ROWS = [(scheme.id, case) for scheme in SCHEMES for case in worked_cases(scheme.id)]
COURSES = {"", "first", "second", "after HSCT", "after CAR-T", "refractory", "mixed lineage"}
EACH_SCHEME = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.id)


def _name(scheme_id: str, case: WorkedCase) -> str:
    return f"{scheme_id}:{case.line} {case['because']}"


@pytest.mark.parametrize(("scheme_id", "case"), ROWS, ids=[_name(*row) for row in ROWS])
def test_the_scheme_says_what_the_row_says(scheme_id: str, case: WorkedCase) -> None:
    finding = decide(SCHEME_BY_ID[scheme_id], facts_of(case))
    assert sorted(map(str, finding.possible)) == sorted(map(str, case.expected))
    if case["group"] not in ("?", "outside"):
        assert finding.group == case["group"]
    if case["group"] == "outside":
        assert finding.applies is False
    if case["rule"]:
        assert finding.rule == case["rule"]


@EACH_SCHEME
def test_a_scheme_has_enough_rows_to_be_read_as_its_specification(scheme: Scheme[RiskCase]) -> None:
    assert len(worked_cases(scheme.id)) >= 25


@EACH_SCHEME
def test_every_rule_decides_some_row(scheme: Scheme[RiskCase]) -> None:
    assert {case["rule"] for case in worked_cases(scheme.id)} - {""} == {rule.id for rule in scheme.rules}


@EACH_SCHEME
def test_every_group_is_reached_by_some_row(scheme: Scheme[RiskCase]) -> None:
    assert {*scheme.groups, "outside", "?"} == {case["group"] for case in worked_cases(scheme.id)}


@pytest.mark.parametrize(("scheme_id", "case"), ROWS, ids=[_name(*row) for row in ROWS])
def test_a_row_is_well_formed(scheme_id: str, case: WorkedCase) -> None:
    assert len(case["because"]) > 3
    assert case["course"] in COURSES
    assert bool(case["could be"]) is (case["group"] == "?")
    assert len(set(case.expected)) == len(case.expected)
    assert len(case.expected) > 1 or case["group"] != "?"
    assert set(case.expected) <= {*SCHEME_BY_ID[scheme_id].groups, None}


@EACH_SCHEME
def test_no_two_rows_give_the_same_facts(scheme: Scheme[RiskCase]) -> None:
    given = [case.cells[:8] for case in worked_cases(scheme.id)]
    assert len(given) == len(set(given))


def test_the_ages_of_the_trials_and_whether_a_scheme_settles() -> None:
    assert {s.id: (*s.ages, s.settles) for s in SCHEMES} == {
        "COG-AALL1331": (1, 30, True),
        "COG-PDQ2014": (1, 30, True),
        "BFM-S": (1, 18, True),
        "BFM-S-TEXT": (1, 18, False),
        "UK-R3": (1, 18, True),
    }
