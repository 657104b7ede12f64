"""The command line: what it prints, what it refuses, and with which exit code."""

import json
import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli import BAD_INPUT, main

Json = dict[str, Any]
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CHART = FIXTURES / "patients" / "hr2020-p1-24-months"
SITE = str(FIXTURES / "site.toml")
ON = "2025-01-27"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own settings must not reach the tests."""
    import os

    for name in [n for n in os.environ if n.startswith("RELAPSE_CDS_")]:
        monkeypatch.delenv(name)


def run(*arguments: object, stdin: str | bytes = "", env: Mapping[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], input=stdin, env=env)


def one_line(result: Result) -> str:
    """The single line of a refusal on standard error."""
    assert result.exit_code == BAD_INPUT
    (line,) = result.stderr.splitlines()
    assert line.startswith("relapse-cds: ")
    return line


def chart() -> str:
    bundle = json.loads((CHART / "bundle.json").read_bytes())
    return json.dumps(bundle)


# ---- assess --------------------------------------------------------------------------------------


def test_assess_prints_the_cards_as_text() -> None:
    result = run("assess", CHART, "--on", ON, "--site", SITE)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Patient/hr2020-p1-24-months, assessed on 2025-01-27" in result.stdout
    for words in ("[info] First relapse, B-ALL", "BFM", "S3", "Source: "):
        assert words in result.stdout
    assert "](http" not in result.stdout
    assert "**" not in result.stdout


def test_assess_says_why_there_is_no_card() -> None:
    result = run("assess", FIXTURES / "patients" / "child-aml", "--on", "2026-06-20")
    assert result.exit_code == 0
    assert "No card: no acute lymphoblastic leukemia on record." in result.stdout


def test_json_is_one_assessment_a_line() -> None:
    result = run("assess", FIXTURES / "patients", "--json", "--on", "2026-08-31", "--site", SITE)
    assert result.exit_code == 0
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(found) == len(list(FIXTURES.glob("patients/*/bundle.json")))
    assert {a["version"] for a in found} == {1}
    assert {a["assessedOn"] for a in found} == {"2026-08-31"}


def test_the_day_decides_what_is_known() -> None:
    def number(day: str) -> int:
        (line,) = run("assess", CHART, "--json", "--on", day).stdout.splitlines()
        value = json.loads(line)["picture"]["relapseNumber"]["value"]
        assert isinstance(value, int)
        return value

    assert (number("2025-01-14"), number("2025-01-15")) == (0, 1)


def test_without_a_day_it_is_today() -> None:
    from datetime import UTC, datetime

    before = datetime.now(UTC).astimezone().date().isoformat()
    (line,) = run("assess", CHART, "--json").stdout.splitlines()
    assert before <= json.loads(line)["assessedOn"] <= datetime.now(UTC).astimezone().date().isoformat()


def test_standard_input_holds_one_bundle_a_line() -> None:
    result = run("assess", "-", "--json", "--on", ON, stdin=f"{chart()}\n\n{chart()}\n")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2


def test_local_codes_need_the_site_file() -> None:
    late = FIXTURES / "patients" / "hr2020-p1-40-months-after-block-1"

    def cog(*options: str) -> str | None:
        (line,) = run("assess", late, "--json", "--on", "2026-06-22", *options).stdout.splitlines()
        schemes = {s["id"]: s["group"] for s in json.loads(line)["schemes"]}
        group: str | None = schemes["COG-AALL1331"]
        return group

    assert cog("--site", SITE) == "low"
    assert cog() is None


# ---- assess: bad input ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not JSON"),
        ("[]", "is no FHIR Bundle"),
        ('{"resourceType": "Bundle", "entry": []}', "holds no Patient"),
    ],
)
def test_a_bad_file_is_named_with_its_reason(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(content)
    result = run("assess", file)
    assert one_line(result) == f"relapse-cds: {file}: {reason}"
    assert result.stdout == ""


def test_a_missing_file_is_named() -> None:
    assert "/nowhere/a.json: cannot be read" in one_line(run("assess", "/nowhere/a.json"))


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    assert str(tmp_path) in one_line(run("assess", tmp_path))


@pytest.mark.parametrize("first", [True, False])
def test_the_others_are_still_assessed(tmp_path: Path, first: bool) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    paths = [bad, CHART] if first else [CHART, bad]
    result = run("assess", *paths, "--json", "--on", ON)
    assert str(bad) in one_line(result)
    assert len(result.stdout.splitlines()) == 1


def test_a_bad_line_of_standard_input_is_named_by_number() -> None:
    result = run("assess", "-", "--json", "--on", ON, stdin=f"{{\n{chart()}\n")
    assert one_line(result) == "relapse-cds: standard input, line 1: is not JSON"
    assert len(result.stdout.splitlines()) == 1


def test_an_error_never_shows_the_content(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text('{"resourceType": "Patient", "name": [{"family": "Secretname"}]')
    assert "Secretname" not in run("assess", file).output


@pytest.mark.parametrize("day", ["27.1.2025", "2025-02-30", "yesterday", ""])
def test_a_day_that_is_none_is_a_usage_error(day: str) -> None:
    result = run("assess", CHART, "--on", day)
    assert result.exit_code == BAD_INPUT
    assert "YYYY-MM-DD" in result.stderr


def test_assess_without_a_path_is_a_usage_error() -> None:
    assert run("assess").exit_code == BAD_INPUT


@pytest.mark.parametrize("content", [None, "version = ", "version = 2\nname = 'x'"])
def test_a_site_file_that_cannot_be_used_stops_before_the_first_patient(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "site.toml"
    if content is not None:
        file.write_text(content)
    result = run("assess", CHART, "--site", file)
    assert str(file) in one_line(result)
    assert result.stdout == ""


# ---- rulebook -------------------------------------------------------------------------------------


def test_the_committed_rule_book_is_current() -> None:
    result = run("rulebook", "--check")
    assert (result.exit_code, result.stdout) == (0, "the rule book is current\n")


def test_a_stale_page_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_rules.rulebook.write.stale", lambda _: ["UK-R3.md"])
    result = run("rulebook", "--check")
    assert result.exit_code == 1
    assert "UK-R3.md is not current" in result.stderr


# ---- serve ----------------------------------------------------------------------------------------


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing may listen in these tests; what would have been started is noted."""
    started: list[str] = []
    monkeypatch.setattr("service.run.Server.run", lambda _: started.append("server"))
    return started


