"""The elements of FHIR R4 resources that are read, and no others.

`fhir.resources` checks a whole resource at 0.1-0.3 ms each; these models check what is used, at 1 to
3 microseconds (pydantic takes three times as long). What they refuse becomes a dataProblem that names
the resource, never a failed call.
FHIR R4, https://hl7.org/fhir/R4/resourcelist.html
"""

from __future__ import annotations

from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

ElementError = msgspec.ValidationError
"""A resource is not what FHIR says it is, in what is read of it."""

Text = str
Number = Annotated[float, Meta(ge=-1e300, le=1e300)]
"""JSON knows no infinity, but a number can be too large for a float and be read as one."""
Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9\-.]{1,64}\Z")]
"""Ids are printed on cards, so only what FHIR allows in them gets in."""


class Element(msgspec.Struct, gc=False):
    """Unknown members are ignored, wrong types are not. Made of parsed JSON, which has no cycles."""

    @classmethod
    def of(cls, parsed: Any) -> Self:
        """The element in parsed JSON. ElementError if a member that is read has the wrong type or form."""
        return msgspec.convert(parsed, cls)


class Coding(Element):
    """Coding."""

    system: Text | None = None
    code: Text | None = None
    display: Text | None = None


class CodeableConcept(Element):
    """CodeableConcept."""

    coding: tuple[Coding, ...] = ()
    text: Text | None = None


class Identifier(Element):
    """Identifier."""

    system: Text | None = None
    value: Text | None = None


class Reference(Element):
    """Reference; `display` is kept for specimens, which often have nothing else."""

    reference: Text | None = None
    display: Text | None = None
    identifier: Identifier | None = None


class Period(Element):
    """Period."""

    start: Text | None = None
    end: Text | None = None


class Quantity(Element):
    """Quantity."""

    value: Number | None = None
    comparator: Text | None = None
    unit: Text | None = None
    system: Text | None = None
    code: Text | None = None


class SideExtension(Element):
    """An extension with a coded value, such as the laterality of mCODE."""

    url: Text
    valueCodeableConcept: CodeableConcept | None = None


class BodySite(CodeableConcept, gc=False):
    """Condition.bodySite, with the side that an extension may give."""

    extension: tuple[SideExtension, ...] = ()


class PatientData(Element):
    """Patient."""

    id: Id
    birthDate: Text | None = None
    gender: Text | None = None
    identifier: tuple[Identifier, ...] = ()
    deceasedBoolean: bool | None = None
    deceasedDateTime: Text | None = None
    address: Any = None
    """Read by `service.fhir.address`, which passes over what it cannot use."""


class ConditionData(Element):
    """Condition."""

    id: Id
    subject: Reference
    code: CodeableConcept
    clinicalStatus: CodeableConcept | None = None
    verificationStatus: CodeableConcept | None = None
    bodySite: tuple[BodySite, ...] = ()
    onsetDateTime: Text | None = None
    onsetPeriod: Period | None = None
    recordedDate: Text | None = None


class LastingConditionData(ConditionData, gc=False):
    """Condition, with its end."""

    abatementDateTime: Text | None = None
    abatementPeriod: Period | None = None


class Component(Element):
    """Observation.component."""

    code: CodeableConcept
    valueQuantity: Quantity | None = None
    valueString: Text | None = None
    valueCodeableConcept: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    dataAbsentReason: CodeableConcept | None = None


class ObservationData(Element):
    """Observation."""

    id: Id
    status: Text
    subject: Reference
    code: CodeableConcept
    focus: tuple[Reference, ...] = ()
    specimen: Reference | None = None
    effectiveDateTime: Text | None = None
    effectiveInstant: Text | None = None
    effectivePeriod: Period | None = None
    issued: Text | None = None
    valueQuantity: Quantity | None = None
    valueString: Text | None = None
    valueInteger: int | None = None
    valueCodeableConcept: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    method: CodeableConcept | None = None
    bodySite: CodeableConcept | None = None
    component: tuple[Component, ...] = ()
    dataAbsentReason: CodeableConcept | None = None


class ReportData(Element):
    """DiagnosticReport, without the documents it presents."""

    id: Id
    status: Text
    subject: Reference
    code: CodeableConcept
    effectiveDateTime: Text | None = None
    effectivePeriod: Period | None = None
    specimen: tuple[Reference, ...] = ()
    result: tuple[Reference, ...] = ()
    conclusion: Text | None = None
    conclusionCode: tuple[CodeableConcept, ...] = ()


class Extension(Element):
    """Extension, to the depth that is read."""

    url: Text
    valueQuantity: Quantity | None = None
    extension: tuple[Extension, ...] = ()


class ProcedureData(Element):
    """Procedure."""

    id: Id
    status: Text
    subject: Reference
    code: CodeableConcept
    performedDateTime: Text | None = None
    performedPeriod: Period | None = None
    extension: tuple[Extension, ...] = ()


class Validity(Element):
    """MedicationRequest.dispenseRequest."""

    validityPeriod: Period | None = None


class MedicationData(Element):
    """What MedicationAdministration, MedicationStatement and MedicationRequest share."""

    id: Id
    status: Text
    subject: Reference
    medicationCodeableConcept: CodeableConcept | None = None
    medicationReference: Reference | None = None
    effectiveDateTime: Text | None = None
    effectivePeriod: Period | None = None
    authoredOn: Text | None = None
    contained: tuple[dict[str, Any], ...] = ()


class ActivityDetail(Element):
    """CarePlan.activity.detail."""

    status: Text
    code: CodeableConcept | None = None
    doNotPerform: bool = False


class PlanActivity(Element):
    """CarePlan.activity, where it is described in the plan itself."""

    detail: ActivityDetail | None = None


class ServiceRequestData(Element):
    """ServiceRequest."""

    id: Id
    status: Text
    intent: Text
    subject: Reference
    code: CodeableConcept | None = None
    doNotPerform: bool = False
    authoredOn: Text | None = None


class CarePlanData(Element):
    """CarePlan."""

    id: Id
    status: Text
    subject: Reference
    intent: Text | None = None
    category: tuple[CodeableConcept, ...] = ()
    title: Text | None = None
    addresses: tuple[Reference, ...] = ()
    period: Period | None = None
    created: Text | None = None
    activity: tuple[PlanActivity, ...] = ()


class EpisodeDiagnosis(Element):
    """EpisodeOfCare.diagnosis."""

    condition: Reference


class EpisodeOfCareData(Element):
    """EpisodeOfCare."""

    id: Id
    status: Text
    patient: Reference
    type: tuple[CodeableConcept, ...] = ()
    diagnosis: tuple[EpisodeDiagnosis, ...] = ()
    period: Period | None = None
