"""What each hook asks the EHR for, and how the states of a prefetch key are told apart.

CDS Hooks 2.0.1, prefetch: a key may be absent, null, an OperationOutcome, a resource, a searchset,
a page of one, or something else. Only a complete answer is read as complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cds_rules.patient.timeline import Part
from cds_rules.terminology.code_set import LOINC, NCIT, load
from service.fhir.fetched import Fetched, Page, Problem, failure_of, read_page
from service.fhir.scopes import Right

_P = "{{context.patientId}}"
_PAGE = 500
_REPORTS = "LAB,PAT,SP,HM,GE,EC,CUS,LP7839-6,LP29708-2"
"""Sections of HL7 v2 table 0074: laboratory, pathology, surgical pathology, hematology, genetics, ECG,
cardiac ultrasound; and the categories of US Core for notes on pathology and cardiology."""
_ELSEWHERE = (
    "disease-status",
    "marrow-blasts-percent",
    "marrow-report",
    "genomics.variant",
    "karnofsky",
    "ecog",
    "lansky",
    "ecg",
    "lvef",
)


@dataclass(frozen=True, slots=True)
class Need:
    """One prefetch key: the part of the record it holds, its query template, its resource type."""

    key: str
    part: Part
    template: str
    type: str

    def query(self, patient_id: str) -> str:
        """The FHIR query for one patient; ids hold no character that means something in a URL."""
        return self.template.replace(_P, patient_id)

    @property
    def right(self) -> Right:
        """What the query needs in SMART 2: to read by id, or to search."""
        return "s" if "?" in self.template else "r"


def _search(key: str, part: Part, type_: str, rest: str = "") -> Need:
    return Need(key, part, f"{type_}?patient={_P}{rest}", type_)


def _codes_elsewhere() -> str:
    """Results that sites file outside the laboratory category. Kept short: some servers limit it."""
    terms = load()
    codes = [c for concept in _ELSEWHERE for c in terms.codes(concept) if c.concept == concept]
    return ",".join(f"{c.system}|{c.code}" for c in codes if c.system in (LOINC, NCIT))


NEEDS: tuple[Need, ...] = (
    Need("patient", Part.PATIENT, f"Patient/{_P}", "Patient"),
    _search("conditions", Part.CONDITIONS, "Condition", f"&_count={_PAGE}"),
    _search("laboratory", Part.LABORATORY, "Observation", f"&category=laboratory&_sort=-date&_count={_PAGE}"),
    _search(
        "diseaseFindings", Part.DISEASE_FINDINGS, "Observation", f"&code={_codes_elsewhere()}&_count={_PAGE}"
    ),
    _search("reports", Part.REPORTS, "DiagnosticReport", f"&category={_REPORTS}&_sort=-date&_count={_PAGE}"),
    _search("procedures", Part.PROCEDURES, "Procedure", f"&_count={_PAGE}"),
    _search(
        "medicationAdministrations", Part.ADMINISTRATIONS, "MedicationAdministration", f"&_count={_PAGE}"
    ),
    _search("medicationStatements", Part.STATEMENTS, "MedicationStatement", f"&_count={_PAGE}"),
    _search("medicationRequests", Part.REQUESTS, "MedicationRequest", f"&_count={_PAGE}"),
    _search("carePlans", Part.CARE_PLANS, "CarePlan", f"&_count={_PAGE}"),
    _search("episodesOfCare", Part.EPISODES, "EpisodeOfCare", f"&_count={_PAGE}"),
)

TEMPLATES: dict[str, str] = {need.key: need.template for need in NEEDS}


def sent(need: Need, prefetch: Mapping[str, Any]) -> Fetched:
    """What the EHR sent for one key, and the problem if that is not a complete answer."""
    if need.key not in prefetch:
        return Fetched(need.key, problem=Problem.NOT_SENT)
    value = prefetch[need.key]
    if value is None:
        return Fetched(need.key, problem=Problem.NULL)
    if not isinstance(value, dict):
        return Fetched(need.key, problem=Problem.NOT_FHIR)
    kind = value.get("resourceType")
    if kind == "OperationOutcome":
        return Fetched(need.key, problem=failure_of(value))
    if kind == need.type:
        # A single resource answers a read; for a search it is at best one of several.
        whole = need.part is Part.PATIENT
        return Fetched(need.key, (value,), None if whole else Problem.TRUNCATED)
    return _of_page(need, read_page(value))


def _of_page(need: Need, page: Page) -> Fetched:
    problem = page.problem
    if page.resources and not any(r["resourceType"] == need.type for r in page.resources):
        problem = problem or Problem.NOT_FHIR  # an answer, but to another question
    if problem is None and (
        page.next_link is not None or (page.total is not None and page.total > page.matches)
    ):
        problem = Problem.TRUNCATED
    if problem is None and need.part is Part.PATIENT and not page.resources:
        problem = Problem.NULL
    return Fetched(need.key, page.resources, problem)


def is_empty(answer: Fetched) -> bool:
    """A complete answer without resources: believed only where it cannot be checked by a fetch."""
    return answer.problem is None and not answer.resources
