"""From every rule of the clinical model to its code, its source passage and its worked cases."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import ascii_lowercase
from typing import Any

from cds_rules.citation import Cite
from cds_rules.rulebook.advice_cases import advice_cases
from cds_rules.rulebook.score_cases import score_cases
from cds_rules.rulebook.write_scores import PAGE as SCORES_PAGE
from cds_rules.treatment.orders import CHECKS, PAGE
from cds_rules.treatment.scores import SCORES
from cds_rules.treatment.sections import SECTIONS

_PART = re.compile(r"^([A-Z]+-\d+)[a-z]$")


@dataclass(frozen=True, slots=True)
class Traced:
    """One rule of the program: the page it is on, its module, its passages, the rows that test it."""

    id: str
    title: str
    page: str
    cites: tuple[Cite, ...]
    rows: int

    @property
    def code(self) -> str:
        """The file in cds_rules/treatment where it is written; empty if it is in none, or in two."""
        found = _modules().get(self.id, ())
        return found[0] if len(found) == 1 else ""

    @property
    def cases(self) -> str:
        """The file of its worked cases, beside it."""
        return f"cases/{self.page}.txt"


@dataclass(frozen=True, slots=True)
class Exercise:
    """A synthetic patient in whom a rule applies, or is open. `order`: the drafts it was checked on."""

    patient: str
    applies: bool
    order: str | None = None

    @property
    def name(self) -> str:
        """As the pages name it."""
        return self.patient if self.order is None else f"{self.patient} (order {self.order})"


Exercised = Mapping[str, tuple[Exercise, ...]]
"""Rule id (for rows of a scheme: scheme#row) to the synthetic patients in whom it speaks, those in whom it
applies first. The caller reads their records."""


@dataclass(frozen=True, slots=True)
class ModelSection:
    """A section of the clinical model with the ids of its rules."""

    key: str
    title: str
    ids: tuple[str, ...]


def model() -> tuple[ModelSection, ...]:
    """The sections of the clinical model that are rules of treatment."""
    entries = _toml("rulebook", "model.toml")
    return tuple(ModelSection(key, str(e["title"]), tuple(e["ids"])) for key, e in entries.items())


def reasons() -> Mapping[str, str]:
    """Rules of the clinical model that are no rule of the program, and why."""
    return {key: str(e["reason"]) for key, e in _toml("treatment", "not_implemented.toml").items()}


def _toml(*path: str) -> dict[str, dict[str, Any]]:
    text = resources.files("cds_rules").joinpath(*path).read_text(encoding="utf-8")
    entries: dict[str, dict[str, Any]] = tomllib.loads(text)
    return entries


def traced() -> Iterator[Traced]:
    """Every rule of the program that has an id of the clinical model."""
    for section in SECTIONS:
        rows = [row.rule for row in advice_cases(section.id)]
        for rule in section.advice:
            yield Traced(rule.id, rule.title, section.id, rule.cites, rows.count(rule.id))
    rows = [row.score for row in score_cases()]
    for score in SCORES:
        yield Traced(score.id, score.title, SCORES_PAGE, score.cites, rows.count(score.id))
    rows = [row.rule for row in advice_cases(PAGE)]
    for check in CHECKS:
        yield Traced(check.id, check.title, PAGE, check.cites, rows.count(check.id))


_WRITTEN = re.compile(r"(?<!versus=)(?<!yields_to=)\(\s*\"([A-Z]+-\d+[a-z]?)\",\s")
"""The id of a rule, where it is the first argument of a call."""


@cache
def _modules() -> Mapping[str, tuple[str, ...]]:
    """The files in which each rule is written."""
    found: dict[str, tuple[str, ...]] = {}
    folder = resources.files("cds_rules").joinpath("treatment")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".py"):
            for rule in dict.fromkeys(_WRITTEN.findall(file.read_text(encoding="utf-8"))):
                found[rule] = (*found.get(rule, ()), file.name)
    return found


def model_id(rule: str, ids: frozenset[str]) -> str | None:
    """The rule of the clinical model that a rule of the program belongs to, as itself or as a part of it.

    Where the model itself has parts (C-9a to C-9g), further parts (C-9h) belong to the last of them.
    """
    if rule in ids:
        return rule
    part = _PART.match(rule)
    if part is None:
        return None
    return max((i for i in ids if i.rstrip(ascii_lowercase) == part[1]), default=None)


def trace_page(exercised: Exercised) -> str:
    """The traceability matrix in Markdown. `exercised`: the synthetic patients in whom a rule speaks."""
    found = list(traced())
    why = reasons()
    lines = [
        "# Traceability",
        "",
        "Every rule of the clinical model: where it is, the passage it comes from (source file and lines), "
        "where it is written and how many worked cases test it (files of cds_rules/treatment), and the "
        "synthetic patients in whom it applies or stays open.",
        "",
    ]
    for section in model():
        ids = frozenset(section.ids)
        lines += [f"## {section.title}", "", _HEAD, "|---|---|---|---|---|"]
        for wanted in section.ids:
            mine = [t for t in found if model_id(t.id, ids) == wanted]
            lines += [_row(t, exercised.get(t.id, ())) for t in mine]
            if not mine:
                lines.append(f"| {wanted} | not a rule here: {why.get(wanted, 'MISSING')} | | | |")
        lines.append("")
    return "\n".join([*lines, "[All rules](./)", ""])


_SHOWN = 3
_HEAD = "| Rule | Passage | Code | Cases | Patients |"


def _row(t: Traced, patients: tuple[Exercise, ...]) -> str:
    passages = "; ".join(f"{c.key}, {c.where} ({c.lines})" for c in t.cites)
    named = ", ".join(each.name for each in patients[:_SHOWN]) + (
        f" and {len(patients) - _SHOWN} more" if len(patients) > _SHOWN else ""
    )
    written = f"`{t.code}` | {t.rows} in `{t.cases}`"
    return f"| [{t.id}]({t.page}#{t.id}) {t.title} | {passages} | {written} | {named} |".replace("<", "\\<")
