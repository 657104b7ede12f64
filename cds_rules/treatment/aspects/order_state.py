"""Aspects of the patient that only order checks ask for: transplant ever, CAR-T cells now, regimens."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import EventKind
from cds_rules.patient.findings import Field
from cds_rules.patient.series import events_of, measured
from cds_rules.patient.timeline import Measure, Measurement, Part, Transplant
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.aspects.mrd_course import Positivity, latest_of, positivity, since_relapse
from cds_rules.treatment.chart import Chart

B_CELLS_PER_UL = 10.0
"""CD19+ B cells in blood from this number on mean that B-cell aplasia is lost. D-8; MYE2023's case loses it
at 75/uL. Project's parameter."""
B_CELLS_WITHIN_DAYS = 90
"""A count older than this does not show that aplasia lasts. Project's parameter: HR2020 (000:126, 128)
looks monthly."""
FLOW_WITHIN_DAYS = 60
"""A marrow MRD by flow older than this does not confirm remission before a transplant. Project's (D-7)."""
TAP_WITHIN_DAYS = 28
"""Spinal fluid older than this does not tell CNS disease at an infusion. Project's parameter."""
REGIMENS = 2
"""Regimens before nelarabine and clofarabine by their US labels. UTD2022 (003:156, 168)."""

_EITHER: frozenset[StrEnum] = frozenset(YesNo)
_YES, _NO = frozenset({YesNo.YES}), frozenset({YesNo.NO})
_TRANSPLANT_PARTS = (Part.PROCEDURES, Part.CONDITIONS)


class Aplasia(StrEnum):
    """B-cell aplasia after CAR-T, as the latest B-cell count tells."""

    PRESENT = "present"
    LOST = "lost"
    UNTOLD = f"no B-cell count of the last {B_CELLS_WITHIN_DAYS} days on record"


class Regimens(StrEnum):
    """Regimens of treatment before."""

    BELOW_2 = "none or one"
    FROM_2 = "two or more"


class Fluid(StrEnum):
    """The latest spinal fluid since the relapse."""

    CLEAR = "no blasts"
    BLASTS = "blasts, not more than in the tap before"
    RISING = "blasts, and more cells than in the tap before"


def _unread(chart: Chart, *parts: Part) -> str | None:
    return next((chart.timeline.missing[p] for p in parts if p in chart.timeline.missing), None)


def _certain(t: Transplant) -> bool:
    return t.certain and t.route.settles


def _transplant_ever(chart: Chart) -> Seen:
    told = chart.timeline.transplants
    before = chart.picture.earlier_transplant
    if any(_certain(t) for t in told) or before.value:
        sources = (*(t.source for t in told if _certain(t)), *(before.evidence if before.value else ()))
        return Seen(_YES, tuple(dict.fromkeys(sources)))
    reason = _unread(chart, *_TRANSPLANT_PARTS)
    if told or reason is not None:
        sources = tuple(t.source for t in told)
        return Seen(
            _EITHER, sources, reason or "a transplant is recorded, but not for certain that one was done"
        )
    return Seen(_NO, (), "none on record")


def _infused(chart: Chart) -> list[PartialDate | None]:
    return [c.when for c in chart.timeline.car_t if c.certain and c.route.settles]


def _car_t_cells(chart: Chart) -> Seen:
    """CAR-T infused and no transplant since: a transplant replaces the cells (project's reading)."""
    fact = chart.picture.car_t
    if not fact.value:
        return Seen(_NO if fact.known else _EITHER, fact.evidence, fact.because)
    days = [when for when in _infused(chart) if when is not None]
    others = [t for t in chart.timeline.transplants if t.kind != "autologous"]
    last = max((d.latest for d in days), default=None)
    after = [t for t in others if _certain(t) and t.when and last and t.when.earliest > last]
    if after and len(days) == len(_infused(chart)):
        return Seen(_NO, tuple(t.source for t in after), "a transplant followed CAR-T")
    first = max((d.earliest for d in days), default=None)
    unsure = [t for t in others if first is None or t.when is None or t.when.latest >= first]
    reason = _unread(chart, Part.PROCEDURES)
    if unsure or reason is not None:
        why = reason or "a transplant is recorded, but not for certain whether it followed CAR-T"
        return Seen(_EITHER, (*fact.evidence, *(t.source for t in unsure)), why)
    return Seen(_YES, fact.evidence)


