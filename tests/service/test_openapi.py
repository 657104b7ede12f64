"""/openapi.json says what the application does: no address is missing, and none is made up."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from service.openapi import describe
from tests.conftest import BASE, CheckedClient, Json


@pytest.fixture
def document(client: CheckedClient) -> Json:
    found: Json = client.app.test_client().get("/openapi.json").get_json()
    return found


def test_every_address_of_the_application_is_described_and_no_other(
    client: CheckedClient, document: Json
) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in client.app.url_map.iter_rules()
        for method in rule.methods or ()
        if method in ("GET", "POST")
    }
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    # An id that no service has is answered with 404 by a rule of its own.
    served -= {(f"/cds-services/{{service}}{rest}", "post") for rest in ("", "/feedback")} | {
        ("/rulebook", "get")
    }
    assert {s for s in served if "/static/" not in s[0]} == described


def test_it_names_the_public_address_and_every_guarded_call(document: Json) -> None:
    assert document["servers"] == [{"url": BASE}]
    for path, methods in document["paths"].items():
        for said in methods.values():
            assert ("security" in said) == path.startswith(("/cds-services", "/trials", "/getClinicalTrial"))


def test_operation_ids_differ(document: Json) -> None:
    ids = [said["operationId"] for methods in document["paths"].values() for said in methods.values()]
    assert len(ids) == len(set(ids))


def schema_of(document: Json, name: str) -> Draft202012Validator:
    whole = Resource.from_contents({"$schema": "https://json-schema.org/draft/2020-12/schema", **document})
    registry: Registry[Any] = Registry().with_resource("urn:openapi", whole)
    return Draft202012Validator({"$ref": f"urn:openapi#/components/schemas/{name}"}, registry=registry)


def test_a_call_and_its_answer_are_what_the_document_says(
    client: CheckedClient, document: Json, load_request: Callable[..., Json]
) -> None:
    request = load_request("client-2.0-full-prefetch")
    schema_of(document, "PatientViewRequest").validate(request)
    schema_of(document, "CdsResponse").validate(client.call(request).body)
    assert not schema_of(document, "PatientViewRequest").is_valid({**request, "hook": "order-sign"})


def test_errors_and_discovery_are_what_the_document_says(client: CheckedClient, document: Json) -> None:
    schema_of(document, "Discovery").validate(client.get("/cds-services").body)
    schema_of(document, "OperationOutcome").validate(client.post("/cds-services/relapsed-all", b"{").body)


def test_it_is_written_from_a_checkout_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("service.version.version", missing)
    assert describe((), BASE)["info"]["version"] == "checkout"
