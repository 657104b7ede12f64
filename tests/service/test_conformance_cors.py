"""Browser clients: checklist 66. Which pages may read an answer is an exact list."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.config import Settings
from service.errors import ServiceError
from tests.conftest import ORIGINS, SERVICE, Answer, CheckedClient, Json
from tests.service.conftest import hook_call

ALLOWED = "Access-Control-Allow-Origin"
STRANGERS = [
    "https://evil.example",
    "http://ehr.example",
    "https://ehr.example:444",
    "https://ehr.example.evil.example",
    "https://notehr.example",
    "https://ehr-example",
    "https://ehrxexample",
    "null",
    "*",
]


def preflight(client: CheckedClient, path: str, origin: str, method: str = "POST") -> Answer:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return client.send("OPTIONS", path, headers=headers)


def listed(answer: Answer, header: str) -> set[str]:
    return {part.strip().lower() for part in answer.headers.get(header, "").split(",")}


def refuse() -> None:
    raise ServiceError(401, "login", "The caller is not known.")


@pytest.mark.parametrize("path", ["/cds-services", SERVICE])
@pytest.mark.parametrize("origin", ORIGINS)
def test_c66_a_preflight_of_a_known_page_is_granted(client: CheckedClient, path: str, origin: str) -> None:
    answer = preflight(client, path, origin)
    assert answer.status in (200, 204)
    assert answer.headers[ALLOWED] == origin
    assert {"get", "post", "options"} == listed(answer, "Access-Control-Allow-Methods")
    assert {"authorization", "content-type"} == listed(answer, "Access-Control-Allow-Headers")


@pytest.mark.parametrize("path", ["/cds-services", SERVICE])
def test_c66_a_preflight_needs_no_token(make_client: Callable[..., CheckedClient], path: str) -> None:
    answer = preflight(make_client(refuse), path, ORIGINS[0])
    assert answer.status in (200, 204)
    assert answer.headers[ALLOWED] == ORIGINS[0]


@pytest.mark.parametrize("origin", STRANGERS)
def test_c66_an_unknown_page_is_told_nothing(client: CheckedClient, chart: Json, origin: str) -> None:
    answers = [
        preflight(client, SERVICE, origin),
        client.get("/cds-services", Origin=origin),
        client.call(hook_call(prefetch=chart), Origin=origin),
        client.call({}, Origin=origin),
    ]
    assert [
        name for answer in answers for name in dict(answer.headers) if name.startswith("Access-Control")
    ] == []


def test_c66_without_a_list_no_page_is_known(make_client: Callable[..., CheckedClient]) -> None:
    client = make_client(cors_origins=())
    for answer in (preflight(client, SERVICE, ORIGINS[0]), client.get("/cds-services", Origin=ORIGINS[0])):
        assert ALLOWED not in answer.headers


def test_c66_a_known_page_can_read_cards_and_discovery(client: CheckedClient, chart: Json) -> None:
    for origin in ORIGINS:
        assert client.get("/cds-services", Origin=origin).headers[ALLOWED] == origin
        assert client.call(hook_call(prefetch=chart), Origin=origin).headers[ALLOWED] == origin


def test_c66_caches_keep_the_answers_for_two_pages_apart(client: CheckedClient) -> None:
    assert "origin" in listed(client.get("/cds-services", Origin=ORIGINS[0]), "Vary")


@pytest.mark.parametrize(
    ("status", "path", "request_body"),
    [(400, SERVICE, {}), (404, "/cds-services/other", {}), (412, SERVICE, hook_call())],
)
def test_c66_a_known_page_can_read_refusals(
    client: CheckedClient, status: int, path: str, request_body: Json
) -> None:
    answer = client.call(request_body, path, Origin=ORIGINS[0])
    assert (answer.status, answer.headers.get(ALLOWED)) == (status, ORIGINS[0])


def test_c66_a_known_page_can_read_that_it_must_log_in(make_client: Callable[..., CheckedClient]) -> None:
    answer = make_client(refuse).get("/cds-services", Origin=ORIGINS[0])
    assert (answer.status, answer.headers.get(ALLOWED)) == (401, ORIGINS[0])


def test_c66_a_known_page_can_read_that_its_request_was_too_large(
    make_client: Callable[..., CheckedClient],
) -> None:
    answer = make_client(max_body_bytes=1000).call({"x": "x" * 2000}, Origin=ORIGINS[0])
    assert (answer.status, answer.headers.get(ALLOWED)) == (413, ORIGINS[0])


def test_c66_a_known_page_can_read_that_the_assessment_failed(
    client: CheckedClient, chart: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.hooks.patient_view.assess", lambda *_: 1 / 0)
    answer = client.call(hook_call(prefetch=chart), Origin=ORIGINS[0])
    assert (answer.status, answer.headers.get(ALLOWED)) == (500, ORIGINS[0])


def test_c66_credentials_of_the_browser_are_never_asked_for(client: CheckedClient) -> None:
    answer = preflight(client, SERVICE, ORIGINS[0])
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["*", "https://.*"])
def test_c66_a_pattern_is_no_origin(make_client: Callable[..., CheckedClient], origin: str) -> None:
    try:
        settings = Settings(cors_origins=(origin,), insecure=True)
    except ValueError:
        return
    client = make_client(cors_origins=settings.cors_origins)
    assert ALLOWED not in client.get("/cds-services", Origin="https://any.example").headers
