"""The answer first: which relapse, what is open, what to look at next, in the words of the cards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from cds_rules.patient.dates import whole_years
from cds_rules.patient.timeline import Lineage
from cds_rules.treatment.advice import Decision, Weight
from cds_rules.treatment.caution import Caution, Level
from cds_rules.treatment.surveillance import DueItem, DueState
from service.cards.risk import NEEDS, differences, headline, outside_tags
from service.cards.settling import Settling, settling
from service.page.advice import ORDER
from service.page.schemes import needed

MAX_NEXT = 4


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands on top of the page. `open`: facts that schemes wait for; `next`: tests that settle most."""

    headline: str
    plain: str | None
    """Why there is nothing more to say; None where there is."""
    open: tuple[str, ...]
    differences: str
    next: tuple[Settling, ...]
    due: tuple[DueItem, ...]
    first_advice: tuple[tuple[str, str, str], ...]
    """For each decision with advice that applies: its name, the first statement, its rule."""
    cautions: tuple[Caution, ...]


def summary(a: Assessment) -> Summary:
    """The top of the page for an assessment."""
    differ = differences(a.schemes, a.picture) if a.schemes and not a.outside else []
    return Summary(
        headline=_headline(a),
        plain=_plain(a),
        open=tuple(NEEDS.get(name, name) for name in needed(a)) if not a.outside else (),
        differences=differ[0] if differ else "",
        next=settling(a)[:MAX_NEXT],
        due=tuple(d for d in a.surveillance if d.state in (DueState.OVERDUE, DueState.DUE))[:MAX_NEXT],
        first_advice=tuple(_first_advice(a)),
        cautions=tuple(c for c in a.cautions if c.check.level is not Level.INFO and not c.needs),
    )


def _headline(a: Assessment) -> str:
    p = a.picture
    if p.relapsed is Answer.YES and a.applies is not False:
        return headline(p, with_place=True) + (outside_tags(p) if a.outside else "")
    if a.applies is False:
        because = a.not_applicable_because or "nothing to say"
        return f"Nothing to assess: {because}"
    if p.suspicion:
        return "Possible relapse of ALL, not settled by the record"
    kind = {Lineage.B: "B-ALL", Lineage.T: "T-ALL"}.get(p.lineage.value, "ALL") if p.lineage.value else "ALL"
    if a.applies is None:
        return f"{kind}: it cannot be told whether there is a relapse"
    return f"{kind} without a relapse on record" + outside_tags(p)


def _plain(a: Assessment) -> str | None:
    if a.applies is False:
        return "This page is for relapsed acute lymphoblastic leukemia. What was read of the record is below."
    if a.applies is None:
        return a.picture.suspicion or a.not_applicable_because
    return None


def _first_advice(a: Assessment) -> Iterator[tuple[str, str, str]]:
    for decision in ORDER:
        if decision in (Decision.PROGNOSIS, Decision.EVALUATION):
            continue
        mine = [
            r.rule
            for r in a.recommendations
            if r.applies and r.rule.decision is decision and r.rule.weight is Weight.ADVICE
        ]
        if mine:
            first = min(mine, key=lambda rule: rule.rank)
            yield decision.value, first.title, first.id


def age_on(a: Assessment) -> str:
    """Age on the day of assessment, as precisely as the birth date tells."""
    birth = a.picture.person.birth
    if birth is None or birth.earliest > a.assessed_on:
        return "age not known"
    low = whole_years(min(birth.latest, a.assessed_on), a.assessed_on)
    high = whole_years(birth.earliest, a.assessed_on)
    return f"{low} years" if low == high else f"{low} to {high} years"
