"""What became of cards, as a client reports it: read tolerantly where the standard leaves room.

``userComment`` is free text and may say anything about a patient: it stays out of ``repr``, errors and logs.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from service.wire.request import MAX_NAME, MAX_URL, Optionally, WireModel, wrong_form
from service.wire.response import OutModel

MAX_FEEDBACK = 1000
"""Outcomes accepted in one request."""
MAX_SUGGESTIONS = 100
MAX_COMMENT = 100_000
"""Longest comment accepted, in characters; what is kept of it is a setting."""

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(\.\d{1,9})?(?:([Zz])|([+-]\d\d):?(\d\d))", re.ASCII
)
_LEAP_SECOND = "60"


def _instant(value: Any) -> datetime:
    """An RFC 3339 time in UTC: with a zone, or nobody could tell when it was."""
    said = _TIME.fullmatch(value) if isinstance(value, str) else None
    if said is None:
        raise wrong_form("a time with a zone (RFC 3339)")
    day, minute, second, fraction, zulu, hours, minutes = said.groups()
    second = "59" if second == _LEAP_SECOND else second
    zone = "+00:00" if zulu else f"{hours}:{minutes}"
    try:
        return datetime.fromisoformat(f"{day}T{minute}:{second}{(fraction or '')[:7]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong_form("a time with a zone (RFC 3339)") from None


def _uuid(value: Any) -> Any:
    """Clients write a uuid in capitals, or as a URN."""
    return value.strip().lower().removeprefix("urn:uuid:") if isinstance(value, str) else value


def _storable(value: Any) -> Any:
    """Without what no database takes: NUL, and halves of a character."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


Instant = Annotated[datetime, BeforeValidator(_instant)]
CardUuid = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"), BeforeValidator(_uuid)
]
Visible = StringConstraints(pattern=r"^[^\p{C}]+$", max_length=MAX_NAME)
Code = Annotated[str, Visible]
System = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=MAX_URL)]


class OverrideCoding(WireModel):
    """The reason chosen; ``display`` is not read, ``system`` may lack. CDS Hooks 2.0.1, OverrideReason."""

    code: Code
    system: Annotated[System | None, Optionally] = None


class OverrideReason(WireModel):
    """Why a card was overridden, chosen or in the user's words. CDS Hooks 2.0.1, OverrideReason."""

    reason: Annotated[OverrideCoding | None, Optionally] = None
    userComment: Annotated[
        str | None, StringConstraints(max_length=MAX_COMMENT), BeforeValidator(_storable), Optionally
    ] = Field(default=None, repr=False)


class AcceptedSuggestion(WireModel):
    """A suggestion that was followed. CDS Hooks 2.0.1, AcceptedSuggestion."""

    id: CardUuid


class Feedback(WireModel):
    """What became of one card, and when. CDS Hooks 2.0.1, Feedback."""

    card: CardUuid
    outcome: Literal["accepted", "overridden"]
    outcomeTimestamp: Instant
    acceptedSuggestions: Annotated[
        tuple[AcceptedSuggestion, ...] | None,
        Field(max_length=MAX_SUGGESTIONS, validate_default=True),
        Optionally,
    ] = None
    overrideReason: Annotated[OverrideReason | None, Optionally] = None

    @field_validator("acceptedSuggestions")
    @classmethod
    def _accepted_is_something(
        cls, given: tuple[AcceptedSuggestion, ...] | None, known: ValidationInfo
    ) -> tuple[AcceptedSuggestion, ...] | None:
        if given is None and known.data.get("outcome") == "accepted":
            raise PydanticCustomError("missing", "an accepted card names the suggestions accepted")
        return given


class FeedbackRequest(WireModel):
    """A batch of outcomes, of one hook instance or several, in any order. CDS Hooks 2.0.1, Feedback."""

    feedback: Annotated[tuple[Feedback, ...], Field(max_length=MAX_FEEDBACK)]


class FeedbackTaken(OutModel):
    """Our answer, which the standard leaves open: outcomes now on disk, and those that had been before."""

    stored: int
    repeated: int
