"""A trial of the catalogue as a FHIR R4 ResearchStudy. It says of the status no more than is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_rules.contract_advice import status_day
from cds_rules.patient.place import Place
from cds_rules.trials.ages import Age, AgeUnit
from cds_rules.trials.asked import in_years
from cds_rules.trials.study import RegistryStatus, Site
from cds_rules.trials.trial import Criterion, Role, Trial, TrialStatus
from service.trials.nearest import nearest
from service.trials.words import status_words

Json = dict[str, Any]

REGISTRY_SYSTEM = "http://clinicaltrials.gov"
"""System of an NCT identifier."""
STATUS_EXTENSION = "urn:relapse-cds:trial-last-known-status"
"""On ResearchStudy: `status` (string, the word of the source), `on` (date, maybe a year), `source`."""
_PHASE_SYSTEM = "http://terminology.hl7.org/CodeSystem/research-study-phase"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_UCUM = "http://unitsofmeasure.org"

_FINAL = {"closed": "closed-to-accrual", "completed": "completed", "withdrawn": "withdrawn"}
"""Ends that stay true however old the source is. Any other old status may have changed since."""

_PHASES = {
    frozenset({"n-a"}): "n-a",
    frozenset({"early-1"}): "early-phase-1",
    frozenset({"1"}): "phase-1",
    frozenset({"1", "2"}): "phase-1-phase-2",
    frozenset({"2"}): "phase-2",
    frozenset({"2", "3"}): "phase-2-phase-3",
    frozenset({"3"}): "phase-3",
    frozenset({"4"}): "phase-4",
}
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_NCT = re.compile(r"NCT\d{8}", re.ASCII)
_NO_PHASE = {"n-a", "n/a", "na", "not applicable"}
_PART = re.compile(r"([1-4]|iv|i{1,3})[ab]?")


def phases_of(text: str) -> frozenset[str] | None:
    """The phases that a text names ("1/2", "1B", "PHASE1", "phase-1-phase-2", "early-phase-1", "n-a").

    None if it is not understood.
    """
    plain = text.strip().lower()
    if plain in _NO_PHASE:
        return frozenset({"n-a"})
    parts = re.sub(r"phase|\band\b|[-–_/,]", " ", plain).split()
    if parts in (["early", "1"], ["early", "i"]):
        return frozenset({"early-1"})
    found = [_PART.fullmatch(part) for part in parts]
    named = [match[1] for match in found if match]
    if not named or len(named) != len(found):
        return None
    return frozenset(_ROMAN.get(name, name) for name in named)


_R = RegistryStatus
_REGISTRY = {
    _R.RECRUITING: "active",
    _R.AVAILABLE: "active",
    _R.ENROLLING_BY_INVITATION: "active",
    _R.NOT_YET_RECRUITING: "approved",
    _R.ACTIVE_NOT_RECRUITING: "closed-to-accrual",
    _R.NO_LONGER_AVAILABLE: "closed-to-accrual",
    _R.APPROVED_FOR_MARKETING: "closed-to-accrual",
    _R.SUSPENDED: "temporarily-closed-to-accrual",
    _R.TEMPORARILY_NOT_AVAILABLE: "temporarily-closed-to-accrual",
    _R.TERMINATED: "administratively-completed",
    _R.COMPLETED: "completed",
    _R.WITHDRAWN: "withdrawn",
}
"""The registry's statuses in the words of FHIR R4; UNKNOWN and WITHHELD have none."""
_ENDED = frozenset(
    {_R.TERMINATED, _R.COMPLETED, _R.WITHDRAWN, _R.NO_LONGER_AVAILABLE, _R.APPROVED_FOR_MARKETING}
)
MOST_SITES = 50


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day for which a trial is told, how long a checked status counts, and where the patient lives."""

    on: date
    within_days: int
    home: Place | None = None


def status_code(trial: Trial, as_of: AsOf | None = None) -> str | None:
    """The FHIR status, where it is known: an end, which stays true, or what a registry said of late."""
    if trial.study is None:
        return _FINAL.get(trial.status.status.strip().lower()) if trial.status else None
    said = trial.study.status
    fresh = as_of is not None and trial.status is not None and trial.status.fresh(as_of.on, as_of.within_days)
    return _REGISTRY.get(said) if fresh or said in _ENDED else None


def research_study(trial: Trial, as_of: AsOf | None = None) -> Json:
    """The trial as a ResearchStudy, valid R4. Where the status is not known, it is absent as unknown."""
    code = status_code(trial, as_of)
    sites = _sites(trial, as_of)
    study: Json = {
        "resourceType": "ResearchStudy",
        "id": study_id(trial),
        "contained": [_group(trial), *sites],
        "extension": [_last_known(trial.status)] if trial.status else [],
        "identifier": [_identifier(trial.id)],
        "title": trial.title,
        **({"status": code} if code else {"_status": {"extension": [_unknown()]}}),
        "phase": _phase(trial.phase) if trial.phase else None,
        "focus": [{"text": agent} for agent in trial.agents],
        "condition": [{"text": trial.population}] if trial.population else [],
        "keyword": [{"text": target} for target in trial.targets],
        "relatedArtifact": [{"type": "citation", "citation": str(cite)} for cite in trial.cites],
        "description": trial.says or trial.title,
        "enrollment": [{"reference": "#criteria"}],
        "site": [{"reference": f"#{site['id']}"} for site in sites],
        "note": [{"text": status_words(trial.status)}],
    }
    return {name: value for name, value in study.items() if value}


def study_id(trial: Trial) -> str:
    """The trial's id in the form of a FHIR id."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", trial.id).strip("-")[:64]


