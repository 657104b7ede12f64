"""The feedback endpoint of a service: what clinicians did with its cards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from flask import Blueprint, Response
from pydantic import ValidationError

from service.body import json_body
from service.errors import ServiceError
from service.lenient_json import NotJsonError, loads
from service.observing.notes import notes
from service.store.errors import StoreDown
from service.store.feedback import FeedbackStore, Outcome
from service.store.quiet import DismissedCards
from service.wire.feedback import Feedback, FeedbackRequest, FeedbackTaken
from service.wire.request import constant_reason

JSON = "application/json"
LONGEST_COMMENT = 1000
"""Characters of a comment that are kept."""
_RETRY_AFTER_S = "5"

Comments = Literal["drop", "keep"]
Counted = Callable[[str, str], None]
"""Told of each new outcome: service, outcome."""


class FeedbackDesk:
    """Takes feedback for all services."""

    def __init__(
        self, store: FeedbackStore, dismissed: DismissedCards, comments: Comments, counted: Counted
    ) -> None:
        self._store = store
        self._dismissed = dismissed
        self._comments = comments
        self._counted = counted

    def take(self, sent: FeedbackRequest, service: str, issuer: str, tenant: str | None) -> FeedbackTaken:
        """Keep a batch, all of it or none: how many outcomes are new, how many were known.

        ServiceError 503 with Retry-After if it cannot be kept: nothing is acknowledged that is not on disk.
        """
        outcomes = [self._outcome(said, service, issuer, tenant) for said in sent.feedback]
        try:
            new = self._store.keep(outcomes, datetime.now(UTC))
        except StoreDown:
            raise ServiceError(
                503,
                "transient",
                "The feedback could not be stored. Please send it again.",
                headers={"Retry-After": _RETRY_AFTER_S},
            ) from None
        if new:
            self._dismissed.look_again()
        for outcome in new:
            self._counted(service, outcome.outcome)
        return FeedbackTaken(stored=len(new), repeated=len(outcomes) - len(new))

    def _outcome(self, said: Feedback, service: str, issuer: str, tenant: str | None) -> Outcome:
        why = said.overrideReason
        comment = why.userComment if why else None
        return Outcome(
            issuer=issuer,
            tenant=tenant,
            service=service,
            card=said.card,
            outcome=said.outcome,
            outcome_at=said.outcomeTimestamp,
            suggestions=tuple(s.id for s in said.acceptedSuggestions or ()),
            reason_system=why.reason.system if why and why.reason else None,
            reason_code=why.reason.code if why and why.reason else None,
            commented=comment is not None,
            comment=comment[:LONGEST_COMMENT] if comment and self._comments == "keep" else None,
        )


def add_feedback(blueprint: Blueprint, service: str, desk: FeedbackDesk) -> None:
    """`POST /{service}/feedback`."""

    def take() -> Response:
        noted = notes()
        noted.feedback = service
        sent = read_feedback(json_body())
        taken = desk.take(sent, service, noted.issuer or "", noted.tenant)
        return Response(orjson.dumps(taken.to_json_dict()), content_type=JSON)

    blueprint.add_url_rule(f"/{service}/feedback", f"{service}-feedback", take, methods=["POST"])


def read_feedback(body: bytes) -> FeedbackRequest:
    """The batch, checked. ServiceError 400 says where it is wrong, never what it held."""
    try:
        content: Any = loads(body)
    except NotJsonError as error:
        raise ServiceError(400, "structure", error.said) from None
    try:
        return FeedbackRequest.model_validate(content)
    except ValidationError as error:
        reason = constant_reason(error)
        raise ServiceError(400, "structure", "The request is no CDS Hooks feedback.", reason) from None
