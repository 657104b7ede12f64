"""Aspects of the person and the moment that decide which examination is due."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate, add_months, whole_years
from cds_rules.patient.drug_class import ANTILEUKEMIC
from cds_rules.patient.events import EventKind
from cds_rules.patient.series import events_of, latest, uses_of
from cds_rules.patient.timeline import DrugUse, Measure, Part
from cds_rules.treatment.aspect import Aspect, Seen, YesNo, seen_answer
from cds_rules.treatment.aspects.done import BEFORE_RELAPSE_DAYS, HEARD, of_events, of_measures
from cds_rules.treatment.chart import Chart

CHILDBEARING_FROM_YEARS, CHILDBEARING_TO_YEARS = 10, 55
"""Completed years, both included. UTD2022 gives no numbers: project's parameters."""
OFF_THERAPY_DAYS = 90
"""No antileukemic treatment for longer than this: treatment is over, not paused. Project's parameter."""
ON_THERAPY_DAYS = 28
"""A drug given this recently: treatment goes on. Project's parameter."""
MARROWS_FOR_MONTHS = 24
"""UTD2022 examines the marrow for at least two years after therapy (003:30) and sets no end."""
MARROW_EVERY_MONTHS = 6
"""The longer of the intervals at which UTD2022 examines the marrow after initial therapy (3 to 6)."""

_YES, _NO, _EITHER = frozenset({YesNo.YES}), frozenset({YesNo.NO}), frozenset(YesNo)
_DRUGS_HEARD = (Part.ADMINISTRATIONS, Part.STATEMENTS, Part.REQUESTS, Part.CARE_PLANS)
_SIGNS = (
    EventKind.CRANIAL_NERVE_PALSY,
    EventKind.SEIZURE,
    EventKind.NEUROTOXICITY,
)
"""What a patient shows. A lesion seen by imaging is no sign, and was imaged."""


def _sex(chart: Chart, wanted: str) -> Answer:
    sex = chart.picture.person.sex
    return Answer.of(sex == wanted if sex in ("male", "female") else None)


def _male(chart: Chart) -> Seen:
    why = None if chart.picture.person.sex in ("male", "female") else "sex is not recorded as male or female"
    return seen_answer(_sex(chart, "male"), (chart.picture.person.source,), why)


def _childbearing(chart: Chart) -> Seen:
    person, on = chart.picture.person, chart.picture.on
    answer = _sex(chart, "female") & _in_years(person.birth, on)
    why = "sex and date of birth do not tell" if answer is Answer.UNKNOWN else None
    return seen_answer(answer, (person.source,), why)


def _in_years(birth: PartialDate | None, on: date) -> Answer:
    if birth is None or birth.earliest > on:
        return Answer.UNKNOWN
    ages = (whole_years(birth.earliest, on), whole_years(min(birth.latest, on), on))
    return Answer.over(CHILDBEARING_FROM_YEARS <= age <= CHILDBEARING_TO_YEARS for age in ages)


def _neurologic(chart: Chart) -> Seen:
    """Signs on record since the relapse; that none is recorded does not say that there are none."""
    relapsed = chart.picture.relapse_date.value
    first = relapsed.earliest - timedelta(days=BEFORE_RELAPSE_DAYS) if relapsed is not None else date.max
    now = [
        e
        for e in events_of(chart.timeline, *_SIGNS)
        if e.certain and e.route.settles and e.active is not False and e.when and e.when.earliest >= first
    ]
    if now:
        return Seen(_YES, tuple(e.source for e in now), now[-1].kind.value)
    return Seen(_EITHER, (), "no sign is recorded, which does not exclude one")


class Blasts(StrEnum):
    """Blasts in the blood at the latest count since the relapse."""

    NONE = "none"
    PRESENT = "present"


def _circulating(chart: Chart) -> Seen:
    relapsed = chart.picture.relapse_date.value
    if relapsed is None:
        return Seen(frozenset(Blasts), (), "the date of the relapse is unknown")
    first = relapsed.earliest - timedelta(days=BEFORE_RELAPSE_DAYS)
    told = [latest(chart.timeline, m) for m in (Measure.BLOOD_BLASTS, Measure.BLOOD_BLAST_COUNT)]
    since = [f for f in told if f.value is not None and _any_since(chart, f.evidence, first)]
    answers = [f.value.above(0.0) for f in since if f.value is not None]
    evidence = tuple(s for f in since for s in f.evidence)
    if Answer.YES in answers:
        return Seen(frozenset({Blasts.PRESENT}), evidence)
    if answers and all(a is Answer.NO for a in answers):
        return Seen(frozenset({Blasts.NONE}), evidence)
    return Seen(frozenset(Blasts), evidence, "no count of blasts in the blood since the relapse")


