"""Remissions in order, the state of the marrow, whether it is remission now; M1 is not yet remission."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.history import MarrowState
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import Fact
from cds_rules.patient.remission import Remission, first_remission, remissions
from cds_rules.patient.timeline import (
    Diagnosis,
    DiseaseState,
    Measurement,
    Part,
    PatientTimeline,
    Person,
    ProblemKind,
    Route,
    Status,
    StatusReport,
)
from tests.unit.charts import concerned, csf, day, diagnosis, is_open, marrow, picture, relapse, remission
from tests.unit.test_relapse_number import BLASTS, CELLS

MISSING = "not retrieved: too slow"
CR1 = remission("2022-02-20", "cr1")
CR2 = remission("2025-08-01", "cr2")
SOON = date(2025, 7, 1)
"""Sixteen days after the relapse."""


def full(when: str) -> StatusReport:
    return StatusReport("Observation/status", day(when), Status.FULL_REMISSION)


# ---- the list ------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_each_remission_has_its_number_and_the_relapse_that_ended_it(order: int) -> None:
    statements = (diagnosis(), CR1, relapse(), CR2)
    found = picture(*statements[::order])
    assert [(r.number, str(r.since), r.until and str(r.until), r.stated) for r in found.remissions] == [
        (1, "2022-02-20", "2025-06-15", True),
        (2, "2025-08-01", None, True),
    ]
    assert found.remissions[1].sources == ("Condition/cr2",)
    assert found.remission_number == Fact(2, ("Condition/cr2",))


def test_a_marrow_below_five_is_listed_as_not_stated() -> None:
    found = picture(diagnosis(), relapse(), marrow(1, "2025-08-01"))
    assert [(r.number, r.stated) for r in found.remissions] == [(2, False)]


def test_a_stated_remission_wins_over_an_earlier_marrow() -> None:
    (found,) = picture(diagnosis(), marrow(1, "2022-02-16"), CR1).remissions
    assert (str(found.since), found.stated) == ("2022-02-20", True)


@pytest.mark.parametrize(("seen", "listed"), [("2025-06-29", False), ("2025-06-30", True)])
def test_a_clear_marrow_at_a_relapse_elsewhere_is_no_remission_from_it(seen: str, listed: bool) -> None:
    assert bool(picture(diagnosis(), relapse(), marrow(1, seen)).remissions) is listed


def test_an_undated_relapse_leaves_the_numbers_open() -> None:
    found = picture(diagnosis(), CR1, relapse(None))
    assert found.remissions == ()
    assert is_open(found.remission_number)
    assert is_open(found.in_remission)


def test_without_a_diagnosis_there_is_no_list() -> None:
    assert picture(CR1, relapse(None)).remissions == ()


# ---- remission now -------------------------------------------------------------------------------


@pytest.mark.parametrize("stated", [CR2, full("2025-08-01")])
def test_a_stated_remission_after_the_relapse_is_remission(stated: Any) -> None:
    found = picture(diagnosis(), relapse(), stated)
    assert (found.in_remission.value, found.in_remission.evidence) == (True, (stated.source,))


def test_first_remission_without_a_relapse() -> None:
    found = picture(diagnosis(), CR1)
    assert (found.in_remission.value, found.remission_number.value) == (True, 1)


def test_a_remission_before_the_relapse_is_over() -> None:
    found = picture(diagnosis(), CR1, relapse(), on=SOON)
    assert found.in_remission.value is False
    assert found.remission_number.because == "not in remission"


def test_a_clear_marrow_alone_is_m1_and_not_yet_remission() -> None:
    """Complete remission needs the blood counts as well (D-4)."""
    found = picture(diagnosis(), relapse(), marrow(1, "2025-12-01"))
    assert is_open(found.in_remission)
    assert "M1" in (found.in_remission.because or "")
    assert found.marrow_state.value is MarrowState.M1


@pytest.mark.parametrize(("on", "answer"), [(date(2025, 8, 10), False), (date(2025, 8, 11), None)])
def test_a_relapse_tells_of_the_next_eight_weeks(on: date, answer: bool | None) -> None:
    assert picture(diagnosis(), relapse(), on=on).in_remission.value is answer


@pytest.mark.parametrize(("blasts", "answer"), [(5, False), (60, False), (4.9, None)])
def test_blasts_at_the_latest_look_are_no_remission(blasts: float, answer: bool | None) -> None:
    found = picture(diagnosis(), relapse(), marrow(blasts, "2025-07-20"), on=date(2025, 8, 1))
    assert found.in_remission.value is answer


def test_nothing_after_the_diagnosis_is_open() -> None:
    assert is_open(picture(diagnosis()).in_remission)


def test_a_suspected_relapse_leaves_it_open() -> None:
    found = picture(diagnosis(), CR1, marrow(12, "2025-06-15"))
    assert is_open(found.in_remission)
    assert found.in_remission.evidence == ("Observation/m-2025-06-15",)


def test_doubt_about_another_relapse_leaves_it_open() -> None:
    bloodless = (csf(CELLS, 3), csf(BLASTS, 40))
    assert is_open(picture(diagnosis(), CR1, *bloodless).in_remission)
    assert is_open(picture(diagnosis(), CR1, relapse(certain=False)).in_remission)


@pytest.mark.parametrize("part", [Part.CONDITIONS, Part.LABORATORY, Part.DISEASE_FINDINGS])
def test_unread_results_leave_it_open(part: Part) -> None:
    for statements in ((CR1,), (CR1, relapse()), (CR1, relapse(), CR2)):
        found = picture(diagnosis(), *statements, missing={part: MISSING}, on=SOON)
        assert found.in_remission.because == MISSING
        assert is_open(found.marrow_state)


@pytest.mark.parametrize("status", [Status.PARTIAL_REMISSION, Status.IMPROVED, Status.STABLE])
def test_less_than_full_remission_is_none(status: Status) -> None:
    report = StatusReport("Observation/s", day("2025-08-01"), status)
    assert picture(diagnosis(), relapse(), report).in_remission.value is not True


# ---- a remission that the marrow denies ----------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "denied"),
    [("2025-07-24", False), ("2025-07-25", True), ("2025-08-01", True)],
)
def test_blasts_at_a_stated_remission_contradict_it(seen: str, denied: bool) -> None:
    found = picture(diagnosis(), relapse(), marrow(60, seen), CR2)
    assert is_open(found.in_remission) is denied
    named = concerned(found.problems, ProblemKind.CONFLICT)
    assert named == ([("Condition/cr2", f"Observation/m-{seen}")] if denied else [])
    assert [r.number for r in found.remissions] == ([] if denied else [2])


def test_a_contradiction_of_long_ago_does_not_touch_today() -> None:
    found = picture(diagnosis(), marrow(60, "2022-02-20"), CR1, relapse(), CR2)
    assert found.in_remission.value is True


# ---- the marrow ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blasts", "state"),
    [
        (0, MarrowState.M1),
        (4.9, MarrowState.M1),
        (5, MarrowState.M2),
        (25, MarrowState.M2),
        (25.1, MarrowState.M3),
        (Interval(0.0, 5.0, high_open=True), MarrowState.M1),
        (Interval(0.0, 5.0), None),
        (Interval(5.0, 30.0), None),
        (Interval(25.0, 100.0, low_open=True), MarrowState.M3),
    ],
)
def test_the_state_of_the_marrow(blasts: float | Interval, state: MarrowState | None) -> None:
    found = picture(diagnosis(), relapse(), marrow(blasts, "2025-07-20")).marrow_state
    assert (found.value, found.evidence) == (state, ("Observation/m-2025-07-20",))


@pytest.mark.parametrize("order", [1, -1])
def test_the_latest_look_counts(order: int) -> None:
    looks = (marrow(60, "2025-06-15"), marrow(12, "2025-07-20"), marrow(1, "2025-08-20"))
    assert picture(diagnosis(), relapse(), *looks[::order]).marrow_state.value is MarrowState.M1


def test_two_looks_of_one_day_that_differ_leave_it_open() -> None:
    twice = (marrow(1, "2025-07-20"), replace(marrow(12, "2025-07-20"), source="Observation/other"))
    assert is_open(picture(diagnosis(), relapse(), *twice).marrow_state)


def test_a_look_that_may_be_as_late_counts_too() -> None:
    assert is_open(picture(diagnosis(), relapse(), marrow(1, "2025-08-20"), marrow(60, "2025")).marrow_state)


@pytest.mark.parametrize(
    ("seen", "counts"), [("2025-05-31", False), ("2025-06-01", True), ("2025-06-15", True)]
)
def test_a_look_before_the_relapse_is_not_of_it(seen: str, counts: bool) -> None:
    found = picture(diagnosis(), CR1, relapse(), marrow(60, seen)).marrow_state
    assert found.known is counts


def test_blasts_told_by_text_do_not_tell_it() -> None:
    assert is_open(picture(diagnosis(), relapse(), marrow(1, "2025-08-01", route=Route.TEXT)).marrow_state)


def test_without_a_date_to_count_from_it_is_open() -> None:
    assert is_open(picture(relapse(None), marrow(1, "2025-08-01")).marrow_state)


# ---- signs of remission, and the first of them ---------------------------------------------------

DIAGNOSED = PartialDate.parse("2022-01")


def signs(*statements: Any, diagnosed: PartialDate | None = DIAGNOSED) -> list[tuple[str, str, bool]]:
    timeline = PatientTimeline(
        Person("Patient/p"),
        diagnoses=tuple(s for s in statements if isinstance(s, Diagnosis)),
        reports=tuple(s for s in statements if isinstance(s, StatusReport)),
        measurements=tuple(s for s in statements if isinstance(s, Measurement)),
    )
    return [(s.source, str(s.when), s.recorded) for s in remissions(timeline, diagnosed)]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": DiseaseState.RELAPSE},
        {"state": DiseaseState.UNSTATED},
        {"state_coded": False},
        {"certain": False},
        {"when": None},
    ],
    ids=str,
)
def test_a_condition_is_a_sign_only_if_it_is_coded_certain_and_dated(changes: dict[str, Any]) -> None:
    assert signs(CR1) == [("Condition/cr1", "2022-02-20", True)]
    assert signs(replace(CR1, **changes)) == []


@pytest.mark.parametrize(
    "changes", [{"status": Status.PARTIAL_REMISSION}, {"when": None}, {"route": Route.TEXT}], ids=str
)
def test_a_report_is_a_sign_only_if_it_says_so_is_dated_and_mapped(changes: dict[str, Any]) -> None:
    assert signs(full("2022-02-20")) == [("Observation/status", "2022-02-20", True)]
    assert signs(replace(full("2022-02-20"), **changes)) == []


@pytest.mark.parametrize(
    ("blasts", "counts"),
    [(4.9, True), (5.0, False), (Interval(0.0, 5.0, high_open=True), True), (Interval(0.0, 5.0), False)],
    ids=str,
)
def test_a_marrow_is_a_sign_below_five_percent(blasts: float | Interval, counts: bool) -> None:
    assert signs(marrow(blasts, "2022-02-20")) == (
        [("Observation/m-2022-02-20", "2022-02-20", False)] * counts
    )


@pytest.mark.parametrize(("when", "after"), [("2022-01-31", False), ("2022-02-01", True)])
def test_a_sign_comes_after_the_last_day_on_which_the_diagnosis_may_have_been(when: str, after: bool) -> None:
    assert bool(signs(remission(when))) is after
    assert signs(remission(when), diagnosed=None) == []


def test_signs_are_told_in_the_order_of_their_days() -> None:
    found = signs(CR2, full("2024-01-01"), marrow(1, "2022-02-16"), CR1)
    assert [when for _, when, _ in found] == ["2022-02-16", "2022-02-20", "2024-01-01", "2025-08-01"]


def sign(when: str, recorded: bool = True) -> Remission:
    return Remission(PartialDate.parse(when), f"Condition/{when}", recorded)


def test_the_first_remission_is_the_earliest_stated_before_the_relapse() -> None:
    all_signs = [sign("2022-02-16", False), sign("2022-02-20"), sign("2024-01-01"), sign("2025-08-01")]
    expected = Fact(day("2022-02-20"), ("Condition/2022-02-20",), "first remission on record")
    assert first_remission(all_signs, day("2025-06-15")) == expected
    assert first_remission(all_signs, None) == expected


@pytest.mark.parametrize(
    ("relapsed", "before"), [("2022-02-20", False), ("2022-02-21", True), ("2022-02", False)]
)
def test_a_remission_of_the_day_of_the_relapse_is_not_before_it(relapsed: str, before: bool) -> None:
    assert (first_remission([sign("2022-02-20")], day(relapsed)).value is not None) is before


def test_a_clear_marrow_does_not_date_the_first_remission() -> None:
    clear = first_remission([sign("2022-02-16", False), sign("2022-03-16", False)], None)
    assert is_open(clear)
    assert clear.evidence == ("Condition/2022-02-16",)
    assert is_open(first_remission([], None))
    assert first_remission([], None).evidence == ()
