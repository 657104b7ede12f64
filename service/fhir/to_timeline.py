"""FHIR resources in, PatientTimeline out: the one way from the record to the clinical model.

Resources are picked by code in the raw JSON first; only what matters is modelled. A resource that
cannot be read becomes a dataProblem naming it, and never costs the rest of the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from cds_rules.patient.timeline import Part, PatientTimeline, Person, ProblemKind
from cds_rules.terminology.code_set import load
from service.fhir.drug_names import named_drugs
from service.fhir.elements import Reference
from service.fhir.lexicon import Lexicon, shipped
from service.fhir.quantity import UnitError
from service.fhir.read import by_text, care_plan, condition, medication, observation, patient, procedure
from service.fhir.reading import ForeignError, Meaning, NotUsableError, Reading
from service.fhir.site_map import SiteMap
from service.fhir.specimen import note_specimen

_AFTER_CONDITIONS = {
    "Observation",
    "CarePlan",
    "MedicationAdministration",
    "MedicationStatement",
    "MedicationRequest",
}
"""Types that point to others: read when conditions, specimens and medications are known."""

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
Reader = Callable[[dict[str, Any], list[Meaning], Reading], None]


_READERS: dict[str, tuple[Callable[[Meaning], bool], Reader]] = {
    "Condition": (condition.matters, condition.read),
    "Observation": (observation.matters, observation.read),
    "Procedure": (procedure.matters, procedure.read),
    "MedicationAdministration": (medication.matters, medication.read),
    "MedicationStatement": (medication.matters, medication.read),
    "MedicationRequest": (medication.matters, medication.read),
}


class RecordReader:
    """Reads records with one lexicon; made once at start, safe to share between threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._readers = {
            kind: (lexicon.only(matters), read, kind.startswith("Medication"))
            for kind, (matters, read) in _READERS.items()
        }

    def timeline(
        self,
        resources: Iterable[dict[str, Any]],
        patient_id: str,
        *,
        missing: Mapping[Part, str] | None = None,
        aliases: Iterable[str] = (),
    ) -> PatientTimeline:
        """The timeline of the patient `patient_id`. Never raises for what resources hold.

        `missing` names the parts of the record that could not be retrieved, with the reason in words;
        `aliases` are other references that mean this patient (full URLs inside a bundle).
        """
        reading = Reading(self._lexicon, frozenset({f"Patient/{patient_id}", *aliases}))
        later: list[dict[str, Any]] = []
        seen: set[tuple[Any, str]] = set()
        for resource in resources:
            kind, name = resource.get("resourceType"), resource.get("id")
            if not isinstance(kind, str):
                continue
            if kind == "Medication":
                reading.medications[f"Medication/{name}"] = resource.get("code")
                continue
            if kind == "Specimen":
                note_specimen(f"Specimen/{name}", resource, reading)
                continue
            if isinstance(name, str) and kind != "Patient":
                if (kind, name) in seen:
                    continue
                seen.add((kind, name))
            if kind in _AFTER_CONDITIONS:
                later.append(resource)
            else:
                self._read_one(kind, resource, reading)
        for resource in later:
            self._read_one(resource["resourceType"], resource, reading)
        return _close(reading, patient_id, missing or {})

    def _read_one(self, kind: str, resource: dict[str, Any], reading: Reading) -> None:
        entry = self._readers.get(kind)
        if entry is None:
            _read_uncoded(kind, resource, reading)
            return
        index, read, is_drug = entry
        try:
            code = resource.get("code") or _NO_CODE
            if is_drug:
                code = medication.code_of(resource, reading.medications)
                if code is None:
                    _unnamed(kind, resource, reading)
                    return
            meanings = [
                meaning
                for coding in code.get("coding", ())
                if (meaning := index.get((coding.get("system"), coding.get("code")))) is not None
            ]
            if is_drug and not meanings:
                meanings = named_drugs(code)
            told = not meanings and by_text.may_tell(kind, code)
        except (AttributeError, TypeError):
            text = "Its code is not in the form FHIR gives it: not used."
            reading.problem(ProblemKind.UNREADABLE, text, _reference(resource))
            if kind in _PARTS:
                reading.uncoded.setdefault(_PARTS[kind], _reference(resource))
            return
        if meanings:
            _guarded(resource, reading, lambda r: read(_own(r, reading), meanings, reading))
        elif told:
            _guarded(resource, reading, lambda r: by_text.read(_own(r, reading), reading))


_NO_CODE: dict[str, Any] = {}


def to_timeline(
    resources: Iterable[dict[str, Any]],
    patient_id: str,
    *,
    missing: Mapping[Part, str] | None = None,
    site_map: SiteMap | None = None,
    aliases: Iterable[str] = (),
) -> PatientTimeline:
    """`RecordReader.timeline` for one record, for callers that read few."""
    lexicon = shipped() if site_map is None else Lexicon(load(), site_map)
    return RecordReader(lexicon).timeline(resources, patient_id, missing=missing, aliases=aliases)


