"""The shell blocks of the documentation, and which of them are not run, with the reason above them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_REASON = re.compile(r"<!-- not run: ([^\n]+) -->\s*$")


@dataclass(frozen=True, slots=True)
class Block:
    """One block. `reason`: why it is not run; None if it is."""

    page: str
    line: int
    text: str
    reason: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> Iterator[Block]:
    """Every shell block of every page, in order."""
    for page in PAGES:
        whole = (ROOT / page).read_text(encoding="utf-8")
        for found in _BLOCK.finditer(whole):
            before = whole[: found.start()]
            reason = _REASON.search(before)
            yield Block(page, before.count("\n") + 1, dedent(found[2]), reason[1] if reason else None)


def runs_of(page: str) -> tuple[Block, ...]:
    """The blocks of a page that are run, one after the other, in one folder."""
    return tuple(block for block in blocks() if block.page == page and block.reason is None)
