"""Calls to authorization servers: no redirects, no proxies, no cookies; bounded in size and time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests
import urllib3

from service.lenient_json import NotJsonError, loads

_MAX_BYTES = 500_000
_CHUNK = 65_536


class CallError(Exception):
    """No answer could be had; the text is constant."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever the status. The body may hold a token."""

    status: int
    body: bytes = field(repr=False)

    def json_object(self) -> dict[str, Any] | None:
        """The body if it is a JSON object."""
        try:
            content: object = loads(self.body)
        except NotJsonError:
            return None
        return content if isinstance(content, dict) else None


class Caller:
    """May be shared by all threads of a process. `ca_file`: authorities to trust, not the public ones."""

    def __init__(self, deadline_s: float, ca_file: Path | None = None) -> None:
        self._deadline_s = deadline_s
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(ca_file) if ca_file is not None else True
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get(self, url: str) -> Answer:
        """GET for JSON. CallError if there is no answer."""
        return self._call("GET", url, {"Accept": "application/json"}, None)

    def post(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """POST of a form. CallError if there is no answer."""
        return self._call("POST", url, headers, body)

    def _call(self, method: str, url: str, headers: Mapping[str, str], body: str | None) -> Answer:
        ends = time.monotonic() + self._deadline_s
        try:
            with self._session.request(
                method, url, headers=dict(headers), data=body, timeout=self._deadline_s, stream=True,
                allow_redirects=False,
            ) as response:  # fmt: skip
                return Answer(response.status_code, _body(response, ends))
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
            # Their texts hold the address, and the address may hold a secret.
            raise CallError("no answer from the authorization server") from None


def _body(response: requests.Response, ends: float) -> bytes:
    found = bytearray()
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        found += chunk
        if len(found) > _MAX_BYTES:
            raise CallError("the answer of the authorization server is too large")
        if time.monotonic() > ends:
            raise CallError("the authorization server is too slow")
    return bytes(found)
