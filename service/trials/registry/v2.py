"""One study in the JSON of the ClinicalTrials.gov API v2, checked and read.

Only what is matched or shown is modelled; contacts and everything else is not looked at. The shape is
that of `GET /studies` and of a study downloaded from the registry's page.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from cds_rules.trials.ages import Age, AgeRange
from cds_rules.trials.study import REGISTRY, RegistryStatus, Sex, Site, Study

PIECES = (
    *("NCTId", "BriefTitle", "OfficialTitle", "OverallStatus", "LastUpdatePostDate", "WhyStopped"),
    *("StudyType", "Phase", "Condition", "Keyword", "InterventionName"),
    *("EligibilityCriteria", "Sex", "MinimumAge", "MaximumAge"),
    *(
        "LocationFacility",
        "LocationStatus",
        "LocationCity",
        "LocationState",
        "LocationZip",
        "LocationCountry",
    ),
    *("LocationGeoPoint", "VersionHolder"),
)
"""Names of the fields to ask for: the registry's own names of the pieces of a study."""

NCT = re.compile(r"NCT\d{8}", re.ASCII)
_MOST_SITES = 2000
_OLDER_API = frozenset(
    {"Study", "FullStudiesResponse", "StudyFieldsResponse", "ProtocolSection", "clinical_study"}
)


class StudyError(ValueError):
    """A study cannot be used; says why in constant words. `name`: its identifier, if it has one."""

    def __init__(self, reason: str, name: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.name = name


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]


class _Identification(_Part):
    nctId: Annotated[str, StringConstraints(pattern=r"^NCT\d{8}$")]
    briefTitle: Text = ""
    officialTitle: Text = ""


class _Dated(_Part):
    date: Text = ""


class _Status(_Part):
    overallStatus: Text
    lastUpdatePostDateStruct: _Dated = _Dated()
    whyStopped: Text = ""


class _Conditions(_Part):
    conditions: tuple[Text, ...] = Field((), strict=False)
    keywords: tuple[Text, ...] = Field((), strict=False)


class _Design(_Part):
    studyType: Text = ""
    phases: tuple[Text, ...] = Field((), strict=False)


class _Intervention(_Part):
    name: Text = ""


class _Arms(_Part):
    interventions: tuple[_Intervention, ...] = Field((), strict=False)


class _Eligibility(_Part):
    eligibilityCriteria: Annotated[str, StringConstraints(max_length=200_000)] = ""
    sex: Text = ""
    minimumAge: Text = ""
    maximumAge: Text = ""


class _Point(_Part):
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class _Location(_Part):
    facility: Text = ""
    status: Text = ""
    city: Text = ""
    state: Text = ""
    zip: Text = ""
    country: Text = ""
    geoPoint: _Point | None = None


class _Places(_Part):
    locations: tuple[_Location, ...] = Field((), strict=False, max_length=_MOST_SITES)


class _Protocol(_Part):
    identificationModule: _Identification
    statusModule: _Status
    conditionsModule: _Conditions = _Conditions()
    designModule: _Design = _Design()
    armsInterventionsModule: _Arms = _Arms()
    eligibilityModule: _Eligibility = _Eligibility()
    contactsLocationsModule: _Places = _Places()


class _Misc(_Part):
    versionHolder: Text = ""


class _Derived(_Part):
    miscInfoModule: _Misc = _Misc()


class _Record(_Part):
    protocolSection: _Protocol
    derivedSection: _Derived = _Derived()


def name_of(raw: Any) -> str | None:
    """The identifier of a study, if it says one, whatever else is wrong with it."""
    found: Any = raw
    for key in ("protocolSection", "identificationModule", "nctId"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) and NCT.fullmatch(found) else None


def version_of(raw: Any) -> date | None:
    """The day of the registry's data that a study was taken from, if it says so."""
    found: Any = raw
    for key in ("derivedSection", "miscInfoModule", "versionHolder"):
        found = found.get(key) if isinstance(found, dict) else None
    return _day(found)


