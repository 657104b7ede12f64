"""Where a request that is still coming in ends (RFC 9112, 6 and 7). What it says is gunicorn's to read."""

from __future__ import annotations

import re
from collections.abc import Callable

MAX_HEAD = 65_536
"""Largest request line and headers together, in bytes. What an EHR sends with a token is some 4 KB."""
_MAX_LINE = 8190
_LENGTH = re.compile(rb"[0-9]{1,15}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?", re.DOTALL)


class Incoming:
    """One request, piece by piece. It is `whole` as soon as nothing more has to come for its answer.

    A request whose end cannot be told, or that is larger than is accepted, is whole at once and `last`: it is
    refused by what is there of it, and nothing after it on the connection may be read as another request.
    """

    __slots__ = ("_at", "_data", "_end", "_max_body", "_size", "_step", "last", "too_large", "waits")

    def __init__(self, max_body: int) -> None:
        self._data = bytearray()
        self._max_body = max_body
        self._at = 0
        self._end: int | None = None
        self._size = 0
        self._step: Callable[[], bool] = self._head
        self.last = False
        self.too_large = False
        """Whether its chunks are more than is accepted; a length that is, is the application's to refuse."""
        self.waits = False
        """Whether the client sends the body only when told to (`Expect: 100-continue`)."""

    def __len__(self) -> int:
        return len(self._data)

    @property
    def whole(self) -> bool:
        """Whether it can be answered."""
        return self._end is not None

    @property
    def head_too_large(self) -> bool:
        """Whether more has come than a head may have, and still no end of it."""
        return self._step == self._head and self._end is None and len(self._data) > MAX_HEAD

    def add(self, piece: bytes) -> None:
        """What came next."""
        self._data += piece
        while self._end is None and self._step():
            pass

    def take(self) -> tuple[bytearray, bytes]:
        """The request, and what came behind it. Of one that is not whole, all there is."""
        end = len(self._data) if self._end is None else self._end
        rest = bytes(self._data[end:])
        del self._data[end:]
        data, self._data = self._data, bytearray()
        return data, rest

    def _head(self) -> bool:
        found = self._data.find(b"\r\n\r\n", max(0, self._at - 3))
        if found < 0:
            self._at = len(self._data)
            return False
        self._at = found + 4
        self._read_head(bytes(self._data[:found]))
        return True

    def _read_head(self, head: bytes) -> None:
        said: dict[bytes, list[bytes]] = {b"content-length": [], b"transfer-encoding": [], b"expect": []}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if (values := said.get(name.strip(b" \t").lower())) is not None:
                values.append(value.strip(b" \t").lower())
        lengths, codings, expects = said.values()
        if not lengths and not codings:
            self._end = self._at
        elif codings:
            self._step = self._chunk if codings == [b"chunked"] and not lengths else self._give_up
        elif len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]) or int(lengths[0]) > self._max_body:
            self._step = self._give_up
        else:
            self._at += int(lengths[0])
            self._step = self._sized
        self.waits = expects == [b"100-continue"] and head.partition(b"\r\n")[0].endswith(b"HTTP/1.1")

    def _sized(self) -> bool:
        if len(self._data) >= self._at:
            self._end = self._at
        return False

    def _chunk(self) -> bool:
        """The line before a chunk; `_at` is where it begins."""
        line_end = self._data.find(b"\r\n", self._at, self._at + _MAX_LINE)
        if line_end < 0:
            # Many small chunks with much beside them are more than their content.
            if len(self._data) - self._at > _MAX_LINE or len(self._data) > 2 * self._max_body + MAX_HEAD:
                self._step = self._give_up
                return True
            return False
        size = _CHUNK.fullmatch(self._data, self._at, line_end)
        content = int(size[1], 16) if size else self._max_body + 1
        self._size += content
        if self._size > self._max_body or len(self._data) > 2 * self._max_body + MAX_HEAD:
            self.too_large = size is not None
            self._step = self._give_up
        elif content:
            self._at = line_end + 2 + content + 2
            self._step = self._chunk if len(self._data) >= self._at else self._chunk_content
        else:
            self._at = line_end
            self._step = self._trailers
        return True

    def _chunk_content(self) -> bool:
        if len(self._data) < self._at:
            return False
        self._step = self._chunk
        return True

    def _trailers(self) -> bool:
        """From the end of the last chunk's line, so that no trailer at all is an empty line as well."""
        found = self._data.find(b"\r\n\r\n", self._at)
        if found >= 0:
            self._end = found + 4
        elif len(self._data) - self._at > MAX_HEAD:
            self._step = self._give_up
            return True
        return False

    def _give_up(self) -> bool:
        self._end, self.last = len(self._data), True
        return False
