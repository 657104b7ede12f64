"""Allogeneic transplants and regimens before the relapse, and leukemia now, as timelines tell them."""

from typing import Any

import pytest

from cds_rules.patient.timeline import (
    DrugUse,
    Lineage,
    Measure,
    Part,
    PatientTimeline,
    Person,
    Route,
    Site,
    Transplant,
    TreatmentPlan,
)
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.active import ACTIVE
from cds_rules.treatment.aspects.earlier import (
    ALLOGENEIC_TRANSPLANTS,
    REGIMENS,
    SINCE_ALLOGENEIC,
    AfterAllogeneic,
    Regimens,
    Transplants,
)
from tests.unit.advice_charts import seen
from tests.unit.charts import csf, day, diagnosis, marrow, marrow_relapse, relapse, remission

NOT, EARLY, MIDDLE, LATE = AfterAllogeneic
EVERY = set(AfterAllogeneic)
NONE, ONE, MORE = Transplants


def hsct(when: str | None, **more: Any) -> Transplant:
    told = {"kind": "allogeneic", **more}
    return Transplant(f"Procedure/t{when}", day(when), **told)


def since(*transplants: Transplant, **record: Any) -> set[Any]:
    return set(seen(SINCE_ALLOGENEIC, marrow_relapse(transplants=transplants, **record)).possible)


def count(*transplants: Transplant, **record: Any) -> set[Any]:
    return set(seen(ALLOGENEIC_TRANSPLANTS, marrow_relapse(transplants=transplants, **record)).possible)


@pytest.mark.parametrize(
    ("transplants", "left"),
    [
        ((), {NOT}),
        ((hsct("2024-12-16"),), {EARLY}),
        ((hsct("2024-12-15"),), {MIDDLE}),
        ((hsct("2024-06-15"),), {MIDDLE}),
        ((hsct("2024-06-14"),), {LATE}),
        ((hsct("2024-12"),), {EARLY, MIDDLE}),
        ((hsct("2024-06"),), {MIDDLE, LATE}),
        ((hsct("2024"),), {EARLY, MIDDLE, LATE}),
        ((hsct("2023-01-10"), hsct("2025-01-10")), {EARLY}),
        ((hsct("2025-08-01"),), {NOT}),
        ((hsct("2024-06-14", kind=None),), {LATE}),
        ((hsct("2024-06-14", kind="autologous"),), {NOT}),
        ((hsct("2024-06-14", kind="autologous"), hsct("2025-08-01")), {NOT}),
        ((hsct(None),), EVERY),
        ((hsct("2024-06-14", certain=False),), EVERY),
        ((hsct("2024-06-14", route=Route.TEXT),), EVERY),
        ((hsct("2025-06-15"),), EVERY),
        ((hsct("2024-06-14"), hsct(None)), {EARLY, MIDDLE, LATE}),
    ],
    ids=str,
)
def test_months_from_transplant_to_relapse(transplants: tuple[Transplant, ...], left: set[Any]) -> None:
    assert since(*transplants) == left


@pytest.mark.parametrize("part", [Part.PROCEDURES, Part.CONDITIONS])
def test_an_unread_part_may_hold_a_later_transplant(part: Part) -> None:
    assert since(missing={part: "not read"}) == EVERY
    assert since(hsct("2024-06-14"), missing={part: "not read"}) == {EARLY, MIDDLE, LATE}


def test_told_by_the_relapse_alone_only_its_time_is_open() -> None:
    assert since(in_transplant=True) == {EARLY, MIDDLE, LATE}
    assert since(hsct("2025-08-01"), in_transplant=True) == {EARLY, MIDDLE, LATE}
    assert count(in_transplant=True) == {ONE, MORE}


def test_without_a_date_of_relapse_the_time_is_open() -> None:
    assert since(hsct("2024-06-14"), relapsed=None) == EVERY
    assert count(hsct("2024-06-14"), relapsed=None) == set(Transplants)


def test_without_a_relapse_there_is_none_before_it() -> None:
    record = PatientTimeline(Person("Patient/p"), (diagnosis(),), transplants=(hsct("2024-06-14"),))
    assert seen(SINCE_ALLOGENEIC, record).possible == {NOT}
    assert seen(ALLOGENEIC_TRANSPLANTS, record).possible == {NONE}


@pytest.mark.parametrize(
    ("transplants", "left"),
    [
        ((), {NONE}),
        ((hsct("2024-01-10"),), {ONE}),
        ((hsct("2023-01-10"), hsct("2024-01-10")), {MORE}),
        ((hsct("2024-01-10"), hsct("2024-03-10")), {ONE, MORE}),
        ((hsct("2024-01-10"), hsct("2024-03-11")), {MORE}),
        ((hsct("2024-01-10"), hsct("2024-01-10", donor="related")), {ONE}),
        ((hsct("2024-01-10"), hsct("2024-01")), {ONE, MORE}),
        ((hsct("2024-01-10", kind="autologous"),), {NONE}),
        ((hsct("2024-01-10"), hsct("2025-08-01")), {ONE}),
        ((hsct(None),), {NONE, ONE, MORE}),
        ((hsct("2024-01-10"), hsct(None)), {ONE, MORE}),
    ],
    ids=str,
)
def test_transplants_before_the_relapse(transplants: tuple[Transplant, ...], left: set[Any]) -> None:
    assert count(*transplants) == left


