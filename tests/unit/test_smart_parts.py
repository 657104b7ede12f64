"""The SMART app's parts: which issuer is meant, forms of scopes, keys, sealed rows, token answers, banner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey
from pydantic import ValidationError

from service.config import ConfigError
from service.config.smart import SmartIssuer
from service.smart.errors import Fault, SmartError
from service.smart.issuers import Issuers, listed
from service.smart.keys import load_keys
from service.smart.oauth import read_tokens
from service.smart.patient_name import name_of
from service.smart.scopes import version_of, wanted
from service.smart.sealing import form_token, fresh, is_form_token, seal, unseal, usable

NOW = 1_800_000_000.0


def issuer(**changes: Any) -> SmartIssuer:
    given = {"id": "a", "name": "A", "iss": "https://fhir.ehr.example/r4", "client_id": "app", **changes}
    return SmartIssuer(**given)


# ---- issuers


@pytest.mark.parametrize(
    "said",
    [
        "https://fhir.ehr.example/r4",
        "https://fhir.ehr.example/r4/",
        "https://FHIR.EHR.example/r4",
        "https://fhir.ehr.example:443/r4",
        "HTTPS://fhir.ehr.example/r4",
    ],
)
def test_the_same_place_is_known_however_it_is_written(said: str) -> None:
    assert Issuers((issuer(),)).at(said) == issuer()


@pytest.mark.parametrize(
    "said",
    [
        "http://fhir.ehr.example/r4",
        "https://fhir.ehr.example:8443/r4",
        "https://fhir.ehr.example/r4b",
        "https://fhir.ehr.example/R4",
        "https://fhir.ehr.example/r4/x",
        "https://fhir.ehr.example/",
        "https://fhir.ehr.example.evil.example/r4",
        "https://fhir.ehr.example@evil.example/r4",
        "https://user@fhir.ehr.example/r4",
        "https://fhir.ehr.example/x/../r4",
        "https://fhir.ehr.example/x/%2e%2e/r4",
        "https://fhir.ehr.example/r4?x=1",
        "https://fhir.ehr.example/r4#x",
        "https://fhir.ehr.example\\@evil.example/r4",
        "https://fhir.ehr.exampl\u0435/r4",
        "fhir.ehr.example/r4",
        "",
    ],
)
def test_another_place_is_not(said: str) -> None:
    assert Issuers((issuer(),)).at(said) is None


@pytest.mark.parametrize(
    "second",
    [
        {"id": "a", "iss": "https://b.example"},
        {"id": "b"},
        {"id": "b", "iss": "https://FHIR.ehr.example/r4/"},
    ],
)
def test_an_issuer_that_could_be_either_of_two_is_no_setting(second: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="twice"):
        listed([issuer(), issuer(**second)], plain_http=False)


def test_an_issuer_without_tls_is_for_tests_only() -> None:
    plain = issuer(iss="http://fhir.ehr.example")
    with pytest.raises(ConfigError, match="https"):
        listed([plain], plain_http=False)
    assert listed([plain], plain_http=True).at("http://fhir.ehr.example") == plain


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "A b"},
        {"id": "-a"},
        {"id": ""},
        {"iss": "fhir.ehr.example"},
        {"iss": "https://fhir.ehr.example?x"},
        {"client_id": "with space"},
        {"client_id": ""},
        {"auth": "password"},
        {"auth": "client_secret_basic"},
        {"client_secret": "s"},
        {"oauth_hosts": ("https://auth.example",)},
        {"oauth_hosts": ("auth.example:8443",)},
        {"unknown": "x"},
    ],
)
def test_an_issuer_that_cannot_work_is_refused_without_its_values(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        issuer(**changes)
    assert "with space" not in str(caught.value)


def test_a_client_secret_is_not_shown() -> None:
    held = issuer(auth="client_secret_basic", client_secret="made-up-secret-9")
    assert "made-up-secret-9" not in f"{held!r} {held.model_dump(mode='json')}"


# ---- scopes


@pytest.mark.parametrize(
    ("setting", "capabilities", "supported", "version"),
    [
        ("auto", ("permission-v1", "permission-v2"), (), "v2"),
        ("auto", ("permission-v1",), (), "v1"),
        ("auto", (), (), "v2"),
        ("auto", ("launch-ehr",), ("launch", "patient/*.read", "user/*.*"), "v1"),
        ("auto", ("launch-ehr",), ("launch", "patient/*.read", "patient/*.rs"), "v2"),
        ("auto", (), ("launch", "openid"), "v2"),
        ("v1", ("permission-v2",), (), "v1"),
        ("v2", ("permission-v1",), (), "v2"),
    ],
)
def test_scopes_take_the_form_that_is_set_or_that_the_server_says(
    setting: str, capabilities: tuple[str, ...], supported: tuple[str, ...], version: str
) -> None:
    assert version_of(issuer(scopes=setting), capabilities, supported) == version


def test_every_type_that_an_assessment_reads_is_asked_for_and_nothing_else() -> None:
    """Read from the prefetch templates of discovery, which say what a hook reads."""
    types = {
        "Patient", "Condition", "Observation", "DiagnosticReport", "Procedure", "MedicationRequest",
        "MedicationStatement", "MedicationAdministration", "CarePlan", "EpisodeOfCare",
    }  # fmt: skip
    v2 = set(wanted("v2", ehr_launch=True, user=True).split())
    assert v2 == {"launch", "openid", "fhirUser"} | {f"patient/{kind}.rs" for kind in types}
    v1 = set(wanted("v1", ehr_launch=False, user=False).split())
    assert v1 == {"launch/patient"} | {f"patient/{kind}.read" for kind in types}


# ---- keys


def pem(key: Any, private: bool = True) -> bytes:
    found: bytes = key.as_pem(private=private)
    return found


def test_keys_are_published_by_their_public_half_under_a_lasting_name(tmp_path: Path) -> None:
    paths = []
    for number, key in enumerate((ECKey.generate_key("P-384"), RSAKey.generate_key(2048))):
        paths.append(tmp_path / f"{number}.pem")
        paths[-1].write_bytes(pem(key))
    keys = load_keys(paths).public()["keys"]
    assert [(key["kty"], key["alg"], key["use"]) for key in keys] == [
        ("EC", "ES384", "sig"),
        ("RSA", "RS384", "sig"),
    ]
    assert not any({"d", "p", "q", "dp", "dq", "qi"} & set(key) for key in keys)
    assert keys == load_keys(paths).public()["keys"]
    assert len({key["kid"] for key in keys}) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pem(ECKey.generate_key("P-256")), "P-384"),
        (pem(ECKey.generate_key("P-384"), private=False), "private"),
        (b"no key", "no PEM"),
        (b"", "no PEM"),
        (bytes(range(256)), "no PEM"),
    ],
    ids=["other-curve", "public", "text", "empty", "binary"],
)
def test_a_file_that_holds_no_usable_key_is_named_and_not_quoted(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        load_keys([path])
    assert "file 1" in str(caught.value)


def test_a_missing_key_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_keys([tmp_path / "none.pem"])


# ---- sealed rows


def test_a_row_opens_with_its_own_secret_and_name_only() -> None:
    secret, sealed = fresh(), b""
    sealed = seal(secret, "session one", b"content")
    assert unseal(secret, "session one", sealed) == b"content"
    assert unseal(fresh(), "session one", sealed) is None
    assert unseal(secret, "session two", sealed) is None
    for changed in (sealed[:-1], sealed[:5], b"", sealed[:-1] + bytes([sealed[-1] ^ 1])):
        assert unseal(secret, "session one", changed) is None
    assert b"content" not in sealed
    assert seal(secret, "session one", b"content") != sealed  # a nonce of its own each time


def test_a_form_belongs_to_one_session() -> None:
    secret = fresh()
    token = form_token(secret, "one")
    assert is_form_token(secret, "one", token)
    for other in (form_token(secret, "two"), form_token(fresh(), "one"), "", token[:-1], "\u00e9"):
        assert not is_form_token(secret, "one", other)


@pytest.mark.parametrize("text", [None, "", "short", "x" * 65, "x" * 30 + "/", "x" * 30 + "\n"])
def test_what_cannot_be_one_of_our_secrets_is_not_looked_up(text: str | None) -> None:
    assert usable(text) is None
    assert usable(fresh()) is not None


# ---- token answers

TOKEN = {"access_token": "t-1", "token_type": "Bearer", "expires_in": 600, "patient": "p1"}


def test_a_token_answer_is_read() -> None:
    found = read_tokens({**TOKEN, "encounter": "e1", "refresh_token": "r", "scope": "launch"}, NOW)
    assert (found.access, found.expires_at, found.refresh) == ("t-1", NOW + 600, "r")
    assert (found.patient, found.encounter, found.scope) == ("p1", "e1", "launch")
    assert "t-1" not in repr(found)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(600, 600), ("600", 600), (0, 0), (1.5, 1.5), (None, 300), (-5, 300), ("soon", 300), (True, 300)],
)
def test_a_life_that_is_not_said_is_taken_for_short(given: object, seconds: float) -> None:
    assert read_tokens({**TOKEN, "expires_in": given}, NOW).expires_at == NOW + seconds


@pytest.mark.parametrize(("given", "needed"), [(True, True), (None, True), ("false", True), (False, False)])
def test_a_banner_is_needed_unless_the_ehr_says_that_it_shows_one(given: object, needed: bool) -> None:
    assert read_tokens({**TOKEN, "need_patient_banner": given}, NOW).need_patient_banner is needed


@pytest.mark.parametrize("kind", ["bearer", "BEARER"])
def test_the_kind_of_token_is_read_in_any_case(kind: str) -> None:
    assert read_tokens({**TOKEN, "token_type": kind}, NOW).access == "t-1"


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": ""},
        {"access_token": "a b"},
        {"access_token": None},
        {"token_type": None},
        {"token_type": "mac"},
    ],
)
def test_what_is_no_bearer_token_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SmartError) as caught:
        read_tokens({**TOKEN, **change}, NOW)
    assert caught.value.fault is Fault.TOKEN


@pytest.mark.parametrize("patient", [None, "", 7, "a/b", "p1?x", "x" * 65, ["p1"]])
def test_a_patient_that_is_no_id_counts_as_none(patient: object) -> None:
    assert read_tokens({**TOKEN, "patient": patient}, NOW).patient is None


# ---- name

PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "2012-08-20", "gender": "female"}


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([{"text": "Testgirl One"}], "Testgirl One"),
        ([{"given": ["Test", "G."], "family": "One"}], "Test G. One"),
        ([{"use": "old", "text": "Before"}, {"text": "Now"}], "Now"),
        ([{"text": "Nick"}, {"use": "official", "text": "Official"}], "Official"),
        ([{"use": "maiden", "text": "Before"}], ""),
        (None, ""),
        ("One", ""),
        ([None, {"given": "One", "family": 3}], ""),
    ],
)
def test_the_head_of_the_page_has_the_name_in_use(names: object, shown: str) -> None:
    found = name_of([{"resourceType": "Condition", "id": "p1"}, {**PATIENT, "name": names}], "p1")
    assert found == (shown or None)


def test_another_patients_name_is_never_shown() -> None:
    assert name_of([{**PATIENT, "id": "p2", "name": [{"text": "Somebody Else"}]}], "p1") is None
