"""Worked cases of the advice: the table of each section, its specification and a part of its page.

A line `base NAME = FACTS` names facts that rows share. Columns, separated by bars:

    rule     the id of the rule
    facts    `aspect=value`, or `aspect=value or value`, or the name of a base, separated by semicolons;
             the last word on an aspect counts, "?" and silence mean that it is unknown
    says     applies | not | open
    needs    for open: every aspect that holds it up, separated by commas
    because  why the row is there
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

from cds_rules.answer import Answer
from cds_rules.rulebook.cases import CaseError
from cds_rules.treatment.aspect import ASPECTS, Aspect, Seen

COLUMNS = ("rule", "facts", "says", "needs", "because")
SAYS = {"applies": Answer.YES, "not": Answer.NO, "open": Answer.UNKNOWN}
UNKNOWN = "?"

Given = Mapping[str, frozenset[StrEnum]]


@dataclass(frozen=True, slots=True)
class AdviceCase:
    """One row, with its bases written out."""

    section: str
    line: int
    rule: str
    facts: str
    given: Given
    says: Answer
    needs: frozenset[str]
    because: str

    @property
    def seen(self) -> dict[str, Seen]:
        """Every aspect as the row gives it; what it does not give is unknown."""
        return {name: Seen(self.given.get(name, aspect.every)) for name, aspect in ASPECTS.items()}


def advice_cases(section: str) -> list[AdviceCase]:
    """The rows of a section's table. CaseError names the section and the line that cannot be read."""
    source = resources.files("cds_rules").joinpath("treatment", "cases", f"{section}.txt")
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise CaseError(f"{section} has no table of worked cases") from error
    bases: dict[str, Given] = {}
    rows: list[AdviceCase] = []
    header = False
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            if line.startswith("base "):
                name, _, text = line.removeprefix("base ").partition("=")
                bases[name.strip()] = _given(text, bases)
            elif not header:
                header = _cells(line) == COLUMNS
                if not header:
                    raise ValueError("the first row must be " + " | ".join(COLUMNS))
            else:
                rows.append(_row(section, number, _cells(line), bases))
        except (ValueError, KeyError) as error:
            raise CaseError(f"{section}, line {number}: {error}") from error
    return rows


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.split("|"))


def _row(section: str, number: int, cells: tuple[str, ...], bases: Mapping[str, Given]) -> AdviceCase:
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} cells, not {len(COLUMNS)}")
    rule, facts, says, needs, because = cells
    wanted = frozenset(n.strip() for n in needs.split(",") if n.strip())
    if not wanted <= set(ASPECTS):
        raise ValueError(f"no aspect {sorted(wanted - set(ASPECTS))}")
    return AdviceCase(section, number, rule, facts, _given(facts, bases), SAYS[says], wanted, because)


def _given(text: str, bases: Mapping[str, Given]) -> Given:
    found: dict[str, frozenset[StrEnum]] = {}
    for part in (p.strip() for p in text.split(";")):
        if not part:
            continue
        if part in bases:
            found.update(bases[part])
            continue
        name, equals, values = part.partition("=")
        if not equals or name.strip() not in ASPECTS:
            raise ValueError(f"no aspect or base {name.strip()!r}")
        aspect = ASPECTS[name.strip()]
        if values.strip() == UNKNOWN:
            found.pop(aspect.id, None)
        else:
            found[aspect.id] = frozenset(_values(values.strip(), aspect))
    return found


def _values(text: str, aspect: Aspect) -> Iterator[StrEnum]:
    """Values joined by "or", which may be a word of a value itself."""
    known = {str(value): value for value in aspect.values}
    parts = text.split(" or ")
    while parts:
        for length in range(len(parts), 0, -1):
            name = " or ".join(parts[:length]).strip()
            if name in known:
                yield known[name]
                parts = parts[length:]
                break
        else:
            raise ValueError(f"{aspect.id} has no value {parts[0]!r}")


def shown_advice(rows: Iterable[AdviceCase]) -> list[str]:
    """The table for the rule book page, in Markdown, with the bases written out."""
    words = {answer: word for word, answer in SAYS.items()}
    lines = ["| rule | facts | says | needs | because |", "|---|---|---|---|---|"]
    lines.extend(
        f"| {row.rule} | {_escaped(_facts(row.given))} | {words[row.says]} "
        f"| {', '.join(sorted(row.needs))} | {_escaped(row.because)} |"
        for row in rows
    )
    return lines


def _facts(given: Given) -> str:
    parts = []
    for name, values in given.items():
        listed = [str(v) for v in ASPECTS[name].values if v in values]
        parts.append(f"{ASPECTS[name].title}: {' or '.join(listed)}")
    return "; ".join(parts) or "nothing known"


def _escaped(text: str) -> str:
    return text.replace("<", "\\<").replace(">", "\\>")
