"""The fixtures: valid FHIR, closed under reference, synthetic, and told by their stories."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from service.fhir.prefetch import NEEDS
from tests.house.chart_months import EXPECTED_FOLDERS, MONTHS_OFF_TREATMENT, MONTHS_TO_FIRST_RELAPSE

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
PATIENTS = sorted(path.parent for path in FIXTURES.glob("patients/*/bundle.json"))
HOOKS = sorted(FIXTURES.glob("hooks/*.json"))
HOSTILE = sorted(FIXTURES.glob("hostile/*.json"))
LOCAL_SYSTEM = "http://demo-hospital.example/lab-codes"
HEADINGS = ["Story", "Key facts", "What the source says", "What the product should answer"]
SCHEMES = ["COG-AALL1331", "COG-PDQ2014", "BFM-S", "UK-R3"]
PREFETCH_TYPES = {need.key: need.type for need in NEEDS}
REAL_LOOKING = {
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    "social security number": re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    "phone number": re.compile(r"\(\d{3}\) ?\d{3}|\+\d{8,}|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b"),
    "private host": re.compile(r"https?://(?:\d+\.\d+\.\d+\.\d+|[\w.-]+\.(?:local|internal|lan))"),
}

Json = dict[str, Any]


def read(path: Path) -> Any:
    """The JSON value in a file."""
    return json.loads(path.read_text(encoding="utf-8"))


def resources(folder: Path) -> list[Json]:
    """The resources of one patient's chart."""
    return [entry["resource"] for entry in read(folder / "bundle.json")["entry"]]


