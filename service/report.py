"""An Assessment for the terminal: a line of JSON, or the cards as a clinician would read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby, zip_longest

import orjson

from cds_rules import Assessment, assessment_to_dict
from cds_rules import assess as assess_timeline
from cds_rules.trials.match import TrialSet
from service.cards import cards_for
from service.cards.build import Pages
from service.fhir.site_map import SiteMap
from service.inputs import Input, orders_of, timeline_of
from service.wire.response import Card

_PAGES = Pages("http://127.0.0.1:8080")
"""Links are left out of the text, so any address will do."""

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
_BAR = re.compile(r"(?<!\\)\|")
_ESCAPE = re.compile(r"\\([\\`*_\[\]|<>~&])")


def as_line(item: Input, site_map: SiteMap, on: date, trial_set: TrialSet | None = None) -> str:
    """The Assessment as one line of JSON. `trial_set`: trials with a registry's records of them."""
    return orjson.dumps(assessment_to_dict(_assess(item, site_map, on, trial_set))).decode()


def as_text(item: Input, site_map: SiteMap, on: date, trial_set: TrialSet | None = None) -> str:
    """The cards of one input as plain text, or why there are none."""
    assessment = _assess(item, site_map, on, trial_set)
    head = f"{assessment.patient}, assessed on {on.isoformat()} ({item.name})"
    cards = cards_for(assessment, _PAGES)
    if not cards:
        return f"{head}\n  No card: {assessment.not_applicable_because or 'nothing to say'}.\n"
    return "\n".join([head, *(card_text(card) for card in cards)])


def card_text(card: Card) -> str:
    """One card: its summary, its detail without Markdown marks, its suggestions."""
    lines = [f"  [{card.indicator}] {card.summary}", ""]
    lines.extend(f"    {line}".rstrip() for line in _detail(card.detail.splitlines()))
    lines.extend(f"    > {suggestion.label}" for suggestion in card.suggestions or ())
    lines.append(f"    Source: {card.source.label}\n")
    return "\n".join(lines)


def _detail(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a card's detail as text, tables in columns."""
    for is_table, group in groupby(lines, key=lambda line: line.startswith("|")):
        if is_table:
            yield from _columns([_cells(line) for line in group if not line.startswith("|---")])
        else:
            yield from map(plain, group)


def _cells(line: str) -> list[str]:
    return [plain(cell.strip()) for cell in _BAR.split(line.strip())[1:-1]]


def _columns(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))


def plain(text: str) -> str:
    """Markdown as text: links by their words, escapes undone."""
    return _ESCAPE.sub(r"\1", _LINK.sub(r"\1", text).replace("**", ""))


def _assess(item: Input, site_map: SiteMap, on: date, trial_set: TrialSet | None) -> Assessment:
    bundle = item.bundle or {}
    return assess_timeline(timeline_of(bundle, site_map), on, orders_of(bundle, site_map), trial_set)
