"""Headers that every answer carries, and how often one caller may call."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from service.config import Settings
from service.observing.notes import notes
from tests.conftest import SERVICE, CheckedClient

MakeClient = Callable[..., CheckedClient]


@pytest.mark.parametrize("path", ["/cds-services", "/health/live", "/nothing", "/openapi.json", "/rulebook/"])
def test_no_answer_is_sniffed_stored_framed_or_told_of_elsewhere(client: CheckedClient, path: str) -> None:
    headers = client.app.test_client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Cache-Control" in headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"


def test_an_answer_with_patient_data_is_never_stored(client: CheckedClient) -> None:
    headers = client.app.test_client().post(SERVICE, json={}).headers
    assert headers["Cache-Control"] == "no-store"


def test_tls_is_demanded_only_where_the_public_address_has_it(make_client: MakeClient) -> None:
    plain = make_client(public_base_url="http://127.0.0.1:8080").app.test_client().get("/health/live")
    assert "Strict-Transport-Security" not in plain.headers


def as_issuer(name: str) -> Callable[[], None]:
    def authenticate() -> None:
        notes().issuer = name

    return authenticate


def test_a_caller_beyond_its_rate_is_told_when_to_come_back(make_client: MakeClient) -> None:
    client = make_client(as_issuer("https://ehr.example"), rate_limit="2/hour")
    assert [client.get("/cds-services").status for _ in range(3)] == [200, 200, 429]
    answer = client.post(SERVICE, b"{}")
    assert (answer.status, answer.issue["code"]) == (429, "throttled")
    assert 1 <= int(answer.headers["Retry-After"]) <= 3600


def test_callers_are_counted_apart(make_client: MakeClient) -> None:
    who = ["https://one.example"]

    def authenticate() -> None:
        notes().issuer = who[0]

    client = make_client(authenticate, rate_limit="1/hour")
    assert [client.get("/cds-services").status for _ in range(2)] == [200, 429]
    who[0] = "https://two.example"
    assert client.get("/cds-services").status == 200


def test_preflights_and_health_are_not_counted(make_client: MakeClient) -> None:
    client = make_client(as_issuer("https://ehr.example"), rate_limit="1/hour")
    for _ in range(3):
        client.send("OPTIONS", SERVICE)
        assert client.app.test_client().get("/health/live").status_code == 200
    assert client.get("/cds-services").status == 200


@pytest.mark.parametrize(("given", "kept"), [("none", None), ("", None), ("5/second", "5/second")])
def test_the_rate_may_be_none(given: str, kept: str | None) -> None:
    assert Settings(rate_limit=given).rate_limit == kept


def test_a_rate_that_is_none_of_the_known_forms_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected a rate"):
        Settings(rate_limit="often")
