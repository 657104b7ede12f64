"""Worked cases: the table beside each scheme that is both its specification and a part of its page.

Columns, separated by bars; an empty cell is an unknown fact:

    course     first | second | after HSCT | after CAR-T | refractory | mixed lineage
    lineage    B | T
    pattern    one of the patterns, or several with "or" between them
    diagnosis  relapse  cr1    dates; a month or a year is an interval
    treatment  "on treatment", or the date on which it was completed
    mrd        end-of-block-1 MRD in percent: 0.05, <0.01, >=0.1
    group      the group, "outside", or "?" when several are left
    rule       the deciding rule, or empty
    could be   the groups left, separated by commas ("outside" among them), when group is "?"
    because    why this case is here
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import EndOfTreatment
from cds_rules.patient.timeline import Lineage
from cds_rules.risk.case import Course, Pattern, RiskFacts
from cds_rules.risk.facts import ALL_TIMINGS, mrd_bands, timings

COLUMNS = (
    "course",
    "lineage",
    "pattern",
    "diagnosis",
    "relapse",
    "treatment",
    "cr1",
    "mrd",
    "group",
    "rule",
    "could be",
    "because",
)
OUTSIDE = "outside"
COURSES = ("first", "second", "after HSCT", "after CAR-T", "refractory", "mixed lineage")
_MRD = re.compile(r"^(<=|>=|<|>)?\s*([0-9.]+)$")


class CaseError(ValueError):
    """A table of worked cases cannot be read; the message names the scheme and the line."""


@dataclass(frozen=True, slots=True)
class WorkedCase:
    """One row: the facts given, and what the scheme must say."""

    line: int
    cells: tuple[str, ...]

    def __getitem__(self, column: str) -> str:
        return self.cells[COLUMNS.index(column)]

    @property
    def expected(self) -> tuple[str | None, ...]:
        """The groups left; None is outside the scheme."""
        listed = self["could be"].split(",") if self["group"] == "?" else [self["group"]]
        return tuple(None if g.strip() == OUTSIDE else g.strip() for g in listed)


def worked_cases(scheme_id: str) -> list[WorkedCase]:
    """The rows of a scheme's table. CaseError if the file is missing or a row has the wrong shape."""
    source = resources.files("cds_rules").joinpath("risk", "cases", f"{scheme_id}.txt")
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise CaseError(f"{scheme_id} has no table of worked cases") from error
    rows = [
        (n, tuple(cell.strip() for cell in line.split("|")))
        for n, line in enumerate(lines, start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not rows or rows[0][1] != COLUMNS:
        raise CaseError(f"{scheme_id}: the first row must be {' | '.join(COLUMNS)}")
    for n, cells in rows[1:]:
        if len(cells) != len(COLUMNS):
            raise CaseError(f"{scheme_id}, line {n}: {len(cells)} cells, not {len(COLUMNS)}")
    return [WorkedCase(n, cells) for n, cells in rows[1:]]


def facts_of(case: WorkedCase) -> RiskFacts:
    """The facts that a row gives. ValueError for a cell that means nothing."""
    when = _date(case["relapse"])
    return RiskFacts(
        course=_course(case["course"]),
        lineage=frozenset({Lineage(case["lineage"])}) if case["lineage"] else RiskFacts().lineage,
        pattern=_patterns(case["pattern"]),
        timing=ALL_TIMINGS
        if when is None
        else timings(when, _date(case["diagnosis"]), _treatment(case["treatment"]), _date(case["cr1"])),
        mrd=mrd_bands(_mrd(case["mrd"])),
    )


def _course(text: str) -> frozenset[Course]:
    if not text:
        return frozenset(Course)
    if text not in COURSES:
        raise ValueError("not a course")
    return frozenset({Course.FIRST if text == "first" else Course.OTHER})


def _patterns(text: str) -> frozenset[Pattern]:
    return frozenset(Pattern(part.strip()) for part in text.split(" or ")) if text else frozenset(Pattern)


def _date(text: str) -> PartialDate | None:
    return PartialDate.parse(text) if text else None


def _treatment(text: str) -> EndOfTreatment | None:
    if text == "on treatment":
        return EndOfTreatment(True)
    completed = _date(text)
    return None if completed is None else EndOfTreatment(False, completed)


def _mrd(text: str) -> Interval | None:
    if not text:
        return None
    form = _MRD.match(text)
    if form is None:
        raise ValueError("not an MRD result in percent")
    return Interval.compared(form[1], float(form[2]) / 100, 1.0)


def shown(cases: Iterable[WorkedCase]) -> list[str]:
    """The table for the rule book page, in Markdown."""
    rows = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    rows.extend("| " + " | ".join(_cell(c) for c in case.cells) + " |" for case in cases)
    return rows


def _cell(text: str) -> str:
    return text.replace("<", "\\<").replace(">", "\\>")
