"""A connection whose request is in memory when a thread reads it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any

from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import TConn

from service.receiving.framing import Incoming


class Held(Unreader):
    """What gunicorn's parser reads from: the bytes that were received, and then the end, never the socket.

    Whatever the parser takes a request for, it cannot make a thread wait for a client.
    """

    def __init__(self) -> None:
        super().__init__()
        self._view = memoryview(b"")

    def hold(self, data: bytes | bytearray) -> None:
        """From now on, these bytes."""
        self._view = memoryview(data)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Called by gunicorn for the next piece."""
        size = max(size_hint or 0, 8192)
        piece, self._view = bytes(self._view[:size]), self._view[size:]
        return piece

    @property
    def left(self) -> bool:
        """Whether something was not read."""
        return bool(len(self._view) or self.buf.getvalue())


class Connection(TConn):
    """gunicorn's connection, with the request that is coming in over it."""

    def __init__(self, *args: Any, end: Callable[[Connection], None]) -> None:
        super().__init__(*args)
        self._end = end
        self.held = Held()
        self.incoming = Incoming(0)
        self.rest = b""
        """What came behind the request that is being answered."""
        self.bytes = 0
        """How much of the request is in memory."""
        self.last = False
        """Whether no other request may follow."""
        self.told_to_go_on = False

    def hand_over(self) -> None:
        """The request that came is the one the parser reads next."""
        self.last = self.incoming.last or not self.incoming.whole
        data, self.rest = self.incoming.take()
        self.held.hold(data)
        if self.parser is None:
            self.init()
        self.parser.unreader = self.held  # type: ignore[union-attr]

    def close(self, graceful: bool = False) -> None:
        """Called by gunicorn on its main thread, which must not wait for a client."""
        self.held.hold(b"")
        if graceful:
            self._end(self)
        else:
            super().close()

    def say(self, answer: bytes) -> None:
        """Send a few bytes if they can be sent at once."""
        with contextlib.suppress(OSError):
            self.sock.send(answer, socket.MSG_DONTWAIT)
