"""Which of several copies of one result stands: corrected ones replace what they correct.

Works on the raw JSON of results that matter, before they are read. Where nothing tells which copy is the
newer one, all are kept, and `service.fhir.repeats` tells whether they agree.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service.fhir.lexicon import Meaning

_RANKS = {
    **dict.fromkeys(("preliminary", "partial"), 1),
    "final": 2,
    **dict.fromkeys(("amended", "corrected", "appended"), 3),
    **dict.fromkeys(("entered-in-error", "cancelled"), 4),
}
"""The order in which a result passes through the statuses; others come first."""
_CORRECTED, _WITHDRAWN = 3, 4
_COUNT = re.compile(r"[0-9]{1,15}")
_MOST = 8
"""Identifiers and codings of one result that are looked at."""


@dataclass(slots=True, eq=False)
class Result:
    """A result that matters, of our patient, not yet read. Without meanings it is known by its words."""

    resource: dict[str, Any]
    meanings: list[Meaning]
    kind: str
    """The type of the resource."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The results that stand, those that may be copies of one another, and those that were withdrawn."""

    results: list[Result]
    unordered: list[list[Result]]
    withdrawn: list[Result]


def standing(results: list[Result]) -> Standing:
    """The newest copy of each result; of copies in no order all."""
    if _are_single(results):
        return Standing(results, [], [])
    by_id = _groups((name, r) for r in results if (name := _id(r)) is not None)
    by_identifier = _groups((key, r) for r in results for key in _identifiers(r))
    dropped: dict[int, Result] = {}
    unordered: list[list[Result]] = []
    withdrawn: list[Result] = []
    for copies, one_id in (*((g, True) for g in by_id), *((g, False) for g in _same(by_identifier))):
        left = [r for r in copies if id(r) not in dropped]
        kept = _latest(left, one_id=one_id)
        stay = {id(r) for r in kept}
        gone = [r for r in left if id(r) not in stay]
        dropped |= {id(r): r for r in gone}
        if kept and all(_rank(r) == _WITHDRAWN for r in kept):
            withdrawn.extend(r for r in gone if _id(r) != _id(kept[0]) and _rank(r) > 1)
        if len(kept) > 1:
            unordered.append(kept)
    return Standing([r for r in results if id(r) not in dropped], unordered, withdrawn)


def taken(result: Result) -> str | None:
    """When the sample was taken, as it is written."""
    r = result.resource
    day = r.get("effectiveDateTime")
    if isinstance(day, str) and day:
        return day
    return _text(r, "effectiveInstant") or _text(r, "effectivePeriod", "start")


def names(result: Result) -> frozenset[Hashable]:
    """What a result is called: its codings, or its words where it has none."""
    code = result.resource.get("code")
    given = _list(code.get("coding")) if isinstance(code, dict) else []
    if len(given) == 1 and isinstance(given[0], dict):
        system, value = given[0].get("system"), given[0].get("code")
        if isinstance(system, str) and system and isinstance(value, str) and value:
            return frozenset(((system, value),))
    pairs = ((_text(c, "system"), _text(c, "code")) for c in given)
    found = frozenset(pair for pair in pairs if pair[1] is not None)
    return found or frozenset({_text(result.resource, "code", "text")})


def specimen(result: Result) -> str | None:
    """The specimen as it is referred to or called."""
    if "specimen" not in result.resource:
        return None
    return _text(result.resource, "specimen", "reference") or _text(result.resource, "specimen", "display")


def _are_single(results: list[Result]) -> bool:
    """A quick look, for most records hold every result once: no id twice, and no identifier."""
    seen: set[str] = set()
    for result in results:
        name = result.resource.get("id")
        if "identifier" in result.resource or not isinstance(name, str) or name in seen:
            return False
        seen.add(name)
    return True


def _groups(pairs: Iterable[tuple[Hashable, Result]]) -> list[list[Result]]:
    found: dict[Hashable, list[Result]] = defaultdict(list)
    for key, result in pairs:
        found[key].append(result)
    return [group for group in found.values() if len(group) > 1]


def _same(groups: list[list[Result]]) -> Iterator[list[Result]]:
    """What in a group is one result: an identifier of the order is shared by all results of the order.

    Two of which one is not plainly final are versions, even if a correction moved the date.
    """
    for group in groups:
        places = {specimen(r) for r in group} - {None}
        pair = len(group) == 2 and len(places) <= 1  # noqa: PLR2004
        if pair and any(_rank(r) != _RANKS["final"] for r in group):
            yield group
        else:
            yield from _groups(((taken(r), specimen(r)), r) for r in group)


def _latest(copies: list[Result], *, one_id: bool) -> list[Result]:
    """The newest copies, by time if all tell it, else by status.

    A plain final result that comes after a corrected one of another id may be an old copy: both stay.
    """
    orders = (_updated, _issued, _version) if one_id else (_issued, _updated)
    times = next((found for order in orders if (found := _ordered(copies, order))), None)
    kept = copies
    if times is not None:
        newest = max(times)
        kept = [r for r, time in zip(copies, times, strict=True) if time == newest]
    if len(kept) > 1:
        top = max(map(_rank, kept))
        kept = [r for r in kept if _rank(r) == top]
        if one_id:
            kept = list({_said(r): r for r in kept}.values())
    if not one_id and kept and _rank(kept[0]) == _RANKS["final"]:
        kept = [*kept, *(r for r in copies if _rank(r) == _CORRECTED)]
    return kept


def _ordered(copies: list[Result], order: Callable[[Result], float | None]) -> list[float] | None:
    found = [time for r in copies if (time := order(r)) is not None]
    return found if len(found) == len(copies) and len(set(found)) > 1 else None


def _updated(result: Result) -> float | None:
    return _instant(_text(result.resource, "meta", "lastUpdated"))


def _issued(result: Result) -> float | None:
    return _instant(_text(result.resource, "issued"))


def _version(result: Result) -> float | None:
    found = _text(result.resource, "meta", "versionId")
    return float(found) if found and _COUNT.fullmatch(found) else None


def _instant(text: str | None) -> float | None:
    try:
        found = datetime.fromisoformat(text) if text else None
        return found.astimezone(UTC).timestamp() if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _rank(result: Result) -> int:
    return _RANKS.get(_text(result.resource, "status") or "", 0)


def _said(result: Result) -> Hashable:
    """All that a copy says, beside what a server notes of the copy itself."""
    try:
        said = {k: v for k, v in result.resource.items() if k not in ("meta", "text")}
        return json.dumps(said, sort_keys=True)
    except (RecursionError, TypeError, ValueError):
        return id(result)


def _id(result: Result) -> tuple[str | None, str] | None:
    name = _text(result.resource, "id")
    return None if name is None else (result.kind, name)


def _identifiers(result: Result) -> Iterator[Hashable]:
    for item in _list(result.resource.get("identifier")):
        system, value = _text(item, "system"), _text(item, "value")
        if system and value:
            for name in names(result):
                yield result.kind, system, value, name


def _list(given: Any) -> list[Any]:
    return given[:_MOST] if isinstance(given, list) else []


def _text(item: Any, *path: str) -> str | None:
    """A string at a path of the raw JSON, or None if there is none."""
    for name in path:
        item = item.get(name) if isinstance(item, dict) else None
    return item if isinstance(item, str) and item else None
