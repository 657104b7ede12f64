"""The first card without a relapse on record: primary refractory ALL, or ALL after CAR-T."""

from __future__ import annotations

from cds_rules.assessment import Assessment
from cds_rules.patient.timeline import Lineage
from service.cards.build import Pages, card
from service.cards.facts import fact_lines, problem_lines
from service.cards.risk import FOOTER
from service.cards.settling import settling, settling_lines
from service.cards.suggestions import suggestions_for
from service.wire.response import Card


def no_relapse_card(a: Assessment, pages: Pages) -> Card:
    """Says who this is, that no risk scheme speaks of it, and which tests would settle most."""
    p = a.picture
    kind = {Lineage.B: "B-ALL", Lineage.T: "T-ALL"}.get(p.lineage.value, "ALL") if p.lineage.value else "ALL"
    tags = []
    if p.primary_refractory.value:
        tags.append("no remission after the first induction (primary refractory)")
    if p.car_t.value:
        days = sorted(c.when.earliest for c in p.findings.car_t if c.when is not None)
        tags.append(f"CAR-T {days[-1]}" if days else "CAR-T given")
    detail = [
        "The risk schemes are made for a first relapse; none is on record here.",
        "",
        *settling_lines(settling(a)),
        *fact_lines(p, for_schemes=False),
        *problem_lines(a.problems),
        FOOTER,
    ]
    return card(
        "no-relapse",
        a.patient,
        f"{kind} without a relapse on record: {', '.join(tags)}",
        detail,
        label="relapse-cds, reading of the record",
        url=pages.book(),
        pages=pages,
        suggestions=suggestions_for(a),
    )
