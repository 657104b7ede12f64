"""The record as dated statements, each with the FHIR resource it came from. Nothing is concluded here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from cds_rules.patient.dated import Dated as Dated  # noqa: PLC0414 - readers look for it here
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import Event, EventKind, as_known
from cds_rules.patient.findings import AntigenResult, CellCollection, Genetic, Irradiation, Laterality
from cds_rules.patient.interval import Interval
from cds_rules.patient.place import Place
from cds_rules.patient.problem import DataProblem as DataProblem  # noqa: PLC0414 - readers look here
from cds_rules.patient.problem import Part as Part  # noqa: PLC0414 - readers look here
from cds_rules.patient.problem import ProblemKind as ProblemKind  # noqa: PLC0414 - readers look here
from cds_rules.patient.route import Route as Route  # noqa: PLC0414 - readers look for it here
from cds_rules.value import value


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
    B_CELL_SHARE = "CD19+ B cells in blood, %"
    MARROW_CD19 = "CD19+ cells in marrow, %"
    """Normal B cells and blasts together."""
    CELLULARITY = "marrow cellularity, %"
    BLOOD_BLASTS = "blasts in blood, %"
    BLOOD_BLAST_COUNT = "blasts in blood, /uL"
    LEUKOCYTES = "leukocytes, /uL"
    LYMPHOCYTES = "lymphocytes, /uL"
    T_CELLS = "CD3+ T cells, /uL"
    PLATELETS = "platelets, /uL"
    ALBUMIN = "albumin, g/dL"
    CHIMERISM = "recipient cells after transplant, %"
    ECOG = "ECOG performance status, 0 to 5"
    KARNOFSKY = "Karnofsky performance status, 0 to 100"
    LANSKY = "Lansky play-performance status, 0 to 100"


class TimePoint(StrEnum):
    """When in the course a residual disease result was taken, where a code, a site or a text says so."""

    END_OF_BLOCK_1 = "end of block 1"
    LATER_BLOCK = "end of a later block"
    AFTER_CONSOLIDATION = "after consolidation"
    BEFORE_TRANSPLANT = "before transplant"
    DAY_28_AFTER_CAR_T = "day 28 after CAR-T"
    MONTH_3_AFTER_CAR_T = "month 3 after CAR-T"


@value
class Person:
    """The patient. `deceased` None: the record does not say."""

    source: str
    birth: PartialDate | None = None
    sex: str | None = None
    deceased: bool | None = None
    died: PartialDate | None = None
    place: Place | None = None
    """Where the patient lives, for distances to trial sites; told to nobody."""


@value
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
    sites_told: bool = True  # False when a body site is given that is not recognised
    route: Route = Route.CODE
    named_sites: frozenset[Site] = frozenset()  # by words beside the codes: they keep a site open
    later: bool = False  # words tell of a second or later relapse
    testes: frozenset[Laterality] = frozenset()
    """Which testes are named; empty where the record does not say, or contradicts itself."""


@value
class Measurement:
    """One result of a measure, in that measure's unit."""

    source: str
    when: PartialDate | None
    measure: Measure
    value: Interval
    route: Route = Route.CODE
    readable: bool = True
    """False when there is a result, but not what it is: `value` is then everything that it may be."""


@value
class MrdResult:
    """A measurable residual disease result as a fraction of cells; `time_point` only if labelled."""

    source: str
    when: PartialDate | None
    fraction: Interval
    marrow: bool
    method: str | None = None
    time_point: str | None = None
    route: Route = Route.SITE
    lod: float | None = field(default=None, compare=False)  # limit of detection; in `fraction` already
    elsewhere: bool = False  # blood or CSF; neither this nor `marrow`: the specimen is not told


@value
class StatusReport:
    """What a clinician reported of the state of the disease on a day."""

    source: str
    when: PartialDate | None
    status: Status
    route: Route = Route.CODE


@value
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


@value
class CarT:
    """An infusion of CAR-T cells, not their collection."""

    source: str
    when: PartialDate | None
    product: str | None = None
    route: Route = Route.CODE
    certain: bool = True


@value
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
    intrathecal: bool | None = None
    """Into the spinal fluid? None when the record does not tell the route of administration."""
    standing: bool = False
    """An order that is active: it is to be given, or being given."""


@value
class TreatmentPlan:
    """A plan of antileukemic treatment; `when` is its start, `until` its recorded end."""

    source: str
    when: PartialDate | None
    until: PartialDate | None
    status: str
    route: Route = Route.CODE
    enrolment: bool = False
    """From an EpisodeOfCare, which often is the whole time under care: its end alone says less."""


Statement = TypeVar("Statement", bound=Dated)


def _first_day(statement: Dated) -> tuple[date, str]:
    return statement.when.earliest if statement.when else date.min, statement.source


