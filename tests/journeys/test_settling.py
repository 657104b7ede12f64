"""The first card ranks the missing tests by the open decisions each would close, and offers each once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from cds_rules.request import REFERRALS, Test
from cds_rules.treatment.advice import Weight
from service.cards import cards_for
from service.cards.settling import MAX_TESTS, settling
from tests.journeys.regenerate import PAGES, PATIENTS, assessed

every_patient = pytest.mark.parametrize("folder", PATIENTS, ids=lambda p: p.name)
_LINE = re.compile(r"- (?P<test>[^:]+): (?:settles (?P<closes>\d+) open decisions?)?")
_HEAD = "**Tests not on record that would settle most**"


def closed_by(a: Assessment, test: Test) -> int:
    """Statements of advice that wait for this test alone, counted anew, and schemes that do."""
    rules = 0
    told = {m.fact: m.tests for m in a.missing}
    for r in a.recommendations:
        if r.rule.weight is Weight.ADVICE and not r.applies and len(r.needs) == 1:
            (need,) = r.needs
            decided = all(answer is not Answer.UNKNOWN for _, answer in need.says)
            asks = test in told.get(need.aspect, ())
            rules += decided and asks and not need.aspect.startswith("done.")
    names = {m.fact for m in a.missing if m.schemes and test in m.tests}
    open_one = [s for s in a.schemes if s.settles and len(s.finding.open) == 1]
    contract = {m.fact: m.schemes for m in a.missing}
    schemes = sum(any(s.id in contract[name] for name in names) for s in open_one)
    return rules + schemes


@every_patient
def test_tests_are_ranked_by_the_decisions_they_would_close(folder: Path) -> None:
    a = assessed(folder)
    found = settling(a)
    assert [s.closes for s in found] == sorted((s.closes for s in found), reverse=True)
    assert not {s.test for s in found} & REFERRALS
    for s in found:
        assert s.closes == closed_by(a, s.test), s.test
        assert s.waiting >= 1
    best = max((closed_by(a, t) for m in a.missing for t in m.tests if t not in REFERRALS), default=0)
    assert best == (found[0].closes if found else 0)


@every_patient
def test_each_ranked_test_has_one_request_and_the_card_lists_both_in_one_order(folder: Path) -> None:
    a = assessed(folder)
    first = next(iter(cards_for(a, PAGES)), None)
    if first is None or _HEAD not in first.detail:
        return
    block = first.detail.split(_HEAD)[1].strip().split("\n\n")[0]
    listed = [m["test"] for line in block.splitlines() if (m := _LINE.match(line))]
    labels = [s.label for s in first.suggestions or ()]
    assert 1 <= len(listed) <= MAX_TESTS
    assert [label.removeprefix("Request ").split(" (20")[0] for label in labels] == listed
    for suggestion in first.suggestions or ():
        (action,) = suggestion.actions or ()
        assert action.resource is not None
        assert action.resource["resourceType"] == "ServiceRequest"


BLASTS = "immunophenotyping of the blasts"


def offered(folder: str) -> list[str]:
    """What the first card offers to request."""
    (chart,) = [p for p in PATIENTS if p.name == folder]
    first = cards_for(assessed(chart), PAGES)[0]
    return [s.label for s in first.suggestions or ()]


@pytest.mark.parametrize(
    ("folder", "asked"),
    [
        ("early-marrow-cr2-mrd-negative", False),  # CR2, MRD below 0.01 %: nothing is left to look at
        ("post-transplant-rising-chimerism", False),
        ("hr2020-p1-40-months-after-block-1", True),  # MRD of 0.01 % or more: flow can tell the antigens
        ("hr2020-p1-24-months", True),
    ],
)
def test_blasts_are_to_be_typed_only_where_there_are_some(folder: str, asked: bool) -> None:
    assert any(BLASTS in label for label in offered(folder)) is asked


@every_patient
def test_what_a_record_may_hold_already_is_looked_up_before_it_is_ordered(folder: Path) -> None:
    """The evaluation card names such examinations; a request for them on the first card says it twice."""
    a = assessed(folder)
    only_done = {t for m in a.missing if m.fact.startswith("done.") for t in m.tests}
    only_done -= {t for m in a.missing if not m.fact.startswith("done.") for t in m.tests}
    assert not only_done & {s.test for s in settling(a)}


def test_a_test_that_tells_nothing_before_its_time_says_when_it_is_to_be_done() -> None:
    """Ten days after a relapse with 71 % blasts a marrow or an MRD of today settles neither."""
    labels = offered("hr2020-p1-40-months")
    assert "Request bone marrow aspirate with blast count, after reinduction" in labels
    assert any(
        s.startswith("Request marrow MRD by flow or PCR, after consolidation (weeks 12") for s in labels
    )
    (chart,) = [p for p in PATIENTS if p.name == "hr2020-p1-40-months"]
    first = cards_for(assessed(chart), PAGES)[0]
    notes = [
        action.resource["note"][0]["text"]
        for s in first.suggestions or ()
        for action in s.actions or ()
        if action.resource and "note" in action.resource
    ]
    assert "To be done after reinduction." in notes
