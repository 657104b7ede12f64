"""A trial registry on loopback that keeps to the rules of the ClinicalTrials.gov API v2, and made-up studies.

The rules are those of its published OpenAPI description: a parameter it does not know, a status or an
identifier of another form, an unknown field or a token it did not give are refused with 400 in plain text;
`pageSize` above 1000 is cut to 1000; every page is asked for with the parameters of the first.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

Json = dict[str, Any]

STATUSES = frozenset(
    """ACTIVE_NOT_RECRUITING APPROVED_FOR_MARKETING AVAILABLE COMPLETED ENROLLING_BY_INVITATION
    NO_LONGER_AVAILABLE NOT_YET_RECRUITING RECRUITING SUSPENDED TEMPORARILY_NOT_AVAILABLE TERMINATED UNKNOWN
    WITHDRAWN WITHHELD""".split()  # noqa: SIM905 - a table to be read
)
PARAMETERS = frozenset(
    """format markupFormat query.cond query.term query.locn query.titles query.intr query.outc query.spons
    query.lead query.id query.patient filter.overallStatus filter.geo filter.ids filter.advanced
    filter.synonyms postFilter.overallStatus postFilter.geo postFilter.ids postFilter.advanced
    postFilter.synonyms aggFilters geoDecay fields sort countTotal pageSize pageToken""".split()  # noqa: SIM905
)
PIECES = frozenset(
    """NCTId BriefTitle OfficialTitle Acronym OverallStatus StatusVerifiedDate LastUpdatePostDate WhyStopped
    StudyType Phase Condition Keyword InterventionName InterventionType EligibilityCriteria Sex MinimumAge
    MaximumAge StdAge LocationFacility LocationStatus LocationCity LocationState LocationZip LocationCountry
    LocationGeoPoint VersionHolder HasResults""".split()  # noqa: SIM905
)


ELIGIBILITY = "Inclusion Criteria:\n\n* CD22 expression\n\nExclusion Criteria:\n\n* Pregnancy"


def study(nct_id: str = "NCT90000001", /, **changed: Any) -> Json:
    """A study in the shape of API v2. `changed`: `status`, or a module by its name, merged into it."""
    protocol: Json = {
        "identificationModule": {
            "nctId": nct_id,
            "organization": {"fullName": "Made-up Children's Hospital", "class": "OTHER"},
            "briefTitle": "Made-up CD22 CAR-T Cells",
            "officialTitle": "A Made-up Phase 1/2 Study of CD22 CAR-T Cells in Relapsed B-ALL",
        },
        "statusModule": {
            "overallStatus": changed.pop("status", "RECRUITING"),
            "statusVerifiedDate": "2025-11",
            "lastUpdatePostDateStruct": {"date": "2025-11-12", "type": "ACTUAL"},
        },
        "conditionsModule": {"conditions": ["B-cell Acute Lymphoblastic Leukemia, Recurrent"]},
        "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE1", "PHASE2"]},
        "armsInterventionsModule": {"interventions": [{"type": "BIOLOGICAL", "name": "CD22 CAR-T cells"}]},
        "eligibilityModule": {
            "eligibilityCriteria": ELIGIBILITY,
            "healthyVolunteers": False,
            "sex": "ALL",
            "minimumAge": "1 Year",
            "maximumAge": "25 Years",
            "stdAges": ["CHILD", "ADULT"],
        },
        "contactsLocationsModule": {
            "centralContacts": [{"name": "Nobody", "phone": "000", "email": "nobody@trials.example"}],
            "locations": [
                {
                    "facility": "Made-up Children's Hospital",
                    "status": "RECRUITING",
                    "city": "Philadelphia",
                    "state": "Pennsylvania",
                    "zip": "19104",
                    "country": "United States",
                    "geoPoint": {"lat": 39.95238, "lon": -75.16362},
                },
                {"facility": "Made-up Hospital", "city": "Berlin", "zip": "13353", "country": "Germany"},
            ],
        },
    }
    for name, part in changed.items():
        protocol[name] = {**protocol[name], **part} if isinstance(part, dict) else part
    return {
        "protocolSection": protocol,
        "derivedSection": {"miscInfoModule": {"versionHolder": "2025-11-14"}},
        "hasResults": False,
    }


@dataclass
class Registry:
    """What the stub holds and what it was asked. `answers`: statuses to give first, with headers."""

    studies: list[Json] = field(default_factory=list)
    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    forget_tokens: bool = False
    cut: bool = False
    _tokens: dict[str, tuple[dict[str, str], int]] = field(default_factory=dict)

    def answer(self, request: Request) -> Response:
        """One call."""
        query = dict(request.args)
        self.asked.append(query)
        if self.answers:
            status, headers = self.answers.pop(0)
            return Response("busy", status, headers)
        if request.path != "/api/v2/studies" or request.method != "GET":
            return _text(HTTPStatus.NOT_FOUND, "not found")
        fault = _fault(query)
        if fault:
            return _text(HTTPStatus.BAD_REQUEST, fault)
        return self._page(query)

    def _page(self, query: dict[str, str]) -> Response:
        fixed = {k: v for k, v in query.items() if k not in ("countTotal", "pageSize", "pageToken")}
        at = 0
        token = query.get("pageToken")
        if token is not None:
            first, at = self._tokens.get(token, ({}, -1))
            if first != fixed or self.forget_tokens:
                self.forget_tokens = False
                return _text(HTTPStatus.BAD_REQUEST, "Incorrect format of `pageToken`")
        found = [s for s in self.studies if _fits(s, query)]
        size = min(int(query.get("pageSize") or 10) or 10, 1000)
        body: Json = {"studies": found[at : at + size]}
        if query.get("countTotal") == "true" and token is None:
            body["totalCount"] = len(found)
        if at + size < len(found):
            following = f"token-{len(self._tokens)}"
            self._tokens[following] = (fixed, at + size)
            body["nextPageToken"] = following
        text = json.dumps(body)
        return Response(text[: len(text) // 2] if self.cut else text, content_type="application/json")


def _text(status: HTTPStatus, text: str) -> Response:
    return Response(text, status, content_type="text/plain; charset=utf-8")


def _fault(query: dict[str, str]) -> str | None:
    unknown = sorted(set(query) - PARAMETERS)
    if unknown:
        return f"Unknown parameter: {unknown[0]}"
    for name in ("filter.overallStatus", "postFilter.overallStatus"):
        if wrong := [s for s in _listed(query.get(name)) if s not in STATUSES]:
            return f"Unknown value {wrong[0]} of `{name}`"
    if wrong := [s for s in _listed(query.get("filter.ids")) if not re.fullmatch(r"(NCT|nct)\d{8}", s)]:
        return f"Incorrect NCT number {wrong[0]}"
    if wrong := [s for s in _listed(query.get("fields")) if s not in PIECES]:
        return f"Unknown field {wrong[0]}"
    sized = query.get("pageSize", "10").isdigit()
    return None if sized and query.get("format", "json") in ("json", "csv") else "Incorrect value"


def _listed(text: str | None) -> list[str]:
    return [part for part in re.split(r"[|,]", text or "") if part]


def _fits(held: Json, query: dict[str, str]) -> bool:
    protocol = held.get("protocolSection", {})
    name = protocol.get("identificationModule", {}).get("nctId")
    ids, statuses = _listed(query.get("filter.ids")), _listed(query.get("filter.overallStatus"))
    if ids and name not in ids:
        return False
    if statuses and protocol.get("statusModule", {}).get("overallStatus") not in statuses:
        return False
    # Which conditions a search finds is the registry's own business: here, those that name leukemia.
    return "query.cond" not in query or "leukemia" in json.dumps(protocol.get("conditionsModule", {})).lower()


@contextmanager
def running(*studies: Json) -> Iterator[Registry]:
    """The stub on a free port of loopback."""
    registry = Registry(list(studies))
    server = make_server("127.0.0.1", 0, Request.application(registry.answer), threaded=True)
    registry.url = f"http://127.0.0.1:{server.server_port}/api/v2"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
