"""The order checks O-1 to O-26 put together, and their public face."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cds_rules.answer import Answer
from cds_rules.patient.draw import draw
from cds_rules.patient.timeline import PatientTimeline
from cds_rules.rule import RuleError
from cds_rules.treatment import order_car_t, order_drugs, order_nerves, order_transplant
from cds_rules.treatment.caution import Caution, OrderCheck, cautions
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.order import Act, Order
from cds_rules.treatment.recommend import look

PAGE = "orders"
"""Name of the rule book page and of the table of worked cases."""

CHECKS: tuple[OrderCheck, ...] = (
    *order_drugs.CHECKS,
    *order_nerves.CHECKS,
    *order_car_t.CHECKS,
    *order_transplant.CHECKS,
)
"""Every check, in the order of the rule book."""

LOUDER = {check.id: check.yields_to for check in CHECKS if check.yields_to}
"""Checks that say nothing where another of the same matter holds."""

if len({check.id for check in CHECKS}) != len(CHECKS):
    raise RuleError("two order checks have one id")
if not set().union(*LOUDER.values()) <= {check.id for check in CHECKS}:
    raise RuleError("an order check yields to one that does not exist")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks say of the orders of one patient."""

    patient: str
    cautions: tuple[Caution, ...]


def checks_of(orders: Iterable[Order]) -> tuple[OrderCheck, ...]:
    """The checks that look at one of the selected orders. None: the record need not be looked at."""
    every = tuple(orders)
    acts = frozenset[Act]().union(*(order.acts for order in every))
    asked = [check for check in CHECKS if not check.beside or acts & check.beside]
    selected = [order for order in every if order.selected]
    return tuple(check for check in asked if any(check.looks_at(order) for order in selected))


def check_orders(timeline: PatientTimeline, on: date, orders: tuple[Order, ...]) -> Checked:
    """Check the selected orders as of the day `on`. Nothing for the deceased or a patient without ALL."""
    known = timeline.as_of(on)
    picture = draw(known, on)
    if picture.person.deceased or picture.has_all is Answer.NO:
        return Checked(picture.person.source, ())
    chart = Chart(picture, known, {}, orders)
    return Checked(picture.person.source, cautions(checks_of(orders), orders, look(chart)))
