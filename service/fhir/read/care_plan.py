"""CarePlan: the plan of antileukemic treatment, when it was completed, and a transplant that it plans."""

from __future__ import annotations

import re
from typing import Any

from cds_rules.patient.timeline import ProblemKind, TreatmentPlan
from service.fhir.elements import CarePlanData
from service.fhir.read import planned
from service.fhir.reading import Reading, end_of, local, when

_TREATMENT = {"chemotherapy", "immunotherapy"}
_WORDS = re.compile(r"chemotherap|treatment|protocol|induction|consolidation|maintenance", re.IGNORECASE)
"""A plan without a category is treatment only by its title: a guess, which settles nothing."""
_IDEAS = {"proposal", "option"}
"""Intents of what nobody decided to carry out."""
_REAL = {"active", "completed", "revoked", "on-hold"}


def read(resource: dict[str, Any], reading: Reading) -> None:
    """Keep a plan that is antileukemic treatment by its category, or by its title if it addresses ALL."""
    data = CarePlanData.of(resource)
    source = f"CarePlan/{data.id}"
    planned.read_plan(data, source, reading)
    treats = any(m.concept in _TREATMENT for c in data.category for m in reading.concepts(c))
    about = any(local(r.reference) in reading.leukemia for r in data.addresses)
    named = about and _WORDS.search(data.title or "") is not None
    if not treats and not named:
        return
    if data.status == "entered-in-error":
        reading.problem(ProblemKind.ENTERED_IN_ERROR, "Entered in error: not used.", source)
        return
    if data.status not in _REAL or data.intent in _IDEAS or data.period is None:
        return
    until = end_of(data.period.end)
    reading.plans.append(TreatmentPlan(source, when(data.period), until, data.status))
