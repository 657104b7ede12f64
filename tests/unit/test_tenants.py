"""The file of tenants is read strictly: what is wrong is said in one line, before the service starts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.auth.tenants import Defaults, Tenants, load_tenants
from service.config.errors import ConfigError
from service.outgoing.client import OutgoingClient
from service.outgoing.reach import Reach
from tests.service.callers import key, public

GOOD = """
version = 1
[[tenant]]
name = "a"
issuers = ["https://ehr.example"]
jku = ["https://ehr.example/jwks"]
"""


def load(folder: Path, text: str, *, plain_http: bool = False) -> Tenants:
    path = folder / "tenants.toml"
    path.write_text(text, encoding="utf-8")
    return load_tenants(path, Defaults(("ES384", "RS384"), 3600, plain_http), OutgoingClient(Reach()))


def test_what_is_not_said_comes_from_the_settings(tmp_path: Path) -> None:
    (tenant,) = load(tmp_path, GOOD).all()
    assert (tenant.algorithms, tenant.max_lifetime_s) == (frozenset({"ES384", "RS384"}), 3600)
    assert not tenant.servers.permit("https://fhir.example")


def test_what_is_said_holds(tmp_path: Path) -> None:
    more = 'algorithms = ["RS256"]\nmax_lifetime_s = 60\nfhir_servers = ["https://fhir.example/r4"]\n'
    (tenant,) = load(tmp_path, GOOD + more).all()
    assert (tenant.algorithms, tenant.max_lifetime_s) == (frozenset({"RS256"}), 60)
    assert tenant.servers.permit("https://fhir.example/r4/x")


def test_tenants_with_keys_at_one_address_fetch_them_once(tmp_path: Path) -> None:
    other = GOOD.replace("version = 1", "").replace('"a"', '"b"') + 'tenant_ids = ["b"]\n'
    first, second = load(tmp_path, GOOD + other).all()
    assert first.sources[0] is second.sources[0]


WRONG = {
    "not TOML": ("version = ", "the file is not TOML"),
    "another version": (GOOD.replace("version = 1", "version = 2"), "version"),
    "no tenant": ("version = 1\n", "tenant"),
    "a typing error": (GOOD + 'fhir_server = ["https://fhir.example"]\n', "tenant 1 fhir_server"),
    "no keys": (GOOD.replace("jku", "issuers_").split("issuers_")[0], "jku or jwks_file"),
    "none as algorithm": (GOOD + 'algorithms = ["none"]\n', "tenant 1 algorithms 1"),
    "a shared secret": (GOOD + 'algorithms = ["HS256"]\n', "tenant 1 algorithms 1"),
    "no algorithm": (GOOD + "algorithms = []\n", "tenant 1 algorithms"),
    "a lifetime of days": (GOOD + "max_lifetime_s = 1000000\n", "tenant 1 max_lifetime_s"),
    "no issuer": (GOOD.replace('["https://ehr.example"]', "[]"), "tenant 1 issuers"),
    "jku without TLS": (GOOD.replace("https://ehr.example/jwks", "http://ehr.example/jwks"), "https"),
    "a server without TLS": (GOOD + 'fhir_servers = ["http://fhir.example"]\n', "https"),
    "a doubtful server": (GOOD + 'fhir_servers = ["https://fhir.example/../x"]\n', "fhir_servers 1"),
    "a name for a log line": (GOOD.replace('"a"', '"a\\nb"'), "tenant 1 name"),
    "a name twice": (GOOD + GOOD.replace("version = 1", ""), "the same name"),
    "an issuer twice": (
        GOOD + GOOD.replace("version = 1", "").replace('"a"', '"b"'),
        "another tenant has the same issuer",
    ),
    "a tenant claim twice": (
        GOOD + 'tenant_ids = ["x", "y"]\n' + GOOD.replace("version = 1", "").replace('"a"', '"b"')
        + 'tenant_ids = ["y"]\n',
        "another tenant has the same issuer",
    ),
    "a file of keys that is not there": (
        GOOD.replace('jku = ["https://ehr.example/jwks"]', 'jwks_file = "absent.json"'),
        "jwks_file: the file cannot be read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, case: str) -> None:
    text, said = WRONG[case]
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    line = str(refused.value)
    assert line.startswith("RELAPSE_CDS_TENANTS: ")
    assert said in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "it is no JSON"),
        ("[]", "it is no JWK Set"),
        ('{"keys": []}', "no usable key"),
        (json.dumps({"keys": [key().as_dict(private=True)]}), "holds its private part"),
    ],
)
def test_a_file_without_a_usable_key_does_not_start(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "keys.json").write_text(content)
    text = GOOD.replace('jku = ["https://ehr.example/jwks"]', 'jwks_file = "keys.json"')
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, text)
    (tmp_path / "keys.json").write_text(json.dumps(public(key())))
    assert load(tmp_path, text).all()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RELAPSE_CDS_TENANTS: the file cannot be read"):
        load_tenants(
            tmp_path / "absent.toml", Defaults(("ES384",), 60, plain_http=False), OutgoingClient(Reach())
        )


def test_addresses_without_tls_are_for_tests(tmp_path: Path) -> None:
    text = GOOD.replace("https://ehr.example/jwks", "http://ehr.example/jwks")
    assert load(tmp_path, text, plain_http=True).all()
