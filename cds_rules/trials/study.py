"""A study as a registry records it: the fields that are matched, and its text as it stands there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cds_rules.trials.ages import AgeRange


class RegistryStatus(StrEnum):
    """The 14 values of overallStatus in the ClinicalTrials.gov API v2; some are for expanded access only."""

    ACTIVE_NOT_RECRUITING = "ACTIVE_NOT_RECRUITING"
    APPROVED_FOR_MARKETING = "APPROVED_FOR_MARKETING"
    AVAILABLE = "AVAILABLE"
    COMPLETED = "COMPLETED"
    ENROLLING_BY_INVITATION = "ENROLLING_BY_INVITATION"
    NO_LONGER_AVAILABLE = "NO_LONGER_AVAILABLE"
    NOT_YET_RECRUITING = "NOT_YET_RECRUITING"
    RECRUITING = "RECRUITING"
    SUSPENDED = "SUSPENDED"
    TEMPORARILY_NOT_AVAILABLE = "TEMPORARILY_NOT_AVAILABLE"
    TERMINATED = "TERMINATED"
    UNKNOWN = "UNKNOWN"
    WITHDRAWN = "WITHDRAWN"
    WITHHELD = "WITHHELD"

    @property
    def words(self) -> str:
        """As it is read: "active, not recruiting"."""
        return _WORDS.get(self, self.value.lower().replace("_", " "))

    @property
    def takes_patients(self) -> bool:
        """Can a patient be referred while it has this status? By invitation is not that."""
        return self in TAKES_PATIENTS


_WORDS = {RegistryStatus.ACTIVE_NOT_RECRUITING: "active, not recruiting"}
TAKES_PATIENTS = frozenset({RegistryStatus.RECRUITING, RegistryStatus.AVAILABLE})
"""AVAILABLE is said of expanded access."""


class Sex(StrEnum):
    """Whom a study takes by sex."""

    ALL = "ALL"
    FEMALE = "FEMALE"
    MALE = "MALE"


@dataclass(frozen=True, slots=True)
class Site:
    """One place of a study. Anything may be missing; the status often is."""

    facility: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    status: RegistryStatus | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def may_take_patients(self) -> bool:
        """A site without a status follows the study."""
        return self.status is None or self.status.takes_patients

    def __str__(self) -> str:
        return ", ".join(part for part in (self.facility, self.city, self.state, self.country) if part)


REGISTRY = "ClinicalTrials.gov"
DEMONSTRATION = "demonstration data, made up"
"""Source of records that no registry gave."""


ANY_AGE = AgeRange()


@dataclass(frozen=True, slots=True)
class Study:
    """One record. `checked_on`: the day on which the registry said all this."""

    nct_id: str
    title: str
    status: RegistryStatus
    checked_on: date
    source: str = REGISTRY
    official_title: str = ""
    study_type: str = ""
    phases: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    interventions: tuple[str, ...] = ()
    ages: AgeRange = ANY_AGE
    sex: Sex | None = None
    criteria: str = ""
    """The eligibility text, as it stands in the registry."""
    sites: tuple[Site, ...] = ()
    why_stopped: str = ""
    updated: str = ""
    """Day on which the record was last changed, as the registry writes it."""

    @property
    def from_registry(self) -> bool:
        """Not so for demonstration data."""
        return self.source == REGISTRY

    @property
    def interventional(self) -> bool:
        """A treatment study or expanded access: not a registry of patients or a survey."""
        return self.study_type in ("INTERVENTIONAL", "EXPANDED_ACCESS")
