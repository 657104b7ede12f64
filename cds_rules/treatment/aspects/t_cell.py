"""Aspects for T-ALL: nelarabine and intrathecal chemotherapy, and how long ago."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.series import events_of, uses_of
from cds_rules.patient.timeline import DrugUse, Part
from cds_rules.treatment.aspect import Aspect, Seen
from cds_rules.treatment.chart import Chart

CLOSE_DAYS = 28
"""Given this many days ago or less counts as together. HR2020 (000:248) gives no number: project's."""
INTRATHECAL_DRUGS: Final = frozenset({"methotrexate", "cytarabine", "liposomal-cytarabine", "hydrocortisone"})
"""Drugs that may have gone into the spinal fluid where their route is not recorded. Project's list."""


_Use = DrugUse | Event


class Given(StrEnum):
    """When it was last given."""

    NEVER = "none on record"
    EARLIER = "given earlier"
    RECENT = "given in the last 28 days"


def _when(use: _Use, on: date) -> frozenset[Given]:
    """When this one was given, as far as its dates tell."""
    last = use.until or use.when
    if last is None:
        return frozenset({Given.EARLIER, Given.RECENT})
    first = on - timedelta(days=CLOSE_DAYS)
    going_on = isinstance(use, DrugUse) and use.ongoing and use.until is None
    if last.earliest >= first or going_on:
        return frozenset({Given.RECENT})
    return frozenset({Given.EARLIER}) if last.latest < first else frozenset({Given.EARLIER, Given.RECENT})


def _seen(chart: Chart, sure: Sequence[_Use], unsure: Sequence[_Use], *parts: Part) -> Seen:
    """From what was given and what may have been; silence tells only where all of it was read."""
    on = chart.picture.on
    evidence = tuple(u.source for u in (*sure, *unsure))
    ages = [_when(u, on) for u in sure]
    if frozenset({Given.RECENT}) in ages:
        return Seen(frozenset({Given.RECENT}), evidence)
    possible: set[StrEnum] = set().union(*ages) if ages else {Given.NEVER}
    maybe: set[StrEnum] = set().union(*(_when(u, on) for u in unsure))
    why = "it is ordered or reported, but not recorded as given" if maybe - possible else None
    reason = next((chart.timeline.missing[p] for p in parts if p in chart.timeline.missing), None)
    if reason is not None:
        maybe |= {Given.EARLIER, Given.RECENT}
    if sure:
        maybe.discard(Given.NEVER)
    return Seen(frozenset(possible | maybe), evidence, reason or why)


def _nelarabine(chart: Chart) -> Seen:
    uses = uses_of(chart.timeline, {"nelarabine"})
    sure = [u for u in uses if u.given and u.route.settles]
    unsure = [u for u in uses if u not in sure]
    return _seen(chart, sure, unsure, Part.ADMINISTRATIONS, Part.STATEMENTS)


def _intrathecal(chart: Chart) -> Seen:
    uses = [u for u in uses_of(chart.timeline, INTRATHECAL_DRUGS) if u.intrathecal is not False]
    events = events_of(chart.timeline, EventKind.INTRATHECAL)
    sure: list[_Use] = [u for u in uses if u.intrathecal and u.given and u.route.settles]
    sure += [e for e in events if e.certain and e.route.settles]
    every: list[_Use] = [*uses, *events]
    unsure = [u for u in every if u not in sure]
    return _seen(chart, sure, unsure, Part.ADMINISTRATIONS, Part.STATEMENTS, Part.PROCEDURES)


NELARABINE = Aspect(
    "nelarabine", "nelarabine", Given, _nelarabine, "record nelarabine with the days it was given"
)
INTRATHECAL = Aspect(
    "intrathecal",
    "intrathecal chemotherapy",
    Given,
    _intrathecal,
    "record intrathecal chemotherapy with its days and its route",
)
