"""gunicorn's threaded worker, except that a request has come in whole before a thread is given to it."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, cast

from gunicorn.workers.gthread import TConn, ThreadWorker

from service.receiving.connection import Connection
from service.receiving.framing import Incoming
from service.receiving.refusals import BODY, HEAD, NO_ROOM, SLOW, Refusal

_PIECE = 262_144
_LINGER_S = 2.0
_MAX_LINGERING = 64
_TURNS = 25
"""Requests on one connection where there are several workers. Then the client has to make a new one, which
the least busy worker is the quickest to take: those made at once often come to one worker, and would stay."""
_SMALL = 131_072
"""Requests up to so many bytes are taken in however much is held already."""
_PASSING = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED}
_NO_FILES = {errno.EMFILE, errno.ENFILE}


class BufferedWorker(ThreadWorker):
    """A slow client waits in the main thread's selector, where it costs some memory and no thread.

    gunicorn's threaded worker gives a thread to whoever sends the first byte: as many clients as there are
    threads, each sending a byte now and then, make it deaf. And its main thread waits, up to two seconds
    each, for clients whose connection it closes. Here the main thread waits for nobody, and a thread only
    until its answer is taken, for `receive_s` at most.
    """

    receive_s = 10.0
    """Seconds from the first byte of a request to its last, and for taking the answer."""
    max_body = 32_000_000
    """Largest body that is taken in, in bytes."""
    max_held = 4 * max_body
    """Bytes of requests in memory, those that are being answered included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Both in the order of their deadlines.
        self._receiving: dict[Connection, float] = {}
        self._lingering: dict[Connection, float] = {}
        self._held = 0

    def refused(self, code: str) -> None:
        """Told of each client that is cut off, with the code of the reason."""

    # ---- called by gunicorn, on its main thread

    def accept(self, listener: socket.socket) -> None:
        """A new connection. One too many costs the oldest that is still receiving, not the worker."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in _NO_FILES:
                self._make_room()
            elif error.errno not in _PASSING:
                raise
            return
        self.nr_conns += 1
        self.enqueue_req(Connection(self.cfg, client, address, listener.getsockname(), end=self._linger))

    def enqueue_req(self, conn: TConn) -> None:
        """A request is expected: the connection is new, or was kept and has become readable."""
        conn = cast(Connection, conn)
        conn.incoming = Incoming(self.max_body)
        conn.told_to_go_on = False
        conn.sock.setblocking(False)
        self._receiving[conn] = time.monotonic() + self.receive_s
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._readable, conn))
        early = conn.held.take_buffered()
        if early:
            self._take(conn, early)
        else:
            self._readable(conn, conn.sock)

    def finish_request(self, conn: TConn, fs: Future[bool]) -> None:
        """A thread is done with a request."""
        conn = cast(Connection, conn)
        self._release(conn)
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """About once a second, and after whatever has happened: who has had the time there is?"""
        super().murder_pending()
        now = time.monotonic()
        while (conn := next(iter(self._receiving), None)) and self._receiving[conn] < now:
            self._refuse(conn, SLOW)
        if not self.alive:
            for conn in [c for c in self._receiving if not c.bytes]:
                self._drop(conn)
        while (conn := next(iter(self._lingering), None)) and (
            self._lingering[conn] < now or len(self._lingering) > _MAX_LINGERING
        ):
            self._forget(conn)
        if self.nr_conns >= self.worker_connections:
            self._make_room()

    # ---- called by gunicorn, on a thread of the pool

    def handle(self, conn: TConn) -> Any:
        """Answer the request that was handed over."""
        conn = cast(Connection, conn)
        kept = super().handle(conn)
        if not kept or conn.last or conn.held.left:
            return False
        # gunicorn's way to tell that the next request is there already.
        conn.held.unread(conn.rest)
        conn.rest = b""
        return True

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Run the application and send its answer."""
        conn = cast(Connection, conn)
        if conn.last or (req.req_number >= _TURNS and self.cfg.workers > 1):
            req.force_close()
        if conn.told_to_go_on:
            req._expected_100_continue = False
        conn.sock.settimeout(self.receive_s)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            self.refused(SLOW.code)
            raise BrokenPipeError(errno.EPIPE, "the client did not take its answer") from None

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer what gunicorn itself refuses."""
        client.settimeout(self.receive_s)
        super().handle_error(req, client, addr, exc)

    # ---- the rest: on the main thread

    def _readable(self, conn: Connection, _sock: object) -> None:
        if conn not in self._receiving:
            return  # let go by what happened just before
        try:
            piece = conn.sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            self._drop(conn)
            return
        if piece:
            self._take(conn, piece)
        elif conn.bytes:
            # It ends in the middle; gunicorn and the application say what they say to that.
            self._hand_over(conn)
        else:
            self._drop(conn)

    def _take(self, conn: Connection, piece: bytes) -> None:
        incoming = conn.incoming
        incoming.add(piece)
        conn.bytes += len(piece)
        self._held += len(piece)
        if incoming.too_large:
            self._refuse(conn, BODY)
        elif incoming.whole:
            self._hand_over(conn)
        elif incoming.head_too_large:
            self._refuse(conn, HEAD)
        elif incoming.waits and not conn.told_to_go_on:
            conn.told_to_go_on = True
            conn.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._held > self.max_held and self._receiving:
            largest = max(self._receiving, key=lambda c: c.bytes)
            if largest.bytes > _SMALL:
                self._refuse(largest, NO_ROOM)

    def _hand_over(self, conn: Connection) -> None:
        self._stop_receiving(conn)
        conn.hand_over()
        super().enqueue_req(conn)

    def _make_room(self) -> None:
        """At the cost of whoever has been sending for longest, else has been idle for longest."""
        oldest = next(iter(self._receiving), None)
        if oldest is not None:
            self._refuse(oldest, NO_ROOM)
        elif self.keepalived_conns:
            self.keepalived_conns[0].timeout = 0.0
            self.murder_keepalived()

    def _refuse(self, conn: Connection, refusal: Refusal) -> None:
        if conn.bytes:
            self.log.info("a client was cut off: %s", refusal.code)
            self.refused(refusal.code)
            conn.say(refusal.answer)
        self._drop(conn, graceful=bool(conn.bytes))

    def _drop(self, conn: Connection, *, graceful: bool = False) -> None:
        self._stop_receiving(conn)
        self._release(conn)
        self.nr_conns -= 1
        conn.close(graceful)

    def _stop_receiving(self, conn: Connection) -> None:
        del self._receiving[conn]
        self._unregister(conn)

    def _release(self, conn: Connection) -> None:
        self._held -= conn.bytes
        conn.bytes = 0

    def _unregister(self, conn: Connection) -> None:
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)

    def _linger(self, conn: Connection) -> None:
        """Close so that the answer arrives: say so, and read on until the client closes (RFC 9112, 9.6)."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, KeyError, ValueError):
            TConn.close(conn)
            return
        self._lingering[conn] = time.monotonic() + _LINGER_S

    def _drain(self, conn: Connection, _sock: object) -> None:
        if conn not in self._lingering:
            return
        try:
            if conn.sock.recv(_PIECE):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._forget(conn)

    def _forget(self, conn: Connection) -> None:
        del self._lingering[conn]
        self._unregister(conn)
        TConn.close(conn)


def buffered(
    receive_s: float, max_body: int, refused: Callable[[BufferedWorker, str], None] | None = None
) -> type[BufferedWorker]:
    """The worker class with these bounds. `refused`: told the reason's code whenever a client is cut off."""
    members: dict[str, Any] = {"receive_s": receive_s, "max_body": max_body, "max_held": 4 * max_body}
    if refused is not None:
        members["refused"] = refused
    return type("Worker", (BufferedWorker,), members)
