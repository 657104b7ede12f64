"""An embedded, read-only FHIR R4 server for the demo, open to all: for synthetic patients only.

Who brings an access token of its authorization server (`auth/`) is held to what the token permits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import HTTPException

from service.demo.auth.bearer import BearerCheck
from service.demo.auth.setup import DemoAuth
from service.demo.search import PAGE_PARAMETER, Known, Parameter, Query, SearchError, parse_query, run
from service.demo.store import PATIENT_ELEMENTS, FhirStore, Resource

FHIR_JSON: Final = "application/fhir+json"
# Clients often leave the "+" unescaped, and it arrives as a space.
_FORMATS = frozenset({"json", "application/json", FHIR_JSON, FHIR_JSON.replace("+", " ")})
_FORM = "application/x-www-form-urlencoded"
_ANY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_IGNORED = "A parameter that is not supported here was ignored; the self link shows what was used."
_REFUSED = "A parameter is not supported here."
_NO_AUTHORIZATION = (
    "Open to read without a token: every resource is synthetic. A token given is checked (SMART App Launch)."
)
_SMART = {"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}


def _token(*elements: str) -> Parameter:
    return Parameter("token", elements)


def _date(*elements: str) -> Parameter:
    return Parameter("date", elements)


_COMMON = {"_id": _token("id"), "_lastUpdated": _date("meta.lastUpdated")}
_PATIENT = {"patient": Parameter("reference", PATIENT_ELEMENTS)}
_SUBJECT = _PATIENT | {"subject": Parameter("reference", ("subject",))}
_STATUS = {"status": _token("status")}
_CODE = {"code": _token("code")}
_CATEGORY = {"category": _token("category")}
_INTENT = {"intent": _token("intent")}
_CLINICAL = {"clinical-status": _token("clinicalStatus"), "verification-status": _token("verificationStatus")}
_MEDICATION = {"code": _token("medicationCodeableConcept", "medicationReference")}
_ONSET = {"onset-date": _date("onsetDateTime", "onsetPeriod"), "recorded-date": _date("recordedDate")}
_AUTHORED = _date("authoredOn")
_PERFORMED = _date("performedDateTime", "performedPeriod")
_EFFECTIVE = _date("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming.event")

_PARAMETERS: Mapping[str, Known] = {
    "AllergyIntolerance": _PATIENT | _CODE | _CATEGORY | _CLINICAL | {"date": _date("recordedDate")},
    "CarePlan": _SUBJECT | _CATEGORY | _STATUS | _INTENT | {"date": _date("period")},
    "Condition": _SUBJECT | _CODE | _CATEGORY | _CLINICAL | _ONSET,
    "DiagnosticReport": _SUBJECT | _CODE | _CATEGORY | _STATUS | {"date": _EFFECTIVE},
    "Encounter": _SUBJECT | _STATUS | {"date": _date("period")},
    "EpisodeOfCare": _PATIENT | _STATUS | {"type": _token("type"), "date": _date("period")},
    "Medication": _CODE | _STATUS,
    "MedicationAdministration": _SUBJECT | _MEDICATION | _STATUS | {"effective-time": _EFFECTIVE},
    "MedicationRequest": _SUBJECT | _MEDICATION | _CATEGORY | _STATUS | _INTENT | {"authoredon": _AUTHORED},
    "MedicationStatement": _SUBJECT | _MEDICATION | _CATEGORY | _STATUS | {"effective": _EFFECTIVE},
    "Observation": _SUBJECT | _CODE | _CATEGORY | _STATUS | {"date": _EFFECTIVE},
    "Patient": {"identifier": _token("identifier"), "birthdate": _date("birthDate")},
    "Procedure": _SUBJECT | _CODE | _CATEGORY | _STATUS | {"date": _PERFORMED},
    "ServiceRequest": _SUBJECT | _CODE | _CATEGORY | _STATUS | _INTENT | {"authored": _AUTHORED},
}


def create_fhir_blueprint(store: FhirStore, auth: DemoAuth | None = None) -> Blueprint:
    """Return the server as a blueprint, to be mounted at any prefix (for instance /fhir).

    With `auth` it has an authorization server, which must know the same address.
    """
    types = sorted({*_PARAMETERS, *store.types})
    # Types beyond the table, if the store holds any, can at least be searched by patient.
    server = _Server(store, {t: {**_COMMON, **_PARAMETERS.get(t, _PATIENT)} for t in types})
    capability = _capability_statement(server.known)
    blueprint = Blueprint("fhir", __name__, template_folder="templates")
    if auth is not None:
        blueprint.before_request(_held_to_token(auth.bearer))
    blueprint.before_request(_refuse_other_formats)
    blueprint.after_request(_never_stored)
    blueprint.register_error_handler(HTTPException, _http_error)
    blueprint.add_url_rule("/metadata", "metadata", lambda: _reply(capability))
    if auth is not None:
        auth.endpoints.add_to(blueprint)
    blueprint.add_url_rule("/<resource_type>", "search", server.search)
    blueprint.add_url_rule("/<resource_type>/_search", "search_form", server.search, methods=["POST"])
    blueprint.add_url_rule("/<resource_type>/<resource_id>", "read", server.read)
    # Last, so that what no rule above took still gets an OperationOutcome and not the application's page.
    blueprint.add_url_rule("/", "base", _no_such_interaction, methods=_ANY_METHOD, strict_slashes=False)
    blueprint.add_url_rule("/<path:rest>", "rest", _no_such_interaction, methods=_ANY_METHOD)
    return blueprint


@dataclass(frozen=True)
class _Server:
    store: FhirStore
    known: Mapping[str, Known]
    """The filters of each served type."""

    def read(self, resource_type: str, resource_id: str) -> Response:
        if resource_type not in self.known:
            return _error(404, "not-supported", "This resource type is not served here.")
        resource = self.store.read(resource_type, resource_id)
        if resource is None:
            return _error(404, "not-found", "There is no such resource.")
        return _with_version(_reply(resource), resource.get("meta"))

    def search(self, resource_type: str) -> Response:
        known = self.known.get(resource_type)
        if known is None:
            return _error(404, "not-supported", "This resource type is not served here.")
        unread = request.mimetype != _FORM and (request.mimetype or request.get_data())
        if request.method == "POST" and unread:
            # An unread form would be a search without filters, which answers with every patient's records.
            return _error(415, "not-supported", "A search by POST must carry a form.")
        pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
        try:
            query = parse_query(pairs, known)
        except SearchError as refused:
            return _error(400, "invalid", str(refused))
        if query.ignored and re.search(r"\bhandling=strict\b", request.headers.get("Prefer", "")):
            return _error(400, "not-supported", _REFUSED)
        return _reply(_searchset(resource_type, query, run(resource_type, query, known, self.store)))


def _searchset(resource_type: str, query: Query, matches: Sequence[Resource]) -> Resource:
    page = () if query.count_only else matches[query.offset : query.offset + query.count]
    here = f"{_base()}/{resource_type}"
    entries: list[Resource] = [
        {"fullUrl": f"{here}/{r['id']}", "resource": r, "search": {"mode": "match"}} for r in page
    ]
    if query.ignored:
        warning = _outcome("warning", "not-supported", _IGNORED)
        entries.append({"resource": warning, "search": {"mode": "outcome"}})
    offsets = {"self": query.offset}
    if not query.count_only and query.offset + query.count < len(matches):
        offsets["next"] = query.offset + query.count
    if not query.count_only and query.offset > 0:
        offsets["previous"] = max(0, query.offset - query.count)
    links = [{"relation": name, "url": _page_url(here, query, at)} for name, at in offsets.items()]
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(matches), "link": links}
    return bundle | ({"entry": entries} if entries else {})


def _page_url(here: str, query: Query, offset: int) -> str:
    pairs = [*query.used, *([(PAGE_PARAMETER, str(offset))] if offset else [])]
    return f"{here}?{urlencode(pairs)}" if pairs else here


def _base() -> str:
    """Return the address of this server as the client wrote it, without a final slash."""
    return url_for(".metadata", _external=True).removesuffix("/metadata")


def _reply(payload: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(payload), status, content_type=FHIR_JSON)


def _outcome(severity: str, code: str, text: str) -> Resource:
    issue = {"severity": severity, "code": code, "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _error(status: int, code: str, text: str) -> Response:
    return _reply(_outcome("error", code, text), status)


def _with_version(response: Response, meta: object) -> Response:
    """Add ETag and Last-Modified from `Resource.meta`, as far as it has them in usable form."""
    fields = meta if isinstance(meta, dict) else {}
    version = fields.get("versionId")
    if isinstance(version, str) and re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", version):
        response.set_etag(version, weak=True)
    try:
        updated = datetime.fromisoformat(str(fields.get("lastUpdated")))
    except ValueError:
        return response
    if updated.tzinfo:
        response.last_modified = updated.astimezone(UTC)
    return response


def _refuse_other_formats() -> Response | None:
    if all(value in _FORMATS for value in request.values.getlist("_format")):
        return None
    return _error(406, "not-supported", "Only JSON is served here.")


def _never_stored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _http_error(error: HTTPException) -> Response:
    # The text is constant: werkzeug's own may quote the request.
    return _error(error.code or 500, "processing", "The request could not be processed.")


def _no_such_interaction(rest: str = "") -> Response:
    if request.method in ("GET", "HEAD"):
        return _error(404, "not-supported", "There is nothing at this address.")
    response = _error(405, "not-supported", "This server is read-only.")
    response.headers["Allow"] = "POST" if rest.endswith("/_search") else "GET, HEAD, OPTIONS"
    return response


def _held_to_token(bearer: BearerCheck) -> Callable[[], Response | None]:
    def check() -> Response | None:
        path = request.path.removeprefix(urlsplit(_base()).path)
        fault = bearer.fault(request, path)
        if fault is None:
            return None
        status, text = fault
        response = _error(status, "login" if status == HTTPStatus.UNAUTHORIZED else "forbidden", text)
        if status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return response

    return check


def _capability_statement(known: Mapping[str, Known]) -> Resource:
    """Return the CapabilityStatement. Raises pydantic.ValidationError if it is not a valid one."""
    statement: Resource = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": "instance",
        "implementation": {"description": "Demo server: read-only, synthetic patients."},
        "fhirVersion": "4.0.1",
        "format": ["json", FHIR_JSON],
        "rest": [
            {
                "mode": "server",
                "security": {"service": [{"coding": [_SMART]}], "description": _NO_AUTHORIZATION},
                "resource": [
                    {
                        "type": resource_type,
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "versioning": "no-version",
                        "searchParam": [{"name": name, "type": p.kind} for name, p in parameters.items()],
                    }
                    for resource_type, parameters in known.items()
                ],
            }
        ],
    }
    CapabilityStatement.model_validate(statement)
    return statement
