"""Run the survey over bundles or over a FHIR server, for `relapse-cds check`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from service.config import CA_FILE_VARIABLE
from service.fhir.ca_file import CaFileError, check_ca_file
from service.fhir.client import FhirAccess, FhirClient, Limits
from service.fhir.fetched import read_page
from service.fhir.prefetch import NEEDS
from service.fhir.site_map import SiteMap, SiteMapError, load_site_map
from service.inputs import read_inputs
from service.outgoing.reach import ANYWHERE
from service.survey import Survey
from service.survey_report import report, stub
from service.wire.request import split_http_url

TOKEN_VARIABLE = "RELAPSE_CDS_FHIR_TOKEN"  # noqa: S105 - the variable's name
_DEADLINE_S = 30.0


class CheckError(ValueError):
    """The survey cannot be made; the message says what to change."""


def run_check(
    paths: Sequence[str], server: str | None, patients: int, site: Path | None, stub_file: Path | None
) -> tuple[str, list[str]]:
    """The report, and a line for each input that could not be surveyed. CheckError if none can."""
    if bool(paths) == (server is not None):
        raise CheckError("give either bundles or --fhir with a server address")
    try:
        site_map = load_site_map(site) if site else SiteMap()
    except SiteMapError as error:
        raise CheckError(str(error)) from None
    survey = Survey(site_map)
    count, failed = _server(survey, server, patients) if server else _bundles(survey, paths)
    if stub_file is not None:
        stub_file.write_text(stub(survey, site_map.name or "Our hospital"), encoding="utf-8")
    return report(survey, count), failed


def _bundles(survey: Survey, paths: Sequence[str]) -> tuple[int, list[str]]:
    failed, count = [], 0
    for item in read_inputs(paths, sys.stdin.buffer):
        if item.bundle is None:
            failed.append(f"{item.name}: {item.problem}")
            continue
        count += 1
        for resource in read_page(item.bundle).resources:
            survey.add(resource, item.name)
    return count, failed


def _server(survey: Survey, server: str, patients: int) -> tuple[int, list[str]]:
    if split_http_url(server) is None:
        raise CheckError("--fhir expects an absolute http or https address")
    client = FhirClient(Limits(deadline_s=_DEADLINE_S), _ca_file(), ANYWHERE)
    access = FhirAccess(server.rstrip("/"), os.environ.get(TOKEN_VARIABLE))
    # One page is enough: more patients than asked for would only be thrown away.
    first = client.fetch(access, {"patients": f"Patient?_count={patients}"})["patients"]
    ids = [r["id"] for r in first.resources if r.get("resourceType") == "Patient" and _plain(r.get("id"))]
    if not ids:
        why = first.problem.text if first.problem else "it holds no patients"
        raise CheckError(f"no patients to survey: {why}")
    failed = []
    for patient in ids[:patients]:
        answers = client.fetch(access, {n.key: n.query(patient) for n in NEEDS if n.key != "patient"})
        for key, answer in answers.items():
            for resource in answer.resources:
                survey.add(resource, patient)
            if answer.problem is not None:
                failed.append(f"{key} of one patient: {answer.problem.text}")
    return len(ids[:patients]), sorted(set(failed))


def _ca_file() -> Path | None:
    """The setting of the service, read by itself: its other settings do not matter here."""
    given = os.environ.get(CA_FILE_VARIABLE)
    if given is None:
        return None
    try:
        check_ca_file(Path(given))
    except CaFileError as error:
        raise CheckError(f"{CA_FILE_VARIABLE}: {error}") from None
    return Path(given)


def _plain(value: object) -> bool:
    return isinstance(value, str) and value.replace("-", "").replace(".", "").isalnum()
