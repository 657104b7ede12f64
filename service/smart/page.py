"""The app's page for one patient: the record is read with the session's token, assessed, and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from flask import Response, request

from cds_rules import assess
from service.cards.build import Pages
from service.config.smart import SmartIssuer
from service.fhir.client import FhirAccess
from service.hooks.chart import MUST_HAVE, ChartReader
from service.page import Shown, respond
from service.smart.errors import Fault, SmartError
from service.smart.patient_name import name_of
from service.smart.sessions import Session
from service.trials.snapshot import TrialSource

FORM = "form"
"""The field with which a form of the page shows that it is one."""


@dataclass(frozen=True, slots=True)
class AppPage:
    """`today`: the day of assessment for a patient id; `notice`: a line over the page, of a demonstration."""

    charts: ChartReader
    pages: Pages
    today: Callable[[str], date]
    trials: TrialSource
    frame_ancestors: str
    notice: str | None = None

    def of(self, session: Session, issuer: SmartIssuer, form: str, handle: str) -> Response:
        """The page, or for a POST what follows from what is supposed; the record is read anew each time.

        SmartError EXPIRED if the token was not accepted, INCOMPLETE without the diagnoses.
        """
        timeline, record = self.charts.fetched(FhirAccess(session.fhir, session.access), session.patient)
        if MUST_HAVE in record.unanswered:
            raise SmartError(Fault.EXPIRED if record.token_refused else Fault.INCOMPLETE)
        here = f"{self.pages.base}/smart/app/{handle}"
        shown = Shown(
            action=here,
            pages=self.pages,
            static=f"{self.pages.base}/assessment/static",
            source=issuer.name,
            read_at=datetime.now(UTC),
            name=name_of(record.resources, session.patient),
            notice=self.notice,
            hidden={FORM: form},
            sign_out=f"{here}/end",
            user=session.user,
            frame_ancestors=self.frame_ancestors,
        )
        on = self.today(session.patient)
        assessment = assess(timeline, on, trial_set=self.trials.current())
        response = respond(request, timeline, assessment, shown)
        # Stricter than the page's own: its forms are known by a field, and need no Origin.
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
