"""What one scheme says of a patient, with the words and sources that go with it."""

from __future__ import annotations

from dataclasses import dataclass

from cds_rules.citation import Cite
from cds_rules.rule import Finding


@dataclass(frozen=True, slots=True, eq=False)
class SchemeFinding:
    """What one scheme says of this patient; `meaning` is the plain word for a coded group.

    Compared by identity: `assess` gives the same object for the same facts.
    """

    id: str
    title: str
    short: str
    finding: Finding
    meaning: str | None
    age_note: str | None
    citations: tuple[Cite, ...]
    settles: bool
