"""Aspects of CNS relapse: spinal fluid, earlier cranial radiation, length of the first remission."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate, add_months
from cds_rules.patient.episode import BLOODY_TAP_PER_UL, CNS3_LEUKOCYTES_PER_UL
from cds_rules.patient.events import EventKind
from cds_rules.patient.findings import Field, Irradiation
from cds_rules.patient.series import events_of, measured
from cds_rules.patient.sites import SITE_WINDOW_DAYS
from cds_rules.patient.timeline import Measure, Measurement, Part, Site
from cds_rules.request import Test
from cds_rules.risk.case import FromDiagnosis
from cds_rules.treatment.aspect import Aspect, Seen, When, YesNo, unrecorded
from cds_rules.treatment.aspects.course import CNS, FROM_DIAGNOSIS
from cds_rules.treatment.aspects.person import AGE, Age
from cds_rules.treatment.chart import Chart

HIGH_CRANIAL_GRAY = 20.0
"""Earlier cranial radiation above this dose (Gy): LOC2012 goes lower at relapse (001:98)."""
LONG_FIRST_REMISSION_MONTHS = 18
"""A first remission of this many months or more is long in the POG studies. PDQ2014 (002:207-209)."""


class CnsState(StrEnum):
    """Spinal fluid at the relapse (D-2; LOC2012 001:37)."""

    CNS1 = "CNS1"
    CNS2 = "CNS2"
    BLOODY = "blasts in a bloody tap"
    CNS3 = "CNS3, or CNS relapse recorded"


class CranialRadiation(StrEnum):
    """Cranial radiation before the relapse, by its total dose. A dose not recorded leaves two possible."""

    NONE = "none"
    TO_20 = "up to 20 Gy"
    OVER_20 = ">20 Gy"


class FirstRemission(StrEnum):
    """From first remission to first relapse."""

    BEFORE_18 = "<18 months"
    FROM_18 = ">=18 months"


def _around(chart: Chart, measure: Measure) -> list[Measurement]:
    relapse = chart.picture.relapse_date.value
    if relapse is None:
        return []
    return [m for m in measured(chart.timeline, measure) if _near(m.when, relapse)]


def _near(when: PartialDate | None, relapse: PartialDate) -> bool:
    window = timedelta(days=SITE_WINDOW_DAYS)
    first, last = relapse.earliest - window, relapse.latest + window
    return when is not None and first <= when.earliest and when.latest <= last


def _cns_state(chart: Chart) -> Seen:
    picture = chart.picture
    cells = _around(chart, Measure.CSF_LEUKOCYTES)
    blasts = _around(chart, Measure.CSF_BLASTS)
    red = _around(chart, Measure.CSF_RED_CELLS)
    sources = tuple(m.source for m in (*cells, *blasts, *red))
    if picture.involved.get(Site.CNS) is Answer.YES:
        return Seen(frozenset({CnsState.CNS3}), tuple(dict.fromkeys((*picture.sites.evidence, *sources))))
    possible = _states(cells, blasts, red)
    relapse = picture.relapse_date.value
    palsies = [
        e.source
        for e in events_of(chart.timeline, EventKind.CRANIAL_NERVE_PALSY)
        if relapse is None or e.when is None or _near(e.when, relapse)
    ]
    if palsies:
        why = "a cranial nerve palsy is recorded: CNS3 if leukemia is its cause"
        return Seen(possible | {CnsState.CNS3}, (*sources, *palsies), why)
    return Seen(possible, sources, None if len(possible) == 1 else _why_open(sources, blasts, red))


def _states(
    cells: list[Measurement], blasts: list[Measurement], red: list[Measurement]
) -> frozenset[CnsState]:
    """States that the taps around the relapse leave possible; which of several counts is not told: all do."""
    if not cells and not blasts:
        return frozenset(CnsState)
    seen = {m.value.above(0.0) for m in blasts}
    empty = bool(cells) and all(m.value.above(0.0) is Answer.NO for m in cells)
    if seen == {Answer.NO} or (not blasts and empty):
        return frozenset({CnsState.CNS1})
    clear: set[CnsState] = set() if Answer.YES in seen else {CnsState.CNS1}
    return frozenset(clear | _with_blasts(cells, red))


def _with_blasts(cells: list[Measurement], red: list[Measurement]) -> set[CnsState]:
    bloody = {m.value.at_least(BLOODY_TAP_PER_UL) for m in red}
    if Answer.YES in bloody:
        return {CnsState.BLOODY}
    # Without a count of red cells it is not known that the tap was not bloody.
    found = set() if bloody == {Answer.NO} else {CnsState.BLOODY}
    many = {m.value.at_least(CNS3_LEUKOCYTES_PER_UL) for m in cells}
    if many != {Answer.NO}:
        found.add(CnsState.CNS3)
    if Answer.YES not in many:
        found.add(CnsState.CNS2)
    return found


def _why_open(sources: tuple[str, ...], blasts: list[Measurement], red: list[Measurement]) -> str:
    if not sources:
        return f"no CSF result within {SITE_WINDOW_DAYS} days of the relapse"
    if not blasts:
        return "no result says whether there are blasts in the CSF"
    if not red:
        return "no CSF red cell count tells whether the tap was bloody"
    return "the CSF counts leave it open"


def _cranial(chart: Chart) -> Seen:
    """Total dose before the relapse. Several records may be parts of one course or courses of their own."""
    timeline, relapse = chart.timeline, chart.picture.relapse_date.value
    heads = [i for i in timeline.irradiations if i.field is Field.CRANIAL and _may_be_before(i, relapse)]
    bodies = [i for i in timeline.irradiations if i.field is Field.WHOLE_BODY and _may_be_before(i, relapse)]
    sources = tuple(i.source for i in (*heads, *bodies))
    if not heads and not bodies:
        reason = timeline.missing.get(Part.PROCEDURES)
        if reason is not None:
            return Seen(frozenset(CranialRadiation), (), reason)
        return Seen(frozenset({CranialRadiation.NONE}), (), "none on record")
    sure = [i for i in heads if i.route.settles and _surely_before(i, relapse)]
    possible = _doses(heads)
    if not sure or not heads:
        possible |= {CranialRadiation.NONE} if not _surely_any(bodies, relapse) else set()
    return Seen(frozenset(possible), sources, _said(heads, bodies))


def _doses(heads: list[Irradiation]) -> set[CranialRadiation]:
    known = [i.gray for i in heads if i.gray is not None and i.route.settles]
    both = {CranialRadiation.TO_20, CranialRadiation.OVER_20}
    if any(gray > HIGH_CRANIAL_GRAY for gray in known):
        return {CranialRadiation.OVER_20}
    if not heads or len(known) < len(heads):
        return both
    return {CranialRadiation.TO_20} if sum(known) <= HIGH_CRANIAL_GRAY else both


def _may_be_before(i: Irradiation, relapse: PartialDate | None) -> bool:
    return i.when is None or relapse is None or i.when.earliest < relapse.latest


def _surely_before(i: Irradiation, relapse: PartialDate | None) -> bool:
    return i.when is not None and relapse is not None and i.when.latest < relapse.earliest


def _surely_any(fields: Iterable[Irradiation], relapse: PartialDate | None) -> bool:
    return any(i.route.settles and _surely_before(i, relapse) for i in fields)


def _said(heads: list[Irradiation], bodies: list[Irradiation]) -> str:
    told = [f"{_dose(i)}, {i.when or 'undated'}" for i in heads]
    told += [f"whole body, {i.when or 'undated'}" for i in bodies]
    return "; ".join(told)


def _dose(i: Irradiation) -> str:
    return "dose not recorded" if i.gray is None else f"{i.gray:g} Gy"


def _radiated_since(chart: Chart) -> Seen:
    """Radiation to the head for this relapse. Silence is "no" where procedures were read."""
    timeline, relapse = chart.timeline, chart.picture.relapse_date.value
    heads = [i for i in timeline.irradiations if i.field is Field.CRANIAL]
    sure = [i for i in heads if i.route.settles and _surely_after(i, relapse)]
    if sure:
        return Seen(frozenset({YesNo.YES}), tuple(i.source for i in sure), _said(sure, []))
    perhaps = [i for i in heads if not _surely_before(i, relapse)]
    unread = timeline.missing.get(Part.PROCEDURES)
    if perhaps or unread is not None:
        why = unread or f"not for certain since the relapse: {_said(perhaps, [])}"
        return Seen(frozenset(YesNo), tuple(i.source for i in perhaps), why)
    return Seen(frozenset({YesNo.NO}), (), "none on record since the relapse")


def _surely_after(i: Irradiation, relapse: PartialDate | None) -> bool:
    return i.when is not None and relapse is not None and i.when.earliest >= relapse.latest


def _first_remission(chart: Chart) -> Seen:
    picture = chart.picture
    cr1, relapse = picture.first_remission, picture.relapse_date.value
    every = frozenset(FirstRemission)
    evidence = tuple(dict.fromkeys((*cr1.evidence, *picture.relapse_date.evidence)))
    if picture.relapses != 1 or relapse is None:
        return Seen(every, evidence, "asked of a dated first relapse only")
    if cr1.value is not None:
        if relapse.latest < add_months(cr1.value.earliest, LONG_FIRST_REMISSION_MONTHS):
            return Seen(frozenset({FirstRemission.BEFORE_18}), evidence)
        if relapse.earliest >= add_months(cr1.value.latest, LONG_FIRST_REMISSION_MONTHS):
            return Seen(frozenset({FirstRemission.FROM_18}), evidence)
        return Seen(every, evidence, "the dates of first remission and relapse leave it open")
    clock = FROM_DIAGNOSIS.read(chart)
    if clock.possible == {FromDiagnosis.BEFORE_18}:
        why = "the relapse came within 18 months of the diagnosis, so the remission was shorter"
        return Seen(frozenset({FirstRemission.BEFORE_18}), clock.evidence, why)
    return Seen(every, evidence, cr1.because)


def _very_young(chart: Chart) -> Seen:
    """HR2020 gives no age. Adults are not very young; under 18 years the team judges. Project's reading."""
    age = AGE.read(chart)
    if not age.possible & {Age.INFANT, Age.CHILD}:
        return Seen(frozenset({YesNo.NO}), age.evidence)
    return Seen(frozenset(YesNo), age.evidence, "the source gives no age limit")


