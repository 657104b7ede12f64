"""Assessments for the terminal: cards as text, without Markdown marks, and lines of JSON."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.cards import cards_for
from service.cards.build import Pages
from service.fhir.site_map import SiteMap, load_site_map
from service.inputs import Input, InputError
from service.report import as_line, as_text, card_text, plain
from service.wire.response import Card, Source, Suggestion
from tests.journeys.regenerate import PATIENTS, TRIALS, assessed, chart_day

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SITE = load_site_map(FIXTURES / "site.toml")


def chart(folder: Path) -> Input:
    return Input("a file", json.loads((folder / "bundle.json").read_bytes()))


UUID = "9f9c3a52-7a44-4b8e-9d43-6a1f0e6f2c11"


def card(detail: str, *suggestions: str) -> Card:
    proposed = tuple(Suggestion(label=label, uuid=UUID) for label in suggestions)
    return Card(
        uuid=UUID,
        summary="A summary",
        indicator="info",
        detail=detail,
        source=Source(label="A source"),
        suggestions=proposed or None,
        selectionBehavior="any" if proposed else None,
    )


# ---- Markdown as text ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words", "plain words"),
        ("**bold** words", "bold words"),
        ("[COG-3](https://cds.example/rulebook/COG#COG-3)", "COG-3"),
        ("[a](x), [b](y)", "a, b"),
        (r"\<6 mo \& \>=6 mo", "<6 mo & >=6 mo"),
        (r"\*not bold\*", "*not bold*"),
        (r"Jane\_Doe \[x\] \~ \| \`", "Jane_Doe [x] ~ | `"),
        (r"a\\b", r"a\b"),
        ("", ""),
    ],
)
def test_markdown_becomes_text(text: str, expected: str) -> None:
    assert plain(text) == expected


@settings(deadline=None)
@given(st.text(alphabet="ab*_[]()\\<>|~`& 1.%", max_size=40))
def test_no_text_raises_or_grows(text: str) -> None:
    assert len(plain(text)) <= len(text)


# ---- one card ------------------------------------------------------------------------------------


def test_a_card_in_full() -> None:
    table = "| Scheme | Group |\n|---|---|\n| COG | **high** |\n| BFM, text | S3 |"
    assert card_text(card(f"{table}\n\nA line.\n\n- **item**: words")).splitlines() == [
        "  [info] A summary",
        "",
        "    Scheme     Group",
        "    COG        high",
        "    BFM, text  S3",
        "",
        "    A line.",
        "",
        "    - item: words",
        "    Source: A source",
    ]


def test_suggestions_stand_below_the_detail() -> None:
    text = card_text(card("Words", "Request a marrow", "Request a tap"))
    assert "    Words\n    > Request a marrow\n    > Request a tap\n    Source: A source\n" in text


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| a | b |", ["a", "b"]),
        ("| a \\| b | c |", ["a | b", "c"]),
        pytest.param("| a |  |", ["a", ""]),
        pytest.param("|  | b |", ["", "b"]),
    ],
)
def test_every_cell_of_a_table_is_kept(row: str, cells: list[str]) -> None:
    line = card_text(card(f"| one | two |\n|---|---|\n{row}")).splitlines()[3]
    width = max(len("one"), len(cells[0]))
    assert line == f"    {cells[0]:{width}}  {cells[1]}".rstrip()


# ---- whole inputs --------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", PATIENTS, ids=lambda p: p.name)
def test_every_word_of_the_cards_is_in_the_text(folder: Path) -> None:
    text = as_text(chart(folder), SITE, chart_day(folder), TRIALS)
    assert text.startswith(f"Patient/{folder.name}, assessed on {chart_day(folder).isoformat()} (a file)\n")
    assert "](" not in text
    assert "**" not in text
    for found in cards_for(assessed(folder), Pages("https://cds.example")):
        assert found.summary in text
        for line in found.detail.splitlines():
            if line and not line.startswith("|"):
                assert plain(line).rstrip() in text
        for suggestion in found.suggestions or ():
            assert f"> {suggestion.label}" in text


def test_the_links_are_left_out() -> None:
    """They would lead to an address where nobody serves."""
    folder = FIXTURES / "patients" / "adult-first-relapse"
    assert "http" not in as_text(chart(folder), SITE, chart_day(folder))


def test_without_a_card_it_says_why() -> None:
    found = as_text(chart(FIXTURES / "patients" / "child-aml"), SITE, date(2026, 6, 20))
    assert found.splitlines()[1:] == ["  No card: no acute lymphoblastic leukemia on record."]


def test_a_line_is_one_assessment() -> None:
    line = as_line(chart(FIXTURES / "patients" / "child-aml"), SITE, date(2026, 6, 20))
    assert "\n" not in line
    found = json.loads(line)
    assert (found["version"], found["patient"], found["assessedOn"]) == (1, "Patient/child-aml", "2026-06-20")


@pytest.mark.parametrize("write", [as_line, as_text])
def test_a_bundle_without_one_patient_is_refused(write: object) -> None:
    with pytest.raises(InputError, match="holds no Patient"):
        write(Input("x", {"resourceType": "Bundle"}), SiteMap(), date(2026, 1, 1))  # type: ignore[operator]
