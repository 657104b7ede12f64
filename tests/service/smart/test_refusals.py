"""What must not work in a launch, and what the user is told."""

from __future__ import annotations

import threading
from urllib.parse import urlencode

import pytest
import requests

from service.smart.errors import Fault
from tests.conftest import Canned, LogLines
from tests.service.smart.conftest import MakeWorld
from tests.service.smart.world import (
    NAME,
    OTHER_NAME,
    OTHER_PATIENT,
    PATIENT,
    WRONG,
    Browser,
    World,
    assert_fault,
    query_of,
)

# ---- what must not work: the answer of the authorization server


def test_a_state_that_nobody_began_is_refused(world: World) -> None:
    browser = Browser()
    callback = world.to_callback(browser)
    asked = {**query_of(callback), "state": WRONG}
    assert_fault(browser.go(f"{world.base}/smart/callback/a?{urlencode(asked)}"), Fault.STATE)
    assert_fault(browser.go(f"{world.base}/smart/callback/a?code=x"), Fault.STATE)


def test_an_answer_is_taken_once(world: World) -> None:
    browser = Browser()
    callback = world.to_callback(browser)
    assert browser.go(callback).status_code == 200
    assert_fault(browser.go(callback), Fault.STATE)
    assert len([path for path, _ in world.ehr.posted if path.endswith("/token")]) == 1


def test_of_many_answers_at_once_one_is_taken(world: World) -> None:
    browser = Browser()
    callback = world.to_callback(browser)
    cookies = browser.session.cookies.get_dict()
    statuses: list[int] = []

    def answer() -> None:
        got = requests.get(callback, cookies=cookies, allow_redirects=False, timeout=20)
        statuses.append(got.status_code)

    threads = [threading.Thread(target=answer) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 400, 400, 400, 400, 400]


def test_a_sign_in_that_another_browser_began_is_refused_and_stays_good_for_that_one(world: World) -> None:
    """Else an attacker could put his own session, or another patient's, in front of a clinician."""
    attacker, victim = Browser(), Browser()
    callback = world.to_callback(attacker)
    assert_fault(victim.go(callback), Fault.STATE)
    world.to_callback(victim)  # with a sign-in of his own under way, too
    assert_fault(victim.go(callback), Fault.STATE)
    assert attacker.go(callback).status_code == 200


def test_a_code_that_was_used_is_refused_by_the_server_and_shown_as_that(world: World) -> None:
    browser = Browser()
    used = query_of(world.to_callback(browser))
    assert browser.go(f"{world.base}/smart/callback/a?{urlencode(used)}").status_code == 200
    fresh = query_of(world.to_callback(browser))
    replayed = {"state": fresh["state"], "code": used["code"]}
    assert_fault(browser.go(f"{world.base}/smart/callback/a?{urlencode(replayed)}"), Fault.REFUSED)


def test_a_code_of_another_sign_in_fails_its_proof(world: World) -> None:
    """PKCE: a code that was stolen and injected was asked for with another verifier."""
    browser = Browser()
    first, second = query_of(world.to_callback(browser)), query_of(world.to_callback(browser))
    mixed = {"state": second["state"], "code": first["code"]}
    assert_fault(browser.go(f"{world.base}/smart/callback/a?{urlencode(mixed)}"), Fault.REFUSED)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        ("access_denied", Fault.DENIED),
        ("invalid_scope", Fault.REFUSED),
        ("temporarily_unavailable", Fault.REFUSED),
        ("<script>alert(1)</script>", Fault.REFUSED),
    ],
)
def test_an_error_is_shown_in_our_words(world: World, error: str, fault: Fault) -> None:
    browser = Browser()
    state = query_of(world.to_callback(browser))["state"]
    said = {"state": state, "error": error, "error_description": "Call 555 and tell your password"}
    answer = browser.go(f"{world.base}/smart/callback/a?{urlencode(said)}")
    assert_fault(answer, fault)
    assert "password" not in answer.text
    assert "alert(1)" not in answer.text
    assert not [path for path, _ in world.ehr.posted if path.endswith("/token")]


