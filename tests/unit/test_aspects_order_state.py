"""What only order checks ask of the patient: transplant ever, CAR-T cells, aplasia, regimens, remission."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Field, Irradiation
from cds_rules.patient.history import Count
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import Fact
from cds_rules.patient.timeline import (
    CarT,
    Measure,
    Measurement,
    MrdResult,
    Part,
    Route,
    Status,
    StatusReport,
    Transplant,
)
from cds_rules.treatment.aspect import Aspect, YesNo
from cds_rules.treatment.aspects.infusion import LESION
from cds_rules.treatment.aspects.order_state import (
    APLASIA,
    CAR_T_CELLS,
    FLOW_REMISSION,
    FLUID,
    PRIOR_REGIMENS,
    TESTIS_TREATED,
    TRANSPLANT_EVER,
    Aplasia,
    Fluid,
    Regimens,
)
from tests.unit.advice_charts import RELAPSED, TODAY, after, chart, seen
from tests.unit.charts import csf, day, marrow, marrow_relapse

YES, NO = YesNo.YES, YesNo.NO
EITHER = {YES, NO}


def left(aspect: Aspect, **record: Any) -> set[Any]:
    return set(seen(aspect, marrow_relapse(**record)).possible)


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def hsct(when: str | None, **more: Any) -> Transplant:
    return Transplant(f"Procedure/t{when}", day(when), **{"kind": "allogeneic", **more})


def infused(when: str | None, **more: Any) -> CarT:
    return CarT("Procedure/c", day(when), **more)


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({}, {NO}),
        ({"transplants": (hsct(ago(3)),)}, {YES}),
        ({"transplants": (hsct(None),)}, {YES}),
        ({"transplants": (hsct(ago(3), certain=False),)}, EITHER),
        ({"transplants": (hsct(ago(3), route=Route.TEXT),)}, EITHER),
        ({"in_transplant": True}, {YES}),
        ({"missing": {Part.PROCEDURES: "not read"}}, EITHER),
    ],
    ids=str,
)
def test_a_transplant_at_any_time(record: Any, found: set[Any]) -> None:
    assert left(TRANSPLANT_EVER, **record) == found


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({}, {NO}),
        ({"car_t": (infused(ago(50)),)}, {YES}),
        ({"car_t": (infused(ago(50)),), "transplants": (hsct(ago(400)),)}, {YES}),
        ({"car_t": (infused(ago(50)),), "transplants": (hsct(ago(10)),)}, {NO}),
        ({"car_t": (infused(ago(50)),), "transplants": (hsct(ago(10), kind="autologous"),)}, {YES}),
        ({"car_t": (infused(ago(50)),), "transplants": (hsct(None),)}, EITHER),
        ({"car_t": (infused(ago(50)),), "transplants": (hsct(ago(50)),)}, EITHER),
        ({"car_t": (infused(None),), "transplants": (hsct(ago(10)),)}, EITHER),
        ({"car_t": (infused(ago(50), certain=False),)}, EITHER),
        ({"missing": {Part.PROCEDURES: "not read"}}, EITHER),
    ],
    ids=str,
)
def test_car_t_cells_that_may_still_be_at_work(record: Any, found: set[Any]) -> None:
    assert left(CAR_T_CELLS, **record) == found


def b_cells(value: float | Interval, days: int) -> Measurement:
    interval = value if isinstance(value, Interval) else Interval.exactly(value)
    return Measurement(f"Observation/b{days}", day(ago(days)), Measure.B_CELLS, interval)


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ((), {Aplasia.UNTOLD}),
        ((b_cells(9.9, 5),), {Aplasia.PRESENT}),
        ((b_cells(10, 5),), {Aplasia.LOST}),
        ((b_cells(Interval(5, 15), 5),), {Aplasia.PRESENT, Aplasia.LOST}),
        ((b_cells(0, 90),), {Aplasia.PRESENT}),
        ((b_cells(0, 91),), {Aplasia.UNTOLD}),
        ((b_cells(300, 120),), {Aplasia.UNTOLD}),
        ((b_cells(0, 30), b_cells(20, 5)), {Aplasia.LOST}),
        ((b_cells(0, 5), b_cells(20, 5)), {Aplasia.PRESENT, Aplasia.LOST}),
    ],
    ids=str,
)
def test_aplasia_by_the_latest_count_after_car_t(counts: tuple[Measurement, ...], found: set[Any]) -> None:
    assert left(APLASIA, car_t=(infused(ago(100)),), measurements=counts) == found


def test_aplasia_without_results_or_infusion_is_open() -> None:
    record = {"car_t": (infused(ago(100)),), "missing": {Part.LABORATORY: "not read"}}
    assert left(APLASIA, **record) == set(Aplasia)
    assert left(APLASIA, measurements=(b_cells(0, 5),)) == set(Aplasia)


@pytest.mark.parametrize(
    ("count", "found"),
    [
        (Count(2), {Regimens.FROM_2}),
        (Count(1, 1), {Regimens.BELOW_2}),
        (Count(1, 2), set(Regimens)),
        (Count(1), set(Regimens)),
        (None, set(Regimens)),
    ],
    ids=str,
)
def test_regimens_before(count: Count | None, found: set[Any]) -> None:
    drawn = chart(marrow_relapse())
    told = replace(drawn.picture, prior_regimens=Fact(count, because="so"))
    assert set(PRIOR_REGIMENS.read(replace(drawn, picture=told)).possible) == found


def flow(fraction: Interval, days: int, **more: Any) -> MrdResult:
    told = {"method": "flow", "route": Route.SITE, **more}
    return MrdResult(f"Observation/f{days}", day(ago(days)), fraction, True, **told)


NOTHING, FOUND = Interval(0, 1e-4, high_open=True), Interval.exactly(2e-3)
REMISSION = (StatusReport("Observation/cr", day(ago(10)), Status.FULL_REMISSION),)
CLEAR = (marrow(1, ago(10)),)


@pytest.mark.parametrize(
    ("mrd", "found"),
    [
        ((flow(NOTHING, 60),), {YES}),
        ((flow(NOTHING, 61),), EITHER),
        ((), EITHER),
        ((flow(FOUND, 10),), {NO}),
        ((flow(NOTHING, 10, method="pcr"),), EITHER),
        ((flow(NOTHING, 10, route=Route.TEXT),), EITHER),
        ((flow(NOTHING, 20), flow(FOUND, 10)), {NO}),
        ((flow(NOTHING, 10), flow(FOUND, 10)), EITHER),
    ],
    ids=str,
)
def test_a_remission_confirmed_by_flow(mrd: tuple[MrdResult, ...], found: set[Any]) -> None:
    assert left(FLOW_REMISSION, mrd=mrd, reports=REMISSION, measurements=CLEAR) == found


def test_without_a_remission_flow_alone_confirms_none() -> None:
    ill = (marrow(60, ago(10)),)
    assert left(FLOW_REMISSION, mrd=(flow(NOTHING, 10),), measurements=ill) == {NO}


def tap(days: int, blasts: float | None = None, cells: float | Interval | None = None) -> tuple[Any, ...]:
    found = [] if blasts is None else [csf(Measure.CSF_BLASTS, blasts, ago(days))]
    return (*found, *([] if cells is None else [csf(Measure.CSF_LEUKOCYTES, cells, ago(days))]))


@pytest.mark.parametrize(
    ("taps", "found"),
    [
        ((), set(Fluid)),
        (tap(28, 0.0), {Fluid.CLEAR}),
        (tap(29, 0.0), set(Fluid)),
        (tap(5, 30.0), {Fluid.BLASTS, Fluid.RISING}),
        ((*tap(20, 50.0, 40.0), *tap(5, 30.0, 41.0)), {Fluid.RISING}),
        ((*tap(20, 50.0, 40.0), *tap(5, 30.0, 40.0)), {Fluid.BLASTS}),
        ((*tap(20, 50.0, 40.0), *tap(5, 30.0, Interval(30, 50))), {Fluid.BLASTS, Fluid.RISING}),
        ((*tap(20, 50.0, 40.0), *tap(5, 0.0, 90.0)), {Fluid.CLEAR}),
    ],
    ids=str,
)
def test_the_latest_spinal_fluid(taps: tuple[Any, ...], found: set[Any]) -> None:
    assert left(FLUID, measurements=taps) == found


def test_spinal_fluid_from_before_the_relapse_tells_nothing() -> None:
    early = csf(Measure.CSF_BLASTS, 0.0, after(-1))
    record = marrow_relapse(measurements=(early,))
    assert set(seen(FLUID, record, RELAPSED + timedelta(days=5)).possible) == set(Fluid)


def rays(when: str | None, **more: Any) -> Irradiation:
    return Irradiation("Procedure/r", day(when), Field.TESTIS, **more)


def removed(when: str, **more: Any) -> Event:
    return Event("Procedure/o", day(when), EventKind.ORCHIECTOMY, **more)


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({}, {NO}),
        ({"irradiations": (rays(after(0)),)}, {YES}),
        ({"irradiations": (rays(after(-1)),)}, {NO}),
        ({"irradiations": (rays(None),)}, EITHER),
        ({"events": (removed(after(9)),)}, {YES}),
        ({"events": (removed(after(9), certain=False),)}, EITHER),
        ({"missing": {Part.PROCEDURES: "not read"}}, EITHER),
    ],
    ids=str,
)
def test_local_treatment_of_the_testis(record: Any, found: set[Any]) -> None:
    assert left(TESTIS_TREATED, **record) == found


def test_a_parenchymal_lesion_by_a_code_of_the_site() -> None:
    lesion = Event("Condition/l", day(after(1)), EventKind.PARENCHYMAL_CNS_LESION, active=True)
    assert left(LESION, events=(lesion,)) == {YES}
