"""What the authors answer for their own patients is among what the product says; and how cards say it."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from cds_rules.answer import Answer
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.recommend import add_up, in_audience
from service.cards import MAX_CARDS, cards_for
from service.rulebook.site import pages
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
BY_THE_STORY: dict[str, frozenset[str]] = {
    "adult-first-relapse": frozenset({"A-1", "A-1a", "A-6"}),
    "adult-ph-positive-late-relapse": frozenset({"A-3", "A-4b", "A-4c"}),
    "adult-second-salvage": frozenset({"M-1a", "A-1c"}),
    "adult-t-all-second-relapse": frozenset({"A-5", "A-5a"}),
    "apheresis-too-early": frozenset({"C-4b", "C-4f", "C-4i", "C-4j"}),
    "car-t-after-hsct-negative": frozenset({"P-6c"}),
    "car-t-after-hsct-ngs-positive": frozenset({"P-6", "P-6a", "P-6b"}),
    "car-t-month-13-b-cells-back": frozenset({"P-4c"}),
    "car-t-month-3-ngs-positive": frozenset({"P-3"}),
    "car-t-month-7-aplasia": frozenset({"P-9", "P-9a"}),
    "car-t-month-8-b-cells-back": frozenset({"P-4b"}),
    "car-t-primary-refractory": frozenset({"P-2a", "P-2b", "P-7b"}),
    "cd28-after-hsct": frozenset({"P-5a", "P-5b"}),
    "cd28-construct": frozenset({"P-5"}),
    "cns-after-transplant": frozenset({"N-10", "X-6"}),
    "cns-relapse-after-cranial-radiation": frozenset({"N-4a", "C-7b"}),
    "cns-relapse-before-infusion": frozenset({"C-5c", "C-7a", "C-11a"}),
    "combined-cns-marrow": frozenset({"EV-8", "B-7b"}),
    "down-syndrome-relapse": frozenset({"B-6", "C-9e", "PF-12", "PF-12a"}),
    "early-marrow-cr2-mrd-negative": frozenset({"B-3a"}),
    "early-marrow-mrd-positive": frozenset({"B-4", "B-4a", "B-9"}),
    "infant-kmt2a": frozenset({"C-1", "C-9f", "C-6p"}),
    "infant-primary-refractory": frozenset({"C-1", "C-9b"}),
    "isolated-cns-late-mrd-positive": frozenset({"N-3a", "PF-13"}),
    "late-testicular": frozenset({"T-1", "T-2", "T-5", "PF-20f"}),
    "lost-aplasia-day-60": frozenset({"P-4", "P-7"}),
    "ph-positive-child-relapse": frozenset({"B-8", "EV-9"}),
    "ph-positive-t315i": frozenset({"A-4a", "B-8b", "A-4c", "A-11a"}),
    "post-car-t-cd19-positive-relapse": frozenset({"P-10b", "P-18", "P-10c"}),
    "post-car-t-day-28-ngs-positive": frozenset({"P-2"}),
    "post-transplant-rising-chimerism": frozenset({"H-4"}),
    "relapse-soon-after-transplant": frozenset({"C-4n", "C-4o", "C-4p", "X-1a"}),
    "t-all-second-relapse": frozenset({"L-2a", "L-5b"}),
    "tcf3-hlf-late": frozenset({"B-10a", "B-5a"}),
    "testicular-after-transplant": frozenset({"T-3"}),
    "tp53-late-relapse": frozenset({"B-5", "B-10"}),
    "transplant-outside-remission": frozenset({"A-1a", "A-1b"}),
    "very-early-marrow": frozenset({"B-11", "PF-20"}),
    "very-early-testicular": frozenset({"T-1c", "T-2", "T-4", "T-5"}),
}
"""The made-up patients: what "What the source says" of each story.md comes to, read without the rules."""
NOT: dict[str, frozenset[str]] = {
    "mye2023-2-refractory": frozenset({"A-1", "B-3"}),
    "mye2023-3-before-infusion": frozenset({"A-1"}),
    "hr2020-p1-after-car-t": frozenset({"P-10b", "C-1", "A-9"}),
    "car-t-after-hsct-negative": frozenset({"P-6", "P-6a", "P-6b", "P-8b", "A-9a"}),
    "ph-positive-t315i": frozenset({"B-8", "A-4b"}),
    "transplant-outside-remission": frozenset({"A-1"}),
    "very-early-marrow": frozenset({"C-10a", "C-4c"}),
    "early-marrow-cr2-mrd-negative": frozenset({"B-4"}),
    "lost-aplasia-day-60": frozenset({"P-9", "P-4b"}),
}
"""What would be wrong to say of them."""
STAYS_OPEN: dict[str, dict[str, frozenset[str]]] = {
    "hr2020-p1-24-months": {"B-3": frozenset({"antigens.CD19", "responseToReinduction"})},
    "hr2020-p1-40-months": {"B-5": frozenset({"endBlock1Mrd"})},
}
"""Their further advice, open because the chart lacks these facts."""


def cards(folder_name: str) -> tuple[Card, ...]:
    return cards_for(assessed(FIXTURES / "patients" / folder_name), PAGES)


NEXT: dict[str, frozenset[str]] = {
    "hr2020-p1-24-months": frozenset({"B-2", "B-2a", "B-3"}),
    "hr2020-p1-40-months": frozenset({"B-5", "B-6"}),
    "hr2020-p2-30-months": frozenset({"N-3a", "N-3b"}),
}
"""What the next result would decide, by the authors: told on the card before the result is there."""


@pytest.mark.parametrize("name", APPLIES)
def test_the_authors_answer_is_among_ours(name: str) -> None:
    found = {r.rule.id for r in assessed(FIXTURES / "patients" / name).recommendations if r.applies}
    assert APPLIES[name] <= found


@pytest.mark.parametrize("name", BY_THE_STORY)
def test_what_a_story_expects_is_said(name: str) -> None:
    found = {r.rule.id for r in assessed(FIXTURES / "patients" / name).recommendations if r.applies}
    assert BY_THE_STORY[name] <= found


@pytest.mark.parametrize("name", NOT)
def test_what_would_be_wrong_is_not_said(name: str) -> None:
    found = {r.rule.id for r in assessed(FIXTURES / "patients" / name).recommendations if r.applies}
    assert not NOT[name] & found


@pytest.mark.parametrize("name", STAYS_OPEN)
def test_what_the_authors_do_next_waits_for_named_facts(name: str) -> None:
    found = {r.rule.id: r for r in assessed(FIXTURES / "patients" / name).recommendations}
    for rule, facts in STAYS_OPEN[name].items():
        assert not found[rule].applies
        assert facts <= {need.aspect for need in found[rule].needs}


@pytest.mark.parametrize("name", NEXT)
def test_a_card_tells_what_the_next_result_would_decide(name: str) -> None:
    lines = [line for card in cards(name) for line in card.detail.splitlines() if " → " in line]
    assert NEXT[name] <= {found[1] for line in lines for found in _RULE_LINK.finditer(line)}


@every_patient
def test_two_facts_named_together_are_both_asked_for(folder: Path) -> None:
    """ "A, and if B" would be wrong of a rule that asks for A or B, or for some pairs of them only."""
    found = assessed(folder)
    if found.seen is None:
        pytest.skip("no card")
    for r in found.recommendations:
        if r.applies or len(r.needs) != 2 or not add_up(r):
            continue
        wanted = {n.aspect: {v for v, answer in n.says if answer is not Answer.NO} for n in r.needs}
        open_ones = [[v for v in ASPECTS[name].values if v in found.seen[name].possible] for name in wanted]
        when = in_audience(r.rule)
        rest = {name: min(found.seen[name].possible) for name in when.reads}
        for pair in product(*open_ones):
            case = {**rest, **dict(zip(wanted, pair, strict=True))}
            both = all(str(v) in wanted[name] for name, v in zip(wanted, pair, strict=True))
            assert when.holds(case) is both, r.rule.id


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


ALIKE = {("A-1b", "C-3")}
"""Of two drugs, for one reason: blinatumomab, and CAR-T against CD19."""


@every_patient
def test_no_two_cards_say_the_same_in_other_words(folder: object) -> None:
    """Headings of statements on different cards share less than three quarters of their words."""
    told: list[tuple[int, str, set[str]]] = []
    for number, card in enumerate(cards(str(getattr(folder, "name", "")))):
        for line in card.detail.splitlines():
            heading, rule = re.match(r"- \*\*(.+?)\*\*", line), _RULE_LINK.search(line)
            if heading is None or rule is None:
                continue
            words = set(re.findall(r"[a-z0-9]{4,}", heading[1].lower()))
            for other, said, before in told:
                few = min(len(words), len(before))
                if other != number and few > 3 and (said, rule[1]) not in ALIKE:
                    assert len(words & before) < few * 3 / 4, f"{said}, {rule[1]}"
            told.append((number, rule[1], words))


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
