"""The relapse picture: what the rules ask about, each fact with its evidence or why it is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.draw_findings import Findings
from cds_rules.patient.fact import Fact as Fact  # noqa: PLC0414 - readers look for it here
from cds_rules.patient.history import Count, Line, MarrowState, RemissionPeriod
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import DataProblem, Lineage, Person, Site

_NOT_DRAWN: Fact[Any] = Fact(because="not asked of this picture")


@dataclass(frozen=True, slots=True)
class EndOfTreatment:
    """When primary treatment was completed. `on_treatment` True: not completed at the relapse."""

    on_treatment: bool
    completed: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class RelapsePicture:
    """One patient's relapse on the day `on`."""

    on: date
    person: Person
    has_all: Answer
    lineage: Fact[Lineage]
    lineages: frozenset[Lineage]
    """Lineages still possible: the known one, those in conflict, or B and T when nothing is said."""
    diagnosed: Fact[PartialDate]
    relapse_number: Fact[int]
    relapse_date: Fact[PartialDate]
    involved: Mapping[Site, Answer]
    sites: Fact[frozenset[Site]]
    treatment: Fact[EndOfTreatment]
    first_remission: Fact[PartialDate]
    end_block1_mrd: Fact[Interval]
    earlier_transplant: Fact[bool]
    """Was a stem cell transplant done before this relapse?"""
    car_t: Fact[bool]
    """Was a CAR-T product ever infused?"""
    refractory: Fact[bool]
    """Marrow above 25 % at the latest look after reinduction."""
    block1_window: tuple[date, date] | None
    """Days on which an unlabelled marrow MRD counts as end of block 1."""
    age_at_relapse: Fact[int]
    findings: Findings
    """What stands beside the course and changes no group."""
    relapses: int = 0
    """Relapses found; their number may still be open (relapse_number)."""
    suspicion: str | None = None
    """Marrow blasts that suggest a relapse without settling it (D-3), in words."""
    problems: tuple[DataProblem, ...] = ()
    lines: tuple[Line, ...] = ()
    """Lines of therapy on record, oldest first."""
    prior_regimens: Fact[Count] = _NOT_DRAWN
    """Lines that ended in the latest relapse or failure, or before it."""
    remissions: tuple[RemissionPeriod, ...] = ()
    remission_number: Fact[int] = _NOT_DRAWN
    """Of the present remission (2 is CR2); unknown where there is none."""
    marrow_state: Fact[MarrowState] = _NOT_DRAWN
    """At the latest look since the relapse, or since the diagnosis where there is no relapse."""
    in_remission: Fact[bool] = _NOT_DRAWN
    """In complete remission on this day (D-4)."""
    primary_refractory: Fact[bool] = _NOT_DRAWN
    """No remission after the first induction (D-4)."""

    @property
    def relapsed(self) -> Answer:
        """Is a relapse on record? Unknown when what would tell could not be read."""
        if self.relapses:
            return Answer.YES
        return Answer.NO if self.relapse_number.known else Answer.UNKNOWN
