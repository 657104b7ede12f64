"""FHIR access: checklist 28 to 36. Whose token is used, which server is asked, and what its failures cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from service.fhir.client import FhirAccess, FhirClient
from service.fhir.fetched import Fetched, Problem
from tests.conftest import TOKEN, Canned, CheckedClient, FhirStub, Json, LogLines
from tests.service.conftest import (
    CHART,
    PARTS,
    SEARCHES,
    authorization,
    groups,
    hook_call,
    incomplete,
    open_parts,
)

KEYS = {"patient", *SEARCHES}
HTML = Canned(200, b"<html><body>Please log in</body></html>", "text/html")
BROKEN = Canned(200, b'{"resourceType": "Bundle", "entry": [')
OUTCOME = Canned(
    200, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
)
FAILURES: dict[str, tuple[Canned, Problem]] = {
    "401": (Canned(401), Problem.UNAUTHORIZED),
    "403": (Canned(403), Problem.FORBIDDEN),
    "404": (Canned(404), Problem.NOT_FOUND),
    "418": (Canned(418), Problem.HTTP_ERROR),
    "429": (Canned(429, headers={"Retry-After": "60"}), Problem.BUSY),
    "500": (Canned(500), Problem.SERVER_ERROR),
    "503": (Canned(503), Problem.SERVER_ERROR),
    "302": (Canned(302, headers={"Location": "/fhir/elsewhere"}), Problem.HTTP_ERROR),
    "html": (HTML, Problem.NOT_FHIR),
    "cut-short": (BROKEN, Problem.NOT_FHIR),
    "a-list": (Canned(200, [1, 2]), Problem.NOT_FHIR),
    "outcome": (OUTCOME, Problem.OPERATION_OUTCOME),
}
SEARCHSET: Json = {"resourceType": "Bundle", "type": "searchset"}


@pytest.fixture
def lab_missing(chart: Json) -> Json:
    """The chart's prefetch but for the laboratory results, which would have to be fetched."""
    return {key: value for key, value in chart.items() if key != "laboratory"}


# ---- the token ----------------------------------------------------------------------------------


def test_c30_c32_every_request_carries_the_token(
    client: CheckedClient, fhir: FhirStub, baseline: dict[str, str]
) -> None:
    fhir.page_size = 3
    answer = client.call(hook_call(fhirServer=fhir.base, fhirAuthorization=authorization()))
    assert groups(answer) == baseline
    assert {asked.authorization for asked in fhir.asked} == {f"Bearer {TOKEN}"}


def test_c31_an_open_server_is_asked_without_a_token(
    client: CheckedClient, fhir: FhirStub, baseline: dict[str, str]
) -> None:
    answer = client.call(hook_call(fhirServer=fhir.base))
    assert groups(answer) == baseline
    assert {asked.authorization for asked in fhir.asked} == {None}


def test_c30_a_token_for_another_patient_is_not_used(
    client: CheckedClient, fhir: FhirStub, lab_missing: Json
) -> None:
    request = hook_call(
        fhirServer=fhir.base, fhirAuthorization=authorization("child-aml"), prefetch=lab_missing
    )
    answer = client.call(request)
    assert (fhir.asked, open_parts(answer)) == ([], {"laboratory"})
    del request["prefetch"]
    assert client.call(request).status == 412
    assert fhir.asked == []


@pytest.mark.parametrize(
    "changes", [{"token_type": "bearer"}, {"expires_in": None}, {"scope": ""}, {"subject": ""}]
)
def test_c30_what_clients_leave_out_or_write_otherwise_is_borne(
    client: CheckedClient, fhir: FhirStub, baseline: dict[str, str], changes: Json
) -> None:
    answer = client.call(hook_call(fhirServer=fhir.base, fhirAuthorization=authorization(**changes)))
    assert groups(answer) == baseline


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("access_token", ""),
        ("access_token", None),
        ("access_token", "made-up\r\nX-Other: 1"),
        ("access_token", "mäde-up"),
        ("token_type", "MAC"),
        ("token_type", None),
        ("expires_in", "soon"),
    ],
)
def test_c30_a_token_that_cannot_be_presented_is_refused_with_its_place_only(
    client: CheckedClient, fhir: FhirStub, member: str, value: Any
) -> None:
    answer = client.call(hook_call(fhirServer=fhir.base, fhirAuthorization=authorization(**{member: value})))
    assert answer.status == 400
    assert answer.issue["diagnostics"].startswith(f"fhirAuthorization.{member} ")
    assert fhir.asked == []


