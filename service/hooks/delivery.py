"""The last step before cards are sent: whose they are, and which their reader has asked not to see again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from service.cards.build import escape
from service.observing.notes import ShownCard, notes
from service.pseudonyms import Pseudonyms
from service.store.quiet import DismissedCards
from service.wire.request import PatientViewContext
from service.wire.response import Card, CdsResponse, Service

NEVER_QUIET = frozenset({"record-incomplete", "order-unread"})
"""They speak of this call and not of the patient: what could not be read this time."""


@dataclass(frozen=True, slots=True)
class QuietTimes:
    """How long a dismissed card stays away: `chart`, one on a patient's state; `order`, a check of an order.

    An order is an act: another one, tomorrow, is another act, even if its draft has the same id.
    """

    chart: timedelta
    order: timedelta

    def of(self, service: Service) -> timedelta:
        """The time for the cards of a service."""
        return self.chart if service.hook == "patient-view" else self.order

    @property
    def longest(self) -> timedelta:
        """After which no dismissal matters."""
        return max(self.chart, self.order)


class Delivery:
    """Sends cards.

    The uuid on the wire is made for one reader, patient and service from the uuid of the facts: feedback does
    not say who gives it, so this ties a dismissal to the one who dismissed. Nobody else's card goes quiet.
    """

    def __init__(
        self, pseudonyms: Pseudonyms, dismissed: DismissedCards, times: QuietTimes, zone: tzinfo
    ) -> None:
        self._pseudonyms = pseudonyms
        self._dismissed = dismissed
        self._times = times
        self._zone = zone

    def response(
        self, service: Service, context: PatientViewContext, cards: Sequence[Card]
    ) -> dict[str, Any]:
        """These cards but for the quiet ones, as JSON-ready data; noted for log, metrics and audit."""
        noted = notes()
        noted.user, noted.patient = context.userId, context.patientId
        whose = (service.id, noted.caller, context.userId, context.patientId)
        own = [card.model_copy(update={"uuid": self._pseudonyms.card(*whose, card.uuid)}) for card in cards]
        quiet = self._quiet(service, noted.caller, own)
        shown = tuple(card for card in own if card.uuid not in quiet)
        noted.cards.extend(map(_noted, shown))
        if quiet:
            noted.quiet.extend(_noted(card) for card in own if card.uuid in quiet)
            shown = self._with_note(shown, [(card, quiet[card.uuid]) for card in own if card.uuid in quiet])
        return CdsResponse(cards=shown).to_json_dict()

    def _quiet(self, service: Service, caller: str, cards: Sequence[Card]) -> dict[str, datetime]:
        """Card -> until when it stays quiet."""
        may = [
            card.uuid for card in cards if card.indicator != "critical" and _topic(card) not in NEVER_QUIET
        ]
        span = self._times.of(service)
        if not may or not span:
            return {}
        now = datetime.now(UTC)
        until = {card: when + span for card, when in self._dismissed.when(caller, may).items()}
        return {card: end for card, end in until.items() if now < end}

    def _with_note(self, shown: tuple[Card, ...], quiet: Sequence[tuple[Card, datetime]]) -> tuple[Card, ...]:
        """Says on the first card what is not shown. When all were dismissed there is none to say it on."""
        if not shown:
            return ()
        lines = [
            f"- until {end.astimezone(self._zone):%Y-%m-%d %H:%M}: {escape(card.summary)}"
            for card, end in quiet
        ]
        note = "\n".join(["", "**Dismissed by you, and quiet while nothing changes**", "", *lines])
        return (shown[0].model_copy(update={"detail": f"{shown[0].detail}\n{note}"}), *shown[1:])


def _topic(card: Card) -> str:
    return card.source.topic.code if card.source.topic else ""


def _noted(card: Card) -> ShownCard:
    return ShownCard(card.uuid, _topic(card), card.indicator, card.rules)
