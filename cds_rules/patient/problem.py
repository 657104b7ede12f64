"""What of a record could not be had or used: its parts, and the problems with single resources."""

from __future__ import annotations

from enum import StrEnum

from cds_rules.value import value


class Part(StrEnum):
    """The parts of the record that are asked for; a missing part leaves its facts unknown."""

    PATIENT = "patient"
    CONDITIONS = "conditions"
    LABORATORY = "laboratory results"
    DISEASE_FINDINGS = "disease status findings"
    REPORTS = "diagnostic reports"
    PROCEDURES = "procedures"
    ADMINISTRATIONS = "medication administrations"
    STATEMENTS = "medication statements"
    REQUESTS = "medication requests"
    CARE_PLANS = "care plans"
    EPISODES = "episodes of care"


class ProblemKind(StrEnum):
    """What is wrong with something that was not used (the contract's dataProblems kinds)."""

    CONFLICT = "conflict"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    UNAVAILABLE = "unavailable"
    ENTERED_IN_ERROR = "entered-in-error"
    FUTURE_DATE = "future-date"
    UNIT = "unit"


@value
class DataProblem:
    """Something in the record that was not used as it stands, with the resources concerned."""

    kind: ProblemKind
    text: str
    resources: tuple[str, ...] = ()
