"""Do not ask again at once what has just failed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """After a failure nobody asks for `rest_s` seconds; then one does, and his success lets the others in."""

    def __init__(self, rest_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest_s = rest_s
        self._clock = clock
        self._lock = threading.Lock()
        self._resting = False
        self._ask_again_at = 0.0

    def allows(self) -> bool:
        """Whether the caller may ask. Whoever may after a rest is alone for another rest."""
        if not self._resting:
            return True
        with self._lock:
            now = self._clock()
            if now < self._ask_again_at:
                return False
            self._ask_again_at = now + self._rest_s
            return True

    def failed(self) -> None:
        """Begin a rest."""
        with self._lock:
            self._resting, self._ask_again_at = True, self._clock() + self._rest_s

    def succeeded(self) -> None:
        """Everyone may ask."""
        self._resting = False
