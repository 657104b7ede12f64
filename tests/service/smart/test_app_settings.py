"""The SMART app behind https, in frames, below a path, and without an issuer; the link on the cards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Response
from flask.testing import FlaskClient
from joserfc.jwk import ECKey
from pydantic import SecretStr

from service.app import create_app
from service.config import ConfigError, Settings
from service.config.show import rows
from service.config.smart import SmartIssuer
from service.smart.http import Answer, Caller
from service.smart.page import AppPage
from tests.conftest import DAY, Json, validate
from tests.service.smart.world import query_of

ISS = "https://fhir.ehr.example/r4"
HERE = "https://cds.example"
ISSUER = SmartIssuer(id="a", name="A", iss=ISS, client_id="app")
DESCRIPTION = {"authorization_endpoint": f"{ISS}/authorize", "token_endpoint": f"{ISS}/token"}
TOKEN = {"access_token": "made-up-token-1", "token_type": "Bearer", "expires_in": 600, "patient": "p1"}

MakeApp = Callable[..., FlaskClient]


@pytest.fixture
def make_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeApp:
    """A client of a service at an https address; its record system answers from here."""
    monkeypatch.setattr(Caller, "get", lambda *_: Answer(200, DESCRIPTION))
    monkeypatch.setattr(Caller, "post", lambda *_: Answer(200, TOKEN))
    monkeypatch.setattr(AppPage, "of", lambda *_: Response("the page"))

    def make(base: str = HERE, **settings: Any) -> FlaskClient:
        chosen = {"smart_issuers": (ISSUER,), **settings}
        database = SecretStr(f"sqlite:///{tmp_path / 'app.db'}")
        app = create_app(
            Settings(insecure=True, public_base_url=base, database_url=database, **chosen),
            today=lambda _: DAY,
        )
        return app.test_client()

    return make


def sign_in(client: FlaskClient, base: str = HERE) -> tuple[str, str]:
    """The two Set-Cookie headers: of the launch, and of the callback."""
    here = {"base_url": base}
    begun = client.get("/smart/launch", query_string={"iss": ISS, "launch": "l-1"}, **here)
    state = query_of(begun.headers["Location"])["state"]
    done = client.get("/smart/callback/a", query_string={"state": state, "code": "c-1"}, **here)
    assert done.status_code == 303
    return begun.headers["Set-Cookie"], done.headers["Set-Cookie"]


def parts(cookie: str) -> set[str]:
    return {part.strip() for part in cookie.split(";")[1:]}


def test_behind_https_cookies_are_secure_and_cannot_be_planted(make_app: MakeApp) -> None:
    browser, session = sign_in(make_app())
    assert browser.startswith("__Host-")  # browsers take it from this host alone, and for all its paths
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= parts(browser)
    assert not [part for part in parts(browser) if part.startswith("Domain")]
    assert session.startswith("__Secure-")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Max-Age=1800"} <= parts(session)
    assert "Partitioned" not in parts(browser) | parts(session)


def test_in_frames_cookies_are_for_this_frame_only_and_others_cannot_frame_the_app(
    make_app: MakeApp,
) -> None:
    client = make_app(smart_frame_ancestors=("https://ehr.example", "https://portal.example:8443"))
    for cookie in sign_in(client):
        assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned"} <= parts(cookie)
    policy = client.get("/smart/", base_url=HERE).headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://ehr.example https://portal.example:8443")


def test_a_service_below_a_path_keeps_its_cookies_and_addresses_there(make_app: MakeApp) -> None:
    base = f"{HERE}/relapse"
    client = make_app(base)
    begun = client.get("/smart/launch", query_string={"iss": ISS, "launch": "l-1"}, base_url=HERE)
    asked = query_of(begun.headers["Location"])
    assert asked["redirect_uri"] == f"{base}/smart/callback/a"
    done = client.get("/smart/callback/a", query_string={"state": asked["state"], "code": "c"}, base_url=HERE)
    place = urlsplit(done.headers["Location"]).path
    assert place.startswith("/relapse/smart/app/")
    assert f"Path={place}" in parts(done.headers["Set-Cookie"])


def test_every_answer_of_the_app_has_its_security_headers(make_app: MakeApp) -> None:
    client = make_app()
    for path in ("/smart/", "/smart/launch", "/smart/app", "/smart/callback/a", "/smart/static/smart.css"):
        headers = client.get(path, base_url=HERE).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Strict-Transport-Security"]
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert policy.count("frame-ancestors 'none'") == 1
        assert "unsafe" not in policy


def test_our_public_keys_may_be_kept_for_a_while_and_hold_no_private_part(
    make_app: MakeApp, tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(ECKey.generate_key("P-384").as_pem(private=True))
    answer = make_app(smart_keys=(key,)).get("/smart/jwks.json", base_url=HERE)
    assert answer.mimetype == "application/json"
    assert "max-age" in answer.headers["Cache-Control"]
    ((published,),) = (answer.json["keys"],)  # type: ignore[index]
    assert set(published) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_the_app_is_limited_like_the_services_and_says_so_in_words(make_app: MakeApp) -> None:
    client = make_app(rate_limit="2/minute")
    answers = [client.get("/smart/", base_url=HERE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].mimetype == "text/html"
    assert answers[2].headers["Retry-After"]


# ---- settings that do not allow a start


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"smart_issuers": (ISSUER.model_copy(update={"auth": "private_key_jwt"}),)}, "smart_keys"),
        ({"smart_keys": (Path("/nowhere/key.pem"),)}, "cannot be read"),
    ],
)
def test_an_app_that_could_not_sign_in_is_not_started(
    make_app: MakeApp, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        make_app(**changes)


def test_frames_need_https(make_app: MakeApp) -> None:
    with pytest.raises(ConfigError, match="https"):
        make_app("http://127.0.0.1:8080", smart_frame_ancestors=("https://ehr.example",))


def test_issuers_are_read_from_a_toml_file_and_shown_without_their_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        'smart_keys = ["a.pem", "b.pem"]\n[[smart_issuers]]\nid = "main"\nname = "EHR"\n'
        f'iss = "{ISS}/"\nclient_id = "app"\nauth = "client_secret_basic"\nclient_secret = "made-up-9"\n'
    )
    monkeypatch.setenv("RELAPSE_CDS_CONFIG", str(file))
    settings = Settings()
    (issuer,) = settings.smart_issuers
    assert (issuer.id, issuer.iss) == ("main", ISS)
    assert settings.smart_keys == (Path("a.pem"), Path("b.pem"))
    assert not [row for row in rows(settings) if "made-up-9" in row.text]


def test_issuers_are_read_from_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = {"id": "main", "name": "EHR", "iss": ISS, "client_id": "app"}
    monkeypatch.setenv("RELAPSE_CDS_SMART_ISSUERS", json.dumps([issuer]))
    monkeypatch.setenv("RELAPSE_CDS_SMART_KEYS", "a.pem, b.pem")
    settings = Settings()
    assert [found.id for found in settings.smart_issuers] == ["main"]
    assert settings.smart_keys == (Path("a.pem"), Path("b.pem"))


# ---- the link on the cards


def test_every_card_links_to_the_launch_address_where_there_is_an_app(
    make_app: MakeApp, load_request: Callable[..., Json]
) -> None:
    """CDS Hooks 2.0.1, Link: the EHR adds `iss` and `launch`; `type` smart, `url` as registered."""
    call = load_request("client-2.0-full-prefetch")
    for issuers, kinds in (({}, ["smart", "absolute"]), ({"smart_issuers": ()}, ["absolute"])):
        answer = make_app(**issuers).post("/cds-services/relapsed-all", json=call, base_url=HERE)
        cards = answer.json["cards"]  # type: ignore[index]
        assert cards
        for card in cards:
            assert [link["type"] for link in card["links"]] == kinds
            if kinds[0] == "smart":
                assert card["links"][0]["url"] == f"{HERE}/smart/launch"
        validate("response", answer.json)


def test_without_an_issuer_there_is_no_app(make_app: MakeApp) -> None:
    client = make_app(smart_issuers=())
    assert client.get("/smart/", base_url=HERE).status_code == 404
    assert client.get("/smart/jwks.json", base_url=HERE).status_code == 404
