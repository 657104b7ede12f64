"""The registry's client: pages, repeats, its rate, and answers that are none. On recorded shapes."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError

import pytest
import requests
import responses
from responses import matchers

from service.config.trials import TrialSettings
from service.trials.registry.client import BadPageError, RegistryClient, RegistryError
from tests.registry import study

BASE = "https://registry.example/api/v2"
URL = f"{BASE}/studies"
QUERY = {"filter.ids": "NCT90000001", "pageSize": "100"}


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def client(**settings: object) -> RegistryClient:
    chosen = {"trials_registry_url": BASE, "trials_registry_retries": 0, **settings}
    return RegistryClient(TrialSettings.model_validate(chosen))


def test_it_works_in_a_checkout_that_is_not_installed_and_says_so(
    web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("service.version.version", missing)
    named = matchers.header_matcher({"User-Agent": "relapse-cds/checkout"})
    web.get(URL, json={"totalCount": 1, "studies": [study()]}, match=[named])
    assert len(client().page(QUERY, None).studies) == 1


def test_the_first_page_asks_for_the_total_and_the_next_one_for_its_token(
    web: responses.RequestsMock,
) -> None:
    first = matchers.query_param_matcher({**QUERY, "countTotal": "true"})
    web.get(URL, json={"totalCount": 2, "studies": [study()], "nextPageToken": "t1"}, match=[first])
    second = matchers.query_param_matcher({**QUERY, "pageToken": "t1"})
    web.get(URL, json={"studies": [study("NCT90000002")]}, match=[second])
    asked = client()
    page = asked.page(QUERY, None)
    assert (len(page.studies), page.next_token, page.total) == (1, "t1", 2)
    page = asked.page(QUERY, "t1")
    assert (len(page.studies), page.next_token, page.total) == (1, None, None)


def test_it_says_who_asks_and_nothing_of_any_patient(web: responses.RequestsMock) -> None:
    web.get(URL, json={"studies": []})
    client().page(QUERY, None)
    headers = web.calls[0].request.headers
    assert headers["User-Agent"].startswith("relapse-cds/")
    assert "Authorization" not in headers
    assert "Cookie" not in headers


def test_a_page_may_be_empty(web: responses.RequestsMock) -> None:
    web.get(URL, json={"studies": [], "nextPageToken": "t1"})
    assert client().page(QUERY, None).studies == ()


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 429, 500, 503])
def test_any_other_answer_is_an_error_with_its_status(web: responses.RequestsMock, status: int) -> None:
    web.get(URL, status=status, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(RegistryError, match=f"^the registry answered {status}$"):
        client().page(QUERY, None)


def test_a_refused_request_is_an_error_of_its_own(web: responses.RequestsMock) -> None:
    web.get(URL, status=400, body="Incorrect format of `pageToken`")
    with pytest.raises(BadPageError):
        client().page(QUERY, "old")


@pytest.mark.parametrize(
    "body",
    ["", "<html>", '{"studies": [', "[]", "7", '{"studies": {}}', '{"studies": [], "nextPageToken": 7}',
     '{"studies": [], "nextPageToken": ""}', '{"FullStudiesResponse": {}}'],
)  # fmt: skip
def test_what_is_no_page_of_v2_is_an_error(web: responses.RequestsMock, body: str) -> None:
    web.get(URL, body=body)
    with pytest.raises(RegistryError, match=r"^the registry's answer is "):
        client().page(QUERY, None)


def test_a_registry_that_cannot_be_reached_is_an_error_without_its_address(
    web: responses.RequestsMock,
) -> None:
    web.get(URL, body=requests.ConnectionError("registry.example refused"))
    with pytest.raises(RegistryError) as raised:
        client().page(QUERY, None)
    assert str(raised.value) == "the registry could not be reached (ConnectionError)"


def test_no_more_requests_are_made_in_a_minute_than_allowed(web: responses.RequestsMock) -> None:
    web.get(URL, json={"studies": []})
    slept: list[float] = []
    settings = TrialSettings.model_validate({"trials_registry_url": BASE, "trials_registry_per_minute": 30})
    asked = RegistryClient(settings, sleep=slept.append, clock=lambda: 100.0)
    for _ in range(3):
        asked.page(QUERY, None)
    assert slept == [2.0, 4.0]


@pytest.mark.parametrize("url", ["http://registry.example/api/v2", "ftp://x.example", "registry.example", ""])
def test_the_registry_is_asked_over_tls_only(url: str) -> None:
    with pytest.raises(ValueError, match=r"https|absolute"):
        TrialSettings.model_validate({"trials_registry_url": url})


@pytest.mark.parametrize("url", ["https://mirror.example/api/v2/", "http://127.0.0.1:8000/api/v2"])
def test_a_mirror_or_a_server_of_this_machine_may_be_asked(url: str) -> None:
    assert TrialSettings.model_validate({"trials_registry_url": url}).trials_registry_url == url.rstrip("/")
