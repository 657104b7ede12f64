"""Aspects of an order among others: what is ordered with it, planned, or was given shortly before.

Drafts of the same call count as what will be done. Silence of the record is never read as "not planned".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.patient.drug_class import CAR_T, CONDITIONING
from cds_rules.patient.events import EventKind
from cds_rules.patient.series import uses_of
from cds_rules.treatment.aspect import Aspect, Seen, When, YesNo
from cds_rules.treatment.aspects import t_cell
from cds_rules.treatment.aspects.bands import NEVER, since_last_use, unheard
from cds_rules.treatment.aspects.transplant import standing_orders
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.order import Act, Order

COLLECTED_WITHIN_DAYS = 180
"""Cells collected so many days ago or less, and not infused, are planned to be. MYE2023 (004:151) gives no
time; manufacture takes about 4 weeks (000:126). Project's parameter."""
CYCLE_DAYS = 21
"""Inotuzumab given so many days ago or more was an earlier cycle. HR2020 gives no length: project's."""
CONDITIONING_WITHIN_DAYS = 14
"""Drugs of conditioning given this recently mean that a transplant is scheduled. Project's parameter."""
LIPOSOMAL_DAYS = 14
"""Liposomal cytarabine and high-dose methotrexate so close count as together. LOC2012 (001:161) gives no
time; the depot is given every 2 weeks. Project's parameter."""
LIPOSOMAL_VINCRISTINE_GONE = (date(2022, 5, 1), date(2022, 5, 31))
"""Withdrawn in May 2022, the day not told. UTD2022 (003:170)."""

_EITHER: frozenset[StrEnum] = frozenset(YesNo)
_YES, _NO = frozenset({YesNo.YES}), frozenset({YesNo.NO})


class Beside(StrEnum):
    """Something that should not come together with the order."""

    TOGETHER = "ordered with it, on active order, or given in the last 28 days"
    ORDERED = "an order of the last 28 days is on record, not active any more"
    NOT = "neither"


class TransplantPlan(StrEnum):
    """A transplant ahead."""

    SCHEDULED = "ordered with it, or conditioning begun"
    PREPARED = "in preparation (evaluation, donor or order on record)"
    NONE = "not planned"


class InotuzumabCycle(StrEnum):
    """Which cycle of inotuzumab the order begins or continues."""

    FIRST = "first"
    LATER = "second or later"


def drafts(chart: Chart, wanted: Callable[[Order], bool]) -> tuple[str, ...]:
    """References of the drafts, selected or not, that are wanted."""
    return tuple(order.reference for order in chart.orders if wanted(order))


def _beside(given: Aspect, drug: Callable[[Order], bool], drugs: frozenset[str]) -> Callable[[Chart], Seen]:
    """As `given` tells of what was given. An active order of the last days counts as beside it; one that
    is no longer active is told apart, for it need not have been given."""

    def read(chart: Chart) -> Seen:
        together = drafts(chart, drug)
        if together:
            return Seen(frozenset({Beside.TOGETHER}), together)
        first = chart.picture.on - timedelta(days=t_cell.CLOSE_DAYS)
        orders = [
            u
            for u in uses_of(chart.timeline, drugs)
            if u.ordered and (u.when.latest >= first if u.when is not None else u.standing)
            if given is t_cell.NELARABINE or u.intrathecal
        ]
        ordered = tuple(u.source for u in orders if u.route.settles and not u.standing)
        standing = [u for u in orders if u.standing]
        sure = tuple(u.source for u in standing if u.route.settles and u.when and u.when.earliest >= first)
        if sure:
            return Seen(frozenset({Beside.TOGETHER}), sure)
        told = tuple(u for u in chart.timeline.drugs if not u.ordered)
        seen = given.read(replace(chart, timeline=replace(chart.timeline, drugs=told)))
        possible: set[StrEnum] = set()
        if t_cell.Given.RECENT in seen.possible or standing:
            possible.add(Beside.TOGETHER)
        if seen.possible - {t_cell.Given.RECENT}:
            possible.add(Beside.ORDERED if ordered else Beside.NOT)
        why = seen.because or ("its date is not recorded" if len(possible) > 1 else None)
        if standing:
            why = "an active order is on record, but not for certain of this drug or of the last 28 days"
        evidence = dict.fromkeys((*seen.evidence, *ordered, *(u.source for u in standing)))
        return Seen(frozenset(possible), tuple(evidence), why)

    return read


def _is_nelarabine(order: Order) -> bool:
    return "nelarabine" in order.drugs


def _is_intrathecal(order: Order) -> bool:
    chemotherapy = order.intrathecal is True and bool(order.drugs & t_cell.INTRATHECAL_DRUGS)
    return chemotherapy or Act.INTRATHECAL in order.acts


