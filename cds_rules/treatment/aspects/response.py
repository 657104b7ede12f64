"""Aspects of the answer to reinduction: the marrow after it, and blinatumomab given since the relapse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.history import RemissionPeriod
from cds_rules.patient.mrd import END_BLOCK1_FROM_DAY, END_BLOCK1_TO_DAY, reinduction_start
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.remission import M1_BELOW_PERCENT, M3_ABOVE_PERCENT
from cds_rules.patient.series import uses_of
from cds_rules.patient.timeline import DrugUse, Measurement, Part, PatientTimeline, Status
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.chart import Chart

NEW_CYCLE_AFTER_DAYS = 14
"""Blinatumomab again after this many days without is another cycle. Project's parameter."""
MAY_BE_NEW_CYCLE_AFTER_DAYS = 7
"""From this many days on it may be another cycle, or the same one after a pause. Project's parameter."""
ONE_CYCLE_DAYS = 35
"""Use on record for longer than this without a pause may be more than one cycle: a cycle is 28 days of
infusion (HR2020, 000:72), and pauses within it are common. Project's parameter."""
_WORD_ON_DISEASE = (Part.CONDITIONS, Part.LABORATORY, Part.DISEASE_FINDINGS)
_DRUG_PARTS = (Part.ADMINISTRATIONS, Part.STATEMENTS)
MOST = 2
"""Cycles are counted up to here: no source asks for more."""


class Response(StrEnum):
    """Marrow after reinduction by its share of blasts (D-1; HR2020 000:72)."""

    M1 = "M1 (<5 %)"
    M2 = "M2 (5 to 25 %)"
    M3 = "M3 (>25 %)"


class Cycles(StrEnum):
    """Cycles of blinatumomab begun since the relapse."""

    NONE = "none"
    ONE = "one"
    TWO = "at least two"


def states(m: Measurement) -> frozenset[StrEnum]:
    """The marrow states that a blast count leaves possible."""
    clear, full = m.value.at_least(M1_BELOW_PERCENT), m.value.above(M3_ABOVE_PERCENT)
    found: set[StrEnum] = set()
    if clear is not Answer.YES:
        found.add(Response.M1)
    if full is not Answer.NO:
        found.add(Response.M3)
    if clear is not Answer.NO and full is not Answer.YES:
        found.add(Response.M2)
    return frozenset(found)


def _response(chart: Chart) -> Seen:
    """The latest marrow from day 21 of reinduction on, or a stated remission of the same time."""
    relapse = chart.picture.relapse_date.value
    if relapse is None:
        return Seen(frozenset(Response), (), "the date of the relapse is unknown")
    missing = chart.timeline.missing
    unread = next((missing[p] for p in _WORD_ON_DISEASE if p in missing), None)
    if unread is not None:
        return Seen(frozenset(Response), (), unread)
    start = reinduction_start(chart.timeline, relapse)
    looks = _looks(chart.timeline, start)
    return _judge(looks, _stated(chart.picture), start)


def _on_record(chart: Chart) -> Seen:
    """Has reinduction been judged? While no part is unread, silence means that it has not, until the end of
    block 1 should have been looked at: from then on the record may lack what was found."""
    other = _judged_otherwise(chart)
    if other:
        return Seen(frozenset({YesNo.YES}), other)
    found = _response(chart)
    if found.evidence:
        tells = found.possible < frozenset(Response)
        return Seen(frozenset({YesNo.YES} if tells else YesNo), found.evidence, found.because)
    relapse = chart.picture.relapse_date.value
    unread = any(p in chart.timeline.missing for p in _WORD_ON_DISEASE)
    if relapse is None or unread:
        return Seen(frozenset(YesNo), (), found.because)
    last = reinduction_start(chart.timeline, relapse).latest + timedelta(days=END_BLOCK1_TO_DAY)
    if chart.picture.on > last:
        return Seen(frozenset(YesNo), (), f"none by day {END_BLOCK1_TO_DAY} of reinduction, or since")
    return Seen(frozenset({YesNo.NO}), (), found.because)


def _judged_otherwise(chart: Chart) -> tuple[str, ...]:
    """Marrow MRD at the end of block 1, or a reported state of the disease from day 21 on, if any."""
    first = chart.picture.end_block1_mrd
    if first.value is not None:
        return first.evidence
    relapse = chart.picture.relapse_date.value
    if relapse is None:
        return ()
    surely = reinduction_start(chart.timeline, relapse).latest + timedelta(days=END_BLOCK1_FROM_DAY)
    return tuple(
        r.source
        for r in chart.timeline.reports
        if r.route.settles
        and r.status is not Status.UNDETERMINED
        and r.when is not None
        and r.when.earliest >= surely
    )


def _looks(timeline: PatientTimeline, start: PartialDate) -> list[Measurement]:
    """The last marrow that may be from day 21 on, and every other that may be as late."""
    first = start.earliest + timedelta(days=END_BLOCK1_FROM_DAY)
    found = [m for m in timeline.marrows if m.when is not None and m.when.latest >= first]
    newest = max((m.when.earliest for m in found if m.when is not None), default=date.min)
    return [m for m in found if m.when is not None and m.when.latest >= newest]


def _stated(picture: RelapsePicture) -> RemissionPeriod | None:
    """The remission after the latest relapse, if it is stated in words or codes."""
    last = picture.remissions[-1] if picture.remissions else None
    after = last is not None and last.until is None and last.number == picture.relapses + 1
    return last if last is not None and after and last.stated else None