def updated_on(raw: Any) -> date | None:
    """The day on which the registry last posted a change of the study, if it says so."""
    found: Any = raw
    for key in ("protocolSection", "statusModule", "lastUpdatePostDateStruct", "date"):
        found = found.get(key) if isinstance(found, dict) else None
    return _day(found)


def read_study(raw: Any, checked_on: date, source: str = REGISTRY) -> tuple[Study, tuple[str, ...]]:
    """The study, and what there is to flag about it. StudyError if it cannot be used."""
    name = name_of(raw)
    if not isinstance(raw, dict):
        raise StudyError("is no study")
    if "protocolSection" not in raw:
        older = bool(_OLDER_API & set(raw)) or "NCTId" in raw
        raise StudyError(
            "is in the form of the older API, not of v2" if older else "is not in the form of API v2"
        )
    try:
        record = _Record.model_validate(raw)
    except ValidationError as error:
        raise StudyError(f"is truncated, or not in the form of API v2 ({_fault(error)})", name) from None
    return _study(record, checked_on, source)


def _study(record: _Record, checked_on: date, source: str) -> tuple[Study, tuple[str, ...]]:
    protocol = record.protocolSection
    name, status, asks = (
        protocol.identificationModule.nctId,
        protocol.statusModule,
        protocol.eligibilityModule,
    )
    flags: list[str] = []
    try:
        overall = RegistryStatus(status.overallStatus)
    except ValueError:
        raise StudyError("has a status that is not one of the 14 of API v2", name) from None
    ages = AgeRange(_age(asks.minimumAge, name), _age(asks.maximumAge, name))
    if ages.reversed:
        flags.append("its age range is reversed: the age is left to the trial team")
    if asks.sex and asks.sex not in Sex.__members__:
        flags.append("its sex is not one of ALL, FEMALE, MALE: left to the trial team")
    if not asks.eligibilityCriteria.strip():
        flags.append("it has no eligibility text")
    if not protocol.conditionsModule.conditions:
        flags.append("it names no condition")
    places = protocol.contactsLocationsModule.locations
    if any(p.status and p.status not in RegistryStatus.__members__ for p in places):
        flags.append("a site has a status that is not one of API v2: taken as not given")
    study = Study(
        nct_id=name,
        title=protocol.identificationModule.briefTitle or name,
        status=overall,
        checked_on=checked_on,
        source=source,
        official_title=protocol.identificationModule.officialTitle,
        study_type=protocol.designModule.studyType,
        phases=protocol.designModule.phases,
        conditions=protocol.conditionsModule.conditions,
        keywords=protocol.conditionsModule.keywords,
        interventions=tuple(i.name for i in protocol.armsInterventionsModule.interventions if i.name),
        ages=ages,
        sex=Sex.__members__.get(asks.sex),
        criteria=asks.eligibilityCriteria,
        sites=tuple(_site(place) for place in places),
        why_stopped=status.whyStopped,
        updated=status.lastUpdatePostDateStruct.date,
    )
    return study, tuple(flags)


def _age(text: str, name: str) -> Age | None:
    """Absent where there is no bound; the registry's own page writes N/A for that."""
    if text in ("", "N/A"):
        return None
    try:
        return Age.parse(text)
    except ValueError:
        raise StudyError("has an age bound that cannot be read", name) from None


def _site(place: _Location) -> Site:
    point = place.geoPoint
    return Site(
        facility=place.facility,
        city=place.city,
        state=place.state,
        zip=place.zip,
        country=place.country,
        status=RegistryStatus.__members__.get(place.status),
        latitude=point.lat if point else None,
        longitude=point.lon if point else None,
    )


def _fault(error: ValidationError) -> str:
    """Where the first fault is, and of what kind, without the value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = "/".join(str(part) for part in first["loc"])
    return f"{where}: {first['type'].replace('_', ' ')}"


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
