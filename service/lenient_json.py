"""JSON as clients send it: fast where it can be, and no call lost over one odd value in it."""

from __future__ import annotations

import json
from typing import Any

import orjson


class NotJsonError(ValueError):
    """The text is not JSON, or nested beyond any use."""

    said = "The request body is not JSON."
    """What its sender is told."""


class TooDeepError(NotJsonError):
    """It is nested deeper than the parser goes: 1024 levels, where a FHIR resource has a dozen."""

    said = "The request body is nested deeper than this service accepts."


_DEPTH = "depth limit exceeded"


def loads(text: bytes) -> Any:
    """Parse JSON. NotJsonError if it is none.

    orjson refuses a whole document over one number too large for a float or one lone surrogate; such
    a document is read again by the standard library. The odd number fails where it is used, if it is; half
    of a surrogate pair becomes the replacement character, which no code holds and every answer can.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if error.msg.startswith(_DEPTH):
            raise TooDeepError("too deep") from None
    try:
        return _whole(json.loads(text, parse_constant=_refuse))
    except RecursionError:
        raise TooDeepError("too deep") from None
    except ValueError:
        raise NotJsonError("not JSON") from None


def _refuse(name: str) -> None:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def _whole(parsed: Any) -> Any:
    """The same value without lone surrogates, changed in place."""
    holder = [parsed]
    waiting: list[Any] = [holder]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            for key in [k for k in here if not _sound(k)]:
                here[_mended(key)] = here.pop(key)
        for place, value in list(here.items() if isinstance(here, dict) else enumerate(here)):
            if isinstance(value, str):
                if not _sound(value):
                    here[place] = _mended(value)
            elif isinstance(value, dict | list):
                waiting.append(value)
    return holder[0]


def _sound(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _mended(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