def code_of(resource: dict[str, Any]) -> Any:
    """The raw code by which a resource of a known type is picked; {} if it has none."""
    is_drug = resource["resourceType"].startswith("Medication")
    return (medication.code_of(resource, {}) if is_drug else resource.get("code")) or _NO_CODE


def is_read(kind: str, meaning: Meaning) -> bool:
    """Is a resource of this type with a code of this meaning read?"""
    return kind in _READERS and _READERS[kind][0](meaning)


def _unnamed(kind: str, resource: dict[str, Any], reading: Reading) -> None:
    """A drug whose Medication was not sent: an administration of it may be that of CAR-T cells."""
    if kind == "MedicationAdministration":
        reading.uncoded.setdefault(Part.ADMINISTRATIONS, _reference(resource))


def _read_uncoded(kind: str, resource: dict[str, Any], reading: Reading) -> None:
    if kind == "Patient":
        _guarded(resource, reading, lambda r: patient.read(r, reading))
    elif kind == "CarePlan":
        _guarded(resource, reading, lambda r: care_plan.read(_own(r, reading), reading))


def _own(resource: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """The resource, if it is our patient's; ForeignError for any other."""
    subject = resource.get("subject")
    plain = subject.get("reference") if isinstance(subject, dict) else None
    if isinstance(plain, str) and plain in reading.subjects:
        return resource
    if reading.own(Reference.model_validate(subject or {})):
        return resource
    raise ForeignError


def _guarded(resource: dict[str, Any], reading: Reading, read: Callable[[dict[str, Any]], None]) -> None:
    try:
        read(resource)
    except ForeignError:
        text = "Its subject is not this patient: not used."
        reading.problem(ProblemKind.CONFLICT, text, _reference(resource))
        if resource["resourceType"] == "Condition":
            reading.foreign.append(_reference(resource))
        if resource["resourceType"] == "Patient":
            # Whose chart is this? The conditions that came with it prove nothing either.
            why = "the Patient resource sent is another patient's"
            reading.doubts.setdefault(Part.PATIENT, f"{Part.PATIENT.value} not read: {why}")
            reading.doubts.setdefault(Part.CONDITIONS, f"{Part.CONDITIONS.value} in doubt: {why}")
    except NotUsableError as error:
        _unreadable(resource, reading, str(error))
    except UnitError as error:
        text = f"The unit cannot be interpreted ({error}): not used."
        reading.problem(ProblemKind.UNIT, text, _reference(resource))
    except (ValidationError, RecursionError):
        _unreadable(resource, reading, "It is not a valid FHIR R4 resource in what is read of it: not used.")


_PARTS = {
    "Patient": Part.PATIENT,
    "Condition": Part.CONDITIONS,
    "Procedure": Part.PROCEDURES,
}
"""Parts whose silence is an answer (no second relapse, no transplant): a resource of theirs that could
not be read may be the one that speaks. For the others a missing resource only leaves a fact open."""


def _doubt(resource: dict[str, Any], reading: Reading, why: str) -> None:
    part = _PARTS.get(resource["resourceType"])
    if part is not None:
        reading.doubts.setdefault(part, f"{part.value} not read in full: {why} ({_reference(resource)})")


def _unreadable(resource: dict[str, Any], reading: Reading, text: str) -> None:
    reading.problem(ProblemKind.UNREADABLE, text, _reference(resource))
    _doubt(resource, reading, "one of them could not be read")


def _reference(resource: dict[str, Any]) -> str:
    kind = _plain(resource.get("resourceType")) or "Resource"
    return f"{kind}/{_plain(resource.get('id')) or '(no readable id)'}"


def _plain(value: object) -> str | None:
    """A type or id that is safe to print, or None."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _conclude(reading: Reading) -> None:
    """What can be told only when everything has been read."""
    if reading.diagnoses:
        reading.diagnoses.extend(reading.pending)
        for part, reference in reading.uncoded.items():
            why = f"{part.value} not read in full: the code of one could not be had ({reference})"
            reading.doubts.setdefault(part, why)
    elif reading.foreign:
        # Silence would read as "no ALL", while leukemia is all over a chart of uncertain owner.
        why = f"leukemia is recorded, but not for this patient ({reading.foreign[0]})"
        reading.doubts.setdefault(Part.CONDITIONS, f"{Part.CONDITIONS.value} in doubt: {why}")


def _close(reading: Reading, patient_id: str, missing: Mapping[Part, str]) -> PatientTimeline:
    _conclude(reading)
    person = reading.person or Person(f"Patient/{patient_id}")
    return PatientTimeline(
        person=person,
        diagnoses=tuple(reading.diagnoses),
        measurements=tuple(reading.measurements),
        mrd=tuple(reading.mrd),
        reports=tuple(reading.reports),
        transplants=tuple(reading.transplants),
        car_t=tuple(reading.car_t),
        drugs=tuple(reading.drugs),
        plans=tuple(reading.plans),
        genetics=tuple(reading.genetics),
        antigens=tuple(reading.antigens),
        irradiations=tuple(reading.irradiations),
        collections=tuple(reading.collections),
        problems=tuple(reading.problems),
        missing={**reading.doubts, **missing},
    )
