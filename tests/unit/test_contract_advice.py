"""What the Assessment advises, as JSON, version 1: recommendations, scores, CAR-T checklist, follow-up."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

from cds_rules import assess, assessment_to_dict
from cds_rules.citation import library
from cds_rules.patient.timeline import Part
from cds_rules.request import Test as Request
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.sections import SECTION_OF
from tests.journeys.regenerate import chart_day
from tests.unit.test_contract import FIXTURES, ON, PATIENTS, timeline

Json = dict[str, Any]
SAYS = {"applies", "does not apply", "open"}
AUDIENCES = {"pediatric", "adult", "any age"}
RECOMMENDATION = {
    *("id", "title", "detail", "decision", "kind", "status", "needs", "audience", "versus"),
    *("citations", "evidence"),
}
SCORE = {
    *("id", "title", "applies", "value", "range", "maximum", "missing", "parts", "meaning", "audience"),
    *("note", "citations"),
}
CRITERION = {"id", "topic", "text", "answer", "borderline", "because", "settledBy", "citations", "evidence"}
DUE = {"id", "what", "due", "until", "state", "because", "citations", "evidence"}
STATES = {"done", "due", "overdue", "upcoming", "unknown"}

each_patient = pytest.mark.parametrize("name", PATIENTS)


@cache
def assessed(name: str, on: date | None = None) -> Json:
    """On the day of the story, when most is to be said."""
    return assessment_to_dict(assess(timeline(name), on or chart_day(FIXTURES / "patients" / name)))


def chart(name: str) -> set[str]:
    bundle = json.loads((FIXTURES / "patients" / name / "bundle.json").read_bytes())
    return {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle["entry"]}


def check_sources(items: Iterable[Json], of_chart: set[str]) -> None:
    """Each names where it is written, and nothing but resources of the chart."""
    for item in items:
        assert item["citations"]
        for cite in item["citations"]:
            assert set(cite) == {"key", "where"}
            assert all(cite.values())
        assert set(item.get("evidence", [])) <= of_chart


@each_patient
def test_recommendations_say_what_whether_and_from_where(name: str) -> None:
    found = assessed(name)["recommendations"]
    check_sources(found, chart(name))
    assert len({r["id"] for r in found}) == len(found)
    for r in found:
        assert set(r) == RECOMMENDATION
        assert r["id"] in SECTION_OF
        assert set(r["versus"]) <= set(SECTION_OF) - {r["id"]}
        assert r["kind"] in {"advice", "note"}
        assert r["audience"] in AUDIENCES
        assert r["title"]
        assert r["detail"]
        assert r["decision"]
        # One that only may apply says which facts would tell, and one that applies waits for none.
        assert r["status"] == ("possible" if r["needs"] else "applies")


@each_patient
def test_an_open_recommendation_says_what_each_value_would_mean(name: str) -> None:
    for need in (n for r in assessed(name)["recommendations"] for n in r["needs"]):
        assert set(need) == {"fact", "says"}
        aspect = ASPECTS[need["fact"]]
        assert set(need["says"]) <= {value.value for value in aspect.values}
        assert len(need["says"]) > 1
        assert set(need["says"].values()) <= SAYS


@each_patient
def test_missing_facts_are_those_that_something_waits_for(name: str) -> None:
    found = assessed(name)
    waiting = {r["id"]: {n["fact"] for n in r["needs"]} for r in found["recommendations"]}
    for m in found["missing"]:
        assert set(m) == {"fact", "because", "settledBy", "schemes", "rules", "closes", "tests"}
        assert m["schemes"] or m["rules"]
        assert set(m["schemes"]) <= {s["id"] for s in found["schemes"]}
        assert all(waiting[rule] for rule in m["rules"])
        assert 0 <= m["closes"] <= len(m["schemes"]) + len(m["rules"])
        assert set(m["tests"]) <= {test.value for test in Request}
        assert m["because"]
        assert m["settledBy"]


@each_patient
def test_a_score_has_a_value_or_a_range_and_what_is_missing(name: str) -> None:
    found = assessed(name)["scores"]
    check_sources(found, chart(name))
    for score in found:
        assert set(score) == SCORE
        assert score["applies"] in {"applies", "open"}
        assert score["audience"] in AUDIENCES
        assert score["meaning"]
        for figure in score["meaning"]:
            assert set(figure) == {"of", "says"}
        for part in score["parts"]:
            assert set(part) == {"fact", "possible", "points", "evidence"}
            assert part["possible"]
            assert part["points"] is None or part["points"] == sorted(part["points"])
            assert set(part["evidence"]) <= chart(name)
        if score["range"] is None:
            assert score["value"] is None
            continue
        low, high = score["range"]
        assert 0 <= low <= high
        assert score["maximum"] is None or high <= score["maximum"]
        assert score["value"] == (low if low == high else None)
        assert score["missing"] or low == high, "an open score says what is missing"


@each_patient
def test_the_checklist_stands_where_car_t_is_in_question(name: str) -> None:
    found = assessed(name)
    asked = any(r["decision"] == "CAR-T before infusion" for r in found["recommendations"])
    assert bool(found["carTChecklist"]) is asked
    check_sources(found["carTChecklist"], chart(name))
    for line in found["carTChecklist"]:
        assert set(line) == CRITERION
        assert line["answer"] in {"met", "not met", "unknown"}
        assert isinstance(line["borderline"], bool)
        assert bool(line["settledBy"]) is (line["answer"] == "unknown")


@each_patient
def test_follow_up_is_for_those_after_car_t_and_has_its_window(name: str) -> None:
    found = assessed(name)
    assert found["picture"]["carT"]["value"] is True or found["surveillance"] == []
    check_sources(found["surveillance"], chart(name))
    for item in found["surveillance"]:
        assert set(item) == DUE
        assert item["what"]
        assert item["state"] in STATES
        assert (item["due"] is None) is (item["until"] is None)
        assert item["due"] is None or item["due"] <= item["until"]
        assert item["evidence"] or item["state"] != "done"


def test_every_member_is_filled_by_some_patient() -> None:
    """Otherwise the tests above would look at nothing."""
    for member in ("recommendations", "missing", "scores", "carTChecklist", "surveillance"):
        assert any(assessed(name)[member] for name in PATIENTS), member
    assert {r["status"] for n in PATIENTS for r in assessed(n)["recommendations"]} == {"applies", "possible"}
    assert {c["answer"] for n in PATIENTS for c in assessed(n)["carTChecklist"]} == {
        "met",
        "not met",
        "unknown",
    }
    assert {d["state"] for n in PATIENTS for d in assessed(n)["surveillance"]} >= {"done", "due", "overdue"}
    ranges = [s["range"] for n in PATIENTS for s in assessed(n)["scores"] if s["range"]]
    assert any(low < high for low, high in ranges)
    assert any(low == high for low, high in ranges)


@pytest.mark.parametrize("name", ["child-aml", "child-first-remission", "deceased-child"])
def test_where_nothing_is_to_be_said_nothing_is_advised(name: str) -> None:
    found = assessed(name)
    for member in ("recommendations", "missing", "scores", "carTChecklist", "surveillance"):
        assert found[member] == []


def test_a_part_that_was_not_read_opens_what_it_would_have_told() -> None:
    """The laboratory is missing: what rested on it is possible, not settled, and no test is said not done."""
    record, on = timeline("mye2023-5-day-60"), chart_day(FIXTURES / "patients" / "mye2023-5-day-60")
    unread = replace(record, measurements=(), mrd=(), missing={Part.LABORATORY: "not retrieved: too slow"})
    whole, less = (assessment_to_dict(assess(r, on)) for r in (record, unread))
    applying = [{r["id"] for r in a["recommendations"] if r["status"] == "applies"} for a in (whole, less)]
    assert "P-4" in applying[0] - applying[1]
    assert "P-4" in {r["id"] for r in less["recommendations"]}
    assert "overdue" not in {d["state"] for d in less["surveillance"]}


def test_the_day_asked_for_is_the_day_of_the_contract() -> None:
    assert assessed("hr2020-p1-24-months", ON)["assessedOn"] == ON.isoformat()


TRIAL = {
    *("id", "title", "phase", "namedBySource", "grade", "open", "lastKnownStatus", "statusInSource", "sites"),
    *("criteria", "citations"),
}


@each_patient
def test_trials_are_answered_criterion_by_criterion_and_only_in_relapse(name: str) -> None:
    found = assessed(name)
    check_sources(found["trials"], chart(name))
    assert bool(found["trials"]) is (found["applies"] is True)
    for trial in found["trials"]:
        assert set(trial) == TRIAL
        # Without a registry nothing is known of today.
        assert (trial["open"], trial["namedBySource"], trial["sites"]) == (False, True, None)
        answers = [c["answer"] for c in trial["criteria"]]
        graded = "excluded" if "not met" in answers else "possible" if "unknown" in answers else "eligible"
        assert trial["grade"] == graded
        for criterion in trial["criteria"]:
            assert set(criterion) == {"text", "role", "from", "answer", "because", "evidence"}
            assert criterion["role"] in {"inclusion", "exclusion"}
            assert criterion["answer"] in {"met", "not met", "unknown"}
            assert criterion["because"] or criterion["answer"] != "unknown"
            assert set(criterion["evidence"]) <= chart(name)


@each_patient
def test_a_trials_status_is_an_old_one_with_its_year(name: str) -> None:
    known = [t["lastKnownStatus"] for t in assessed(name)["trials"] if t["lastKnownStatus"]]
    for status in known:
        assert set(status) == {"status", "on", "source"}
        assert 2000 < int(status["on"]) < 2025
        assert status["source"] in library()
