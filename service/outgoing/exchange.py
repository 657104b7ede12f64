"""One request to another server, with bounds on time and size that hold whatever the server does."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Mapping

import requests
import urllib3

from service.outgoing.connections import here
from service.outgoing.failure import Failure, OutgoingError, failure_of

_CHUNK_BYTES = 65_536


class Exchange:
    """Requests one after another until a deadline; `abort` may come from another thread."""

    def __init__(self, session: requests.Session, deadline: float) -> None:
        """`deadline`: of `time.monotonic()`."""
        self._session = session
        self._deadline = deadline
        self._socket: socket.socket | None = None

    def left(self) -> float:
        """Seconds to the deadline, negative after it."""
        return self._deadline - time.monotonic()

    def watch(self, sock: socket.socket | None) -> None:
        """Remember the connection now in use."""
        self._socket = sock

    def abort(self) -> None:
        """Wake a thread that waits for bytes, so that a server which drips cannot hold it."""
        if (sock := self._socket) is not None:
            with contextlib.suppress(OSError):
                # The plain shutdown: that of a TLS socket drops state which its reader is using.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def body(
        self,
        url: str,
        headers: Mapping[str, str],
        max_bytes: int,
        head: Callable[[requests.Response], None],
        form: Mapping[str, str] | None = None,
    ) -> bytes:
        """The decompressed body of a GET, or of a POST if there is a form. OutgoingError if there is none.

        `head` sees status and headers first, and may raise what it likes. Redirects are not followed.
        """
        left = self.left()
        if left <= 0:
            raise OutgoingError(Failure.TOO_SLOW)
        method = "GET" if form is None else "POST"
        here.watcher = self
        try:
            with self._session.request(
                method, url, headers=headers, data=form, timeout=left, stream=True, allow_redirects=False
            ) as response:
                head(response)
                return self._read(response, max_bytes)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise OutgoingError(failure_of(error)) from None
        finally:
            here.watcher = None
            self._socket = None  # back in the pool, and no longer ours to shut

    def _read(self, response: requests.Response, max_bytes: int) -> bytes:
        """As it arrives: `read1` returns after one receive, unlike `read`."""
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            if len(body) + len(chunk) > max_bytes:
                raise OutgoingError(Failure.TOO_LARGE)
            if self.left() <= 0:
                raise OutgoingError(Failure.TOO_SLOW)
            body += chunk
        return bytes(body).removeprefix(b"\xef\xbb\xbf")  # some servers begin with a byte order mark
