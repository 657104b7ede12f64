"""What the status, the headers or the failure of one request mean for a query."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import requests

from service.fhir.fetched import Problem
from service.outgoing.failure import Failure

PAUSE_S = 0.1
"""Wait before the first retry when the server does not name one; each further wait is twice as long."""
_RETRIED = frozenset({429, 502, 503, 504})
_BY_STATUS = {
    401: Problem.UNAUTHORIZED,
    403: Problem.FORBIDDEN,
    404: Problem.NOT_FOUND,
    410: Problem.NOT_FOUND,
    429: Problem.BUSY,
}
_BY_FAILURE = {
    Failure.ADDRESS: Problem.REFUSED_ADDRESS,
    Failure.UNREACHABLE: Problem.UNREACHABLE,
    Failure.LOST: Problem.UNREACHABLE,
    Failure.TOO_SLOW: Problem.TOO_SLOW,
    Failure.TOO_LARGE: Problem.TOO_LARGE,
    Failure.NOT_JSON: Problem.NOT_FHIR,
}
UNANSWERED = frozenset({Problem.UNREACHABLE, Problem.TOO_SLOW})
"""What a server that is down looks like."""


class Stop(Exception):  # noqa: N818
    """Ends a request. `pause`: seconds after which it may be repeated; None = it may not."""

    def __init__(self, problem: Problem, pause: float | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.pause = pause


def check_head(response: requests.Response) -> None:
    """Stop unless the status is 200 and the body may be FHIR JSON."""
    status = response.status_code
    if status != HTTPStatus.OK:
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        problem = _BY_STATUS.get(status, Problem.SERVER_ERROR if failed else Problem.HTTP_ERROR)
        raise Stop(problem, _pause(response) if status in _RETRIED else None)
    kind = response.headers.get("Content-Type", "json").partition(";")[0].lower()
    if "json" not in kind:
        raise Stop(Problem.NOT_FHIR)


def stop_of(failure: Failure) -> Stop:
    """The end of a request that had no answer; a lost connection may be tried again."""
    problem = _BY_FAILURE.get(failure, Problem.HTTP_ERROR)
    return Stop(problem, PAUSE_S if failure is Failure.LOST else None)


def _pause(response: requests.Response) -> float:
    """Seconds, from Retry-After as a number or a date."""
    after = response.headers.get("Retry-After", "").strip()
    try:
        if after.isdecimal():
            return int(after)
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return PAUSE_S