CNS_STATE = Aspect(
    "cnsState",
    "CNS state at relapse",
    CnsState,
    _cns_state,
    "lumbar puncture with counts of leukocytes and red cells, and cytology",
    (Test.CSF,),
)
CRANIAL_RADIATION = Aspect(
    "cranialRadiation",
    "cranial radiation before this relapse",
    CranialRadiation,
    _cranial,
    "record earlier cranial radiation with its dose and date, or that there was none",
)
RADIATED_SINCE = Aspect(
    "cranialRadiationSince",
    "cranial radiation since this relapse",
    YesNo,
    _radiated_since,
    "record cranial radiation with its date",
)
FIRST_REMISSION = Aspect(
    "firstRemission",
    "length of the first remission",
    FirstRemission,
    _first_remission,
    "record the date of the first remission",
)
VERY_YOUNG = Aspect(
    "veryYoung",
    "very young, with more risk of late effects of cranial radiation",
    YesNo,
    _very_young,
    "ask the team",
)
TRANSPLANT_CONTRAINDICATED = Aspect(
    "transplantContraindicated",
    "transplant contraindicated",
    YesNo,
    unrecorded(YesNo, "charts do not hold it in a form that can be read"),
    "ask the team",
)

from_18_months: When = FROM_DIAGNOSIS.is_(
    FromDiagnosis.BEFORE_36, FromDiagnosis.AT_36, FromDiagnosis.AFTER_36
)
"""Late for an isolated extramedullary relapse: HR2020 (000:240) counts exactly 18 months as late."""
adult_cns: When = CNS.yes | CNS_STATE.is_(CnsState.CNS2)
"""CNS involvement as UTD2022 (003:198) reads it: any blasts in a tap that is not bloody. D-2."""
