"""The demo's FHIR server: order and pages, what is refused, and what it says of itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from flask.testing import FlaskClient

from service.demo.search import MAX_COUNT
from service.demo.store import FhirStore
from tests.service.demo_fhir import (
    BASE,
    LOINC,
    ROOT,
    SNOMED,
    Json,
    about_p1,
    bundle_of,
    client_for,
    concept,
    found,
    get,
    ids,
    link,
    observation,
    patient,
    refused,
)

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
    assert "Open to read without a token" in rest["security"]["description"]
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
