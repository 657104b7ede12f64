"""Cards for decisions: what the sources advise at this point, and what would decide the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from cds_rules.request import Test
from cds_rules.treatment.advice import Decision, Weight
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.recommend import Recommendation
from cds_rules.treatment.sections import SECTION_OF
from service.cards.build import Pages, card, escape, fit, sources_label
from service.cards.facts import references
from service.cards.settling import settling
from service.cards.suggestions import suggestions_of
from service.wire.response import Card

MAX_STATEMENTS = 8
"""Statements listed on one card; the rest are counted and stand in the assessment."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One card: the decisions it covers, in the order in which they are listed."""

    kind: str
    name: str
    decisions: tuple[Decision, ...]


TREATMENT = Topic(
    "treatment-at-relapse",
    "Treatment",
    (
        Decision.LATER_RELAPSE,
        Decision.CONSOLIDATION,
        Decision.REINDUCTION,
        Decision.CNS,
        Decision.TESTIS,
        Decision.TRANSPLANT,
        Decision.SUPPORT,
    ),
)
EVALUATION = Topic("evaluation-at-relapse", "Evaluation", (Decision.EVALUATION,))
BEFORE_CAR_T = Topic("before-car-t", "CAR-T", (Decision.CAR_T,))
AFTER_CAR_T = Topic("after-car-t", "After CAR-T", (Decision.AFTER_CAR_T,))
TOPICS = (AFTER_CAR_T, TREATMENT, EVALUATION, BEFORE_CAR_T)
"""Most pressing first."""


def advice_card(a: Assessment, topic: Topic, pages: Pages, offered: set[Test]) -> Card | None:
    """The card of one topic; None when nothing on it applies. Tests already `offered` are not again."""
    mine = [r for r in a.recommendations if r.rule.decision in topic.decisions]
    applying = sorted((r for r in mine if r.applies), key=lambda r: _order(r, topic))
    advised = [r for r in applying if r.rule.weight is Weight.ADVICE]
    if not advised:
        return None
    waiting = [r for r in mine if not r.applies and r.rule.weight is Weight.ADVICE]
    first = advised[0]
    tests = [t for t in dict.fromkeys(t for r in advised for t in r.rule.tests) if t not in offered]
    offered.update(tests)
    detail = [
        *_statements(applying, pages),
        *_waiting(waiting, pages),
        *_facts_used(applying[:MAX_STATEMENTS]),
        "These are statements of the named sources, for a clinician to judge.",
    ]
    return card(
        topic.kind,
        a.patient,
        fit(_summaries(topic, advised)),
        detail,
        label=sources_label(c for r in advised for c in r.rule.cites),
        url=rule_page(pages, first.rule.id),
        pages=pages,
        suggestions=suggestions_of(a, tests),
    )


def rule_page(pages: Pages, rule: str) -> str:
    """Where the rule book tells of a rule of advice."""
    return pages.rule(SECTION_OF[rule], rule)


RECENT_YEAR = 2020
"""Sources from this year on speak of immunotherapy and CAR-T, those before do not: they come first."""


def _order(r: Recommendation, topic: Topic) -> tuple[bool, bool, int, int]:
    """Advice before notes, recent sources before old ones, then by decision and rank."""
    old = max(c.source.year for c in r.rule.cites) < RECENT_YEAR
    return r.rule.weight is not Weight.ADVICE, old, topic.decisions.index(r.rule.decision), r.rule.rank


def _summaries(topic: Topic, advised: Sequence[Recommendation]) -> Iterator[str]:
    first = advised[0].rule
    source = first.cites[0].source.short
    more = f"; +{len(advised) - 1} more" if len(advised) > 1 else ""
    yield f"{topic.name}: {first.title} ({source}){more}"
    yield f"{first.title} ({source}){more}"
    yield f"{first.title}{more}"


def _statements(applying: Sequence[Recommendation], pages: Pages) -> Iterator[str]:
    shown = applying[:MAX_STATEMENTS]
    beside = {r.rule.id for r in applying}
    for r in shown:
        differs = [other for other in r.rule.versus if other in beside]
        against = f" Another source differs: {', '.join(differs)}." if differs else ""
        yield (
            f"- **{escape(r.rule.title)}.** {escape(r.rule.detail)}{against} "
            f"({_link(r, pages)}, {escape(sources_label(r.rule.cites))})"
        )
    if len(applying) > len(shown):
        yield f"- and {len(applying) - len(shown)} more statements in the assessment"
    yield ""


def _waiting(waiting: Sequence[Recommendation], pages: Pages) -> Iterator[str]:
    """Statements that wait for one fact only, by fact: they say what the next result would decide."""
    by_fact: dict[str, list[Recommendation]] = {}
    for r in waiting:
        if len(r.needs) == 1:
            by_fact.setdefault(r.needs[0].aspect, []).append(r)
    if not by_fact:
        return
    yield "**What the next result would decide**"
    yield ""
    ranked = sorted(by_fact.items(), key=lambda item: -len(item[1]))
    for name, rules in ranked[: MAX_STATEMENTS // 2]:
        yield f"- {escape(_title(name))}:"
        for r in rules[: MAX_STATEMENTS // 2]:
            yield f"  - {escape(_values(r))} → {escape(r.rule.title)} ({_link(r, pages)})"
    yield ""


def _facts_used(applying: Sequence[Recommendation]) -> Iterator[str]:
    sources = tuple(dict.fromkeys(source for r in applying for source in r.evidence))
    if sources:
        yield f"Facts used: {references(sources)}"
        yield ""


def _title(aspect: str) -> str:
    return ASPECTS[aspect].title


def _values(r: Recommendation) -> str:
    return " or ".join(value for value, answer in r.needs[0].says if answer is Answer.YES)


def _link(r: Recommendation, pages: Pages) -> str:
    return f"[{r.rule.id}]({rule_page(pages, r.rule.id)})"


def all_topics(a: Assessment, pages: Pages) -> list[Card]:
    """The cards of every topic that has something to say, most pressing first."""
    offered = {s.test for s in settling(a)}
    cards = (advice_card(a, topic, pages, offered) for topic in TOPICS)
    return [card for card in cards if card is not None]
