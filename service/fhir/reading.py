"""Where the statements of one record are gathered while its resources are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any

from cds_rules.patient.dates import LAST_YEAR, PartialDate
from cds_rules.patient.events import Event
from cds_rules.patient.findings import AntigenResult, CellCollection, Genetic, Irradiation
from cds_rules.patient.timeline import (
    CarT,
    DataProblem,
    Diagnosis,
    DrugUse,
    Measurement,
    MrdResult,
    Part,
    Person,
    ProblemKind,
    Route,
    StatusReport,
    Transplant,
    TreatmentPlan,
)
from service.fhir.elements import CodeableConcept, Period, Reference
from service.fhir.lexicon import Lexicon
from service.fhir.lexicon import Meaning as Meaning  # noqa: PLC0414 - the readers' word
from service.fhir.versions import Result


class NotUsableError(Exception):
    """This resource cannot be read; the message is constant text for the dataProblem."""


class ForeignError(Exception):
    """This resource belongs to another patient, or to none that it names."""


@dataclass(slots=True)
class Reading:
    """One record being read. Readers append; `service.fhir.to_timeline` closes it."""

    lexicon: Lexicon
    subjects: frozenset[str]
    """References that mean our patient: Patient/x, and the full URLs the record gives it."""
    identifiers: set[tuple[str | None, str | None]] = field(default_factory=set)
    """Our patient's identifiers, with their systems."""
    person: Person | None = None
    diagnoses: list[Diagnosis] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    mrd: list[MrdResult] = field(default_factory=list)
    reports: list[StatusReport] = field(default_factory=list)
    transplants: list[Transplant] = field(default_factory=list)
    car_t: list[CarT] = field(default_factory=list)
    drugs: list[DrugUse] = field(default_factory=list)
    plans: list[TreatmentPlan] = field(default_factory=list)
    genetics: list[Genetic] = field(default_factory=list)
    antigens: list[AntigenResult] = field(default_factory=list)
    irradiations: list[Irradiation] = field(default_factory=list)
    collections: list[CellCollection] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    """Observations and reports that matter, until it is known which of them stand."""
    problems: list[DataProblem] = field(default_factory=list)
    pending: list[Diagnosis] = field(default_factory=list)
    """Statements that count only if ALL is told elsewhere."""
    mentioned: list[Transplant | CarT] = field(default_factory=list)
    """Cells that are told of beside the record of giving them, of which it may be the echo."""
    others: list[str] = field(default_factory=list)
    """Conditions that are another acute leukemia."""
    foreign: list[str] = field(default_factory=list)
    """Conditions that name leukemia, of another subject."""
    uncoded: dict[Part, str] = field(default_factory=dict)
    """Parts in which the code of a resource could not be read, and which resource."""
    doubts: dict[Part, str] = field(default_factory=dict)
    """Parts in which a resource that matters could not be read, and why."""
    specimens: dict[str, str] = field(default_factory=dict)
    """Where the Specimen resources of the record come from, by reference."""
    medications: dict[str, Any] = field(default_factory=dict)
    """Raw codes of the Medication resources of the record, by reference."""
    issued: dict[str, date] = field(default_factory=dict)
    """Days on which results were reported, where that is after the day they tell of."""
    leukemia: set[str] = field(default_factory=set)
    """References of the conditions that name ALL, for the plans that address them."""

    def problem(self, kind: ProblemKind, text: str, *resources: str) -> None:
        """Note what was not used, and why."""
        self.problems.append(DataProblem(kind, text, resources))

    def trust_text(self) -> None:
        """Let what was recognised by its words settle, as the site allows; it stays marked as text."""
        for member in fields(self):
            statements = getattr(self, member.name)
            if isinstance(statements, list):
                statements[:] = [
                    replace(s, route=Route.SITE_TEXT) if getattr(s, "route", None) is Route.TEXT else s
                    for s in statements
                ]

    def meanings(self, code: Any) -> Iterator[Meaning]:
        """What each coding of a raw CodeableConcept means; raises on a shape that is none."""
        known = self.lexicon.meanings
        for coding in code.get("coding", ()):
            meaning = known.get((coding.get("system"), coding.get("code")))
            if meaning is not None:
                yield meaning

    def concepts(self, concept: CodeableConcept | None) -> list[Meaning]:
        """What the codings of a read CodeableConcept mean, in order."""
        if concept is None:
            return []
        known = self.lexicon.meanings
        return [m for c in concept.coding if (m := known.get((c.system or "", c.code or ""))) is not None]

    def own(self, subject: Reference) -> bool:
        """Does the reference mean our patient? The same id on another server is someone else.

        Without a reference, an identifier of the patient with its system means the same.
        """
        if subject.reference is None and subject.identifier is not None:
            return (subject.identifier.system, subject.identifier.value) in self.identifiers
        return (subject.reference or "").split("/_history/", 1)[0] in self.subjects


def when(*candidates: str | Period | None) -> PartialDate | None:
    """The first date given, a period by its start. NotUsableError if it is no FHIR date."""
    for candidate in candidates:
        text = candidate.start if isinstance(candidate, Period) else candidate
        if text is not None:
            return date_of(text)
    return None


ORDERS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
"""Intents of a request that is an order, not a plan or a proposal."""


def date_of(text: str) -> PartialDate:
    """A FHIR date. NotUsableError if it is none."""
    try:
        return PartialDate.parse(text)
    except ValueError as error:
        raise NotUsableError("A date in it is not a FHIR date.") from error


def end_of(text: str | None) -> PartialDate | None:
    """The end of a period; None where it has none, or one that fills the place of none (9999-12-31)."""
    if text is None or (text[:4].isdecimal() and int(text[:4]) > LAST_YEAR):
        return None
    return date_of(text)


def words(concept: CodeableConcept | None, *, codes: bool = False) -> str:
    """Text and displays of a CodeableConcept, on request its codes too, in one line."""
    if concept is None:
        return ""
    parts = [concept.text, *(c.display for c in concept.coding)]
    if codes:
        parts += [c.code for c in concept.coding]
    return " ; ".join(part for part in parts if part)


def local(reference: str | None) -> str:
    """A reference as Type/id, without server and version."""
    plain = (reference or "").split("/_history/", 1)[0]
    return "/".join(plain.split("/")[-2:])
