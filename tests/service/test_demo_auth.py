"""The demonstration's authorization server, as any app would meet it: codes, proofs, assertions, tokens."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from pydantic import SecretStr

from service.config.store import StoreSettings
from service.demo.auth.endpoints import Choice
from service.demo.auth.models import Client, Token
from service.demo.auth.server import Registration
from service.demo.auth.setup import create_demo_auth
from service.demo.fhir_server import create_fhir_blueprint
from service.demo.store import FhirStore
from service.store.store import Store
from tests.conftest import FIXTURES, Json

ROOT = "http://127.0.0.1:8080"
FHIR = f"{ROOT}/fhir"
CALLBACK = "https://app.example/callback"
PATIENT, OTHER = "hr2020-p1-24-months", "hr2020-p1-40-months"
VERIFIER = "v" * 64
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
SCOPE = "launch openid fhirUser patient/Patient.rs patient/Condition.rs"
KEY, STRANGER = ECKey.generate_key("P-384"), ECKey.generate_key("P-384")
ID_KEY = RSAKey.generate_key(2048, auto_kid=True)
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

MakeServer = Callable[..., FlaskClient]


@pytest.fixture(scope="module")
def charts() -> FhirStore:
    return FhirStore.from_folder(FIXTURES / "patients")


@pytest.fixture
def make_server(tmp_path: Path, charts: FhirStore) -> Iterator[MakeServer]:
    url = SecretStr(f"sqlite:///{tmp_path / 'auth.db'}")
    kept = Store(StoreSettings(database_url=url, store_timeout_s=30))

    def make(access_s: int = 3600, *, public: bool = True, refreshes: bool = False) -> FlaskClient:
        jwks = None if public else {"keys": [{**KEY.as_dict(private=False), "kid": "k"}]}
        registration = Registration(FHIR, (Client("app", (CALLBACK,), jwks),), refreshes, ID_KEY)
        patients = [Choice(PATIENT, "One", ""), Choice(OTHER, "Other", "")]
        auth = create_demo_auth(registration, kept, charts, lambda: patients, access_s)
        app = Flask("auth")
        app.register_blueprint(create_fhir_blueprint(charts, auth), url_prefix="/fhir")
        return app.test_client()

    yield make
    kept.close()


@pytest.fixture
def server(make_server: MakeServer) -> FlaskClient:
    return make_server()


def launch(server: FlaskClient, patient: str = PATIENT) -> str:
    answer = server.post("/fhir/auth/launch", json={"patient": patient}, base_url=ROOT)
    assert answer.status_code == 200
    return str(answer.json["launch"])  # type: ignore[index]


def asked(server: FlaskClient, **changes: str | None) -> dict[str, str]:
    full: dict[str, str | None] = {
        "response_type": "code", "client_id": "app", "redirect_uri": CALLBACK, "scope": SCOPE, "state": "s-1",
        "aud": FHIR, "launch": launch(server), "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        "nonce": "n-1", **changes,
    }  # fmt: skip
    return {name: value for name, value in full.items() if value is not None}


def authorize(server: FlaskClient, **changes: str | None) -> Any:
    return server.get("/fhir/auth/authorize", query_string=asked(server, **changes), base_url=ROOT)


def answered(response: Any) -> dict[str, str]:
    assert response.status_code == 302, response.get_data(as_text=True)
    assert response.headers["Location"].startswith(f"{CALLBACK}?")
    return {k: v[0] for k, v in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def exchange(server: FlaskClient, code: str, **changes: str) -> Any:
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": "app",
        "code_verifier": VERIFIER, **changes,
    }  # fmt: skip
    return server.post("/fhir/auth/token", data=form, base_url=ROOT)


def tokens(server: FlaskClient, **changes: str | None) -> Json:
    answer = exchange(server, answered(authorize(server, **changes))["code"])
    assert answer.status_code == 200, answer.text
    found: Json = answer.json
    return found


def read(server: FlaskClient, path: str, token: str | None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return server.get(f"/fhir/{path}", headers=headers, base_url=ROOT)


# ---- what it says of itself


def test_the_description_has_what_smart_requires_and_its_addresses_answer(server: FlaskClient) -> None:
    answer = server.get("/fhir/.well-known/smart-configuration", base_url=ROOT)
    assert answer.mimetype == "application/json"
    said: Any = answer.json
    assert said["issuer"] == FHIR
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-ehr", "launch-standalone", "client-public", "client-confidential-asymmetric",
            "sso-openid-connect", "permission-v1", "permission-v2"} <= set(said["capabilities"])  # fmt: skip
    assert "authorization_code" in said["grant_types_supported"]
    for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "jwks_uri"):
        path = said[name].removeprefix(ROOT)
        method = "GET" if name in ("authorization_endpoint", "jwks_uri") else "POST"
        assert server.open(path, method=method, base_url=ROOT).status_code in (200, 400, 401)


def test_a_server_without_it_describes_none(charts: FhirStore) -> None:
    app = Flask("open")
    app.register_blueprint(create_fhir_blueprint(charts), url_prefix="/fhir")
    assert app.test_client().get("/fhir/.well-known/smart-configuration").status_code == 404


# ---- codes


def test_a_launch_gives_a_code_and_the_code_a_token_with_its_context(server: FlaskClient) -> None:
    answer = answered(authorize(server))
    assert answer["state"] == "s-1"
    response = exchange(server, answer["code"])
    got = response.json
    assert response.headers["Cache-Control"] == "no-store"
    assert (got["token_type"], got["expires_in"], got["patient"]) == ("Bearer", 3600, PATIENT)
    assert got["need_patient_banner"] is True
    assert set(got["scope"].split()) == set(SCOPE.split())
    assert "refresh_token" not in got


def test_the_id_token_is_for_the_app_and_its_nonce(server: FlaskClient) -> None:
    keys = KeySet.import_key_set(server.get("/fhir/auth/jwks", base_url=ROOT).json)  # type: ignore[arg-type]
    found = jwt.decode(tokens(server)["id_token"], keys, algorithms=["RS256"]).claims
    assert (found["iss"], found["aud"], found["nonce"]) == (FHIR, "app", "n-1")
    assert found["fhirUser"] == f"{FHIR}/Practitioner/demo-clinician"
    assert 0 < found["exp"] - time.time() <= 300
    assert "id_token" not in tokens(server, scope="launch patient/Patient.rs")


def test_a_code_is_good_once(server: FlaskClient) -> None:
    code = answered(authorize(server))["code"]
    assert exchange(server, code).status_code == 200
    again = exchange(server, code)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": "short"},
        {"code_verifier": ""},
        {"redirect_uri": "https://app.example/other"},
        {"client_id": "other"},
    ],
)
def test_a_wrong_proof_gets_nothing_and_spends_the_code(server: FlaskClient, changes: dict[str, str]) -> None:
    code = answered(authorize(server))["code"]
    assert exchange(server, code, **changes).status_code in (400, 401)
    if changes.get("client_id") is None:
        assert exchange(server, code).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"aud": "https://elsewhere.example"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"launch": "nobody-made-this"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"deny": "1"}, "access_denied"),
    ],
)
def test_a_bad_request_is_answered_to_the_app(
    server: FlaskClient, changes: dict[str, str | None], error: str
) -> None:
    answer = answered(authorize(server, **changes))
    assert (answer["error"], answer["state"]) == (error, "s-1")
    assert "code" not in answer


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": "https://evil.example/"}, {"redirect_uri": None}, {"client_id": "other"}]
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(
    server: FlaskClient, changes: dict[str, str | None]
) -> None:
    response = authorize(server, **changes)
    assert response.status_code in (400, 401)
    assert "Location" not in response.headers


def test_in_a_standalone_launch_the_patient_is_picked(server: FlaskClient) -> None:
    scope = "launch/patient patient/Patient.rs"
    picker = authorize(server, launch=None, scope=scope)
    assert picker.status_code == 200
    assert f"patient={OTHER}" in picker.text
    assert picker.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert tokens(server, launch=None, scope=scope, patient=OTHER)["patient"] == OTHER
    assert authorize(server, launch=None, scope=scope, patient="nobody").status_code == 200  # picks again


@pytest.mark.parametrize("body", [None, [], {}, {"patient": 5}, {"patient": "nobody"}])
def test_a_launch_is_made_for_patients_that_there_are(server: FlaskClient, body: object) -> None:
    assert server.post("/fhir/auth/launch", json=body, base_url=ROOT).status_code == 400


def test_unknown_scopes_are_left_out(server: FlaskClient) -> None:
    wanted = "launch patient/Condition.read system/*.cruds offline_access patient/Condition. patient/x.rs"
    assert tokens(server, scope=wanted)["scope"] == "launch patient/Condition.read"


# ---- client assertions


def assertion(key: ECKey = KEY, alg: str = "ES384", **changes: Any) -> str:
    now = int(time.time())
    full = {
        "iss": "app", "sub": "app", "aud": f"{FHIR}/auth/token", "iat": now, "exp": now + 240,
        "jti": str(time.perf_counter_ns()), **changes,
    }  # fmt: skip
    claims = {name: value for name, value in full.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": "k"}, claims, key, algorithms=[alg])


def with_assertion(server: FlaskClient, signed: str) -> Any:
    code = answered(authorize(server))["code"]
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
        "client_assertion_type": JWT_BEARER, "client_assertion": signed,
    }  # fmt: skip
    return server.post("/fhir/auth/token", data=form, base_url=ROOT)


def test_a_confidential_client_is_known_by_its_key(make_server: MakeServer) -> None:
    server = make_server(public=False)
    assert with_assertion(server, assertion()).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"key": STRANGER},
        {"aud": "https://elsewhere.example/token"},
        {"iss": "other"},
        {"sub": "other"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": 32_503_680_000},
        {"jti": None},
    ],
)
def test_an_assertion_that_fails_one_check_gets_nothing(
    make_server: MakeServer, changes: dict[str, Any]
) -> None:
    refused = with_assertion(make_server(public=False), assertion(**changes))
    assert (refused.status_code, refused.json["error"]) in ((400, "invalid_client"), (401, "invalid_client"))


def test_an_assertion_is_good_once(make_server: MakeServer) -> None:
    server = make_server(public=False)
    signed = assertion()
    assert with_assertion(server, signed).status_code == 200
    assert with_assertion(server, signed).json["error"] == "invalid_client"


def test_a_confidential_client_cannot_do_without_its_key(make_server: MakeServer) -> None:
    server = make_server(public=False)
    assert exchange(server, answered(authorize(server))["code"]).json["error"] == "invalid_client"


# ---- tokens at the FHIR server


def test_a_token_reads_its_patient_and_nobody_else(server: FlaskClient) -> None:
    token = tokens(server)["access_token"]
    assert read(server, f"Patient/{PATIENT}", token).status_code == 200
    assert read(server, f"Condition?patient={PATIENT}", token).json["total"] > 0
    others = read(server, f"Condition?patient={OTHER}", None).json["entry"][0]["resource"]["id"]
    for path in (
        f"Patient/{OTHER}",
        "Patient",
        f"Patient?_id={OTHER}",
        f"Condition?patient={OTHER}",
        "Condition",
        f"Condition?patient={PATIENT}&subject={OTHER}",
        f"Condition?patient={PATIENT},{OTHER}",
        f"Condition/{others}",
    ):
        assert read(server, path, token).status_code == 403, path


def test_a_token_reads_the_types_that_were_granted(server: FlaskClient) -> None:
    token = tokens(server)["access_token"]
    assert read(server, f"Observation?patient={PATIENT}", token).status_code == 403
    assert read(server, "metadata", token).status_code == 200


def test_a_token_that_is_none_is_refused_though_the_server_is_open(server: FlaskClient) -> None:
    assert read(server, f"Patient/{PATIENT}", None).status_code == 200
    response = read(server, f"Patient/{PATIENT}", "made-up")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.json["resourceType"] == "OperationOutcome"
    basic = server.get(f"/fhir/Patient/{PATIENT}", headers={"Authorization": "Basic eA=="}, base_url=ROOT)
    assert basic.status_code == 401


def test_a_search_by_post_is_held_to_the_token_as_well(server: FlaskClient) -> None:
    token = tokens(server)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    for patient, status in ((PATIENT, 200), (OTHER, 403)):
        got = server.post(
            "/fhir/Condition/_search", data={"patient": patient}, headers=headers, base_url=ROOT
        )
        assert got.status_code == status


def test_a_token_given_back_is_none(server: FlaskClient) -> None:
    token = tokens(server)["access_token"]
    form = {"token": token, "client_id": "app"}
    assert server.post("/fhir/auth/revoke", data=form, base_url=ROOT).status_code == 200
    assert read(server, f"Patient/{PATIENT}", token).status_code == 401
    assert server.post("/fhir/auth/revoke", data=form, base_url=ROOT).status_code == 200  # RFC 7009, 2.2


def test_a_token_ends(make_server: MakeServer) -> None:
    server = make_server(access_s=0)
    assert read(server, f"Patient/{PATIENT}", tokens(server)["access_token"]).status_code == 401


def test_a_refresh_token_gives_another_of_the_same_reach_once(make_server: MakeServer) -> None:
    server = make_server(refreshes=True)
    first = tokens(server)
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "client_id": "app"}
    second = server.post("/fhir/auth/token", data=form, base_url=ROOT)
    assert second.status_code == 200
    got: Any = second.json
    assert got["refresh_token"] != first["refresh_token"]
    assert read(server, f"Patient/{OTHER}", got["access_token"]).status_code == 403
    assert read(server, f"Patient/{PATIENT}", got["access_token"]).status_code == 200
    assert server.post("/fhir/auth/token", data=form, base_url=ROOT).status_code == 400


@pytest.mark.parametrize(
    ("scope", "kind", "allowed"),
    [
        ("patient/Condition.rs", "Condition", True),
        ("patient/Condition.read", "Condition", True),
        ("patient/*.read", "Condition", True),
        ("patient/*.cruds", "Condition", True),
        ("patient/Condition.*", "Condition", True),
        ("patient/Condition.c", "Condition", False),
        ("patient/Condition.r", "Condition", False),
        ("patient/Observation.rs", "Condition", False),
        ("launch openid", "Condition", False),
        ("user/Condition.rs", "Condition", False),
    ],
)
def test_a_scope_lets_its_type_be_read(scope: str, kind: str, allowed: bool) -> None:
    assert Token("t", "app", scope, PATIENT, "Practitioner/x").allows(kind) is allowed
