"""The assessment page over the demonstration's charts, as the SMART app shows it after its launch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as ResponseBase

from cds_rules import assess
from service.cards.build import Pages
from service.demo.patients import DemoPatient, resources_of
from service.demo.store import FhirStore
from service.fhir.site_map import SiteMap
from service.fhir.to_timeline import to_timeline
from service.inputs import orders_of
from service.page import Shown, respond
from service.trials.snapshot import TrialSource

NOTICE = "Demonstration with synthetic patients. Not for care."


def create_assessment_blueprint(
    store: FhirStore,
    patients: Sequence[DemoPatient],
    site_map: SiteMap,
    pages: Pages,
    trials: TrialSource,
) -> Blueprint:
    """`/patient/<id>/assessment`, to be mounted at /demo; resources are opened at /fhir."""
    blueprint = Blueprint("demo_assessment", __name__)
    known = {p.id: p for p in patients}

    def page(patient_id: str) -> ResponseBase:
        chosen = known.get(patient_id)
        if chosen is None:
            return redirect(
                url_for("ehr.patient", patient_id=patient_id)
            )  # which says so, with the list beside
        resources = tuple(resources_of(store, patient_id))
        timeline = to_timeline(resources, patient_id, site_map=site_map)
        orders = orders_of({"entry": [{"resource": r} for r in resources]}, site_map)
        found = assess(timeline, _day(chosen), orders, trials.current())
        return respond(request, timeline, found, _shown(chosen, pages))

    blueprint.add_url_rule("/patient/<patient_id>/assessment", "page", page, methods=["GET", "POST"])
    return blueprint


def _shown(chosen: DemoPatient, pages: Pages) -> Shown:
    return Shown(
        action=url_for("demo_assessment.page", patient_id=chosen.id),
        pages=pages,
        static="/assessment/static",
        source="the demonstration's FHIR server",
        read_at=datetime.now(UTC),
        name=chosen.name,
        resources="/fhir",
        notice=NOTICE,
        back=("Demo EHR", url_for("ehr.patient", patient_id=chosen.id)),
    )


def _day(chosen: DemoPatient) -> date:
    return chosen.chart_day or datetime.now(UTC).date()
