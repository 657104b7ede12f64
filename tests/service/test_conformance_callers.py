"""Who may call: checklist numbers 12, 53 and 58 to 65. A right token is let in, all else is one bare 401."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from service.auth.gate import REFUSAL
from service.config import ConfigError, Settings, check
from service.fhir.client import FhirAccess, FhirClient
from service.fhir.fetched import Fetched, Problem
from tests.conftest import BASE, TOKEN, CheckedClient, Json, LogLines
from tests.service import callers
from tests.service.bad_tokens import ALGORITHMS, CLAIMS, FORMS, HEADERS, SIGNATURES
from tests.service.callers import CALL, DISCOVERY, JKU, VENDOR, header, key, token
from tests.service.conftest import authorization, hook_call

NOW = int(time.time())
FEEDBACK = f"{CALL}/feedback"
FEEDBACK_PATH = "/cds-services/relapsed-all/feedback"
MATCH = "/trials/match"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tenants")


@pytest.fixture
def gated(make_client: Callable[..., CheckedClient], folder: Path, log: LogLines) -> Iterator[CheckedClient]:
    """The service as it runs in a hospital: callers are checked. No token may reach the log."""
    path = folder / "tenants.toml"
    if not path.exists():
        callers.tenants_file(folder)
    made = make_client(insecure=False, tenants=path, cors_origins=())
    yield made
    assert [line for line in log.lines if "eyJ" in line] == []


def call(client: CheckedClient, given: str | None, path: str = "/cds-services/relapsed-all") -> int:
    """The status of a hook call with this token; a refusal has the one form that all have."""
    headers = {} if given is None else {"Authorization": f"Bearer {given}"}
    answer = client.call(hook_call(prefetch={"conditions": None}), path, **headers)
    if answer.status == 401:
        assert answer.body == {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": "login", "details": {"text": REFUSAL}}],
        }
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="cds-services"'
    return answer.status


LET_IN = 412
"""These calls bring no record: whoever is let in learns that."""


# ---- let in


def test_c60_c61_a_right_token_is_let_in_at_every_address(gated: CheckedClient) -> None:
    def bearer(aud: str) -> str:
        return f"Bearer {token(aud=aud)}"

    assert call(gated, token()) == LET_IN
    assert gated.get("/cds-services", Authorization=bearer(DISCOVERY)).status == 200
    answer = gated.call(
        {"feedback": []}, "/cds-services/relapsed-all/feedback", Authorization=bearer(FEEDBACK)
    )
    assert answer.status == 200
    trial = gated.call(
        {"resourceType": "Bundle"}, "/trials/match", Authorization=bearer(f"{BASE}/trials/match")
    )
    assert trial.status == 400


@pytest.mark.parametrize("path", ["/cds-services/relapsed-all", "/cds-services/other", "/trials/match",
                                  "/getClinicalTrial", "/cds-services/relapsed-all/feedback",
                                  "/cds-services/relapsed-all-order-sign"])  # fmt: skip
def test_c53_c59_c60_without_a_token_no_address_answers(gated: CheckedClient, path: str) -> None:
    assert call(gated, None, path) == 401


def test_c12_discovery_asks_for_a_token_made_out_for_it(gated: CheckedClient) -> None:
    for given in (None, f"Bearer {token()}", f"Bearer {token(aud=f'{BASE}/cds-services/')}x"):
        headers = {} if given is None else {"Authorization": given}
        assert gated.get("/cds-services", **headers).status == 401


def test_c53_feedback_asks_for_a_token_made_out_for_it(gated: CheckedClient) -> None:
    path = "/cds-services/relapsed-all/feedback"
    assert call(gated, token(), path) == 401
    assert gated.call({"feedback": []}, path, Authorization=f"Bearer {token(aud=FEEDBACK)}").status == 200


def test_c61_aud_may_be_one_of_several(gated: CheckedClient) -> None:
    assert call(gated, token(aud=["https://other.example", CALL])) == LET_IN


def test_c61_jku_may_be_given_if_it_is_listed(gated: CheckedClient) -> None:
    assert call(gated, token(head=header(jku=JKU))) == LET_IN


def test_c60_the_scheme_is_read_in_any_case(gated: CheckedClient) -> None:
    answer = gated.call(hook_call(prefetch={"conditions": None}), Authorization=f"bearer  {token()}")
    assert answer.status == LET_IN


def test_c64_es384_and_rs384_are_accepted_by_default(gated: CheckedClient) -> None:
    assert call(gated, token(key("rsa", "RS384"))) == LET_IN
    assert Settings().token_algorithms == ("ES384", "RS384")


def test_c65_clocks_may_differ_a_little(gated: CheckedClient) -> None:
    now = int(time.time())
    assert call(gated, token(iat=now + 20, nbf=now + 20, exp=now + 200)) == LET_IN
    assert call(gated, token(iat=now - 100, exp=now - 5)) == LET_IN


def test_c65_one_issuer_may_speak_for_several_tenants(gated: CheckedClient) -> None:
    signer = key("vendor")
    for tenant in ("north", "south", "south-2"):
        assert call(gated, token(signer, iss=VENDOR, tenant=tenant, exp=int(time.time()) + 50)) == LET_IN


# ---- refused


@pytest.mark.parametrize("case", ALGORITHMS)
def test_c64_no_unsigned_no_symmetric_and_no_other_algorithm(gated: CheckedClient, case: str) -> None:
    assert call(gated, ALGORITHMS[case]()) == 401


@pytest.mark.parametrize("case", HEADERS)
def test_c62_c63_a_header_brings_neither_key_nor_address_of_its_own(gated: CheckedClient, case: str) -> None:
    assert call(gated, HEADERS[case]()) == 401


@pytest.mark.parametrize("case", CLAIMS)
def test_c61_c63_c65_a_token_says_who_for_whom_and_how_long(gated: CheckedClient, case: str) -> None:
    assert call(gated, CLAIMS[case]()) == 401


@pytest.mark.parametrize("case", [*FORMS, *SIGNATURES])
def test_c62_c65_what_no_key_of_the_tenant_signed_is_refused(gated: CheckedClient, case: str) -> None:
    assert call(gated, {**FORMS, **SIGNATURES}[case]()) == 401


@pytest.mark.parametrize(
    "header_value",
    ["", "Bearer", "Bearer ", "Basic dXNlcjpzZWNyZXQ=", "{token}", "Token {token}",
     "Bearer {token}, Bearer {token}",
     "Bearer {token} {token}", "Bearer Bearer {token}", "Bearer\t{token}"],
)  # fmt: skip
def test_c60_a_header_that_is_no_bearer_token_is_refused(gated: CheckedClient, header_value: str) -> None:
    answer = gated.call(hook_call(), Authorization=header_value.replace("{token}", token()))
    assert (answer.status, answer.issue["details"]["text"]) == (401, REFUSAL)


def test_c65_a_token_is_good_for_one_call(gated: CheckedClient) -> None:
    given = token()
    assert call(gated, given) == LET_IN
    assert call(gated, given) == 401
    assert call(gated, token(jti=claims_of(given)["jti"], iat=int(time.time()) - 1)) == 401
    assert call(gated, token()) == LET_IN


def claims_of(given: str) -> Json:
    from service.auth.token import read_token

    return dict(read_token(given).claims)


def test_c65_a_token_refused_for_another_reason_is_not_used_up(gated: CheckedClient) -> None:
    given = token()
    assert call(gated, given, "/cds-services/relapsed-all-order-sign") == 401
    assert call(gated, given) == LET_IN


def test_c65_the_same_number_of_another_tenant_is_another_token(gated: CheckedClient) -> None:
    signer, soon = key("vendor"), int(time.time()) + 50
    for tenant in ("north", "south"):
        given = token(signer, iss=VENDOR, tenant=tenant, exp=soon, jti="the-same-number")
        assert call(gated, given) == LET_IN


def test_c65_a_token_is_refused_at_every_worker(
    make_client: Callable[..., CheckedClient], folder: Path, tmp_path: Path
) -> None:
    tenants = callers.tenants_file(folder)
    store = f"sqlite:///{tmp_path / 'shared.db'}"
    one, other = (
        make_client(insecure=False, tenants=tenants, cors_origins=(), database_url=store, threads=n)
        for n in (3, 4)
    )
    assert one.app is not other.app
    given = token()
    assert call(one, given) == LET_IN
    assert call(other, given) == 401


@pytest.mark.parametrize(("when_down", "first", "again"), [("memory", LET_IN, 401), ("refuse", 503, 503)])
def test_c65_without_the_store_a_setting_says_what_holds_and_the_metrics_show_it(
    make_client: Callable[..., CheckedClient], folder: Path, when_down: str, first: int, again: int
) -> None:
    client = make_client(
        insecure=False,
        tenants=callers.tenants_file(folder),
        cors_origins=(),
        database_url="postgresql://tests:made-up@127.0.0.1:1/none",
        store_timeout_s=0.3,
        replay_without_store=when_down,
    )
    given = token()
    assert call(client, given) == first
    assert call(client, given) == again
    metrics = client.app.test_client().get("/metrics").get_data(as_text=True)
    assert "relapse_cds_replay_unchecked_total " in metrics
    assert "relapse_cds_replay_unchecked_total 0.0" not in metrics


def test_c65_the_reason_is_counted_and_logged_not_the_token(gated: CheckedClient, log: LogLines) -> None:
    secret = token(iss="https://evil.example/?name=Doe")
    assert call(gated, secret) == 401
    assert any("a caller was refused: iss is not listed" in line for line in log.lines)
    assert [line for line in log.lines if secret in line or "evil.example" in line] == []
    metrics = gated.app.test_client().get("/metrics").get_data(as_text=True)
    assert 'relapse_cds_tokens_refused_total{reason="iss is not listed"}' in metrics


def test_c66_a_preflight_needs_no_token_of_a_tenant(
    make_client: Callable[..., CheckedClient], folder: Path
) -> None:
    client = make_client(insecure=False, tenants=callers.tenants_file(folder))
    answer = client.send(
        "OPTIONS",
        "/cds-services/relapsed-all",
        headers={"Origin": "https://ehr.example", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status == 200


# ---- where a caller may send us


@pytest.fixture
def sent_to(
    make_client: Callable[..., CheckedClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[FhirAccess]]:
    """Whom the service asks when a tenant names a server and lends a token."""
    asked: list[FhirAccess] = []

    def fetch(_: FhirClient, access: FhirAccess, queries: Mapping[str, str]) -> dict[str, Fetched]:
        asked.append(access)
        return {k: Fetched(k, problem=Problem.UNREACHABLE) for k in queries}

    monkeypatch.setattr(FhirClient, "fetch", fetch)
    own = 'fhir_servers = ["https://fhir.ehr.example/r4"]\nclient_ids = ["relapse-cds"]'
    client = make_client(insecure=False, tenants=callers.tenants_file(tmp_path, own), cors_origins=())

    def call_with(given: str, server: str, **granted: Any) -> list[FhirAccess]:
        lent: Json = {"fhirServer": server, "fhirAuthorization": authorization(**granted)}
        assert client.call(hook_call(**lent), Authorization=f"Bearer {given}").status == 412
        return asked

    return call_with


OWN_SERVER = "https://fhir.ehr.example/r4"


def test_c36_a_tenant_sends_us_to_its_own_server(sent_to: Callable[..., list[FhirAccess]]) -> None:
    assert sent_to(token(), OWN_SERVER) == [FhirAccess(OWN_SERVER, TOKEN, "patient/*.read")]


def test_c36_a_tenant_sends_us_to_no_server_of_another(sent_to: Callable[..., list[FhirAccess]]) -> None:
    assert sent_to(token(key("vendor"), iss=VENDOR, tenant="south"), OWN_SERVER) == []


def test_c65_a_call_made_out_for_another_client_is_refused(
    make_client: Callable[..., CheckedClient], tmp_path: Path
) -> None:
    path = callers.tenants_file(tmp_path, 'client_ids = ["relapse-cds"]')
    client = make_client(insecure=False, tenants=path, cors_origins=())
    assert call(client, token(sub="relapse-cds")) == call(client, token()) == LET_IN
    for other in ("another-service", "", 7, ["relapse-cds"]):
        assert call(client, token(sub=other)) == 401


def test_c30_a_token_lent_to_another_client_is_not_used(sent_to: Callable[..., list[FhirAccess]]) -> None:
    assert sent_to(token(), OWN_SERVER, subject="another-service") == []
    assert sent_to(token(), OWN_SERVER, subject=None) == []


# ---- the start


def test_c59_without_tenants_it_does_not_start_and_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="RELAPSE_CDS_TENANTS"):
        check(Settings())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"insecure": True}, "leave one out"),
        ({"fhir_servers": ("https://fhir.example",)}, "FHIR_SERVERS"),
        ({"public_base_url": "http://cds.example"}, "PUBLIC_BASE_URL must be the https address"),
        ({"public_base_url": "http://127.0.0.1:8080"}, "PUBLIC_BASE_URL must be the https address"),
    ],
)
def test_c58_c59_settings_that_contradict_tenants_do_not_start(
    folder: Path, changes: Json, said: str
) -> None:
    right: Json = {"tenants": callers.tenants_file(folder), "public_base_url": BASE}
    check(Settings(**right))
    with pytest.raises(ConfigError, match=said):
        check(Settings(**{**right, **changes}))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS384", "HS512", "es384", "dir"])
def test_c64_no_setting_allows_an_unsigned_or_symmetric_token(algorithm: str) -> None:
    with pytest.raises(ValueError, match="token_algorithms"):
        Settings(token_algorithms=(algorithm,))  # type: ignore[arg-type]
