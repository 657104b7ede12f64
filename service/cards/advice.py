"""Cards for decisions: what the sources advise at this point, and what would decide the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from cds_rules.request import Test
from cds_rules.treatment.advice import Advice, Decision, Weight
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.recommend import Recommendation, add_up
from cds_rules.treatment.sections import SECTION_OF
from cds_rules.treatment.surveillance import DueItem, DueState
from cds_rules.treatment.weigh import Need
from service.cards.build import Pages, card, escape, fit, sources_label
from service.cards.facts import references
from service.cards.settling import settling
from service.cards.suggestions import suggestions_of
from service.wire.response import Card

MAX_STATEMENTS = 8
"""Statements listed in full on one card; the rest are links to their pages."""
MAX_NEEDS = 2
"""A statement that waits for more facts than this is not near enough to be told on a card."""


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
        Decision.REINDUCTION,
        Decision.CNS,
        Decision.TESTIS,
        Decision.CONSOLIDATION,
        Decision.TRANSPLANT,
        Decision.SUPPORT,
    ),
)
EVALUATION = Topic("evaluation-at-relapse", "Evaluation", (Decision.EVALUATION,))
BEFORE_CAR_T = Topic("before-car-t", "CAR-T", (Decision.CAR_T,))
AFTER_CAR_T = Topic("after-car-t", "After CAR-T", (Decision.AFTER_CAR_T,))
TOPICS = (AFTER_CAR_T, TREATMENT, EVALUATION, BEFORE_CAR_T)
"""Most pressing first."""


_SAME = {"N-6a": "C-9a", "N-6b": "C-9a", "N-6c": "C-9h"}
"""Rules of two sections that say the same of CAR-T: the first is left to the card of the second."""


def advice_card(a: Assessment, topic: Topic, pages: Pages, offered: set[Test]) -> Card | None:
    """The card of one topic; None when nothing on it applies. Tests already `offered` are not again."""
    said = _said(a.recommendations, topic, pages)
    pending = _pending(a) if topic is AFTER_CAR_T else []
    if said is None:
        return _follow_up_card(a, pending, pages, offered) if pending else None
    wanted = dict.fromkeys((*(t for d in pending for t in d.tests), *said.tests))
    tests = [t for t in wanted if t not in offered]
    offered.update(tests)
    detail = [
        *said.statements,
        *_follow_up(pending),
        *said.waiting,
        *_perhaps_done(a, said.perhaps_done, pages),
        *_facts_used(a, said.shown),
        "These are statements of the named sources, for a clinician to judge.",
    ]
    return card(
        topic.kind,
        a.patient,
        said.summary,
        detail,
        label=said.label,
        url=said.url,
        pages=pages,
        suggestions=suggestions_of(a, tests),
        rules=said.rules,
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What a card says whoever the patient is: it follows from the rules that apply or wait."""

    summary: str
    statements: tuple[str, ...]
    waiting: tuple[str, ...]
    shown: tuple[Recommendation, ...]
    """The statements listed in full."""
    perhaps_done: tuple[Recommendation, ...]
    tests: tuple[Test, ...]
    label: str
    url: str
    rules: tuple[str, ...]


@lru_cache(maxsize=1024)
def _said(recommendations: tuple[Recommendation, ...], topic: Topic, pages: Pages) -> Said | None:
    """None if nothing is advised. Kept: equal facts give the very same recommendations."""
    apply = {r.rule.id for r in recommendations if r.applies}
    mine = [
        r for r in recommendations if r.rule.decision in topic.decisions and _SAME.get(r.rule.id) not in apply
    ]
    applying = sorted((r for r in mine if r.applies), key=lambda r: _order(r, topic))
    advised = [r for r in applying if r.rule.weight is Weight.ADVICE]
    if not advised:
        return None
    waiting = [r for r in mine if not r.applies and r.rule.weight is Weight.ADVICE]
    return Said(
        summary=fit(_summaries(topic, advised)),
        statements=tuple(_statements(applying, apply, pages)),
        waiting=tuple(_waiting(sorted(waiting, key=lambda r: _order(r, topic)), pages)),
        shown=tuple(applying[:MAX_STATEMENTS]),
        perhaps_done=tuple(r for r in waiting if len(r.needs) == 1 and _of_doing(r.needs[0])),
        tests=tuple(dict.fromkeys(t for r in advised for t in r.rule.tests)),
        label=sources_label(c for r in advised for c in r.rule.cites),
        url=rule_page(pages, advised[0].rule.id),
        rules=tuple(r.rule.id for r in applying),
    )


def _follow_up_card(a: Assessment, pending: Sequence[DueItem], pages: Pages, offered: set[Test]) -> Card:
    """Nothing but tests of the schedule is to be said."""
    first = pending[0]
    more = f"; +{len(pending) - 1} more" if len(pending) > 1 else ""
    return card(
        AFTER_CAR_T.kind,
        a.patient,
        fit((f"After CAR-T: {first.what} {first.state.value} ({_days(first)}){more}", f"{first.what}{more}")),
        [*_follow_up(pending), "The schedule is that of the named sources, for a clinician to judge."],
        label=sources_label(c for d in pending for c in d.cites),
        url=pages.rule("after_car_t"),
        pages=pages,
        suggestions=suggestions_of(a, (t for d in pending for t in d.tests if t not in offered)),
    )


def _pending(a: Assessment) -> list[DueItem]:
    """What is overdue, then what is due."""
    wanted = (DueState.OVERDUE, DueState.DUE)
    found = [d for d in a.surveillance if d.state in wanted]
    return sorted(found, key=lambda d: (wanted.index(d.state), d.due or ()))


