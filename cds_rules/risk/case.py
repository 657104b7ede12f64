"""The facts the first-relapse schemes ask about, as short lists of values, and all cases still possible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from cds_rules.patient.timeline import Lineage

VERY_EARLY_MONTHS = 18
"""Relapse before this many months from diagnosis is very early (BFM, UK), or early for an isolated
extramedullary relapse (COG). HR2020 table 1, footnotes."""
LATE_MARROW_MONTHS = 36
"""Marrow relapse at or after this many months from diagnosis is late (COG). HR2020 table 1, footnote."""
LATE_AFTER_TREATMENT_MONTHS = 6
"""Relapse at or after this many months from completing primary treatment is late (BFM, UK).
HR2020 table 1, footnote."""
LATE_FROM_CR1_MONTHS = 30
"""Relapse at or after this many months from first remission is late in LOC2012's text (not its table)."""
END_BLOCK1_MRD_FRACTION = 1e-3
"""End-of-block-1 MRD at or above this fraction of cells (0.1 %) is high. HR2020 table 1."""


class Course(StrEnum):
    """Do the first-relapse schemes speak of this relapse?"""

    FIRST = "first relapse"
    OTHER = "outside first relapse"


class Pattern(StrEnum):
    """Where the relapse is, as the schemes divide it (definition D-3)."""

    MARROW = "isolated marrow"
    COMBINED = "combined"
    CNS = "isolated CNS"
    TESTIS = "isolated testis"
    OTHER = "other isolated extramedullary"


class FromDiagnosis(StrEnum):
    """Calendar months from diagnosis to relapse."""

    BEFORE_18 = "<18 mo"
    BEFORE_36 = "18 to <36 mo"
    AT_36 = "exactly 36 mo"
    AFTER_36 = ">36 mo"


class AfterTreatment(StrEnum):
    """Where the relapse falls from the completion of primary treatment."""

    BEFORE_6 = "before completion or <6 mo after"
    FROM_6 = ">=6 mo after completion"


class FromCr1(StrEnum):
    """Calendar months from first remission to relapse (text variant of BFM)."""

    BEFORE_30 = "<30 mo"
    FROM_30 = ">=30 mo"


class MrdBand(StrEnum):
    """End-of-block-1 MRD."""

    BELOW = "<0.1 %"
    FROM = ">=0.1 %"


class RiskCase(NamedTuple):
    """One complete case: every fact has one value."""

    course: Course
    lineage: Lineage
    pattern: Pattern
    from_diagnosis: FromDiagnosis
    after_treatment: AfterTreatment
    from_cr1: FromCr1
    mrd: MrdBand


class Timing(NamedTuple):
    """The three clocks together: one relapse date moves them all, so they are possible jointly."""

    from_diagnosis: FromDiagnosis
    after_treatment: AfterTreatment
    from_cr1: FromCr1


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """The values each fact may still have. One value: settled. Never empty."""

    course: frozenset[Course] = frozenset(Course)
    lineage: frozenset[Lineage] = frozenset({Lineage.B, Lineage.T})
    pattern: frozenset[Pattern] = frozenset(Pattern)
    timing: frozenset[Timing] = frozenset(Timing(*t) for t in product(FromDiagnosis, AfterTreatment, FromCr1))
    mrd: frozenset[MrdBand] = frozenset(MrdBand)

    def cases(self) -> Iterator[RiskCase]:
        """Every complete case that the known facts leave possible."""
        for course, lineage, pattern, timing, mrd in product(
            self.course, self.lineage, self.pattern, self.timing, self.mrd
        ):
            yield RiskCase(course, lineage, pattern, *timing, mrd)
