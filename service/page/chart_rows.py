"""Rows of the chart: events and what lasts, and the drugs as bars."""

from __future__ import annotations

from collections.abc import Sequence

from service.page.chart_frame import Frame, at_ms, bar, span
from service.page.chart_marks import QUIET, Json, X, bars_of, group, symbols, text
from service.page.course import Course, Item, Lane
from service.page.draw import mark

ROW, DRUG_ROW = 24, 17
"""Heights, in units of the picture."""
MAX_DRUGS = 24
"""Rows of drugs drawn; the table has all."""
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


def row(lane: Lane, shown: Sequence[tuple[int, Item]], top: int, course: Course, frame: Frame) -> Json:
    """A lane of events and of what lasts; `shown`: places in `course.items` with their items."""
    width, middle = frame.plot, ROW // 2
    marks = [
        text(
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
            x, x2 = bar(item, course, frame) if ends else span(item.when, frame)
            bars.append((item.kind if ends else "span", {"x": x, "x2": x2, "href": mark(place)}))
            at = x
        else:
            at = at_ms(item.when.earliest)
        if not ends:
            middle_day = (sum(span(item.when, frame)) // 2) if not item.when.exact else at
            points.append((item.kind, {"x": middle_day, "href": mark(place)}))
            at = middle_day
        if item.short and lane is not Lane.CSF:
            left = (at - at_ms(frame.start)) / (at_ms(frame.end) - at_ms(frame.start)) * width
            late = left + len(item.short) * _LETTER + 9 > width
            beside = 4 if ends else 9
            align = {"dx": -beside, "align": "right"} if late else {"dx": beside, "align": "left"}
            labels.append({"x": at, "text": item.short, **align})
    for name in dict.fromkeys(kind for kind, _ in bars):
        marks.append(bars_of(name, [v for kind, v in bars if kind == name], {"value": 4}, {"value": ROW - 4}))
    for name in dict.fromkeys(kind for kind, _ in points):
        values = [v for kind, v in points if kind == name]
        marks.append(symbols(name, values, {"value": middle}, _EVENT_SHAPES.get(name, "circle"), 90))
    wide = width / max((frame.end - frame.start).days, 1)
    marks.append(
        text(
            "short",
            _apart(labels, wide),
            x=X | {"offset": {"field": "dx"}},
            y={"value": middle},
            align={"field": "align"},
        )
    )
    return group(f"lane row-{lane.name.lower()}", top, width, ROW, marks=marks)


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


def drug_rows(shown: Sequence[tuple[int, Item]], top: int, course: Course, frame: Frame) -> tuple[Json, int]:
    """One row for each drug, in order of first use, and the height of all."""
    first: dict[str, int] = {}
    for _, item in sorted(shown, key=lambda s: s[1].when.earliest if s[1].when else course.on):
        first.setdefault(item.row, len(first))
    rows = list(first)[-MAX_DRUGS:]
    marks: list[Json] = [
        text(
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
        text(
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
            x, x2 = bar(item, course, frame)
            y = rows.index(item.row) * DRUG_ROW + 3
            one = {"x": x, "x2": max(x2, x + least), "y": y, "y2": y + DRUG_ROW - 6, "href": mark(place)}
            bars.setdefault(item.kind, []).append(one)
    marks.extend(bars_of(kind, values, {"field": "y"}, {"field": "y2"}) for kind, values in bars.items())
    height = len(rows) * DRUG_ROW
    width = frame.plot
    return group("lane drugs", top, width, height, marks=marks), height
