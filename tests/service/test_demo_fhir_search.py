"""The demo's FHIR server: what a query finds."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from service.demo.search import date_span
from tests.service.demo_fhir import (
    LOINC,
    RXNORM,
    SNOMED,
    about_p1,
    bundle_of,
    concept,
    condition,
    found,
    get,
    ids,
    observation,
    patient,
    refused,
)

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
