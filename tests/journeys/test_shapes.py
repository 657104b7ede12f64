"""Charts in the shapes that other guides and servers use: what is read, what stays open, what is flagged.

The expectations stand beside each bundle in expect.json, written from the chart, never from the output.
Every resource of a bundle is accounted for: it makes a statement, or a reason stands why it makes none.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from cds_rules import Assessment, assess, assessment_to_dict
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import PatientTimeline
from service.fhir.site_map import SiteMap
from service.inputs import InputError, timeline_of
from service.paths import fixtures_dir

Json = dict[str, Any]
SHAPES = fixtures_dir() / "shapes"
FOLDERS = sorted(path.parent for path in SHAPES.glob("*/bundle.json"))
READ = [
    folder for folder in FOLDERS if "refused" not in json.loads((folder / "expect.json").read_text("utf-8"))
]
"""Shapes that are read; the others are refused as a whole."""
LISTS = (
    "diagnoses",
    "measurements",
    "mrd",
    "reports",
    "transplants",
    "car_t",
    "drugs",
    "plans",
    "genetics",
    "antigens",
    "irradiations",
    "collections",
    "events",
)
"""The lists of statements on a timeline."""

OPEN: dict[tuple[str, str], str] = {}
"""Faults of today: (shape, what is asked) -> why. Mending one fails the run until its line is taken out."""


@cache
def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


@cache
def timeline(folder: Path) -> PatientTimeline:
    return timeline_of(read(folder, "bundle.json"), SiteMap())


@cache
def assessed(folder: Path) -> Assessment:
    return assess(timeline(folder), date.fromisoformat(read(folder, "expect.json")["on"]))


def picture(folder: Path) -> Json:
    """The facts by name, with those of lists under "list.id" and "genetics.marker"."""
    found: Json = assessment_to_dict(assessed(folder))["picture"]
    named = dict(found)
    for group in ("genetics", "antigens"):
        named |= {f"{group}.{name}": fact for name, fact in found[group].items()}
    for group in ("transplants", "radiation"):
        named |= {f"{group}.{item['evidence'][0].split('/')[1]}": item for item in found[group]}
    return named


def cases(key: str) -> list[Any]:
    """One case for each item under a key of each expect.json, marked where a fault is known."""
    found: list[Any] = []
    for folder in READ:
        items = read(folder, "expect.json").get(key, {})
        found.extend(case(folder, f"{key}.{item}", item) for item in items)
    return found


def case(folder: Path, asked: str, *values: object) -> Any:
    why = OPEN.get((folder.name, asked))
    marks = [pytest.mark.xfail(strict=True, raises=AssertionError, reason=why)] if why else []
    return pytest.param(folder, *values, id=f"{folder.name}-{asked}", marks=marks)


def each(asked: str) -> list[Any]:
    return [case(folder, asked) for folder in READ]


def resources(folder: Path) -> Iterator[Json]:
    for entry in read(folder, "bundle.json")["entry"]:
        yield entry["resource"]


def reference(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource.get('id', '')}"


def plain(value: object) -> object:
    """A value of a statement as expect.json writes it."""
    if isinstance(value, Interval):
        return [value.low, value.high]
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, PartialDate):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(str(plain(item)) for item in value)
    return value


def fulfils(statement: Any, expected: Mapping[str, object]) -> bool:
    """Has the statement every attribute that is expected of it? An interval's ends are its own."""
    return all(plain(_attribute(statement, name)) == value for name, value in expected.items())


def _attribute(statement: Any, name: str) -> object:
    return getattr(statement.value if name in ("low_open", "high_open") else statement, name)


# ---- the reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "name"), cases("facts"))
def test_a_fact_is_read(folder: Path, name: str) -> None:
    expected = read(folder, "expect.json")["facts"][name]
    found = picture(folder)[name]
    asked = {key: value for key, value in expected.items() if key != "note"}
    if "evidence" in asked:
        assert sorted(found["evidence"]) == sorted(asked.pop("evidence"))
    assert {key: found[key] for key in asked} == asked


@pytest.mark.parametrize(("folder", "name"), cases("open"))
def test_a_fact_stays_open_and_says_why(folder: Path, name: str) -> None:
    found = picture(folder)[name]
    assert found["value"] is None
    assert found["unknownBecause"]


@pytest.mark.parametrize(("folder", "site"), cases("involvement"))
def test_a_site_is_involved_or_not_or_open(folder: Path, site: str) -> None:
    expected = read(folder, "expect.json")["involvement"][site]
    assert picture(folder)["involvement"][site] == expected


