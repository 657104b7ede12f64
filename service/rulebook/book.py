"""The rule book taken apart: pages, rules, their worked cases and the patients who exercise them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby, pairwise

from service.rulebook.conditions import readable

INDEX = "index"
CASES = "Worked cases"
_HEADING = re.compile(r"^(#{2,3}) (.*)$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
_LINK = re.compile(r"^- \[(.+)\]\(([^)]+)\)$", re.MULTILINE)
_CELL = re.compile(r"(?<!\\)\|")
_OF_A_RULE = ("rule", "score")
"""Heads of the column that says which rule a worked case is of."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A synthetic patient in whom a rule applies, or is open. `order`: the drafts it was checked on."""

    id: str
    applies: bool
    order: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """A heading and what stands beneath it, in Markdown. `id`: of the rule or trial, if it is one."""

    level: int
    title: str
    body: str
    id: str | None = None
    cases: str = ""
    """The worked cases of this rule, as a table."""
    case_count: int = 0
    patients: tuple[Patient, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a scheme's table, which is a rule, too."""

    id: str
    text: str
    patients: tuple[Patient, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page: a scheme, a section of advice, the order checks, the trials, the traceability."""

    name: str
    title: str
    group: str
    intro: str
    blocks: tuple[Block, ...]
    rows: tuple[Row, ...]

    @property
    def rules(self) -> tuple[Block, ...]:
        """The blocks that are rules or trials."""
        return tuple(block for block in self.blocks if block.id)


@dataclass(frozen=True, slots=True)
class Book:
    """Every page in the order of the index, and what stands beneath the index."""

    title: str
    pages: tuple[Page, ...]
    closing: tuple[Block, ...]

    @property
    def groups(self) -> tuple[tuple[str, tuple[Page, ...]], ...]:
        """The pages by the heading of the index that they stand under."""
        return tuple((group, tuple(found)) for group, found in groupby(self.pages, lambda p: p.group))


@cache
def book() -> Book:
    """The rule book of this program, read once."""
    folder = resources.files("cds_rules").joinpath("rulebook")
    said = json.loads(folder.joinpath("exercised.json").read_text(encoding="utf-8"))
    exercised = {rule: tuple(Patient(*each) for each in patients) for rule, patients in said.items()}
    index = folder.joinpath(f"{INDEX}.md").read_text(encoding="utf-8")
    intro, blocks = _blocks(index)
    pages: list[Page] = []
    closing: list[Block] = []
    for block in blocks:
        names = [found[2] for found in _LINK.finditer(block.body)]
        if not names:
            closing.append(block)
        for name in names:
            text = folder.joinpath(f"{name}.md").read_text(encoding="utf-8")
            pages.append(_page(name, block.title, text, exercised))
    text = folder.joinpath("traceability.md").read_text(encoding="utf-8")
    pages.append(_page("traceability", "How it hangs together", text, exercised))
    return Book(_title(intro), tuple(pages), tuple(closing))


def _page(name: str, group: str, text: str, exercised: Mapping[str, tuple[Patient, ...]]) -> Page:
    intro, blocks = _blocks(readable(text.replace("\n[All rules](./)\n", "\n")))
    cases = next((block.body for block in blocks if block.title == CASES), "")
    of_rule = _cases_by_rule(cases)
    wanted = {block.id for block in blocks if block.id}
    shared = [
        _with_cases(block, of_rule, exercised)
        for block in blocks
        # A table whose every case stands beneath its rule is not shown again.
        if not (block.title == CASES and of_rule and set(of_rule) <= wanted)
    ]
    _, _, body = intro.partition("\n")
    return Page(name, _title(text), group, body.strip(), tuple(shared), tuple(_rows(name, body, exercised)))


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ").strip()


def _blocks(text: str) -> tuple[str, tuple[Block, ...]]:
    """What stands before the first heading below the title, and each such heading with what is beneath."""
    heads = list(_HEADING.finditer(text))
    if not heads:
        return text, ()
    ends = [later.start() for _, later in pairwise(heads)] + [len(text)]
    blocks = []
    for head, end in zip(heads, ends, strict=True):
        anchor = _ANCHOR.search(head[2])
        title = _ANCHOR.sub("", head[2])
        body = text[head.end() : end].strip()
        blocks.append(Block(len(head[1]), title, body, anchor[1] if anchor else None))
    return text[: heads[0].start()], tuple(blocks)


def _with_cases(
    block: Block, of_rule: Mapping[str, Sequence[str]], exercised: Mapping[str, tuple[Patient, ...]]
) -> Block:
    if block.id is None:
        return block
    lines = of_rule.get(block.id, ())
    patients = exercised.get(block.id, ())
    count = max(0, len(lines) - 2)  # the head of the table and the line beneath it
    return Block(block.level, block.title, block.body, block.id, "\n".join(lines), count, patients)


def _cases_by_rule(text: str) -> dict[str, list[str]]:
    """The table of worked cases as one table a rule; the column that names the rule is left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    if not lines:
        return {}
    heads = _cells(lines[0])
    if heads[0] not in _OF_A_RULE:
        return {}  # a scheme's cases are read side by side: the table stays whole
    found: dict[str, list[str]] = {}
    for line in lines[2:]:
        first, *rest = _cells(line)
        table = found.setdefault(first, [_line(heads[1:]), _line(["---"] * len(rest))])
        table.append(_line(rest))
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(line)[1:-1]]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rows(name: str, body: str, exercised: Mapping[str, tuple[Patient, ...]]) -> Iterator[Row]:
    for line in body.splitlines():
        anchor = _ANCHOR.search(line)
        if anchor and line.startswith("|"):
            _, _, *cells = _cells(line)
            yield Row(anchor[1], ": ".join(cells), exercised.get(f"{name}#{anchor[1]}", ()))
