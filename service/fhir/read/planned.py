"""Transplants ordered or planned: ServiceRequest, and what a CarePlan says is to be done.

By code only; an autologous one is not meant. What is no longer active, or must not be done, is kept as an
order that does not stand: it may be the same plan, taken back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.timeline import ProblemKind
from cds_rules.terminology.code_set import is_within
from service.fhir.elements import CarePlanData, CodeableConcept, ServiceRequestData
from service.fhir.reading import ORDERS, Meaning, Reading, date_of

_PLANS = {"plan", "order"}
_AHEAD = {"not-started", "scheduled", "in-progress"}
_TAKEN_BACK = {"revoked", "on-hold"}


def read(resource: dict[str, Any], reading: Reading) -> None:
    """Keep a ServiceRequest for a transplant."""
    data = ServiceRequestData.of(resource)
    meant = _transplant((data.code,), reading)
    if meant is None:
        return
    source = f"ServiceRequest/{data.id}"
    if data.status == "entered-in-error":
        reading.problem(ProblemKind.ENTERED_IN_ERROR, "Entered in error: not used.", source)
        return
    if data.intent not in ORDERS or data.status not in {"active", *_TAKEN_BACK}:
        return
    stands = data.status == "active" and not data.doNotPerform
    _note(source, date_of(data.authoredOn) if data.authoredOn else None, stands, meant, reading)


def read_plan(data: CarePlanData, source: str, reading: Reading) -> None:
    """Keep the transplants that a CarePlan says are to be done."""
    if data.intent not in _PLANS or data.status not in {"active", *_TAKEN_BACK}:
        return
    details = [a.detail for a in data.activity if a.detail is not None]
    begun = data.created or (data.period.start if data.period else None)
    for detail in details:
        meant = _transplant((detail.code,), reading)
        if meant is None or detail.status in ("completed", "entered-in-error", "unknown"):
            continue
        stands = data.status == "active" and detail.status in _AHEAD and not detail.doNotPerform
        _note(source, date_of(begun) if begun else None, stands, meant, reading)


def _transplant(codes: Iterable[CodeableConcept | None], reading: Reading) -> Meaning | None:
    found = [m for code in codes for m in reading.concepts(code)]
    if any(is_within(m.concept, "hsct.autologous") for m in found):
        return None
    return next((m for m in found if is_within(m.concept, "hsct")), None)


def _note(source: str, told: PartialDate | None, stands: bool, meant: Meaning, reading: Reading) -> None:
    kind = EventKind.TRANSPLANT_ORDERED
    reading.events.append(Event(source, told, kind, active=stands, route=meant.route))
