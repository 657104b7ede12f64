"""Lines of therapy: antileukemic treatment grouped by the disease events between which it was given.

The sources count regimens and give no rule for it. Here treatment between two events (diagnosis, relapse,
failure of reinduction) is at least one line; a change of treatment without such an event may be another,
so the number is a lower bound unless the record is full. Project's reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import NamedTuple

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.drug_class import ANTIBODY, ANTILEUKEMIC, STEROID, TARGETED
from cds_rules.patient.episode import Course
from cds_rules.patient.fact import Fact
from cds_rules.patient.history import Count, Line
from cds_rules.patient.timeline import CarT, DrugUse, Part, PatientTimeline, Transplant, TreatmentPlan

_DIRECTED = ANTIBODY | TARGETED
"""May be a line of their own between two events: counted in the upper bound. Project's choice."""
_Treatment = TreatmentPlan | DrugUse | Transplant | CarT
_CARRIED_OUT = frozenset({"active", "completed"})
_HEARD = (
    Part.CONDITIONS,
    Part.LABORATORY,
    Part.DISEASE_FINDINGS,
    Part.PROCEDURES,
    Part.ADMINISTRATIONS,
    Part.STATEMENTS,
    Part.CARE_PLANS,
)
"""Parts without which there may always be one more line."""


