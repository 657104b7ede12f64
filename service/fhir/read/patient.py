"""Patient: birth date, sex, and whether the patient is alive."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cds_rules.patient.timeline import Person, ProblemKind
from service.fhir.address import home_of
from service.fhir.elements import PatientData
from service.fhir.reading import ForeignError, Reading, when


def read(resource: dict[str, Any], reading: Reading) -> None:
    """Read the Patient resource. Two of them that disagree leave the birth date open."""
    data = PatientData.of(resource)
    source = f"Patient/{data.id}"
    if source not in reading.subjects:
        raise ForeignError
    died = when(data.deceasedDateTime)
    reading.identifiers |= {(i.system, i.value) for i in data.identifier if i.system and i.value}
    person = Person(
        source=source,
        birth=when(data.birthDate),
        sex=data.gender,
        deceased=True if died is not None else data.deceasedBoolean,
        died=died,
        place=home_of(data.address),
    )
    earlier = reading.person
    if earlier is not None:
        person = replace(
            person, deceased=earlier.deceased or person.deceased, died=earlier.died or person.died
        )
    if earlier is not None and earlier.birth != person.birth:
        text = "The patient is given two birth dates: the age stays open."
        reading.problem(ProblemKind.CONFLICT, text, source)
        person = replace(person, birth=None)
    reading.person = person


def doubt_before_birth(cells: list[Any], reading: Reading) -> None:
    """Nobody was given cells before birth: one of the dates is wrong, or the record is another's."""
    birth = reading.person.birth if reading.person else None
    for i, given in enumerate(cells):
        if birth is not None and given.when is not None and given.when.latest < birth.earliest:
            cells[i] = replace(given, certain=False)
            text = "It is dated before birth: it is not certain."
            reading.problem(ProblemKind.CONFLICT, text, given.source)
