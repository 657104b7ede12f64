"""What of the record could not be retrieved, and what therefore stays open."""

from __future__ import annotations

from cds_rules.assessment import Assessment
from service.cards.build import Pages, card, escape, fit
from service.wire.response import Card


def retrieval_card(a: Assessment, pages: Pages) -> Card:
    """Names the missing parts in the summary: it is what a reader needs to know first."""
    parts = [part.value for part in a.incomplete]
    head = "ALL relapse assessment incomplete"
    detail = [
        "These parts of the record were not complete or not readable when this was assessed. "
        "What depends on them is open, not absent:",
        "",
        *(f"- {escape(reason)}" for reason in a.incomplete.values()),
    ]
    summary = fit(
        (
            f"{head}. Not retrieved or not readable: {', '.join(parts)}",
            f"{head}: {len(parts)} parts of the record not retrieved or not readable",
        )
    )
    return card(
        "record-incomplete",
        a.patient,
        summary,
        detail,
        label="relapse-cds, reading of the record",
        url=pages.book(),
        pages=pages,
    )
