"""As of a day: only what was true and known then counts, and time alone contradicts nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from cds_rules import Assessment, assess
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, Measurement, PatientTimeline, Person, TreatmentPlan
from tests.journeys.regenerate import PATIENTS, bundle_of, timeline_from

DAY = timedelta(days=1)
ON = date(2026, 11, 1)
every_patient = pytest.mark.parametrize("folder", PATIENTS, ids=lambda p: p.name)


def days_of(timeline: PatientTimeline) -> list[date]:
    """Every day on which something in the record happened or was reported."""
    statements = [s for each in timeline._dated for s in each]
    days = {s.when.earliest for s in statements if s.when is not None} | set(timeline.issued.values())
    return sorted(days)


def groups(a: Assessment) -> dict[str, frozenset[str | None]]:
    return {s.id: frozenset(s.finding.possible) for s in a.schemes}


def future(a: Assessment) -> Assessment:
    """Without the note on what lies ahead, which is the one thing that may tell of it."""
    problems = tuple(p for p in a.problems if p.kind.value != "future-date")
    return replace(a, problems=problems, picture=replace(a.picture, problems=problems))


@every_patient
def test_an_earlier_day_uses_only_what_was_known_then(folder: Path) -> None:
    timeline = timeline_from(bundle_of(folder))
    for day in days_of(timeline)[::3]:
        whole = future(assess(timeline, day))
        known = future(assess(replace(timeline.as_of(day), problems=timeline.problems), day))
        assert groups(whole) == groups(known)
        assert [r.rule.id for r in whole.recommendations] == [r.rule.id for r in known.recommendations]
        assert whole.picture.relapse_number == known.picture.relapse_number


@every_patient
def test_days_without_news_contradict_no_group(folder: Path) -> None:
    """Between two days with nothing new on record, a group that was ruled out stays ruled out."""
    timeline = timeline_from(bundle_of(folder))
    days = days_of(timeline)
    for day, following in pairwise(days):
        last = following - DAY
        if last <= day:
            continue
        before, after = groups(assess(timeline, day)), groups(assess(timeline, last))
        for scheme in before.keys() & after.keys():
            assert after[scheme] <= before[scheme], f"{scheme}, {day} to {last}"


@every_patient
def test_nothing_is_said_before_the_relapse(folder: Path) -> None:
    timeline = timeline_from(bundle_of(folder))
    diagnosed = assess(timeline, ON).picture.diagnosed.value
    if diagnosed is None:
        return
    before = assess(timeline, diagnosed.earliest - DAY)
    assert before.schemes == ()


CHILD = Person("Patient/p", PartialDate.parse("2015-01-01"))
TAKEN, REPORTED = date(2026, 5, 1), date(2026, 5, 4)


def test_a_result_counts_from_the_day_it_was_reported() -> None:
    marrow = Measurement(
        "Observation/m", PartialDate.on(TAKEN), Measure.MARROW_BLASTS, Interval.exactly(60.0)
    )
    timeline = PatientTimeline(CHILD, measurements=(marrow,), issued={"Observation/m": REPORTED})
    assert timeline.as_of(REPORTED - DAY).marrows == ()
    assert timeline.as_of(REPORTED).marrows == (marrow,)
    (problem,) = timeline.as_of(TAKEN).problems
    assert problem.resources == ("Observation/m",)


def test_what_was_completed_later_was_going_on() -> None:
    start, end = PartialDate.parse("2024-01-01"), PartialDate.parse("2026-01-01")
    timeline = PatientTimeline(CHILD, plans=(TreatmentPlan("CarePlan/c", start, end, "completed"),))
    (then,) = timeline.as_of(date(2025, 6, 1)).plans
    assert (then.until, then.status) == (None, "active")
    (now,) = timeline.as_of(date(2026, 1, 1)).plans
    assert (now.until, now.status) == (end, "completed")


def test_who_died_later_was_alive() -> None:
    died = PartialDate.parse("2026-03-01")
    timeline = PatientTimeline(replace(CHILD, deceased=True, died=died))
    assert timeline.as_of(date(2026, 2, 28)).person.deceased is False
    assert timeline.as_of(date(2026, 3, 1)).person.deceased is True


def test_without_a_date_of_death_the_dead_stay_dead() -> None:
    timeline = PatientTimeline(replace(CHILD, deceased=True))
    assert timeline.as_of(date(2020, 1, 1)).person.deceased is True
    assert assess(timeline, date(2020, 1, 1)).applies is False
