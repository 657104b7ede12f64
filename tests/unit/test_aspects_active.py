"""Leukemia to bring into remission now: what the last word on the disease leaves possible."""

from datetime import timedelta
from typing import Any

import pytest

from cds_rules.patient.timeline import Measure, Part, Status, StatusReport
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.active import ACTIVE
from tests.unit.advice_charts import RELAPSED, after, seen
from tests.unit.charts import csf, day, marrow, marrow_relapse

YES, NO = {YesNo.YES}, {YesNo.NO}
EITHER = {YesNo.YES, YesNo.NO}
CLEAR = tuple(csf(m, 0.0) for m in (Measure.CSF_LEUKOCYTES, Measure.CSF_BLASTS))
"""Without them a CNS relapse beside that of the marrow is possible."""
ON = RELAPSED + timedelta(days=45)


def report(status: Status, days: int) -> StatusReport:
    return StatusReport(f"Observation/state-{days}", day(after(days)), status)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, YES),
        ({"measurements": (marrow(2.0, after(-40)),)}, YES),
        ({"measurements": (marrow(4.9, after(40)), *CLEAR)}, NO),
        ({"measurements": (marrow(4.9, after(40)),)}, EITHER),
        ({"measurements": (marrow(5.0, after(40)),)}, YES),
        ({"measurements": (marrow(2.0, after(30)), marrow(60.0, after(40)))}, YES),
        ({"reports": (report(Status.FULL_REMISSION, 40),)}, NO),
        (
            {"reports": (report(Status.FULL_REMISSION, 30),), "measurements": (marrow(60.0, after(40)),)},
            EITHER,
        ),
        ({"missing": {Part.LABORATORY: "not read"}}, EITHER),
        ({"relapsed": None}, EITHER),
    ],
    ids=str,
)
def test_the_last_word_on_the_disease_tells(record: dict[str, Any], expected: set[YesNo]) -> None:
    assert seen(ACTIVE, marrow_relapse(**record), ON).possible == expected


def test_an_old_word_tells_nothing() -> None:
    assert seen(ACTIVE, marrow_relapse(), ON + timedelta(days=400)).possible == EITHER
