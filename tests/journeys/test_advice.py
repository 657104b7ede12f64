"""What the authors answer for their own patients is among what the product says; and how cards say it."""

from __future__ import annotations

import re

import pytest

from service.cards import MAX_CARDS, cards_for
from service.rulebook import pages
from service.wire.response import Card
from tests.journeys.regenerate import FIXTURES, PAGES, PATIENTS, assessed

every_patient = pytest.mark.parametrize("folder", PATIENTS, ids=lambda p: p.name)
_RULE_LINK = re.compile(
    r"\[([A-Z]+-\d+[a-z]?)\]\(https://cds\.example/rulebook/([a-z_]+)#([A-Z]+-\d+[a-z]?)\)"
)

APPLIES: dict[str, frozenset[str]] = {
    "hr2020-p1-24-months": frozenset({"B-1"}),
    "hr2020-p1-40-months": frozenset({"B-1"}),
    "hr2020-p1-40-months-after-block-1": frozenset({"B-5"}),
    "hr2020-p1-after-hsct": frozenset({"X-1"}),
    "hr2020-p1-after-car-t": frozenset({"P-10"}),
    "hr2020-p2-15-months": frozenset({"N-1", "N-2"}),
    "hr2020-p2-30-months": frozenset({"N-1", "N-3"}),
    "hr2020-p3-t-all": frozenset({"L-1"}),
    "mye2023-2-refractory": frozenset({"C-1"}),
    "mye2023-4-day-28": frozenset({"P-2"}),
    "mye2023-5-day-60": frozenset({"P-4"}),
}
"""Rules that say what the authors did or advise for their patients. HR2020 and MYE2023, the cases."""
STAYS_OPEN: dict[str, dict[str, frozenset[str]]] = {
    "hr2020-p1-24-months": {"B-3": frozenset({"antigens.CD19", "responseToReinduction"})},
    "hr2020-p1-40-months": {"B-5": frozenset({"endBlock1Mrd"})},
}
"""Their further advice, open because the chart lacks these facts."""


def cards(folder_name: str) -> tuple[Card, ...]:
    return cards_for(assessed(FIXTURES / "patients" / folder_name), PAGES)


@pytest.mark.parametrize("name", APPLIES)
def test_the_authors_answer_is_among_ours(name: str) -> None:
    found = {r.rule.id for r in assessed(FIXTURES / "patients" / name).recommendations if r.applies}
    assert APPLIES[name] <= found


@pytest.mark.parametrize("name", STAYS_OPEN)
def test_what_the_authors_do_next_waits_for_named_facts(name: str) -> None:
    found = {r.rule.id: r for r in assessed(FIXTURES / "patients" / name).recommendations}
    for rule, facts in STAYS_OPEN[name].items():
        assert not found[rule].applies
        assert facts <= {need.aspect for need in found[rule].needs}


@every_patient
def test_cards_are_few(folder: object) -> None:
    assert len(cards(str(getattr(folder, "name", "")))) <= MAX_CARDS


@every_patient
def test_no_statement_stands_on_two_cards(folder: object) -> None:
    told: list[str] = []
    for card in cards(str(getattr(folder, "name", ""))):
        lines = [line for line in card.detail.splitlines() if line.startswith("- **")]
        told += [found[1] for line in lines for found in _RULE_LINK.finditer(line)]
    assert len(told) == len(set(told))


@every_patient
def test_no_request_is_offered_twice(folder: object) -> None:
    labels = [s.label for card in cards(str(getattr(folder, "name", ""))) for s in card.suggestions or ()]
    assert len(labels) == len(set(labels))


@every_patient
def test_every_rule_named_on_a_card_has_its_place_in_the_rule_book(folder: object) -> None:
    for card in cards(str(getattr(folder, "name", ""))):
        for shown, page, anchor in _RULE_LINK.findall(card.detail):
            assert shown == anchor
            assert f'id="{anchor}"' in pages()[page]


def test_the_headline_after_lost_aplasia_is_transplant() -> None:
    headlines = [card.summary for card in cards("mye2023-5-day-60")]
    assert any("transplant" in line and "aplasia lost" in line for line in headlines)


@pytest.mark.parametrize(("name", "word"), [("tp53-late-relapse", "TP53"), ("tcf3-hlf-late", "TCF3::HLF")])
def test_a_lesion_that_changes_the_course_is_in_the_headline(name: str, word: str) -> None:
    """Good MRD alone would say "chemotherapy without transplant"; that must not be all a reader sees."""
    (treatment,) = (
        c for c in cards(name) if c.source.topic and c.source.topic.code == "treatment-at-relapse"
    )
    assert word in treatment.summary


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("infant-primary-refractory", "no remission after the first induction"),
        ("car-t-primary-refractory", "CAR-T 2025-04-15"),
    ],
)
def test_without_a_relapse_the_first_card_says_who_this_is(name: str, words: str) -> None:
    first = cards(name)[0]
    assert first.summary.startswith("B-ALL without a relapse on record")
    assert words in first.summary
    assert "none is on record here" in first.detail
