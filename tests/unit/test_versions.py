"""Copies of one result: the newest stands, a withdrawn one goes, and what is in no order is all kept."""

import itertools
from typing import Any

import pytest

from cds_rules.patient.timeline import PatientTimeline, ProblemKind
from tests.unit.observations import CSF_WBC, FLOW, LOINC, MARROW, Json, observation, percent, read

NUMBER = {"system": "urn:lab:result", "value": "4711"}
EARLY, LATE = "2025-06-16T08:00:00Z", "2025-06-17T10:00:00+02:00"


def look(value: float, name: str = "o1", **members: Any) -> Json:
    return observation(MARROW, id=name, valueQuantity=percent(value), **members)


def updated(when: str, version: str | None = None) -> Json:
    return {"lastUpdated": when, **({"versionId": version} if version else {})}


def values(timeline: PatientTimeline) -> list[float]:
    return sorted(m.value.low for m in timeline.measurements)


def in_any_order(*resources: Json) -> PatientTimeline:
    """The timeline, which must not hang on the order of the record."""
    first, *others = (read(*order) for order in itertools.permutations(resources))
    for other in others:
        assert values(other) == values(first)
        assert {p.kind for p in other.problems} == {p.kind for p in first.problems}
    return first


# ---- one id ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"meta": updated(EARLY)}, {"meta": updated(LATE)}),
        ({"issued": EARLY}, {"issued": LATE}),
        ({"meta": {"versionId": "9"}}, {"meta": {"versionId": "10"}}),
        ({"status": "final"}, {"status": "corrected"}),
        ({"status": "preliminary"}, {"status": "final"}),
        ({"status": "corrected", "meta": updated(EARLY)}, {"status": "final", "meta": updated(LATE)}),
        ({"meta": updated(EARLY), "issued": LATE}, {"meta": updated(LATE), "issued": EARLY}),
    ],
)
def test_the_newer_version_of_one_resource_stands(old: Json, new: Json) -> None:
    timeline = in_any_order(look(64, **old), look(2, **new))
    assert (values(timeline), timeline.problems) == ([2.0], ())


def test_the_same_resource_twice_is_one() -> None:
    timeline = in_any_order(look(64, meta=updated(EARLY)), look(64, meta={"tag": [{"code": "x"}]}), look(64))
    assert (values(timeline), timeline.problems) == ([64.0], ())


@pytest.mark.parametrize("meta", [{}, {"meta": 7}, {"meta": {"lastUpdated": "yesterday"}}])
def test_versions_in_no_order_are_both_kept_and_named(meta: Json) -> None:
    timeline = in_any_order(look(64, **meta), look(2, **meta))
    assert values(timeline) == [2.0, 64.0]
    assert [(p.kind, p.resources) for p in timeline.problems] == [(ProblemKind.CONFLICT, ("Observation/o1",))]


def test_a_version_in_error_withdraws_the_result() -> None:
    timeline = in_any_order(look(64), look(64, status="entered-in-error"))
    assert values(timeline) == []
    assert [p.kind for p in timeline.problems] == [ProblemKind.ENTERED_IN_ERROR]


def test_a_result_in_error_that_was_made_good_counts() -> None:
    wrong = look(64, status="entered-in-error", meta=updated(EARLY))
    assert values(in_any_order(wrong, look(2, meta=updated(LATE)))) == [2.0]


# ---- one identifier -----------------------------------------------------------------------------------


def numbered(value: float, name: str, identifier: object = None, **members: Any) -> Json:
    return look(value, name, identifier=[NUMBER] if identifier is None else identifier, **members)


@pytest.mark.parametrize("status", ["corrected", "amended"])
def test_a_correction_under_another_id_replaces_the_result(status: str) -> None:
    timeline = in_any_order(numbered(64, "a"), numbered(2, "b", status=status))
    assert (values(timeline), timeline.problems) == ([2.0], ())


def test_the_later_of_two_final_results_stands() -> None:
    assert values(in_any_order(numbered(64, "a", issued=EARLY), numbered(2, "b", issued=LATE))) == [2.0]


def test_a_correction_may_move_the_date() -> None:
    moved = numbered(2, "b", status="corrected", effectiveDateTime="2025-06-14")
    assert values(in_any_order(numbered(64, "a"), moved)) == [2.0]


def test_a_final_result_that_comes_after_its_correction_may_be_an_old_copy() -> None:
    timeline = in_any_order(
        numbered(64, "a", issued=LATE), numbered(2, "b", status="corrected", issued=EARLY)
    )
    assert values(timeline) == [2.0, 64.0]
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]


