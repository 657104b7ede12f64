"""The five sources, and what a rule says of the place it comes from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


class CitationError(ValueError):
    """A rule names no source, or one that citations.toml does not hold."""


@dataclass(frozen=True, slots=True)
class Source:
    """One published review: `short` is what a card prints, `full` what the rule book prints."""

    key: str
    short: str
    full: str
    year: int
    population: str
    doi: str | None
    file: str


@dataclass(frozen=True, slots=True)
class Cite:
    """A place in a source: `where` is its table or section, `lines` the passage as file:lines."""

    key: str
    where: str
    lines: str

    def __post_init__(self) -> None:
        if self.key not in library():
            raise CitationError(f"citations.toml has no source {self.key!r}")
        if not self.where or not self.lines:
            raise CitationError(f"a citation of {self.key} names no place in it")

    @property
    def source(self) -> Source:
        """The review that is cited."""
        return library()[self.key]

    def __str__(self) -> str:
        return f"{self.source.short}, {self.where}"


@cache
def library() -> dict[str, Source]:
    """All sources by key, read once from citations.toml."""
    text = resources.files("cds_rules").joinpath("citations.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)
    return {
        key: Source(key, e["short"], e["full"], int(e["year"]), e["population"], e.get("doi"), e["file"])
        for key, e in entries.items()
    }
