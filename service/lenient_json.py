"""JSON as clients send it: fast where it can be, and no call lost over one odd value in it."""

from __future__ import annotations

import json
from typing import Any

import orjson


class NotJsonError(ValueError):
    """The text is not JSON, or nested beyond any use."""


def loads(text: bytes) -> Any:
    """Parse JSON. NotJsonError if it is none.

    orjson refuses a whole document over one number too large for a float or one lone surrogate; such
    a document is read again by the standard library, and the odd value fails where it is used, if it is.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NotJsonError("not JSON") from None


def _refuse(name: str) -> None:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)
