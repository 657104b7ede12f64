"""Pools of connections that check the network address they connect to, and trust nothing around them."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, Protocol

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.response import HTTPResponse
from urllib3.util.connection import create_connection

from service.outgoing.failure import AddressRefusedError
from service.outgoing.reach import Reach

_MAX_ADDRESSES = 4
"""Of one name, tried one after another."""
_MAX_SERVERS = 32
"""To which connections are kept open; the one longest unused gives way, which costs it a handshake."""


class Watcher(Protocol):
    """Wants to know the socket that its thread waits on."""

    def watch(self, sock: socket.socket | None) -> None:
        """The connection now in use."""


class _Here(threading.local):
    """Who watches the calls of the current thread."""

    watcher: Watcher | None = None


here = _Here()


class _Connection(HTTPConnection):
    reach = Reach()

    def _new_conn(self) -> socket.socket:
        """Connect to one of the addresses of the host that may be called, and to no other."""
        try:
            # The name is looked up once: what is checked is what is connected to.
            found = socket.getaddrinfo(self._dns_host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed = error if isinstance(error, socket.gaierror) else socket.gaierror("no such name")
            raise NameResolutionError(self.host, self, failed) from None
        allowed = [str(place[4][0]) for place in found if self.reach.permits(str(place[4][0]))]
        if not allowed:
            raise AddressRefusedError("refused")
        *others, last = allowed[:_MAX_ADDRESSES]
        for address in others:
            with contextlib.suppress(ConnectTimeoutError, NewConnectionError):
                return self._connect(address)
        return self._connect(last)

    def _connect(self, address: str) -> socket.socket:
        try:
            return create_connection(
                (address, self.port),
                self.timeout,
                source_address=self.source_address,
                socket_options=self.socket_options,
            )
        except TimeoutError:
            raise ConnectTimeoutError(self, "timed out") from None
        except OSError:
            raise NewConnectionError(self, "failed") from None

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3 itself
        if here.watcher is not None:
            here.watcher.watch(self.sock)
        return super().getresponse()


def _pools(allowed: Reach) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """Pool classes whose connections know how far they may go."""

    class Plain(_Connection):
        reach = allowed

    class Tls(Plain, HTTPSConnection):
        pass

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Tls

    return {"http": PlainPool, "https": TlsPool}


class _Adapter(HTTPAdapter):
    def __init__(self, reach: Reach, size: int) -> None:
        self._reach = reach
        super().__init__(pool_connections=_MAX_SERVERS, pool_maxsize=size)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._reach)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: else the whole body of a redirect is read, unmeasured, even when it is not followed."""


def _say_nothing(record: logging.LogRecord) -> bool:
    return False


def session(size: int, reach: Reach, ca_file: Path | None = None) -> requests.Session:
    """A pool of verified TLS connections that takes nothing from the environment and keeps no cookies.

    `size`: connections to one server that are kept for the next call; as many as are made at once.
    `ca_file`: PEM file of the authorities to trust, in place of the public ones.
    """
    # urllib3 logs whole URLs, with the patient in the query, at DEBUG and at WARNING.
    for name in ("urllib3.connectionpool", "urllib3.connection"):
        logging.getLogger(name).addFilter(_say_nothing)
    made = _Session()
    made.verify = str(ca_file) if ca_file is not None else True
    made.trust_env = False  # no proxy from the environment, no .netrc in the place of our token
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # a cookie may carry one user's login
    made.headers.update({"Accept-Encoding": "gzip"})
    adapter = _Adapter(reach, size)
    made.adapters.clear()
    made.mount("https://", adapter)
    if reach.plain_http:
        made.mount("http://", adapter)
    return made
