"""The course as a Vega specification: rows of marks, panels of numbers and bars of drugs over one time axis.

No text of the chart goes into it but names that this program chose (lanes, drugs); what a mark says is put
in afterwards by `draw`. Colours are those of paper; the style sheet replaces them by the names of the marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.remission import M1_BELOW_PERCENT, M3_ABOVE_PERCENT
from cds_rules.treatment.aspects.b_cells import APLASIA_BELOW_PER_UL
from cds_rules.treatment.aspects.mrd import HIGH_FRACTION, LOW_FRACTION
from service.page.course import PANELS, Course, Form, Item, Lane
from service.page.draw import mark

Json = dict[str, Any]

ROW, DRUG_ROW, PANEL, GAP, TOP, BOTTOM = 24, 17, 104, 34, 26, 30
"""Heights in units of the picture."""
MAX_DRUGS = 24
"""Rows of drugs drawn; the table has all."""
_WORTH_ITEMS, _WORTH_DAYS = 5, 21
"""From how many marks and days on the recent course has a picture of its own."""
_MARGIN = 0.03
"""Of the time shown, free on either side."""
_LIMITS = {
    Lane.BLASTS: (M1_BELOW_PERCENT, M3_ABOVE_PERCENT),
    Lane.MRD: (LOW_FRACTION * 100, HIGH_FRACTION * 100),
    Lane.B_CELLS: (APLASIA_BELOW_PER_UL,),
}
"""Lines that the rules draw, in the unit of the panel."""
_SHAPES = {"mrd-pcr": "square", "mrd-ngs": "diamond", "mrd-elsewhere": "cross"}
_EVENT_SHAPES = {
    "diagnosis": "circle",
    "relapse": "triangle-up",
    "hsct": "square",
    "cart": "diamond",
    "collection": "circle",
    "radiation": "cross",
    "csf": "circle",
    "csf-blasts": "triangle-up",
}
_TURNS = ("relapse", "hsct", "cart")
"""Kinds that a line through all lanes marks."""
INK, QUIET, FAINT = "#1b2a30", "#5b6b72", "#d5dde0"


@dataclass(frozen=True, slots=True)
class Frame:
    """What is shown of the time, and how wide. `gutter` holds the names of the rows."""

    start: date
    end: date
    width: int
    gutter: int
    name: str

    def shows(self, item: Item) -> bool:
        """Does any of it lie within?"""
        if item.when is None:
            return False
        last = self.end if item.lasting and item.until is None else (item.until or item.when).latest
        return max(last, item.when.latest) >= self.start and item.when.earliest <= self.end


def frames(course: Course, *, narrow: bool) -> tuple[Frame, ...]:
    """The whole course, and apart what follows the last turn where that is a small part of the whole."""
    width, gutter = (360, 104) if narrow else (800, 150)
    whole = _frame(course.first_day, course.on, width, gutter, "whole")
    turn = course.latest_turn()
    if turn is None:
        return (whole,)
    recent_from = turn - timedelta(days=21)
    since = sum(i.when.earliest >= turn for i in course.dated if i.when)
    small = (course.on - recent_from).days * 2 <= (course.on - course.first_day).days
    if not small or since < _WORTH_ITEMS or (course.on - turn).days < _WORTH_DAYS:
        return (whole,)
    return whole, _frame(recent_from, course.on, width, gutter, "recent")


def _frame(start: date, end: date, width: int, gutter: int, name: str) -> Frame:
    span = max((end - start).days, 30)
    margin = timedelta(days=max(2, round(span * _MARGIN)))
    return Frame(start - margin, max(end, start + timedelta(days=30)) + margin, width, gutter, name)


def specification(course: Course, frame: Frame) -> Json:
    """The Vega specification of one frame. A mark's `href` is the place of its item in `course.items`."""
    shown = [(place, item) for place, item in enumerate(course.items) if frame.shows(item)]
    lanes = [lane for lane in Lane if any(item.lane is lane for _, item in shown)]
    plot = frame.width - frame.gutter - 14
    marks, top = [], TOP
    rows = [lane for lane in lanes if lane not in PANELS and lane is not Lane.DRUGS]
    for lane in rows:
        marks.append(_row(lane, [s for s in shown if s[1].lane is lane], top, course, frame))
        top += ROW
    for panel in (p for p in PANELS if p in lanes):
        top += GAP if top > TOP else 0
        marks.append(_panel(panel, [s for s in shown if s[1].lane is panel], top, plot))
        top += PANEL
    if Lane.DRUGS in lanes:
        top += GAP if top > TOP else 0
        group, height = _drugs([s for s in shown if s[1].lane is Lane.DRUGS], top, course, frame)
        marks.append(group)
        top += height
    data: list[Json] = []
    every = [*_turns(shown, course, frame, top), *marks]
    for one in every:
        _name_data(one, data)
    return {
        "data": data,
        "$schema": "https://vega.github.io/schema/vega/v6.json",
        "width": plot,
        "height": top,
        "padding": {"left": frame.gutter, "right": 14, "top": TOP, "bottom": BOTTOM},
        "autosize": "none",
        "background": None,
        "config": {"font": "sans-serif"},
        "scales": [
            {
                "name": "time",
                "type": "utc",
                "domain": [_at(frame.start), _at(frame.end)],
                "range": [0, plot],
            }
        ],
        "axes": [_time_axis("top", frame), _time_axis("bottom", frame)],
        "marks": every,
    }