def _any_since(chart: Chart, sources: tuple[str, ...], first: date) -> bool:
    return any(
        m.source in sources and m.when is not None and m.when.earliest >= first
        for m in chart.timeline.measurements
    )


class OffTherapyFor(StrEnum):
    """Calendar months since the end of the last treatment on record."""

    TO_24 = "<=24 months"
    OVER_24 = ">24 months"


def _since_treatment(chart: Chart) -> Seen:
    lines = chart.picture.lines
    end = lines[-1].end if lines else None
    if end is None:
        return Seen(frozenset(OffTherapyFor), (), "the end of the last treatment is not on record")
    within = [chart.picture.on <= add_months(day, MARROWS_FOR_MONTHS) for day in (end.earliest, end.latest)]
    possible = frozenset(OffTherapyFor.TO_24 if one else OffTherapyFor.OVER_24 for one in within)
    return Seen(possible, lines[-1].sources, f"last treatment ended {end}")


def _lately(chart: Chart, days: int) -> list[DrugUse]:
    """Antileukemic drugs that go on, or whose last day may lie within so many days."""
    first = chart.picture.on - timedelta(days=days)
    last = ((d, d.until or d.when) for d in uses_of(chart.timeline, ANTILEUKEMIC))
    return [d for d, day in last if d.ongoing or (day is not None and day.latest >= first)]


def _off_therapy(chart: Chart) -> Seen:
    """No antileukemic treatment for a while, in a record whose parts on drugs were all read.

    A drug that was only ordered, or is told by text, may have been taken: it leaves it open.
    """
    on = chart.picture.on
    recent = [
        d for d in _lately(chart, ON_THERAPY_DAYS) if d.route.settles and not d.ordered and d.when is not None
    ]
    if recent:
        return Seen(_NO, (recent[-1].source,), f"{recent[-1].drug} is given, or was until shortly before")
    maybe = [
        d for d in _lately(chart, OFF_THERAPY_DAYS) if d.ordered or not d.route.settles or d.when is None
    ]
    if maybe:
        why = f"{maybe[-1].drug}: an order or a text, which may or may not mean that it is taken"
        return Seen(_EITHER, (maybe[-1].source,), why)
    unread = next((chart.timeline.missing[p] for p in _DRUGS_HEARD if p in chart.timeline.missing), None)
    lines = chart.picture.lines
    if unread is not None or not lines:
        return Seen(_EITHER, (), unread or "no treatment is on record")
    last = lines[-1]
    if last.end is None or last.end.latest >= on - timedelta(days=OFF_THERAPY_DAYS):
        return Seen(_EITHER, last.sources, "the end of the last treatment is not on record, or is recent")
    return Seen(_YES, last.sources, f"last treatment ended {last.end}")


def _marrow_recent(chart: Chart) -> Seen:
    first = add_months(chart.picture.on, -MARROW_EVERY_MONTHS)
    traces = [
        *of_events(EventKind.MARROW_SAMPLING, EventKind.MARROW_REPORT)(chart.timeline),
        *of_measures(Measure.MARROW_BLASTS)(chart.timeline),
    ]
    done = [t for t in traces if t.sure and t.when is not None and t.when.earliest >= first]
    if done:
        return Seen(_YES, tuple(dict.fromkeys(t.source for t in done)))
    perhaps = [t for t in traces if t.when is None or t.when.latest >= first]
    unread = next((chart.timeline.missing[p] for p in HEARD if p in chart.timeline.missing), None)
    if perhaps or unread is not None:
        why = unread or "what is on record need not be a marrow of that time"
        return Seen(_EITHER, tuple(t.source for t in perhaps), why)
    return Seen(_NO, (), f"no marrow on record since {first}")


MALE = Aspect("male", "male", YesNo, _male, "record the sex")
CHILDBEARING = Aspect(
    "childbearingAge",
    f"female of childbearing age ({CHILDBEARING_FROM_YEARS} to {CHILDBEARING_TO_YEARS} years, project's)",
    YesNo,
    _childbearing,
    "record sex and date of birth",
)
NEUROLOGIC = Aspect(
    "neurologicSigns", "neurologic signs or symptoms", YesNo, _neurologic, "neurologic examination"
)
CIRCULATING = Aspect(
    "circulatingBlasts", "blasts in the blood", Blasts, _circulating, "blood count with differential"
)
OFF_THERAPY = Aspect(
    "offTherapy", "antileukemic treatment completed", YesNo, _off_therapy, "record the end of treatment"
)
SINCE_TREATMENT = Aspect(
    "monthsOffTherapy",
    "since the end of the last treatment",
    OffTherapyFor,
    _since_treatment,
    "record the end of treatment",
)
MARROW_RECENT = Aspect(
    "done.marrowLast6Months",
    f"marrow examined in the last {MARROW_EVERY_MONTHS} months",
    YesNo,
    _marrow_recent,
    "bone marrow aspirate",
)