def test_c33_nothing_is_asked_after_the_answer(
    make_client: Callable[..., CheckedClient], fhir: FhirStub
) -> None:
    fhir.delay_s = {"laboratory": 0.6}
    fhir.page_size = 1
    client = make_client(fetch_deadline_s=0.3)
    client.call(hook_call(fhirServer=fhir.base, fhirAuthorization=authorization()))
    time.sleep(0.2)  # what was on its way at the deadline may still arrive at a busy server
    asked = len(fhir.asked)
    time.sleep(0.7)
    assert len(fhir.asked) == asked


def test_c33_the_token_is_neither_kept_nor_told(client: CheckedClient, fhir: FhirStub, log: LogLines) -> None:
    fhir.answers["laboratory"] = Canned(500, TOKEN.encode(), "text/plain")
    answer = client.call(hook_call(fhirServer=fhir.base, fhirAuthorization=authorization()))
    assert TOKEN not in answer.text
    assert TOKEN not in "".join(log.lines)
    asked = len(fhir.asked)
    client.call(hook_call(fhirServer=fhir.base))
    assert {later.authorization for later in fhir.asked[asked:]} == {None}


@pytest.mark.parametrize(
    "scope", ["patient/Observation.read user/*.read", "patient/Observation.rs", "any-other thing"]
)
def test_c34_scopes_of_either_style_are_borne(
    client: CheckedClient, fhir: FhirStub, baseline: dict[str, str], scope: str
) -> None:
    answer = client.call(hook_call(fhirServer=fhir.base, fhirAuthorization=authorization(scope=scope)))
    assert groups(answer) == baseline


# ---- which server -------------------------------------------------------------------------------


ALLOWED = "https://fhir.hospital.example/r4"
NEAR_MISSES = [
    "https://fhir.hospital.example/r4b",
    "https://fhir.hospital.example/R4",
    "https://fhir.hospital.example//r4",
    "https://fhir.hospital.example./r4",
    "https://2130706433/r4",
    "https://[::ffff:127.0.0.1]/r4",
    "https://fhir.hospital.example",
    "https://fhir.hospital.example:8443/r4",
    "http://fhir.hospital.example/r4",
    "https://fhir.hospital.example.evil.example/r4",
    "https://evil.example/https://fhir.hospital.example/r4",
    "http://127.0.0.1:1/fhir",
    "http://169.254.169.254/latest",
]


@pytest.fixture
def asked_for(
    make_client: Callable[..., CheckedClient], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], list[FhirAccess]]:
    """Whom a service that may only ask `ALLOWED` asks for a request that names this server."""
    asked: list[FhirAccess] = []

    def fetch(_: FhirClient, access: FhirAccess, queries: Mapping[str, str]) -> dict[str, Fetched]:
        asked.append(access)
        return {key: Fetched(key, problem=Problem.UNREACHABLE) for key in queries}

    monkeypatch.setattr(FhirClient, "fetch", fetch)
    client = make_client(insecure=False, demo=True, fhir_servers=(ALLOWED,))

    def ask(server: str) -> list[FhirAccess]:
        answer = client.call(hook_call(fhirServer=server, fhirAuthorization=authorization()))
        assert answer.status == 412
        return asked

    return ask


@pytest.mark.parametrize("server", NEAR_MISSES)
def test_c36_a_server_that_is_not_listed_is_never_asked(
    asked_for: Callable[[str], list[FhirAccess]], server: str
) -> None:
    assert asked_for(server) == []


@pytest.mark.parametrize("server", [ALLOWED, f"{ALLOWED}/", f"{ALLOWED}/partition-a"])
def test_c36_the_listed_server_and_what_lies_below_is_asked(
    asked_for: Callable[[str], list[FhirAccess]], server: str
) -> None:
    assert asked_for(server) == [FhirAccess(server.rstrip("/"), TOKEN, "patient/*.read")]


