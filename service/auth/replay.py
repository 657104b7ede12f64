"""Each token once: refused when it comes again, at whichever worker."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from service.store.errors import StoreDown

MAX_REMEMBERED = 200_000
WhenDown = Literal["memory", "refuse"]


class UsedTokens(Protocol):
    """What all workers remember together. `service.store.replay.ReplayCache` is one."""

    def seen(self, issuer: str, jti: str, expires: datetime) -> bool:
        """Whether the token was given before; from now on it is. StoreDown if nobody can tell."""


class UncheckedError(Exception):
    """Nobody can tell whether the token was used before, and the settings say not to accept that."""


class ReplayGuard:
    """Asks the memory of this process, then the store.

    When the store is down: with `memory`, the tokens that this process has seen are refused and others
    accepted, since an advice that does not come can hurt more than one that is repeated to whoever caught
    a token within its minutes; `on_down` makes it visible. With `refuse`, nothing is accepted.
    """

    def __init__(self, used: UsedTokens, when_down: WhenDown, on_down: Callable[[], None]) -> None:
        self._used, self._when_down, self._on_down = used, when_down, on_down
        self._here: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def first_use(self, issuer: str, jti: str, expires: datetime) -> bool:
        """Whether this is the first time, noting it. UncheckedError if that cannot be told and must be."""
        if self._seen_here(issuer, jti, expires):
            return False
        try:
            return not self._used.seen(issuer, jti, expires)
        except StoreDown:
            self._on_down()
            if self._when_down == "refuse":
                with self._lock:
                    self._here.pop((issuer, jti), None)  # the caller may come again with it
                raise UncheckedError from None
            return True

    def _seen_here(self, issuer: str, jti: str, expires: datetime) -> bool:
        known, now = (issuer, jti), time.time()
        with self._lock:
            if self._here.get(known, 0) >= now:
                return True
            self._here[known] = expires.timestamp()
            while self._here and (next(iter(self._here.values())) < now or len(self._here) > MAX_REMEMBERED):
                self._here.popitem(last=False)
            return False