def test_an_unread_part_may_hold_another_transplant() -> None:
    assert count(hsct("2024-01-10"), missing={Part.PROCEDURES: "not read"}) == {ONE, MORE}


def plan(source: str, when: str, until: str | None, status: str = "completed") -> TreatmentPlan:
    return TreatmentPlan(f"CarePlan/{source}", day(when), day(until), status)


def course(*plans: TreatmentPlan, relapses: tuple[str, ...] = ("2025-06-15",), **record: Any) -> set[Any]:
    told = tuple(relapse(when, source=when, sites=frozenset({Site.MARROW})) for when in relapses)
    between = (remission("2024-08-01", "r2"), remission("2025-03-10", "r3"), remission("2023-08-01", "r4"))
    until = max(relapses)
    signs = (remission("2022-03-01", "r1"), *(r for r in between if min(relapses) < str(r.when) < until))
    dx = (diagnosis("2022-01-15", lineage=Lineage.B), *told, *signs)
    return set(seen(REGIMENS, PatientTimeline(Person("Patient/p"), dx, plans=plans, **record)).possible)


FIRST = plan("a", "2022-01-20", "2024-01-20")
SECOND = plan("b", "2024-06-20", "2024-12-20")
THIRD = plan("c", "2025-02-05", "2025-04-20")
SHORT = plan("a", "2022-01-20", "2022-12-20")
EXTRA = plan("d", "2023-06-20", "2023-12-20")


@pytest.mark.parametrize(
    ("plans", "relapses", "left"),
    [
        ((FIRST,), ("2025-06-15",), {Regimens.BELOW_2}),
        ((FIRST, SECOND), ("2024-06-15", "2025-06-15"), {Regimens.TO_3}),
        ((FIRST, SECOND, THIRD), ("2024-06-15", "2025-02-01", "2025-06-15"), {Regimens.TO_3}),
        (
            (SHORT, EXTRA, SECOND, THIRD),
            ("2023-06-15", "2024-06-15", "2025-02-01", "2025-06-15"),
            {Regimens.FROM_4},
        ),
    ],
    ids=["one", "two", "three", "four"],
)
def test_regimens_before_the_relapse(
    plans: tuple[TreatmentPlan, ...], relapses: tuple[str, ...], left: set[Any]
) -> None:
    assert course(*plans, relapses=relapses) == left


def test_drugs_without_a_plan_may_be_of_any_number_of_regimens() -> None:
    given = DrugUse("MedicationAdministration/v", day("2022-02-01"), "vincristine")
    assert course(drugs=(given,)) == set(Regimens)
    assert course(FIRST, missing={Part.CARE_PLANS: "not read"}) == set(Regimens)


def test_two_lines_without_an_upper_bound_are_at_least_two() -> None:
    missing = {Part.ADMINISTRATIONS: "not read"}
    left = course(FIRST, SECOND, relapses=("2024-06-15", "2025-06-15"), missing=missing)
    assert left == {Regimens.TO_3, Regimens.FROM_4}


def now(*statements: Any, **record: Any) -> set[Any]:
    base = marrow_relapse(**record)
    measured = tuple(s for s in statements if hasattr(s, "measure"))
    told = tuple(s for s in statements if not hasattr(s, "measure"))
    record_of = PatientTimeline(
        base.person, (*base.diagnoses, *told), measurements=measured, missing=base.missing
    )
    return set(seen(ACTIVE, record_of).possible)


def test_leukemia_now_after_a_relapse() -> None:
    assert now(relapsed="2025-12-01") == {YesNo.YES}
    assert now(remission("2025-08-01")) == {YesNo.NO}


CLEAR_CSF = tuple(csf(m, 0.0) for m in (Measure.CSF_LEUKOCYTES, Measure.CSF_BLASTS))


def test_a_clear_marrow_is_no_reason_for_reinduction() -> None:
    assert now(marrow(4.9, "2025-08-01"), *CLEAR_CSF) == {YesNo.NO}
    assert now(marrow(5.0, "2025-12-20"), *CLEAR_CSF) == {YesNo.YES}


def test_a_clear_marrow_does_not_tell_of_another_site() -> None:
    assert now(marrow(4.9, "2025-08-01")) == {YesNo.YES, YesNo.NO}


def test_an_old_word_on_the_disease_leaves_it_open() -> None:
    assert now() == {YesNo.YES, YesNo.NO}
    assert now(marrow(40.0, "2025-08-01")) == {YesNo.YES, YesNo.NO}


def test_a_remission_that_blasts_contradict_leaves_it_open() -> None:
    assert now(remission("2025-08-01"), marrow(30.0, "2025-08-20")) == {YesNo.YES, YesNo.NO}


def test_an_unread_part_leaves_leukemia_now_open() -> None:
    missing = {Part.LABORATORY: "not read"}
    assert now(marrow(2.0, "2025-08-01"), missing=missing) == {YesNo.YES, YesNo.NO}
