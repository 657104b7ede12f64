"""Aspects that tell whether a statement is still timely: judged, irradiated, operated, mutation on record."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Field, Genetic, Irradiation, Marker
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import MrdResult, Part, Route, Status, StatusReport
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.cns import RADIATED_SINCE
from cds_rules.treatment.aspects.findings import T315I, T315I_ON_RECORD
from cds_rules.treatment.aspects.response import RESPONSE_ON_RECORD
from cds_rules.treatment.aspects.testis import ORCHIECTOMY_DONE, TESTIS_RADIATED
from tests.unit.advice_charts import RELAPSED, after, seen
from tests.unit.charts import day, marrow_relapse

YES, NO = {YesNo.YES}, {YesNo.NO}
EITHER = {YesNo.YES, YesNo.NO}
BEFORE = "2025-06-14"
"""The day before the relapse."""


def mrd(days: int) -> MrdResult:
    return MrdResult("Observation/mrd", day(after(days)), Interval.exactly(5e-4), marrow=True, method="flow")


def report(status: Status, days: int, **more: Any) -> StatusReport:
    return StatusReport("Observation/state", day(after(days)), status, **more)


def radiation(field: Field, when: str | None, **more: Any) -> Irradiation:
    return Irradiation("Procedure/rt", day(when), field, 18.0, **more)


def orchiectomy(when: str | None, **more: Any) -> Event:
    return Event("Procedure/op", day(when), EventKind.ORCHIECTOMY, **more)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"mrd": (mrd(21),)}, YES),
        ({"mrd": (mrd(20),)}, NO),
        ({"reports": (report(Status.STABLE, 21),)}, YES),
        ({"reports": (report(Status.STABLE, 20),)}, NO),
        ({"reports": (report(Status.UNDETERMINED, 21),)}, NO),
        ({"reports": (report(Status.STABLE, 21, route=Route.TEXT),)}, NO),
        ({"reports": (report(Status.STABLE, 21),), "relapsed": None}, EITHER),
    ],
    ids=str,
)
def test_reinduction_is_judged_by_mrd_or_a_report_too(record: dict[str, Any], expected: set[YesNo]) -> None:
    on = RELAPSED + timedelta(days=56)
    assert seen(RESPONSE_ON_RECORD, marrow_relapse(**record), on).possible == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ((), NO),
        ((radiation(Field.CRANIAL, after(0)),), YES),
        ((radiation(Field.CRANIAL, BEFORE),), NO),
        ((radiation(Field.CRANIAL, "2025"),), EITHER),
        ((radiation(Field.CRANIAL, None),), EITHER),
        ((radiation(Field.CRANIAL, after(90), route=Route.TEXT),), EITHER),
        ((radiation(Field.TESTIS, after(90)),), NO),
        ((radiation(Field.CRANIAL, BEFORE), radiation(Field.CRANIAL, after(90))), YES),
    ],
    ids=str,
)
def test_cranial_radiation_since_the_relapse(record: tuple[Irradiation, ...], expected: set[YesNo]) -> None:
    assert seen(RADIATED_SINCE, marrow_relapse(irradiations=record)).possible == expected


@pytest.mark.parametrize("aspect", [RADIATED_SINCE, ORCHIECTOMY_DONE, TESTIS_RADIATED], ids=lambda a: a.id)
def test_silence_is_no_answer_while_procedures_are_unread(aspect: Any) -> None:
    unread = marrow_relapse(missing={Part.PROCEDURES: "procedures could not be read"})
    assert seen(aspect, unread).possible == EITHER
    assert seen(aspect, marrow_relapse()).possible == NO


def test_radiation_without_a_dated_relapse_is_open() -> None:
    record = marrow_relapse(None, irradiations=(radiation(Field.CRANIAL, after(90)),))
    assert seen(RADIATED_SINCE, record).possible == EITHER


@pytest.mark.parametrize(
    ("when", "expected"), [("2025-06-01", YES), ("2025-05-31", NO), (after(30), YES), (None, EITHER)]
)
def test_local_treatment_of_a_testis_counts_from_14_days_before_the_relapse(
    when: str | None, expected: set[YesNo]
) -> None:
    removed = marrow_relapse(events=(orchiectomy(when),))
    irradiated = marrow_relapse(irradiations=(radiation(Field.TESTIS, when),))
    assert seen(ORCHIECTOMY_DONE, removed).possible == expected
    assert seen(TESTIS_RADIATED, irradiated).possible == expected


def test_an_operation_that_need_not_have_been_done_is_open() -> None:
    assert seen(
        ORCHIECTOMY_DONE, marrow_relapse(events=(orchiectomy(after(3), certain=False),))
    ).possible == (EITHER)


def gene(present: bool, **more: Any) -> Genetic:
    return Genetic(f"Observation/{present}", day(after(3)), Marker.T315I, present, **more)


@pytest.mark.parametrize(
    ("record", "on_record", "is_so"),
    [
        ({}, NO, EITHER),
        ({"genetics": (gene(True),)}, YES, YES),
        ({"genetics": (gene(False),)}, NO, NO),
        ({"genetics": (gene(True), gene(False))}, YES, YES),
        ({"genetics": (replace(gene(False), when=day(after(-14))),)}, NO, NO),
        ({"genetics": (replace(gene(False), when=day(after(-15))),)}, NO, EITHER),
        ({"genetics": (replace(gene(False), when=None),)}, NO, EITHER),
        ({"genetics": (replace(gene(True), when=day(after(-400))),)}, YES, YES),
        ({"genetics": (gene(True, route=Route.TEXT),)}, EITHER, EITHER),
        ({"missing": {Part.LABORATORY: "not read"}}, EITHER, EITHER),
        ({"missing": {Part.REPORTS: "not read"}}, EITHER, EITHER),
    ],
    ids=str,
)
def test_t315i_not_tested_is_not_on_record_but_open(
    record: dict[str, Any], on_record: set[YesNo], is_so: set[YesNo]
) -> None:
    chart = marrow_relapse(**record)
    assert seen(T315I_ON_RECORD, chart).possible == on_record
    assert seen(T315I, chart).possible == is_so
