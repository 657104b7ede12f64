"""Order checks: what a draft order should be weighed against, and how loudly to say so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.citation import Cite
from cds_rules.rule import RULE_ID, RuleError
from cds_rules.treatment.aspect import Seen, When
from cds_rules.treatment.order import Act, Order
from cds_rules.treatment.weigh import Need, weigh

MAX_TITLE = 100
"""Characters of a title: with the name of most orders before it, it fits the summary of a card."""


class Level(StrEnum):
    """How loudly a card speaks, as CDS Hooks has it."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Override(StrEnum):
    """Why a clinician may go on all the same; each check offers those that fit it."""

    RESULT_ELSEWHERE = "a result outside this record answers it"
    ACCEPTED_RISK = "the risk was weighed and accepted"
    TRIAL = "ordered within a trial protocol"
    NO_ALTERNATIVE = "no suitable alternative"
    PLAN_CHANGED = "the plan it conflicts with no longer stands"
    CHART_WRONG = "the chart is wrong or not up to date"
    OTHER_DISEASE = "ordered for another condition"


@dataclass(frozen=True, slots=True, eq=False)
class OrderCheck:
    """One check. It looks at orders of these `drugs` or `acts`, and fires when its question holds.

    `if_unknown`: what to say while the question is open (at most info), or None for silence.
    RuleError for a bad id, a missing source, nothing to look at, a title that does not fit a card, or an
    open question said too loudly.
    """

    id: str
    level: Level
    title: str
    detail: str
    when: When
    cites: tuple[Cite, ...]
    overrides: tuple[Override, ...]
    drugs: frozenset[str] = frozenset()
    acts: frozenset[Act] = frozenset()
    maybe: frozenset[Act] = frozenset()
    """Acts that may be those looked at: the check says of them at most info, and nothing while open."""
    beside: frozenset[Act] = frozenset()
    """Look at orders only if one of these stands in the same call, selected or not: a check of drugs that
    are ordered for everybody need not open every record."""
    spinal: bool | None = None
    """Look only at drugs that go into the spinal fluid (True) or elsewhere (False); one that does not say
    where it goes may be either."""
    if_unknown: Level | None = None
    needs_title: str = ""
    """What to say while the question is open; needed with `if_unknown`. Checks that say the same of one
    order while open are shown as one."""
    yields_to: tuple[str, ...] = ()
    """Ids of louder checks of the same matter: where one of them holds, this one says nothing. Where this
    one holds and the louder one is open, that one says nothing."""

    def __post_init__(self) -> None:
        if not RULE_ID.fullmatch(self.id) or not self.cites:
            raise RuleError(f"order check {self.id!r} has no rule id or names no source")
        if not self.drugs and not self.acts:
            raise RuleError(f"order check {self.id} looks at no order")
        if self.if_unknown not in (None, Level.INFO) or bool(self.if_unknown) is not bool(self.needs_title):
            raise RuleError(
                f"order check {self.id}: an open question is at most info, and has words of its own"
            )
        if not 0 < len(self.title) <= MAX_TITLE or len(self.needs_title) > MAX_TITLE:
            raise RuleError(f"order check {self.id}: a title has at most {MAX_TITLE} characters")

    def about(self, order: Order) -> Answer:
        """Is this one of the orders that the check is about?"""
        if order.acts & self.acts:
            return Answer.YES
        named = bool(order.drugs & self.drugs)
        if named and self.spinal in (None, order.intrathecal):
            return Answer.YES
        if named and order.intrathecal is None:
            return Answer.UNKNOWN
        return Answer.UNKNOWN if order.acts & self.maybe else Answer.NO

    def looks_at(self, order: Order) -> bool:
        """Is it, or may it be?"""
        return self.about(order) is not Answer.NO


@dataclass(frozen=True, slots=True)
class Caution:
    """What a check says of one order. `needs`: open facts, empty when the check holds for certain."""

    check: OrderCheck
    order: Order
    level: Level
    needs: tuple[Need, ...]
    evidence: tuple[str, ...]
    because: tuple[str | None, ...] = ()
    """Why each of `needs` is open, in words."""


_LOUDEST = {Level.CRITICAL: 0, Level.WARNING: 1, Level.INFO: 2}
_Matter = tuple[str, str, str]


def cautions(
    checks: Iterable[OrderCheck], orders: Iterable[Order], seen: Mapping[str, Seen]
) -> tuple[Caution, ...]:
    """Every caution about the selected orders, the loudest first; the same thing is said once."""
    selected = [order for order in orders if order.selected]
    found: dict[_Matter, Caution] = {}
    for check in checks:
        for c in _of_check(check, selected, seen):
            key = (c.order.reference, c.order.name, check.needs_title if c.needs else check.id)
            found[key] = _together(found[key], c) if key in found else c
    sure = [c for c in found.values() if not c.needs]
    hold = {(c.order.reference, c.order.name, c.check.id) for c in sure}
    kept = (c for c in found.values() if not _outdone(c, hold) and not _answered(c, sure))
    return tuple(sorted(kept, key=lambda c: _LOUDEST[c.level]))


def _of_check(check: OrderCheck, orders: list[Order], seen: Mapping[str, Seen]) -> Iterator[Caution]:
    looked_at = [(order, check.about(order)) for order in orders if check.looks_at(order)]
    if not looked_at:
        return
    verdict = weigh(check.when, seen)
    if verdict.answer is Answer.NO:
        return
    evidence = tuple(dict.fromkeys(s for name in sorted(check.when.reads) for s in seen[name].evidence))
    for order, about in looked_at:
        level = _level(check, about, verdict.answer)
        if level is not None:
            why = tuple(seen[need.aspect].because for need in verdict.needs)
            yield Caution(check, order, level, verdict.needs, evidence, why)


def _level(check: OrderCheck, about: Answer, answer: Answer) -> Level | None:
    if about is Answer.YES:
        return check.level if answer is Answer.YES else check.if_unknown
    return Level.INFO if answer is Answer.YES else None


def _together(first: Caution, other: Caution) -> Caution:
    """Two open checks that say the same of one order; or one order that stands twice in the call."""
    named = {need.aspect for need in first.needs}
    more = [(n, w) for n, w in zip(other.needs, other.because, strict=True) if n.aspect not in named]
    return replace(
        first,
        needs=(*first.needs, *(need for need, _ in more)),
        because=(*first.because, *(why for _, why in more)),
        evidence=tuple(dict.fromkeys((*first.evidence, *other.evidence))),
    )


def _answered(c: Caution, sure: list[Caution]) -> bool:
    """It is open, and a quieter check of the same matter holds for the same order."""
    if not c.needs:
        return False
    return any(c.check.id in s.check.yields_to and s.order == c.order for s in sure)


def _outdone(c: Caution, hold: set[_Matter]) -> bool:
    return any((c.order.reference, c.order.name, louder) in hold for louder in c.check.yields_to)
