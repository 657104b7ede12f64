"""Spoiled copies of real requests and charts: each differs from a good one in a few places."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

_HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, -0.0, 2**63, 10**400, "", " ", "\u202eAnna", "\x00", "\ud800", "é" * 3,
    "<script>alert(1)</script>", "'; drop table x; --", "../../etc/passwd", "{{context.patientId}}", "%s%n",
    "9999-12-31", "0000-00-00", "2026-02-30", "2026-13", "-1", "1e9", "NaN", "Infinity", "< 0.01 %", ">=5",
    [], {}, [[]], [{}], [None], {"": ""}, {"resourceType": "Patient"}, {"reference": "Patient/"},
    "x" * 5_000, "https://169.254.169.254/latest", "urn:uuid:1", "Patient/" + "9" * 80,
)  # fmt: skip
_DEEP = 60


def mutant(good: Any, seed: int) -> Any:
    """A copy of `good`, spoiled in one to six places; the same seed gives the same copy."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    spoiled = copy.deepcopy(good)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        places = list(_places(spoiled))
        if not places:
            return chance.choice(_HOSTILE)
        holder, key = chance.choice(places)
        _spoil(holder, key, places, chance)
    return spoiled


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        keys = list(here) if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
        for key in keys:
            yield here, key
            waiting.append(here[key])


def _spoil(holder: Any, key: Any, places: list[tuple[Any, Any]], chance: random.Random) -> None:
    match chance.randrange(9):
        case 0:
            del holder[key]
        case 1 | 2:
            holder[key] = copy.deepcopy(chance.choice(_HOSTILE))
        case 3:
            other, name = chance.choice(places)
            holder[key] = copy.deepcopy(_get(other, name))
        case 4:
            holder[key] = [holder[key]] if not isinstance(holder[key], list) else {"0": holder[key]}
        case 5 if isinstance(holder, list):
            holder.extend(copy.deepcopy(holder[key]) for _ in range(chance.choice((1, 2, 40))))
        case 6 if isinstance(holder, dict):
            holder[chance.choice(("", "__proto__", "_" + str(key), str(key).upper(), "extension"))] = (
                holder.pop(key)
            )
        case 7:
            for _ in range(_DEEP):
                holder[key] = [holder[key]] if chance.random() < 0.5 else {"extension": holder[key]}
        case _:
            if isinstance(holder[key], str):
                holder[key] = _worse(holder[key], chance)
            elif isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
                holder[key] = chance.choice((-holder[key], holder[key] * 1e6, str(holder[key])))


def _get(holder: Any, key: Any) -> Any:
    """What may have been removed in the meantime is null."""
    try:
        return holder[key]
    except (KeyError, IndexError):
        return None


def _worse(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text) + 1)
    return chance.choice(
        (
            text[:place],
            text[place:] + text[:place],
            text.swapcase(),
            text + text,
            text[:place] + "\u0000" + text[place:],
        )
    )