@pytest.mark.parametrize(("folder", "scheme"), cases("stillPossible"))
def test_the_group_of_the_true_course_is_not_excluded(folder: Path, scheme: str) -> None:
    expected = read(folder, "expect.json")["stillPossible"][scheme]
    (found,) = [s for s in assessed(folder).schemes if s.id == scheme]
    assert expected in found.finding.possible


@pytest.mark.parametrize("folder", [f for f in FOLDERS if f not in READ], ids=lambda f: f.name)
def test_a_bundle_without_ids_is_refused_as_a_whole(folder: Path) -> None:
    with pytest.raises(InputError):
        timeline(folder)


@pytest.mark.parametrize("folder", [f for f in FOLDERS if f not in READ], ids=lambda f: f.name)
def test_a_bundle_without_ids_is_told_what_is_wrong(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        timeline(folder)
    assert "holds no Patient" not in str(caught.value)


@pytest.mark.parametrize("folder", each("applies"))
def test_it_is_told_whether_there_is_something_to_say(folder: Path) -> None:
    assert assessed(folder).applies is read(folder, "expect.json")["applies"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [case(folder, f"read.{name}", name) for folder in READ for name in LISTS],
)
def test_these_statements_are_made_and_no_others(folder: Path, name: str) -> None:
    expected = read(folder, "expect.json")["read"].get(name, [])
    found = getattr(timeline(folder), name)
    assert sorted(s.source for s in found) == sorted(e["source"] for e in expected)
    for wanted in expected:
        assert any(fulfils(statement, wanted) for statement in found), wanted


def flag(problem: Json) -> tuple[str, ...]:
    return (problem["kind"], *problem["resources"])


@pytest.mark.parametrize("folder", each("dataProblems"))
def test_what_is_flagged_is_what_should_be(folder: Path) -> None:
    found = Counter(
        (p["kind"], *p["resources"]) for p in assessment_to_dict(assessed(folder))["dataProblems"]
    )
    expected = Counter((p["kind"], *p["resources"]) for p in read(folder, "expect.json")["dataProblems"])
    assert found == expected


# ---- the files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", READ, ids=lambda f: f.name)
def test_every_resource_is_accounted_for(folder: Path) -> None:
    expected = read(folder, "expect.json")
    told = {item["source"] for items in expected["read"].values() for item in items}
    held = {
        reference(r) for r in resources(folder) if r["resourceType"] not in ("Patient", "OperationOutcome")
    }
    assert told | set(expected["notRead"]) == held
    assert not told & set(expected["notRead"])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_resources_are_r4_but_for_the_habits_named(folder: Path) -> None:
    refused = set()
    for resource in resources(folder):
        try:
            get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        except ValidationError:
            refused.add(reference(resource))
    assert refused == set(read(folder, "expect.json").get("refusedByR4B", {}))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_the_patient_is_made_up_and_nothing_is_later_than_the_day(folder: Path) -> None:
    (patient,) = [r for r in resources(folder) if r["resourceType"] == "Patient"]
    assert patient["name"][0]["text"].endswith("(synthetic)")
    assert patient["meta"]["tag"][0]["code"] == "HTEST"
    assert not {"identifier", "telecom", "address", "photo", "contact"} & set(patient)
    days = re.findall(r'"(\d{4}-\d{2}-\d{2})[T"]', json.dumps(list(resources(folder))))
    dated = [day for day in days if day != "2025-05-12"]  # meta.lastUpdated of a server
    assert patient["birthDate"] == min(dated)
    assert max(dated) <= read(folder, "expect.json")["on"]


def test_the_readme_has_a_row_for_every_shape() -> None:
    text = (SHAPES / "README.md").read_text(encoding="utf-8")
    table = text.split("`bundle.json` is")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE) == [f.name for f in FOLDERS]
    assert len(FOLDERS) >= 10


def test_every_known_fault_names_something_that_is_asked() -> None:
    asked = {
        (folder.name, f"{key}.{item}")
        for folder in READ
        for key in ("facts", "open", "involvement", "stillPossible")
        for item in read(folder, "expect.json").get(key, {})
    }
    asked |= {(f.name, k) for f in READ for k in ("applies", "dataProblems")}
    asked |= {(f.name, f"read.{name}") for f in READ for name in LISTS}
    assert set(OPEN) <= asked
    assert all(why.startswith("open: ") for why in OPEN.values())
