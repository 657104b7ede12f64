"""relapse-cds keys: a pair, a token, and what is right and wrong with a token."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from tests.service.callers import ISSUER, token, unsigned

BASE = "https://cds.example"
AUD = f"{BASE}/cds-services"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELAPSE_CDS_PUBLIC_BASE_URL", BASE)
    return tmp_path


def run(*command: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["keys", *command], input=given)


def registered(folder: Path, monkeypatch: pytest.MonkeyPatch, alg: str = "ES384") -> None:
    """A tenant with a new key."""
    assert run("new", "--kid", "k", "--alg", alg).exit_code == 0
    (folder / "t.toml").write_text(
        f'version = 1\n[[tenant]]\nname = "t"\nissuers = ["{ISSUER}"]\njwks_file = "k.jwks.json"\n'
    )
    monkeypatch.setenv("RELAPSE_CDS_TENANTS", "t.toml")


def made(*more: str) -> str:
    done = run("token", "--key", "k.private.json", "--issuer", ISSUER, "--aud", AUD, *more)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize("alg", ["ES384", "RS384"])
def test_a_pair_a_token_and_its_check(folder: Path, monkeypatch: pytest.MonkeyPatch, alg: str) -> None:
    registered(folder, monkeypatch, alg)
    given = made()
    for text in (given, f"Bearer {given}"):
        done = run("check", "--aud", AUD, given=text)
        assert (done.exit_code, done.output.splitlines()[-1]) == (0, "accepted")
    assert run("check", "--aud", AUD, given=given).exit_code == 0  # nothing was used up


def test_the_private_key_is_its_owners_and_never_overwritten(folder: Path) -> None:
    assert run("new", "--kid", "k").exit_code == 0
    private = folder / "k.private.json"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    before = private.read_bytes()
    again = run("new", "--kid", "k")
    assert (again.exit_code, private.read_bytes()) == (2, before)
    (public,) = json.loads((folder / "k.jwks.json").read_text())["keys"]
    assert "d" in json.loads(before)
    assert "d" not in public


def test_a_name_of_a_key_is_no_path(folder: Path) -> None:
    assert run("new", "--kid", "../../x/y").exit_code == 0
    assert sorted(p.name for p in folder.iterdir()) == ["_.._x_y.jwks.json", "_.._x_y.private.json"]


@pytest.mark.parametrize(
    ("more", "aud", "said"),
    [
        (("--tenant", "x"), AUD, "FAIL  iss and tenant: tenant is not listed"),
        (("--jku", "https://x.example/k"), AUD, "FAIL  jku: jku is not listed"),
        (
            ("--lifetime", "7200"),
            AUD,
            "FAIL  lifetime: its lifetime is not accepted (7200 seconds; at most 3600)",
        ),
        ((), f"{AUD}/relapsed-all", f"FAIL  aud: aud is another address (aud: '{AUD}'"),
    ],
)
def test_what_is_wrong_has_its_line_and_the_rest_is_checked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], aud: str, said: str
) -> None:
    registered(folder, monkeypatch)
    done = run("check", "--aud", aud, given=made(*more))
    assert done.exit_code == 1
    assert said in done.output
    assert done.output.count("FAIL") == 1
    assert "ok    jti: given" in done.output
    assert done.output.splitlines()[-1] == "not accepted: the service answers 401"


@pytest.mark.parametrize("given", ["", "hello", "a.b.c", unsigned({"alg": "none"}, {}), token()])
def test_any_text_is_answered_in_lines(folder: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    registered(folder, monkeypatch)
    done = run("check", "--aud", AUD, given=given)
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "FAIL" in done.output


def test_an_address_that_is_not_ours_is_pointed_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registered(folder, monkeypatch)
    done = run("check", "--aud", "https://cds.example.evil.example/cds-services", given=made())
    assert "note  --aud does not begin with RELAPSE_CDS_PUBLIC_BASE_URL" in done.output


@pytest.mark.parametrize("content", [None, "{", "[]", '{"kty": "oct"}', '{"kty": "EC"}'])
def test_a_file_that_is_no_private_key_is_one_line(folder: Path, content: str | None) -> None:
    if content is not None:
        (folder / "k.private.json").write_text(content)
    done = run("token", "--key", "k.private.json", "--issuer", ISSUER, "--aud", AUD)
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1


def test_a_public_key_signs_nothing(folder: Path) -> None:
    assert run("new", "--kid", "k").exit_code == 0
    (key,) = json.loads((folder / "k.jwks.json").read_text())["keys"]
    (folder / "k.private.json").write_text(json.dumps(key))
    done = run("token", "--key", "k.private.json", "--issuer", ISSUER, "--aud", AUD)
    assert (done.exit_code, "public key only" in done.output) == (2, True)


def test_without_tenants_there_is_nothing_to_check_against(folder: Path) -> None:
    done = run("check", "--aud", AUD, given="x")
    assert done.exit_code == 2
    assert "RELAPSE_CDS_TENANTS names no file" in done.output


def test_no_key_file_looks_like_an_option_of_a_command(folder: Path) -> None:
    """A thumbprint may begin with a dash."""
    assert run("new", "--kid", "-rf").exit_code == 0
    assert {f.name for f in folder.iterdir()} == {"rf.private.json", "rf.jwks.json"}
