"""When something fails: a constant text for the caller, a place for the log, nothing of the patient."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import BASE, SERVICE, TOKEN, CheckedClient, FhirStub, Json, LogLines
from tests.service.conftest import CHART, authorization, hook_call

SECRET = "Testgirl Two born 2012-08-20"
FAILED = "The assessment failed: no advice was produced."


class NamesThePatientError(Exception):
    def __init__(self) -> None:
        super().__init__(SECRET)


def fail(*_: Any, **__: Any) -> Any:
    raise NamesThePatientError


# Where an unforeseen error may come from: reading, assessing, wording, writing.
PLACES = [
    "service.hooks.chart.gather",
    "service.fhir.to_timeline.RecordReader.timeline",
    "service.hooks.patient_view.assess",
    "service.hooks.patient_view.cards_for",
    "service.hooks.delivery.CdsResponse",
]


@pytest.mark.parametrize("place", PLACES)
def test_an_unforeseen_error_is_a_500_without_cards_and_without_its_text(
    client: CheckedClient, chart: Json, log: LogLines, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(place, fail)
    answer = client.call(hook_call(prefetch=chart, fhirAuthorization=authorization()))
    assert (answer.status, answer.issue["code"], answer.issue["details"]["text"]) == (
        500,
        "exception",
        FAILED,
    )
    assert answer.issue.keys() == {"severity", "code", "details"}
    logged = "\n".join(log.lines)
    assert "NamesThePatientError" in logged
    assert "test_errors.py:" in logged
    assert SECRET not in logged
    assert "Traceback" not in logged


@pytest.mark.parametrize("error", [RecursionError, MemoryError, KeyError, RuntimeError])
def test_no_kind_of_error_becomes_an_answer_without_advice(
    client: CheckedClient, chart: Json, log: LogLines, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def raise_it(*_: object) -> None:
        raise error(SECRET)

    monkeypatch.setattr("service.hooks.patient_view.assess", raise_it)
    assert client.call(hook_call(prefetch=chart)).status == 500
    assert SECRET not in "\n".join(log.lines)


def test_the_service_works_again_after_an_error(
    client: CheckedClient, chart: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("service.hooks.patient_view.assess", fail)
        assert client.call(hook_call(prefetch=chart)).status == 500
    assert client.call(hook_call(prefetch=chart)).cards


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/cds-services/relapsed-all", 405),
        ("POST", "/cds-services", 405),
        ("POST", "/health/live", 405),
        ("GET", f"/{CHART}/{TOKEN}", 404),
        ("GET", "/rulebook/nothing", 404),
        ("GET", "/rulebook/..%2f..%2fservice%2f__init__", 404),
        ("TRACE", SERVICE, 405),
        ("POST", f"{SERVICE}/feedback", 415),
    ],
)
def test_every_refusal_is_an_operation_outcome(
    client: CheckedClient, method: str, path: str, status: int
) -> None:
    client.private.add(CHART)
    answer = client.send(method, path)
    assert (answer.status, answer.issue["severity"]) == (status, "error")


def test_a_refused_method_is_told_which_are_allowed(client: CheckedClient) -> None:
    answer = client.send("GET", SERVICE)
    assert (answer.status, "POST" in answer.headers.get("Allow", "")) == (405, True)


@pytest.mark.parametrize("place", ["hook", "hookInstance", "context", "fhirServer", "prefetch"])
def test_what_is_wrong_is_named_by_place_and_never_repeated(
    client: CheckedClient, log: LogLines, place: str
) -> None:
    client.private.add(SECRET)
    request = hook_call(prefetch={}) | {place: [SECRET]}
    answer = client.call(request)
    assert (answer.status, answer.issue["diagnostics"]) == (400, f"{place} has the wrong type")
    assert SECRET not in "\n".join(log.lines)


def test_names_of_the_clients_own_making_are_not_repeated(client: CheckedClient) -> None:
    client.private.add(SECRET)
    request = hook_call()
    request["context"] = {SECRET: SECRET, "patientId": {SECRET: SECRET}}
    assert client.call(request).status == 400


@pytest.mark.parametrize("status", [200, 400, 412])
def test_a_call_leaves_nothing_of_the_patient_in_the_log(
    client: CheckedClient, chart: Json, fhir: FhirStub, log: LogLines, status: int
) -> None:
    # The client searches every test's log for what its requests held; here also a fetch is in it.
    members: dict[int, Json] = {
        200: {"fhirServer": fhir.base, "fhirAuthorization": authorization()},
        400: {"prefetch": chart, "fhirServer": "file:///x", "fhirAuthorization": authorization()},
        412: {"fhirServer": "http://127.0.0.1:9/fhir", "fhirAuthorization": authorization()},
    }
    client.private.update({chart["patient"]["birthDate"], fhir.base})
    assert client.call(hook_call(**members[status])).status == status
    assert (fhir.asked != []) == (status == 200)


def test_the_rule_book_is_open_and_runs_no_script(client: CheckedClient) -> None:
    page = client.get("/rulebook/")
    assert page.status == 200
    assert "<script" not in page.text.lower()
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert BASE not in page.text


def test_the_service_says_that_it_is_alive(make_client: Callable[..., CheckedClient]) -> None:
    assert make_client().get("/health/live").text == '{"status":"live"}'


@pytest.mark.parametrize(
    "address", ["/cds-services/relapsed-all", "/cds-services/relapsed-all/feedback", "/trials/match"]
)
def test_a_compressed_body_is_refused_by_name_and_not_called_bad_json(
    client: CheckedClient, address: str
) -> None:
    answer = client.app.test_client().post(
        address,
        data=gzip.compress(b"{}"),
        content_type="application/json",
        headers={"Content-Encoding": "gzip"},
    )
    assert answer.status_code == 415
    said = answer.get_json(force=True)["issue"][0]["details"]["text"]
    assert said == "The request body must not be compressed (Content-Encoding)."
