"""What is ordered with an order, planned, or was given shortly before it, as drafts and timelines tell it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import CellCollection
from cds_rules.patient.timeline import CarT, DrugUse, Part, PatientTimeline, Route
from cds_rules.treatment.aspect import Aspect, YesNo
from cds_rules.treatment.aspects.orders import (
    CAR_T_PLAN,
    COLLECTION_PLAN,
    HIGH_DOSE_METHOTREXATE,
    INOTUZUMAB_CYCLE,
    INTRATHECAL_BESIDE,
    LIPOSOMAL_CYTARABINE,
    NELARABINE_BESIDE,
    TRANSPLANT_PLAN,
    VINCRISTINE_WITHDRAWN,
    Beside,
    InotuzumabCycle,
    TransplantPlan,
)
from cds_rules.treatment.order import Act, Order
from tests.unit.advice_charts import TODAY, chart
from tests.unit.charts import day, marrow_relapse

YES, NO = YesNo.YES, YesNo.NO
EITHER = {YES, NO}
TOGETHER, ORDERED, NOT = Beside.TOGETHER, Beside.ORDERED, Beside.NOT
SCHEDULED, PREPARED = TransplantPlan.SCHEDULED, TransplantPlan.PREPARED
UNREAD = {part: "not read" for part in Part if part not in (Part.CONDITIONS, Part.PATIENT)}


def ago(days: int) -> Any:
    return day((TODAY - timedelta(days=days)).isoformat())


def use(drug: str, days: int | None, **more: Any) -> DrugUse:
    return DrugUse(
        f"MedicationAdministration/{drug}-{days}", None if days is None else ago(days), drug, **more
    )


OTHER = use("vincristine", 60)
"""Something else, so that silence on a drug means that it was not given."""


def order(*drugs: str, acts: tuple[Act, ...] = (), intrathecal: bool | None = None) -> Order:
    return Order("MedicationRequest/d", "d", frozenset(drugs), frozenset(acts), intrathecal)


def left(aspect: Aspect, *orders: Order, on: date = TODAY, **record: Any) -> set[Any]:
    told: PatientTimeline = marrow_relapse(**record)
    found = aspect.read(replace(chart(told, on), orders=orders))
    assert found.possible
    assert found.settled or found.because
    return set(found.possible)


REQUEST = {"ordered": True, "given": False}
ACTIVE = {**REQUEST, "standing": True}


@pytest.mark.parametrize(
    ("record", "orders", "found"),
    [
        ({}, (), {NOT}),
        ({}, (order("nelarabine"),), {TOGETHER}),
        ({"drugs": (use("nelarabine", 28),)}, (), {TOGETHER}),
        ({"drugs": (use("nelarabine", 29),)}, (), {NOT}),
        ({"drugs": (use("nelarabine", None),)}, (), {TOGETHER, NOT}),
        ({"drugs": (use("nelarabine", 3, route=Route.TEXT),)}, (), {TOGETHER, NOT}),
        ({"drugs": (use("nelarabine", 28, **REQUEST),)}, (), {ORDERED}),
        ({"drugs": (use("nelarabine", 29, **REQUEST),)}, (), {NOT}),
        ({"drugs": (use("nelarabine", 28, **ACTIVE),)}, (), {TOGETHER}),
        ({"drugs": (use("nelarabine", 29, **ACTIVE),)}, (), {NOT}),
        ({"drugs": (use("nelarabine", None, **ACTIVE),)}, (), {TOGETHER, NOT}),
        ({"drugs": (use("nelarabine", 3, route=Route.TEXT, **ACTIVE),)}, (), {TOGETHER, NOT}),
        ({"drugs": (use("nelarabine", 3, **REQUEST), use("nelarabine", 2))}, (), {TOGETHER}),
        ({"missing": UNREAD}, (), {TOGETHER, NOT}),
    ],
    ids=str,
)
def test_nelarabine_beside(record: Any, orders: Any, found: set[Any]) -> None:
    assert left(NELARABINE_BESIDE, *orders, **record) == found


def test_why_it_is_open_whether_nelarabine_is_beside() -> None:
    def why(**more: Any) -> str | None:
        return NELARABINE_BESIDE.read(chart(marrow_relapse(drugs=(use("nelarabine", None, **more),)))).because

    assert "active order" in str(why(**ACTIVE))
    assert "active order" not in str(why())


@pytest.mark.parametrize(
    ("record", "orders", "found"),
    [
        ({}, (), {NOT}),
        ({}, (order("methotrexate", intrathecal=True),), {TOGETHER}),
        ({}, (order(acts=(Act.INTRATHECAL,)),), {TOGETHER}),
        ({}, (order("methotrexate"),), {NOT}),
        ({}, (order("methotrexate", intrathecal=False),), {NOT}),
        ({}, (order("rituximab", intrathecal=True),), {NOT}),
        ({"drugs": (use("methotrexate", 28, intrathecal=True),)}, (), {TOGETHER}),
        ({"drugs": (use("methotrexate", 29, intrathecal=True),)}, (), {NOT}),
        ({"drugs": (use("methotrexate", 3, intrathecal=False),)}, (), {NOT}),
        ({"drugs": (use("methotrexate", 3),)}, (), {TOGETHER, NOT}),
        ({"drugs": (use("methotrexate", 3, intrathecal=True, **REQUEST),)}, (), {ORDERED}),
        ({"drugs": (use("methotrexate", 28, intrathecal=True, **ACTIVE),)}, (), {TOGETHER}),
        ({"drugs": (use("methotrexate", 29, intrathecal=True, **ACTIVE),)}, (), {NOT}),
        ({"drugs": (use("methotrexate", 3, intrathecal=False, **ACTIVE),)}, (), {NOT}),
        ({"events": (Event("Procedure/i", ago(5), EventKind.INTRATHECAL),)}, (), {TOGETHER}),
        ({"missing": UNREAD}, (), {TOGETHER, NOT}),
    ],
    ids=str,
)
def test_intrathecal_chemotherapy_beside(record: Any, orders: Any, found: set[Any]) -> None:
    assert left(INTRATHECAL_BESIDE, *orders, **record) == found


def collected(days: int | None, for_car_t: bool | None = True, **more: Any) -> dict[str, Any]:
    cells = CellCollection("Procedure/c", None if days is None else ago(days), for_car_t, **more)
    return {"collections": (cells,)}


def infused(days: int | None, **more: Any) -> CarT:
    return CarT("Procedure/i", None if days is None else ago(days), **more)


@pytest.mark.parametrize(
    ("record", "orders", "found"),
    [
        ({}, (), EITHER),
        ({}, (order("tisagenlecleucel"),), {YES}),
        ({}, (order(acts=(Act.LEUKAPHERESIS_FOR_CAR_T,)),), {YES}),
        ({}, (order(acts=(Act.LEUKAPHERESIS,)),), EITHER),
        (collected(180), (), {YES}),
        (collected(181), (), EITHER),
        (collected(None), (), EITHER),
        (collected(30, None), (), EITHER),
        (collected(30, False), (), EITHER),
        ({**collected(60), "car_t": (infused(20),)}, (), EITHER),
        ({**collected(60), "car_t": (infused(100),)}, (), {YES}),
        ({**collected(60), "car_t": (infused(None),)}, (), EITHER),
        ({**collected(60), "car_t": (infused(20, certain=False),)}, (), EITHER),
        ({"drugs": (use("tisagenlecleucel", 180, **REQUEST),)}, (), {YES}),
        ({"drugs": (use("tisagenlecleucel", 181, **REQUEST),)}, (), EITHER),
    ],
    ids=str,
)
def test_a_plan_of_car_t(record: Any, orders: Any, found: set[Any]) -> None:
    assert left(CAR_T_PLAN, *orders, **record) == found


@pytest.mark.parametrize(("more", "evidence"), [({}, ()), ({"certain": False}, ("Procedure/c",))])
def test_cells_not_for_certain_infused_may_still_wait(more: Any, evidence: tuple[str, ...]) -> None:
    record = {**collected(60), "car_t": (infused(20, **more),)}
    assert CAR_T_PLAN.read(chart(marrow_relapse(**record))).evidence == evidence


@pytest.mark.parametrize(
    ("record", "orders", "found"),
    [
        ({}, (), EITHER),
        ({}, (order(acts=(Act.LEUKAPHERESIS_FOR_CAR_T,)),), {YES}),
        (collected(60), (), {NO}),
        (collected(60), (order(acts=(Act.LEUKAPHERESIS_FOR_CAR_T,)),), {YES}),
        (collected(181), (), EITHER),
        ({"missing": UNREAD}, (), EITHER),
    ],
    ids=str,
)
def test_a_plan_to_collect(record: Any, orders: Any, found: set[Any]) -> None:
    assert left(COLLECTION_PLAN, *orders, **record) == found


def sign(days: int, kind: EventKind = EventKind.DONOR_SEARCH, **more: Any) -> dict[str, Any]:
    return {"events": (Event("ServiceRequest/s", ago(days), kind, **more),)}


@pytest.mark.parametrize(
    ("record", "orders", "found"),
    [
        ({}, (), set(TransplantPlan)),
        ({}, (order(acts=(Act.ALLOGENEIC_TRANSPLANT,)),), {SCHEDULED}),
        ({}, (order("thiotepa"),), {SCHEDULED}),
        ({}, (order("cytarabine"),), set(TransplantPlan)),
        ({"drugs": (use("thiotepa", 14),)}, (), {SCHEDULED}),
        ({"drugs": (use("thiotepa", 15),)}, (), set(TransplantPlan)),
        (sign(10), (), {SCHEDULED, PREPARED}),
        (sign(10, EventKind.DONOR_READY, active=False), (), set(TransplantPlan)),
        (sign(10, certain=False), (), set(TransplantPlan)),
        (sign(10, EventKind.TRANSPLANT_ORDERED, active=True), (), {SCHEDULED, PREPARED}),
        (sign(10, EventKind.TRANSPLANT_ORDERED, active=False), (), set(TransplantPlan)),
        (sign(300, EventKind.TRANSPLANT_ORDERED, active=True), (), set(TransplantPlan)),
        (sign(300), (), set(TransplantPlan)),
        ({"missing": UNREAD}, (), set(TransplantPlan)),
    ],
    ids=str,
)
def test_a_transplant_ahead(record: Any, orders: Any, found: set[Any]) -> None:
    assert left(TRANSPLANT_PLAN, *orders, **record) == found


@pytest.mark.parametrize(
    ("drugs", "found"),
    [
        ((OTHER,), {InotuzumabCycle.FIRST}),
        ((), set(InotuzumabCycle)),
        ((use("inotuzumab", 21),), {InotuzumabCycle.LATER}),
        ((use("inotuzumab", 20),), {InotuzumabCycle.FIRST}),
        ((use("inotuzumab", 30, **REQUEST),), set(InotuzumabCycle)),
        ((use("inotuzumab", 30, route=Route.TEXT),), set(InotuzumabCycle)),
        ((use("inotuzumab", None),), set(InotuzumabCycle)),
    ],
    ids=str,
)
def test_cycles_of_inotuzumab(drugs: tuple[DrugUse, ...], found: set[Any]) -> None:
    assert left(INOTUZUMAB_CYCLE, drugs=drugs) == found


@pytest.mark.parametrize(
    ("drugs", "orders", "found"),
    [
        ((OTHER,), (), {NO}),
        ((), (), EITHER),
        ((OTHER,), (order("methotrexate", acts=(Act.HIGH_DOSE_METHOTREXATE,)),), {YES}),
        ((OTHER,), (order("methotrexate"),), EITHER),
        ((OTHER,), (order("methotrexate", intrathecal=True),), {NO}),
        ((use("methotrexate", 14),), (), EITHER),
        ((use("methotrexate", 15),), (), {NO}),
    ],
    ids=str,
)
def test_high_dose_methotrexate(drugs: Any, orders: Any, found: set[Any]) -> None:
    assert left(HIGH_DOSE_METHOTREXATE, *orders, drugs=drugs) == found


@pytest.mark.parametrize(
    ("drugs", "orders", "found"),
    [
        ((OTHER,), (), {NO}),
        ((), (), EITHER),
        ((OTHER,), (order("liposomal-cytarabine"),), {YES}),
        ((OTHER,), (order("liposomal-cytarabine", intrathecal=True),), {YES}),
        ((OTHER,), (order("liposomal-cytarabine", intrathecal=False),), {NO}),
        ((use("liposomal-cytarabine", 14, intrathecal=True),), (), {YES}),
        ((use("liposomal-cytarabine", 15, intrathecal=True),), (), {NO}),
        ((use("liposomal-cytarabine", 3, **REQUEST),), (), EITHER),
    ],
    ids=str,
)
def test_liposomal_cytarabine(drugs: Any, orders: Any, found: set[Any]) -> None:
    assert left(LIPOSOMAL_CYTARABINE, *orders, drugs=drugs) == found


@pytest.mark.parametrize(
    ("on", "found"),
    [
        (date(2022, 4, 30), {NO}),
        (date(2022, 5, 1), EITHER),
        (date(2022, 5, 31), EITHER),
        (date(2022, 6, 1), {YES}),
    ],
)
def test_the_month_of_a_withdrawal(on: date, found: set[Any]) -> None:
    assert left(VINCRISTINE_WITHDRAWN, on=on) == found
