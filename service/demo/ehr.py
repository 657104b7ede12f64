"""The page that plays the EHR: patient list, chart, cards, and what was exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson
from flask import Blueprint, Response, render_template, request

from cds_rules import assess, assessment_to_dict
from service.demo.markdown import to_html
from service.demo.patients import DemoPatient, resources_of
from service.demo.store import FhirStore
from service.errors import ServiceError
from service.fhir.site_map import SiteMap
from service.fhir.to_timeline import to_timeline

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_MAX_TEXTS = 100
_MAX_CHARACTERS = 500_000


def create_ehr_blueprint(
    store: FhirStore, patients: Sequence[DemoPatient], site_map: SiteMap, service_id: str
) -> Blueprint:
    """The pages, to be mounted at /demo. They call the FHIR server at /fhir and the service `service_id`."""
    ehr = _Ehr(store, tuple(patients), site_map, service_id)
    blueprint = Blueprint(
        "ehr", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
    )
    blueprint.after_request(_with_headers)
    blueprint.add_url_rule("/", "index", ehr.index, strict_slashes=False)
    blueprint.add_url_rule("/patient/<patient_id>", "patient", ehr.patient)
    blueprint.add_url_rule("/assessment/<patient_id>", "assessment", ehr.assessment)
    blueprint.add_url_rule("/render", "render", _render, methods=["POST"])
    return blueprint


@dataclass(frozen=True)
class _Ehr:
    store: FhirStore
    patients: tuple[DemoPatient, ...]
    site_map: SiteMap
    service_id: str

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
        return _json(assessment_to_dict(assess(timeline, _day(request.args.get("on"), chosen))))

    def _find(self, patient_id: str) -> DemoPatient | None:
        return next((p for p in self.patients if p.id == patient_id), None)

    def _page(self, chosen: DemoPatient | None, *, unknown: bool = False) -> str:
        return render_template(
            "ehr.html",
            patients=self.patients,
            chosen=chosen,
            unknown=unknown,
            story=to_html(chosen.story) if chosen else "",
            background=to_html(chosen.background) if chosen else "",
            today=_today().isoformat(),
            service_id=self.service_id,
        )


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
