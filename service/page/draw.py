"""Vega on the server: a chart's specification to an SVG that fits a strict content policy.

vl-convert runs Vega in a V8 of its own, on one thread that does not survive a fork: a process that forked
after a first drawing would wait for ever. So each process begins its own, at its first chart (about half a
second), a child of a process that has drawn refuses, and one drawing is made at a time.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import vl_convert

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_MARK = "https://mark.invalid/"
"""Vega only lets whole addresses through; the number behind it tells the mark."""
WAIT_S = 5.0
"""Longer than that nobody waits for a picture: the table says the same."""
_ARIA = ("role", "aria-label", "aria-roledescription")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

ET.register_namespace("", _SVG)


class NotDrawnError(RuntimeError):
    """The chart could not be drawn here and now. The page shows its table all the same."""


@dataclass(frozen=True, slots=True)
class Point:
    """What a mark says, and where it leads; `href` None: nowhere."""

    label: str
    href: str | None = None


def mark(number: int) -> str:
    """The `href` of a mark in a specification: the number of its Point."""
    return f"{_MARK}{number}"


_lock = threading.Lock()
_owner: list[int] = []


def draw(spec: dict[str, Any], title: str, points: Sequence[Point]) -> str:
    """The chart as an `<svg>` element without styles, scripts or names of its own.

    Each mark with a number becomes one focusable link or image with the Point's label; all else is hidden
    from screen readers. NotDrawnError if it cannot be drawn.
    """
    if not _lock.acquire(timeout=WAIT_S):
        raise NotDrawnError("the renderer is busy")
    try:
        if _owner and _owner[0] != os.getpid():
            raise NotDrawnError("the renderer was started before this process was forked")
        _owner[:] = [os.getpid()]
        written = vl_convert.vega_to_svg(spec, allowed_base_urls=[])
    except ValueError as error:
        # Vega's message may hold data of the chart.
        raise NotDrawnError("the renderer refused the chart") from error
    finally:
        _lock.release()
    return _cleaned(written, title, points)


def warm_up() -> None:
    """Draw nothing, so that the first page of this process need not wait. Only after the fork."""
    draw({"width": 1, "height": 1}, "", ())


def _cleaned(written: str, title: str, points: Sequence[Point]) -> str:
    root = ET.fromstring(written)  # noqa: S314 - written by vl-convert a moment ago
    seen: set[int] = set()
    for element in root.iter():
        for name in _ARIA:
            element.attrib.pop(name, None)
        if element.tag == f"{{{_SVG}}}a":
            _link(element, points, seen)
    width, height = root.attrib.pop("width"), root.attrib.pop("height")
    root.set("viewBox", f"0 0 {width} {height}")
    root.set("role", "group")
    root.set("aria-label", title)
    return ET.tostring(root, encoding="unicode")


def _link(element: ET.Element, points: Sequence[Point], seen: set[int]) -> None:
    """A mark that leads somewhere is a link, another can be reached all the same; each once."""
    number = int(element.attrib.pop(_XLINK).removeprefix(_MARK))
    if number in seen:
        element.tag = f"{{{_SVG}}}g"
        return
    seen.add(number)
    point = points[number]
    element.set("class", "point")
    element.set("aria-label", _CONTROL.sub("\ufffd", point.label))
    if point.href is None:
        element.tag = f"{{{_SVG}}}g"
        element.set("role", "img")
        element.set("tabindex", "0")
    else:
        element.set("href", point.href)