def test_c36_a_server_that_is_not_listed_gets_no_connection(
    make_client: Callable[..., CheckedClient], make_fhir: Callable[[], FhirStub]
) -> None:
    listed, other = make_fhir(), make_fhir()
    client = make_client(insecure=False, demo=True, fhir_servers=(listed.base,))
    assert client.call(hook_call(fhirServer=other.base)).status == 412
    assert client.call(hook_call(fhirServer=listed.base)).cards
    assert (other.asked, listed.asked != []) == ([], True)


@pytest.mark.parametrize(
    "server",
    [
        "file:///etc/passwd",
        "ftp://fhir.hospital.example/r4",
        "fhir.hospital.example/r4",
        "https://user@fhir.hospital.example/r4",
        "https://fhir.hospital.example/r4?x=1",
        "https://fhir.hospital.example/r4#x",
        "https://fhir.hospital.example/a/../r4",
        "https://fhir.hospital.example\\@evil.example/r4",
        "https:///r4",
        7,
    ],
)
def test_c36_what_is_no_server_address_is_refused(client: CheckedClient, chart: Json, server: object) -> None:
    answer = client.call(hook_call(fhirServer=server, prefetch=chart))
    assert answer.status == 400
    assert answer.issue["diagnostics"].startswith("fhirServer ")


@pytest.mark.parametrize("absolute", [True, False])
def test_c36_a_next_page_elsewhere_is_not_fetched(
    client: CheckedClient,
    fhir: FhirStub,
    make_fhir: Callable[[], FhirStub],
    lab_missing: Json,
    absolute: bool,
) -> None:
    other = make_fhir()
    url = f"{other.base}/Observation?page=2" if absolute else "//evil.example/fhir/Observation"
    fhir.answers["laboratory"] = Canned(body={**SEARCHSET, "link": [{"relation": "next", "url": url}]})
    request = hook_call(fhirServer=fhir.base, fhirAuthorization=authorization(), prefetch=lab_missing)
    answer = client.call(request)
    assert other.asked == []
    assert open_parts(answer) == {"laboratory"}
    assert Problem.OFF_ORIGIN.text in detail_of(answer)


def test_c36_a_redirect_is_not_followed(
    client: CheckedClient, fhir: FhirStub, make_fhir: Callable[[], FhirStub], lab_missing: Json
) -> None:
    other = make_fhir()
    fhir.answers["laboratory"] = Canned(307, headers={"Location": f"{other.base}/Observation"})
    client.call(hook_call(fhirServer=fhir.base, fhirAuthorization=authorization(), prefetch=lab_missing))
    assert other.asked == []


# ---- pages, time and failures -------------------------------------------------------------------


def detail_of(answer: Any) -> str:
    card = incomplete(answer)
    return str(card["detail"]) if card else ""


