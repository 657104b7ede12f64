"""The course as points and bars on one time axis, each with its words and the resource behind it.

Only what was read is drawn, as it was read: a partial date is a span of days, a bound is a bound, a result
under the limit of detection is the limit. Chart and table are made from the same items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cds_rules.assessment import Assessment
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import DrugUse, Measure, Measurement, MrdResult, PatientTimeline, Route
from service.cards.facts import percent

BY_TEXT = "recognised by its words only"


class Lane(StrEnum):
    """A row, or a panel with an axis of its own, in the order in which they are drawn."""

    DISEASE = "Disease"
    REMISSION = "Remission"
    TRANSPLANT = "Transplant"
    CAR_T = "CAR-T"
    RADIATION = "Radiation"
    CSF = "Spinal fluid"
    BLASTS = "Marrow blasts, % (square root scale)"
    MRD = "MRD, % of cells (log scale)"
    B_CELLS = "B cells (CD19+), per µL"
    B_CELL_SHARE = "B cells (CD19+), % in blood"
    DRUGS = "Drugs"


PANELS = (Lane.BLASTS, Lane.MRD, Lane.B_CELLS, Lane.B_CELL_SHARE)
"""Lanes with numbers; the others are rows of marks and bars."""


class Form(StrEnum):
    """What a result is, and so how it is drawn."""

    VALUE = "value"
    LIMIT = "not detected: at the limit of detection"
    BELOW = "below"
    ABOVE = "above"
    RANGE = "range"
    UNTOLD = "no number"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in the course. `when` None: without a date, in the table only.

    `short` is written beside its mark. `until`: the end of what lasts; `lasting` without it: to the day of
    assessment. `low` and `high` bound a number in the unit of the lane. `kind` names the mark.
    """

    lane: Lane
    when: PartialDate | None
    text: str
    value: str
    sources: tuple[str, ...]
    kind: str = ""
    short: str = ""
    until: PartialDate | None = None
    lasting: bool = False
    form: Form | None = None
    low: float = 0.0
    high: float = 0.0
    row: str = ""
    lod: float | None = None

    @property
    def label(self) -> str:
        """Date, what it is and its value, for hover and for those who cannot see the chart."""
        end = f" to {self.until}" if self.until and self.until != self.when else ""
        end = f"{end}, going on" if self.lasting and not self.until else end
        day = f"{self.when}{end}" if self.when else "no date"
        return ": ".join(part for part in (day, self.text, self.value) if part)


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that is drawn or tabled, oldest first within its lane."""

    on: date
    items: tuple[Item, ...]

    @property
    def dated(self) -> tuple[Item, ...]:
        """What can be drawn."""
        return tuple(i for i in self.items if i.when is not None)

    @property
    def table(self) -> tuple[Item, ...]:
        """All of it in order of time, what has no date last."""
        return tuple(sorted(self.items, key=lambda i: i.when.earliest if i.when else date.max))

    @property
    def first_day(self) -> date:
        """Where the axis begins."""
        return min((i.when.earliest for i in self.items if i.when is not None), default=self.on)

    def latest_turn(self) -> date | None:
        """Day of the last relapse, else of the diagnosis: where the recent course begins."""
        turns = [i.when.earliest for i in self.items if i.when and i.kind in ("relapse", "diagnosis")]
        return max(turns, default=None)


def course_of(a: Assessment, timeline: PatientTimeline) -> Course:
    """The course of a patient up to the day of assessment."""
    known = timeline.as_of(a.assessed_on)
    found = [
        *_disease(a, known),
        *_remissions(a),
        *_treatments(a, known),
        *_spinal(known),
        *_measured(known),
        *(_mrd(r) for r in known.mrd),
        *(_drug(d) for d in known.drugs_in_order),
    ]
    lanes = list(Lane)
    return Course(
        a.assessed_on,
        tuple(sorted(found, key=lambda i: (lanes.index(i.lane), i.when.earliest if i.when else date.min))),
    )


def _disease(a: Assessment, known: PatientTimeline) -> Iterator[Item]:
    p = a.picture
    if p.diagnosed.value is not None:
        yield _event(Lane.DISEASE, p.diagnosed.value, "Diagnosis of ALL", p.diagnosed.evidence, "diagnosis")
    seen = set()
    for d in known.diagnoses:
        if d.state.value == "relapse" and d.when is not None and d.when not in seen:
            seen.add(d.when)
            where = ", ".join(sorted(s.value for s in d.sites))
            note = "" if d.certain else "not confirmed"
            value = "; ".join(part for part in (where, note, _route(d.route)) if part)
            yield Item(
                Lane.DISEASE,
                d.when,
                "Relapse recorded",
                value,
                (d.source,),
                "relapse",
                f"relapse {where}".strip(),
            )
    relapse = p.relapse_date.value
    if relapse is not None and relapse not in seen:
        yield _event(Lane.DISEASE, relapse, "Relapse", p.relapse_date.evidence, "relapse")


def _remissions(a: Assessment) -> Iterator[Item]:
    for r in a.picture.remissions:
        told = "stated" if r.stated else "marrow below 5 % only (M1)"
        yield Item(
            Lane.REMISSION,
            r.since,
            f"Remission {r.number}",
            told,
            r.sources,
            "remission" if r.stated else "remission-m1",
            f"CR{r.number}" if r.stated else f"M1 ({r.number})",
            until=r.until,
            lasting=r.until is None and a.picture.in_remission.value is not False,
        )


def _treatments(a: Assessment, known: PatientTimeline) -> Iterator[Item]:
    for t in known.transplants:
        told = [t.kind or "kind not told", f"{t.donor} donor" if t.donor else "", _sure(t.certain, t.route)]
        yield _event(Lane.TRANSPLANT, t.when, "Stem cell transplant", (t.source,), "hsct", told, "HSCT")
    for c in known.car_t:
        told = [c.product or "product not told", _sure(c.certain, c.route)]
        yield _event(Lane.CAR_T, c.when, "CAR-T infusion", (c.source,), "cart", told, "CAR-T")
    for k in known.collections:
        told = ["for CAR-T" if k.for_car_t else "what for is not told", _route(k.route)]
        yield _event(Lane.CAR_T, k.when, "Cells collected", (k.source,), "collection", told, "collected")
    for i in known.irradiations:
        told = [i.field.value, _route(i.route)]
        yield _event(Lane.RADIATION, i.when, "Radiation", (i.source,), "radiation", told, i.field.value)


def _event(
    lane: Lane,
    when: PartialDate | None,
    text: str,
    sources: tuple[str, ...],
    kind: str,
    told: list[str] | None = None,
    short: str = "",
) -> Item:
    value = ", ".join(part for part in told or () if part)
    return Item(lane, when, text, value, sources, kind, short or text.split(" of ", maxsplit=1)[0].lower())


def _route(route: Route) -> str:
    return "" if route.settles else BY_TEXT


def _sure(certain: bool, route: Route) -> str:
    return ", ".join(
        part for part in ("" if certain else "not certain to have been done", _route(route)) if part
    )


_CSF = (Measure.CSF_BLASTS, Measure.CSF_LEUKOCYTES)
_PANEL_OF = {
    Measure.MARROW_BLASTS: (Lane.BLASTS, 100.0, " %"),
    Measure.B_CELLS: (Lane.B_CELLS, None, " /µL"),
    Measure.B_CELL_SHARE: (Lane.B_CELL_SHARE, 100.0, " %"),
}


_NAME_OF = {
    Lane.BLASTS: "Marrow blasts",
    Lane.B_CELLS: "B cells",
    Lane.B_CELL_SHARE: "B cells, share in blood",
}


def _spinal(known: PatientTimeline) -> Iterator[Item]:
    for m in known.measurements:
        if m.measure in _CSF:
            blasts = m.measure is Measure.CSF_BLASTS
            kind = "csf-blasts" if blasts and (m.value.low > 0 or m.value.low_open) else "csf"
            unit = "" if blasts else " /µL"
            value = _number(m.value, None, unit) if m.readable else "cannot be read"
            name = "CSF blasts" if blasts else "CSF leukocytes"
            yield Item(Lane.CSF, m.when, name, _with(value, _route(m.route)), (m.source,), kind)


def _measured(known: PatientTimeline) -> Iterator[Item]:
    for m in known.measurements:
        if m.measure in _PANEL_OF:
            yield _measurement(m, *_PANEL_OF[m.measure])


def _measurement(m: Measurement, lane: Lane, ceiling: float | None, unit: str) -> Item:
    value = _number(m.value, ceiling, unit) if m.readable else "cannot be read"
    return Item(
        lane,
        m.when,
        _NAME_OF[lane],
        _with(value, _route(m.route)),
        (m.source,),
        "by-text" if not m.route.settles else "result",
        form=form_of(m.value, ceiling) if m.readable else Form.UNTOLD,
        low=m.value.low,
        high=m.value.high,
    )


def _mrd(r: MrdResult) -> Item:
    """In percent. The place of the sample and the method are in its words and in its mark."""
    untold = r.fraction.low == 0 and r.fraction.high >= 1
    hidden = not_detected(r)
    if untold:
        value = "detected, amount not given"
    elif hidden:
        value = f"not detected (limit of detection {(r.lod or 0) * 100:.4g} %)"
    else:
        value = percent(r.fraction)
    told = [value, r.method or "method not told", r.time_point or "", _route(r.route)]
    return Item(
        Lane.MRD,
        r.when,
        "MRD, marrow" if r.marrow else "MRD, not said to be marrow",
        ", ".join(part for part in told if part),
        (r.source,),
        f"mrd-{r.method or 'untold'}" if r.marrow else "mrd-elsewhere",
        form=Form.LIMIT if hidden else form_of(r.fraction, 1.0),
        low=r.fraction.low * 100,
        high=r.fraction.high * 100,
        lod=r.lod * 100 if r.lod is not None else None,
    )


def not_detected(r: MrdResult) -> bool:
    """Does the result lie under the test's limit of detection? It then goes from zero to the limit."""
    return r.lod is not None and r.fraction == Interval(0.0, r.lod)


