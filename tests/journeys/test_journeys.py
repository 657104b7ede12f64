"""Every demonstration patient from chart to card, against what the story says the product should answer.

The expectations are read from each story.md, which is written from the sources; cards.json holds the
wording as it was last read and approved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_rules import Assessment
from cds_rules.answer import Answer
from cds_rules.assessment import SchemeFinding
from cds_rules.request import Test as Request
from cds_rules.terminology.code_set import load
from service.cards import cards_for
from service.wire.response import Card
from tests.journeys.regenerate import (
    FIXTURES,
    PAGES,
    PATIENTS,
    assessed,
    cards_of,
    text_of,
)

Json = dict[str, Any]
AGE = "outside the trials' age range"
every_patient = pytest.mark.parametrize("folder", PATIENTS, ids=lambda p: p.name)


# ---- the story's own expectations ----------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """One row of "What the product should answer". No groups: outside the scheme; None: not asked."""

    scheme: str
    groups: frozenset[str] | None
    meaning: str | None
    outside_age: bool


def rows(folder: Path, heading: str) -> Iterator[list[str]]:
    """The cells of the Markdown table under a heading of the story, without its head."""
    text = (folder / "story.md").read_text(encoding="utf-8")
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def expectations(folder: Path) -> list[Expected]:
    return [_expected(*cells[:2]) for cells in rows(folder, "What the product should answer")]


def _expected(scheme: str, said: str) -> Expected:
    name = scheme.split(maxsplit=1)[0]
    if said == "not asked":
        return Expected(name, None, None, False)
    if said == "outside these schemes":
        return Expected(name, frozenset(), None, False)
    meaning = re.search(r"\(HR2020: (\w+)\)", said)
    plain = re.sub(r"\([^)]*\)", "", said.replace(AGE, "")).removeprefix("open:")
    groups = frozenset(re.findall(r"S[1-4]|low|intermediate|high|standard", plain))
    assert groups, f"the story's answer cannot be read: {said}"
    return Expected(name, groups, meaning[1] if meaning else None, AGE in said)


def groups(finding: SchemeFinding) -> frozenset[str]:
    return frozenset(g for g in finding.finding.possible if g is not None)


def by_id(assessment: Assessment) -> dict[str, SchemeFinding]:
    return {scheme.id: scheme for scheme in assessment.schemes}


def named(name: str) -> Path:
    return FIXTURES / "patients" / name


@every_patient
def test_every_scheme_answers_what_the_story_says(folder: Path) -> None:
    found = by_id(assessed(folder))
    never_relapsed = assessed(folder).picture.relapse_number.value == 0
    expected = {row.scheme: row for row in expectations(folder)}
    assert {"COG-AALL1331", "COG-PDQ2014", "BFM-S", "UK-R3"} <= set(expected)
    for name, row in expected.items():
        if row.groups is None or (never_relapsed and not row.groups):
            assert name not in found, "a scheme of first relapse is not asked without a relapse"
            continue
        assert groups(found[name]) == row.groups, name
        if not row.groups:
            assert found[name].finding.applies is False
        if row.meaning is not None:
            assert found[name].meaning == row.meaning
        assert (AGE in (found[name].age_note or "")) is row.outside_age or not row.groups


@every_patient
def test_the_text_variant_stands_only_where_the_story_has_it(folder: Path) -> None:
    shown = {s.id for s in assessed(folder).schemes if s.finding.applies is not False}
    assert ("BFM-S-TEXT" in shown) is ("BFM-S-TEXT" in {row.scheme for row in expectations(folder)})


@every_patient
def test_the_facts_of_the_story_are_the_facts_of_the_picture(folder: Path) -> None:
    """Dates and resources that the story lists by hand."""
    picture = assessed(folder).picture
    told = {
        "Diagnosis": picture.diagnosed,
        "Primary treatment": picture.treatment,
        "First remission (added)": picture.first_remission,
        "MRD": picture.end_block1_mrd,
    }
    several = (picture.relapse_number.value or 0) > 1
    for name, when, _, resource in rows(folder, "Key facts"):
        fact = told.get(name)
        if fact is None or picture.has_all is not Answer.YES or (several and name == "Primary treatment"):
            continue
        if picture.relapse_number.value == 0 and name in ("Primary treatment", "MRD"):
            continue  # both are facts of a relapse; without one that MRD is of the first induction
        assert fact.evidence == (resource.strip("`"),), name
        if name in ("Diagnosis", "First remission (added)"):
            assert str(fact.value) == when, name


# ---- the cards -----------------------------------------------------------------------------------


@every_patient
def test_the_cards_are_those_that_were_read(folder: Path) -> None:
    """After a change: `python -m tests.journeys.regenerate`, and read the difference as a clinician."""
    expected = (folder / "cards.json").read_text(encoding="utf-8")
    assert json.loads(expected) == cards_of(folder)
    assert expected == text_of(cards_of(folder))


@every_patient
def test_no_card_where_no_scheme_is_asked(folder: Path) -> None:
    asked = any(row.groups is not None for row in expectations(folder))
    assert bool(cards_of(folder)["cards"]) is asked


SUMMARY_FIRST = {"first-relapse-risk", "outside-first-relapse", "suspected-relapse", "no-relapse"}


def topic(card: Card) -> str:
    """What the card is about."""
    assert card.source.topic is not None
    return card.source.topic.code


@every_patient
def test_a_relapse_has_its_summary_first_and_at_most_four_more_cards(folder: Path) -> None:
    assessment = assessed(folder)
    topics = [topic(card) for card in cards_for(assessment, PAGES)]
    assert len(topics) == len(set(topics)) <= 1 + 4
    assert SUMMARY_FIRST.isdisjoint(topics[1:])
    if assessment.applies:
        assert topics[0] in SUMMARY_FIRST
        assert (topics[0] == "no-relapse") is (assessment.picture.relapsed is Answer.NO)
    else:
        assert SUMMARY_FIRST.isdisjoint(topics)


@every_patient
def test_a_summary_says_what_it_needs_to(folder: Path) -> None:
    """The first card names the disease; one that advises says a piece of advice or a test due, in full."""
    assessment = assessed(folder)
    said = [r.rule.title for r in assessment.recommendations if r.applies]
    said += [item.what for item in assessment.surveillance]
    said += [f"may fit (checked {m.trial.status.on})" for m in assessment.open_trials if m.trial.status]
    for card in cards_for(assessment, PAGES):
        assert len(card.summary) < 140
        if topic(card) in SUMMARY_FIRST:
            assert "ALL" in card.summary
        else:
            assert any(words in card.summary for words in said)
        assert not card.summary.endswith("…")
        assert card.indicator == "info"
        assert card.source.label


@every_patient
def test_a_settled_group_stands_in_the_summary_and_in_the_table(folder: Path) -> None:
    found = cards_of(folder)
    for scheme in assessed(folder).schemes:
        group = scheme.finding.group
        if group is None:
            continue
        card = found["cards"][0]
        if scheme.settles:
            assert scheme.short.split(" (")[0] in card["summary"]
        (row,) = [line for line in card["detail"] if line.startswith(f"| {scheme.short} ")]
        assert f"**{group}**" in row


# ---- what is proposed ----------------------------------------------------------------------------

PROPOSED = {f"{test.value[0].upper()}{test.value[1:]}": test.value for test in Request}
"""The text of a request -> what the label says of it."""
DRUGS = re.compile(
    "|".join(
        re.escape(c.removeprefix("drug.")) for c in set(load().concepts.values()) if c.startswith("drug.")
    ),
    re.IGNORECASE,
)


@every_patient
def test_nothing_is_proposed_but_evaluations(folder: Path) -> None:
    for card in cards_for(assessed(folder), PAGES):
        for suggestion in card.suggestions or ():
            (action,) = suggestion.actions or ()
            assert action.type == "create"
            resource = action.resource
            assert resource is not None
            get_fhir_model_class("ServiceRequest").model_validate(resource)
            assert (resource["resourceType"], resource["status"], resource["intent"]) == (
                "ServiceRequest",
                "draft",
                "proposal",
            )
            assert resource["subject"] == {"reference": f"Patient/{folder.name}"}
            name = PROPOSED[resource["code"]["text"]]
            assert suggestion.label.startswith(f"Request {name}")
            assert not DRUGS.search(json.dumps(resource) + suggestion.label)


def test_no_request_that_can_be_proposed_names_a_drug() -> None:
    assert DRUGS.search("blinatumomab")
    assert [test.value for test in Request if DRUGS.search(test.value)] == []


# ---- what single stories insist on ----------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "hr2020-p1-40-months-after-block-1",
        "hr2020-p2-15-months",
        "busy-chart",
    ],
)
def test_the_card_says_that_the_cog_tables_differ(name: str) -> None:
    card = cards_of(named(name))["cards"][0]
    assert any("COG tables" in line and "differ" in line for line in card["detail"])


@pytest.mark.parametrize("name", ["hr2020-p1-24-months", "hr2020-p3-t-all", "adult-first-relapse"])
def test_no_card_says_so_where_they_agree(name: str) -> None:
    lines = [line for card in cards_of(named(name))["cards"] for line in card["detail"]]
    assert any(line.startswith("| COG (AALL1331) ") for line in lines)
    assert not any("COG tables" in line for line in lines)


@pytest.mark.parametrize("name", ["hr2020-p1-40-months", "hr2020-p2-30-months", "late-testicular"])
def test_an_older_mrd_is_not_taken_for_the_end_of_block_1(name: str) -> None:
    picture = assessed(named(name)).picture
    assert picture.end_block1_mrd.value is None
    assert picture.end_block1_mrd.because


def test_the_withdrawn_result_is_named_and_does_not_count() -> None:
    assessment = assessed(named("hr2020-p1-40-months-after-block-1"))
    withdrawn = "Observation/p1b1-mrd-block-1-withdrawn"
    assert withdrawn in {r for p in assessment.problems for r in p.resources}
    assert withdrawn not in assessment.picture.end_block1_mrd.evidence


def test_the_day_of_recording_is_not_the_day_of_relapse() -> None:
    picture = assessed(named("problem-list-only")).picture
    assert picture.relapsed is Answer.YES
    assert (picture.relapse_date.value, picture.diagnosed.value) == (None, None)


def test_one_entry_does_not_prove_a_first_relapse() -> None:
    assert assessed(named("problem-list-only")).picture.relapse_number.value is None
    for card in cards_of(named("problem-list-only"))["cards"]:
        assert "First relapse" not in card["summary"]


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("hr2020-p1-after-hsct", {"relapse number 2", "transplant"}),
        ("hr2020-p1-after-car-t", {"relapse number 3", "transplant", "CAR-T"}),
        ("mye2023-2-refractory", {"refractory"}),
        ("mye2023-3-before-infusion", {"refractory"}),
        ("mye2023-4-day-28", {"refractory", "CAR-T"}),
        ("mye2023-5-day-60", {"refractory", "CAR-T"}),
    ],
)
def test_every_reason_for_being_outside_is_given(name: str, reasons: set[str]) -> None:
    told = assessed(named(name)).outside
    assert len(told) == len(reasons)
    for reason in reasons:
        assert any(reason in line for line in told)
