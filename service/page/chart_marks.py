"""Marks of the chart as Vega has them. `_values` becomes a data set of its own in `chart`."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
INK, QUIET, FAINT = "#1b2a30", "#5b6b72", "#d5dde0"
"""Colours of paper; on a screen the style sheet replaces them."""


def text(name: str, values: list[Json], **encode: Any) -> Json:
    """Words; `values` hold them as `text`, with whatever `encode` reads."""
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


def group(name: str, top: int, width: int, height: int, **more: Any) -> Json:
    """A part of the picture with marks of its own, placed from above."""
    return {
        "type": "group",
        "name": name,
        "encode": {"enter": {"y": {"value": top}, "width": {"value": width}, "height": {"value": height}}},
        **more,
    }


X = {"scale": "time", "field": "x"}
X2 = {"scale": "time", "field": "x2"}
HREF = {"href": {"field": "href"}}


def bars_of(name: str, values: list[Json], top: Json, bottom: Json) -> Json:
    """Bars from `x` to `x2`; dashed and empty where what they show is only a span or an intention."""
    hollow = name in ("span", "remission-m1", "drug-ordered")
    return {
        "type": "rect",
        "name": name,
        "_values": values,
        "encode": {
            "enter": {
                "x": X,
                "x2": X2,
                "y": top,
                "y2": bottom,
                "cornerRadius": {"value": 2},
                "fill": {"value": "transparent" if hollow else FAINT},
                "stroke": {"value": QUIET},
                "strokeDash": {"value": [3, 2] if hollow else [1, 0]},
                **HREF,
            }
        },
    }


def symbols(
    name: str, values: list[Json], y: Json, shape: str, size: int = 64, *, hollow: bool = False
) -> Json:
    """Symbols at `x`; `hollow` ones are limits, bounds, or what settles nothing."""
    return {
        "type": "symbol",
        "name": name,
        "_values": values,
        "encode": {
            "enter": {
                "x": X,
                "y": y,
                "shape": {"value": shape},
                "size": {"value": size},
                "fill": {"value": "transparent" if hollow else INK},
                "stroke": {"value": INK},
                "strokeWidth": {"value": 1.6},
                **HREF,
            }
        },
    }


def rule_of(name: str, values: list[Json], places: Json) -> Json:
    """Thin lines between the places given."""
    return {
        "type": "rule",
        "name": name,
        "interactive": False,
        "_values": values,
        "encode": {"enter": {**places, "stroke": {"value": INK}, "strokeWidth": {"value": 1.4}}},
    }