def _drug(d: DrugUse) -> Item:
    how = "given" if d.given else "ordered" if d.ordered else "reported as taken"
    spinal = " (intrathecal)" if d.intrathecal else ""
    return Item(
        Lane.DRUGS,
        d.when,
        f"{d.drug}{spinal}",
        _with(how, _route(d.route)),
        (d.source,),
        "drug-ordered" if d.ordered and not d.given else "drug",
        until=d.until,
        lasting=d.ongoing and not d.ordered,
        row=f"{d.drug}{' IT' if d.intrathecal else ''}",
    )


def form_of(value: Interval, ceiling: float | None) -> Form:
    """What the bounds of a result tell."""
    if value.low == value.high:
        return Form.VALUE
    whole = value.low == 0 and ceiling is not None and value.high >= ceiling
    if whole:
        return Form.UNTOLD
    if value.low == 0:
        return Form.BELOW
    return Form.ABOVE if ceiling is not None and value.high >= ceiling else Form.RANGE


def _number(value: Interval, ceiling: float | None, unit: str) -> str:
    low, high = f"{value.low:.4g}{unit}", f"{value.high:.4g}{unit}"
    form = form_of(value, ceiling)
    if form is Form.VALUE:
        return low
    if form is Form.UNTOLD:
        return "no number given"
    if form is Form.BELOW:
        return f"{'seen, ' if value.low_open else ''}{'below' if value.high_open else 'at most'} {high}"
    if form is Form.ABOVE:
        return f"{'above' if value.low_open else 'at least'} {low}"
    return f"{low} to {high}"


def _with(value: str, note: str) -> str:
    return f"{value}, {note}" if note else value