def _follow_up(pending: Sequence[DueItem]) -> Iterator[str]:
    if not pending:
        return
    yield "**Follow-up tests**"
    yield ""
    for d in pending[:MAX_STATEMENTS]:
        yield f"- {escape(d.what)}: {d.state.value} ({_days(d)}) ({escape(sources_label(d.cites))})"
    yield ""


def _days(d: DueItem) -> str:
    return f"{d.due[0]} to {d.due[1]}" if d.due else "day of infusion unknown"


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


def _statements(applying: Sequence[Recommendation], beside: set[str], pages: Pages) -> Iterator[str]:
    """`beside`: every rule that applies, on this card or another."""
    shown = applying[:MAX_STATEMENTS]
    for r in shown:
        differs = tuple(other for other in r.rule.versus if other in beside)
        yield _statement(r.rule, differs, pages)
    rest = applying[MAX_STATEMENTS:]
    advice = [r.rule.id for r in rest if r.rule.weight is Weight.ADVICE]
    notes = [r.rule.id for r in rest if r.rule.weight is not Weight.ADVICE]
    for ids, what in ((advice, "more"), (notes, "more with figures or background")):
        if ids:
            yield f"- and {len(ids)} {what}: {', '.join(_link(rule, pages) for rule in ids)}"
    yield ""


@lru_cache(maxsize=4096)
def _statement(rule: Advice, differs: tuple[str, ...], pages: Pages) -> str:
    against = f" Another source differs: {', '.join(differs)}." if differs else ""
    # What is lacking from the evaluation says all in its title; a card is no textbook.
    detail = "" if rule.decision is Decision.EVALUATION else f" {escape(rule.detail)}"
    stop = "" if rule.title.endswith(".") else "."
    return (
        f"- **{escape(rule.title)}{stop}**{detail}{against} "
        f"({_link(rule.id, pages)}, {escape(sources_label(rule.cites))})"
    )


def _waiting(waiting: Sequence[Recommendation], pages: Pages) -> Iterator[str]:
    """Statements that wait for one or two facts, by fact: they say what the next result would decide.

    With two, under the one that most statements wait for. Whether an examination was done is no result.
    """
    near = [r for r in waiting if _is_near(r)]
    counts = Counter(n.aspect for r in near for n in r.needs)
    by_fact: dict[str, list[tuple[Recommendation, Need, tuple[Need, ...]]]] = {}
    for r in near:
        first, *others = sorted(r.needs, key=lambda n: -counts[n.aspect])
        by_fact.setdefault(first.aspect, []).append((r, first, tuple(others)))
    if not by_fact:
        return
    yield "**What the next result would decide**"
    yield ""
    ranked = sorted(by_fact.items(), key=lambda item: -len(item[1]))
    for name, rules in ranked[: MAX_STATEMENTS // 2]:
        yield f"- {escape(_title(name))}:"
        for r, need, besides in rules[: MAX_STATEMENTS // 2]:
            yield _would_decide(r.rule, need, besides, pages)
    yield ""


def _perhaps_done(a: Assessment, found: Sequence[Recommendation], pages: Pages) -> Iterator[str]:
    """Examinations of which the record does not tell whether they were done."""
    if not found:
        return
    yield "**Perhaps done already**"
    yield ""
    for r in found[:MAX_STATEMENTS]:
        name = r.needs[0].aspect
        because = a.seen[name].because if a.seen and name in a.seen else None
        why = f": {escape(because)}" if because else ""
        yield f"- {escape(ASPECTS[name].settled_by)}{why} ({_link(r.rule.id, pages)})"
    yield ""


def _is_near(r: Recommendation) -> bool:
    """Does it wait for one result, or for a few that all have to be as it says?"""
    if len(r.needs) > MAX_NEEDS or any(_of_doing(n) for n in r.needs):
        return False
    return add_up(r)


def _of_doing(need: Need) -> bool:
    """Does it ask whether an examination was done, and not what it showed?"""
    return need.aspect.startswith("done.")


def _facts_used(a: Assessment, applying: Sequence[Recommendation]) -> Iterator[str]:
    sources = tuple(dict.fromkeys(source for r in applying for source in r.evidence(a.seen or {})))
    if sources:
        yield f"Facts used: {references(sources)}"
        yield ""


def _title(aspect: str) -> str:
    return ASPECTS[aspect].title


@lru_cache(maxsize=4096)
def _would_decide(rule: Advice, need: Need, others: tuple[Need, ...], pages: Pages) -> str:
    besides = "".join(f", and if {escape(_title(n.aspect))}: {escape(_values(n))}" for n in others)
    return f"  - {escape(_values(need))}{besides} → {escape(rule.title)} ({_link(rule.id, pages)})"


def _values(need: Need) -> str:
    """The values with which the rule holds, or still may."""
    answers = [answer for _, answer in need.says]
    wanted = Answer.YES if Answer.YES in answers else Answer.UNKNOWN
    return " or ".join(value for value, answer in need.says if answer is wanted)


def _link(rule: str, pages: Pages) -> str:
    return f"[{rule}]({rule_page(pages, rule)})"


def all_topics(a: Assessment, pages: Pages, elsewhere: Iterable[Test] = ()) -> list[Card]:
    """The cards of every topic that has something to say, most pressing first.

    `elsewhere`: tests that another card offers to request.
    """
    offered = {*(s.test for s in settling(a)), *elsewhere}
    cards = (advice_card(a, topic, pages, offered) for topic in TOPICS)
    return [card for card in cards if card is not None]