def test_refusal_at_the_ehr_is_shown_as_that(world: World) -> None:
    browser = Browser()
    there = browser.step(f"{world.base}/smart/start/a").headers["Location"]
    assert_fault(browser.go(f"{there}&deny=1"), Fault.DENIED)


def test_a_parameter_given_twice_is_refused(world: World) -> None:
    browser = Browser()
    callback = world.to_callback(browser)
    assert_fault(browser.go(f"{callback}&state={WRONG}"), Fault.BAD_LAUNCH)
    assert_fault(browser.go(f"{world.launch_url()}&iss=https://other.example"), Fault.BAD_LAUNCH)


# ---- what must not work: between two record systems


def test_an_answer_at_the_callback_of_another_ehr_is_refused(new_world: MakeWorld) -> None:
    """RFC 9700, 4.4: the attacker's server sends the honest server's code to where his own is taken."""
    world = new_world(names="ab")
    browser = Browser()
    answer = query_of(world.to_callback(browser))
    assert_fault(browser.go(f"{world.base}/smart/callback/b?{urlencode(answer)}"), Fault.WRONG_ISSUER)
    assert not world.ehrs["b"].posted or "code" not in world.ehrs["b"].posted[-1][1]
    assert not [path for path, _ in world.ehr.posted if path.endswith("/token")]


def test_an_answer_that_names_another_issuer_is_refused(new_world: MakeWorld) -> None:
    world = new_world(names="ab")
    browser = Browser()
    callback = world.to_callback(browser)
    named = f"{callback}&{urlencode({'iss': world.ehrs['b'].iss})}"
    assert_fault(browser.go(named), Fault.WRONG_ISSUER)
    right = f"{world.to_callback(browser)}&{urlencode({'iss': world.ehr.iss})}"
    assert browser.go(right).status_code == 200


def test_sign_ins_at_two_ehrs_at_once_do_not_mix(new_world: MakeWorld) -> None:
    world = new_world(names="ab")
    browser = Browser()
    at_a = world.to_callback(browser)
    at_b = world.to_callback(browser, ehr=world.ehrs["b"], patient=OTHER_PATIENT)
    assert NAME in browser.go(at_a).text
    assert OTHER_NAME in browser.go(at_b).text


@pytest.mark.parametrize(
    "iss",
    [
        "https://elsewhere.example/fhir",
        "http://127.0.0.1:1/fhir",
        "javascript:alert(1)",
        "{iss}.elsewhere.example",
        "{iss}/../other",
        "{iss}?x=1",
        "http://user@127.0.0.1/fhir",
        "{iss}%2f..",
        "//elsewhere.example",
    ],
)
def test_an_issuer_that_is_not_listed_is_neither_called_nor_shown(world: World, iss: str) -> None:
    given = iss.replace("{iss}", world.ehr.iss)
    answer = Browser().go(f"{world.base}/smart/launch?{urlencode({'iss': given, 'launch': 'x'})}")
    assert_fault(answer, Fault.NOT_LISTED)
    assert "elsewhere" not in answer.text
    assert world.ehr.asked == []


def test_the_same_server_may_be_written_in_other_ways(world: World) -> None:
    launch = world.ehr.launch()
    said = {"iss": f"{world.ehr.iss}/", "launch": launch}
    assert Browser().step(f"{world.base}/smart/launch?{urlencode(said)}").status_code == 303


@pytest.mark.parametrize("query", ["", "launch=x", "iss="])
def test_a_launch_without_a_record_system_says_so(world: World, query: str) -> None:
    assert_fault(Browser().go(f"{world.base}/smart/launch?{query}"), Fault.BAD_LAUNCH)


# ---- what must not work: the token endpoint


