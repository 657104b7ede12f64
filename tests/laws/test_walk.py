"""Walking a patient day by day: what was settled with less is contradicted by new facts or by time, only.

A rule is a function of the facts it asks for (aspects), so what holds of every fact holds of every statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from cds_rules.patient.draw import draw
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import PatientTimeline
from cds_rules.treatment.aspect import ASPECTS, Seen
from cds_rules.treatment.chart import Chart
from tests.journeys.regenerate import PATIENTS, bundle_of, timeline_from
from tests.laws.test_as_of import days_of

DAY = timedelta(days=1)
LATER = timedelta(days=400)
TIMED = {
    "the age of the patient": {"age", "ageForTransplantScore", "childbearingAge"},
    "time since an infusion, a transplant or the last treatment": {
        "afterCarT.time",
        "collection.afterTransplant",
        "monthsOffTherapy",
        "offTherapy",
    },
    "a wash-out, or a time within which two things count as together": {
        "collection.cytotoxics",
        "collection.immunosuppression",
        "collection.steroids",
        "infusion.cranialRadiation",
        "intrathecal",
        "nelarabine",
        "orders.intrathecal",
        "orders.inotuzumabCycle",
        "orders.nelarabine",
    },
    "a result that has to be recent": {"done.marrowLast6Months", "orders.aplasia"},
    "the day a drug was withdrawn": {"orders.liposomalVincristineWithdrawn"},
}
"""What time alone may turn into its opposite, and why. Others stay, or open as they age."""
MAY_TURN = frozenset().union(*TIMED.values())
COUNTED = {"priorRegimens", "orders.regimens"}
"""Lines of treatment: a remission or a relapse closes one, and is not among the treatments they rest on."""
every_patient = pytest.mark.parametrize("folder", PATIENTS, ids=lambda p: p.name)


def facts(timeline: PatientTimeline, day: date) -> tuple[RelapsePicture, dict[str, Seen], set[str]]:
    known = timeline.as_of(day)
    picture = draw(known, day)
    chart = Chart(picture, known, {})
    told = {s.source for each in known._dated for s in each}
    return picture, {name: a.read(chart) for name, a in ASPECTS.items()}, told


def contradicted(before: dict[str, Seen], after: dict[str, Seen]) -> Iterator[str]:
    for name, seen in after.items():
        if not set(seen.possible) & set(before[name].possible):
            yield name


@every_patient
def test_time_alone_contradicts_only_what_tells_the_time(folder: Path) -> None:
    timeline = timeline_from(bundle_of(folder))
    days = days_of(timeline)
    for day, following in pairwise([*days, days[-1] + LATER] if days else []):
        before, after = facts(timeline, day)[1], facts(timeline, following - DAY)[1]
        assert set(contradicted(before, after)) <= MAY_TURN, f"{day} to {following - DAY}"


@every_patient
def test_what_was_settled_with_less_is_contradicted_only_by_what_is_new(folder: Path) -> None:
    """By something first known that day: as evidence, or as another relapse that the fact is counted from."""
    timeline = timeline_from(bundle_of(folder))
    for day in days_of(timeline)[1:]:
        then, before, told = facts(timeline, day - DAY)
        now, after, told_now = facts(timeline, day)
        news = told_now - told
        if then.relapses != now.relapses or then.relapse_date != now.relapse_date:
            continue
        for name in contradicted(before, after):
            if name not in MAY_TURN | COUNTED:
                assert set(after[name].evidence) & news, f"{name} on {day}"
            assert news or name in MAY_TURN
