"""Remissions in order, the marrow at the latest look, and whether the patient is in remission now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.episode import Course
from cds_rules.patient.fact import Fact
from cds_rules.patient.history import MarrowState, RemissionPeriod
from cds_rules.patient.remission import M1_BELOW_PERCENT, M3_ABOVE_PERCENT, Remission, marrows
from cds_rules.patient.sites import SITE_WINDOW_DAYS
from cds_rules.patient.timeline import Measurement, Part, PatientTimeline

STATE_HOLDS_DAYS = 56
"""A relapse or a marrow with blasts tells of today for this long; a marrow is due by then (D-7).
Project's parameter."""
CONTRADICTED_DAYS = 7
"""Blasts of 5 % or more on the day a remission is stated, or this shortly before, contradict it.
Project's parameter."""
Denied = Mapping[Remission, tuple[str, ...]]
"""Stated remissions that marrow blasts of that time deny, with the resources of those blasts."""
_HEARD = (Part.CONDITIONS, Part.LABORATORY, Part.DISEASE_FINDINGS)
"""Parts that may hold a later word on the disease."""


def contradicted(timeline: PatientTimeline, signs: Sequence[Remission]) -> Denied:
    """The stated remissions among the signs that marrow blasts of that time deny."""
    high = [m for m in marrows(timeline) if m.value.at_least(M1_BELOW_PERCENT) is Answer.YES]
    found: dict[Remission, tuple[str, ...]] = {}
    for sign in signs:
        against = tuple(m.source for m in high if sign.recorded and _denies(m.when, sign.when))
        if against:
            found[sign] = against
    return found


def _denies(seen: PartialDate | None, stated: PartialDate) -> bool:
    first = stated.earliest - timedelta(days=CONTRADICTED_DAYS)
    return seen is not None and first <= seen.earliest and seen.latest <= stated.latest


def remission_periods(
    course: Course, signs: Sequence[Remission], denied: Denied
) -> tuple[RemissionPeriod, ...]:
    """CR1 before the first relapse, CR2 after it, and so on; none while a relapse is undated."""
    relapses = [e.when for e in course.episodes]
    if None in relapses:
        return ()
    believed = [s for s in signs if s not in denied]
    bounds = [None, *relapses, None]
    found = []
    for number in range(1, len(bounds)):
        after, until = bounds[number - 1], bounds[number]
        within = [s for s in believed if _between(s, after, until)]
        stated = [s for s in within if s.recorded]
        if within:
            first = (stated or within)[0]
            found.append(RemissionPeriod(number, first.when, until, bool(stated), (first.source,)))
    return tuple(found)


def _between(sign: Remission, after: PartialDate | None, until: PartialDate | None) -> bool:
    """A clear marrow at the time of a relapse tells its site, not a remission from it."""
    if until is not None and sign.when.latest >= until.earliest:
        return False
    if after is None:
        return True
    window = timedelta(days=0 if sign.recorded else SITE_WINDOW_DAYS)
    return sign.when.earliest > after.latest + window


def marrow_state(
    timeline: PatientTimeline, course: Course, diagnosed: PartialDate | None
) -> Fact[MarrowState]:
    """M1, M2 or M3 at the latest look since the last relapse, or since the diagnosis (D-1)."""
    since = course.episodes[-1].when if course.episodes else diagnosed
    if since is None:
        return Fact(because="the date of the diagnosis or the relapse is unknown")
    first = since.earliest - timedelta(days=SITE_WINDOW_DAYS)
    looks = [m for m in marrows(timeline) if m.when is not None and m.when.latest >= first]
    missing = next((timeline.missing[p] for p in _HEARD if p in timeline.missing), None)
    last = _latest(looks)
    sources = tuple(m.source for m in last)
    if missing is not None:
        return Fact(evidence=sources, because=missing)
    if not last:
        return Fact(because="no marrow blast count on record since then")
    if any(m.when is not None and m.when.earliest < first for m in last):
        return Fact(evidence=sources, because="whether the marrow was seen since then is not known")
    states = {_state(m) for m in last}
    state = next(iter(states)) if len(states) == 1 else None
    if state is None:
        return Fact(evidence=sources, because=f"the marrow of {last[-1].when} does not settle it")
    return Fact(state, sources, f"seen {last[-1].when}")


