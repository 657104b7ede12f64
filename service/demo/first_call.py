"""The call that fills the terminal: a hook for one patient, over HTTP to the running server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from time import perf_counter

import requests

from service.demo.patients import DemoPatient
from service.report import card_text
from service.wire.response import CdsResponse

_TIMEOUT_S = 15.0


class FirstCallError(Exception):
    """The server did not answer the hook as it should; the text says how."""


def cards_as_text(base: str, service_id: str, patient: DemoPatient) -> str:
    """The cards of `patient`, asked of the server at `base`. FirstCallError without a good answer."""
    call = {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "fhirServer": f"{base}/fhir",
        "context": {"userId": "Practitioner/demo-clinician", "patientId": patient.id},
    }
    started = perf_counter()
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the environment has no business on loopback
            answer = session.post(f"{base}/cds-services/{service_id}", json=call, timeout=_TIMEOUT_S)
            answer.raise_for_status()
            response = CdsResponse.model_validate(answer.json())
    except (requests.RequestException, ValueError) as error:
        raise FirstCallError(f"the service did not answer its first call ({type(error).__name__})") from None
    took = (perf_counter() - started) * 1000
    return "\n".join(_lines(patient, response, took))


def _lines(patient: DemoPatient, response: CdsResponse, took: float) -> Iterator[str]:
    count = len(response.cards)
    said = f"{count} card" if count == 1 else f"{count or 'no'} cards"
    yield f"{patient.name}: {patient.title}"
    yield f"patient-view was answered in {took:.0f} ms with {said}.\n"
    yield from map(card_text, response.cards)
