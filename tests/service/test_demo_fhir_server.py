"""The demo's FHIR server: what is loaded, what a query finds, and what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.demo import store as store_module
from service.demo.fhir_server import create_fhir_blueprint
from service.demo.search import MAX_COUNT, date_span
from service.demo.store import FhirStore, LoadProblem

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


@pytest.fixture
def client_of(tmp_path: Path) -> Any:
    """Return a function: resources -> test client of a server that holds them in one bundle."""

    def make(*resources: Json) -> FlaskClient:
        write(tmp_path, "one", *resources)
        return client_for(FhirStore.from_folder(tmp_path))

    return make


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


# ---- loading --------------------------------------------------------------------------------


@pytest.mark.parametrize("bundle_type", ["collection", "transaction", "searchset"])
def test_loads_each_kind_of_bundle(tmp_path: Path, bundle_type: str) -> None:
    write(tmp_path, "a", patient("p1"), observation("o1"), bundle_type=bundle_type)
    store = FhirStore.from_folder(tmp_path)
    assert store.problems == ()
    assert store.read("Observation", "o1") == observation("o1")
    assert list(store.of_patient("Observation", "p1")) == [observation("o1")]
    assert list(store.of_patient("Patient", "p1")) == [patient("p1")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", store_module.FILE_UNREADABLE),
        ('{"resourceType": "Bundle", "type": "collection", "total": NaN}', store_module.FILE_UNREADABLE),
        ("[" * 100_000, store_module.FILE_UNREADABLE),
        ("[]", store_module.NOT_A_BUNDLE),
        ('{"resourceType": "Patient", "id": "p1"}', store_module.NOT_A_BUNDLE),
        ('{"resourceType": "Bundle", "type": "document"}', store_module.NOT_A_BUNDLE),
        ('{"resourceType": "Bundle", "type": ["collection"]}', store_module.NOT_A_BUNDLE),
        ('{"resourceType": "Bundle", "type": "collection", "entry": {}}', store_module.NOT_A_BUNDLE),
    ],
)
def test_a_bad_file_is_skipped_and_the_server_still_starts(tmp_path: Path, text: str, problem: str) -> None:
    write_text(tmp_path, "bad", text)
    write(tmp_path, "good", patient("p1"))
    store = FhirStore.from_folder(tmp_path)
    assert store.problems == (LoadProblem("bad/bundle.json", None, problem),)
    assert found(client_for(store), "/Patient") == ["p1"]


def test_a_bad_entry_is_skipped_and_named(tmp_path: Path) -> None:
    bad: list[Any] = [{"resourceType": "Patient"}, {"id": "x"}, patient("a b"), patient("x" * 65), "text"]
    write(tmp_path, "one", *bad, patient("p1"))
    store = FhirStore.from_folder(tmp_path)
    expected = [LoadProblem("one/bundle.json", n, store_module.BAD_ENTRY) for n in range(len(bad))]
    assert list(store.problems) == expected
    assert list(store.resources) == [("Patient", "p1")]


def test_the_first_of_two_with_the_same_id_wins(tmp_path: Path) -> None:
    write(tmp_path, "a", patient("p1", gender="female"))
    write(tmp_path, "b", patient("p2"), patient("p1", gender="male"))
    store = FhirStore.from_folder(tmp_path)
    assert store.read("Patient", "p1") == patient("p1", gender="female")
    assert store.problems == (LoadProblem("b/bundle.json", 1, store_module.DUPLICATE),)


def test_a_missing_folder_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    store = FhirStore.from_folder(tmp_path / "nowhere")
    assert store.problems == (LoadProblem("nowhere", None, store_module.FOLDER_MISSING),)
    assert found(client_for(store), "/Patient") == []


def test_references_inside_a_transaction_become_type_and_id(tmp_path: Path) -> None:
    urn = "urn:uuid:0c3f7a4e-5d6f-4f0e-9a51-3f5f3d6a7b10"
    absolute = "http://elsewhere.test/fhir/Practitioner/d1"
    performers = [{"reference": "urn:uuid:unknown"}, {"reference": absolute}]
    held = observation("o1", subject={"reference": urn}, performer=performers)
    entries = [
        {"resource": held},
        {"fullUrl": urn, "resource": {"resourceType": "Patient"}},
        {"fullUrl": absolute, "resource": {"resourceType": "Practitioner", "id": "d1"}},
        {"request": {"method": "DELETE", "url": "Patient/old"}},
        {"resource": {"resourceType": "OperationOutcome", "issue": []}},
    ]
    write_text(tmp_path, "t", json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    store = FhirStore.from_folder(tmp_path)
    patient_id = urn.removeprefix("urn:uuid:")
    assert store.problems == ()
    assert store.read("Patient", patient_id) == patient(patient_id)
    (loaded,) = store.of_patient("Observation", patient_id)
    assert loaded["subject"] == {"reference": f"Patient/{patient_id}"}
    assert loaded["performer"] == [{"reference": "urn:uuid:unknown"}, {"reference": "Practitioner/d1"}]


# ---- reading --------------------------------------------------------------------------------


def test_read_answers_the_resource_with_its_version(client_of: Any) -> None:
    meta = {"versionId": "7", "lastUpdated": "2026-03-01T10:00:00.250+02:00"}
    response = get(client_of(patient("p1", meta=meta)), "/Patient/p1")
    assert response.status_code == 200
    assert response.get_json() == patient("p1", meta=meta)
    assert response.mimetype == "application/fhir+json"
    assert response.headers["ETag"] == 'W/"7"'
    assert response.headers["Last-Modified"] == "Sun, 01 Mar 2026 08:00:00 GMT"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "meta",
    [
        None,
        "x",
        {},
        {"versionId": 3},
        {"versionId": 'a"b', "lastUpdated": "May"},
        {"lastUpdated": "2026-03-01"},
    ],
)
def test_read_without_a_usable_version_sends_none(client_of: Any, meta: Any) -> None:
    response = get(client_of(patient("p1", meta=meta)), "/Patient/p1")
    assert response.status_code == 200
    assert "ETag" not in response.headers
    assert "Last-Modified" not in response.headers


def test_unknown_ids_types_and_addresses_are_404(client_of: Any) -> None:
    client = client_of(patient("p1"))
    assert refused(get(client, "/Patient/p2"), 404) == "There is no such resource."
    for path in ("/Nonsense/p1", "/Nonsense", "/patient"):
        assert refused(get(client, path), 404) == "This resource type is not served here."
    for path in ("/", "/Patient/p1/_history/1", "/Patient/p1/$everything"):
        assert refused(get(client, path), 404) == "There is nothing at this address."
    assert refused(client.post("/fhir/Nonsense/_search", base_url=ROOT), 404)


# ---- filters --------------------------------------------------------------------------------


def test_patient_and_subject_take_both_forms(client_of: Any) -> None:
    client = client_of(patient("p1"), patient("p2"), observation("o1"), observation("o2", "p2"))
    for name in ("patient", "subject", "patient:Patient", "subject:Patient"):
        assert found(client, f"/Observation?{name}=p2") == ["o2"]
        assert found(client, f"/Observation?{name}=Patient/p2") == ["o2"]
    assert found(client, "/Observation?patient=p2,Patient/p1") == ["o1", "o2"]
    assert found(client, "/Observation?patient=p1&subject=p2") == []
    assert found(client, "/Observation?patient=nobody") == []
    assert found(client, "/Observation") == ["o1", "o2"]


@pytest.mark.parametrize("value", ["", ",", "http://elsewhere.test/fhir/Patient/p1", "Group/p1", "p 1"])
def test_a_patient_that_cannot_be_read_is_refused_and_not_ignored(client_of: Any, value: str) -> None:
    client = client_of(observation("o1"))
    refused(get(client, "/Observation", query_string={"patient": value}), 400)


def test_types_beyond_the_table_can_be_searched_by_patient(client_of: Any) -> None:
    flag = about_p1("Flag", "f1")
    other = {**flag, "id": "f2", "subject": {"reference": "Patient/p2"}}
    allergy = {"resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": "Patient/p1"}}
    client = client_of(flag, other, allergy)
    assert found(client, "/Flag?patient=p1") == ["f1"]
    assert found(client, "/AllergyIntolerance?patient=p1") == ["a1"]


def test_ids(client_of: Any) -> None:
    client = client_of(patient("p1"), patient("p2"), patient("p3"))
    assert found(client, "/Patient?_id=p3,p1") == ["p1", "p3"]
    assert found(client, "/Patient?_id=p3&_id=p1") == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("85319-2", ["loinc", "both"]),
        ("85319-2,58690-7", ["loinc", "both", "local"]),
        (f"{LOINC}|85319-2", ["loinc", "both"]),
        (f"{SNOMED}|85319-2", []),
        (f"{SNOMED}|", ["both"]),
        (f"{LOINC}|85319-2,|58690-7", ["loinc", "both", "local"]),
        ("|58690-7", ["local"]),
        ("|85319-2", []),
        ("108252007", ["both"]),
        (r"a\,b\|c", ["odd"]),
        (r"|a\,b\|c", ["odd"]),
        ("85319", []),
    ],
)
def test_code(client_of: Any, code: str, expected: list[str]) -> None:
    client = client_of(
        observation("loinc"),
        observation("both", code=concept((LOINC, "85319-2"), (SNOMED, "108252007"))),
        observation("local", code=concept((None, "58690-7"))),
        observation("odd", code=concept((None, "a,b|c"))),
        observation("text", code={"text": "85319-2"}),
    )
    assert ids(bundle_of(get(client, "/Observation", query_string={"code": code}))) == expected


@pytest.mark.parametrize("code", ["", ",", "|", "a|b|c"])
def test_a_code_that_cannot_be_read_is_refused(client_of: Any, code: str) -> None:
    refused(get(client_of(observation("o1")), "/Observation", query_string={"code": code}), 400)


def test_code_of_a_medication_inline_contained_or_referenced(client_of: Any) -> None:
    drug = {"resourceType": "Medication", "id": "m", "code": concept((RXNORM, "1597258"))}
    client = client_of(
        drug,
        about_p1("MedicationRequest", "inline", medicationCodeableConcept=concept((RXNORM, "1597258"))),
        about_p1("MedicationRequest", "stored", medicationReference={"reference": "Medication/m"}),
        about_p1("MedicationRequest", "held", contained=[drug], medicationReference={"reference": "#m"}),
        about_p1("MedicationRequest", "lost", medicationReference={"reference": "Medication/gone"}),
        about_p1("MedicationRequest", "void", medicationReference={"reference": "#gone"}),
        about_p1("MedicationRequest", "odd", medicationReference={"reference": 7}),
        about_p1("MedicationRequest", "other", medicationCodeableConcept=concept((RXNORM, "11202"))),
        about_p1(
            "MedicationAdministration",
            "given",
            medicationReference={"reference": "Medication/m"},
            effectiveDateTime="2026-02-01",
        ),
    )
    assert found(client, f"/MedicationRequest?code={RXNORM}|1597258") == ["inline", "stored", "held"]
    assert found(client, "/MedicationAdministration?code=1597258") == ["given"]
    assert found(client, "/Medication?code=1597258") == ["m"]


def test_category_status_and_clinical_status(client_of: Any) -> None:
    lab = [concept(("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory"))]
    client = client_of(
        observation("lab", category=lab),
        observation("wrong", category=lab, status="entered-in-error"),
        observation("plain"),
        condition("now", "active"),
        condition("again", "relapse"),
        condition("past", "remission"),
        about_p1("Procedure", "single", category=concept((SNOMED, "387713003"))),
    )
    assert found(client, "/Observation?category=laboratory") == ["lab", "wrong"]
    assert found(client, "/Observation?category=laboratory&status=final") == ["lab"]
    assert found(client, "/Observation?status=final,entered-in-error") == ["lab", "wrong", "plain"]
    assert found(client, "/Observation?status=http://hl7.org/fhir/observation-status|final") == [
        "lab",
        "plain",
    ]
    assert found(client, "/Condition?clinical-status=active,relapse") == ["now", "again"]
    assert found(client, "/Procedure?category=387713003") == ["single"]


# ---- dates ----------------------------------------------------------------------------------


@pytest.fixture
def dated(client_of: Any) -> FlaskClient:
    client: FlaskClient = client_of(
        observation("year", effectiveDateTime="2024"),
        observation("march", effectiveDateTime="2024-03"),
        observation("day", effectiveDateTime="2024-03-14"),
        observation("noon", effectiveInstant="2024-03-14T12:00:00.000Z"),
        observation("closed", effectivePeriod={"start": "2024-03-10", "end": "2024-03-20"}),
        observation("since", effectivePeriod={"start": "2024-03-10"}),
        observation("until", effectivePeriod={"end": "2024-03-10"}),
        observation("times", effectiveTiming={"event": ["2023-01-01", "2025-06-01"]}),
        observation("bad", effectiveDateTime="14 March"),
        observation("half", effectivePeriod={"start": "soon", "end": "2024-03-14"}),
        observation("empty", effectivePeriod={}),
        observation("none"),
    )
    return client


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-03-14", ["day", "noon"]),
        ("eq2024-03-14", ["day", "noon"]),
        ("2024-03", ["march", "day", "noon", "closed"]),
        ("2024", ["year", "march", "day", "noon", "closed"]),
        ("2023", ["times"]),
        # Beyond on that side for a part of it is enough; a span that ends with the asked one is not beyond.
        ("gt2024-03-14", ["year", "march", "closed", "since", "times"]),
        ("gt2024-03", ["year", "since", "times"]),
        ("gt2024-03-14T11:59", ["year", "march", "day", "noon", "closed", "since", "times"]),
        ("ge2024-03-14", ["year", "march", "day", "noon", "closed", "since", "times"]),
        ("ge2024-03-20", ["year", "march", "since", "times"]),
        ("lt2024-03-14", ["year", "march", "closed", "since", "until", "times"]),
        ("lt2024-03", ["year", "until", "times"]),
        ("lt2024", ["until", "times"]),
        ("le2024-03-14", ["year", "march", "day", "noon", "closed", "since", "until", "times"]),
        ("le2024-03-10", ["year", "march", "until", "times"]),
        ("2023,2024-03-14", ["day", "noon", "times"]),
    ],
)
def test_dates_are_spans(dated: FlaskClient, value: str, expected: list[str]) -> None:
    assert found(dated, f"/Observation?date={value}") == expected


def test_repeated_dates_must_all_hold(dated: FlaskClient) -> None:
    assert found(dated, "/Observation?date=ge2024-03-14&date=lt2024-03-14T13:00") == [
        "year", "march", "day", "noon", "closed", "since", "times",
    ]  # fmt: skip
    assert found(dated, "/Observation?date=2024-03&date=gt2024-03-14") == ["march", "closed"]


def test_time_zones_count_only_when_the_query_has_one(client_of: Any) -> None:
    client = client_of(observation("late", effectiveDateTime="2024-03-14T23:30:00-05:00"))
    assert found(client, "/Observation?date=2024-03-14") == ["late"]
    assert found(client, "/Observation?date=2024-03-15") == []
    assert found(client, "/Observation?date=ge2024-03-15T04:30:00Z") == ["late"]
    assert found(client, "/Observation?date=ge2024-03-15T04:30:01Z") == []
    # "+" left unescaped arrives as a space; 06:30+02:00 is the same instant.
    assert found(client, "/Observation?date=2024-03-15T06:30:00 02:00") == ["late"]
    assert found(client, "/Observation?date=2024-03-15T06:30:00%2B02:00") == ["late"]


def test_each_type_has_its_own_dates(client_of: Any) -> None:
    span = {"start": "2024-03-10", "end": "2024-03-12"}
    drug = {"medicationCodeableConcept": concept((RXNORM, "11202"))}
    client = client_of(
        about_p1("Procedure", "on", performedDateTime="2024-03-11"),
        about_p1("Procedure", "over", performedPeriod=span),
        about_p1("Procedure", "told", performedString="in March"),
        condition("onset", "active", onsetDateTime="2024-03", recordedDate="2024-05-02"),
        condition("span", "active", onsetPeriod=span),
        condition("aged", "active", onsetAge={"value": 7, "unit": "a"}),
        about_p1("MedicationAdministration", "dose", effectiveDateTime="2024-03-11T08:00:00Z", **drug),
        about_p1("MedicationAdministration", "course", effectivePeriod=span, **drug),
        about_p1("CarePlan", "plan", period=span),
        patient("p1", birthDate="2015-02-03", meta={"lastUpdated": "2026-01-01T00:00:00Z"}),
    )
    assert found(client, "/Procedure?date=2024-03") == ["on", "over"]
    assert found(client, "/Condition?onset-date=2024-03") == ["onset", "span"]
    assert found(client, "/Condition?recorded-date=ge2024-05-02") == ["onset"]
    assert found(client, "/MedicationAdministration?effective-time=gt2024-03-11") == ["course"]
    assert found(client, "/CarePlan?date=lt2024-03-11") == ["plan"]
    assert found(client, "/CarePlan?date=gt2024-03-12") == []
    assert found(client, "/Patient?birthdate=2015") == ["p1"]
    assert found(client, "/Patient?_lastUpdated=ge2026") == ["p1"]
    assert found(client, "/Patient?_lastUpdated=lt2026") == []


BAD_DATES = [
    "", "march", "2024-3", "2024-13", "2024-02-30", "2024-03-14T", "2024-03-14T25:00", "ap2024", "xx2024",
    "20240314", "2024-03-14Z", "2024-03-14T10:00:00+99:00", "0000", "٢٠٢٤",
]  # fmt: skip


@pytest.mark.parametrize("value", BAD_DATES)
def test_a_date_that_cannot_be_read_is_refused(client_of: Any, value: str) -> None:
    refused(get(client_of(observation("o1")), "/Observation", query_string={"date": value}), 400)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2024", "2025-01-01T00:00:00+00:00"),
        ("2024-02", "2024-03-01T00:00:00+00:00"),
        ("2024-12", "2025-01-01T00:00:00+00:00"),
        ("2024-02-29", "2024-03-01T00:00:00+00:00"),
        ("2024-02-29T23:59", "2024-03-01T00:00:00+00:00"),
        ("2024-02-29T23:59:59.5Z", "2024-03-01T00:00:00+00:00"),
        ("9999", "9999-12-31T23:59:59.999999+00:00"),
        ("9999-12", "9999-12-31T23:59:59.999999+00:00"),
        ("9999-12-31", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_where_the_span_of_a_partial_date_ends(text: str, end: str) -> None:
    span = date_span(text, in_utc=True)
    assert span is not None
    assert span[1].isoformat() == end


# ---- order and pages ------------------------------------------------------------------------


def test_sort(client_of: Any) -> None:
    def on(resource_id: str, **more: Any) -> Json:
        return observation(resource_id, **more)

    client = client_of(
        on("c", effectiveDateTime="2024-02-01", meta={"lastUpdated": "2026-01-03T00:00:00Z"}),
        on("none"),
        on("a", effectiveDateTime="2024-03", meta={"lastUpdated": "2026-01-01T00:00:00Z"}),
        on("d", effectivePeriod={"start": "2023-01-01"}, meta={"lastUpdated": "2026-01-02T00:00:00Z"}),
        on("b", effectiveDateTime="2024-02-01"),
    )
    assert found(client, "/Observation?_sort=date") == ["d", "c", "b", "a", "none"]
    assert found(client, "/Observation?_sort=-date") == ["a", "c", "b", "d", "none"]
    assert found(client, "/Observation?_sort=date,_id") == ["d", "b", "c", "a", "none"]
    assert found(client, "/Observation?_sort=_id") == ["a", "b", "c", "d", "none"]
    assert found(client, "/Observation?_sort=-_id") == ["none", "d", "c", "b", "a"]
    assert found(client, "/Observation?_sort=_lastUpdated") == ["a", "d", "c", "none", "b"]
    assert found(client, "/Observation") == ["c", "none", "a", "d", "b"]


def walk(client: FlaskClient, bundle: Json, relation: str) -> Iterator[Json]:
    for _ in range(50):
        yield bundle
        url = link(bundle, relation)
        if url is None:
            return
        assert url.startswith(f"{BASE}/Observation?")
        bundle = bundle_of(get(client, url.removeprefix(BASE)))
    pytest.fail("the pages do not end")


@pytest.mark.parametrize("query", ["", "&_sort=-date", "&patient=p1,p2&_sort=date", "&status=final"])
@pytest.mark.parametrize("count", [1, 4, 5, 23, 24])
def test_the_pages_hold_everything_exactly_once_in_order(client_of: Any, query: str, count: int) -> None:
    client = client_of(
        *(
            observation(f"o{n:02}", f"p{n % 2 + 1}", effectiveDateTime=f"2024-01-{n % 5 + 1:02}")
            for n in range(23)
        )
    )
    whole = found(client, f"/Observation?_count=500{query}")
    assert sorted(whole) == [f"o{n:02}" for n in range(23)]
    pages = list(walk(client, bundle_of(get(client, f"/Observation?_count={count}{query}")), "next"))
    assert [one for page in pages for one in ids(page)] == whole
    assert {page["total"] for page in pages} == {23}
    assert len(pages) == math.ceil(23 / count)
    assert {len(ids(page)) for page in pages[:-1]} <= {count}
    back = list(walk(client, pages[-1], "previous"))
    assert [ids(page) for page in reversed(back)] == [ids(page) for page in pages]


def test_entries_and_links_carry_absolute_addresses_of_the_request(client_of: Any) -> None:
    client = client_of(observation("o1"), observation("o2"))
    bundle = bundle_of(get(client, f"/Observation?code={LOINC}|85319-2&_count=1&_format=json"))
    assert bundle["entry"] == [
        {"fullUrl": f"{BASE}/Observation/o1", "resource": observation("o1"), "search": {"mode": "match"}}
    ]
    own = link(bundle, "self")
    assert own is not None
    assert own.startswith(f"{BASE}/Observation?")
    assert parse_qs(urlsplit(own).query) == {
        "code": [f"{LOINC}|85319-2"],
        "_count": ["1"],
        "_format": ["json"],
    }
    assert link(bundle, "previous") is None
    elsewhere = client.get("/fhir/Observation", base_url="https://other.test:8443")
    assert elsewhere.get_json()["entry"][0]["fullUrl"] == "https://other.test:8443/fhir/Observation/o1"


@pytest.mark.parametrize("value", ["-1", "ten", "1.5", "", "1e3", "9" * 30, "٣"])
@pytest.mark.parametrize("name", ["_count", "_offset"])
def test_a_bad_count_or_page_is_refused(client_of: Any, name: str, value: str) -> None:
    refused(get(client_of(observation("o1")), "/Observation", query_string={name: value}), 400)


def test_a_page_beyond_the_end_is_empty_and_a_huge_count_is_cut(client_of: Any) -> None:
    client = client_of(*(observation(f"o{n}") for n in range(MAX_COUNT + 1)))
    beyond = bundle_of(get(client, "/Observation?_offset=9999"))
    assert "entry" not in beyond
    assert beyond["total"] == MAX_COUNT + 1
    assert link(beyond, "next") is None
    huge = bundle_of(get(client, "/Observation?_count=99999"))
    assert len(ids(huge)) == MAX_COUNT
    assert link(huge, "next") is not None


@pytest.mark.parametrize("query", ["_summary=count", "_count=0"])
def test_only_the_count(client_of: Any, query: str) -> None:
    bundle = bundle_of(get(client_of(observation("o1"), observation("o2")), f"/Observation?{query}"))
    assert bundle["total"] == 2
    assert "entry" not in bundle
    assert [item["relation"] for item in bundle["link"]] == ["self"]


def test_total_and_json_formats_are_accepted(client_of: Any) -> None:
    client = client_of(observation("o1"))
    for query in ("_total=none", "_total=estimate", "_total=accurate", "_summary=false"):
        bundle = bundle_of(get(client, f"/Observation?{query}"))
        assert [e["search"]["mode"] for e in bundle["entry"]] == ["match"]
    for value in ("json", "application/json", "application/fhir+json", "application/fhir%2Bjson"):
        assert found(client, f"/Observation?_format={value}") == ["o1"]
    refused(get(client, "/Observation?_total=some"), 400)
    for path in ("/Observation", "/Observation/o1", "/metadata"):
        refused(get(client, f"{path}?_format=xml"), 406)


# ---- what is not supported ------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["shoe-size=44", "_include=Observation:subject", "_sort=colour", "_summary=text", "_has:X:y:z=1"]
)
def test_what_is_unknown_is_ignored_aloud_or_refused_when_strict(client_of: Any, query: str) -> None:
    client = client_of(observation("o1"), observation("o2", "p2"))
    bundle = bundle_of(get(client, f"/Observation?patient=p1&{query}"))
    assert ids(bundle) == ["o1"]
    assert bundle["total"] == 1
    (outcome,) = [e["resource"] for e in bundle["entry"] if e["search"]["mode"] == "outcome"]
    assert outcome["issue"][0]["severity"] == "warning"
    own = link(bundle, "self")
    assert own is not None
    assert set(parse_qs(urlsplit(own).query)) == {"patient", "_count"}

    strict = {"Prefer": "return=minimal; handling=strict"}
    refused(get(client, f"/Observation?patient=p1&{query}", headers=strict), 400)
    lenient = {"Prefer": "handling=lenient"}
    assert ids(bundle_of(get(client, f"/Observation?patient=p1&{query}", headers=lenient))) == ["o1"]


def test_strict_handling_accepts_what_is_known(client_of: Any) -> None:
    response = get(
        client_of(observation("o1")), "/Observation?patient=p1", headers={"Prefer": "handling=strict"}
    )
    assert ids(bundle_of(response)) == ["o1"]


@pytest.mark.parametrize(
    "name", ["code:in", "code:text", "status:not", "date:missing", "patient.name", "subject:Group"]
)
def test_modifiers_and_chains_are_refused_even_when_lenient(client_of: Any, name: str) -> None:
    refused(get(client_of(observation("o1")), "/Observation", query_string={name: "x"}), 400)


def test_errors_do_not_repeat_the_request(client_of: Any) -> None:
    client = client_of(observation("o1"))
    for path in ("/Observation/zebra", "/Observation?patient=zebra!", "/Zebra", "/a/b/zebra"):
        response = get(client, path)
        assert response.status_code in (400, 404)
        assert "zebra" not in response.get_data(as_text=True).lower()


# ---- POST search, writes --------------------------------------------------------------------


def test_search_by_form(client_of: Any) -> None:
    client = client_of(
        observation("o1"),
        observation("o2"),
        observation("o3", "p2"),
        observation("o4", code=concept((SNOMED, "1"))),
    )
    form = {"patient": "Patient/p1", "code": f"{LOINC}|85319-2", "_count": "1"}
    bundle = bundle_of(client.post("/fhir/Observation/_search", data=form, base_url=ROOT))
    assert ids(bundle) == ["o1"]
    assert bundle["total"] == 2
    following = link(bundle, "next")
    assert following is not None
    assert found(client, following.removeprefix(BASE)) == ["o2"]
    both = client.post("/fhir/Observation/_search?patient=p2", data={"status": "final"}, base_url=ROOT)
    assert ids(bundle_of(both)) == ["o3"]
    empty = client.post("/fhir/Observation/_search", base_url=ROOT)
    assert bundle_of(empty)["total"] == 4
    refused(client.post("/fhir/Observation/_search", data={"_format": "xml"}, base_url=ROOT), 406)
    refused(client.post("/fhir/Observation/_search", data={"date": "soon"}, base_url=ROOT), 400)


def test_a_search_body_that_is_no_form_is_refused(client_of: Any) -> None:
    client = client_of(observation("o1"))
    refused(client.post("/fhir/Observation/_search", json={"patient": "p2"}, base_url=ROOT), 415)
    refused(client.post("/fhir/Observation/_search", data=b"patient=p2", base_url=ROOT), 415)
    multipart = {"data": {"patient": "p2"}, "content_type": "multipart/form-data"}
    refused(client.post("/fhir/Observation/_search", base_url=ROOT, **multipart), 415)


def test_a_body_over_the_limit_is_an_operation_outcome(tmp_path: Path) -> None:
    client = client_for(FhirStore.from_folder(tmp_path))
    client.application.config["MAX_CONTENT_LENGTH"] = 100
    refused(client.post("/fhir/Observation/_search", data={"code": "1" * 200}, base_url=ROOT), 413)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""),
        ("POST", "/"),
        ("POST", "/Patient"),
        ("DELETE", "/Patient"),
        ("PUT", "/Patient/p1"),
        ("PATCH", "/Patient/p1"),
        ("DELETE", "/Patient/p1"),
        ("POST", "/Patient/p1/$everything"),
        ("POST", "/metadata"),
        ("PUT", "/Patient/_search"),
    ],
)
def test_writes_are_refused(client_of: Any, method: str, path: str) -> None:
    client = client_of(patient("p1"))
    response = client.open(f"/fhir{path}", method=method, json=patient("p1", gender="male"))
    assert refused(response, 405) == "This server is read-only."
    assert response.headers["Allow"] == ("POST" if path.endswith("_search") else "GET, HEAD, OPTIONS")
    assert get(client, "/Patient/p1").get_json() == patient("p1")


# ---- metadata -------------------------------------------------------------------------------


def test_capability_statement_lists_what_is_served(client_of: Any) -> None:
    flag = about_p1("Flag", "f1")
    client = client_of(flag, patient("p1"))
    response = get(client, "/metadata")
    assert response.mimetype == "application/fhir+json"
    assert response.headers["Cache-Control"] == "no-store"
    statement: Json = response.get_json()
    CapabilityStatement.model_validate(statement)
    assert statement["fhirVersion"] == "4.0.1"
    (rest,) = statement["rest"]
    assert rest["security"]["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    assert "No authorization" in rest["security"]["description"]
    listed = {item["type"]: {p["name"]: p["type"] for p in item["searchParam"]} for item in rest["resource"]}
    assert listed["Flag"] == {"_id": "token", "_lastUpdated": "date", "patient": "reference"}
    assert listed["Observation"] == {
        "_id": "token",
        "_lastUpdated": "date",
        "patient": "reference",
        "subject": "reference",
        "code": "token",
        "category": "token",
        "status": "token",
        "date": "date",
    }


def test_every_listed_parameter_is_really_accepted(client_of: Any) -> None:
    client = client_of(patient("p1"))
    strict = {"Prefer": "handling=strict"}
    (rest,) = get(client, "/metadata").get_json()["rest"]
    assert len(rest["resource"]) >= 10
    for item in rest["resource"]:
        query = {p["name"]: "2024" for p in item["searchParam"]}
        bundle = bundle_of(get(client, f"/{item['type']}", query_string=query, headers=strict))
        assert bundle["total"] == 0


def test_smart_configuration_points_to_endpoints_that_say_not_yet(client_of: Any) -> None:
    client = client_of(patient("p1"))
    response = get(client, "/.well-known/smart-configuration")
    assert response.mimetype == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    document = response.get_json()
    assert document["grant_types_supported"] == ["authorization_code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["capabilities"] == []
    for name in ("authorization_endpoint", "token_endpoint"):
        assert document[name].startswith(f"{BASE}/auth/")
        path = document[name].removeprefix(BASE)
        for method in ("GET", "POST"):
            answer = client.open(f"/fhir{path}", method=method, base_url=ROOT)
            assert "not part of the demo yet" in refused(answer, 501)
