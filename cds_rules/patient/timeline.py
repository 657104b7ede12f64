"""The record as dated statements, each with the FHIR resource it came from. Nothing is concluded here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Protocol, TypeVar

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.findings import AntigenResult, CellCollection, Genetic, Irradiation
from cds_rules.patient.interval import Interval
from cds_rules.patient.route import Route as Route  # noqa: PLC0414 - readers look for it here


class Lineage(StrEnum):
    """Lineage of the leukemia; MIXED also stands for both B and T in one statement."""

    B = "B"
    T = "T"
    MIXED = "mixed"


class Site(StrEnum):
    """Sites as the schemes divide them."""

    MARROW = "marrow"
    CNS = "CNS"
    TESTIS = "testis"
    OTHER = "other extramedullary"


class DiseaseState(StrEnum):
    """What a diagnosis statement says of the state; UNSTATED says nothing (ICD-10-CM C91.00 too)."""

    UNSTATED = "unstated"
    REMISSION = "remission"
    RELAPSE = "relapse"


class Status(StrEnum):
    """Answers of a disease status finding (mCODE). None of them says relapse."""

    FULL_REMISSION = "full remission"
    PARTIAL_REMISSION = "partial remission"
    IMPROVED = "improved"
    STABLE = "stable"
    WORSENED = "worsened"
    UNDETERMINED = "undetermined"


class Measure(StrEnum):
    """Measurements the rules read, with their unit."""

    MARROW_BLASTS = "marrow blasts, %"
    CSF_LEUKOCYTES = "CSF leukocytes, /uL"
    CSF_BLASTS = "CSF blasts, % or /uL"
    """Only its being zero or not is used, so the unit may be either."""
    CSF_RED_CELLS = "CSF red cells, /uL"
    B_CELLS = "CD19+ B cells, /uL"


class Part(StrEnum):
    """The parts of the record that are asked for; a missing part leaves its facts unknown."""

    PATIENT = "patient"
    CONDITIONS = "conditions"
    LABORATORY = "laboratory results"
    DISEASE_FINDINGS = "disease status findings"
    PROCEDURES = "procedures"
    ADMINISTRATIONS = "medication administrations"
    STATEMENTS = "medication statements"
    REQUESTS = "medication requests"
    CARE_PLANS = "care plans"


class ProblemKind(StrEnum):
    """What is wrong with something that was not used (the contract's dataProblems kinds)."""

    CONFLICT = "conflict"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    UNAVAILABLE = "unavailable"
    ENTERED_IN_ERROR = "entered-in-error"
    FUTURE_DATE = "future-date"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class DataProblem:
    """Something in the record that was not used as it stands, with the resources concerned."""

    kind: ProblemKind
    text: str
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """The patient. `deceased` None: the record does not say."""

    source: str
    birth: PartialDate | None = None
    sex: str | None = None
    deceased: bool | None = None
    died: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One Condition that names acute lymphoblastic leukemia."""

    source: str
    when: PartialDate | None
    lineage: Lineage | None = None
    state: DiseaseState = DiseaseState.UNSTATED
    state_coded: bool = False
    """True when the code itself says the state (C91.02), False when clinicalStatus does."""
    sites: frozenset[Site] = frozenset()
    certain: bool = True
    recorded: PartialDate | None = None
    in_transplant: bool = False
    sites_told: bool = True
    """False when a body site is given that is not recognised."""
    route: Route = Route.CODE


@dataclass(frozen=True, slots=True)
class Measurement:
    """One result of a measure, in that measure's unit."""

    source: str
    when: PartialDate | None
    measure: Measure
    value: Interval
    route: Route = Route.CODE


@dataclass(frozen=True, slots=True)
class MrdResult:
    """A measurable residual disease result as a fraction of cells; `time_point` only if labelled."""

    source: str
    when: PartialDate | None
    fraction: Interval
    marrow: bool
    method: str | None = None
    time_point: str | None = None
    route: Route = Route.SITE


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a clinician reported of the state of the disease on a day."""

    source: str
    when: PartialDate | None
    status: Status
    route: Route = Route.CODE


@dataclass(frozen=True, slots=True)
class Transplant:
    """A stem cell transplant; without `when` it is only known to have happened once."""

    source: str
    when: PartialDate | None
    kind: str | None = None
    """"allogeneic", "autologous" or None when the code does not say."""
    donor: str | None = None
    """"related", "unrelated" or None."""
    route: Route = Route.CODE
    certain: bool = True
    """False when the record does not say that it was done."""


@dataclass(frozen=True, slots=True)
class CarT:
    """An infusion of CAR-T cells, not their collection."""

    source: str
    when: PartialDate | None
    product: str | None = None
    route: Route = Route.CODE
    certain: bool = True


@dataclass(frozen=True, slots=True)
class DrugUse:
    """One drug over a time: given (administered), ordered (a request), or neither (reported as taken)."""

    source: str
    when: PartialDate | None
    drug: str
    until: PartialDate | None = None
    ongoing: bool = False
    given: bool = True
    ordered: bool = False
    route: Route = Route.CODE


@dataclass(frozen=True, slots=True)
class TreatmentPlan:
    """A CarePlan of antileukemic treatment; `when` is its start, `until` its recorded end."""

    source: str
    when: PartialDate | None
    until: PartialDate | None
    status: str
    route: Route = Route.CODE


class Dated(Protocol):
    """A statement with its resource and its date."""

    @property
    def source(self) -> str:
        """The resource, as Type/id."""

    @property
    def when(self) -> PartialDate | None:
        """When it was true, if that is known."""


Statement = TypeVar("Statement", bound=Dated)


@dataclass(frozen=True)
class PatientTimeline:
    """Everything read from one patient's record, and what of the record could not be read."""

    person: Person
    diagnoses: tuple[Diagnosis, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    mrd: tuple[MrdResult, ...] = ()
    reports: tuple[StatusReport, ...] = ()
    transplants: tuple[Transplant, ...] = ()
    car_t: tuple[CarT, ...] = ()
    drugs: tuple[DrugUse, ...] = ()
    plans: tuple[TreatmentPlan, ...] = ()
    genetics: tuple[Genetic, ...] = ()
    antigens: tuple[AntigenResult, ...] = ()
    irradiations: tuple[Irradiation, ...] = ()
    collections: tuple[CellCollection, ...] = ()
    problems: tuple[DataProblem, ...] = ()
    missing: Mapping[Part, str] = field(default_factory=dict)
    """Parts of the record that could not be retrieved in full, and why, in words."""

    @cached_property
    def marrows(self) -> tuple[Measurement, ...]:
        """Dated marrow blast counts from a code or a site mapping, oldest first."""
        found = [
            (m.when.earliest, m.source, m)
            for m in self.measurements
            if m.measure is Measure.MARROW_BLASTS and m.when is not None and m.route is not Route.TEXT
        ]
        return tuple(m for _, _, m in sorted(found, key=lambda f: f[:2]))

    def as_of(self, on: date) -> PatientTimeline:
        """The record without statements dated after `on`; each left out becomes a dataProblem."""
        later: list[str] = []

        def until(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
            late = [s.source for s in statements if s.when is not None and s.when.earliest > on]
            if not late:
                return statements
            later.extend(late)
            return tuple(s for s in statements if s.when is None or s.when.earliest <= on)

        kept = replace(
            self,
            diagnoses=until(self.diagnoses),
            measurements=until(self.measurements),
            mrd=until(self.mrd),
            reports=until(self.reports),
            transplants=until(self.transplants),
            car_t=until(self.car_t),
            drugs=until(self.drugs),
            plans=tuple(_open_ended(p, on) for p in until(self.plans)),
            genetics=until(self.genetics),
            antigens=until(self.antigens),
            irradiations=until(self.irradiations),
            collections=until(self.collections),
        )
        if not later:
            return self if kept.plans == self.plans else kept
        text = f"Dated after the day of assessment ({on.isoformat()}) and not used."
        problem = DataProblem(ProblemKind.FUTURE_DATE, text, tuple(dict.fromkeys(later)))
        return replace(kept, problems=(*kept.problems, problem))


def _open_ended(plan: TreatmentPlan, on: date) -> TreatmentPlan:
    """An end that still lies ahead is an intention, not an end."""
    return replace(plan, until=None) if plan.until is not None and plan.until.earliest > on else plan
