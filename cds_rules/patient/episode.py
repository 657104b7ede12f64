"""Which relapses the record tells of: statements of relapse gathered into dated episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import EventKind
from cds_rules.patient.remission import M1_BELOW_PERCENT, M3_ABOVE_PERCENT, Remission, marrows
from cds_rules.patient.series import events_of
from cds_rules.patient.timeline import (
    Diagnosis,
    DiseaseState,
    Measure,
    Measurement,
    PatientTimeline,
    Site,
)

SAME_RELAPSE_DAYS = 60
"""Statements of relapse this close in time tell of one relapse. Project's parameter."""
SOONEST_RELAPSE_DAYS = 28
"""A relapse follows a remission, and induction takes this long. Project's parameter."""
CNS3_LEUKOCYTES_PER_UL = 5.0
"""CSF leukocytes at or above this number, with blasts, are CNS3. D-2; LOC2012."""

BLOODY_TAP_PER_UL = 10.0
"""CSF red cells at or above this number make a tap bloody. The sources give no limit: project's
parameter, after the limit used in the COG definitions."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One relapse: when, where as far as it was recorded, and the statements that tell of it."""

    when: PartialDate | None
    sites: frozenset[Site]
    sources: tuple[str, ...]
    from_blasts: bool = False
    """True when no code says relapse: blasts returned after a recorded remission."""
    in_transplant: bool = False
    sites_told: bool = True
    """False when a recorded body site is not recognised."""
    named_sites: frozenset[Site] = frozenset()
    """Sites that only words name."""


@dataclass(frozen=True, slots=True)
class Course:
    """The relapses in order; `doubt` says why their number is open; `suspected` suggests another one."""

    episodes: tuple[Episode, ...]
    suspected: tuple[Measurement, ...] = ()
    doubt: str | None = None
    doubtful: tuple[str, ...] = ()
    """Resources behind the doubt."""


def course_of(timeline: PatientTimeline, diagnosed: PartialDate | None, signs: Sequence[Remission]) -> Course:
    """Gather every route by which the record tells of a relapse. `signs` are those of remission."""
    calm = [sign.when.earliest for sign in signs]
    stated = [_from_diagnosis(d, _tells_relapse_date(d, diagnosed)) for d in _relapses(timeline)]
    returned, suspected = _blasts_after_remission(timeline, calm)
    returned += _csf_after_remission(timeline, calm)
    dated = sorted((e for e in [*stated, *returned] if e.when is not None), key=_start)
    undated = [e for e in stated if e.when is None]
    episodes = _gather(dated, calm)
    if undated and episodes:
        last = episodes[-1]
        episodes[-1] = _merge(last, [replace(e, when=last.when) for e in undated])
    elif undated:
        episodes = [_merge(undated[0], undated[1:])]
    later = tuple(m for m in suspected if _after(m, episodes))
    doubt, sources = _doubt(timeline, episodes, dated, calm, diagnosed)
    return Course(tuple(episodes), later, doubt, sources)


def _relapses(timeline: PatientTimeline) -> list[Diagnosis]:
    return [
        d for d in timeline.diagnoses if d.state is DiseaseState.RELAPSE and d.certain and d.route.settles
    ]


def _tells_relapse_date(statement: Diagnosis, diagnosed: PartialDate | None) -> bool:
    """The onset of "ALL in relapse" is the relapse only if the first onset is told elsewhere."""
    if not statement.state_coded or statement.when is None or diagnosed is None:
        return False
    return statement.when.earliest > diagnosed.latest and not too_soon(statement, diagnosed)


def too_soon(statement: Diagnosis, diagnosed: PartialDate | None) -> bool:
    """Is it coded as a relapse so soon after the diagnosis that no remission can lie between?"""
    if statement.when is None or diagnosed is None or not statement.state_coded:
        return False
    last = diagnosed.earliest + timedelta(days=SOONEST_RELAPSE_DAYS)
    return diagnosed.latest < statement.when.earliest and statement.when.latest <= last


def _from_diagnosis(d: Diagnosis, dated: bool) -> Episode:
    when = d.when if dated else None
    return Episode(
        when,
        d.sites,
        (d.source,),
        in_transplant=d.in_transplant,
        sites_told=d.sites_told,
        named_sites=d.named_sites,
    )