def _aplasia(chart: Chart) -> Seen:
    reason = _unread(chart, Part.LABORATORY)
    days = [when for when in _infused(chart) if when is not None]
    if reason is not None or not days:
        return Seen(frozenset(Aplasia), (), reason or "no dated CAR-T infusion on record")
    after = max(d.latest for d in days)
    counts = [m for m in measured(chart.timeline, Measure.B_CELLS) if m.when and m.when.earliest > after]
    last = max((m.when.latest for m in counts if m.when), default=None)
    if last is None or last < chart.picture.on - timedelta(days=B_CELLS_WITHIN_DAYS):
        sources = tuple(m.source for m in counts)
        return Seen(frozenset({Aplasia.UNTOLD}), sources[-1:])
    newest = [m for m in counts if m.when and m.when.latest == last]
    reached = {m.value.at_least(B_CELLS_PER_UL) if m.readable else Answer.UNKNOWN for m in newest}
    sources = tuple(m.source for m in newest)
    if reached == {Answer.YES}:
        return Seen(frozenset({Aplasia.LOST}), sources)
    if reached == {Answer.NO}:
        return Seen(frozenset({Aplasia.PRESENT}), sources)
    return Seen(frozenset({Aplasia.PRESENT, Aplasia.LOST}), sources, "the B-cell count leaves it open")


def _regimens(chart: Chart) -> Seen:
    fact = chart.picture.prior_regimens
    answer = fact.value.reaches(REGIMENS) if fact.value is not None else Answer.UNKNOWN
    possible: frozenset[StrEnum] = frozenset(Regimens)
    if answer is not Answer.UNKNOWN:
        possible = frozenset({Regimens.FROM_2 if answer is Answer.YES else Regimens.BELOW_2})
    return Seen(possible, fact.evidence, fact.because)


def _flow_remission(chart: Chart) -> Seen:
    """Complete remission, and the latest marrow MRD by flow negative."""
    remission = chart.picture.in_remission
    if remission.value is False:
        return Seen(_NO, remission.evidence, remission.because)
    reason = _unread(chart, Part.LABORATORY)
    first = chart.picture.on - timedelta(days=FLOW_WITHIN_DAYS)
    flow = [
        r
        for r in since_relapse(chart)
        if r.method == "flow" and r.route.settles and r.when is not None and r.when.earliest >= first
    ]
    latest = latest_of(flow)
    if reason is not None or not latest:
        return Seen(_EITHER, (), reason or f"no marrow MRD by flow in the last {FLOW_WITHIN_DAYS} days")
    sources = tuple(r.source for r in latest)
    said = frozenset(value for r in latest for value in positivity(r.fraction))
    if said == {Positivity.POSITIVE}:
        return Seen(_NO, sources, "MRD by flow is positive")
    if said == {Positivity.NEGATIVE} and remission.value:
        return Seen(_YES, (*remission.evidence, *sources))
    return Seen(_EITHER, sources, remission.because or "the result does not tell positive from negative")


def _taps(chart: Chart, measure: Measure) -> list[Measurement]:
    relapse = chart.picture.relapse_date.value
    told = measured(chart.timeline, measure)
    return [m for m in told if relapse is not None and m.when and m.when.earliest >= relapse.earliest]


