"""gunicorn's threaded worker, with a bound on how long one client may take to send one request."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker


class BoundedWorker(ThreadWorker):
    """A client that sends a byte now and then would hold a thread for ever, and a few of them the worker.

    gunicorn's own timeouts end connections that send nothing, and workers that hang, but not this. Here the
    receiving side of such a connection is shut: its thread wakes up, and the request ends as one cut short.
    """

    receive_s = 10.0
    """Seconds from the first byte of a request to its answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._receiving: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> Any:
        """Called by gunicorn, on a thread of the pool."""
        self._receiving[conn] = time.monotonic() + self.receive_s
        try:
            return super().handle(conn)
        finally:
            self._receiving.pop(conn, None)

    def murder_pending(self) -> None:
        """Called by gunicorn about once a second, on the main thread."""
        super().murder_pending()
        now = time.monotonic()
        for conn, until in tuple(self._receiving.items()):
            if until < now:
                self._receiving.pop(conn, None)
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)


def bounded(receive_s: float) -> type[BoundedWorker]:
    """The worker class with another bound."""
    return type("Worker", (BoundedWorker,), {"receive_s": receive_s})
