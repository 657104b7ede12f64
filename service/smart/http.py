"""Calls to authorization servers, by the rules for all calls of this service (`service.outgoing`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from service.outgoing.client import OutgoingClient
from service.outgoing.failure import Failure, OutgoingError

_MAX_BYTES = 500_000
_REFUSALS = frozenset(range(400, 500))
"""Statuses with which a token endpoint says what is wrong."""


class CallError(Exception):
    """No answer could be had; the text is constant."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer. `status` is 0 where another one than those expected, or no JSON, came back."""

    status: int
    content: Any = field(default=None, repr=False)
    """It may hold a token."""

    @property
    def object(self) -> dict[str, Any] | None:
        """The content if it is a JSON object."""
        return self.content if isinstance(self.content, dict) else None


class Caller:
    """Threads may share it. `deadline_s`: for each answer."""

    def __init__(self, client: OutgoingClient, deadline_s: float) -> None:
        self._client = client
        self._deadline_s = deadline_s

    def get(self, url: str) -> Answer:
        """GET for JSON. CallError if there is no answer at all."""
        return self._call(url)

    def post(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """POST of a form, given as its body. CallError if there is no answer at all."""
        return self._call(url, headers, dict(parse_qsl(body, keep_blank_values=True)))

    def _call(
        self, url: str, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> Answer:
        try:
            found = self._client.json(
                url,
                form=form,
                headers=headers or {},
                also=frozenset() if form is None else _REFUSALS,
                timeout_s=self._deadline_s,
                max_bytes=_MAX_BYTES,
            )
        except OutgoingError as error:
            if error.failure in (Failure.STATUS, Failure.NOT_JSON):
                return Answer(0)
            raise CallError("no answer from the authorization server") from None
        return Answer(found.status, found.content)
