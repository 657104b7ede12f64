"""Sessions of the SMART app: opened by their own browser, ended for good, never mixed."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import requests
from requests.cookies import create_cookie

from service.app import STORE
from service.smart.errors import Fault
from service.store.audit import AuditStore, Wanted
from service.store.store import Store
from tests.conftest import Canned
from tests.service.smart.conftest import MakeWorld
from tests.service.smart.world import (
    OTHER_NAME,
    OTHER_PATIENT,
    PATIENT,
    WRONG,
    Browser,
    World,
    assert_fault,
    cookies_of,
    form_of,
    heading,
)

# ---- sessions


def test_the_key_of_a_session_is_made_after_the_sign_in(world: World) -> None:
    """Session fixation: what an attacker planted before is not what opens the session afterwards."""
    browser = Browser()
    planted = create_cookie("relapse-cds-session", WRONG, domain="127.0.0.1", path="/")  # type: ignore[no-untyped-call]
    browser.session.cookies.set_cookie(planted)
    page = world.open(browser)
    assert page.status_code == 200
    attacker = Browser()
    attacker.session.cookies.set_cookie(planted)
    assert_fault(attacker.go(page.url), Fault.ENDED)


def test_a_session_opens_with_its_own_key_only(world: World) -> None:
    mine, other = Browser(), Browser()
    page = world.open(mine)
    assert_fault(other.go(page.url), Fault.ENDED)
    second = world.open(other, patient=OTHER_PATIENT)
    (key,) = cookies_of(other, "session")
    forged = {"relapse-cds-session": key.value or ""}
    got = requests.get(page.url, cookies=forged, timeout=20)
    assert_fault(got, Fault.ENDED)
    assert OTHER_NAME in other.go(second.url).text
    assert_fault(mine.go(f"{world.base}/smart/app/{WRONG}"), Fault.ENDED)
    assert_fault(mine.go(f"{world.base}/smart/app"), Fault.ENDED)


def test_signing_out_gives_the_token_back_and_ends_the_session(world: World) -> None:
    browser = Browser()
    page = world.open(browser)
    ended = browser.session.post(f"{page.url}/end", data={"form": form_of(page)}, timeout=20)
    assert (ended.status_code, heading(ended)) == (200, "Signed out")
    assert cookies_of(browser, "session") == []
    ((_, revoked),) = [posted for posted in world.ehr.posted if posted[0].endswith("/revoke")]
    token = (world.ehr.bearers[0] or "").removeprefix("Bearer ")
    assert (revoked["token"], revoked["token_type_hint"]) == (token, "access_token")
    direct = requests.get(
        f"{world.ehr.iss}/Patient/{PATIENT}", headers={"Authorization": f"Bearer {token}"}, timeout=20
    )
    assert direct.status_code == 401
    assert_fault(browser.go(page.url), Fault.ENDED)


def test_after_signing_out_the_old_cookie_opens_nothing(world: World) -> None:
    browser = Browser()
    page = world.open(browser)
    (key,) = cookies_of(browser, "session")
    browser.session.post(f"{page.url}/end", data={"form": form_of(page)}, timeout=20)
    got = requests.get(page.url, cookies={key.name: key.value or ""}, timeout=20)
    assert_fault(got, Fault.ENDED)


def test_signing_out_works_though_the_ehr_takes_no_token_back(world: World) -> None:
    browser = Browser()
    page = world.open(browser)
    world.ehr.answers["/auth/revoke"] = Canned(500)
    ended = browser.session.post(f"{page.url}/end", data={"form": form_of(page)}, timeout=20)
    assert heading(ended) == "Signed out"
    assert_fault(browser.go(page.url), Fault.ENDED)


def test_another_sites_form_cannot_end_a_session(world: World) -> None:
    browser = Browser()
    page = world.open(browser)
    for data in ({}, {"form": ""}, {"form": "0" * 64}):
        assert_fault(browser.session.post(f"{page.url}/end", data=data, timeout=20), Fault.FORM)
    assert browser.session.get(f"{page.url}/end", timeout=20).status_code == 405
    assert browser.go(page.url).status_code == 200


def test_a_token_that_runs_out_ends_the_session(new_world: MakeWorld) -> None:
    world = new_world(issuer={"openid": False})
    token = {"access_token": "t", "token_type": "Bearer", "expires_in": 0, "patient": PATIENT}
    world.ehr.answers["/auth/token"] = Canned(200, token)
    assert_fault(world.open(Browser()), Fault.ENDED)
    assert world.ehr.bearers == []  # it is not even tried


def test_a_token_that_is_shorter_lived_than_its_server_said_has_run_out(new_world: MakeWorld) -> None:
    world = new_world(access_s=0)
    assert_fault(world.open(Browser()), Fault.EXPIRED)


def test_a_token_that_the_ehr_no_longer_accepts_is_said_to_have_run_out(world: World) -> None:
    browser = Browser()
    page = world.open(browser)
    world.ehr.answers["/Condition"] = Canned(401)
    assert_fault(browser.go(page.url), Fault.EXPIRED)


def test_a_record_that_cannot_be_read_is_not_taken_for_an_empty_one(world: World) -> None:
    browser = Browser()
    page = world.open(browser)
    world.ehr.answers["/Condition"] = Canned(500)
    assert_fault(browser.go(page.url), Fault.INCOMPLETE)


def test_a_refresh_token_is_used_before_the_token_runs_out(new_world: MakeWorld) -> None:
    world = new_world(access_s=30, refreshes=True)  # within the minute in which it is renewed
    browser = Browser()
    page = world.open(browser)
    assert page.status_code == 200
    assert browser.go(page.url).status_code == 200
    grants = [form.get("grant_type") for path, form in world.ehr.posted if path.endswith("/token")]
    assert grants == ["authorization_code", "refresh_token", "refresh_token"]
    assert len(set(world.ehr.bearers)) == 2
    used = [form["refresh_token"] for _, form in world.ehr.posted if "refresh_token" in form]
    assert len(set(used)) == 2  # they rotate


def test_a_refresh_that_is_refused_ends_when_the_token_does(new_world: MakeWorld) -> None:
    world = new_world(access_s=30, refreshes=True)
    browser = Browser()
    callback = world.to_callback(browser)
    app_page = browser.step(callback).headers["Location"]
    world.ehr.answers["/auth/token"] = Canned(400, {"error": "invalid_grant"})
    assert browser.go(app_page).status_code == 200  # the old token still has its seconds


def test_many_requests_at_once_use_a_refresh_token_without_losing_the_session(new_world: MakeWorld) -> None:
    world = new_world(access_s=30, refreshes=True)
    browser = Browser()
    app_page = browser.step(world.to_callback(browser)).headers["Location"]
    (key,) = cookies_of(browser, "session")
    statuses: list[int] = []

    def read() -> None:
        statuses.append(requests.get(app_page, cookies={key.name: key.value or ""}, timeout=20).status_code)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 4
    assert browser.go(app_page).status_code == 200


def test_a_store_that_is_down_is_said_to_be(new_world: MakeWorld, tmp_path: Path) -> None:
    world = new_world()
    launch = world.launch_url()
    (tmp_path / "service.db").unlink(missing_ok=True)
    (tmp_path / "service.db").mkdir()
    assert_fault(Browser().go(launch), Fault.STORE)


def test_each_look_at_a_record_is_audited_by_pseudonym(new_world: MakeWorld) -> None:
    world = new_world(pseudonym_key="made-up-key-for-tests-0123456789abcdef")
    browser = Browser()
    page = world.open(browser)
    world.ehr.answers["/Condition"] = Canned(500)
    browser.go(page.url)
    store: Store = world.app.extensions[STORE]
    store.close()
    first, second = AuditStore(store).read(Wanted())
    assert (first.service, first.issuer, first.status) == ("smart-app", world.ehr.iss, 200)
    assert (second.status, second.refused) == (502, "incomplete")
    assert first.patient == second.patient
    assert first.user
    assert PATIENT not in f"{first}"
    assert "demo-clinician" not in f"{first}"
    assert "/smart/app/<handle>" in first.route  # the rule, and no handle


def test_what_is_supposed_needs_the_sessions_own_form(world: World) -> None:
    browser = Browser()
    page = world.open(browser, patient=OTHER_PATIENT)
    fact = re.search(r'name="(suppose\.[^"]+)"', page.text)
    assert fact is not None
    for form in ({}, {"form": "0" * 64}):
        assert_fault(browser.session.post(page.url, data={**form, fact[1]: "x"}, timeout=20), Fault.FORM)
    refused = browser.session.post(page.url, data={"form": form_of(page), fact[1]: "no value"}, timeout=20)
    assert refused.status_code == 400
    assert "no value" not in refused.text
    asked = browser.session.post(page.url, data={"form": form_of(page)}, timeout=20)
    assert (asked.status_code, OTHER_NAME in asked.text) == (200, True)
