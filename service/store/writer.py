"""Writes in the background what no answer waits for, in batches."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from service.store.errors import StoreDown

MOST_WAITING = 10_000
"""Items kept while the store is down; what comes after them is spilled."""
_BATCH = 500
_LINGER_S = 0.2
_REST_S = 1.0
_CLOSE_S = 3.0

_log = logging.getLogger(__name__)
T = TypeVar("T")


class BackgroundWriter(Generic[T]):
    """A bounded queue and a thread that empties it.

    `put` takes some microseconds and never waits. The thread starts at the first item of a process, so that
    one made before a fork works in every worker. What cannot be kept is handed to `spill`, never just lost.
    """

    def __init__(
        self, write: Callable[[list[T]], None], spill: Callable[[T], None], most: int = MOST_WAITING
    ) -> None:
        self._write = write
        self._spill = spill
        self._most = most
        self._pid = 0
        self._lock = threading.Lock()
        self._start_afresh()

    def put(self, item: T) -> None:
        """Have it written soon."""
        if self._pid != os.getpid():
            self._start()
        if len(self._waiting) >= self._most or self._closing.is_set():
            self._spill(item)
            return
        self._waiting.append(item)
        if not self._some.is_set():
            self._some.set()

    def close(self) -> None:
        """Write what waits, within some seconds; spill what cannot be written. Safe to call twice."""
        if self._pid != os.getpid():
            return
        self._closing.set()
        self._some.set()
        self._thread.join(_CLOSE_S)
        while self._waiting:
            self._spill(self._waiting.popleft())

    def flush(self, within_s: float = 10.0) -> bool:
        """Wait until what was put before is written; false if it is not."""
        deadline = time.monotonic() + within_s
        while self._pid == os.getpid() and (self._waiting or self._writing) and time.monotonic() < deadline:
            time.sleep(0.01)
        return not self._waiting and not self._writing

    def _start_afresh(self) -> None:
        self._waiting: deque[T] = deque()
        self._writing = False
        self._some = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def _start(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            # What a fork inherited is written by the parent.
            self._start_afresh()
            self._pid = os.getpid()
            self._thread.start()
            atexit.register(self.close)

    def _run(self) -> None:
        while self._waiting or not self._closing.is_set():
            self._some.wait()
            # A moment for more to come: one transaction for many calls, and none in the way of this answer.
            self._closing.wait(_LINGER_S)
            self._some.clear()
            # What comes while these are written waits for the next turn: else, while calls keep coming,
            # each batch would be of the few that came during the one before, and writing would never rest.
            left = len(self._waiting)
            while left > 0:
                written = self._write_some(min(_BATCH, left))
                left -= written
                if not written and self._closing.wait(_REST_S):
                    return

    def _write_some(self, most: int) -> int:
        """How many were taken from the queue; 0 if the store is down."""
        self._writing = True
        batch = [self._waiting[n] for n in range(min(most, len(self._waiting)))]
        try:
            self._write(batch)
        except StoreDown:
            return 0
        except Exception as error:  # noqa: BLE001 - a fault in one batch must not end all writing
            _log.error("a batch cannot be written: %s", type(error).__name__)
            for item in batch:
                self._spill(item)
        finally:
            self._writing = False
        for _ in range(min(len(batch), len(self._waiting))):
            self._waiting.popleft()
        return len(batch)
