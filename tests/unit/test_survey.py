"""`relapse-cds check`: which codes of a site are known, which are not, and nothing of a patient."""

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from service.cli import BAD_INPUT, main
from service.fhir.site_map import SiteCode, SiteMap, load_site_map
from service.site_check import CheckError, run_check
from service.survey import NO_CODE, Survey
from service.survey_report import report, stub

if TYPE_CHECKING:
    from tests.conftest import FhirStub

Json = dict[str, Any]
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CHART = FIXTURES / "patients" / "hr2020-p1-40-months"
SITE = FIXTURES / "site.toml"
LOINC, LAB, ICD = "http://loinc.org", "urn:lab", "http://hl7.org/fhir/sid/icd-10-cm"


def result(code: str, display: str | None = None, system: str = LAB, **members: Any) -> Json:
    coding = {"system": system, "code": code, "display": display}
    return {"resourceType": "Observation", "status": "final", "code": {"coding": [coding]}, **members}


def surveyed(*resources: Json, site_map: SiteMap | None = None) -> Survey:
    survey = Survey(site_map)
    for resource in resources:
        survey.add(resource, "p")
    return survey


def check(*arguments: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)], env=env)


# ---- what is counted -----------------------------------------------------------------------------


def test_a_known_code_with_its_use() -> None:
    (use,) = surveyed(
        result("11150-0", "Blasts", LOINC, valueQuantity={"value": 64, "unit": "%", "code": "%"}),
        result("11150-0", "Blasts", LOINC, valueQuantity={"value": 2, "unit": "percent"}),
        result("11150-0", "Blasts", LOINC, valueQuantity={"value": 2}, status="preliminary"),
        result("11150-0", "Blasts", LOINC, valueString="few"),
    ).recognised()
    assert (use.type, use.code, use.concept, use.count) == (
        "Observation",
        "11150-0",
        "marrow-blasts-percent",
        4,
    )
    assert dict(use.statuses) == {"final": 3, "preliminary": 1}
    assert dict(use.shapes) == {"valueQuantity": 3, "valueString": 1}
    assert dict(use.units) == {"%": 1, "percent": 1, "(no unit)": 1}


@pytest.mark.parametrize(
    ("display", "hint"),
    [
        ("MRD by flow, bone marrow", "mrd"),
        ("Minimal residual disease", "mrd"),
        ("clonoSEQ", "mrd"),
        ("CD19 on blasts", "blasts.cd19"),
        ("CD22 expression", "blasts.cd22"),
        ("Blasts, bone marrow", "marrow-blasts-percent"),
        ("Bone marrow aspirate blast %", "marrow-blasts-percent"),
        ("CSF cytospin", "csf-cytology"),
        ("CSF WBC", "csf-wbc"),
        ("Spinal fluid nucleated cells", "csf-wbc"),
        ("CSF RBC", "csf-rbc"),
        ("Stem cell transplant", "hsct"),
        ("BMT", "hsct"),
        ("CAR-T infusion", "car-t.infusion"),
        ("Acute lymphoblastic leukemia", "all.unspecified"),
        ("B-ALL", "all.unspecified"),
    ],
)
def test_an_unknown_code_that_looks_needed_is_shown(display: str, hint: str) -> None:
    survey = surveyed(result("X1", display))
    (use,) = survey.unrecognised()
    assert (use.hint, use.concept, use.read) == (hint, None, False)
    assert survey.recognised() == []


@pytest.mark.parametrize("display", ["Hemoglobin", "Body weight", "Allergy", "", None])
def test_everyday_data_are_not(display: str | None) -> None:
    survey = surveyed(result("HGB", display))
    assert (survey.unrecognised(), survey.recognised()) == ([], [])


def test_a_site_file_makes_a_code_known() -> None:
    local = SiteCode(system=LAB, code="FLOW", concept="mrd", specimen="marrow")
    survey = surveyed(result("FLOW", "MRD"), site_map=SiteMap("x", {(LAB, "FLOW"): local}))
    assert [(u.code, u.concept, str(u.route)) for u in survey.recognised()] == [
        ("FLOW", "mrd", "site mapping")
    ]
    assert survey.unrecognised() == []


def test_a_known_code_in_the_wrong_type_of_resource_is_not_read() -> None:
    wrong = {**result("C91.02", "ALL", ICD), "resourceType": "Procedure"}
    right = {**result("C91.02", "ALL", ICD), "resourceType": "Condition"}
    assert surveyed(wrong).recognised() == []
    assert [u.type for u in surveyed(wrong, right).recognised()] == ["Condition"]