def _latest(looks: Sequence[Measurement]) -> list[Measurement]:
    """The last look, and every other that may be as late."""
    newest = max((m.when.earliest for m in looks if m.when is not None), default=date.min)
    return [m for m in looks if m.when is not None and m.when.latest >= newest]


def _state(m: Measurement) -> MarrowState | None:
    if m.value.at_least(M1_BELOW_PERCENT) is Answer.NO:
        return MarrowState.M1
    if m.value.above(M3_ABOVE_PERCENT) is Answer.YES:
        return MarrowState.M3
    settled = m.value.at_least(M1_BELOW_PERCENT) is Answer.YES
    return MarrowState.M2 if settled and m.value.above(M3_ABOVE_PERCENT) is Answer.NO else None


def in_remission(
    timeline: PatientTimeline,
    course: Course,
    periods: Sequence[RemissionPeriod],
    denied: Denied,
    on: date,
) -> Fact[bool]:
    """Complete remission today. Only a remission that is stated makes it so: counts are not judged (D-4)."""
    missing = next((timeline.missing[p] for p in _HEARD if p in timeline.missing), None)
    if missing is not None:
        return Fact(because=missing)
    relapse = course.episodes[-1] if course.episodes else None
    if relapse is not None and relapse.when is None:
        return Fact(evidence=relapse.sources, because="the date of the relapse is unknown")
    if course.suspected:
        last = course.suspected[-1]
        return Fact(evidence=(last.source,), because=f"marrow blasts on {last.when}: suspected relapse")
    present = periods[-1] if periods and periods[-1].number > len(course.episodes) else None
    if present is not None and present.stated:
        return _stated(timeline, course, present)
    since = relapse.when.latest if relapse is not None and relapse.when is not None else date.min
    against = [s for s in denied if s.when.earliest > since]
    if against:
        why = "a remission is stated, but the marrow of that time has 5 % blasts or more"
        return Fact(evidence=(against[-1].source, *denied[against[-1]]), because=why)
    return _without_statement(timeline, course, present, on)


def _stated(timeline: PatientTimeline, course: Course, present: RemissionPeriod) -> Fact[bool]:
    if course.doubt is not None:
        return Fact(evidence=(*present.sources, *course.doubtful), because=course.doubt)
    later = [m for m in _high(timeline) if m.when and m.when.latest > present.since.earliest]
    if later:
        why = f"remission stated on {present.since}, but 5 % marrow blasts or more on {later[-1].when}"
        return Fact(evidence=(*present.sources, later[-1].source), because=why)
    return Fact(True, present.sources, f"as stated on {present.since}")


def _without_statement(
    timeline: PatientTimeline, course: Course, present: RemissionPeriod | None, on: date
) -> Fact[bool]:
    relapse = course.episodes[-1] if course.episodes else None
    told: list[tuple[PartialDate, tuple[str, ...]]]
    told = [(m.when, (m.source,)) for m in _high(timeline) if m.when is not None]
    told += [(relapse.when, relapse.sources)] if relapse is not None and relapse.when is not None else []
    last = max(told, key=lambda t: t[0].latest, default=None)
    ill, sources = last if last is not None else (None, ())
    if present is not None and (ill is None or present.since.earliest > ill.latest):
        why = f"marrow below 5 % (M1) since {present.since}; complete remission also needs the blood counts"
        return Fact(evidence=present.sources, because=why)
    if ill is None:
        return Fact(because="no remission is on record, and no marrow with blasts")
    if ill.latest < on - timedelta(days=STATE_HOLDS_DAYS):
        return Fact(evidence=sources, because=f"the last word on the disease is of {ill}")
    return Fact(False, sources, f"leukemia on {ill}, and no remission since")


def _high(timeline: PatientTimeline) -> list[Measurement]:
    return [m for m in marrows(timeline) if m.value.at_least(M1_BELOW_PERCENT) is Answer.YES]


def remission_number(now: Fact[bool], relapses: Fact[int]) -> Fact[int]:
    """The number of the present remission (2 is CR2); unknown when there is none, and says so."""
    if now.value is None:
        return Fact(evidence=now.evidence, because=now.because)
    if not now.value:
        return Fact(evidence=now.evidence, because="not in remission")
    if relapses.value is None:
        return Fact(evidence=relapses.evidence, because=relapses.because)
    return Fact(relapses.value + 1, now.evidence)
