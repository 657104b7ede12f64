"""The Assessment as JSON, version 1: the names and shapes that clients rely on."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_rules import assess, assessment_to_dict
from cds_rules.patient.timeline import Part, PatientTimeline, Person
from service.fhir.site_map import load_site_map
from service.inputs import timeline_of

Json = dict[str, Any]
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SITE_MAP = load_site_map(FIXTURES / "site.toml")
PATIENTS = sorted(path.parent.name for path in FIXTURES.glob("patients/*/bundle.json"))
ON = date(2026, 8, 31)

TOP = {
    "version",
    "assessedOn",
    "patient",
    "applies",
    "notApplicableBecause",
    "picture",
    "schemes",
    "outsideSchemes",
    "missing",
    "scores",
    "recommendations",
    "carTChecklist",
    "cautions",
    "surveillance",
    "trials",
    "dataProblems",
}
FACTS = {
    "lineage",
    "diagnosisDate",
    "relapseNumber",
    "relapseDate",
    "ageAtRelapse",
    "sites",
    "monthsFromDiagnosis",
    "endOfPrimaryTreatment",
    "firstRemission",
    "endBlock1Mrd",
    "transplantBeforeRelapse",
    "carT",
    "refractory",
    "primaryRefractory",
    "marrowState",
    "inRemission",
    "remissionNumber",
    "priorRegimens",
}
SCHEME = {
    "id",
    "title",
    "applies",
    "group",
    "meaning",
    "possible",
    "rule",
    "rules",
    "open",
    "note",
    "settles",
    "citations",
}
GROUPS = {
    "COG-AALL1331": {"low", "intermediate", "high"},
    "COG-PDQ2014": {"low", "intermediate", "high"},
    "BFM-S": {"S1", "S2", "S3", "S4"},
    "BFM-S-TEXT": {"S1", "S2", "S3", "S4"},
    "UK-R3": {"standard", "intermediate", "high"},
}
KINDS = {"conflict", "unreadable", "truncated", "unavailable", "entered-in-error", "future-date", "unit"}


def timeline(name: str) -> PatientTimeline:
    return timeline_of(json.loads((FIXTURES / "patients" / name / "bundle.json").read_bytes()), SITE_MAP)


def assessed(name: str, on: date = ON) -> Json:
    return assessment_to_dict(assess(timeline(name), on))


def references(node: object) -> Iterator[str]:
    """Everything filed as evidence or resources, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("evidence", "resources"):
                yield from value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


@pytest.mark.parametrize("name", PATIENTS)
def test_every_patient_has_the_whole_shape(name: str) -> None:
    found = assessed(name)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found) == TOP
    assert (found["version"], found["assessedOn"]) == (1, "2026-08-31")
    assert found["patient"] == f"Patient/{name}"
    assert set(found["picture"]) >= FACTS | {"involvement"}
    assert set(found["picture"]["involvement"]) == {"marrow", "CNS", "testis", "other extramedullary"}
    assert set(found["picture"]["involvement"].values()) <= {"yes", "no", "unknown"}


def test_lines_and_remissions_have_their_shape() -> None:
    picture = assessed("hr2020-p1-after-car-t")["picture"]
    assert picture["priorRegimens"]["value"] == {"atLeast": 3, "atMost": 6}
    assert [(r["number"], r["since"], r["until"], r["stated"]) for r in picture["remissions"]] == [
        (1, "2021-02-16", "2023-01-15", True),
        (2, "2023-02-19", "2024-07-10", True),
        (3, "2024-11-27", "2025-11-28", False),
    ]
    last = picture["linesOfTherapy"][-1]
    assert set(last) == {"start", "end", "drugs", "procedures", "certain", "evidence"}
    assert (last["start"], last["end"], last["procedures"]) == ("2024-07-19", "2024-10-28", ["CAR-T"])


def test_a_chart_without_all_has_no_course() -> None:
    picture = assessed("child-aml")["picture"]
    assert (picture["linesOfTherapy"], picture["remissions"]) == ([], [])
    assert picture["marrowState"]["value"] is picture["inRemission"]["value"] is None


@pytest.mark.parametrize("name", PATIENTS)
def test_a_fact_has_a_value_with_evidence_or_says_why_it_is_unknown(name: str) -> None:
    picture = assessed(name)["picture"]
    for fact in FACTS:
        told = picture[fact]
        if told["value"] is None:
            assert set(told) == {"value", "evidence", "unknownBecause"}
            assert told["unknownBecause"]
        else:
            assert {"value", "evidence"} <= set(told) <= {"value", "evidence", "note"}
            assert told["evidence"] or told.get("note") or fact == "relapseNumber"


