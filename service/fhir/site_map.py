"""One hospital's local codes, mapped to our concepts by a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_rules.terminology.code_set import load

Specimen = Literal["marrow", "blood", "csf"]
Method = Literal["flow", "ngs", "pcr"]
TimePoint = Literal["end of block 1"]


OWN_CONCEPTS = frozenset({"mrd", "csf-cytology", "csf-rbc", "blasts.cd19", "blasts.cd22"})
"""Concepts for which no international code is shipped."""


class SiteMapError(ValueError):
    """The file cannot be used; the message says where and why, in one line."""


class SiteCode(BaseModel):
    """One local code: what it means here, and for MRD tests their method and limits (as fractions)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str = Field(min_length=1)
    code: str = Field(min_length=1)
    concept: str = Field(min_length=1)
    specimen: Specimen | None = None
    method: Method | None = None
    lod: float | None = Field(default=None, gt=0, lt=1)
    loq: float | None = Field(default=None, gt=0, lt=1)
    time_point: TimePoint | None = None
    display: str | None = None


class SiteFile(BaseModel):
    """The file as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    name: str
    code: tuple[SiteCode, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteMap:
    """Local codes by (system, code). Empty when the site has no file."""

    name: str = ""
    codes: Mapping[tuple[str, str], SiteCode] = field(default_factory=dict)

    def lookup(self, system: str, code: str) -> SiteCode | None:
        """What this site means by its code, or None."""
        return self.codes.get((system, code))


def load_site_map(path: Path) -> SiteMap:
    """Read and check a site file. SiteMapError if it is missing, not TOML, or says something unknown."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SiteMapError(f"{path}: cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SiteMapError(f"{path}: is not TOML: {error}") from error
    try:
        file = SiteFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SiteMapError(f"{path}: {place}: {first['msg']}") from error
    known = set(load().concepts.values()) | OWN_CONCEPTS
    for entry in file.code:
        if entry.concept not in known:
            raise SiteMapError(f"{path}: {entry.system}|{entry.code}: no concept {entry.concept!r} is known")
    codes: dict[tuple[str, str], SiteCode] = {}
    for entry in file.code:
        if (entry.system, entry.code) in codes:
            raise SiteMapError(f"{path}: {entry.system}|{entry.code} is mapped twice")
        codes[entry.system, entry.code] = entry
    return SiteMap(file.name, codes)
