"""How often one caller may call: a bound on what a broken client can take from the others."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from service.errors import ServiceError
from service.observing.notes import notes


def create_rate_limit(rate: str) -> Callable[[], None]:
    """Checks the request under way: ServiceError 429 with Retry-After when its caller has used up `rate`.

    `rate`: as "6000/minute". The caller is the issuer of its token, else the address it calls from. Each
    worker process counts for itself, in memory: a call need not wait for a store.
    """
    limit = parse(rate)
    limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def check() -> None:
        if request.method == "OPTIONS":
            return
        caller = notes().tenant or notes().issuer or request.remote_addr or ""
        if not limiter.hit(limit, caller):
            wait = max(1, round(limiter.get_window_stats(limit, caller).reset_time - time.time()))
            raise ServiceError(
                429,
                "throttled",
                "This caller has sent more requests than the service accepts.",
                headers={"Retry-After": str(wait)},
            )

    return check
