"""Laws over all demonstration charts: what losing, shuffling or redating the record may change."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cds_rules import Assessment, assess, assessment_to_dict
from cds_rules.terminology.code_set import load
from service.fhir.lexicon import Lexicon
from service.fhir.to_timeline import RecordReader
from tests.journeys.regenerate import PATIENTS, SITE_MAP, bundle_of, chart_day, timeline_from

every_patient = pytest.mark.parametrize("folder", PATIENTS, ids=lambda p: p.name)

NARROWER: dict[tuple[str, str], str] = {
    (
        "late-testicular",
        "Condition/testis-relapse-1",
    ): "the only record that names the relapse: without it a chart in remission is left, and no relapse in a "
    "record heard in full is an answer (no card), not an open question",
    (
        "problem-list-only",
        "Condition/plist-all",
    ): "the only record that names the disease: without it the chart is that of a patient without ALL",
    (
        "mye2023-2-refractory",
        "Observation/mye2-marrow-after-blina",
    ): "the only marrow that shows refractory disease: without it no marrow above 25 % after reinduction is "
    "on record, which a full record answers with no, so the first-relapse schemes apply again",
    (
        "infant-kmt2a",
        "Observation/infant-marrow-block-1",
    ): "the only marrow that shows refractory disease, as for mye2023-2-refractory",
    (
        "transplant-outside-remission",
        "Observation/hsctnocr-marrow-block-1",
    ): "the only marrow that shows refractory disease, as for mye2023-2-refractory",
    (
        "adult-cr2-off-therapy",
        "Observation/offcr2-marrow-block-1",
    ): "the only marrow that shows refractory disease: without it the first look after reinduction is the "
    "remission that came later",
    (
        "car-t-primary-refractory",
        "Condition/pr-dx",
    ): "the only record that names the disease, as for problem-list-only",
    (
        "infant-primary-refractory",
        "Condition/ipr-dx",
    ): "the only record that names the disease, as for problem-list-only",
    (
        "infant-primary-refractory",
        "Observation/ipr-marrow-end-induction",
    ): "the only blast count after induction (the MRD beside it is not read as one): without it nobody says "
    "that induction failed, and ALL without a relapse has no card",
}
"""Resources without which the answer is another one, and why: what they alone tell, silence denies.

The law holds for every other resource, and for these where the part they come from was not retrieved in
full: a part that is missing opens the fact (tests/unit/test_before.py, test_relapse_number.py). A Condition
or a marrow that was never recorded cannot be told from one that was never there.
"""


def possible(assessment: Assessment) -> dict[str, frozenset[str | None]]:
    """What each scheme that settles anything leaves possible."""
    return {s.id: frozenset(s.finding.possible) for s in assessment.schemes if s.settles}


def still_possible(before: Assessment, after: Assessment) -> bool:
    """Did losing a resource only widen the answer?"""
    if after.applies is not before.applies:
        return after.applies is None
    wider = possible(after)
    return all(groups <= wider[scheme] for scheme, groups in possible(before).items())


@every_patient
def test_losing_a_resource_only_widens_the_answer(folder: Path) -> None:
    bundle, on = bundle_of(folder), chart_day(folder)
    whole = assess(timeline_from(bundle), on)
    reader = RecordReader(Lexicon(load(), SITE_MAP))
    narrower = set()
    for index, entry in enumerate(bundle["entry"]):
        reference = f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        rest = [e["resource"] for i, e in enumerate(bundle["entry"]) if i != index]
        found = assess(reader.timeline(rest, folder.name), on)
        if reference == "Patient/deceased-child":
            continue  # without it nobody knows that the child has died
        if not still_possible(whole, found):
            narrower.add((folder.name, reference))
    assert narrower == {key for key in NARROWER if key[0] == folder.name}


@every_patient
def test_the_order_of_the_entries_does_not_matter(folder: Path) -> None:
    bundle, on = bundle_of(folder), chart_day(folder)
    whole = assessment_to_dict(assess(timeline_from(bundle), on))
    for seed in range(5):
        entries = random.Random(seed).sample(bundle["entry"], len(bundle["entry"]))  # noqa: S311
        shuffled = assess(timeline_from({**bundle, "entry": entries}), on)
        assert assessment_to_dict(shuffled) == whole


@every_patient
def test_every_day_of_a_chart_can_be_assessed(folder: Path) -> None:
    """From birth to the day of the story: nothing raises, nothing is known before it happened."""
    bundle, last = bundle_of(folder), chart_day(folder)
    timeline = timeline_from(bundle)
    for year in range(last.year - 14, last.year + 1):
        for month in (1, 5, 9):
            day = last.replace(year=year, month=month, day=1)
            found = assess(timeline, day)
            when = found.picture.relapse_date.value
            assert when is None or when.earliest <= day
