"""The course as a Vega specification: rows of marks, panels of numbers and bars of drugs over one time axis.

No text of the chart goes into it but names that this program chose (lanes, drugs); what a mark says is put
in afterwards by `draw`. Colours are those of paper; the style sheet replaces them by the names of the marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.page.chart_frame import RIGHT, Frame, at_ms
from service.page.chart_marks import FAINT, QUIET, Json, X, rule_of
from service.page.chart_panels import PANEL, panel
from service.page.chart_rows import ROW, drug_rows, row
from service.page.course import PANELS, Course, Item, Lane

GAP, TOP, BOTTOM = 34, 26, 30
"""Between panels, above the first row, below the last; in units of the picture."""
_TURNS = ("relapse", "hsct", "cart")
"""Kinds that a line through all lanes marks."""


def specification(course: Course, frame: Frame) -> Json:
    """The Vega specification of one frame. A mark's `href` is the place of its item in `course.items`."""
    shown = [(place, item) for place, item in enumerate(course.items) if frame.shows(item)]
    lanes = [lane for lane in Lane if any(item.lane is lane for _, item in shown)]
    plot = frame.plot
    marks, top = [], TOP
    rows = [lane for lane in lanes if lane not in PANELS and lane is not Lane.DRUGS]
    for lane in rows:
        marks.append(row(lane, [s for s in shown if s[1].lane is lane], top, course, frame))
        top += ROW
    for measure in (p for p in PANELS if p in lanes):
        top += GAP if top > TOP else 0
        marks.append(panel(measure, [s for s in shown if s[1].lane is measure], top, plot))
        top += PANEL
    if Lane.DRUGS in lanes:
        top += GAP if top > TOP else 0
        group, height = drug_rows([s for s in shown if s[1].lane is Lane.DRUGS], top, course, frame)
        marks.append(group)
        top += height
    data: list[Json] = []
    every = [*_turns(shown, course, frame, top), *marks]
    for one in every:
        _name_data(one, data)
    return {
        "data": data,
        "width": plot,
        "height": top,
        "padding": {"left": frame.gutter, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
        "autosize": "none",
        "background": None,
        "config": {"font": "sans-serif"},
        "scales": [
            {
                "name": "time",
                "type": "utc",
                "domain": [at_ms(frame.start), at_ms(frame.end)],
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
        places = {"x": X, "y": {"value": 0}, "y2": {"value": height}}
        rule = rule_of(name, [{"x": at_ms(d)} for d in lines], places)
        dash = {"value": [2, 4] if name == "turn" else [6, 3]}
        rule["encode"]["enter"] |= {"stroke": {"value": QUIET}, "strokeDash": dash}
        yield rule
