"""The course for chart and table: every form of a result keeps what it says, and no more."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date

import pytest

from cds_rules import assess
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import DrugUse, Lineage, MrdResult, PatientTimeline
from cds_rules.risk import SCHEME_BY_ID
from cds_rules.risk.case import (
    AfterTreatment,
    Course,
    FromCr1,
    FromDiagnosis,
    MrdBand,
    Pattern,
    RiskFacts,
    Timing,
)
from cds_rules.risk.decisive import decisive_facts
from service.page import draw as draw_module
from service.page.chart import specification
from service.page.chart_frame import frames
from service.page.course import Form, Item, Lane, course_of
from service.page.draw import NotDrawnError, Point, draw, mark
from tests.unit.charts import ON, PERSON, diagnosis, marrow, relapse

DAY = PartialDate.on(date(2025, 7, 1))


def items(**more: object) -> list[Item]:
    timeline = PatientTimeline(PERSON, diagnoses=(diagnosis(), relapse()), **more)  # type: ignore[arg-type]
    return list(course_of(assess(timeline, ON), timeline).items)


def mrd(fraction: Interval, lod: float | None = None) -> Item:
    result = MrdResult("Observation/mrd", DAY, fraction, marrow=True, method="flow", lod=lod)
    return next(i for i in items(mrd=(result,)) if i.lane is Lane.MRD)


@pytest.mark.parametrize(
    ("fraction", "lod", "form", "said"),
    [
        (Interval.exactly(5e-4), None, Form.VALUE, "0.05 %"),
        (Interval(0.0, 1e-4), 1e-4, Form.LIMIT, "not detected (limit of detection 0.01 %)"),
        (Interval(0.0, 1e-4, high_open=True), None, Form.BELOW, "below 0.01 %"),
        (Interval(0.0, 1e-4, high_open=True), 1e-4, Form.BELOW, "below 0.01 %"),
        (Interval(0.0, 1e-4, low_open=True, high_open=True), 1e-5, Form.BELOW, "detected, below 0.01 %"),
        (Interval(1e-3, 1.0), None, Form.ABOVE, "0.1 % or more"),
        (Interval(0.0, 1.0, low_open=True), None, Form.UNTOLD, "detected, amount not given"),
        (Interval(1e-4, 1e-3), None, Form.RANGE, "0.01 % to 0.1 %"),
    ],
)
def test_an_mrd_result_is_drawn_as_what_it_is(
    fraction: Interval, lod: float | None, form: Form, said: str
) -> None:
    found = mrd(fraction, lod)
    assert found.form is form
    assert found.value.startswith(said)


def test_a_partial_date_is_a_span_of_days_and_said_as_it_was_written() -> None:
    found = [i for i in items(measurements=(marrow(60.0, "2025-06"),)) if i.lane is Lane.BLASTS]
    assert (found[0].when, found[0].label) == (
        PartialDate.parse("2025-06"),
        "2025-06: Marrow blasts: 60 %",
    )


def test_what_is_later_than_the_day_of_assessment_is_not_drawn() -> None:
    assert not [i for i in items(measurements=(marrow(3.0, "2027-01-01"),)) if i.lane is Lane.BLASTS]


def test_an_order_is_no_use_of_a_drug() -> None:
    ordered = DrugUse("MedicationRequest/o", DAY, "blinatumomab", given=False, ordered=True)
    found = next(i for i in items(drugs=(ordered,)) if i.lane is Lane.DRUGS)
    assert (found.kind, found.value) == ("drug-ordered", "ordered")


def test_without_a_date_it_is_in_the_table_and_not_in_the_picture() -> None:
    timeline = PatientTimeline(
        PERSON, diagnoses=(diagnosis(), relapse()), drugs=(DrugUse("MedicationStatement/d", None, "x"),)
    )
    course = course_of(assess(timeline, ON), timeline)
    assert course.table[-1].when is None
    assert all(i.when is not None for i in course.dated)


# ---- drawing


def test_every_dated_item_is_one_mark_with_its_words_and_its_link() -> None:
    results = (marrow(60.0, "2025-06-15"), marrow(2.0, "2025-07-20"), marrow(Interval(0.0, 5.0), "2025-09"))
    timeline = PatientTimeline(PERSON, diagnoses=(diagnosis(), relapse()), measurements=results)
    course = course_of(assess(timeline, ON), timeline)
    points = [Point(f"{n} <&\x0b {i.label}", f"https://fhir.example/{n}") for n, i in enumerate(course.items)]
    for narrow in (False, True):
        svg = draw(specification(course, frames(course, narrow=narrow)[0]), "Course", points)
        for n, _ in enumerate(course.items):
            assert svg.count(f'href="https://fhir.example/{n}"') == 1
            assert f'aria-label="{n} &lt;&amp;\ufffd ' in svg
        assert "style=" not in svg
        assert "mark.invalid" not in svg
        assert "xlink" not in svg


def test_a_child_of_a_process_that_has_drawn_refuses_and_does_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(draw_module, "_owner", [os.getpid() + 1])
    with pytest.raises(NotDrawnError):
        draw({"width": 1, "height": 1}, "", ())


def test_a_specification_that_vega_refuses_is_an_error_without_its_words() -> None:
    with pytest.raises(NotDrawnError) as error:
        draw({"marks": [{"type": "secret of a chart"}]}, "", ())
    assert "secret" not in str(error.value)


def test_a_mark_is_told_by_its_number() -> None:
    assert mark(7).endswith("/7")


# ---- what an answer hangs on

LATE = Timing(FromDiagnosis.AFTER_36, AfterTreatment.FROM_6, FromCr1.FROM_30)
LATE_MARROW = RiskFacts(
    frozenset({Course.FIRST}),
    frozenset({Lineage.B}),
    frozenset({Pattern.MARROW}),
    frozenset({LATE}),
    frozenset({MrdBand.BELOW}),
)


@pytest.mark.parametrize(
    ("scheme", "facts", "decisive"),
    [
        # HR2020 table 1: B, marrow, 36 months or later, MRD below 0.1 %: low. Site makes no difference.
        ("COG-AALL1331", LATE_MARROW, {"course", "lineage", "from_diagnosis", "mrd"}),
        # T-ALL is high whatever else holds.
        (
            "COG-AALL1331",
            replace(LATE_MARROW, lineage=frozenset({Lineage.T})),
            {"course", "lineage"},
        ),
        # PDQ 2014 table 4: site and time, and T-ALL; MRD is not asked.
        ("COG-PDQ2014", LATE_MARROW, {"course", "lineage", "pattern", "from_diagnosis"}),
    ],
)
def test_the_decisive_facts_are_those_whose_other_values_change_the_group(
    scheme: str, facts: RiskFacts, decisive: set[str]
) -> None:
    assert decisive_facts(SCHEME_BY_ID[scheme], facts) == decisive
