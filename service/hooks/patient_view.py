"""patient-view: the relapse assessment when a chart is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_rules import assess
from service.cards import cards_for
from service.cards.build import Pages
from service.fhir.prefetch import TEMPLATES
from service.hooks.chart import ChartReader, context_of
from service.hooks.delivery import Delivery
from service.observing.notes import notes
from service.trials.snapshot import TrialSource
from service.wire.request import HookRequest, PatientViewContext
from service.wire.response import Service

ID = "relapsed-all"
HOOK = "patient-view"

SERVICE = Service(
    id=ID,
    hook=HOOK,
    title="Relapsed ALL: risk at relapse, what the sources advise, and what is still unknown",
    description=(
        "For a patient with relapsed acute lymphoblastic leukemia: the risk group under every first-relapse "
        "scheme (COG, BFM, UK) side by side, what the published sources advise at this point, the facts "
        "behind it, and which test would settle what is open."
    ),
    prefetch=TEMPLATES,
    usageRequirements=(
        "Reads Patient, Condition, Observation, DiagnosticReport, Procedure, CarePlan, EpisodeOfCare and the "
        "medication resources, from prefetch or with the access token; conditions are required."
    ),
)


@dataclass(frozen=True, slots=True)
class PatientView:
    """The service with what it needs."""

    charts: ChartReader
    pages: Pages
    trials: TrialSource
    delivery: Delivery

    service = SERVICE

    def answer(self, request: HookRequest, today: Callable[[str], date]) -> dict[str, Any]:
        """The cards as JSON-ready data. ServiceError 400 for the context, 412 if the record cannot be had."""
        context = context_of(request, PatientViewContext)
        patient = context.patientId
        assessment = assess(
            self.charts.timeline(request, patient), today(patient), trial_set=self.trials.current()
        )
        notes().open_facts = tuple(missing.fact for missing in assessment.missing)
        return self.delivery.response(SERVICE, context, cards_for(assessment, self.pages))