@pytest.mark.parametrize("name", PATIENTS)
def test_schemes_name_their_groups_in_the_words_of_the_contract(name: str) -> None:
    for scheme in assessed(name)["schemes"]:
        assert set(scheme) == SCHEME
        assert set(scheme["possible"]) <= GROUPS[scheme["id"]]
        assert scheme["group"] is None or scheme["possible"] == [scheme["group"]]
        assert scheme["settles"] is (scheme["id"] != "BFM-S-TEXT")
        assert scheme["citations"]
        for cite in scheme["citations"]:
            assert set(cite) == {"key", "where"}
            assert all(cite.values())
        for item in scheme["open"]:
            assert set(item) == {"fact", "settles"}
            assert item["fact"] in FACTS | {"course"}
            assert len(item["settles"]) > 1


@pytest.mark.parametrize("name", PATIENTS)
def test_every_reference_is_a_resource_of_the_chart(name: str) -> None:
    bundle = json.loads((FIXTURES / "patients" / name / "bundle.json").read_bytes())
    chart = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]}
    assert set(references(assessed(name))) <= chart


@pytest.mark.parametrize("name", PATIENTS)
def test_what_the_chart_does_not_hold_is_empty_and_never_faked(name: str) -> None:
    """Cautions are of orders, and no order is given here."""
    assert assessed(name)["cautions"] == []


def test_a_settled_scheme() -> None:
    schemes = {s["id"]: s for s in assessed("hr2020-p1-24-months")["schemes"]}
    bfm = schemes["BFM-S"]
    assert (bfm["applies"], bfm["group"], bfm["meaning"], bfm["open"]) == (True, "S3", "high", [])
    assert bfm["rules"] == [bfm["rule"]]


def test_an_open_scheme_tells_what_each_value_would_give() -> None:
    schemes = {s["id"]: s for s in assessed("hr2020-p1-40-months")["schemes"]}
    cog = schemes["COG-AALL1331"]
    assert (cog["group"], cog["rule"], cog["possible"]) == (None, None, ["low", "intermediate"])
    assert cog["open"] == [{"fact": "endBlock1Mrd", "settles": {"<0.1 %": "low", ">=0.1 %": "intermediate"}}]


def test_missing_facts_name_why_what_settles_them_and_for_whom() -> None:
    missing = {m["fact"]: m for m in assessed("hr2020-p1-40-months", date(2026, 5, 25))["missing"]}
    found = missing["endBlock1Mrd"]
    assert set(found) == {"fact", "because", "settledBy", "schemes", "rules", "closes", "tests"}
    assert found["schemes"] == ["COG-AALL1331"]
    assert found["because"]
    assert found["settledBy"]
    assert found["tests"] == ["marrow MRD at the end of reinduction block 1"]
    assert {"B-5"} <= set(found["rules"])
    assert found["closes"] >= 1
    assert all(m["schemes"] == [] for fact, m in missing.items() if fact != "endBlock1Mrd")


def test_outside_every_scheme() -> None:
    found = assessed("hr2020-p1-after-car-t")
    assert found["applies"] is True
    assert len(found["outsideSchemes"]) == 3
    for scheme in found["schemes"]:
        assert (scheme["applies"], scheme["group"], scheme["possible"]) == (False, None, [])


def test_an_interval_gives_its_bounds_and_whether_they_belong_to_it() -> None:
    mrd = assessed("hr2020-p1-40-months-after-block-1")["picture"]["endBlock1Mrd"]
    assert mrd["value"] == {"low": 5e-4, "high": 5e-4, "lowExcluded": False, "highExcluded": False}


def test_end_of_treatment_is_a_date_or_that_it_was_going_on() -> None:
    told = {n: assessed(n)["picture"]["endOfPrimaryTreatment"]["value"] for n in PATIENTS}
    assert told["hr2020-p1-40-months"] == {"onTreatmentAtRelapse": False, "completed": "2025-03-15"}
    assert told["hr2020-p1-24-months"] == {"onTreatmentAtRelapse": True, "completed": None}
    assert told["busy-chart"] is None


@pytest.mark.parametrize(
    ("name", "because"),
    [("child-aml", "leukemia"), ("child-first-remission", "relapse"), ("deceased-child", "deceased")],
)
def test_not_applicable_says_why(name: str, because: str) -> None:
    found = assessed(name)
    assert found["applies"] is False
    assert because in found["notApplicableBecause"]
    assert (found["schemes"], found["missing"]) == ([], [])


def test_it_may_be_impossible_to_tell() -> None:
    empty = PatientTimeline(Person("Patient/x"), missing={Part.CONDITIONS: "conditions not retrieved"})
    found = assessment_to_dict(assess(empty, ON))
    assert found["applies"] is None
    assert found["notApplicableBecause"]
    assert {"kind": "unavailable", "text": "conditions not retrieved", "resources": []} in found[
        "dataProblems"
    ]


@pytest.mark.parametrize("name", PATIENTS)
def test_data_problems_are_of_the_named_kinds(name: str) -> None:
    for problem in assessed(name, date(2024, 1, 1))["dataProblems"]:
        assert set(problem) == {"kind", "text", "resources"}
        assert problem["kind"] in KINDS
        assert problem["text"]
        assert problem["resources"]


@pytest.mark.parametrize("name", PATIENTS)
def test_the_same_chart_gives_the_same_assessment(name: str) -> None:
    assert assessed(name) == assessed(name)