@pytest.mark.parametrize(
    ("canned", "fault"),
    [
        (Canned(400, {"error": "invalid_grant", "error_description": "secret"}), Fault.REFUSED),
        (Canned(401, {"error": "invalid_client"}), Fault.REFUSED),
        (Canned(400, {"message": "no"}), Fault.TOKEN),
        (Canned(500, {"error": "server_error"}), Fault.TOKEN),
        (Canned(502, b"<html>Bad gateway</html>", "text/html"), Fault.TOKEN),
        (Canned(200, b"<html>Maintenance</html>", "text/html"), Fault.TOKEN),
        (Canned(200, b"", "application/json"), Fault.TOKEN),
        (Canned(200, [1], "application/json"), Fault.TOKEN),
        (Canned(200, {}), Fault.TOKEN),
        (Canned(200, {"access_token": "t", "token_type": "mac", "patient": PATIENT}), Fault.TOKEN),
        (Canned(200, {"access_token": 5, "token_type": "Bearer", "patient": PATIENT}), Fault.TOKEN),
        (Canned(200, {"access_token": "a\nb", "token_type": "Bearer", "patient": PATIENT}), Fault.TOKEN),
        (Canned(302, b"", headers={"Location": "https://elsewhere.example/"}), Fault.TOKEN),
        (Canned(200, b"{" + b" " * 1_000_000 + b"}"), Fault.TOKEN),
        (Canned(200, {"access_token": "t", "token_type": "Bearer", "scope": ""}), Fault.NO_PATIENT),
        (Canned(200, {"access_token": "t", "token_type": "Bearer", "patient": "a/b?c"}), Fault.NO_PATIENT),
    ],
)
def test_what_the_token_endpoint_may_say_instead(
    new_world: MakeWorld, log: LogLines, canned: Canned, fault: Fault
) -> None:
    world = new_world(issuer={"openid": False})
    browser = Browser()
    callback = world.to_callback(browser)
    world.ehr.answers["/auth/token"] = canned
    answer = browser.go(callback)
    assert_fault(answer, fault)
    code = query_of(callback)["code"]
    assert not [line for line in log.lines if code in line or "secret" in line]
    assert "secret" not in answer.text


def test_a_token_endpoint_that_does_not_answer_in_time_is_given_up(new_world: MakeWorld) -> None:
    world = new_world(smart_deadline_s=0.3)
    browser = Browser()
    callback = world.to_callback(browser)
    closing = threading.Event()

    def slow() -> Canned:
        closing.wait(5)
        return Canned(500)

    world.ehr.answers["/auth/token"] = slow
    assert_fault(browser.go(callback), Fault.TOKEN)
    closing.set()


# ---- what must not work: discovery


@pytest.mark.parametrize(
    "canned",
    [
        Canned(500),
        Canned(200, b"<html></html>", "text/html"),
        Canned(200, {}),
        Canned(200, {"authorization_endpoint": "{iss}/auth/authorize"}),
        Canned(200, {"authorization_endpoint": "https://elsewhere.example/a", "token_endpoint": "{iss}/t"}),
        Canned(200, {"authorization_endpoint": "{iss}/a", "token_endpoint": "https://169.254.169.254/t"}),
        Canned(200, {"authorization_endpoint": "javascript:alert(1)", "token_endpoint": "{iss}/t"}),
        Canned(302, b"", headers={"Location": "https://elsewhere.example/"}),
    ],
)
def test_a_description_that_is_no_good_ends_the_launch(world: World, canned: Canned) -> None:
    body = canned.body
    if isinstance(body, dict):
        body = {name: str(value).replace("{iss}", world.ehr.iss) for name, value in body.items()}
    world.ehr.answers["/.well-known/smart-configuration"] = Canned(
        canned.status, body, canned.content_type, canned.headers
    )
    world.ehr.answers["/metadata"] = Canned(404)
    assert_fault(Browser().go(world.launch_url()), Fault.DISCOVERY)