@dataclass(frozen=True)
class PatientTimeline:
    """Everything read from one patient's record, and what of the record could not be read.

    The short lists stand oldest first, undated ones before all, in whatever order they were read: what is
    said, and the evidence named for it, must not depend on the order of the record. The long ones
    (measurements, drugs, events) are put in order when they are asked for.
    """

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
    events: tuple[Event, ...] = ()
    problems: tuple[DataProblem, ...] = ()
    missing: Mapping[Part, str] = field(default_factory=dict)
    """Parts of the record that could not be retrieved in full, and why, in words."""
    issued: Mapping[str, date] = field(default_factory=dict)
    """The day on which a result was reported, by its resource, where that is after the day it tells of."""

    def __post_init__(self) -> None:
        for name in _SHORT:
            statements: tuple[Dated, ...] = getattr(self, name)
            if len(statements) > 1:
                object.__setattr__(self, name, tuple(sorted(statements, key=_first_day)))

    @cached_property
    def marrows(self) -> tuple[Measurement, ...]:
        """Dated marrow blast counts from a code or a site mapping, oldest first."""
        return self.measured.get(Measure.MARROW_BLASTS, ())

    @cached_property
    def measured(self) -> Mapping[Measure, tuple[Measurement, ...]]:
        """The dated results that may settle a fact, by measure, oldest first."""
        found: dict[Measure, list[tuple[date, date, str, Measurement]]] = {}
        for m in self.measurements:
            if m.when is not None and m.route.settles:
                found.setdefault(m.measure, []).append((m.when.earliest, m.when.latest, m.source, m))
        return {k: tuple(f[3] for f in sorted(each, key=lambda f: f[:3])) for k, each in found.items()}

    @cached_property
    def by_measure(self) -> Mapping[Measure, list[Measurement]]:
        """Every result by its measure, those by text and without a date too, as they were read."""
        found: dict[Measure, list[Measurement]] = {}
        for m in self.measurements:
            found.setdefault(m.measure, []).append(m)
        return found

    @cached_property
    def dated_by_month(self) -> frozenset[Measure]:
        """Measures that have a result whose day is not known."""
        return frozenset(
            m for m, found in self.measured.items() if any(f.when is None or not f.when.exact for f in found)
        )

    @cached_property
    def kinds_of_events(self) -> frozenset[EventKind]:
        """Every kind of which there is an event: most kinds that are asked for have none."""
        return frozenset([event.kind for event in self.events])

    @cached_property
    def events_in_order(self) -> tuple[Event, ...]:
        """All events, oldest first, undated ones before all."""
        return tuple(sorted(self.events, key=_first_day))

    @cached_property
    def drugs_in_order(self) -> tuple[DrugUse, ...]:
        """All uses and orders of drugs, oldest first, undated ones before all."""
        return tuple(sorted(self.drugs, key=_first_day))

    @cached_property
    def last_day(self) -> date:
        """The last day on which anything in the record happened, ended or was reported."""
        days = [self.person.died.latest] if self.person.died else []
        for statements in self._dated:
            days += [s.when.earliest for s in statements if s.when is not None]
        ends = (s.until for each in (self.drugs, self.plans, self.events) for s in each)
        days += [until.latest for until in ends if until is not None]
        return max((*days, *self.issued.values()), default=date.min)

    @property
    def _dated(self) -> tuple[tuple[Dated, ...], ...]:
        return tuple(getattr(self, name) for name in _STATEMENTS)

    def as_of(self, on: date) -> PatientTimeline:
        """What was true and known on the day `on`: nothing later, nor reported later.

        Each statement left out becomes a dataProblem. What ended later was going on then.
        """
        if self.last_day <= on:
            return self
        later: list[str] = []

        def until(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
            late = [s.source for s in statements if self._is_later(s, on)]
            later.extend(late)
            return tuple(s for s in statements if not self._is_later(s, on)) if late else statements

        changed: dict[str, Any] = {name: until(getattr(self, name)) for name in _STATEMENTS}
        kept = replace(self, **changed)
        kept = replace(
            kept,
            person=_then(kept.person, on),
            drugs=tuple(_going_on(d, on) for d in kept.drugs),
            plans=tuple(_open_ended(p, on) for p in kept.plans),
            events=tuple(as_known(e, on) for e in kept.events),
        )
        if not later:
            return kept
        text = f"Dated or reported after the day of assessment ({on.isoformat()}) and not used."
        problem = DataProblem(ProblemKind.FUTURE_DATE, text, tuple(dict.fromkeys(later)))
        return replace(kept, problems=(*kept.problems, problem))

    def _is_later(self, statement: Dated, on: date) -> bool:
        if statement.when is not None and statement.when.earliest > on:
            return True
        return self.issued.get(statement.source, on) > on


_STATEMENTS = (
    "diagnoses",
    "measurements",
    "mrd",
    "reports",
    "transplants",
    "car_t",
    "drugs",
    "plans",
    "genetics",
    "antigens",
    "irradiations",
    "collections",
    "events",
)
"""The members of a timeline that hold dated statements."""
_SHORT = tuple(name for name in _STATEMENTS if name not in ("measurements", "drugs", "events"))
"""Those of them that are put in order when the timeline is made."""


def _then(person: Person, on: date) -> Person:
    """Someone who died later was alive."""
    alive = person.died is not None and person.died.earliest > on
    return replace(person, deceased=False, died=None) if alive else person


def _going_on(drug: DrugUse, on: date) -> DrugUse:
    """An end that still lies ahead is not known; what is not an order was being taken."""
    if drug.until is None or drug.until.earliest <= on:
        return drug
    return replace(drug, until=None, ongoing=not drug.ordered)


def _open_ended(plan: TreatmentPlan, on: date) -> TreatmentPlan:
    """An end that still lies ahead is an intention, not an end; what was completed later was active."""
    if plan.until is None or plan.until.earliest <= on:
        return plan
    return replace(plan, until=None, status="active" if plan.status == "completed" else plan.status)
