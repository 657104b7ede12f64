"""relapse-cds trials: list, show, match; what is printed, what is refused."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fhir.resources.R4B import get_fhir_model_class

from cds_rules import assess, assessment_to_dict
from cds_rules.trials.catalogue import TRIALS
from service.cli import BAD_INPUT, main
from tests.registry import running, study
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


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A store of its own, which is not there yet."""
    path = tmp_path / "store.db"
    monkeypatch.setenv("RELAPSE_CDS_DATABASE_URL", f"sqlite:///{path}")
    return path


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
        "  registry: https://clinicaltrials.gov/study/NCT10000001",
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
    assert re.findall(r"^  \[(.+)\] (\S+)", text, re.MULTILINE) == [
        ("criteria met", "NCT10000001"),
        ("possible", "GROUP"),
        ("excluded", "NCT10000003"),
        ("takes no patients; possible", "NCT10000002"),
    ]
    assert "    met: must not apply: earlier transplant" in text
    assert "    not met: T-lineage - " in text
    assert "    unknown: fit for the trial - the record does not tell: ask the trial team" in text
    assert re.search(r"unknown: CD22 on the blasts - .+ - to settle it: .+", text)


@pytest.mark.usefixtures("made_up")
def test_a_trial_that_has_ended_never_reads_like_one_that_can_be_joined() -> None:
    """It stands after all others, below a line that says so, and nobody is called eligible for it."""
    text = match()
    before, line, after = text.partition("  Take no more patients, as last known:\n")
    assert line
    assert "NCT10000002" in after
    assert "completed" not in before
    assert "eligible" not in text
    assert "Whether a trial is open has to be asked of the trial team." in before


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


# ---- the registry's snapshot ---------------------------------------------------------------------


def file_of(folder: Path, *studies: Json) -> Path:
    path = folder / "studies.json"
    path.write_text(json.dumps({"studies": studies}), encoding="utf-8")
    return path


def test_without_a_snapshot_nothing_is_made_and_the_catalogue_is_listed(store: Path) -> None:
    assert len(run("list").stdout.splitlines()) == len(TRIALS)
    assert run("list", "--open").stdout.strip() == ""
    assert not store.exists()


def test_status_says_that_there_is_no_snapshot_or_how_old_it_is(tmp_path: Path) -> None:
    result = run("status")
    assert (result.exit_code, result.stdout.startswith("no snapshot: run ")) == (1, True)
    assert run("import", file_of(tmp_path, study())).exit_code == 0
    result = run("status")
    assert result.exit_code == 0
    assert result.stdout.startswith("snapshot: 1 studies, checked on 2025-11-14 (")
    # The registry's data of November 2025 are old on any day on which this test runs.
    assert "stale:    older than 30 days: no trial is shown as open" in result.stdout


def test_sync_tells_what_it_does_on_standard_error_and_the_snapshot_on_standard_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RELAPSE_CDS_TRIALS_REGISTRY_PER_MINUTE", "6000")
    with running(study(), study("NCT90000002", status="COMPLETED")) as registry:
        monkeypatch.setenv("RELAPSE_CDS_TRIALS_REGISTRY_URL", registry.url)
        result = run("sync")
    assert result.exit_code == 0
    assert re.fullmatch(
        r"snapshot: 1 studies, checked on \d{4}-\d\d-\d\d; 0 refused, 0 flagged\n", result.stdout
    )
    assert "relapse-cds: query 2 of 2: 1 studies of 1\n" in result.stderr
    assert "not in the registry's answer: NCT00114348, " in result.stderr
    opened = run("list", "--open").stdout.splitlines()
    assert len(opened) == 1
    assert opened[0].startswith(
        "NCT90000001  phase 1/2  Made-up CD22 CAR-T Cells; recruiting when checked on 20"
    )


def test_a_registry_that_cannot_be_had_is_one_line_and_the_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAPSE_CDS_TRIALS_REGISTRY_URL", "http://127.0.0.1:9/api/v2")
    monkeypatch.setenv("RELAPSE_CDS_TRIALS_REGISTRY_RETRIES", "0")
    result = run("sync")
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("relapse-cds: the registry could not be reached (")
    assert "Traceback" not in result.stderr


def test_import_names_what_it_refuses_takes_the_rest_and_exits_2(tmp_path: Path) -> None:
    path = file_of(tmp_path, study(), study("NCT90000002", status="OPENISH"))
    result = run("import", path)
    assert result.exit_code == BAD_INPUT
    assert result.stderr == (
        f"relapse-cds: NCT90000002 ({path}, study 2): refused: "
        "has a status that is not one of the 14 of API v2\n"
    )
    assert result.stdout == "snapshot: 1 studies, checked on 2025-11-14; 1 refused, 0 flagged\n"


def test_show_tells_the_status_of_the_registry_with_its_day_and_what_the_source_said(tmp_path: Path) -> None:
    run("import", file_of(tmp_path, study("NCT02650414", status="TERMINATED"), study()))
    lines = run("show", "nct02650414").stdout.splitlines()
    assert "  terminated when checked on 2025-11-14 (ClinicalTrials.gov)" in lines
    assert "  before that: ongoing, 2020 (HR2020)" in lines
    assert "  registry field: Age: 1 to 25 years" in lines
    assert "  registry text: CD22 expression" in lines
    assert "  registry text: must not apply: Pregnancy (ask the trial team)" in lines
    found = run("show", "NCT90000001").stdout
    assert "  sites: Made-up Children's Hospital, Philadelphia, Pennsylvania, United States; Made-up" in found
    assert "Source:" not in found
    assert run("show", "NCT90000001", "--catalogue-only").exit_code == BAD_INPUT


def test_list_and_show_give_valid_research_studies(tmp_path: Path) -> None:
    run("import", file_of(tmp_path, study()))
    lines = run("list", "--fhir").stdout.splitlines()
    assert len(lines) == len(TRIALS) + 1
    for line in lines:
        get_fhir_model_class("ResearchStudy").model_validate_json(line)
    assert json.loads(run("show", "NCT90000001", "--fhir").stdout)["title"] == "Made-up CD22 CAR-T Cells"


def test_match_says_recruiting_only_while_the_registrys_word_is_fresh(tmp_path: Path) -> None:
    run("import", file_of(tmp_path, study()), "--as-of", "2025-01-20")
    fresh = match()
    assert (
        "[possible] NCT90000001 Made-up CD22 CAR-T Cells\n    recruiting when checked on 2025-01-20" in fresh
    )
    old = run("match", BUNDLE, "--on", "2025-03-01", "--site", SITE).stdout
    assert "status not checked since 2025-01-20; then recruiting (ClinicalTrials.gov)" in old
    run("import", tmp_path / "studies.json", "--as-of", "2025-02-20")
    assert "recruiting when checked on 2025-02-20 (ClinicalTrials.gov), after this day" in match()
    assert "NCT90000001" not in run("match", BUNDLE, "--on", ON, "--site", SITE, "--catalogue-only").stdout
