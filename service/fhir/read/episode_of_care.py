"""EpisodeOfCare: the time under treatment of the leukemia, where the episode says that it is that.

An episode is often the whole enrolment, with years of follow-up. One without a type says nothing; one
that is treatment by its type and is about the leukemia counts, marked as an enrolment.
"""

from __future__ import annotations

import re
from typing import Any

from cds_rules.patient.timeline import ProblemKind, Route, TreatmentPlan
from service.fhir.elements import EpisodeOfCareData
from service.fhir.reading import Reading, end_of, local, when

_TREATMENT = {"chemotherapy", "immunotherapy"}
_WORDS = re.compile(
    r"\b(?:chemotherapy|treatment|protocol|induction|consolidation|maintenance)\b", re.IGNORECASE
)
_LEUKEMIA = re.compile(r"\bleuk(?:a?emia)\b|\bALL\b")
_OTHERWISE = re.compile(
    r"\bno\b|\bnot\b|\boff\b|\bafter\b|\bpost\b|follow|surveillance|surviv|support|palliat|evaluat|consult",
    re.IGNORECASE,
)
"""Words by which a type speaks of another time, or denies."""
_STATUS = {"active": "active", "finished": "completed", "onhold": "on-hold", "cancelled": "revoked"}
"""Other statuses (planned, waitlist) tell of nothing that was carried out."""


def read(resource: dict[str, Any], reading: Reading) -> None:
    """Keep an episode that is antileukemic treatment; by the words of its type only as text."""
    data = EpisodeOfCareData.of(resource)
    source = f"EpisodeOfCare/{data.id}"
    route = _route(data, reading)
    if route is None:
        return
    if data.status == "entered-in-error":
        reading.problem(ProblemKind.ENTERED_IN_ERROR, "Entered in error: not used.", source)
        return
    status = _STATUS.get(data.status)
    if status is None or data.period is None:
        return
    until = end_of(data.period.end)
    reading.plans.append(TreatmentPlan(source, when(data.period), until, status, route, enrolment=True))


def _route(data: EpisodeOfCareData, reading: Reading) -> Route | None:
    """How it was recognised: a coded type and a diagnosis that is the leukemia settle; words do not."""
    meanings = [m for kind in data.type for m in reading.concepts(kind)]
    about = any(local(d.condition.reference) in reading.leukemia for d in data.diagnosis)
    named = any(m.concept.startswith("all.") for m in meanings)
    treats = [m for m in meanings if m.concept in _TREATMENT]
    if treats and (about or named):
        return treats[0].route
    words = " ".join(kind.text or "" for kind in data.type)
    if treats or _OTHERWISE.search(words) or not _WORDS.search(words):
        return None
    return Route.TEXT if about or named or _LEUKEMIA.search(words) else None
