"""Prognostic factors and scores that apply, as lines of the first card: figures of groups, by source."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from cds_rules.treatment.advice import Decision
from cds_rules.treatment.recommend import Recommendation
from cds_rules.treatment.score import ScoreFinding
from cds_rules.treatment.sections import SECTION_OF
from service.cards.build import Pages, escape, sources_label

MAX_FACTORS = 5
"""Factors listed in full; the rest are links to their pages."""
_SCORES = "scores"
"""The page of the scores in the rule book."""
_OUTSIDE_REMISSION = "SC-1"
"""Of a transplant outside remission: no one asks for it while a first reinduction is ahead."""


def prognosis_lines(a: Assessment, pages: Pages) -> Iterator[str]:
    """What the sources report of groups with these findings; nothing where no factor and no score applies."""
    factors = _factors(a.recommendations, pages)
    scores = [s for s in a.scores if s.applies is Answer.YES and (a.outside or s.id != _OUTSIDE_REMISSION)]
    if not factors and not scores:
        return
    yield "**What the sources report of groups with such findings** (not a forecast for this patient)"
    yield ""
    yield from (_score(s, pages) for s in scores)
    yield from factors
    yield ""


@lru_cache(maxsize=1024)
def _factors(recommendations: tuple[Recommendation, ...], pages: Pages) -> tuple[str, ...]:
    """The factors that apply. Kept: equal facts give the very same recommendations."""
    found = [r.rule for r in recommendations if r.applies and r.rule.decision is Decision.PROGNOSIS]
    factors = sorted(found, key=lambda rule: rule.rank)
    lines = []
    for rule in factors[:MAX_FACTORS]:
        stop = "" if rule.title.endswith(".") else "."
        label = escape(sources_label(rule.cites))
        link = _link(SECTION_OF[rule.id], rule.id, pages)
        lines.append(f"- **{escape(rule.title)}{stop}** ({link}, {label})")
    rest = factors[MAX_FACTORS:]
    if rest:
        links = ", ".join(_link(SECTION_OF[rule.id], rule.id, pages) for rule in rest)
        lines.append(f"- and {len(rest)} more: {links}")
    return tuple(lines)


def _score(s: ScoreFinding, pages: Pages) -> str:
    """A sum as an interval while an input is missing, with the figure of every sum that is left."""
    sum_ = ""
    if s.low is not None and s.high is not None:
        points = f"{s.low}" if s.low == s.high else f"{s.low} to {s.high}"
        sum_ = f": {points} of {s.maximum} points"
    figures = "; ".join(f"{escape(f.of)}: {escape(f.says)}" for f in s.meaning)
    missing = f". Open: {', '.join(escape(m.name) for m in s.missing)}" if s.missing else ""
    label = escape(sources_label(s.cites))
    return f"- **{escape(s.title)}{sum_}.** {figures}{missing}. ({_link(_SCORES, s.id, pages)}, {label})"


def _link(page: str, rule: str, pages: Pages) -> str:
    return f"[{rule}]({pages.rule(page, rule)})"
