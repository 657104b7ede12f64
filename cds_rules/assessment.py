"""The Assessment: what is said of one patient on one day, as stable, versioned data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import DataProblem, Part
from cds_rules.request import Test as Test  # noqa: PLC0414 - a part of the contract
from cds_rules.risk.finding import SchemeFinding as SchemeFinding  # noqa: PLC0414 - a part of the contract
from cds_rules.treatment.advice import Decision
from cds_rules.treatment.car_t_checklist import Criterion, checklist_of
from cds_rules.treatment.caution import Caution, cautions
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.order import Order
from cds_rules.treatment.orders import checks_of
from cds_rules.treatment.recommend import Recommendation
from cds_rules.treatment.score import ScoreFinding
from cds_rules.treatment.scores import scores
from cds_rules.treatment.surveillance import DueItem
from cds_rules.treatment.weigh import Sight
from cds_rules.trials.match import CATALOGUE, TrialSet
from cds_rules.trials.trial import Grade, Tier, TrialMatch
from cds_rules.value import value

VERSION = 1


@value
class MissingFact:
    """A fact that is open, why, what would settle it, and the schemes that wait for it."""

    fact: str
    because: str
    settled_by: str
    schemes: tuple[str, ...]
    tests: tuple[Test, ...] = ()
    """Tests that would settle it and can still be done; empty when an entry is what is missing."""
    rules: tuple[str, ...] = ()
    """Rules of advice that wait for it."""
    closes: int = 0
    """Schemes and rules that it would settle alone."""


@dataclass(frozen=True)
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
    recommendations: tuple[Recommendation, ...] = ()
    surveillance: tuple[DueItem, ...] = ()
    """Tests after CAR-T: done, due, overdue, ahead."""
    orders: tuple[Order, ...] = ()
    """Orders of the chart that are not yet carried out."""
    seen: Sight | None = field(default=None, repr=False, compare=False)
    """The aspects that the advice looked at; None where there is none to give."""
    chart: Chart | None = field(default=None, repr=False, compare=False)
    """What `seen` was read from."""
    trial_set: TrialSet | None = field(default=None, repr=False, compare=False)
    """The trials to match; None: those that the sources name, without any registry."""

    @cached_property
    def scores(self) -> tuple[ScoreFinding, ...]:
        """The scores that apply or may apply; worked out when first asked for."""
        return scores(self.seen) if self.seen is not None else ()

    @cached_property
    def cautions(self) -> tuple[Caution, ...]:
        """What the order checks say of `orders`; worked out when first asked for."""
        return cautions(checks_of(self.orders), self.orders, self.seen) if self.seen is not None else ()

    @cached_property
    def checklist(self) -> tuple[Criterion, ...]:
        """CAR-T criteria one by one, where CAR-T is or may be in question; worked out when asked for."""
        asked = any(r.rule.decision is Decision.CAR_T for r in self.recommendations)
        return checklist_of(self.seen) if asked and self.seen is not None else ()

    @cached_property
    def all_trials(self) -> tuple[TrialMatch, ...]:
        """Every trial of `trial_set`, best first; worked out when asked for."""
        if self.seen is None or self.chart is None:
            return ()
        return (self.trial_set or CATALOGUE).matches(self.seen, self.chart)

    @cached_property
    def trials(self) -> tuple[TrialMatch, ...]:
        """Every trial that the sources name; of those only in the registry the ones that may fit."""
        return tuple(
            match
            for match in self.all_trials
            if match.trial.tier is not Tier.FOUND or match.grade is not Grade.EXCLUDED
        )

    @property
    def max_status_age_days(self) -> int:
        """How old the status of a trial may be and still be taken for that of the day."""
        return (self.trial_set or CATALOGUE).max_status_age_days

    @cached_property
    def open_trials(self) -> tuple[TrialMatch, ...]:
        """Trials that fit or may, and take patients as far as a registry said of late."""
        if self.trial_set is None or self.seen is None or self.chart is None:
            return ()
        return self.trial_set.open_matches(self.seen, self.chart, self.assessed_on)
