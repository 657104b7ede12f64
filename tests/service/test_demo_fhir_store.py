"""The demo's FHIR server: what is loaded, and what a read answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.demo import store as store_module
from service.demo.store import FhirStore, LoadProblem
from tests.service.demo_fhir import (
    ROOT,
    client_for,
    found,
    get,
    observation,
    patient,
    refused,
    write,
    write_text,
)

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
