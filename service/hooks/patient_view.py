"""patient-view: the relapse assessment when a chart is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from cds_rules import assess
from service.cards import cards_for
from service.cards.build import Pages
from service.errors import ServiceError
from service.fhir.client import FhirAccess, FhirClient
from service.fhir.lexicon import Lexicon
from service.fhir.prefetch import TEMPLATES
from service.fhir.record import gather
from service.fhir.to_timeline import RecordReader
from service.wire.request import HookRequest, PatientViewContext, constant_reason
from service.wire.response import CdsResponse, Service

ID = "relapsed-all"
HOOK = "patient-view"

_MUST_HAVE = "conditions"
"""Without the conditions nothing can be said; with them everything else may stay open."""

SERVICE = Service(
    id=ID,
    hook=HOOK,
    title="Relapsed ALL: risk at relapse, and what is still unknown",
    description=(
        "For a patient with relapsed acute lymphoblastic leukemia: the risk group under every first-relapse "
        "scheme (COG, BFM, UK) side by side, the facts behind it, and which test would settle what is open."
    ),
    prefetch=TEMPLATES,
    usageRequirements=(
        "Reads Patient, Condition, Observation, Procedure, CarePlan and the medication resources, from "
        "prefetch or with the access token; conditions are required."
    ),
)


@dataclass(frozen=True, slots=True)
class PatientView:
    """The service with what it needs: whom it may ask, and this hospital's codes."""

    client: FhirClient
    lexicon: Lexicon
    reader: RecordReader
    pages: Pages
    fhir_servers: tuple[str, ...]
    any_server: bool

    def answer(self, request: HookRequest, today: Callable[[str], date]) -> dict[str, Any]:
        """The cards as JSON-ready data. ServiceError 400 for the context, 412 if the record cannot be had."""
        context = _context(request)
        record = gather(
            context.patientId,
            request.prefetch or {},
            self._access(request, context.patientId),
            self.client,
            self.lexicon,
        )
        if _MUST_HAVE in record.unanswered:
            raise ServiceError(
                412,
                "incomplete",
                "The record needed for an assessment was neither prefetched nor could it be fetched.",
                f"Prefetch keys without an answer: {', '.join(record.unanswered)}",
            )
        timeline = self.reader.timeline(
            record.resources,
            context.patientId,
            missing=record.missing,
            aliases=[f"{request.fhirServer}/Patient/{context.patientId}"] if request.fhirServer else (),
        )
        cards = cards_for(assess(timeline, today(context.patientId)), self.pages)
        return CdsResponse(cards=cards).to_json_dict()

    def _access(self, request: HookRequest, patient_id: str) -> FhirAccess | None:
        """The FHIR server of the call, if it may be called and the token is not for someone else."""
        server, granted = request.fhirServer, request.fhirAuthorization
        if server is None or not (self.any_server or server in self.fhir_servers):
            return None
        if granted is None:
            return FhirAccess(server, None)
        if granted.patient is not None and granted.patient.removeprefix("Patient/") != patient_id:
            return None
        return FhirAccess(server, granted.access_token.get_secret_value())


def _context(request: HookRequest) -> PatientViewContext:
    try:
        return PatientViewContext.model_validate(request.context)
    except ValidationError as error:
        reason = constant_reason(error, "context")
        raise ServiceError(400, "structure", "The context of the hook cannot be used.", reason) from None
