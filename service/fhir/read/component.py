"""Panels: an Observation whose own code is none of ours, with results of ours among its components."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_ITS_OWN = ("code", "interpretation", "dataAbsentReason")
_OF_THE_PANEL = ("component", "method", *_ITS_OWN)


def parts(panel: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each component as an Observation of its own, under the panel's id, with its date and subject.

    What has not the shape of a component is passed over: nothing says that it is a result of ours.
    """
    given = panel["component"]
    shared = {k: v for k, v in panel.items() if k not in _OF_THE_PANEL and not k.startswith("value")}
    for item in given if isinstance(given, list) else ():
        if isinstance(item, dict) and isinstance(item.get("code"), dict):
            own = {k: v for k, v in item.items() if k in _ITS_OWN or k.startswith("value")}
            yield {**shared, **own}
