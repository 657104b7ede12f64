"""The JWT of a call as it is sent: its form, its header and its claims, nothing of them believed yet."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

MAX_LENGTH = 8192
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +(\S+)")


class TokenFormError(ValueError):
    """It is no JWT in compact form; the text is constant."""


@dataclass(frozen=True, slots=True)
class Token:
    """A JWT taken apart. `text` and what is in it are not for logs."""

    text: str = field(repr=False)
    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)


def bearer(authorization: str | None) -> str:
    """The token of an Authorization header. TokenFormError if there is none."""
    found = _BEARER.fullmatch(authorization) if authorization else None
    if found is None:
        raise TokenFormError("no bearer token was sent")
    return found[1]


def read_token(text: str) -> Token:
    """Header and claims. TokenFormError for what is no signed JWT in compact form."""
    if len(text) > MAX_LENGTH:
        raise TokenFormError(f"it is longer than {MAX_LENGTH} characters")
    if not _FORM.fullmatch(text):
        raise TokenFormError("it is not three parts in base64url, joined by dots")
    header, claims, _ = text.split(".")
    return Token(text, _object(header, "header"), _object(claims, "payload"))


def _object(part: str, name: str) -> dict[str, Any]:
    try:
        content = orjson.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (Error, ValueError):
        raise TokenFormError(f"its {name} is not readable") from None
    if not isinstance(content, dict):
        raise TokenFormError(f"its {name} is no JSON object")
    return content