def test_a_result_with_text_only_is_shown_without_a_code() -> None:
    (use,) = surveyed({"resourceType": "Observation", "code": {"text": "MRD flow"}}).unrecognised()
    # Free text may name someone: only what it looks like is kept.
    assert (use.code, use.text, use.hint, dict(use.statuses)) == (NO_CODE, "(text only)", "mrd", {"-": 1})


def test_a_drug_in_a_contained_medication_is_seen() -> None:
    held = {"id": "m", "code": {"coding": [{"system": LAB, "code": "KY", "display": "CAR-T cells"}]}}
    drug = {
        "resourceType": "MedicationAdministration",
        "medicationReference": {"reference": "#m"},
        "contained": [held],
    }
    assert [u.code for u in surveyed(drug).unrecognised()] == ["KY"]


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Observation", "code": "x"},
        {"resourceType": "Observation", "code": {"coding": ["x"]}},
        {"resourceType": "Observation", "code": {"coding": 5}},
        {"resourceType": "Observation", "code": ["x"]},
        {"resourceType": "MedicationRequest", "medicationReference": "x"},
        result("11150-0", "Blasts", LOINC, valueQuantity="64 %"),
    ],
)
def test_what_is_no_fhir_is_counted_by_its_type(resource: Json) -> None:
    survey = surveyed(resource)
    assert dict(survey.unreadable) == {resource["resourceType"]: 1}
    assert f"Not in the form of FHIR: 1 {resource['resourceType']}" in report(survey, 1)


@pytest.mark.parametrize(
    "resource", [{}, {"resourceType": 5}, {"resourceType": "Patient"}, {"resourceType": "X"}]
)
def test_other_resources_are_none_of_its_business(resource: Json) -> None:
    survey = surveyed(resource)
    assert (survey.recognised(), survey.unrecognised(), dict(survey.unreadable)) == ([], [], {})


# ---- what is printed -----------------------------------------------------------------------------


def test_an_empty_survey_names_everything_that_is_needed() -> None:
    text = report(surveyed(), 0)
    assert text.startswith("0 patients surveyed.")
    assert text.count("Nothing recognised for: ") == 5
    assert text.count("  none") == 2


def test_what_was_found_is_no_longer_missed() -> None:
    condition = {**result("C91.02", "ALL", ICD), "resourceType": "Condition"}
    text = report(surveyed(result("11150-0", "Blasts", LOINC), condition), 1)
    assert "Nothing recognised for: marrow blasts" not in text
    assert "Nothing recognised for: the diagnosis of ALL" not in text
    assert "Nothing recognised for: residual disease" in text


def test_the_most_used_code_comes_first() -> None:
    survey = surveyed(result("A", "MRD a"), result("B", "MRD b"), result("B", "MRD b"), result("C", "MRD c"))
    assert [u.code for u in survey.unrecognised()] == ["B", "A", "C"]


def test_nothing_of_a_patient_is_printed() -> None:
    chart = json.loads((CHART / "bundle.json").read_bytes())
    people = [e["resource"] for e in chart["entry"] if e["resource"]["resourceType"] == "Patient"]
    ids = {e["resource"]["id"] for e in chart["entry"]}
    found = check(CHART, "--site", SITE)
    assert found.exit_code == 0
    names = [part for n in people[0]["name"] for part in [*n.get("given", []), n.get("family", "")] if part]
    for private in [*ids, *names, people[0]["birthDate"], "2026-05-15"]:
        assert private not in found.stdout


def test_the_free_text_of_a_resource_is_not_printed() -> None:
    typed = {"coding": [{"system": LAB, "code": "X1"}], "text": "MRD for Jane Doe"}
    survey = surveyed({"resourceType": "Observation", "code": typed})
    assert "Jane Doe" not in report(survey, 1) + stub(survey, "x")


# ---- the site file to fill in --------------------------------------------------------------------


