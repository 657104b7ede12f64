"""The elements of FHIR R4 resources that are read, and no others.

`fhir.resources` checks a whole resource at 0.1-0.3 ms each; these models check what is used, at a
few microseconds. What they refuse becomes a dataProblem that names the resource, never a failed call.
FHIR R4, https://hl7.org/fhir/R4/resourcelist.html
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Strict, StringConstraints

Text = Annotated[str, Strict()]
Number = Annotated[float, Strict()]
Id = Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
"""Ids are printed on cards, so only what FHIR allows in them gets in."""


class Element(BaseModel):
    """Unknown members are ignored, wrong types are not."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class Coding(Element):
    """Coding."""

    system: Text | None = None
    code: Text | None = None
    display: Text | None = None


class CodeableConcept(Element):
    """CodeableConcept."""

    coding: tuple[Coding, ...] = ()
    text: Text | None = None


class Reference(Element):
    """Reference; `display` is kept for specimens, which often have nothing else."""

    reference: Text | None = None
    display: Text | None = None


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


class PatientData(Element):
    """Patient."""

    id: Id
    birthDate: Text | None = None
    gender: Text | None = None
    deceasedBoolean: Annotated[bool, Strict()] | None = None
    deceasedDateTime: Text | None = None


class ConditionData(Element):
    """Condition."""

    id: Id
    subject: Reference
    code: CodeableConcept
    clinicalStatus: CodeableConcept | None = None
    verificationStatus: CodeableConcept | None = None
    bodySite: tuple[CodeableConcept, ...] = ()
    onsetDateTime: Text | None = None
    onsetPeriod: Period | None = None
    recordedDate: Text | None = None


class Component(Element):
    """Observation.component."""

    code: CodeableConcept
    valueQuantity: Quantity | None = None
    valueString: Text | None = None
    valueCodeableConcept: CodeableConcept | None = None


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
    valueCodeableConcept: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    component: tuple[Component, ...] = ()
    dataAbsentReason: CodeableConcept | None = None


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


class CarePlanData(Element):
    """CarePlan."""

    id: Id
    status: Text
    intent: Text | None = None
    subject: Reference
    category: tuple[CodeableConcept, ...] = ()
    title: Text | None = None
    addresses: tuple[Reference, ...] = ()
    period: Period | None = None
