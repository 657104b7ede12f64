"""Studies out of downloaded files: one study, a list, pages of the API, a study a line.

A file that was cut off gives the studies that stand in it whole; the broken one is named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.lenient_json import NotJsonError, loads

_NCT = re.compile(r'"nctId"\s*:\s*"(NCT\d{8})"', re.ASCII)
_LIST = re.compile(r'^\s*(?:\[|\{.{0,300}?"studies"\s*:\s*\[)', re.DOTALL)
MOST_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """A study as it was found, or (`raw` None) why there is none. `name`: its identifier, if it is known."""

    place: str
    raw: Any = None
    problem: str | None = None
    name: str | None = None


def studies_in(path: Path) -> Iterator[Found]:
    """Every study of a file, or one line for what is wrong with it."""
    place = str(path)
    try:
        if path.stat().st_size > MOST_BYTES:
            yield Found(place, problem=f"is larger than {MOST_BYTES // 1_000_000} MB")
            return
        content = path.read_bytes()
    except OSError as error:
        yield Found(place, problem=f"cannot be read: {(error.strerror or 'unknown').lower()}")
        return
    if not content.strip():
        yield Found(place, problem="is empty")
        return
    try:
        value = loads(content)
    except NotJsonError:
        yield from _not_whole(place, content.decode("utf-8", "replace"))
        return
    yield from _of_value(place, value)


def _of_value(place: str, value: Any) -> Iterator[Found]:
    listed = value if isinstance(value, list) else value.get("studies") if isinstance(value, dict) else None
    if listed is None:
        yield Found(place, value)
        return
    if not isinstance(listed, list):
        yield Found(place, problem="its studies are no list")
        return
    if not listed:
        yield Found(place, problem="holds no study")
    for number, study in enumerate(listed, 1):
        yield from _nested(f"{place}, study {number}", study)


def _nested(place: str, study: Any) -> Iterator[Found]:
    """A list of pages is taken apart as well."""
    if isinstance(study, dict) and isinstance(study.get("studies"), list):
        yield from _of_value(place, study)
    else:
        yield Found(place, study)


def _not_whole(place: str, text: str) -> Iterator[Found]:
    """A study or a page a line; else a list that was cut off."""
    if _LIST.match(text) and not _is_lines(text):
        yield from _cut_off(place, text)
        return
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not _is_lines(text):
        yield Found(place, problem="is not JSON, or was cut off", name=_last_name(text))
        return
    for number, line in lines:
        at = f"{place}, line {number}"
        try:
            yield from _of_value(at, loads(line.encode("utf-8", "replace")))
        except NotJsonError:
            yield Found(at, problem="is not JSON, or was cut off", name=_last_name(line))


def _is_lines(text: str) -> bool:
    """Is the first line JSON by itself?"""
    first = next((line for line in text.splitlines() if line.strip()), "")
    try:
        return isinstance(loads(first.encode("utf-8", "replace")), dict | list)
    except NotJsonError:
        return False


def _cut_off(place: str, text: str) -> Iterator[Found]:
    start = _LIST.match(text)
    at = start.end() if start else 0
    decoder = json.JSONDecoder()
    number = 1
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        try:
            study, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            rest = text[at:]
            yield Found(f"{place}, study {number}", problem="was cut off", name=_last_name(rest))
            return
        yield Found(f"{place}, study {number}", study)
        number += 1


def _last_name(text: str) -> str | None:
    named = _NCT.search(text)
    return named[1] if named else None
