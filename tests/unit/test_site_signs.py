"""Testis and other sites that findings beside the record of the relapse show, or hint at."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.draw import draw
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import (
    Diagnosis,
    DiseaseState,
    Measure,
    Measurement,
    PatientTimeline,
    Person,
    Route,
    Site,
)

DIAGNOSIS = Diagnosis("Condition/dx", PartialDate.parse("2022-01-15"))
MARROW, TESTIS, OTHER = Site.MARROW, Site.TESTIS, Site.OTHER
RELAPSED = "2025-06-15"
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


def signed(*events: Event, sites: frozenset[Site] = frozenset({MARROW})) -> RelapsePicture:
    relapse = Diagnosis(
        "Condition/rel",
        PartialDate.parse(RELAPSED),
        state=DiseaseState.RELAPSE,
        state_coded=True,
        sites=sites,
    )
    timeline = PatientTimeline(Person("Patient/p"), (DIAGNOSIS, relapse), events=events)
    return draw(timeline, date(2026, 1, 1))


def sign(kind: EventKind, when: str | None, **more: Any) -> Event:
    return Event(f"Condition/{kind.name}", PartialDate.parse(when) if when else None, kind, **more)


BIOPSY, GENITAL, SKIN = (
    EventKind.TESTIS_BIOPSY,
    EventKind.GENITAL_METASTASIS,
    EventKind.LEUKEMIC_INFILTRATION,
)


@pytest.mark.parametrize(
    ("event", "site", "expected"),
    [
        (sign(BIOPSY, "2025-06-29", positive=True), TESTIS, YES),
        (sign(BIOPSY, "2025-06-30", positive=True), TESTIS, UNKNOWN),
        (sign(BIOPSY, "2025-06-17", positive=False), TESTIS, NO),
        (sign(BIOPSY, "2025-06-17"), TESTIS, NO),
        (sign(GENITAL, "2025-06-15"), TESTIS, UNKNOWN),
        (sign(GENITAL, None), TESTIS, UNKNOWN),
        (sign(GENITAL, "2022-01-15"), TESTIS, NO),
        (sign(SKIN, "2025-06-10"), OTHER, YES),
        (sign(SKIN, "2025-06-10", certain=False), OTHER, UNKNOWN),
        (sign(SKIN, "2025-06-10", route=Route.TEXT), OTHER, UNKNOWN),
        (sign(SKIN, None), OTHER, UNKNOWN),
        (sign(SKIN, "2022-01-15"), OTHER, NO),
    ],
    ids=str,
)
def test_a_site_that_is_shown_or_hinted_at_beside_the_relapse(
    event: Event, site: Site, expected: Answer
) -> None:
    found = signed(event)
    assert found.involved[site] is expected
    assert (event.source in found.sites.evidence) is (expected is not NO)


def test_the_reason_names_the_sign() -> None:
    assert "secondary neoplasm of genital organs on record" in (
        signed(sign(GENITAL, None)).sites.because or ""
    )


@pytest.mark.parametrize(
    "event", [sign(BIOPSY, "2025-06-17", positive=True), sign(SKIN, "2025-06-17")], ids=str
)
def test_leukemia_elsewhere_after_a_remission_opens_the_number_of_relapses(event: Event) -> None:
    calm = Measurement(
        "Observation/m", PartialDate.parse("2022-03-01"), Measure.MARROW_BLASTS, Interval.exactly(1)
    )
    timeline = PatientTimeline(Person("Patient/p"), (DIAGNOSIS,), measurements=(calm,), events=(event,))
    number = draw(timeline, date(2026, 1, 1)).relapse_number
    assert (number.value, number.evidence) == (None, (event.source,))
    assert draw(replace(timeline, events=()), date(2026, 1, 1)).relapse_number.value == 0