def _name_data(one: Json, data: list[Json]) -> None:
    """Vega wants the values of a mark as a data set of the whole chart, and no name twice.

    A mark's name is its classes in the picture, by which the style sheet knows it.
    """
    values = one.pop("_values", None)
    if values is not None:
        data.append({"name": f"d{len(data)}", "values": values})
        one["from"] = {"data": data[-1]["name"]}
        one["name"] = f"{one['name']} m{len(data)}"
    for inner in one.get("marks", ()):
        _name_data(inner, data)


def _at(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def _time_axis(orient: str, frame: Frame) -> Json:
    return {
        "orient": orient,
        "scale": "time",
        "grid": orient == "bottom",
        "gridColor": FAINT,
        "domain": False,
        "tickColor": FAINT,
        "labelColor": QUIET,
        "labelFontSize": 12,
        "tickCount": max(3, (frame.width - frame.gutter) // 110),
        "format": {"year": "%Y", "quarter": "%b %Y", "month": "%b %Y", "week": "%d %b", "date": "%d %b"},
        "formatType": "utc",
        "labelOverlap": "greedy",
        "labelBound": 20,
    }


def _turns(shown: Sequence[tuple[int, Item]], course: Course, frame: Frame, height: int) -> Iterator[Json]:
    """Lines through all lanes at relapse, transplant and CAR-T, and on the day of assessment."""
    days = {item.when.earliest for _, item in shown if item.kind in _TURNS and item.when and item.when.exact}
    for name, lines in (("turn", sorted(d for d in days if d >= frame.start)), ("today", [course.on])):
        places = {"x": _X, "y": {"value": 0}, "y2": {"value": height}}
        rule = _rule(name, [{"x": _at(d)} for d in lines], places)
        dash = {"value": [2, 4] if name == "turn" else [6, 3]}
        rule["encode"]["enter"] |= {"stroke": {"value": QUIET}, "strokeDash": dash}
        yield rule


def _text(name: str, values: list[Json], **encode: Any) -> Json:
    return {
        "type": "text",
        "name": name,
        "_values": values,
        "encode": {
            "enter": {
                "text": {"field": "text"},
                "fontSize": {"value": 12},
                "baseline": {"value": "middle"},
                "fill": {"value": INK},
                **encode,
            }
        },
    }


def _group(name: str, top: int, width: int, height: int, **more: Any) -> Json:
    return {
        "type": "group",
        "name": name,
        "encode": {"enter": {"y": {"value": top}, "width": {"value": width}, "height": {"value": height}}},
        **more,
    }


_X = {"scale": "time", "field": "x"}
_X2 = {"scale": "time", "field": "x2"}
_HREF = {"href": {"field": "href"}}


def _span(when: PartialDate, frame: Frame) -> tuple[int, int]:
    """The days of a partial date, within the frame."""
    first, last = max(when.earliest, frame.start), min(when.latest, frame.end)
    return _at(first), _at(last + timedelta(days=1))


def _row(lane: Lane, shown: Sequence[tuple[int, Item]], top: int, course: Course, frame: Frame) -> Json:
    width, middle = frame.width - frame.gutter - 14, ROW // 2
    marks = [
        _text(
            "row-name",
            [{"text": lane.value}],
            x={"value": -10},
            y={"value": middle},
            align={"value": "right"},
            fill={"value": QUIET},
        )
    ]
    bars, points, labels = [], [], []
    for place, item in shown:
        if item.when is None:
            continue
        ends = item.lasting or item.until is not None
        if ends or not item.when.exact:
            x, x2 = _bar(item, course, frame) if ends else _span(item.when, frame)
            bars.append((item.kind if ends else "span", {"x": x, "x2": x2, "href": mark(place)}))
            at = x
        else:
            at = _at(item.when.earliest)
        if not ends:
            middle_day = (sum(_span(item.when, frame)) // 2) if not item.when.exact else at
            points.append((item.kind, {"x": middle_day, "href": mark(place)}))
            at = middle_day
        if item.short and lane is not Lane.CSF:
            left = (at - _at(frame.start)) / (_at(frame.end) - _at(frame.start)) * width
            late = left + len(item.short) * _LETTER + 9 > width
            beside = 4 if ends else 9
            align = {"dx": -beside, "align": "right"} if late else {"dx": beside, "align": "left"}
            labels.append({"x": at, "text": item.short, **align})
    for name in dict.fromkeys(kind for kind, _ in bars):
        marks.append(_bars(name, [v for kind, v in bars if kind == name], {"value": 4}, {"value": ROW - 4}))
    for name in dict.fromkeys(kind for kind, _ in points):
        values = [v for kind, v in points if kind == name]
        marks.append(_symbols(name, values, {"value": middle}, _EVENT_SHAPES.get(name, "circle"), 90))
    wide = width / max((frame.end - frame.start).days, 1)
    marks.append(
        _text(
            "short",
            _apart(labels, wide),
            x=_X | {"offset": {"field": "dx"}},
            y={"value": middle},
            align={"field": "align"},
        )
    )
    return _group(f"lane row-{lane.name.lower()}", top, width, ROW, marks=marks)


_DAY_MS = 86_400_000
_LETTER = 7.0
"""Width of a letter, about: only for leaving out words that would cover each other."""


def _apart(labels: list[Json], per_day: float) -> list[Json]:
    """The words that cover neither each other nor another mark; those left out are in hover and table.

    The later ones are kept first: they are what is going on.
    """
    kept: list[tuple[float, float, Json]] = []
    places = [v["x"] / _DAY_MS * per_day for v in labels]
    for place, label in sorted(zip(places, labels, strict=True), key=lambda pair: -pair[0]):
        width = len(label["text"]) * _LETTER + 12
        first, last = (place - width, place) if label["align"] == "right" else (place, place + width)
        marks = any(first < p < last for p in places if p != place)
        if not marks and all(last < f or first > t for f, t, _ in kept):
            kept.append((first, last, label))
    return [label for _, _, label in kept]


def _bar(item: Item, course: Course, frame: Frame) -> tuple[int, int]:
    """From the first day it may have begun to the last it may have gone on, within the frame."""
    first = item.when.earliest if item.when else frame.start
    last = item.until.latest if item.until else course.on if item.lasting else first
    return _at(max(first, frame.start)), _at(min(max(last, first) + timedelta(days=1), frame.end))


def _bars(name: str, values: list[Json], top: Json, bottom: Json) -> Json:
    hollow = name in ("span", "remission-m1", "drug-ordered")
    return {
        "type": "rect",
        "name": name,
        "_values": values,
        "encode": {
            "enter": {
                "x": _X,
                "x2": _X2,
                "y": top,
                "y2": bottom,
                "cornerRadius": {"value": 2},
                "fill": {"value": "transparent" if hollow else FAINT},
                "stroke": {"value": QUIET},
                "strokeDash": {"value": [3, 2] if hollow else [1, 0]},
                **_HREF,
            }
        },
    }


def _symbols(
    name: str, values: list[Json], y: Json, shape: str, size: int = 64, *, hollow: bool = False
) -> Json:
    return {
        "type": "symbol",
        "name": name,
        "_values": values,
        "encode": {
            "enter": {
                "x": _X,
                "y": y,
                "shape": {"value": shape},
                "size": {"value": size},
                "fill": {"value": "transparent" if hollow else INK},
                "stroke": {"value": INK},
                "strokeWidth": {"value": 1.6},
                **_HREF,
            }
        },
    }


def _panel(lane: Lane, shown: Sequence[tuple[int, Item]], top: int, width: int) -> Json:
    scale, ticks, floor = _scale(lane, [item for _, item in shown])
    y = {"scale": f"y-{lane.name}", "field": "y"}
    title = _text(
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
    return _group(
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
        first, last = _at(item.when.earliest), _at(item.when.latest)
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
    yield _rule("bound", spans, {"x": _X, "y": y, "y2": y2})
    yield _rule("days", days, {"x": _X, "x2": _X2, "y": y})
    yield _symbols("lod", lods, y, "stroke", 90)
    for (kind, form), values in points.items():
        shape = _shape(kind, form)
        hollow = form is not Form.VALUE or kind in ("by-text", "mrd-elsewhere")
        yield _symbols(f"result {kind}", values, y, shape, 70, hollow=hollow)


def _shape(kind: str, form: Form) -> str:
    if form is Form.BELOW:
        return "triangle-down"
    if form is Form.ABOVE:
        return "triangle-up"
    if form is Form.UNTOLD:
        return "stroke"
    return _SHAPES.get(kind, "circle")


def _rule(name: str, values: list[Json], places: Json) -> Json:
    return {
        "type": "rule",
        "name": name,
        "interactive": False,
        "_values": values,
        "encode": {"enter": {**places, "stroke": {"value": INK}, "strokeWidth": {"value": 1.4}}},
    }


def _drugs(shown: Sequence[tuple[int, Item]], top: int, course: Course, frame: Frame) -> tuple[Json, int]:
    first: dict[str, int] = {}
    for _, item in sorted(shown, key=lambda s: s[1].when.earliest if s[1].when else course.on):
        first.setdefault(item.row, len(first))
    rows = list(first)[-MAX_DRUGS:]
    marks: list[Json] = [
        _text(
            "panel-name",
            [{"text": "Drugs"}],
            x={"value": 0},
            y={"value": -12},
            fontWeight={"value": "bold"},
            fill={"value": QUIET},
        )
    ]
    longest = round((frame.gutter - 12) / 6.3)
    names = [
        {"text": r if len(r) <= longest else f"{r[: longest - 1]}…", "y": (n + 0.5) * DRUG_ROW}
        for n, r in enumerate(rows)
    ]
    marks.append(
        _text(
            "row-name",
            names,
            x={"value": -10},
            y={"field": "y"},
            align={"value": "right"},
            fill={"value": QUIET},
        )
    )
    least = int((frame.end - frame.start).total_seconds() * 1000 / frame.width * 4)
    bars: dict[str, list[Json]] = {}
    for place, item in shown:
        if item.row in rows:
            x, x2 = _bar(item, course, frame)
            y = rows.index(item.row) * DRUG_ROW + 3
            bar = {"x": x, "x2": max(x2, x + least), "y": y, "y2": y + DRUG_ROW - 6, "href": mark(place)}
            bars.setdefault(item.kind, []).append(bar)
    marks.extend(_bars(kind, values, {"field": "y"}, {"field": "y2"}) for kind, values in bars.items())
    height = len(rows) * DRUG_ROW
    width = frame.width - frame.gutter - 14
    return _group("lane drugs", top, width, height, marks=marks), height
