"""A circuit breaker: a server that fails over and over is left alone for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

_MAX_SERVERS = 512


@dataclass(slots=True)
class _State:
    failures: int = 0
    """In a row."""
    open_until: float = 0.0
    probe_until: float = 0.0
    """A probe is under way, and counts as lost after this."""


class Breaker:
    """For each server: closed; open after `failures` in a row; after `open_s` one caller may try (half-open).

    The trial closes it or opens it again. For the threads of one process; each process learns for itself.
    """

    def __init__(
        self,
        failures: int = 3,
        open_s: float = 10.0,
        probe_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`probe_s`: after which a trial that nobody reported on is given to another."""
        self._failures, self._open_s, self._probe_s, self._clock = failures, open_s, probe_s, clock
        self._lock = threading.Lock()
        self._states: OrderedDict[Hashable, _State] = OrderedDict()

    def allows(self, server: Hashable) -> bool:
        """Whether this server may be asked now. Who gets a yes reports with `answered` or `failed`."""
        with self._lock:
            state = self._states.get(server)
            if state is None or state.failures < self._failures:
                return True
            now = self._clock()
            if now < state.open_until or now < state.probe_until:
                return False
            state.probe_until = now + self._probe_s
            return True

    def answered(self, server: Hashable) -> None:
        """The server works."""
        with self._lock:
            self._states.pop(server, None)

    def failed(self, server: Hashable) -> None:
        """The server gave no answer at all."""
        with self._lock:
            state = self._states.setdefault(server, _State())
            self._states.move_to_end(server)
            state.failures += 1
            state.probe_until = 0.0
            if state.failures >= self._failures:
                state.open_until = self._clock() + self._open_s
            while len(self._states) > _MAX_SERVERS:
                self._states.popitem(last=False)
