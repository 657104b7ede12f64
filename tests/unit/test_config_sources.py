"""Settings from a TOML file and a folder of secrets; `relapse-cds config` shows them, secrets masked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import BAD_INPUT, main
from service.config import ConfigError, Settings
from service.config.sources import check_names

SECRET = "made-up-secret-77"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("RELAPSE_CDS_")]:
        monkeypatch.delenv(name)


def in_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    path = tmp_path / "relapse-cds.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.setenv("RELAPSE_CDS_CONFIG", str(path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["config", *arguments])


def test_a_toml_file_sets_what_the_environment_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_file(tmp_path, monkeypatch, 'workers = 3\nport = 9000\nfhir_servers = ["https://a.example/r4/"]\n')
    monkeypatch.setenv("RELAPSE_CDS_PORT", "9001")
    settings = Settings()
    assert (settings.workers, settings.port) == (3, 9001)
    assert settings.fhir_servers == ("https://a.example/r4",)


def test_a_folder_of_secrets_wins_over_the_file_and_yields_to_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_file(tmp_path, monkeypatch, 'metrics_token = "from-file"\n')
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "metrics_token").write_text("from-secret")
    monkeypatch.setenv("RELAPSE_CDS_SECRETS_DIR", str(folder))

    def token() -> str:
        given = Settings().metrics_token
        assert given is not None
        return given.get_secret_value()

    assert token() == "from-secret"
    monkeypatch.setenv("RELAPSE_CDS_METRICS_TOKEN", "from-environment")
    assert token() == "from-environment"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("workers = ", "RELAPSE_CDS_CONFIG: the file is not TOML"),
        (b"\xff\xfe\x00", "RELAPSE_CDS_CONFIG: the file cannot be read"),
        ("wokers = 2", "RELAPSE_CDS_WOKERS"),
        ('workers = "many"', "RELAPSE_CDS_WORKERS"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, reason: str
) -> None:
    in_file(tmp_path, monkeypatch, content)
    result = run()
    assert (result.exit_code, len(result.stderr.splitlines())) == (BAD_INPUT, 1)
    assert reason in result.stderr


@pytest.mark.parametrize("variable", ["RELAPSE_CDS_CONFIG", "RELAPSE_CDS_SECRETS_DIR"])
def test_a_path_to_nothing_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "/nowhere/at-all")
    with pytest.raises(ConfigError, match=variable):
        Settings()


def test_a_misspelt_variable_is_named_with_the_one_that_was_meant() -> None:
    with pytest.raises(ConfigError, match="is RELAPSE_CDS_WORKERS meant"):
        check_names({"RELAPSE_CDS_WOKERS": "3"}, Settings.model_fields)


def test_known_variables_and_those_of_others_pass() -> None:
    names = ("RELAPSE_CDS_PORT", "relapse_cds_port", "RELAPSE_CDS_FHIR_TOKEN", "PATH")
    check_names(dict.fromkeys(names, "1"), Settings.model_fields)


def test_config_shows_every_setting_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAPSE_CDS_INSECURE", "true")
    monkeypatch.setenv("RELAPSE_CDS_METRICS_TOKEN", SECRET)
    result = run("--describe")
    assert result.exit_code == 0
    assert 'metrics_token = "********"  (set)' in result.stdout
    assert SECRET not in result.output
    for name, field in Settings.model_fields.items():
        assert f"{name} = " in result.stdout
        assert f"    {field.description}" in result.stdout


def test_config_as_json_is_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAPSE_CDS_INSECURE", "true")
    monkeypatch.setenv("RELAPSE_CDS_METRICS_TOKEN", SECRET)
    shown = json.loads(run("--json").stdout)
    assert shown.keys() == Settings.model_fields.keys()
    assert shown["metrics_token"] == "********"


def test_config_of_settings_that_do_not_allow_a_start_ends_with_2() -> None:
    result = run()
    assert result.exit_code == BAD_INPUT
    assert "workers = 2  (default)" in result.stdout
    assert result.stderr.startswith("relapse-cds: ")