def test_serve_refuses_while_callers_cannot_be_checked(no_server: list[str]) -> None:
    line = one_line(run("serve"))
    assert "RELAPSE_CDS_INSECURE=true" in line
    assert no_server == []


def test_serve_starts_when_insecure_is_said(no_server: list[str]) -> None:
    assert run("serve", env={"RELAPSE_CDS_INSECURE": "true"}).exit_code == 0
    assert no_server == ["server"]


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "eighty"), ("FHIR_SERVERS", "ehr.example/r4"), ("FETCH_DEADLINE_S", "never")]
)
def test_serve_names_a_wrong_setting_without_its_value(no_server: list[str], name: str, value: str) -> None:
    line = one_line(run("serve", env={"RELAPSE_CDS_INSECURE": "true", f"RELAPSE_CDS_{name}": value}))
    assert f"RELAPSE_CDS_{name}" in line
    assert value not in line
    assert no_server == []


def test_serve_names_a_site_file_that_cannot_be_read(no_server: list[str]) -> None:
    line = one_line(
        run("serve", env={"RELAPSE_CDS_INSECURE": "true", "RELAPSE_CDS_SITE_MAP": "/nowhere/site.toml"})
    )
    assert "/nowhere/site.toml" in line
    assert no_server == []


# ---- help -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [[], ["assess"], ["serve"], ["demo"], ["rulebook"]])
def test_every_command_explains_itself(command: list[str]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


@pytest.mark.parametrize(
    "arguments", [["invented"], ["assess", "x", "--invented"], ["demo", "--port", "70000"]]
)
def test_what_does_not_exist_is_a_usage_error(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == BAD_INPUT


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_outside_any_life_is_refused(day: str) -> None:
    result = run("assess", str(FIXTURES / "patients" / "late-testicular"), "--on", day)
    assert result.exit_code == 2
    assert "expected a year from" in result.stderr


@pytest.mark.usefixtures("no_server")
def test_serve_leaves_no_variable_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAPSE_CDS_INSECURE", "true")
    assert run("serve").exit_code == 0
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ


def test_the_version_is_told_also_where_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("service.version.version", not_installed)
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, "relapse-cds checkout\n")