def _judge(looks: list[Measurement], stated: RemissionPeriod | None, start: PartialDate) -> Seen:
    surely = start.latest + timedelta(days=END_BLOCK1_FROM_DAY)
    sources = tuple(m.source for m in looks)
    if not looks:
        if stated is not None:
            return Seen(frozenset({Response.M1}), stated.sources, f"remission stated on {stated.since}")
        why = f"no marrow blast count on record from {surely} on (day {END_BLOCK1_FROM_DAY} of reinduction)"
        return Seen(frozenset(Response), (), why)
    when = looks[-1].when
    if any(m.when is not None and m.when.earliest < surely for m in looks):
        return Seen(frozenset(Response), sources, f"the marrow of {when} may be from before the response")
    found = frozenset(s for m in looks for s in states(m))
    if stated is None or found == {Response.M1} or when is None or stated.since.latest < when.earliest:
        return Seen(found, sources, f"marrow of {when}")
    if stated.since.earliest > when.latest:
        why = f"remission stated on {stated.since}, after the marrow of {when}"
        return Seen(frozenset({Response.M1}), (*stated.sources, *sources), why)
    why = f"a remission is stated, but the marrow of {when} has 5 % blasts or more"
    return Seen(found | {Response.M1}, (*stated.sources, *sources), why)


@dataclass(frozen=True, slots=True)
class Blinatumomab:
    """Blinatumomab since the relapse. `at_least` and `at_most` are cycles, counted up to `MOST`."""

    at_least: int
    at_most: int
    began: date | None = None
    """First day of the last cycle as far as it can be told."""
    last: date | None = None
    """Last day on record."""
    evidence: tuple[str, ...] = ()
    because: str | None = None


def blinatumomab(chart: Chart) -> Blinatumomab:
    """Cycles of blinatumomab since the relapse, from its periods of use; an order is not use."""
    relapse = chart.picture.relapse_date.value
    if relapse is None:
        return Blinatumomab(0, MOST, because="the date of the relapse is unknown")
    uses = uses_of(chart.timeline, ("blinatumomab",))
    since = [d for d in uses if d.when is None or d.when.latest >= relapse.earliest]
    sure = [d for d in since if _is_sure(d, relapse)]
    spans = sorted(_span(d, chart.picture.on) for d in sure)
    counted = _count(spans)
    # A cycle may be dozens of administrations: the first and the last show it.
    evidence = tuple(dict.fromkeys(d.source for d in (*since[:1], *since[-1:])))
    unread = next((chart.timeline.missing[p] for p in _DRUG_PARTS if p in chart.timeline.missing), None)
    heard = unread is None and len(sure) == len(since)
    if heard or counted[0] == MOST:
        why = None if evidence else "none on record since the relapse"
        if counted[0] != counted[1]:
            why = "its days on record may be one cycle or more"
    else:
        counted = (counted[0], MOST)
        why = unread or "ordered, undated or told by text only: not for certain given"
    began, last = _last_cycle(spans)
    return Blinatumomab(*counted, began, last, evidence, why)


def _is_sure(use: DrugUse, relapse: PartialDate) -> bool:
    when = use.when
    dated = when is not None and when.exact and when.earliest >= relapse.latest
    return dated and use.route.settles and not use.ordered


def _span(use: DrugUse, on: date) -> tuple[date, date]:
    first = use.when.earliest if use.when else on
    if use.until is not None:
        return first, max(first, use.until.latest)
    return first, max(first, on) if use.ongoing else first


def _merged(spans: list[tuple[date, date]], gap: int) -> list[tuple[date, date]]:
    """Spans joined unless `gap` days or more lie between them."""
    joined: list[tuple[date, date]] = []
    for first, last in spans:
        if joined and (first - joined[-1][1]).days < gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _count(spans: list[tuple[date, date]]) -> tuple[int, int]:
    fewest = len(_merged(spans, NEW_CYCLE_AFTER_DAYS))
    parts = _merged(spans, MAY_BE_NEW_CYCLE_AFTER_DAYS)
    long = any((last - first).days >= ONE_CYCLE_DAYS for first, last in parts)
    return min(fewest, MOST), MOST if long else min(len(parts), MOST)


def _last_cycle(spans: list[tuple[date, date]]) -> tuple[date | None, date | None]:
    parts = _merged(spans, MAY_BE_NEW_CYCLE_AFTER_DAYS)
    return parts[-1] if parts else (None, None)


def _cycles(chart: Chart) -> Seen:
    found = blinatumomab(chart)
    order = list(Cycles)
    return Seen(frozenset(order[found.at_least : found.at_most + 1]), found.evidence, found.because)


RESPONSE = Aspect(
    "responseToReinduction",
    "marrow after reinduction",
    Response,
    _response,
    "marrow with blast count after reinduction",
    (Test.MARROW,),
    later="after reinduction",
)
RESPONSE_ON_RECORD = Aspect(
    "responseOnRecord",
    "response to reinduction on record",
    YesNo,
    _on_record,
    "record the relapse with its date",
)
BLINATUMOMAB = Aspect(
    "blinatumomabCycles",
    "cycles of blinatumomab since the relapse",
    Cycles,
    _cycles,
    "record each cycle of blinatumomab with its first and last day",
)
