"""order-select and order-sign: checks of draft orders against the relapse model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_rules import check_orders
from cds_rules.treatment.order_parts import parts_of
from cds_rules.treatment.orders import checks_of
from service.cards.build import Pages
from service.cards.orders import order_cards, others_card, unread_card
from service.fhir.orders import Drafts, read_drafts
from service.fhir.prefetch import TEMPLATES
from service.hooks.chart import ChartReader, context_of
from service.hooks.delivery import Delivery
from service.wire.request import HookRequest, OrderSelectContext, OrderSignContext
from service.wire.response import Service

_WHAT = (
    "Checks draft orders of patients with acute lymphoblastic leukemia against the published sources: "
    "antigen before antigen-directed drugs, collection and infusion of CAR-T cells, label criteria, "
    "combinations that the sources warn of. Silent for every other order. Proposes no drug and no dose."
)
_NEEDS = (
    "Reads the drafts in the context first; the record is used only if one of them is an order that is "
    "checked, and only the parts that its checks need: Patient and Condition (required then), Observation, "
    "DiagnosticReport, Procedure, CarePlan, EpisodeOfCare and the medication resources."
)

ORDER_SELECT = Service(
    id="relapsed-all-order-select",
    hook="order-select",
    title="Relapsed ALL: checks of an order being chosen",
    description=_WHAT,
    prefetch=TEMPLATES,
    usageRequirements=_NEEDS,
)
ORDER_SIGN = Service(
    id="relapsed-all-order-sign",
    hook="order-sign",
    title="Relapsed ALL: checks of orders being signed",
    description=_WHAT,
    prefetch=TEMPLATES,
    usageRequirements=_NEEDS,
)


@dataclass(frozen=True, slots=True)
class OrderChecks:
    """The checks on one of the two order hooks."""

    charts: ChartReader
    pages: Pages
    delivery: Delivery
    service: Service

    def answer(self, request: HookRequest, today: Callable[[str], date]) -> dict[str, Any]:
        """The cards as JSON-ready data. ServiceError 400 for the context, 412 if the record cannot be had.

        The record is looked at only when a draft is an order that some check is about, and only those
        parts of it that the checks need.
        """
        context, drafts = self._drafts(request)
        patient = context.patientId
        cards = (*unread_card(drafts.unread, self.pages), *others_card(drafts.of_others, self.pages))
        checks = checks_of(drafts.orders)
        if checks:
            timeline = self.charts.timeline(request, patient, parts_of(checks))
            cards += order_cards(check_orders(timeline, today(patient), drafts.orders), self.pages)
        return self.delivery.response(self.service, context, cards)

    def _drafts(self, request: HookRequest) -> tuple[OrderSignContext, Drafts]:
        lexicon = self.charts.lexicon
        if self.service is ORDER_SELECT:
            chosen = context_of(request, OrderSelectContext)
            return chosen, read_drafts(chosen.draftOrders, chosen.selections, lexicon, chosen.patientId)
        signed = context_of(request, OrderSignContext)
        return signed, read_drafts(signed.draftOrders, None, lexicon, signed.patientId)
