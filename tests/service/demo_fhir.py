"""A few resources and the demo's FHIR server over them, with what its tests ask of every answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.operationoutcome import OperationOutcome
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.demo.fhir_server import create_fhir_blueprint
from service.demo.store import FhirStore

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ROOT = "http://ehr.test"
BASE = f"{ROOT}/fhir"
Json = dict[str, Any]


# ---- the patients ---------------------------------------------------------------------------


def concept(*codings: tuple[str | None, str]) -> Json:
    return {"coding": [{"system": s, "code": c} if s else {"code": c} for s, c in codings]}


def observation(resource_id: str, patient: str = "p1", **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": resource_id,
        "status": "final",
        "subject": {"reference": f"Patient/{patient}"},
        "code": concept((LOINC, "85319-2")),
        **more,
    }


REQUIRED: dict[str, Json] = {
    "CarePlan": {"status": "active", "intent": "plan"},
    "Flag": {"status": "active", "code": concept((SNOMED, "1"))},
    "MedicationAdministration": {"status": "completed"},
    "MedicationRequest": {"status": "active", "intent": "order"},
    "Procedure": {"status": "completed"},
}


def about_p1(resource_type: str, resource_id: str, **more: Any) -> Json:
    fixed = {"resourceType": resource_type, "id": resource_id, "subject": {"reference": "Patient/p1"}}
    return {**fixed, **REQUIRED.get(resource_type, {}), **more}


def condition(resource_id: str, clinical: str, **more: Any) -> Json:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return about_p1("Condition", resource_id, clinicalStatus=concept((system, clinical)), **more)


def patient(resource_id: str, **more: Any) -> Json:
    return {"resourceType": "Patient", "id": resource_id, **more}


def write(folder: Path, name: str, *resources: Json, bundle_type: str = "collection") -> None:
    entries = [{"resource": resource} for resource in resources]
    write_text(folder, name, json.dumps({"resourceType": "Bundle", "type": bundle_type, "entry": entries}))


def write_text(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "bundle.json").write_text(text, encoding="utf-8")


def client_for(store: FhirStore) -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(create_fhir_blueprint(store), url_prefix="/fhir")
    return app.test_client()


# ---- asking ---------------------------------------------------------------------------------


def get(client: FlaskClient, path: str, **kwargs: Any) -> TestResponse:
    return client.get(f"/fhir{path}", base_url=ROOT, **kwargs)


def bundle_of(response: TestResponse) -> Json:
    """Return the searchset, having checked it against the FHIR model."""
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.mimetype == "application/fhir+json"
    assert response.headers["Cache-Control"] == "no-store"
    bundle: Json = response.get_json()
    Bundle.model_validate(bundle)
    assert bundle["type"] == "searchset"
    return bundle


def ids(bundle: Json) -> list[str]:
    return [e["resource"]["id"] for e in bundle.get("entry", []) if e["search"]["mode"] == "match"]


def found(client: FlaskClient, path: str) -> list[str]:
    return ids(bundle_of(get(client, path)))


def link(bundle: Json, relation: str) -> str | None:
    return next((item["url"] for item in bundle["link"] if item["relation"] == relation), None)


def refused(response: TestResponse, status: int) -> str:
    """Return the text of the OperationOutcome, having checked status, type and model."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/fhir+json"
    assert response.headers["Cache-Control"] == "no-store"
    outcome: Json = response.get_json()
    OperationOutcome.model_validate(outcome)
    assert outcome["issue"][0]["severity"] == "error"
    return str(outcome["issue"][0]["diagnostics"])