_FOR_CAR_T = frozenset({Act.CAR_T_INFUSION, Act.LEUKAPHERESIS_FOR_CAR_T, Act.CAR_T_AHEAD})


def _car_t_plan(chart: Chart) -> Seen:
    """Ordered together, or cells collected recently and not infused; else the plan is not on record."""
    ordered = drafts(chart, lambda o: bool(o.acts & _FOR_CAR_T or o.drugs & CAR_T))
    if ordered:
        return Seen(_YES, ordered)
    waiting, unsure = _waiting_cells(chart)
    waiting = waiting or _product_ordered(chart)
    if waiting:
        return Seen(_YES, waiting)
    return Seen(_EITHER, unsure, "the record does not hold the plan")


def _product_ordered(chart: Chart) -> tuple[str, ...]:
    """Orders of a CAR-T product on record, none infused since."""
    first = chart.picture.on - timedelta(days=COLLECTED_WITHIN_DAYS)
    return tuple(
        u.source
        for u in uses_of(chart.timeline, CAR_T)
        if u.ordered and u.route.settles and u.when is not None and u.when.earliest >= first
        if chart.picture.car_t.known
        and not any(_may_follow(i.when, u.when.earliest) for i in chart.timeline.car_t)
    )


def _waiting_cells(chart: Chart) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Collections of cells that for certain were not infused yet, and those that may be so."""
    first = chart.picture.on - timedelta(days=COLLECTED_WITHIN_DAYS)
    sure: list[str] = []
    maybe: list[str] = []
    for c in chart.timeline.collections:
        if c.for_car_t is False or (c.when is not None and c.when.latest < first):
            continue
        after = [i for i in chart.timeline.car_t if c.when is None or _may_follow(i.when, c.when.earliest)]
        certain = c.for_car_t and c.route.settles and c.when is not None and c.when.earliest >= first
        if certain and not after and chart.picture.car_t.known:
            sure.append(c.source)
        elif not any(i.certain and i.route.settles and i.when is not None for i in after):
            maybe.append(c.source)
    return tuple(sure), tuple(maybe)


def _may_follow(when: object, day: date) -> bool:
    latest = getattr(when, "latest", None)
    return latest is None or latest >= day


def _collection_plan(chart: Chart) -> Seen:
    ordered = drafts(chart, lambda o: Act.LEUKAPHERESIS_FOR_CAR_T in o.acts)
    if ordered:
        return Seen(_YES, ordered)
    waiting, unsure = _waiting_cells(chart)
    if waiting:
        return Seen(_NO, waiting, "cells were collected already")
    return Seen(_EITHER, unsure, "the record does not hold the plan")


_TRANSPLANTS = frozenset(
    {Act.ALLOGENEIC_TRANSPLANT, Act.TRANSPLANT, Act.REDUCED_INTENSITY, Act.BODY_IRRADIATION}
)
_PREPARING = (EventKind.TRANSPLANT_EVALUATION, EventKind.DONOR_SEARCH, EventKind.DONOR_READY)


def _transplant_plan(chart: Chart) -> Seen:
    drafted = drafts(chart, lambda o: bool(o.acts & _TRANSPLANTS or o.drugs & CONDITIONING))
    if drafted:
        return Seen(frozenset({TransplantPlan.SCHEDULED}), drafted)
    begun = since_last_use(chart, CONDITIONING)
    if begun.most <= CONDITIONING_WITHIN_DAYS:
        return Seen(frozenset({TransplantPlan.SCHEDULED}), begun.evidence, begun.because)
    relapse = chart.picture.relapse_date.value
    signs = [
        e
        for e in chart.picture.findings.events(*_PREPARING)
        if e.active is not False and (relapse is None or (e.when and e.when.latest >= relapse.earliest))
    ]
    ordered = standing_orders(chart)
    ahead = drafts(chart, lambda o: Act.TRANSPLANT_AHEAD in o.acts)
    sources = (*(e.source for e in signs), *ordered, *ahead)
    why = "the record does not hold whether a transplant is planned"
    if ordered or ahead or any(e.certain and e.route.settles for e in signs):
        return Seen(frozenset({TransplantPlan.SCHEDULED, TransplantPlan.PREPARED}), sources, why)
    return Seen(frozenset(TransplantPlan), sources, why)


def _inotuzumab(chart: Chart) -> Seen:
    """A cycle has several doses: only those long enough ago were an earlier one."""
    limit = chart.picture.on - timedelta(days=CYCLE_DAYS)
    uses = uses_of(chart.timeline, {"inotuzumab"})
    told = [u for u in uses if not u.ordered and u.route.settles]
    sources = tuple(u.source for u in uses)
    if any(u.when is not None and u.when.latest <= limit for u in told):
        return Seen(frozenset({InotuzumabCycle.LATER}), sources)
    recent = [u for u in uses if u.when is not None and u.when.earliest > limit]
    reason = unheard(chart)
    if reason is not None or len(recent) < len(uses):
        why = reason or "earlier inotuzumab is ordered or told, but not for certain given"
        return Seen(frozenset(InotuzumabCycle), sources, why)
    return Seen(frozenset({InotuzumabCycle.FIRST}), sources, None if uses else "none on record")


def _high_dose_methotrexate(chart: Chart) -> Seen:
    """By its name in a draft. Doses are never read, so other systemic methotrexate may be high-dose."""
    named = drafts(chart, lambda o: Act.HIGH_DOSE_METHOTREXATE in o.acts)
    if named:
        return Seen(_YES, named)
    others = drafts(chart, lambda o: "methotrexate" in o.drugs and o.intrathecal is not True)
    ago = since_last_use(chart, {"methotrexate"})
    if others or ago.overlaps(0, LIPOSOMAL_DAYS):
        why = "whether methotrexate is high-dose is not read"
        return Seen(_EITHER, (*others, *ago.evidence), why)
    return Seen(_NO, (), f"no systemic methotrexate in the last {LIPOSOMAL_DAYS} days on record")


def _liposomal_cytarabine(chart: Chart) -> Seen:
    together = drafts(chart, lambda o: "liposomal-cytarabine" in o.drugs and o.intrathecal is not False)
    if together:
        return Seen(_YES, together)
    ago = since_last_use(chart, {"liposomal-cytarabine"}, intrathecal_counts=True)
    found = {YesNo.YES} if ago.overlaps(0, LIPOSOMAL_DAYS) else set()
    if ago.overlaps(LIPOSOMAL_DAYS + 1, NEVER):
        found.add(YesNo.NO)
    return Seen(frozenset(found), ago.evidence, ago.because)


def _withdrawn(chart: Chart) -> Seen:
    first, last = LIPOSOMAL_VINCRISTINE_GONE
    if chart.picture.on < first:
        return Seen(_NO, (), f"withdrawn in May {first.year}")
    possible: Sequence[StrEnum] = (YesNo.YES,) if chart.picture.on > last else tuple(YesNo)
    return Seen(frozenset(possible), (), "withdrawn in that month, the day is not told")


NELARABINE_BESIDE = Aspect(
    "orders.nelarabine",
    "nelarabine beside it",
    Beside,
    _beside(t_cell.NELARABINE, _is_nelarabine, frozenset({"nelarabine"})),
    "record nelarabine with the days it was given",
)
INTRATHECAL_BESIDE = Aspect(
    "orders.intrathecal",
    "intrathecal chemotherapy beside it",
    Beside,
    _beside(t_cell.INTRATHECAL, _is_intrathecal, t_cell.INTRATHECAL_DRUGS),
    "record intrathecal chemotherapy with its days and its route",
)
CAR_T_PLAN = Aspect(
    "orders.carTPlanned",
    "CAR-T ordered, or cells collected, and not infused",
    YesNo,
    _car_t_plan,
    "ask the team whether CAR-T is planned",
)
COLLECTION_PLAN = Aspect(
    "orders.collectionPlanned",
    "T-cell collection for CAR-T planned",
    YesNo,
    _collection_plan,
    "ask the team whether T cells are to be collected",
)
TRANSPLANT_PLAN = Aspect(
    "orders.transplantPlan",
    "transplant ahead",
    TransplantPlan,
    _transplant_plan,
    "ask the team whether a transplant is planned",
)
INOTUZUMAB_CYCLE = Aspect(
    "orders.inotuzumabCycle",
    "cycle of inotuzumab",
    InotuzumabCycle,
    _inotuzumab,
    "record inotuzumab with the days it was given",
)
HIGH_DOSE_METHOTREXATE = Aspect(
    "orders.highDoseMethotrexate",
    f"high-dose methotrexate with it, or in the last {LIPOSOMAL_DAYS} days",
    YesNo,
    _high_dose_methotrexate,
    "ask the team whether methotrexate is high-dose, and when it was given",
)
LIPOSOMAL_CYTARABINE = Aspect(
    "orders.liposomalCytarabine",
    f"liposomal cytarabine with it, or in the last {LIPOSOMAL_DAYS} days",
    YesNo,
    _liposomal_cytarabine,
    "record intrathecal liposomal cytarabine with its days",
)
VINCRISTINE_WITHDRAWN = Aspect(
    "orders.liposomalVincristineWithdrawn",
    "liposomal vincristine withdrawn in the United States",
    YesNo,
    _withdrawn,
    "ask the pharmacy",
)

prepared: When = TRANSPLANT_PLAN.is_(TransplantPlan.SCHEDULED, TransplantPlan.PREPARED)
