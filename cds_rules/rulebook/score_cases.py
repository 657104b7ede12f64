"""Worked cases of the scores: their specification and a table of the rule book.

A line `base NAME = FACTS` names facts that rows share. Columns, separated by bars:

    score    the id of the score
    facts    `aspect=value`, or `aspect=value or value`, or the name of a base, separated by semicolons;
             the last word on an aspect counts, "?" and silence mean that it is unknown
    applies  applies | not | open
    sum      one sum, or the lowest and the highest with "-" between; empty where nothing is summed
    figures  the groups or scores whose figures are shown, separated by semicolons
    missing  the inputs that are open, separated by commas
    because  why the row is there
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

from cds_rules.answer import Answer
from cds_rules.rulebook.cases import CaseError
from cds_rules.treatment.aspect import ASPECTS, Aspect, Seen

COLUMNS = ("score", "facts", "applies", "sum", "figures", "missing", "because")
APPLIES = {"applies": Answer.YES, "not": Answer.NO, "open": Answer.UNKNOWN}
UNKNOWN = "?"

Given = Mapping[str, frozenset[StrEnum]]


@dataclass(frozen=True, slots=True)
class ScoreCase:
    """One row, with its bases written out. `low` and `high` are None where nothing is summed."""

    line: int
    score: str
    given: Given
    applies: Answer
    low: int | None
    high: int | None
    figures: frozenset[str]
    missing: frozenset[str]
    because: str

    @property
    def seen(self) -> dict[str, Seen]:
        """Every aspect as the row gives it; what it does not give is unknown."""
        return {name: Seen(self.given.get(name, aspect.every)) for name, aspect in ASPECTS.items()}


def score_cases() -> list[ScoreCase]:
    """All rows. CaseError names the line that cannot be read."""
    source = resources.files("cds_rules").joinpath("treatment", "cases", "scores.txt")
    return read(source.read_text(encoding="utf-8").splitlines())


def read(lines: Iterable[str]) -> list[ScoreCase]:
    """The rows of a table. CaseError names the line that cannot be read."""
    bases: dict[str, Given] = {}
    rows: list[ScoreCase] = []
    header = False
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            if line.startswith("base "):
                name, _, text = line.removeprefix("base ").partition("=")
                bases[name.strip()] = _given(text, bases)
            elif header:
                rows.append(_row(number, _cells(line), bases))
            elif _cells(line) == COLUMNS:
                header = True
            else:
                raise ValueError("the first row must be " + " | ".join(COLUMNS))
        except (ValueError, KeyError) as error:
            raise CaseError(f"scores, line {number}: {error}") from error
    return rows


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.split("|"))


def _row(number: int, cells: tuple[str, ...], bases: Mapping[str, Given]) -> ScoreCase:
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} cells, not {len(COLUMNS)}")
    score, facts, applies, total, figures, missing, because = cells
    low, _, high = total.partition("-")
    return ScoreCase(
        line=number,
        score=score,
        given=_given(facts, bases),
        applies=APPLIES[applies],
        low=int(low) if low else None,
        high=int(high or low) if low else None,
        figures=frozenset(f.strip() for f in figures.split(";") if f.strip()),
        missing=frozenset(m.strip() for m in missing.split(",") if m.strip()),
        because=because,
    )


def _given(text: str, bases: Mapping[str, Given]) -> Given:
    found: dict[str, frozenset[StrEnum]] = {}
    for part in (p.strip() for p in text.split(";")):
        if not part:
            continue
        if part in bases:
            found.update(bases[part])
            continue
        name, equals, values = (p.strip() for p in part.partition("="))
        if not equals or name not in ASPECTS:
            raise ValueError(f"no aspect or base {name!r}")
        if values == UNKNOWN:
            found.pop(name, None)
        else:
            found[name] = _values(ASPECTS[name], values)
    return found


def _values(aspect: Aspect, text: str) -> frozenset[StrEnum]:
    """The values joined by " or ", which may stand within a value too. ValueError for any other word."""
    found: set[StrEnum] = set()
    rest = text
    while rest:
        fitting = [v for v in aspect.values if rest == v or rest.startswith(f"{v} or ")]
        if not fitting:
            raise ValueError(f"{aspect.id} has no value {rest!r}")
        longest = max(fitting, key=len)
        found.add(longest)
        rest = rest[len(longest) :].removeprefix(" or ")
    return frozenset(found)