def test_the_stub_becomes_a_site_file_when_its_hashes_are_removed(tmp_path: Path) -> None:
    survey = surveyed(
        result("FLOW", "MRD by flow", valueQuantity={"value": 1, "unit": "%"}),
        result("RBC", "CSF RBC"),
        result('A"B\\C', "MRD\nodd"),
    )
    text = stub(survey, 'Our "hospital"')
    untouched = tmp_path / "stub.toml"
    untouched.write_text(text, encoding="utf-8")
    assert dict(load_site_map(untouched).codes) == {}
    filled = tmp_path / "site.toml"
    comments = re.compile(r"^# (?=\[\[code\]\]|\w+ = )", re.MULTILINE)
    filled.write_text(comments.sub("", text), encoding="utf-8")
    site = load_site_map(filled)
    assert site.name == 'Our "hospital"'
    assert {key: c.concept for key, c in site.codes.items()} == {
        (LAB, "FLOW"): "mrd",
        (LAB, "RBC"): "csf-rbc",
        (LAB, 'A"B\\C'): "mrd",
    }


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Observation", "code": {"text": "MRD flow"}},
        {"resourceType": "Observation", "code": {"coding": [{"code": "FLOW", "display": "MRD"}]}},
        {"resourceType": "Observation", "code": {"coding": [{"system": LAB, "display": "MRD"}]}},
    ],
)
def test_what_has_no_code_cannot_be_mapped(resource: Json) -> None:
    assert tomllib.loads(stub(surveyed(resource), "x")) == {"version": 1, "name": "x"}
    assert "[[code]]" not in stub(surveyed(resource), "x")


# ---- the command ---------------------------------------------------------------------------------


def test_check_over_bundles(tmp_path: Path) -> None:
    file = tmp_path / "stub.toml"
    found = check(FIXTURES / "patients", "--stub", file)
    assert (found.exit_code, found.stderr) == (0, "")
    count = len(list(FIXTURES.glob("patients/*/bundle.json")))
    assert found.stdout.startswith(f"{count} patients surveyed.")
    assert "Nothing recognised for: residual disease" in found.stdout
    assert '# code = "MRD-FLOW-BM"' in file.read_text(encoding="utf-8")


def test_with_the_site_file_nothing_is_left_to_map(tmp_path: Path) -> None:
    file = tmp_path / "stub.toml"
    found = check(FIXTURES / "patients", "--site", SITE, "--stub", file)
    assert "Nothing recognised for" not in found.stdout
    assert tomllib.loads(file.read_text(encoding="utf-8")) == {
        "version": 1,
        "name": "Demo hospital (synthetic)",
    }
    assert "[[code]]" not in file.read_text(encoding="utf-8")


def test_an_input_that_cannot_be_read_is_named_and_costs_no_other(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{", encoding="utf-8")
    found = check(bad, CHART)
    assert found.exit_code == BAD_INPUT
    assert found.stdout.startswith("1 patients surveyed.")
    assert found.stderr.splitlines() == [f"relapse-cds: {bad}: is not JSON"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "either bundles or --fhir"),
        ([CHART, "--fhir", "https://ehr.example/fhir"], "either bundles or --fhir"),
        (["--fhir", "ehr.example"], "absolute http or https address"),
        (["--fhir", "file:///etc"], "absolute http or https address"),
        ([CHART, "--site", "nowhere.toml"], "cannot be read"),
    ],
)
def test_a_check_that_cannot_be_made_says_why(arguments: list[object], reason: str) -> None:
    found = check(*arguments)
    assert (found.exit_code, found.stdout) == (BAD_INPUT, "")
    assert reason in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_check_over_a_server(fhir: "FhirStub", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAPSE_CDS_FHIR_TOKEN", "made-up-token")
    text, failed = run_check([], f"{fhir.base}/", 3, SITE, None)
    assert text.startswith("3 patients surveyed.")
    assert "11150-0" in text
    assert failed == []
    assert {asked.authorization for asked in fhir.asked} == {"Bearer made-up-token"}
    asked = {a.path.split("patient=")[1].split("&")[0] for a in fhir.asked if "patient=" in a.path}
    assert len(asked) == 3
    for patient in asked:
        assert patient not in text


def test_a_server_that_fails_for_one_key_says_so_without_the_patient(fhir: "FhirStub") -> None:
    from tests.conftest import Canned

    fhir.answers["procedures"] = Canned(status=500)
    text, failed = run_check([], fhir.base, 2, None, None)
    assert text.startswith("2 patients surveyed.")
    assert failed == ["procedures of one patient: The FHIR server failed while answering (5xx)."]


def test_a_server_without_patients_cannot_be_surveyed(fhir: "FhirStub") -> None:
    from tests.conftest import Canned

    fhir.answers["patient"] = Canned(body={"resourceType": "Bundle", "type": "searchset", "entry": []})
    with pytest.raises(CheckError, match="no patients to survey"):
        run_check([], fhir.base, 2, None, None)
    fhir.answers["patient"] = Canned(status=401)
    with pytest.raises(CheckError, match="did not accept the access token"):
        run_check([], fhir.base, 2, None, None)