def _doubt(
    timeline: PatientTimeline,
    episodes: list[Episode],
    dated: list[Episode],
    calm: list[date],
    diagnosed: PartialDate | None,
) -> tuple[str | None, tuple[str, ...]]:
    """Why the number of relapses is open although some are recorded, or None."""
    if episodes and episodes[-1].when is None:
        return "a relapse is recorded without a date: it need not be the first", episodes[-1].sources
    for d in timeline.diagnoses:
        unsettled = _unsettled(d, diagnosed, episodes)
        if unsettled is not None:
            return unsettled, (d.source,)
    unclear = _unclear_looks(timeline, calm, episodes)
    if unclear is not None:
        return unclear
    for first, second in pairwise(dated):
        between = _remission_between(first, second, calm)
        if between == _near(first.when, second.when):
            why = "with a remission between them" if between else "without a remission on record between them"
            text = f"relapses of {first.when} and {second.when} {why}: one relapse or two"
            return text, (*first.sources, *second.sources)
    return None, ()


def _unsettled(d: Diagnosis, diagnosed: PartialDate | None, episodes: list[Episode]) -> str | None:
    """What a statement tells of a further relapse without settling it, or None."""
    relapse = d.state is DiseaseState.RELAPSE
    if relapse and not d.route.settles and not _echoes(d, diagnosed, episodes):
        return f"{'another' if episodes else 'a'} relapse is told of in text only"
    if d.later and len(episodes) == 1:
        return "a second or later relapse is told of in text only"
    on_record = d.when is not None and any(_near(e.when, d.when) for e in episodes)
    if relapse and d.route.settles and not d.certain and not on_record:
        return "another relapse is recorded, but not confirmed"
    return None


def _echoes(told: Diagnosis, diagnosed: PartialDate | None, episodes: list[Episode]) -> bool:
    """Is what words tell of a relapse that is on record? As with codes, an old entry has an old onset."""
    if any(_near(e.when, told.when) for e in episodes):
        return True
    old = told.when is None or (diagnosed is not None and told.when.earliest <= diagnosed.latest)
    return bool(episodes) and old


def _blasts_after_remission(
    timeline: PatientTimeline, calm: list[date]
) -> tuple[list[Episode], list[Measurement]]:
    """Marrow blasts after a remission: above 25 % a relapse (D-4), 5-25 % only suspected (D-3)."""
    returned: list[Episode] = []
    suspected: list[Measurement] = []
    for m in marrows(timeline):
        if m.when is None or not calm or calm[0] >= m.when.earliest:
            continue
        if not _since_last_illness(timeline, m.when.earliest, calm):
            continue
        if m.value.above(M3_ABOVE_PERCENT) is Answer.YES:
            returned.append(Episode(m.when, frozenset({Site.MARROW}), (m.source,), from_blasts=True))
        elif m.value.at_least(M1_BELOW_PERCENT) is Answer.YES:
            suspected.append(m)
    return returned, suspected


def _unclear_looks(
    timeline: PatientTimeline, calm: list[date], episodes: list[Episode]
) -> tuple[str, tuple[str, ...]] | None:
    """Results after a remission that may show a relapse, and are no part of one on record."""
    looks = marrows(timeline)
    if looks and calm and looks[-1].when is not None and looks[-1].when.earliest > calm[0]:
        last = looks[-1]
        unclear = last.value.at_least(M1_BELOW_PERCENT) is Answer.UNKNOWN
        if unclear and not any(_near(e.when, last.when) for e in episodes):
            return f"the marrow of {last.when} may be above 5 % blasts", (last.source,)
    for blasts in _csf(timeline, Measure.CSF_BLASTS):
        when = blasts.when
        if when is None or not calm or calm[0] >= when.earliest:
            continue
        if blasts.value.above(0.0) is Answer.YES and not any(_near(e.when, when) for e in episodes):
            return f"blasts in the CSF of {when}, not counted as CNS3", (blasts.source,)
    return _elsewhere_after_remission(timeline, calm, episodes)


_OUTSIDE = (EventKind.LEUKEMIC_INFILTRATION, EventKind.TESTIS_BIOPSY)


def _elsewhere_after_remission(
    timeline: PatientTimeline, calm: list[date], episodes: list[Episode]
) -> tuple[str, tuple[str, ...]] | None:
    """Leukemia found outside the marrow after a remission, without a relapse on record."""
    for e in events_of(timeline, *_OUTSIDE):
        found = e.positive is True or e.kind is EventKind.LEUKEMIC_INFILTRATION
        after = e.when is not None and bool(calm) and e.when.earliest > calm[0]
        if found and after and not any(_near(o.when, e.when) for o in episodes):
            finding = "positive testicular biopsy" if e.positive else e.kind.value
            return f"{finding} of {e.when}, with no relapse recorded", (e.source,)
    return None


