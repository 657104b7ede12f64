"""The bodies of the benchmark hold what they are said to hold, and tell the same story at every size."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bench.bodies import (
    MATTERING,
    PATIENT,
    SHIFT_DAYS,
    SHIFTS,
    Body,
    chart_body,
    large_body,
    ordinary_body,
    varied_body,
)
from bench.load import of_wrk
from bench.report import BodyResult, Result, as_markdown
from bench.servers import BenchError
from bench.stages import READING, Stages, Times, measure
from cds_rules import Assessment, assess
from cds_rules.patient.timeline import PatientTimeline
from cds_rules.terminology.code_set import load
from service.fhir.fetched import read_page
from service.fhir.lexicon import Lexicon
from service.fhir.prefetch import NEEDS, sent
from service.fhir.site_map import load_site_map
from service.fhir.to_timeline import to_timeline
from service.hooks.api import read_request

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 4, 20)


def prefetch_of(body: Body) -> dict[str, Any]:
    prefetch = read_request(body.content, "patient-view").prefetch
    assert prefetch is not None
    return prefetch


def timeline_of(body: Body) -> PatientTimeline:
    prefetch = prefetch_of(body)
    resources = [resource for need in NEEDS for resource in sent(need, prefetch).resources]
    return to_timeline(resources, PATIENT, site_map=load_site_map(ROOT / "fixtures" / "site.toml"))


def groups(assessment: Assessment) -> dict[str, frozenset[str | None]]:
    return {scheme.id: frozenset(scheme.finding.possible) for scheme in assessment.schemes}


def observations(body: Body) -> list[dict[str, Any]]:
    return list(read_page(prefetch_of(body)["laboratory"]).resources)


@pytest.mark.parametrize("body", [chart_body(), ordinary_body(), large_body(1_000)], ids=lambda b: b.name)
def test_every_prefetch_key_is_answered_in_full(body: Body) -> None:
    prefetch = prefetch_of(body)
    assert set(prefetch) == {need.key for need in NEEDS}
    assert [need.key for need in NEEDS if sent(need, prefetch).problem is not None] == []


def test_the_varied_load_has_every_patient_and_no_body_twice() -> None:
    body = varied_body()
    called = [json.loads(content)["context"]["patientId"] for content in body.each]
    patients = {path.name for path in (ROOT / "fixtures" / "patients").iterdir() if path.is_dir()}
    assert len(set(called)) == len(patients)
    assert len(body.each) == len(set(body.each)) == SHIFTS * len(patients)
    assert body.content == chart_body().content


def test_the_chart_without_leukemia_is_of_the_same_size_and_of_no_concern() -> None:
    body = ordinary_body()
    assert (body.resources, body.cards) == (chart_body().resources, False)
    assert len(body.content) == pytest.approx(len(chart_body().content), rel=0.1)
    assert assess(timeline_of(body), DAY).applies is False


def test_a_moved_chart_tells_the_same_story_earlier() -> None:
    there, earlier = (json.loads(content)["prefetch"]["patient"] for content in _of_the_chart(varied_body()))
    days = date.fromisoformat(there["birthDate"]) - date.fromisoformat(earlier["birthDate"])
    assert days.days == SHIFT_DAYS
    assert there["id"] == earlier["id"]


def _of_the_chart(body: Body) -> list[bytes]:
    return [c for c in body.each if json.loads(c)["context"]["patientId"] == PATIENT][:2]


def test_the_chart_is_sent_whole_and_compact() -> None:
    body = chart_body()
    bundle = json.loads((ROOT / "fixtures" / "patients" / PATIENT / "bundle.json").read_bytes())
    prefetch = prefetch_of(body)
    resources = [resource for need in NEEDS for resource in sent(need, prefetch).resources]
    assert {(r["resourceType"], r["id"]) for r in resources} == {
        (e["resource"]["resourceType"], e["resource"]["id"]) for e in bundle["entry"]
    }
    assert len(resources) == body.resources == 73
    assert 33_000 <= len(body.content) <= 38_000


@pytest.mark.parametrize("count", [1_000, 10_000])
def test_a_large_body_holds_so_many_observations_of_which_sixty_are_read(count: int) -> None:
    body = large_body(count)
    found = observations(body)
    assert len({resource["id"] for resource in found}) == len(found) == count
    timeline = timeline_of(body)
    read = {m.source for m in timeline.measurements} | {m.source for m in timeline.mrd}
    assert len(read) == len(timeline.measurements) + len(timeline.mrd) == MATTERING == 60
    assert [*timeline.genetics, *timeline.antigens, *timeline.reports] == []
    assert timeline.problems == ()


def test_the_added_results_that_are_not_read_mean_nothing_to_any_rule() -> None:
    meanings = Lexicon(load(), load_site_map(ROOT / "fixtures" / "site.toml")).meanings
    added = [r for r in observations(large_body(1_000)) if r["id"].startswith("busy-unread-")]
    assert len(added) == 1_000 - 60 - (MATTERING - 30)
    assert {(c["system"], c["code"]) for r in added for c in r["code"]["coding"]} & set(meanings) == set()


def test_the_added_results_are_of_the_size_of_real_ones() -> None:
    sizes = [
        len(json.dumps(r, separators=(",", ":")))
        for r in observations(large_body(1_000))
        if r["id"].startswith("busy-unread-")
    ]
    assert 400 <= min(sizes) <= max(sizes) <= 550


def test_the_added_results_change_no_answer() -> None:
    alone, among = (assess(timeline_of(body), DAY) for body in (chart_body(), large_body(1_000)))
    assert alone.applies is True
    assert groups(alone) == groups(among)
    assert groups(alone)["COG-AALL1331"] == {"low"}


def test_a_body_is_the_same_every_time() -> None:
    assert large_body(1_000) == large_body(1_000)


def test_a_failed_request_under_load_is_no_figure() -> None:
    told = '{"requests":200,"us":1000000,"p50":500,"p99":900,"failed":%d}'
    assert of_wrk("noise\nbench-result " + told % 0).per_second == 200.0
    with pytest.raises(BenchError, match="1 of 200"):
        of_wrk("bench-result " + told % 1)


def test_the_share_of_time_spent_reading_is_a_row_of_the_table() -> None:
    bodies = [
        BodyResult(name, 1, {}, Stages({"gather": Times(1.0, 2.0)}, share, 1.0, 1.0))
        for name, share in (("small", 0.504), ("large", 0.996))
    ]
    (row,) = [line for line in as_markdown(Result("", "", bodies)).splitlines() if "spent reading" in line]
    assert row == (
        "| share of time spent reading (parse and check the call, gather, to_timeline) | 50% | 100% |"
    )


def test_reading_is_a_part_of_the_steps_that_are_measured() -> None:
    measured = measure(chart_body(), 1)
    assert set(READING) < set(measured.times)
    assert 0 < measured.reading_share < 1