def _identifier(name: str) -> Json:
    if _NCT.fullmatch(name):
        return {"system": REGISTRY_SYSTEM, "value": name}
    return {"type": {"text": "name in the source"}, "value": name}


def _unknown() -> Json:
    return {"url": _ABSENT, "valueCode": "unknown"}


def _last_known(status: TrialStatus) -> Json:
    return {
        "url": STATUS_EXTENSION,
        "extension": [
            {"url": "status", "valueString": status.status},
            {"url": "on", "valueDate": status_day(status)},
            {"url": "source", "valueString": status.by},
        ],
    }


def _phase(text: str) -> Json:
    """Coded where FHIR has a code for it; the source's own word always."""
    code = _PHASES.get(phases_of(text) or frozenset())
    coding = {"coding": [{"system": _PHASE_SYSTEM, "code": code}]} if code else {}
    return {**coding, "text": text}


def _group(trial: Trial) -> Json:
    """The criteria as a contained Group: whom the trial takes, as the source puts it."""
    group: Json = {"resourceType": "Group", "id": "criteria", "type": "person", "actual": False}
    characteristics = [*_ages(trial), *(_characteristic(c) for c in trial.criteria)]
    return {**group, "characteristic": characteristics} if characteristics else group


def _characteristic(criterion: Criterion) -> Json:
    return {
        "code": {"text": "criterion"},
        "valueCodeableConcept": {"text": criterion.text},
        "exclude": criterion.role is Role.EXCLUSION,
    }


def _ages(trial: Trial) -> Iterator[Json]:
    bounds = trial.study.ages if trial.study is not None else in_years(trial.ages)
    if bounds.reversed:
        return
    found = {
        name: _age(bound) for name, bound in (("low", bounds.low), ("high", bounds.high)) if bound is not None
    }
    if found:
        yield {"code": {"text": "age in completed units"}, "valueRange": found, "exclude": False}


def _age(age: Age) -> Json:
    return {"value": age.amount, "unit": f"{age.unit}s", "system": _UCUM, "code": _UCUM_CODES[age.unit]}


_UCUM_CODES = {
    AgeUnit.YEAR: "a",
    AgeUnit.MONTH: "mo",
    AgeUnit.WEEK: "wk",
    AgeUnit.DAY: "d",
    AgeUnit.HOUR: "h",
    AgeUnit.MINUTE: "min",
}


def _sites(trial: Trial, as_of: AsOf | None) -> list[Json]:
    """The sites that may take patients as contained Locations, the nearest first, at most so many."""
    listed = trial.study.sites if trial.study is not None else ()
    found = nearest(listed, as_of.home if as_of else None)[:MOST_SITES]
    return [_location(f"site-{number}", near.site) for number, near in enumerate(found, 1)]


def _location(name: str, site: Site) -> Json:
    address = {"city": site.city, "state": site.state, "postalCode": site.zip, "country": site.country}
    known = {key: value for key, value in address.items() if value}
    located: Json = {
        "resourceType": "Location",
        "id": name,
        "name": site.facility or str(site) or "not named",
    }
    if known:
        located["address"] = known
    if site.latitude is not None and site.longitude is not None:
        located["position"] = {"latitude": site.latitude, "longitude": site.longitude}
    return located