def _fluid(chart: Chart) -> Seen:
    every: frozenset[StrEnum] = frozenset(Fluid)
    taps = _taps(chart, Measure.CSF_BLASTS)
    last = max((m.when.latest for m in taps if m.when), default=None)
    if last is None or last < chart.picture.on - timedelta(days=TAP_WITHIN_DAYS):
        return Seen(every, (), f"no spinal fluid of the last {TAP_WITHIN_DAYS} days on record")
    newest = [m for m in taps if m.when and m.when.latest == last]
    found = {m.value.above(0.0) if m.readable else Answer.UNKNOWN for m in newest}
    sources = tuple(m.source for m in newest)
    if found == {Answer.NO}:
        return Seen(frozenset({Fluid.CLEAR}), sources)
    if found != {Answer.YES}:
        return Seen(every, sources, "the result does not tell whether there are blasts")
    cells = _taps(chart, Measure.CSF_LEUKOCYTES)
    now = [m for m in cells if m.when and m.when.latest == last]
    before = [m for m in cells if m.when and m.when.latest < last][-1:]
    sources = (*sources, *(m.source for m in (*now, *before)))
    if now and before and all(m.value.low > before[0].value.high for m in now):
        return Seen(frozenset({Fluid.RISING}), sources)
    if now and before and all(m.value.high <= before[0].value.low for m in now):
        return Seen(frozenset({Fluid.BLASTS}), sources)
    return Seen(frozenset({Fluid.BLASTS, Fluid.RISING}), sources, "no two cell counts to compare")


def _testis_treated(chart: Chart) -> Seen:
    """Removed or irradiated since the relapse."""
    relapse = chart.picture.relapse_date.value
    rays = [
        (i.source, i.when, i.route.settles) for i in chart.timeline.irradiations if i.field is Field.TESTIS
    ]
    removed = events_of(chart.timeline, EventKind.ORCHIECTOMY)
    told = [*rays, *((e.source, e.when, e.certain and e.route.settles) for e in removed)]
    sure = [s for s, when, ok in told if ok and when and relapse and when.earliest >= relapse.earliest]
    if sure:
        return Seen(_YES, tuple(sure))
    maybe = [s for s, when, _ in told if when is None or relapse is None or when.latest >= relapse.earliest]
    reason = _unread(chart, Part.PROCEDURES)
    if maybe or reason is not None:
        return Seen(_EITHER, tuple(maybe), reason or "it is recorded, but not for certain since the relapse")
    return Seen(_NO, (), "none on record since the relapse")


TRANSPLANT_EVER = Aspect(
    "orders.transplantEver",
    "stem cell transplant before",
    YesNo,
    _transplant_ever,
    "record transplants with their dates",
)
CAR_T_CELLS = Aspect(
    "orders.carTCells",
    "CAR-T infused, and no transplant since",
    YesNo,
    _car_t_cells,
    "record CAR-T infusions and transplants with their dates",
)
APLASIA = Aspect(
    "orders.aplasia",
    "B-cell aplasia after CAR-T",
    Aplasia,
    _aplasia,
    "CD19+ B cells in blood",
    (Test.B_CELLS,),
)
PRIOR_REGIMENS = Aspect(
    "orders.regimens",
    "regimens of treatment before",
    Regimens,
    _regimens,
    "record earlier regimens with their dates",
)
FLOW_REMISSION = Aspect(
    "orders.flowRemission",
    "complete remission confirmed by flow cytometry",
    YesNo,
    _flow_remission,
    "marrow with MRD by flow cytometry, and the recorded response",
    (Test.MARROW_MRD,),
)
FLUID = Aspect(
    "orders.spinalFluid",
    f"spinal fluid of the last {TAP_WITHIN_DAYS} days",
    Fluid,
    _fluid,
    "lumbar puncture with counts and cytology",
    (Test.CSF,),
)
TESTIS_TREATED = Aspect(
    "orders.testisTreated",
    "testis removed or irradiated since the relapse",
    YesNo,
    _testis_treated,
    "record local treatment of the testis with its date",
)
