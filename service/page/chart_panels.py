"""Panels of numbers: results by what they are, on the scale of their measure, with the lines of the rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cds_rules.patient.remission import M1_BELOW_PERCENT, M3_ABOVE_PERCENT
from cds_rules.treatment.aspects.b_cells import APLASIA_BELOW_PER_UL
from cds_rules.treatment.aspects.mrd import HIGH_FRACTION, LOW_FRACTION
from service.page.chart_frame import at_ms
from service.page.chart_marks import FAINT, QUIET, X2, Json, X, group, rule_of, symbols, text
from service.page.course import Form, Item, Lane
from service.page.draw import mark

PANEL = 104
"""Height, in units of the picture."""
_LIMITS = {
    Lane.BLASTS: (M1_BELOW_PERCENT, M3_ABOVE_PERCENT),
    Lane.MRD: (LOW_FRACTION * 100, HIGH_FRACTION * 100),
    Lane.B_CELLS: (APLASIA_BELOW_PER_UL,),
}
"""Lines that the rules draw, in the unit of the panel."""
_SHAPES = {"mrd-pcr": "square", "mrd-ngs": "diamond", "mrd-elsewhere": "cross"}


def panel(lane: Lane, shown: Sequence[tuple[int, Item]], top: int, width: int) -> Json:
    """One measure with its own axis."""
    scale, ticks, floor = _scale(lane, [item for _, item in shown])
    y = {"scale": f"y-{lane.name}", "field": "y"}
    title = text(
        "panel-name",
        [{"text": lane.value}],
        x={"value": 0},
        y={"value": -12},
        fontWeight={"value": "bold"},
        fill={"value": QUIET},
    )
    limits = {
        "type": "rule",
        "name": "limit",
        "_values": [{"y": v} for v in _LIMITS.get(lane, ())],
        "encode": {
            "enter": {
                "y": y,
                "x": {"value": 0},
                "x2": {"value": width},
                "stroke": {"value": QUIET},
                "strokeDash": {"value": [1, 3]},
            }
        },
    }
    marks = [title, limits, *_results(lane, shown, y, floor, scale["domain"][1])]
    return group(
        f"lane panel-{lane.name.lower()}",
        top,
        width,
        PANEL,
        scales=[{"name": f"y-{lane.name}", "range": [PANEL, 0], "clamp": True, **scale}],
        axes=[
            {
                "orient": "left",
                "scale": f"y-{lane.name}",
                "values": ticks,
                "domain": False,
                "grid": True,
                "gridColor": FAINT,
                "tickColor": FAINT,
                "labelColor": QUIET,
                "labelFontSize": 12,
                "labelOverlap": False,
                "encode": {"labels": {"update": {"text": {"signal": "format(datum.value, '~r')"}}}},
            }
        ],
        marks=marks,
    )


def _scale(lane: Lane, items: Sequence[Item]) -> tuple[Json, list[float], float]:
    """The scale of a panel, its ticks, and where its axis ends below."""
    values = [v for i in items for v in (i.low, i.high, i.lod or 0.0) if v > 0]
    if lane is Lane.MRD:
        floor = min([5e-4, *(v / 2 for v in values)])
        ticks = [t for t in (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0) if t >= floor]
        return {"type": "log", "domain": [floor, 100]}, ticks, floor
    if lane in (Lane.BLASTS, Lane.B_CELL_SHARE):
        ticks = [0.0, *_LIMITS.get(lane, (5.0, 25.0, 50.0)), 100.0]
        return {"type": "sqrt", "domain": [0, 100]}, ticks, 0
    most = max([200.0, *values])
    steps = [0, APLASIA_BELOW_PER_UL, *(t for t in (50.0, 200.0, 1000.0, 5000.0) if t <= most)]
    return {"type": "symlog", "constant": 5, "domain": [0, most * 1.1]}, list(steps), 0


def _results(
    lane: Lane, shown: Sequence[tuple[int, Item]], y: Json, floor: float, ceiling: float
) -> Iterator[Json]:
    """Results by their form: filled marks are numbers, open marks are limits and bounds with their span."""
    points: dict[tuple[str, Form], list[Json]] = {}
    spans, days, lods = [], [], []
    for place, item in shown:
        if item.when is None or item.form is None:
            continue
        first, last = at_ms(item.when.earliest), at_ms(item.when.latest)
        at = (first + last) // 2
        low, high = max(item.low, floor), min(item.high, ceiling)
        number = item.high if item.form in (Form.LIMIT, Form.BELOW) else item.low
        if item.form in (Form.RANGE, Form.UNTOLD):
            number = (low * high) ** 0.5 if lane is Lane.MRD else (low + high) / 2
        points.setdefault((item.kind, item.form), []).append({"x": at, "y": number, "href": mark(place)})
        if item.form is not Form.VALUE:
            spans.append({"x": at, "y": low, "y2": high})
        if not item.when.exact:
            days.append({"x": first, "x2": last, "y": number})
        if item.lod is not None and item.form is not Form.LIMIT:
            lods.append({"x": at, "y": item.lod})
    y2 = y | {"field": "y2"}
    yield rule_of("bound", spans, {"x": X, "y": y, "y2": y2})
    yield rule_of("days", days, {"x": X, "x2": X2, "y": y})
    yield symbols("lod", lods, y, "stroke", 90)
    for (kind, form), values in points.items():
        shape = _shape(kind, form)
        hollow = form is not Form.VALUE or kind in ("by-text", "mrd-elsewhere")
        yield symbols(f"result {kind}", values, y, shape, 70, hollow=hollow)


def _shape(kind: str, form: Form) -> str:
    if form is Form.BELOW:
        return "triangle-down"
    if form is Form.ABOVE:
        return "triangle-up"
    if form is Form.UNTOLD:
        return "stroke"
    return _SHAPES.get(kind, "circle")
