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
