"""Kinds of setting values, each checked when the settings are read."""

from __future__ import annotations

import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from limits import parse
from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from service.outgoing.reach import Network, parse_network
from service.wire.request import split_http_url


def _base_url(url: str) -> str:
    if split_http_url(url) is None:
        raise ValueError("expected an absolute http or https address")
    return url.rstrip("/")


def _origin(text: str) -> str:
    # flask-cors would read anything else as a pattern.
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?", text):
        raise ValueError("expected an exact origin such as https://ehr.example")
    return text


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected the name of a time zone such as Europe/Berlin") from None
    return name


def _rate(text: str) -> str:
    try:
        parse(text)
    except ValueError:
        raise ValueError("expected a rate such as 6000/minute") from None
    return text


def _network(text: object) -> object:
    try:
        return parse_network(text) if isinstance(text, str) else text
    except ValueError:
        raise ValueError("expected a network such as 10.20.0.0/16") from None


def _none(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() in ("", "none") else value


def _parts(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part for part in (p.strip() for p in value.split(",")) if part)


Rate = Annotated[str, AfterValidator(_rate)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Origin = Annotated[str, AfterValidator(_origin)]
Url = Annotated[str, AfterValidator(_base_url)]

# Lists are written with commas: NoDecode keeps pydantic-settings from expecting JSON.
Parts = BeforeValidator(_parts)
"""Splits a text at its commas; needs NoDecode beside it."""
Urls = Annotated[tuple[Url, ...], NoDecode, Parts]
Origins = Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_parts)]
OrNone = BeforeValidator(_none)
"""Lets `none` stand for no value, where the default is one."""
Networks = Annotated[
    tuple[Annotated[Network, BeforeValidator(_network)], ...], NoDecode, BeforeValidator(_parts)
]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)]
