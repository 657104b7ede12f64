"""The page that plays the EHR: patient list, chart, cards, and what was exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, render_template, request

from cds_rules import assess, assessment_to_dict
from service.demo.markdown import to_html
from service.demo.orders import CHOICES, drafts_of
from service.demo.patient_list import PatientList, arranged
from service.demo.patients import DemoPatient, resources_of
from service.demo.store import FhirStore
from service.errors import ServiceError
from service.fhir.site_map import SiteMap
from service.fhir.to_timeline import to_timeline
from service.trials.snapshot import TrialSource

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_MAX_QUERY = 100
_MAX_TEXTS = 100
_MAX_CHARACTERS = 500_000


def create_ehr_blueprint(
    store: FhirStore, patients: Sequence[DemoPatient], site_map: SiteMap, trials: TrialSource
) -> Blueprint:
    """The pages, to be mounted at /demo. They call the FHIR server at /fhir and the services discovered."""
    ehr = _Ehr(store, arranged(patients), site_map, trials)
    blueprint = Blueprint(
        "ehr", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
    )
    blueprint.after_request(_with_headers)
    blueprint.add_url_rule("/", "index", ehr.index, strict_slashes=False)
    blueprint.add_url_rule("/patient/<patient_id>", "patient", ehr.patient)
    blueprint.add_url_rule("/assessment/<patient_id>", "assessment", ehr.assessment)
    blueprint.add_url_rule("/patients", "patients", ehr.matching)
    blueprint.add_url_rule("/orders/<patient_id>", "orders", ehr.orders)
    blueprint.add_url_rule("/render", "render", _render, methods=["POST"])
    return blueprint


@dataclass(frozen=True)
class _Ehr:
    store: FhirStore
    listed: PatientList
    site_map: SiteMap
    trials: TrialSource

    def index(self) -> str:
        return self._page(None)

    def patient(self, patient_id: str) -> str | tuple[str, int]:
        chosen = self._find(patient_id)
        return self._page(chosen) if chosen else (self._page(None, unknown=True), 404)

    def assessment(self, patient_id: str) -> Response:
        """The Assessment of the stored chart, on the day asked for, else the day it is told on."""
        chosen = self._find(patient_id)
        if chosen is None:
            raise ServiceError(404, "not-found", "There is no such patient.")
        resources = tuple(resources_of(self.store, patient_id))
        timeline = to_timeline(resources, patient_id, site_map=self.site_map)
        return _json(
            assessment_to_dict(
                assess(timeline, _day(request.args.get("on"), chosen), trial_set=self.trials.current())
            )
        )

    def matching(self) -> Response:
        """{"patients": [id, ...]}: those that a search of the list finds."""
        return _json({"patients": [p.id for p in self.listed.find(_query())]})

    def orders(self, patient_id: str) -> Response:
        """What order entry can draft for a patient: a resource by the key of each choice."""
        if self._find(patient_id) is None:
            raise ServiceError(404, "not-found", "There is no such patient.")
        return _json(drafts_of(patient_id))

    def _find(self, patient_id: str) -> DemoPatient | None:
        return next((p for p in self.listed.patients if p.id == patient_id), None)

    def _page(self, chosen: DemoPatient | None, *, unknown: bool = False) -> str:
        found = self.listed.find(_query())
        return render_template(
            "ehr.html",
            total=len(self.listed.patients),
            found=len(found),
            query=_query(),
            groups=self.listed.groups(found),
            starts=self.listed.starts,
            start=self.listed.start_of(chosen.id) if chosen else None,
            group=self.listed.group_of[chosen.id] if chosen else None,
            choices=CHOICES,
            pages=_pages_of(chosen.id) if chosen else (),
            chosen=chosen,
            unknown=unknown,
            story=to_html(chosen.story) if chosen else "",
            background=to_html(chosen.background) if chosen else "",
            today=_today().isoformat(),
        )


def _query() -> str:
    return request.args.get("q", "").strip()[:_MAX_QUERY]


def _pages_of(patient_id: str) -> tuple[tuple[str, str], ...]:
    """Further pages about a patient that this application has: address and label."""
    wanted = ((f"/demo/patient/{patient_id}/assessment", "Assessment page"),)
    known = current_app.url_map.bind("")
    return tuple((address, label) for address, label in wanted if known.test(address, "GET"))


def _render() -> Response:
    """{"markdown": [text, ...]} to {"html": [text, ...]}, for the details of cards."""
    body = request.get_json()
    texts = body.get("markdown") if isinstance(body, dict) else None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ServiceError(400, "structure", "Expected an object with a list of texts.")
    if len(texts) > _MAX_TEXTS or sum(map(len, texts)) > _MAX_CHARACTERS:
        raise ServiceError(413, "too-long", "These texts are longer than the page needs.")
    return _json({"html": [to_html(text) for text in texts]})


def _day(text: str | None, chosen: DemoPatient) -> date:
    if text is None:
        return chosen.chart_day or _today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ServiceError(400, "value", "Expected a day as YYYY-MM-DD.") from None


def _today() -> date:
    # The day that the hook answers with.
    return datetime.now(UTC).date()


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), content_type="application/json")


def _with_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response