def test_a_withdrawal_under_another_id_names_both() -> None:
    timeline = in_any_order(numbered(64, "a"), numbered(64, "b", status="entered-in-error"))
    assert values(timeline) == []
    assert {p.resources for p in timeline.problems} == {("Observation/a",), ("Observation/b",)}
    assert {p.kind for p in timeline.problems} == {ProblemKind.ENTERED_IN_ERROR}


def test_a_preliminary_result_needs_no_word_once_the_final_one_is_there() -> None:
    timeline = in_any_order(numbered(60, "a", status="preliminary"), numbered(64, "b"))
    assert (values(timeline), timeline.problems) == ([64.0], ())


@pytest.mark.parametrize(
    "identifier",
    [
        [{"value": "4711"}],
        [{"system": "urn:other", "value": "4711"}],
        [{"system": "urn:lab:result"}],
        [],
        7,
        [7],
        {"system": "urn:lab:result", "value": "4711"},
    ],
)
def test_another_identifier_or_none_replaces_nothing(identifier: object) -> None:
    wrong = numbered(64, "b", identifier, status="entered-in-error", effectiveDateTime="2025-06-14")
    assert values(in_any_order(numbered(64, "a"), wrong)) == [64.0]


@pytest.mark.parametrize(
    "other",
    [
        observation(CSF_WBC, id="b", identifier=[NUMBER], status="entered-in-error"),
        numbered(2, "b", effectiveDateTime="2025-07-15"),
        numbered(2, "b", specimen={"display": "Bone marrow, right"}, status="corrected"),
    ],
    ids=["another test", "another day", "another sample"],
)
def test_an_identifier_of_the_whole_order_replaces_nothing_else(other: Json) -> None:
    one = numbered(64, "a", specimen={"display": "Bone marrow, left"})
    assert 64.0 in values(in_any_order(one, other))


def test_the_result_of_another_patient_withdraws_nothing() -> None:
    foreign = numbered(64, "b", status="entered-in-error", subject={"reference": "Patient/q"})
    timeline = in_any_order(numbered(64, "a"), foreign)
    assert values(timeline) == [64.0]
    assert [p.resources for p in timeline.problems] == [("Observation/b",)]


# ---- the same test at the same time ---------------------------------------------------------------------


def test_equal_results_are_one_however_they_are_written() -> None:
    fraction = observation(MARROW, id="b", valueQuantity={"value": 0.64, "code": "1"})
    timeline = in_any_order(look(64, "a"), fraction)
    assert ([m.source for m in timeline.measurements], timeline.problems) == (["Observation/a"], ())


def test_different_results_are_both_kept_and_named() -> None:
    timeline = in_any_order(look(64, "a"), look(2, "b"))
    assert values(timeline) == [2.0, 64.0]
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.CONFLICT, ("Observation/a", "Observation/b"))
    ]


@pytest.mark.parametrize(
    "other",
    [
        look(2, "b", effectiveDateTime="2025-06-16"),
        look(2, "b", specimen={"display": "Bone marrow, right"}),
        look(2, "b", status="preliminary"),
        look(2, "b", effectiveDateTime=...),
        observation(CSF_WBC, id="b", valueQuantity={"value": 2, "unit": "/uL"}),
    ],
    ids=["another day", "another sample", "not final", "undated", "another test"],
)
def test_results_of_two_things_do_not_contradict_each_other(other: Json) -> None:
    timeline = in_any_order(look(64, "a"), other)
    assert 64.0 in values(timeline)
    assert ProblemKind.CONFLICT not in {p.kind for p in timeline.problems}


@pytest.mark.parametrize(
    ("when", "flagged"), [("2025-06-15", False), ("2025-06-15T08:00:00Z", True)], ids=["day", "hour"]
)
def test_blood_is_counted_more_often_than_once_a_day(when: str, flagged: bool) -> None:
    def cells(name: str, value: float) -> Json:
        quantity = {"value": value, "unit": "/uL"}
        return observation((LOINC, "8116-6"), id=name, effectiveDateTime=when, valueQuantity=quantity)

    timeline = in_any_order(cells("a", 10), cells("b", 20))
    assert values(timeline) == [10.0, 20.0]
    assert (ProblemKind.CONFLICT in {p.kind for p in timeline.problems}) is flagged


def test_residual_disease_told_twice() -> None:
    def result(name: str, value: float) -> Json:
        return observation(FLOW, id=name, valueQuantity=percent(value))

    assert len(read(result("a", 0.05), result("b", 0.05)).mrd) == 1
    timeline = read(result("a", 0.05), result("b", 5))
    assert len(timeline.mrd) == 2
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]


def test_many_copies_cost_little() -> None:
    copies = [numbered(n % 90, f"o{n}") for n in range(3000)]
    assert len(read(*copies).measurements) == 90
    assert len(read(*(look(n % 90) for n in range(3000))).measurements) == 90
