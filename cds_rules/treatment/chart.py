"""What the facts of the treatment rules are read from: picture, timeline and schemes of one day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import PatientTimeline
from cds_rules.risk.case import RiskFacts
from cds_rules.risk.facts import risk_facts
from cds_rules.risk.finding import SchemeFinding
from cds_rules.treatment.order import Order


@dataclass(frozen=True)
class Chart:
    """One patient on one day. `timeline` holds nothing dated after that day (`as_of`)."""

    picture: RelapsePicture
    timeline: PatientTimeline
    schemes: Mapping[str, SchemeFinding]
    """The findings of the first-relapse schemes by scheme id; empty where no relapse is on record."""
    orders: tuple[Order, ...] = ()
    """Draft orders being checked together; empty when no order is checked."""

    supposed: RiskFacts | None = None
    """The facts of the schemes under a supposition (`what_if`), in place of those of the picture."""

    @cached_property
    def risk(self) -> RiskFacts:
        """The facts of the first-relapse schemes, as far as they are still possible."""
        return self.supposed or risk_facts(self.picture)
