"""Launches of the SMART app as record systems and browsers see them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.conftest import Canned, LogLines
from tests.service.smart.conftest import MakeWorld
from tests.service.smart.world import (
    CLIENT,
    NAME,
    OTHER_NAME,
    OTHER_PATIENT,
    PATIENT,
    Browser,
    World,
    cookies_of,
    query_of,
)

# ---- the way through


def test_an_ehr_launch_ends_at_the_patients_assessment(world: World) -> None:
    browser = Browser()
    page = world.open(browser)
    assert page.status_code == 200
    assert NAME in page.text
    assert "Practitioner/demo-clinician" in page.text
    assert urlsplit(page.url).path.startswith("/smart/app/")
    assert urlsplit(page.url).query == ""


def test_the_authorization_request_is_that_of_smart_app_launch_2(world: World) -> None:
    launch = world.ehr.launch()
    url = f"{world.base}/smart/launch?{urlencode({'iss': world.ehr.iss, 'launch': launch})}"
    there = Browser().step(url).headers["Location"]
    asked = query_of(there)
    assert there.startswith(f"{world.ehr.iss}/auth/authorize?")
    assert asked["response_type"] == "code"
    assert asked["client_id"] == CLIENT
    assert asked["redirect_uri"] == f"{world.base}/smart/callback/a"
    assert asked["aud"] == world.ehr.iss
    assert asked["launch"] == launch
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert len(asked["state"]) >= 22  # 122 bits of chance or more, SMART App Launch 2
    assert asked["nonce"]
    scopes = asked["scope"].split()
    assert {"launch", "openid", "fhirUser", "patient/Patient.rs", "patient/Condition.rs"} <= set(scopes)
    assert not {"offline_access", "launch/patient"} & set(scopes)


def test_a_standalone_launch_lets_the_user_choose_the_ehr_and_there_the_patient(world: World) -> None:
    browser = Browser()
    choice = browser.go(f"{world.base}/smart/")
    assert f'href="{world.base}/smart/start/a"' in choice.text
    there = browser.step(f"{world.base}/smart/start/a").headers["Location"]
    asked = query_of(there)
    assert "launch" not in asked
    assert "launch/patient" in asked["scope"].split()
    picker = browser.go(there)
    assert "Which patient" in picker.text
    page = browser.go(f"{there}&patient={OTHER_PATIENT}")
    assert page.status_code == 200
    assert OTHER_NAME in page.text


def test_the_record_is_read_with_the_token_and_only_of_its_patient(world: World) -> None:
    world.open(Browser())
    assert world.ehr.bearers
    assert all(bearer and bearer.startswith("Bearer ") for bearer in world.ehr.bearers)
    of_patient = [
        path for path in world.ehr.asked if path.startswith(("/fhir/Condition", "/fhir/Observation"))
    ]
    assert of_patient
    assert all(f"patient={PATIENT}" in path for path in of_patient)


def test_a_confidential_client_signs_each_request_anew(world: World) -> None:
    for _ in range(2):
        world.open(Browser())
    forms = [form for path, form in world.ehr.posted if path.endswith("/token")]
    assert {form["client_assertion_type"] for form in forms} == {
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    }
    assert len({form["client_assertion"] for form in forms}) == 2
    assert not any("client_secret" in form for form in forms)


def test_a_public_client_names_itself_and_has_its_verifier(new_world: MakeWorld) -> None:
    world = new_world(auth="none")
    assert world.open(Browser()).status_code == 200
    ((_, form),) = [posted for posted in world.ehr.posted if posted[0].endswith("/token")]
    assert form["client_id"] == CLIENT
    assert len(form["code_verifier"]) >= 43
    assert "client_assertion" not in form


def test_a_server_of_the_first_version_is_found_by_its_capability_statement(new_world: MakeWorld) -> None:
    world = new_world(auth="none", issuer={"scopes": "v1"})
    uris = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
    parts = [{"url": name, "valueUri": f"{world.ehr.iss}/auth/{place}"}
             for name, place in (("authorize", "authorize"), ("token", "token"))]  # fmt: skip
    security = {"extension": [{"url": uris, "extension": parts}]}
    statement = {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "security": security}]}
    world.ehr.answers["/.well-known/smart-configuration"] = Canned(404)
    world.ehr.answers["/metadata"] = Canned(200, statement)
    browser = Browser()
    asked = query_of(browser.step(world.launch_url()).headers["Location"])
    assert "patient/Condition.read" in asked["scope"].split()
    assert "openid" not in asked["scope"].split()  # nothing there to check an id token with
    assert "nonce" not in asked
    assert world.open(Browser()).status_code == 200


def test_two_launches_side_by_side_each_keep_their_patient(world: World) -> None:
    """Two windows of one browser: reloading the first must not show the patient of the second."""
    browser = Browser()
    first = world.open(browser)
    second = world.open(browser, patient=OTHER_PATIENT)
    assert first.url != second.url
    assert NAME in browser.go(first.url).text
    assert OTHER_NAME in browser.go(second.url).text
    assert NAME not in browser.go(second.url).text


# ---- what stays where


def test_no_address_log_or_cookie_holds_a_token_or_a_patient(world: World, log: LogLines) -> None:
    browser = Browser()
    page = world.open(browser)
    tokens = {(bearer or "").removeprefix("Bearer ") for bearer in world.ehr.bearers}
    ours = [url for url in browser.visited if url.startswith(world.base)]
    cookies = [cookie.value or "" for cookie in browser.session.cookies]
    for secret in (*tokens, PATIENT):
        assert secret
        assert not any(secret in text for text in (*ours, *cookies))
        assert not any(secret in line for line in log.lines)
    assert all(token not in page.text for token in tokens)
    states = [query_of(url)["state"] for url in ours if "/callback/" in url]
    assert not any(state in line for state in states for line in log.lines)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


def test_the_database_alone_discloses_nothing(world: World, tmp_path: Path) -> None:
    browser = Browser()
    world.to_callback(browser)  # a sign-in under way
    world.open(browser)
    with sqlite3.connect(tmp_path / "service.db") as database:
        rows = database.execute("SELECT digest, sealed FROM sealed_row").fetchall()
        everything = b"".join(repr(r).encode() for t in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for r in database.execute(f"SELECT * FROM {t[0]}").fetchall())  # noqa: S608  # fmt: skip
    tokens = {(bearer or "").removeprefix("Bearer ") for bearer in world.ehr.bearers}
    handles = {urlsplit(url).path.rpartition("/")[2] for url in browser.visited if "/smart/app/" in url}
    secrets = {cookie.value or "" for cookie in browser.session.cookies}
    states = {query_of(url)["state"] for url in browser.visited if "state=" in url}
    assert len(rows) == 2
    for secret in {*tokens, *handles, *secrets, *states, PATIENT, "verifier"}:
        assert secret.encode() not in everything


def test_cookies_are_http_only_lax_and_bound_to_their_session(world: World) -> None:
    browser = Browser()
    page = world.open(browser)
    (sign_in,), (session,) = cookies_of(browser, "sign-in"), cookies_of(browser, "session")
    for cookie in (sign_in, session):
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "Lax"
    assert session.path == urlsplit(page.url).path
    assert page.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
