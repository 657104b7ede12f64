"""relapse-cds trials: list, show, match; what is printed, what is refused."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_rules import assess, assessment_to_dict
from cds_rules.trials.catalogue import TRIALS
from service.cli import BAD_INPUT, main
from tests.unit.made_up_trials import CHART, EXCLUDED, FIRST_LINE, MADE_UP, ON, use
from tests.unit.test_contract import FIXTURES, timeline

Json = dict[str, Any]
BUNDLE = FIXTURES / "patients" / CHART
SITE = FIXTURES / "site.toml"


def run(*arguments: object, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(main, ["trials", *(str(a) for a in arguments)], input=stdin)


def match(*arguments: object) -> str:
    result = run("match", BUNDLE, "--on", ON, "--site", SITE, *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch)


# ---- list and show -------------------------------------------------------------------------------


@pytest.mark.usefixtures("made_up")
def test_list_gives_every_trial_a_line_with_phase_and_dated_status() -> None:
    result = run("list")
    assert result.exit_code == 0
    assert [line.split("  ")[0] for line in result.stdout.splitlines()] == [t.id for t in MADE_UP]
    assert (
        "phase 1/2  Made-up antibody in relapse; last known status: ongoing, 2020 (HR2020), not"
        in result.stdout
    )
    assert "phase not known  Made-up group protocol; status unknown, never checked\n" in result.stdout
    assert result.stdout.count("never matched") == 1


def test_list_and_show_work_on_the_catalogue_itself() -> None:
    assert len(run("list").stdout.splitlines()) == len(TRIALS)
    for name in TRIALS:
        shown = run("show", name)
        assert (shown.exit_code, shown.stdout.startswith(f"{name}: ")) == (0, True)


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize("name", ["NCT10000001", "nct10000001", " NCT10000001 "])
def test_show_tells_all_of_one_trial(name: str) -> None:
    lines = run("show", name).stdout.splitlines()
    assert lines == [
        "NCT10000001: Made-up antibody in relapse",
        "  last known status: ongoing, 2020 (HR2020), not checked since",
        "  phase 1/2",
        "  also called: MADE-UP 1",
        "  agents: made-up antibody",
        "  targets: CD19",
        "  population: relapsed B-ALL",
        "  age: 1 to 30 years",
        "  the source says: a made-up antibody",
        "  criterion: B-lineage relapse",
        "  criterion: must not apply: earlier transplant",
        "  Source: Hunger & Raetz 2020, table 3",
    ]


@pytest.mark.usefixtures("made_up")
def test_show_marks_what_only_the_team_can_answer_and_a_first_line_trial() -> None:
    assert "fit for the trial (ask the trial team)" in run("show", "NCT10000002").stdout
    assert "no trial for relapse: listed, never matched" in run("show", FIRST_LINE.id).stdout


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize("name", ["NCT99999999", "NCT1000000", "", "no such\ntrial", "../../x"])
def test_show_refuses_an_unknown_id_in_one_line(name: str) -> None:
    result = run("show", name)
    assert (result.exit_code, result.stdout) == (BAD_INPUT, "")
    assert result.stderr == (
        "relapse-cds: no trial of this id in the catalogue (relapse-cds trials list shows all)\n"
    )


# ---- match ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("made_up")
def test_match_grades_best_first_and_answers_every_criterion() -> None:
    text = match()
    assert re.findall(r"^  \[(\w+)\] (\S+)", text, re.MULTILINE) == [
        ("eligible", "NCT10000001"),
        ("possible", "GROUP"),
        ("possible", "NCT10000002"),
        ("excluded", "NCT10000003"),
    ]
    assert "    met: must not apply: earlier transplant" in text
    assert "    not met: T-lineage - " in text
    assert "    unknown: fit for the trial - the record does not tell: ask the trial team" in text
    assert re.search(r"unknown: CD22 on the blasts - .+ - to settle it: .+", text)


@pytest.mark.usefixtures("made_up")
def test_every_status_has_its_date_and_nothing_is_open() -> None:
    text = match()
    assert text.count("not checked since") == 2
    assert text.count("status unknown, never checked") == 2
    assert "recruiting" not in text


@pytest.mark.usefixtures("made_up")
def test_json_is_what_the_assessment_says() -> None:
    (line,) = match("--json").splitlines()
    found = json.loads(line)
    assessment = assessment_to_dict(assess(timeline(CHART), ON))
    assert found == {
        "patient": f"Patient/{CHART}",
        "assessedOn": ON.isoformat(),
        "notApplicableBecause": None,
        "trials": assessment["trials"],
    }
    assert [t["grade"] for t in found["trials"]] == ["eligible", "possible", "possible", "excluded"]


@pytest.mark.usefixtures("made_up")
def test_a_patient_without_relapse_is_matched_with_nothing() -> None:
    result = run("match", FIXTURES / "patients" / "child-first-remission", "--on", "2026-06-20")
    assert result.exit_code == 0
    assert "No trial matched: no relapse on record." in result.stdout
    assert "[" not in result.stdout


@pytest.mark.usefixtures("made_up")
def test_the_day_decides() -> None:
    before = run("match", BUNDLE, "--on", "2025-01-14", "--site", SITE).stdout
    assert "No trial matched: no relapse on record." in before
    assert EXCLUDED.id in run("match", BUNDLE, "--on", "2025-01-15", "--site", SITE).stdout


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", "is no FHIR Bundle"),
        ('{"resourceType": "Bundle"}', "holds no Patient"),
        ('{"resourceType": "Bundle", "entry": 5}', "holds no Patient"),
        ('{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}]}', "without an id"),
    ],
)
def test_a_bad_input_is_named_and_the_next_is_matched(tmp_path: Path, content: str, problem: str) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(content, encoding="utf-8")
    result = run("match", bad, BUNDLE, "--on", ON)
    assert result.exit_code == BAD_INPUT
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"relapse-cds: {bad}: ")
    assert problem in line
    assert f"Patient/{CHART}, trials as of" in result.stdout


@pytest.mark.parametrize(
    "arguments", [(), (BUNDLE, "--on", "27.1.2025"), (BUNDLE, "--site", "/nowhere.toml")]
)
def test_bad_arguments(arguments: tuple[object, ...]) -> None:
    result = run("match", *arguments)
    assert (result.exit_code, result.stdout) == (BAD_INPUT, "")


@pytest.mark.usefixtures("made_up")
def test_standard_input_is_read_by_lines() -> None:
    line = json.dumps(json.loads((BUNDLE / "bundle.json").read_bytes()))
    result = run("match", "-", "--json", "--on", ON, stdin=f"{line}\n{line}\n")
    assert len(result.stdout.splitlines()) == 2
    assert date.fromisoformat(json.loads(result.stdout.splitlines()[0])["assessedOn"]) == ON