def _csf_after_remission(timeline: PatientTimeline, calm: list[date]) -> list[Episode]:
    """CNS3 in the CSF after a remission is a CNS relapse (D-2, project's), unless the tap was bloody."""
    found = []
    for blasts in _csf(timeline, Measure.CSF_BLASTS):
        if blasts.when is None or not calm or calm[0] >= blasts.when.earliest:
            continue
        same_day = [m for m in timeline.measurements if m.when == blasts.when and m.route.settles]
        cells = [m for m in same_day if m.measure is Measure.CSF_LEUKOCYTES]
        red = [m for m in same_day if m.measure is Measure.CSF_RED_CELLS]
        if (
            blasts.value.above(0.0) is Answer.YES
            and any(m.value.at_least(CNS3_LEUKOCYTES_PER_UL) is Answer.YES for m in cells)
            and all(m.value.at_least(BLOODY_TAP_PER_UL) is Answer.NO for m in red)
            and _since_last_illness(timeline, blasts.when.earliest, calm)
        ):
            sources = (blasts.source, *sorted(m.source for m in cells))
            found.append(Episode(blasts.when, frozenset({Site.CNS}), sources, from_blasts=True))
    return found


def _csf(timeline: PatientTimeline, measure: Measure) -> list[Measurement]:
    found = [m for m in timeline.measurements if m.measure is measure and m.route.settles]
    return sorted(found, key=lambda m: (m.when.earliest if m.when else date.min, m.source))


def _since_last_illness(timeline: PatientTimeline, day: date, calm: list[date]) -> bool:
    """Is there a remission between the last illness on record and the day? If not, it is no new relapse."""
    ill = [d.when.earliest for d in _relapses(timeline) if d.when is not None]
    ill += [
        m.when.earliest
        for m in marrows(timeline)
        if m.when is not None and m.value.above(M3_ABOVE_PERCENT) is Answer.YES
    ]
    last = max((d for d in ill if d < day), default=None)
    return last is None or any(last < r < day for r in calm)


def _gather(dated: list[Episode], calm: list[date]) -> list[Episode]:
    """One relapse is coded and billed again and again: only a remission between makes two of them."""
    episodes: list[Episode] = []
    last: Episode | None = None
    for statement in dated:
        apart = last is not None and not _near(last.when, statement.when)
        if last is not None and not (apart and _remission_between(last, statement, calm)):
            episodes[-1] = _merge(episodes[-1], [statement])
        else:
            episodes.append(statement)
        last = statement
    return episodes


def _remission_between(first: Episode, second: Episode, calm: list[date]) -> bool:
    return any(_start(first) < day < _start(second) for day in calm)


def _merge(first: Episode, others: list[Episode]) -> Episode:
    """One episode from several statements; a coded date is preferred over that of blasts."""
    everyone = [first, *others]
    coded = [e for e in everyone if not e.from_blasts and e.when is not None]
    return Episode(
        coded[0].when if coded else first.when,
        frozenset(site for e in everyone for site in e.sites),
        tuple(dict.fromkeys(s for e in everyone for s in e.sources)),
        from_blasts=all(e.from_blasts for e in everyone),
        in_transplant=any(e.in_transplant for e in everyone),
        sites_told=all(e.sites_told for e in everyone),
        named_sites=frozenset(site for e in everyone for site in e.named_sites),
    )


def _after(m: Measurement, episodes: list[Episode]) -> bool:
    """A suspicion counts only after the last relapse on record, and not as part of it."""
    if m.when is None or not episodes:
        return m.when is not None
    last = episodes[-1].when
    return last is not None and m.when.earliest > last.latest and not _near(last, m.when)


def _near(a: PartialDate | None, b: PartialDate | None) -> bool:
    return near(a, b, SAME_RELAPSE_DAYS)


def near(a: PartialDate | None, b: PartialDate | None, days: int) -> bool:
    """May the two be at most so many days apart? No where one of them is unknown."""
    if a is None or b is None:
        return False
    window = timedelta(days=days)
    return a.earliest - window <= b.latest and b.earliest <= a.latest + window


def _start(episode: Episode) -> date:
    return episode.when.earliest if episode.when else date.max
