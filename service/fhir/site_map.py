"""One hospital's local codes, order names and units, mapped to ours by a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, model_validator

from cds_rules.patient.timeline import TimePoint
from cds_rules.terminology.code_set import load
from service.fhir.quantity import KNOWN_UNITS, is_no_share
from service.fhir.site_units import SiteUnits, UnitKey, plain_unit

Specimen = Literal["marrow", "blood", "csf"]
Method = Literal["flow", "ngs", "pcr"]


OWN_CONCEPTS = frozenset(
    {
        *("mrd", "csf-cytology", "csf-rbc", "blasts.cd19", "blasts.cd22"),
        *("marrow-cellularity", "recipient-chimerism-percent", "kinase-domain-mutation"),
        *("hla", "cmv.donor", "hsv-serology", "dental-examination", "palliative-care"),
        *("transplant-evaluation", "donor-search", "donor-ready", "parenchymal-cns-lesion"),
    }
)
"""Concepts for which no international code is shipped."""


class SiteMapError(ValueError):
    """The file cannot be used; the message says where and why, in one line."""


class SiteMeaning(BaseModel):
    """What something means at this site, and for MRD tests their method and limits (as fractions)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    concept: str = Field(min_length=1)
    specimen: Specimen | None = None
    method: Method | None = None
    lod: float | None = Field(default=None, gt=0, lt=1)
    loq: float | None = Field(default=None, gt=0, lt=1)
    time_point: TimePoint | None = None


class SiteCode(SiteMeaning):
    """One local code."""

    system: str = Field(min_length=1)
    code: str = Field(min_length=1)
    display: str | None = None

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"{self.system}|{self.code}"


class SiteOrder(SiteMeaning):
    """One order or result without a code, by its name: case and spaces aside, the whole `code.text`."""

    name: str = Field(min_length=1, pattern=r"\S")

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"order {self.name!r}"


class SiteUnit(BaseModel):
    """One local unit text and the unit of ours that it stands for; with a code, only in its results."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1, pattern=r"\S")
    ucum: str
    system: str | None = Field(default=None, min_length=1)
    code: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _restriction_is_whole(self) -> SiteUnit:
        if (self.system is None) != (self.code is None):
            raise ValueError("a unit is restricted by system and code together")
        return self


class SiteFile(BaseModel):
    """The file as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    name: str
    text_settles: Annotated[bool, Strict()] = False
    code: tuple[SiteCode, ...] = ()
    order: tuple[SiteOrder, ...] = ()
    unit: tuple[SiteUnit, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteMap:
    """Local codes by (system, code), orders by `plain_name`, units. Empty when the site has no file."""

    name: str = ""
    codes: Mapping[tuple[str, str], SiteCode] = field(default_factory=dict)
    orders: Mapping[str, SiteOrder] = field(default_factory=dict)
    units: SiteUnits = field(default_factory=dict)
    text_settles: bool = False
    """May what is recognised by its words alone settle a fact here?"""

    def lookup(self, system: str, code: str) -> SiteCode | None:
        """What this site means by its code, or None."""
        return self.codes.get((system, code))


def plain_name(text: str) -> str:
    """A name as it is compared: in one case, with single spaces."""
    return " ".join(text.split()).casefold()


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
        raise SiteMapError(f"{path}: {place}: {first['msg'].removeprefix('Value error, ')}") from error
    try:
        return _site_map(file)
    except ValueError as error:
        raise SiteMapError(f"{path}: {error}") from None


def _site_map(file: SiteFile) -> SiteMap:
    """ValueError names the entry that says something unknown, or twice."""
    known = set(load().concepts.values()) | OWN_CONCEPTS
    entries: tuple[SiteCode | SiteOrder, ...] = (*file.code, *file.order)
    for entry in entries:
        if entry.concept not in known:
            raise ValueError(f"{entry.label}: no concept {entry.concept!r} is known")
    return SiteMap(
        name=file.name,
        codes=_once(((e.system, e.code), e.label, e) for e in file.code),
        orders=_once((plain_name(e.name), e.label, e) for e in file.order),
        units=_once(map(_unit, file.unit)),
        text_settles=file.text_settles,
    )


Key = TypeVar("Key")
Entry = TypeVar("Entry")


def _once(entries: Iterable[tuple[Key, str, Entry]]) -> dict[Key, Entry]:
    found: dict[Key, Entry] = {}
    for key, label, entry in entries:
        if key in found:
            raise ValueError(f"{label} is mapped twice")
        found[key] = entry
    return found


def _unit(entry: SiteUnit) -> tuple[UnitKey, str, str]:
    """The unit's key, label and target. ValueError if it cannot mean that."""
    label = f"unit {entry.text!r}" + (f" of {entry.system}|{entry.code}" if entry.code else "")
    if entry.ucum not in KNOWN_UNITS:
        raise ValueError(f"{label}: {entry.ucum!r} is no unit that is known here")
    if is_no_share(entry.text):
        raise ValueError(f"{label}: a log, ratio or scale value is no share of cells and no count")
    if plain_unit(entry.text) in KNOWN_UNITS:
        raise ValueError(f"{label}: is known, and cannot be given another meaning")
    within = (entry.system, entry.code) if entry.system and entry.code else None
    return (plain_unit(entry.text), within), label, entry.ucum