def values(node: object, key: str) -> Iterator[Any]:
    """Every value filed under a key, at any depth."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from values(value, key)
    elif isinstance(node, list):
        for item in node:
            yield from values(item, key)


def reference_to(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def whole_months(start: str, end: str) -> int | None:
    """Calendar months from start to end, or None where they do not come out exactly."""
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    months = (last.year - first.year) * 12 + last.month - first.month
    return months if first.day == last.day else None


def as_of(folder: Path) -> str:
    """The day on which a story wants its chart assessed."""
    found = re.search(r"Chart as of (\d{4}-\d{2}-\d{2})\.", (folder / "story.md").read_text("utf-8"))
    assert found, "no 'Chart as of' line"
    return found[1]


def by_slug(folder: Path, resource_type: str, slug: str) -> Json:
    """The one resource of a type whose id ends in a slug."""
    (found,) = [
        resource
        for resource in resources(folder)
        if resource["resourceType"] == resource_type and resource["id"].endswith(f"-{slug}")
    ]
    return found


each_patient = pytest.mark.parametrize("folder", PATIENTS, ids=lambda path: path.name)
each_hook = pytest.mark.parametrize("path", HOOKS, ids=lambda path: path.stem)
each_hostile = pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)


def test_the_patients_are_those_the_readme_lists() -> None:
    assert {folder.name for folder in PATIENTS} == EXPECTED_FOLDERS


def test_readme_names_every_patient_and_hook() -> None:
    text = (FIXTURES / "README.md").read_text("utf-8")
    inside_a_range = {f"mye2023-{n}" for n in (2, 3, 4)}
    wanted = [f.name for f in PATIENTS if f.name[:9] not in inside_a_range] + [h.name for h in HOOKS]
    assert [name for name in wanted if f"`{name}`" not in text] == []


@each_patient
def test_each_resource_is_valid_r4(folder: Path) -> None:
    bundle = read(folder / "bundle.json")
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    for resource in resources(folder):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_ids_are_unique_over_all_charts() -> None:
    ids = Counter(resource["id"] for folder in PATIENTS for resource in resources(folder))
    assert [name for name, count in ids.items() if count > 1] == []


@each_patient
def test_full_urls_end_in_the_resource(folder: Path) -> None:
    for entry in read(folder / "bundle.json")["entry"]:
        assert entry["fullUrl"] == f"http://example.org/fhir/{reference_to(entry['resource'])}"


@each_patient
def test_every_reference_resolves_within_the_chart(folder: Path) -> None:
    known = {reference_to(resource) for resource in resources(folder)}
    for resource in resources(folder):
        contained = {f"#{inner['id']}" for inner in resource.get("contained", [])}
        missing = set(values(resource, "reference")) - known - contained
        assert not missing, reference_to(resource)


@each_patient
def test_everything_is_about_the_folder_s_patient(folder: Path) -> None:
    patients = [r for r in resources(folder) if r["resourceType"] == "Patient"]
    assert [patient["id"] for patient in patients] == [folder.name]
    for resource in resources(folder):
        if resource["resourceType"] != "Patient":
            assert resource["subject"] == {"reference": f"Patient/{folder.name}"}


@each_patient
def test_no_resource_looks_like_a_real_person_s(folder: Path) -> None:
    patient = next(r for r in resources(folder) if r["resourceType"] == "Patient")
    assert patient["name"][0]["text"].endswith("(synthetic)")
    assert patient["meta"]["tag"][0]["code"] == "HTEST"
    personal = {"identifier", "telecom", "address", "photo", "contact", "generalPractitioner"}
    assert not personal & set(patient)
    assert not list(values(resources(folder), "identifier"))


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(FIXTURES.rglob("*")) if path.is_file()],
    ids=lambda path: str(path.relative_to(FIXTURES)),
)
def test_no_file_holds_a_real_looking_identifier(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [kind for kind, pattern in REAL_LOOKING.items() if pattern.search(text)] == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("e-mail address", "write to jane@clinic.org"),
        ("social security number", "SSN 123-45-6789"),
        ("phone number", "call (212) 555 0100"),
        ("private host", "http://10.0.0.7/fhir"),
    ],
)
def test_the_patterns_for_real_looking_identifiers_work(kind: str, text: str) -> None:
    assert REAL_LOOKING[kind].search(text)


@each_patient
def test_formatting_is_stable(folder: Path) -> None:
    text = (folder / "bundle.json").read_text("utf-8")
    assert json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n" == text


@each_patient
def test_nothing_is_later_than_the_chart_or_before_birth(folder: Path) -> None:
    birth = next(r["birthDate"] for r in resources(folder) if r["resourceType"] == "Patient")
    text = json.dumps(resources(folder))
    dates = re.findall(r'"(\d{4}-\d{2}-\d{2})[T"]', text)
    assert birth == min(dates)
    assert max(dates) <= as_of(folder)


@each_patient
def test_story_has_its_headings_and_every_scheme(folder: Path) -> None:
    text = (folder / "story.md").read_text("utf-8")
    assert text.startswith("# ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    answer = text.split("## What the product should answer")[1]
    assert re.findall(r"^\| ([A-Z]+-[A-Z0-9]+) \|", answer, re.MULTILINE) == SCHEMES


@each_patient
def test_key_facts_point_into_the_chart_and_give_its_dates(folder: Path) -> None:
    text = (folder / "story.md").read_text("utf-8")
    facts = text.split("## Key facts")[1].split("## What the source says")[0]
    rows = re.findall(r"^\| .+? \| (.+?) \| .+? \| `(\S+)` \|$", facts, re.MULTILINE)
    known = {reference_to(resource): resource for resource in resources(folder)}
    assert len(rows) >= 2
    for dates, reference in rows:
        assert reference in known
        # Two doses may share a row: the last named date is that of the resource.
        last_date = (re.findall(r"\d{4}-\d{2}-\d{2}", dates) or [""])[-1]
        assert last_date in json.dumps(known[reference])


@each_patient
def test_months_to_first_relapse_come_out_exactly(folder: Path) -> None:
    conditions = [r for r in resources(folder) if r["resourceType"] == "Condition"]
    if folder.name not in MONTHS_TO_FIRST_RELAPSE:
        assert not [c for c in conditions if "C91.02" in json.dumps(c) and "onsetDateTime" in c]
        return
    onset = by_slug(folder, "Condition", "relapse-1")["onsetDateTime"]
    diagnosis = by_slug(folder, "Condition", "dx")["onsetDateTime"]
    assert whole_months(diagnosis, onset) == MONTHS_TO_FIRST_RELAPSE[folder.name]


@each_patient
def test_months_off_treatment_come_out_exactly(folder: Path) -> None:
    plans = [r for r in resources(folder) if r["id"].endswith("-plan-primary")]
    ends = [plan["period"]["end"] for plan in plans if "end" in plan["period"]]
    assert {plan["status"] for plan in plans} <= ({"completed"} if ends else {"active"})
    if folder.name not in MONTHS_OFF_TREATMENT:
        assert ends == []
        return
    onset = by_slug(folder, "Condition", "relapse-1")["onsetDateTime"]
    assert whole_months(ends[0], onset) == MONTHS_OFF_TREATMENT[folder.name]


@pytest.mark.parametrize(
    ("name", "start", "end", "months"),
    [
        ("hr2020-p1-after-hsct", ("Procedure", "hsct"), ("Condition", "relapse-2"), 13),
        ("hr2020-p1-after-car-t", ("Procedure", "hsct"), ("Condition", "relapse-2"), 13),
        ("hr2020-p1-after-car-t", ("Procedure", "car-t"), ("Condition", "relapse-3"), 13),
    ],
)
def test_later_relapses_come_thirteen_months_after(
    name: str, start: tuple[str, str], end: tuple[str, str], months: int
) -> None:
    folder = FIXTURES / "patients" / name
    performed = by_slug(folder, *start)["performedDateTime"]
    assert whole_months(performed, by_slug(folder, *end)["onsetDateTime"]) == months


def test_busy_chart_has_the_numbers_the_benchmark_states() -> None:
    busy = resources(FIXTURES / "patients" / "busy-chart")
    counts = Counter(resource["resourceType"] for resource in busy)
    assert counts == {"Patient": 1, "Condition": 8, "Observation": 60, "Procedure": 4}
    size = sum(len(json.dumps(resource, separators=(",", ":"))) for resource in busy)
    assert 34_000 <= size <= 36_000


@each_patient
def test_charts_are_long_enough_to_need_reading(folder: Path) -> None:
    size = len(resources(folder))
    assert size == 2 if folder.name == "problem-list-only" else 25 <= size <= 80


def test_site_file_maps_codes_that_occur() -> None:
    site = tomllib.loads((FIXTURES / "site.toml").read_text("utf-8"))
    charts = [resource for folder in PATIENTS for resource in resources(folder)]
    used = {
        (coding.get("system"), coding["code"]) for codings in values(charts, "coding") for coding in codings
    }
    mapped = [(code["system"], code["code"]) for code in site["code"]]
    assert site["version"] == 1
    assert len(set(mapped)) == len(mapped)
    assert {system for system, _ in mapped} == {LOCAL_SYSTEM}
    assert [code for code in mapped if code not in used] == []
    assert {code["method"] for code in site["code"] if code["concept"] == "mrd"} == {
        "flow",
        "ngs",
        "pcr",
    }


def prefetched(value: object) -> list[Json]:
    """The resources in one prefetch value, whatever its shape."""
    if not isinstance(value, dict):
        return []
    if value["resourceType"] == "Bundle":
        return [entry["resource"] for entry in value.get("entry", [])]
    return [value]


@each_hook
def test_hook_request_has_what_the_standard_requires(path: Path) -> None:
    request = read(path)
    assert request["hook"] == "patient-view"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", request["hookInstance"])
    assert request["context"]["patientId"] in EXPECTED_FOLDERS
    assert "fhirServer" in request or "fhirAuthorization" not in request


def test_hook_instances_differ() -> None:
    assert len({read(path)["hookInstance"] for path in HOOKS}) == len(HOOKS) >= 9


@each_hook
def test_prefetched_resources_are_those_of_the_charts(path: Path) -> None:
    charts = {reference_to(r): r for folder in PATIENTS for r in resources(folder)}
    prefetch = read(path).get("prefetch", {})
    if prefetch.get("resourceType") == "Bundle":
        prefetch = {"bare": prefetch}
    known = {"bare": None, **PREFETCH_TYPES}
    for key, value in prefetch.items():
        for resource in prefetched(value) if key in known else []:
            if resource["resourceType"] == "OperationOutcome":
                continue
            assert resource == charts[reference_to(resource)]
            assert known[key] in (None, resource["resourceType"])


def test_full_prefetch_holds_the_whole_chart_once() -> None:
    prefetch = read(FIXTURES / "hooks" / "client-2.0-full-prefetch.json")["prefetch"]
    folder = FIXTURES / "patients" / "hr2020-p1-40-months-after-block-1"
    sent = [reference_to(r) for value in prefetch.values() for r in prefetched(value)]
    assert list(prefetch) == list(PREFETCH_TYPES)
    assert sorted(sent) == sorted(reference_to(resource) for resource in resources(folder))


@each_hostile
def test_hostile_file_is_small_and_json(path: Path) -> None:
    assert path.stat().st_size < 20_000
    read(path)


def test_hostile_readme_lists_every_file_once() -> None:
    text = (FIXTURES / "hostile" / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\S+)` \|", text, re.MULTILINE)
    assert sorted(listed) == [path.name for path in HOSTILE]
    assert len(listed) >= 25


def test_hostile_ids_do_not_hide_real_ones() -> None:
    real = {resource["id"] for folder in PATIENTS for resource in resources(folder)}
    hostile = [value.get("id") for value in map(read, HOSTILE) if isinstance(value, dict)]
    assert {name for name in hostile if name in real} == {"hr2020-p1-40-months", "child-aml"}
