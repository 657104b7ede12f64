"""The Assessment: what is said of one patient on one day, as stable, versioned data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cds_rules.citation import Cite
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import DataProblem, Part
from cds_rules.rule import Finding

VERSION = 1


class Test(StrEnum):
    """Evaluations a card may propose to request."""

    MARROW = "bone marrow aspirate with blast count"
    CSF = "lumbar puncture with cell count and cytology"
    MRD_END_BLOCK_1 = "marrow MRD at the end of reinduction block 1"
    IMMUNOPHENOTYPE = "immunophenotyping of the blasts"


@dataclass(frozen=True, slots=True)
class SchemeFinding:
    """What one scheme says of this patient; `meaning` is the plain word for a coded group."""

    id: str
    title: str
    short: str
    finding: Finding
    meaning: str | None
    age_note: str | None
    citations: tuple[Cite, ...]
    settles: bool


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact that is open, why, what would settle it, and the schemes that wait for it."""

    fact: str
    because: str
    settled_by: str
    schemes: tuple[str, ...]
    tests: tuple[Test, ...] = ()
    """Tests that would settle it and can still be done; empty when an entry is what is missing."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """`applies` False: nothing to say (`not_applicable_because` tells why). None: it could not be told."""

    assessed_on: date
    patient: str
    applies: bool | None
    not_applicable_because: str | None
    picture: RelapsePicture
    schemes: tuple[SchemeFinding, ...]
    missing: tuple[MissingFact, ...]
    outside: tuple[str, ...]
    problems: tuple[DataProblem, ...]
    incomplete: Mapping[Part, str]
    """Parts of the record that were not retrieved in full, and why."""
