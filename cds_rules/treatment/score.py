"""Shapes of scores, and what a score says of the facts of one patient.

A missing input makes the score an interval. What a score meant in its study is shown for every score that
is still possible; it is never the outlook of this patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from cds_rules.answer import Answer
from cds_rules.citation import Cite
from cds_rules.treatment.advice import Audience
from cds_rules.treatment.aspect import ASPECTS, Aspect, Seen, When
from cds_rules.treatment.weigh import weigh


@dataclass(frozen=True, slots=True)
class Figure:
    """What the study reports for some scores, or for some values of an input."""

    of: str
    """The score or the group, in words."""
    says: str


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """An aspect with the points of each of its values, or with the figures of groups of them."""

    aspect: Aspect
    points: Mapping[StrEnum, int]
    figures: tuple[tuple[frozenset[StrEnum], Figure], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """A score (`by_score` gives the figure of each sum), or figures by group (`maximum` None)."""

    id: str
    title: str
    when: When
    inputs: tuple[Input, ...]
    cites: tuple[Cite, ...]
    audience: Audience
    maximum: int | None = None
    by_score: tuple[tuple[frozenset[int], Figure], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One input: its points from `low` to `high` (None where nothing is summed), and its possible values."""

    aspect: str
    name: str
    low: int | None
    high: int | None
    values: tuple[str, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissingInput:
    """A fact that is open, why, and what would settle it: an input, or what decides whether it applies."""

    aspect: str
    name: str
    because: str
    settled_by: str


@dataclass(frozen=True, slots=True)
class ScoreFinding:
    """What a score says of a patient. `applies` YES or UNKNOWN; the sum lies from `low` to `high`."""

    id: str
    title: str
    low: int | None
    high: int | None
    maximum: int | None
    missing: tuple[MissingInput, ...]
    parts: tuple[ScorePart, ...]
    meaning: tuple[Figure, ...]
    cites: tuple[Cite, ...]
    audience: Audience
    applies: Answer
    note: str = ""


def finding(score: Score, seen: Mapping[str, Seen]) -> ScoreFinding | None:
    """What the score says of these facts; None where it does not apply."""
    verdict = weigh(score.when, seen)
    if verdict.answer is Answer.NO:
        return None
    parts = tuple(_part(i, seen[i.aspect.id], summed=score.maximum is not None) for i in score.inputs)
    sums = _sums(score, seen)
    return ScoreFinding(
        id=score.id,
        title=score.title,
        low=min(sums, default=None),
        high=max(sums, default=None),
        maximum=score.maximum,
        missing=tuple(_missing(score, seen, [need.aspect for need in verdict.needs])),
        parts=parts,
        meaning=tuple(_meaning(score, sums, seen)),
        cites=score.cites,
        audience=score.audience,
        applies=verdict.answer,
        note=score.note,
    )


def reads(score: Score) -> frozenset[str]:
    """Ids of the aspects that a score asks about."""
    return score.when.reads | {i.aspect.id for i in score.inputs}


def _part(given: Input, seen: Seen, *, summed: bool) -> ScorePart:
    values = tuple(str(v) for v in given.aspect.values if v in seen.possible)
    points = [given.points[v] for v in seen.possible] if summed else []
    low, high = min(points, default=None), max(points, default=None)
    return ScorePart(given.aspect.id, given.aspect.title, low, high, values, seen.evidence)


def _sums(score: Score, seen: Mapping[str, Seen]) -> frozenset[int]:
    """Every sum that the possible values allow; none where nothing is summed."""
    if score.maximum is None:
        return frozenset()
    points = [{i.points[v] for v in seen[i.aspect.id].possible} for i in score.inputs]
    return frozenset(sum(one) for one in product(*points))


def _missing(score: Score, seen: Mapping[str, Seen], to_apply: Iterable[str]) -> Iterator[MissingInput]:
    """What decides whether it applies, then the inputs whose possible values differ in points or figures."""
    differing = [i.aspect.id for i in score.inputs if _differs(score, i, seen[i.aspect.id])]
    for name in dict.fromkeys((*to_apply, *differing)):
        why = seen[name].because or "the record leaves it open"
        yield MissingInput(name, ASPECTS[name].title, why, ASPECTS[name].settled_by)


def _differs(score: Score, given: Input, seen: Seen) -> bool:
    if score.maximum is not None:
        return len({given.points[v] for v in seen.possible}) > 1
    return len({tuple(f for values, f in given.figures if v in values) for v in seen.possible}) > 1


def _meaning(score: Score, sums: frozenset[int], seen: Mapping[str, Seen]) -> Iterator[Figure]:
    for scores, figure in score.by_score:
        if scores & sums:
            yield figure
    for i in score.inputs:
        for values, figure in i.figures:
            if values & seen[i.aspect.id].possible:
                yield figure
