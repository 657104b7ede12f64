"""The latest value of a measure, and events and drugs in order."""

from datetime import date
from typing import Any

import pytest

from cds_rules.patient.draw_findings import Findings, findings_of
from cds_rules.patient.drug_class import IMMUNOSUPPRESSANT, TKI
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.fact import Fact
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    DrugUse,
    Measure,
    Measurement,
    Part,
    PatientTimeline,
    Person,
    Route,
)
from tests.unit.charts import day, is_open

WBC = Measure.LEUKOCYTES


def count(value: float, when: str | None, source: str = "a", **more: Any) -> Measurement:
    return Measurement(f"Observation/{source}", day(when), WBC, Interval.exactly(value), **more)


def findings(**record: Any) -> Findings:
    return findings_of(PatientTimeline(Person("Patient/p"), **record))


def latest(*results: Measurement, on: date | None = None) -> Fact[Interval]:
    return findings(measurements=results).latest(WBC, on)


@pytest.mark.parametrize("order", [1, -1])
def test_the_latest_counts(order: int) -> None:
    pair = (count(1000, "2025-06-01", "old"), count(2000, "2025-06-15", "new"))
    expected = Fact(Interval.exactly(2000), ("Observation/new",), "measured 2025-06-15")
    assert latest(*pair[::order]) == expected
    assert latest(*pair, on=date(2025, 6, 15)) == expected


def test_by_an_earlier_day_the_later_result_does_not_count() -> None:
    pair = (count(1000, "2025-06-01", "old"), count(2000, "2025-06-15", "new"))
    assert latest(*pair, on=date(2025, 6, 14)).value == Interval.exactly(1000)
    none = latest(*pair, on=date(2025, 5, 31))
    assert (is_open(none), none.because) == (True, "no result on record by 2025-05-31")


def test_results_of_one_day_give_their_span() -> None:
    found = latest(count(1000, "2025-06-15"), count(3000, "2025-06-15", "b"), count(9, "2025-06-14", "c"))
    assert found.value == Interval(1000, 3000)
    assert found.evidence == ("Observation/a", "Observation/b")
    assert found.because == "2 results, measured 2025-06-15"


def test_a_month_that_may_hold_the_latest_day_counts_too() -> None:
    found = latest(count(1000, "2025-06-15"), count(3000, "2025-06", "b"))
    assert found.value == Interval(1000, 3000)
    assert latest(count(1000, "2025-07-01"), count(3000, "2025-06", "b")).value == Interval.exactly(1000)


def test_a_month_that_may_lie_after_the_day_leaves_it_open() -> None:
    assert is_open(latest(count(3000, "2025-06"), on=date(2025, 6, 15)))
    assert latest(count(3000, "2025-06"), on=date(2025, 6, 30)).value == Interval.exactly(3000)


def test_a_latest_result_that_cannot_be_read_hides_the_one_before() -> None:
    broken = Measurement("Observation/x", day("2025-06-15"), WBC, Interval(0, 1e6), readable=False)
    found = latest(count(1000, "2025-06-01"), broken)
    assert (is_open(found), found.evidence) == (True, ("Observation/x",))


def test_what_does_not_settle_is_not_the_latest() -> None:
    assert is_open(latest(count(1000, "2025-06-15", route=Route.TEXT)))
    assert is_open(latest(count(1000, None)))
    assert latest(count(1000, "2025-06-15", route=Route.SITE)).known


def test_no_result_says_whether_results_were_read() -> None:
    assert latest().because == "no result on record"
    unread = findings(missing={Part.LABORATORY: "not retrieved: too slow"}).latest(WBC)
    assert unread.because == "not retrieved: too slow"


def test_the_series_is_in_order_and_of_one_measure() -> None:
    other = Measurement("Observation/p", day("2025-06-15"), Measure.PLATELETS, Interval.exactly(1))
    found = findings(measurements=(count(2, "2025-06-15", "b"), other, count(1, "2025-06-01")))
    assert [m.source for m in found.series(WBC)] == ["Observation/a", "Observation/b"]


def test_events_of_the_kinds_that_are_asked_for() -> None:
    def event(kind: EventKind, when: str | None, name: str) -> Event:
        return Event(f"Procedure/{name}", day(when), kind)

    record = (
        event(EventKind.LUMBAR_PUNCTURE, "2025-06-15", "b"),
        event(EventKind.HLA_TYPING, None, "h"),
        event(EventKind.LUMBAR_PUNCTURE, "2025-06-01", "a"),
    )
    found = findings(events=record)
    assert [e.source for e in found.events(EventKind.LUMBAR_PUNCTURE)] == ["Procedure/a", "Procedure/b"]
    both = found.events(EventKind.LUMBAR_PUNCTURE, EventKind.HLA_TYPING)
    assert [e.source for e in both] == ["Procedure/h", "Procedure/a", "Procedure/b"]
    assert found.events(EventKind.ECG) == ()


def test_uses_of_a_class_of_drugs() -> None:
    def use(drug: str, when: str) -> DrugUse:
        return DrugUse(f"MedicationAdministration/{drug}", day(when), drug)

    found = findings(drugs=(use("ponatinib", "2025-06-15"), use("imatinib", "2025-06-01")))
    assert [d.drug for d in found.uses(TKI)] == ["imatinib", "ponatinib"]
    assert found.uses(IMMUNOSUPPRESSANT) == ()
