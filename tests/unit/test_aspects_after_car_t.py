"""The course after CAR-T: day zero, construct, transplants before and after, relapse, remission."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    CarT,
    Measurement,
    MrdResult,
    Part,
    PatientTimeline,
    Route,
    Site,
    Transplant,
)
from cds_rules.treatment.aspect import Aspect, YesNo
from cds_rules.treatment.aspects.after_car_t import (
    BLINATUMOMAB_BEFORE,
    CONSTRUCT,
    RELAPSE_SINCE,
    REMISSION,
    TIME,
    TRANSPLANT_BEFORE,
    TRANSPLANT_SINCE,
    Construct,
    SinceInfusion,
)
from tests.unit.advice_charts import after, seen
from tests.unit.car_t_charts import INFUSED, after_car_t, drug, infused, mrd, on_day
from tests.unit.charts import day, diagnosis, marrow, relapse, remission

YES, NO, EITHER = {YesNo.YES}, {YesNo.NO}, set(YesNo)
FOUR_1BB, CD28, OTHER = Construct.FOUR_1BB, Construct.CD28, Construct.OTHER


def told(aspect: Aspect, timeline: PatientTimeline, days: int = 100) -> set[Any]:
    return set(seen(aspect, timeline, on_day(days)).possible)


@pytest.mark.parametrize(
    ("product", "domains"),
    [
        ("tisagenlecleucel", {FOUR_1BB}),
        ("brexucabtagene", {CD28}),
        ("brexucabtagene-autoleucel", {CD28}),
        ("obecabtagene", {OTHER}),
        (None, {FOUR_1BB, CD28, OTHER}),
    ],
)
def test_the_construct_by_product(product: str | None, domains: set[Construct]) -> None:
    assert told(CONSTRUCT, after_car_t(infused(product=product))) == domains
    assert told(CONSTRUCT, after_car_t(infused(None, product))) == domains


def test_a_procedure_without_a_product_does_not_hide_the_one_named_beside_it() -> None:
    bare = CarT("Procedure/bare", day(after(1, INFUSED)))
    assert told(CONSTRUCT, after_car_t(infused(), bare)) == {FOUR_1BB}


def test_two_products_named_for_one_infusion_leave_both() -> None:
    assert told(CONSTRUCT, after_car_t(infused(), infused(product="brexucabtagene"))) == {FOUR_1BB, CD28}


@pytest.mark.parametrize(
    ("on", "band"),
    [
        (date(2025, 11, 3), SinceInfusion.TO_63),
        (date(2025, 11, 4), SinceInfusion.TO_6),
        (date(2026, 2, 28), SinceInfusion.TO_6),
        (date(2026, 3, 1), SinceInfusion.TO_12),
        (date(2026, 8, 31), SinceInfusion.TO_12),
        (date(2026, 9, 1), SinceInfusion.FROM_12),
    ],
)
def test_time_since_infusion(on: date, band: SinceInfusion) -> None:
    assert told(TIME, after_car_t(), (on - INFUSED).days) == {band}


def test_an_infusion_dated_by_the_month_leaves_both_sides() -> None:
    by_month = after_car_t(infused("2025-09"))
    assert told(TIME, by_month, 65) == {SinceInfusion.TO_63, SinceInfusion.TO_6}


@pytest.mark.parametrize(("gap", "anew"), [(28, False), (29, True)])
def test_statements_of_a_few_weeks_tell_of_one_infusion(gap: int, anew: bool) -> None:
    two = after_car_t(infused(), infused(after(gap, INFUSED)))
    assert (told(TIME, two, 64 + 1) == {SinceInfusion.TO_63}) is anew


def test_a_status_code_without_a_date_tells_of_the_same_infusion() -> None:
    assert told(TIME, after_car_t(infused(), infused(None))) == {SinceInfusion.TO_6}
    assert told(TIME, after_car_t(infused(None))) == set(SinceInfusion)


@pytest.mark.parametrize("more", [{"certain": False}, {"route": Route.TEXT}], ids=str)
def test_an_infusion_that_is_not_for_certain_moves_no_clock(more: dict[str, Any]) -> None:
    later = infused(after(90, INFUSED), **more)
    assert told(TIME, after_car_t(infused(), later), 120) == {SinceInfusion.TO_6}
    assert told(TIME, after_car_t(later), 120) == set(SinceInfusion)


@pytest.mark.parametrize("aspect", [TRANSPLANT_BEFORE, TRANSPLANT_SINCE, RELAPSE_SINCE, REMISSION])
def test_without_the_day_of_infusion_all_is_open(aspect: Aspect) -> None:
    assert told(aspect, after_car_t(infused(None))) == EITHER


def transplant(days: int | None, kind: str | None = "allogeneic", **more: Any) -> Transplant:
    when = day(after(days, INFUSED)) if days is not None else None
    return Transplant("Procedure/t", when, kind, **more)


@pytest.mark.parametrize(
    ("given", "before", "since"),
    [
        (transplant(-1), YES, NO),
        (transplant(0), EITHER, NO),
        (transplant(1), NO, YES),
        (transplant(None), EITHER, EITHER),
        (transplant(-1, "autologous"), NO, NO),
        (transplant(-1, None), YES, NO),
        (transplant(-1, certain=False), EITHER, NO),
        (transplant(1, certain=False), EITHER, EITHER),
        (transplant(1, route=Route.TEXT), EITHER, EITHER),
    ],
)
def test_transplants_before_and_since(given: Transplant, before: set[YesNo], since: set[YesNo]) -> None:
    timeline = after_car_t(transplants=(given,))
    assert told(TRANSPLANT_BEFORE, timeline) == before
    assert told(TRANSPLANT_SINCE, timeline) == since


def test_an_undated_transplant_beside_a_dated_one_is_the_same() -> None:
    timeline = after_car_t(transplants=(transplant(-200), transplant(None)))
    assert told(TRANSPLANT_BEFORE, timeline) == YES
    assert told(TRANSPLANT_SINCE, timeline) == NO


@pytest.mark.parametrize(
    ("given", "before"),
    [((), YES), ((transplant(-400, "autologous"),), NO), ((transplant(None),), YES)],
    ids=str,
)
def test_a_relapse_in_transplanted_marrow_tells_of_a_transplant_before(
    given: tuple[Transplant, ...], before: set[YesNo]
) -> None:
    told_of = relapse("2025-06-15", sites=frozenset({Site.MARROW}), in_transplant=True)
    timeline = after_car_t(diagnoses=(diagnosis("2022-01-15"), told_of), transplants=given)
    assert told(TRANSPLANT_BEFORE, timeline) == before


@pytest.mark.parametrize("part", [Part.PROCEDURES, Part.CONDITIONS])
def test_an_unread_part_may_hold_a_transplant(part: Part) -> None:
    unread = after_car_t(missing={part: "not read"})
    assert told(TRANSPLANT_BEFORE, unread) == EITHER
    assert told(TRANSPLANT_SINCE, unread) == EITHER


def course(again: str | None, **more: Any) -> PatientTimeline:
    return after_car_t(
        diagnoses=(
            diagnosis("2022-01-15"),
            relapse("2025-06-15", sites=frozenset({Site.MARROW})),
            remission(after(-30, INFUSED)),
            relapse(again, "second", sites=frozenset({Site.MARROW})),
        ),
        **more,
    )


@pytest.mark.parametrize(("days", "since"), [(0, NO), (1, YES)])
def test_a_relapse_counts_from_the_day_after_the_infusion(days: int, since: set[YesNo]) -> None:
    assert told(RELAPSE_SINCE, course(after(days, INFUSED))) == since


def test_a_relapse_dated_by_the_month_of_infusion_leaves_it_open() -> None:
    assert told(RELAPSE_SINCE, course("2025-09")) == EITHER


def test_no_relapse_at_all_is_no_relapse_since() -> None:
    never = after_car_t(diagnoses=(diagnosis("2025-01-15"),))
    assert told(RELAPSE_SINCE, never) == NO
    assert told(RELAPSE_SINCE, replace(never, missing={Part.CONDITIONS: "not read"})) == EITHER


def looks(*found: Measurement | MrdResult, **more: Any) -> set[Any]:
    measurements = tuple(f for f in found if isinstance(f, Measurement))
    results = tuple(f for f in found if isinstance(f, MrdResult))
    return told(REMISSION, after_car_t(measurements=measurements, mrd=results, **more))


@pytest.mark.parametrize(
    ("blasts", "days", "answer"),
    [
        (4.9, 21, YES),
        (4.9, 20, EITHER),
        (5.0, 21, NO),
        (Interval(0.0, 5.0, high_open=True), 28, YES),
        (Interval(0.0, 6.0), 28, EITHER),
    ],
)
def test_a_marrow_from_day_21_tells_the_remission(
    blasts: float | Interval, days: int, answer: set[YesNo]
) -> None:
    assert looks(marrow(blasts, after(days, INFUSED))) == answer


def test_flow_mrd_tells_it_too_and_sequencing_does_not() -> None:
    assert looks(mrd(28, 0.0, "flow")) == YES
    assert looks(mrd(28, 0.05, "flow")) == NO
    assert looks(mrd(28, 0.0, "ngs")) == EITHER


def test_the_latest_marrow_counts_and_one_day_that_disagrees_is_open() -> None:
    early, late = marrow(60.0, after(28, INFUSED)), marrow(1.0, after(60, INFUSED))
    assert looks(early, late) == YES
    assert looks(marrow(1.0, after(28, INFUSED)), mrd(28, 0.1, "flow")) == EITHER


def test_a_stated_remission_counts() -> None:
    two = (diagnosis("2022-01-15"), relapse("2025-06-15"), remission(after(28, INFUSED)))
    assert told(REMISSION, after_car_t(diagnoses=two)) == YES
    early = (diagnosis("2022-01-15"), relapse("2025-06-15"), remission(after(-5, INFUSED)))
    assert told(REMISSION, after_car_t(diagnoses=early)) == EITHER


def test_a_clear_marrow_does_not_tell_another_site() -> None:
    combined = (diagnosis("2022-01-15"), relapse("2025-06-15", sites=frozenset({Site.MARROW, Site.CNS})))
    assert looks(marrow(1.0, after(28, INFUSED)), diagnoses=combined) == EITHER


@pytest.mark.parametrize("part", [Part.CONDITIONS, Part.LABORATORY, Part.DISEASE_FINDINGS])
def test_an_unread_part_may_hold_a_later_word(part: Part) -> None:
    assert looks(marrow(1.0, after(28, INFUSED)), missing={part: "not read"}) == EITHER


def test_after_a_relapse_there_is_no_remission() -> None:
    assert told(REMISSION, course(after(60, INFUSED))) == NO


@pytest.mark.parametrize(
    ("record", "answer"),
    [
        ({"drugs": (drug(-1),)}, YES),
        ({"drugs": (drug(1),)}, NO),
        ({"drugs": (drug(-1, ordered=True),)}, EITHER),
        ({"drugs": (drug(-1, "vincristine"),)}, NO),
        ({}, EITHER),
        ({"drugs": (drug(-1, "vincristine"),), "missing": {Part.ADMINISTRATIONS: "not read"}}, EITHER),
    ],
)
def test_blinatumomab_before_the_infusion(record: dict[str, Any], answer: set[YesNo]) -> None:
    assert told(BLINATUMOMAB_BEFORE, after_car_t(**record)) == answer