class _Item(NamedTuple):
    """One statement of treatment; `plan`, `drug` or `procedure` says what it is."""

    when: PartialDate
    source: str
    until: PartialDate | None
    sure: bool
    open_end: bool = False
    plan: bool = False
    drug: str | None = None
    procedure: str | None = None


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Items by the number of events before them; `unclear` ones belong to no group for certain."""

    groups: dict[int, list[_Item]]
    events: int
    unclear: tuple[str, ...]


def lines(
    timeline: PatientTimeline,
    course: Course,
    on: date,
    *,
    diagnosed: PartialDate | None = None,
    failures: Sequence[PartialDate] = (),
) -> tuple[Line, ...]:
    """The lines on record, oldest first. `failures` are days on which treatment was seen to fail."""
    return lines_and_count(timeline, course, on, diagnosed, failures)[0]


def prior_regimens(
    timeline: PatientTimeline,
    course: Course,
    on: date,
    *,
    diagnosed: PartialDate | None = None,
    failures: Sequence[PartialDate] = (),
) -> Fact[Count]:
    """Lines that ended in the latest relapse or failure, or before it."""
    return lines_and_count(timeline, course, on, diagnosed, failures)[1]


def lines_and_count(
    timeline: PatientTimeline,
    course: Course,
    on: date,
    diagnosed: PartialDate | None,
    failures: Sequence[PartialDate],
) -> tuple[tuple[Line, ...], Fact[Count]]:
    """Both of the above, with the treatment gathered once."""
    grouped = _group(timeline, course, diagnosed, failures)
    found = {place: _line(grouped.groups[place], on) for place in sorted(grouped.groups)}
    return tuple(found.values()), _prior(timeline, course, grouped, found)


def _group(
    timeline: PatientTimeline,
    course: Course,
    diagnosed: PartialDate | None,
    failures: Sequence[PartialDate],
) -> _Grouped:
    events = {e.when for e in course.episodes if e.when is not None} | set(failures)
    ordered = sorted(events, key=lambda d: (d.earliest, d.latest))
    groups: dict[int, list[_Item]] = {}
    unclear = list(_vague(timeline))
    for item in _items(timeline):
        if diagnosed is not None and item.when.latest < diagnosed.earliest:
            continue  # given for something else
        place = _place(item.when, ordered)
        if place is None:
            unclear.append(item.source)
        else:
            groups.setdefault(place, []).append(item)
    for members in groups.values():
        members.sort(key=lambda i: (i.when.earliest, i.source))
    return _Grouped(groups, len(ordered), tuple(sorted(set(unclear))))


def _place(when: PartialDate, events: Sequence[PartialDate]) -> int | None:
    """How many events came first; on the day of an event means after it. None if that is unclear."""
    after = 0
    for event in events:
        if when.earliest >= event.latest:
            after += 1
        elif when.latest >= event.earliest:
            return None
    return after


def _items(timeline: PatientTimeline) -> Iterator[_Item]:
    """Dated treatment by a route that settles."""
    for p in timeline.plans:
        if p.when is not None and p.route.settles:
            yield _of_plan(p.when, p)
    for d in timeline.drugs:
        if d.when is not None and d.route.settles and not d.ordered and d.drug in ANTILEUKEMIC:
            yield _of_drug(d.when, d)
    for t in timeline.transplants:
        if t.when is not None and t.route.settles:
            yield _Item(t.when, t.source, None, t.certain, procedure="HSCT")
    for c in timeline.car_t:
        if c.when is not None and c.route.settles:
            yield _Item(c.when, c.source, None, c.certain, drug=c.product, procedure="CAR-T")


def _of_plan(when: PartialDate, plan: TreatmentPlan) -> _Item:
    sure = plan.status in _CARRIED_OUT and not plan.enrolment
    return _Item(when, plan.source, plan.until, sure, open_end=plan.until is None, plan=True)


def _of_drug(when: PartialDate, use: DrugUse) -> _Item:
    sure = use.given and use.drug not in STEROID  # steroids are given for much else
    return _Item(when, use.source, use.until, sure, open_end=use.ongoing, drug=use.drug)


def _vague(timeline: PatientTimeline) -> Iterator[str]:
    """Treatment without a date, or told by its text only: there may be a line that is not seen."""
    drugs = (d for d in timeline.drugs if not d.ordered and d.drug in ANTILEUKEMIC)
    given: tuple[Iterable[_Treatment], ...] = (timeline.plans, drugs, timeline.transplants, timeline.car_t)
    for item in chain.from_iterable(given):
        if item.when is None or not item.route.settles:
            yield item.source


def _line(items: list[_Item], on: date) -> Line:
    ends = [i.until or i.when for i in items]
    last = max(ends, key=lambda d: (d.latest, d.earliest))
    running = any(i.open_end for i in items) or last.latest > on
    return Line(
        start=items[0].when,
        end=None if running else last,
        drugs=tuple(sorted({i.drug for i in items if i.drug is not None})),
        sources=_first_and_last(items),
        procedures=tuple(sorted({i.procedure for i in items if i.procedure is not None})),
        certain=any(i.sure for i in items),
    )


def _first_and_last(items: list[_Item]) -> tuple[str, ...]:
    """A course of one drug may be hundreds of administrations: two of them show it."""
    by_name: dict[str, list[str]] = {}
    for i in items:
        by_name.setdefault(i.source if i.plan else (i.drug or i.procedure or ""), []).append(i.source)
    ends = (s for sources in by_name.values() for s in (sources[0], sources[-1]))
    return tuple(dict.fromkeys(ends))


def _prior(
    timeline: PatientTimeline, course: Course, grouped: _Grouped, found: Mapping[int, Line]
) -> Fact[Count]:
    undated = [e for e in course.episodes if e.when is None]
    if undated:
        return Fact(evidence=undated[0].sources, because="the date of the relapse is unknown")
    if not grouped.events:
        reason = next((timeline.missing[p] for p in _HEARD if p in timeline.missing), None)
        return Fact(because=reason or "no relapse and no failure of treatment is on record")
    told = [line for place, line in found.items() if place < grouped.events and line.certain]
    most = _at_most(timeline, course, grouped)
    evidence = tuple(dict.fromkeys(s for line in told for s in line.sources))
    note = "treatment on record between disease events (project's count)"
    if most is None:
        note += "; there may be more"
    return Fact(Count(len(told), most), evidence, note)


def _at_most(timeline: PatientTimeline, course: Course, grouped: _Grouped) -> int | None:
    """The most lines the record can mean, or None where it is too thin to say.

    Each plan, antigen-directed drug and cell treatment may be a line of its own. Drugs without a plan
    may belong to any number of regimens.
    """
    doubtful = course.doubt is not None or bool(course.suspected) or bool(grouped.unclear)
    if doubtful or any(part in timeline.missing for part in _HEARD):
        return None
    total = 0
    for place in range(grouped.events):
        items = grouped.groups.get(place, [])
        plans = sum(i.plan and i.sure for i in items)
        if not plans:
            return None
        directed = {i.drug for i in items if i.drug in _DIRECTED}
        total += plans + len(directed) + sum(i.procedure is not None for i in items)
    return total
