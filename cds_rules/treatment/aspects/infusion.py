"""Aspects of the day of a CAR-T infusion: CNS disease, cranial radiation, the nervous system (MYE2023)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Field
from cds_rules.patient.timeline import Part, Site
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.aspects.bands import NEVER, Elapsed
from cds_rules.treatment.chart import Chart

RADIATION_DAYS, RADIATION_DAYS_LONG = 28, 56
"""4 to 8 weeks from cranial radiation to infusion (004:183)."""
RADIATION_COURSE_DAYS = 21
"""The record dates a course by its beginning: it may have lasted this long. Project's parameter."""


class CnsControl(StrEnum):
    """CNS disease before the infusion."""

    NONE = "no CNS disease"
    CONTROLLED = "stable or responding"
    NOT = "not stable"


class AfterRadiation(StrEnum):
    """Time since the last cranial radiation."""

    NEVER = "none"
    BEFORE_4 = "<4 weeks"
    TO_8 = "4 to <8 weeks"
    FROM_8 = "8 weeks or more"


class Neurotoxicity(StrEnum):
    """Neurologic toxicity of treatment, seizures among it."""

    NEVER = "none"
    EARLIER = "earlier, over"
    NOW = "now"


def _control(chart: Chart) -> Seen:
    """Charts do not hold how CNS disease answers to treatment; that there was none, they may."""
    if chart.picture.involved.get(Site.CNS) is Answer.NO:
        return Seen(frozenset({CnsControl.NONE}), chart.picture.sites.evidence, "not involved at the relapse")
    why = "the record does not hold the course of CNS disease in a form that can be read"
    known_ill = chart.picture.involved.get(Site.CNS) is Answer.YES
    possible = frozenset(CnsControl) - ({CnsControl.NONE} if known_ill else set())
    return Seen(possible, chart.picture.sites.evidence, why)


def _radiation(chart: Chart) -> Seen:
    on = chart.picture.on
    fields = [i for i in chart.timeline.irradiations if i.field is Field.CRANIAL]
    sources = tuple(i.source for i in fields)
    dated = [i.when for i in fields if i.when is not None and i.route.settles]
    if len(dated) < len(fields):
        why = "cranial radiation is recorded, but not for certain when"
        return Seen(frozenset(AfterRadiation) - _never(bool(dated)), sources, why)
    reason = chart.timeline.missing.get(Part.PROCEDURES)
    if reason is not None and not dated:
        return Seen(frozenset(AfterRadiation), (), reason)
    if not dated:
        return Seen(frozenset({AfterRadiation.NEVER}), (), "none on record")
    last = max(d.latest for d in dated) + timedelta(days=RADIATION_COURSE_DAYS)
    ago = Elapsed(0 if reason else (on - min(on, last)).days, (on - max(d.earliest for d in dated)).days)
    found: set[StrEnum] = {AfterRadiation.BEFORE_4} if ago.overlaps(0, RADIATION_DAYS - 1) else set()
    if ago.overlaps(RADIATION_DAYS, RADIATION_DAYS_LONG - 1):
        found.add(AfterRadiation.TO_8)
    if ago.overlaps(RADIATION_DAYS_LONG, NEVER):
        found.add(AfterRadiation.FROM_8)
    begun = f"begun {max(dated, key=lambda d: d.earliest)}; a course may last {RADIATION_COURSE_DAYS} days"
    return Seen(frozenset(found), sources, reason or begun)


def _never(some: bool) -> frozenset[StrEnum]:
    """What is ruled out when some radiation is certain."""
    return frozenset({AfterRadiation.NEVER}) if some else frozenset()


_TOXIC = (EventKind.NEUROTOXICITY, EventKind.SEIZURE, EventKind.ICANS)


def _neurotoxicity(chart: Chart) -> Seen:
    told = chart.picture.findings.events(*_TOXIC)
    sources = tuple(e.source for e in told)
    sure = [e for e in told if e.certain and e.route.settles]
    if any(e.active for e in sure):
        return Seen(frozenset({Neurotoxicity.NOW}), sources)
    reason = chart.timeline.missing.get(Part.CONDITIONS)
    possible: set[StrEnum] = {Neurotoxicity.EARLIER if sure else Neurotoxicity.NEVER}
    if len(sure) < len(told) or reason is not None:
        possible.add(Neurotoxicity.EARLIER)
    if reason is not None or any(not _over(e) for e in told):
        possible.add(Neurotoxicity.NOW)
    if len(possible) > 1:
        return Seen(frozenset(possible), sources, reason or "recorded, but not whether it is over")
    return Seen(frozenset(possible), sources, None if told else "none on record")


def _over(event: Event) -> bool:
    return event.active is False or (event.active is None and event.until is not None)


def _lesion(chart: Chart) -> Seen:
    """Imaging reports are not read: without a coded lesion it stays open if the CNS may be involved."""
    told = chart.picture.findings.events(EventKind.PARENCHYMAL_CNS_LESION)
    sources = tuple(e.source for e in told)
    if any(e.certain and e.route.settles and not _over(e) for e in told):
        return Seen(frozenset({YesNo.YES}), sources)
    if told and all(_over(e) for e in told):
        return Seen(frozenset({YesNo.NO}), sources, "recorded as over")
    if not told and chart.picture.involved.get(Site.CNS) is Answer.NO:
        reason = chart.timeline.missing.get(Part.CONDITIONS)
        return Seen(frozenset(YesNo) if reason else frozenset({YesNo.NO}), (), reason or "CNS not involved")
    return Seen(frozenset(YesNo), sources, "no imaging result that can be read")


CNS_CONTROL = Aspect(
    "infusion.cns",
    "CNS disease before infusion",
    CnsControl,
    _control,
    "lumbar puncture, and the team's judgement of the response",
    (Test.CSF,),
)
RADIATION = Aspect(
    "infusion.cranialRadiation",
    "time since cranial radiation",
    AfterRadiation,
    _radiation,
    "record the last day of cranial radiation",
)
NEUROTOXICITY = Aspect(
    "infusion.neurotoxicity",
    "neurologic toxicity or seizures",
    Neurotoxicity,
    _neurotoxicity,
    "neurologic examination, and whether the recorded toxicity is over",
)
LESION = Aspect(
    "infusion.parenchymalLesion",
    "parenchymal CNS lesion",
    YesNo,
    _lesion,
    "imaging of the brain",
    (Test.BRAIN_IMAGING,),
)