@pytest.mark.parametrize("size", [2, 3, 10])
def test_c26_c27e_all_pages_are_fetched(
    client: CheckedClient, fhir: FhirStub, baseline: dict[str, str], chart: Json, size: int
) -> None:
    fhir.page_size = size
    answer = client.call(hook_call(fhirServer=fhir.base))
    entries = [len(chart[key].get("entry", ())) for key in SEARCHES]
    assert len(fhir.asked) == 1 + sum(max(1, -(-count // size)) for count in entries)
    assert (open_parts(answer), groups(answer)) == (set(), baseline)


def test_c27e_more_pages_than_are_read_leave_the_key_open(
    client: CheckedClient, fhir: FhirStub, lab_missing: Json
) -> None:
    fhir.page_size = 1
    answer = client.call(hook_call(fhirServer=fhir.base, prefetch=lab_missing))
    assert open_parts(answer) == {"laboratory"}
    assert Problem.TOO_MANY_PAGES.text in detail_of(answer)


def test_c27e_a_fetched_answer_smaller_than_its_total_is_not_the_whole(
    client: CheckedClient, fhir: FhirStub, lab_missing: Json
) -> None:
    fhir.answers["laboratory"] = Canned(body={**SEARCHSET, "total": 3})
    answer = client.call(hook_call(fhirServer=fhir.base, prefetch=lab_missing))
    assert open_parts(answer) == {"laboratory"}
    assert Problem.TRUNCATED.text in detail_of(answer)


def test_c17_c29_what_is_missing_is_fetched_in_parallel(
    client: CheckedClient, fhir: FhirStub, baseline: dict[str, str]
) -> None:
    fhir.delay_s = {None: 0.3}
    started = time.monotonic()
    answer = client.call(hook_call(fhirServer=fhir.base))
    assert time.monotonic() - started < 1.5  # one after the other it would be 2.7 s
    assert fhir.most_at_once >= 4
    assert groups(answer) == baseline


def test_c29_a_server_too_slow_for_one_key_costs_that_key_only(
    make_client: Callable[..., CheckedClient], fhir: FhirStub, baseline: dict[str, str]
) -> None:
    fhir.delay_s = {"medicationStatements": 5}
    started = time.monotonic()
    answer = make_client(fetch_deadline_s=1.0).call(hook_call(fhirServer=fhir.base))
    assert 0.9 < time.monotonic() - started < 2
    assert open_parts(answer) == {"medicationStatements"}
    assert Problem.TOO_SLOW.text in detail_of(answer)
    assert groups(answer)["BFM"] == baseline["BFM"]


def test_c28_a_server_too_slow_for_everything_is_a_412_in_time(
    make_client: Callable[..., CheckedClient], fhir: FhirStub
) -> None:
    fhir.delay_s = {None: 5}
    started = time.monotonic()
    assert make_client(fetch_deadline_s=0.5).call(hook_call(fhirServer=fhir.base)).status == 412
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("name", FAILURES)
def test_c29_a_failed_fetch_is_told_in_words_and_costs_nothing_else(
    client: CheckedClient, fhir: FhirStub, lab_missing: Json, name: str
) -> None:
    fhir.answers["laboratory"], problem = FAILURES[name]
    answer = client.call(hook_call(fhirServer=fhir.base, prefetch=lab_missing))
    assert open_parts(answer) == {"laboratory"}
    assert detail_of(answer).endswith(f"- {PARTS['laboratory']} not retrieved in full: {problem.text}")
    alone = client.call(hook_call(prefetch=lab_missing))
    assert groups(answer) == groups(alone) != {}


@pytest.mark.parametrize("name", FAILURES)
def test_c28_a_server_that_fails_for_everything_is_a_412(
    client: CheckedClient, fhir: FhirStub, name: str
) -> None:
    fhir.answers = dict.fromkeys(KEYS, FAILURES[name][0])
    answer = client.call(hook_call(fhirServer=fhir.base))
    assert answer.status == 412
    assert (
        set(answer.issue["diagnostics"].removeprefix("Prefetch keys without an answer: ").split(", ")) == KEYS
    )


def test_c28_a_server_that_is_down_costs_what_was_not_prefetched(
    client: CheckedClient, lab_missing: Json
) -> None:
    down = "http://127.0.0.1:9/fhir"  # the discard port: nothing listens there
    answer = client.call(hook_call(fhirServer=down, prefetch=lab_missing))
    unchecked = {k for k in SEARCHES if k in lab_missing and not lab_missing[k].get("entry")}
    assert open_parts(answer) == {"laboratory"} | unchecked  # an empty result that could not be checked
    assert Problem.UNREACHABLE.text in detail_of(answer)
    assert client.call(hook_call(fhirServer=down)).status == 412


def test_c29_a_server_that_fails_leaves_what_was_prefetched(
    client: CheckedClient, chart: Json, fhir: FhirStub, baseline: dict[str, str]
) -> None:
    fhir.answers = dict.fromkeys(KEYS, Canned(500))
    assert groups(client.call(hook_call(fhirServer=fhir.base, prefetch=chart))) == baseline


def test_c30_the_patient_of_the_call_is_the_only_one_asked_for(client: CheckedClient, fhir: FhirStub) -> None:
    client.call(hook_call(fhirServer=fhir.base))
    expected = (f"/fhir/Patient/{CHART}?", f"patient={CHART}&")
    assert [asked.path for asked in fhir.asked if not any(part in asked.path for part in expected)] == []
