"""The app's page for one patient: the record is read with the session's token, assessed, and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flask import render_template

from cds_rules import assess
from service.cards import cards_for
from service.cards.build import Pages
from service.fhir.client import FhirAccess
from service.hooks.chart import MUST_HAVE, ChartReader
from service.report import card_text
from service.smart.banner import banner_of
from service.smart.errors import Fault, SmartError
from service.smart.sessions import Session
from service.trials.snapshot import TrialSource


@dataclass(frozen=True, slots=True)
class AppPage:
    """`today`: the day of assessment for a patient id."""

    charts: ChartReader
    pages: Pages
    today: Callable[[str], date]
    trials: TrialSource

    def of(self, session: Session, form: str, handle: str) -> str:
        """HTML. SmartError EXPIRED if the token was not accepted, INCOMPLETE without the diagnoses."""
        timeline, record = self.charts.fetched(FhirAccess(session.fhir, session.access), session.patient)
        if MUST_HAVE in record.unanswered:
            raise SmartError(Fault.EXPIRED if record.token_refused else Fault.INCOMPLETE)
        on = self.today(session.patient)
        assessment = assess(timeline, on, trial_set=self.trials.current())
        return render_template(
            "smart/app.html",
            banner=banner_of(record.resources, session.patient),
            cards=[card_text(card) for card in cards_for(assessment, self.pages)],
            silent=assessment.not_applicable_because or "nothing to say",
            on=on,
            user=session.user,
            until=int(session.until),
            form=form,
            handle=handle,
        )
