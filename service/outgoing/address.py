"""Addresses compared by their parts and never as texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

from service.wire.request import split_http_url

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """An absolute http or https address without query. `host` in small letters, `port` never left open."""

    scheme: str
    host: str
    port: int
    segments: tuple[str, ...]

    @classmethod
    def of(cls, url: str) -> Self | None:
        """None for what is no such address, or could be read as another one by somebody else.

        Refused: user names, backslashes, dot segments, encoded slashes, empty segments, queries and
        fragments, what is not ASCII. A trailing slash means nothing.
        """
        parts = split_http_url(url)
        if parts is None or parts.hostname is None or "?" in url or "#" in url or "%" in parts.netloc:
            return None
        path = parts.path.removesuffix("/").removeprefix("/")
        segments = tuple(path.split("/")) if path else ()
        if not all(_plain(segment) for segment in segments):
            return None
        return cls(parts.scheme, parts.hostname.lower(), parts.port or _PORTS[parts.scheme], segments)

    def covers(self, other: Address) -> bool:
        """Whether the other is this address or lies below it."""
        mine = (self.scheme, self.host, self.port)
        return mine == (other.scheme, other.host, other.port) and (
            other.segments[: len(self.segments)] == self.segments
        )

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        return self.scheme, self.host, self.port


def _plain(segment: str) -> bool:
    """Not empty, and neither a step nor a further slash once it is decoded, however often."""
    decoded = segment
    while "%" in decoded and (further := unquote(decoded)) != decoded:
        decoded = further
    return decoded not in ("", ".", "..") and "/" not in decoded and "\\" not in decoded
