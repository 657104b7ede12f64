"""A relapse that the record suggests without settling it."""

from __future__ import annotations

from cds_rules.assessment import Assessment
from service.cards.build import Pages, card, escape
from service.cards.facts import problem_lines, references
from service.wire.response import Card


def suspicion_card(a: Assessment, pages: Pages) -> Card:
    """Says what points to a relapse, and that no scheme is applied until it is settled."""
    fact = a.picture.relapse_number
    if a.picture.suspicion:
        summary = "ALL: marrow blasts of 5-25 % after a remission, no relapse recorded: possible relapse"
    else:
        summary = "ALL: a relapse is recorded but not confirmed, or could not be read: possible relapse"
    detail = [
        f"{escape(fact.because or '')} {references(fact.evidence)}".strip(),
        "",
        "No risk scheme is applied until the relapse is recorded or excluded; a repeated marrow with blast "
        "count and immunophenotype would tell.",
        "",
        *problem_lines(a.problems),
    ]
    return card(
        "suspected-relapse",
        a.patient,
        summary,
        detail,
        label="Locatelli et al. 2012; Hunger & Raetz 2020",
        url=pages.book(),
        pages=pages,
    )
