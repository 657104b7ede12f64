"""How many queries are under way at once: to each server, and over all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(slots=True)
class _Share:
    """What one server may have of the slots."""

    slots: threading.Semaphore
    users: int = 0
    """Who holds a slot of it or waits for one."""


class Slots:
    """A bulkhead: a server that hangs fills its own share and leaves the others theirs.

    For the threads of one process. A server is remembered only while someone holds or awaits a slot of it:
    no more of them than slots and waiting callers, however many names were ever called.
    """

    def __init__(self, per_server: int, overall: int) -> None:
        self._per_server = per_server
        self._overall = threading.Semaphore(overall)
        self._lock = threading.Lock()
        self._shares: dict[Hashable, _Share] = {}

    def acquire(self, server: Hashable, timeout_s: float) -> bool:
        """Wait for a slot; False if there was none in time. Who got one gives it back with `release`."""
        until = time.monotonic() + timeout_s
        share = self._join(server)
        # The share first: whoever waits for a server that hangs must not hold a slot that others could use.
        if share.slots.acquire(timeout=max(0.0, timeout_s)):
            if self._overall.acquire(timeout=max(0.0, until - time.monotonic())):
                return True
            share.slots.release()
        self._leave(server)
        return False

    def release(self, server: Hashable) -> None:
        """Give a slot of this server back."""
        self._overall.release()
        self._shares[server].slots.release()
        self._leave(server)

    def __len__(self) -> int:
        """Servers remembered now."""
        return len(self._shares)

    def _join(self, server: Hashable) -> _Share:
        with self._lock:
            share = self._shares.get(server)
            if share is None:
                share = self._shares[server] = _Share(threading.Semaphore(self._per_server))
            share.users += 1
            return share

    def _leave(self, server: Hashable) -> None:
        with self._lock:
            share = self._shares[server]
            share.users -= 1
            if not share.users:
                del self._shares[server]
