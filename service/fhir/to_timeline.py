"""FHIR resources in, PatientTimeline out: the one way from the record to the clinical model.

Resources are picked by code in the raw JSON first; only what matters is modelled. A resource that
cannot be read becomes a dataProblem naming it, and never costs the rest of the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.timeline import Part, PatientTimeline, Person, ProblemKind, Transplant
from cds_rules.terminology.code_set import load
from service.fhir import repeats, versions
from service.fhir.drug_names import named_drugs
from service.fhir.elements import ElementError
from service.fhir.lexicon import Lexicon, by_name, shipped
from service.fhir.ownership import is_plainly_own, is_referred, names_subject, own
from service.fhir.quantity import UnitError
from service.fhir.read import (
    by_text,
    care_plan,
    component,
    condition,
    episode_of_care,
    event,
    medication,
    observation,
    patient,
    plain_count,
    planned,
    procedure,
    report,
)
from service.fhir.reading import ForeignError, Meaning, NotUsableError, Reading
from service.fhir.site_map import SiteMap
from service.fhir.site_units import translated
from service.fhir.specimen import note_specimen
from service.fhir.versions import Result

_AFTER_CONDITIONS = {
    "Observation",
    "DiagnosticReport",
    "CarePlan",
    "EpisodeOfCare",
    "MedicationAdministration",
    "MedicationStatement",
    "MedicationRequest",
}
"""Types that point to others: read when conditions, specimens and medications are known."""

_BY_IDENTIFIER = {"Condition", "Procedure"}
"""Types read at once, but where they name their subject by an identifier: when the patient is known."""

_VERSIONED = {"Observation", "DiagnosticReport"}
"""Types of which every copy is looked at, to find the one that stands."""

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
            kind: (lexicon.only(matters), lexicon.names_of(matters), read, kind.startswith("Medication"))
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
        unreferred: list[dict[str, Any]] = []
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
                if (kind, name) in seen and kind not in _VERSIONED:
                    continue
                seen.add((kind, name))
            if kind in _AFTER_CONDITIONS:
                later.append(resource)
            elif kind in _BY_IDENTIFIER and not is_referred(resource):
                unreferred.append(resource)
            else:
                self._read_one(kind, resource, reading)
        for resource in (*unreferred, *later):
            self._read_one(resource["resourceType"], resource, reading)
        _read_results(reading)
        return _close(reading, patient_id, missing or {})

    def _read_one(self, kind: str, resource: dict[str, Any], reading: Reading) -> None:
        entry = self._readers.get(kind)
        if entry is None:
            _read_uncoded(kind, resource, reading)
            return
        index, names, read, is_drug = entry
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
            if kind == "Condition" and "extension" in resource:
                meanings += [index[c] for c in condition.morphologies(resource) if c in index]
            if names and not meanings and (named := by_name(code, names)) is not None:
                meanings = [named]
            if is_drug and not meanings:
                meanings = named_drugs(code)
            told = not meanings and by_text.may_tell(kind, code)
        except (AttributeError, TypeError):
            _no_code(kind, resource, reading)
            return
        if meanings or told:
            self._dispatch(kind, resource, meanings, read, reading)
        elif kind == "Observation" and "component" in resource:
            # A panel that is none of ours may hold a result that is.
            for part in component.parts(resource):
                self._read_one(kind, part, reading)

    def _dispatch(
        self, kind: str, resource: dict[str, Any], meanings: list[Meaning], read: Reader, reading: Reading
    ) -> None:
        """Read what matters, or put it by until all copies of it are known."""
        if self._lexicon.units:
            resource = translated(resource, self._lexicon.units)
        if kind in _VERSIONED:
            _collect(resource, meanings, reading)
        elif meanings:
            beside = event.only_events(kind, meanings)
            _guarded(resource, reading, lambda r: read(own(r, reading), meanings, reading), beside=beside)
        else:
            _guarded(resource, reading, lambda r: by_text.read(own(r, reading), reading))


_NO_CODE: dict[str, Any] = {}


def _no_code(kind: str, resource: dict[str, Any], reading: Reading) -> None:
    text = "Its code is not in the form FHIR gives it: not used."
    reading.problem(ProblemKind.UNREADABLE, text, _reference(resource))
    if kind in _PARTS:
        reading.uncoded.setdefault(_PARTS[kind], _reference(resource))


def _collect(resource: dict[str, Any], meanings: list[Meaning], reading: Reading) -> None:
    kind = resource["resourceType"]
    if is_plainly_own(resource, reading):
        reading.results.append(Result(resource, meanings, kind))
    else:
        _guarded(resource, reading, lambda r: reading.results.append(Result(own(r, reading), meanings, kind)))


def _read_results(reading: Reading) -> None:
    """Read the results that stand, then the reports on them, then look at what was told twice."""
    found = versions.standing(reading.results)
    for result in found.results:
        if result.kind == "Observation":
            _read_result(result, reading)
    for result in found.results:
        if result.kind != "Observation":
            _read_result(result, reading)
    for result in found.withdrawn:
        text = "A later version of it is entered in error: not used."
        reading.problem(ProblemKind.ENTERED_IN_ERROR, text, _reference(result.resource))
    repeats.settle([*found.unordered, *repeats.same_test(found.results)], reading)


def _note_issued(result: Result, reading: Reading) -> None:
    """When the result was reported, if that is another day than it tells of."""
    issued, told = result.resource.get("issued"), versions.taken(result)
    if not isinstance(issued, str) or (told is not None and issued[:10] <= told[:10]):
        return
    try:
        reading.issued[_reference(result.resource)] = PartialDate.parse(issued).earliest
    except ValueError:
        return


def _read_result(result: Result, reading: Reading) -> None:
    if "issued" in result.resource:
        _note_issued(result, reading)
    if result.kind == "DiagnosticReport":
        _guarded(result.resource, reading, lambda r: report.read(r, result.meanings, reading))
    elif len(result.meanings) == 1 and plain_count.read(result.resource, result.meanings[0], reading):
        return
    elif result.meanings:
        _guarded(result.resource, reading, lambda r: observation.read(r, result.meanings, reading))
    else:
        _guarded(result.resource, reading, lambda r: by_text.read(r, reading))


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
        _guarded(resource, reading, lambda r: care_plan.read(own(r, reading), reading))
    elif kind == "ServiceRequest":
        _guarded(resource, reading, lambda r: planned.read(own(r, reading), reading))
    elif kind == "EpisodeOfCare" and resource.get("type"):
        _guarded(resource, reading, lambda r: episode_of_care.read(own(r, reading, "patient"), reading))
    elif kind == "DiagnosticReport" and report.may_tell(resource, reading):
        _collect(resource, report.meanings(resource, reading), reading)


_NOBODYS = "It does not say whose it is: not used."


def _guarded(
    resource: dict[str, Any],
    reading: Reading,
    read: Callable[[dict[str, Any]], None],
    *,
    beside: bool = False,
) -> None:
    """Read it, or note why not. What stands `beside` the course raises no doubt about its part."""
    try:
        read(resource)
    except ForeignError:
        told = resource["resourceType"] == "Patient" or names_subject(resource)
        text = "Its subject is not this patient: not used." if told else _NOBODYS
        reading.problem(ProblemKind.CONFLICT, text, _reference(resource))
        if not told and not beside:
            _doubt(resource, reading, "one of them does not say whose it is")
        if resource["resourceType"] == "Condition" and not beside:
            reading.foreign.append(_reference(resource))
        if resource["resourceType"] == "Patient":
            # Whose chart is this? The conditions that came with it prove nothing either.
            why = "the Patient resource sent is another patient's"
            reading.doubts.setdefault(Part.PATIENT, f"{Part.PATIENT.value} not read: {why}")
            reading.doubts.setdefault(Part.CONDITIONS, f"{Part.CONDITIONS.value} in doubt: {why}")
    except NotUsableError as error:
        _unreadable(resource, reading, str(error), beside=beside)
    except UnitError as error:
        text = f"The unit cannot be interpreted ({error}): not used."
        reading.problem(ProblemKind.UNIT, text, _reference(resource))
    except (ElementError, RecursionError):
        text = "It is not a valid FHIR R4 resource in what is read of it: not used."
        _unreadable(resource, reading, text, beside=beside)


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


def _unreadable(resource: dict[str, Any], reading: Reading, text: str, *, beside: bool = False) -> None:
    reading.problem(ProblemKind.UNREADABLE, text, _reference(resource))
    if not beside:
        _doubt(resource, reading, "one of them could not be read")


def _reference(resource: dict[str, Any]) -> str:
    kind = _plain(resource.get("resourceType")) or "Resource"
    return f"{kind}/{_plain(resource.get('id')) or '(no readable id)'}"


def _plain(value: object) -> str | None:
    """A type or id that is safe to print, or None."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _conclude(reading: Reading) -> None:
    """What can be told only when everything has been read."""
    for mention in reading.mentioned:
        kept: list[Any] = reading.transplants if isinstance(mention, Transplant) else reading.car_t
        if not any(s.when is not None and s.certain and s.route.settles for s in kept):
            kept.append(mention)
    patient.doubt_before_birth(reading.transplants, reading)
    patient.doubt_before_birth(reading.car_t, reading)
    if reading.diagnoses:
        reading.diagnoses.extend(reading.pending)
        apart = [source for source in reading.others if source not in reading.leukemia]
        if apart and reading.leukemia:
            text = (
                "Another acute leukemia is recorded beside ALL: to which of them results belong is not told."
            )
            reading.problem(ProblemKind.CONFLICT, text, *apart, *sorted(reading.leukemia))
        for part, reference in reading.uncoded.items():
            why = f"{part.value} not read in full: the code of one could not be had ({reference})"
            reading.doubts.setdefault(part, why)
    elif reading.foreign:
        # Silence would read as "no ALL", while leukemia is all over a chart of uncertain owner.
        why = f"leukemia is recorded, but not for this patient ({reading.foreign[0]})"
        reading.doubts.setdefault(Part.CONDITIONS, f"{Part.CONDITIONS.value} in doubt: {why}")


def _close(reading: Reading, patient_id: str, missing: Mapping[Part, str]) -> PatientTimeline:
    _conclude(reading)
    if reading.lexicon.text_settles:
        reading.trust_text()
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
        events=tuple(reading.events),
        problems=tuple(dict.fromkeys(reading.problems)),
        missing={**reading.doubts, **missing},
        issued=reading.issued,
    )
