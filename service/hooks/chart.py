"""The chart behind a hook call: prefetched or fetched, read into a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from cds_rules.patient.timeline import Part, PatientTimeline
from service.auth.caller import caller
from service.errors import ServiceError
from service.fhir.client import FhirAccess, FhirClient
from service.fhir.lexicon import Lexicon
from service.fhir.record import Record, gather
from service.fhir.servers import AllowedServers
from service.fhir.to_timeline import RecordReader
from service.wire.request import HookRequest, PatientViewContext, constant_reason

MUST_HAVE = "conditions"
"""Without the conditions nothing can be said; with them everything else may stay open."""

Context = TypeVar("Context", bound=PatientViewContext)


@dataclass(frozen=True, slots=True)
class ChartReader:
    """Whom the service may ask, and this hospital's codes."""

    client: FhirClient
    lexicon: Lexicon
    reader: RecordReader
    servers: AllowedServers
    """Of callers that nobody checks; a tenant has its own."""

    def timeline(
        self, request: HookRequest, patient_id: str, parts: frozenset[Part] | None = None
    ) -> PatientTimeline:
        """The patient's record as a timeline. ServiceError 412 if it cannot be had.

        `parts` limits it to what is needed; patient and conditions must be among them.
        """
        record = gather(
            patient_id,
            request.prefetch or {},
            self._access(request, patient_id),
            self.client,
            self.lexicon,
            parts,
        )
        if MUST_HAVE in record.unanswered:
            raise ServiceError(
                412,
                "incomplete",
                "The record needed for an assessment was neither prefetched nor could it be fetched.",
                " ".join(
                    (
                        f"Prefetch keys without an answer: {', '.join(record.unanswered)}",
                        *(f"({hint})" for key, hint in record.hints.items() if key == MUST_HAVE),
                    )
                ),
            )
        return self.reader.timeline(
            record.resources,
            patient_id,
            missing=record.missing,
            aliases=[f"{request.fhirServer}/Patient/{patient_id}"] if request.fhirServer else (),
        )

    def fetched(self, access: FhirAccess, patient_id: str) -> tuple[PatientTimeline, Record]:
        """The patient's record from the FHIR server alone, as a timeline, and how complete it came.

        The caller sees to it that this server may be asked, and looks at `Record.unanswered` before anything
        is said about the patient.
        """
        record = gather(patient_id, {}, access, self.client, self.lexicon)
        timeline = self.reader.timeline(
            record.resources,
            patient_id,
            missing=record.missing,
            aliases=[f"{access.base}/Patient/{patient_id}"],
        )
        return timeline, record

    def _access(self, request: HookRequest, patient_id: str) -> FhirAccess | None:
        """The FHIR server of the call, if its caller may send us there and the token is not for others."""
        server, granted, who = request.fhirServer, request.fhirAuthorization, caller()
        servers = who.tenant.servers if who is not None else self.servers
        if server is None or not servers.permit(server):
            return None
        if granted is None:
            return FhirAccess(server, None)
        if who is not None and who.tenant.client_ids and granted.subject not in who.tenant.client_ids:
            return None  # lent to another service
        if granted.patient is not None and granted.patient.removeprefix("Patient/") != patient_id:
            return None
        return FhirAccess(server, granted.access_token.get_secret_value(), granted.scope)


def context_of(request: HookRequest, form: type[Context]) -> Context:
    """The context of the call in the form of its hook. ServiceError 400 if it has another."""
    try:
        return form.model_validate(request.context)
    except ValidationError as error:
        reason = constant_reason(error, "context")
        raise ServiceError(400, "structure", "The context of the hook cannot be used.", reason) from None
