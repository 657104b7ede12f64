"""The registry over HTTP: pages of studies, with retries, a rate and bounds in time and size.

Besides the FHIR client the only module that calls others; used by the command line, never by a call of an
EHR. No patient's datum is ever part of a request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from service.config.trials import TrialSettings
from service.lenient_json import NotJsonError, loads
from service.version import program_version

MOST_BYTES = 200_000_000
"""Of one page, after decompression."""
_CHUNK = 1 << 16
_CONNECT_S = 10.0
_LONGEST_PAUSE_S = 120
_RETRIED = (429, 500, 502, 503, 504)


class RegistryError(Exception):
    """The registry did not give what was asked for; says why in constant words."""


class BadPageError(RegistryError):
    """It refused the request as such (400): a page token, for one, that it no longer knows."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `next_token` None: the last one. `total`: of all pages, on the first one only."""

    studies: tuple[Any, ...]
    next_token: str | None
    total: int | None


class RegistryClient:
    """One session. Not to be shared between threads."""

    def __init__(
        self,
        settings: TrialSettings,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = settings.trials_registry_url
        self._timeouts = (
            min(_CONNECT_S, settings.trials_registry_timeout_s),
            settings.trials_registry_timeout_s,
        )
        self._pause = 60.0 / settings.trials_registry_per_minute
        self._sleep, self._clock = sleep, clock
        self._next = 0.0
        self._session = _session(settings.trials_registry_retries)

    def page(self, query: Mapping[str, str], token: str | None) -> Page:
        """A page of `GET /studies`. RegistryError if it cannot be had; retried before that."""
        self._wait()
        asked = {**query, **({"pageToken": token} if token else {"countTotal": "true"})}
        try:
            with self._session.get(
                f"{self._base}/studies",
                params=asked,
                timeout=self._timeouts,
                stream=True,
                allow_redirects=False,
            ) as answer:
                return _page(_body(answer))
        except requests.RequestException as error:
            raise RegistryError(f"the registry could not be reached ({type(error).__name__})") from None

    def _wait(self) -> None:
        """So many requests in a minute, and no more."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._pause

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()


def _session(retries: int) -> requests.Session:
    session = requests.Session()
    retry = Retry(
        total=retries,
        backoff_factor=1.0,
        backoff_jitter=0.5,
        backoff_max=60,
        status_forcelist=_RETRIED,
        allowed_methods=("GET",),
        raise_on_status=False,
        respect_retry_after_header=True,
        retry_after_max=_LONGEST_PAUSE_S,
    )
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    session.headers["User-Agent"] = f"relapse-cds/{program_version()}"
    session.headers["Accept"] = "application/json"
    return session


def _body(answer: requests.Response) -> bytes:
    if answer.status_code == HTTPStatus.BAD_REQUEST:
        raise BadPageError("the registry refused the request (400)")
    if answer.status_code != HTTPStatus.OK:
        raise RegistryError(f"the registry answered {answer.status_code}")
    body = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        body += chunk
        if len(body) > MOST_BYTES:
            raise RegistryError(f"a page is larger than {MOST_BYTES // 1_000_000} MB")
    return bytes(body)


def _page(body: bytes) -> Page:
    try:
        value = loads(body)
    except NotJsonError:
        raise RegistryError("the registry's answer is not JSON, or was cut off") from None
    studies = value.get("studies") if isinstance(value, dict) else None
    if not isinstance(studies, list):
        raise RegistryError("the registry's answer is no page of API v2")
    token, total = value.get("nextPageToken"), value.get("totalCount")
    if not (token is None or (isinstance(token, str) and token)):
        raise RegistryError("the registry's answer is no page of API v2")
    return Page(tuple(studies), token, total if isinstance(total, int) else None)
