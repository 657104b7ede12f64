"""What an aspect says of a record, drawn on one day."""

from datetime import date, timedelta

from cds_rules.patient.draw import draw
from cds_rules.patient.timeline import PatientTimeline
from cds_rules.treatment.aspect import Aspect, Seen
from cds_rules.treatment.chart import Chart

RELAPSED = date(2025, 6, 15)
"""The relapse of `charts.marrow_relapse`."""
TODAY = date(2026, 1, 1)


def chart(timeline: PatientTimeline, on: date = TODAY) -> Chart:
    """The chart of the day, without the schemes."""
    known = timeline.as_of(on)
    return Chart(draw(known, on), known, {})


def seen(aspect: Aspect, timeline: PatientTimeline, on: date = TODAY) -> Seen:
    """What the record leaves possible of the aspect; what is open says why."""
    found = aspect.read(chart(timeline, on))
    assert found.possible
    assert found.settled or found.because
    return found


def after(days: int, start: date = RELAPSED) -> str:
    """The day this many days after the relapse."""
    return (start + timedelta(days=days)).isoformat()
