"""POST /trials/match, and /getClinicalTrial for front ends of the open clinical-trial-matching service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
from flask import Blueprint, Response

from cds_rules import assess
from cds_rules.trials.match import TrialSet
from service.body import json_body
from service.errors import FHIR_JSON, ServiceError
from service.fhir.to_timeline import RecordReader
from service.inputs import InputError, record_of
from service.lenient_json import NotJsonError, loads
from service.trials.request import read_wanted
from service.trials.searchset import searchset
from service.trials.snapshot import TrialSource


def create_trials_blueprint(
    reader: RecordReader, today: Callable[[str], date], trials: TrialSource
) -> Blueprint:
    """Both addresses take a Bundle of one patient's resources, with a Parameters resource or without."""
    blueprint = Blueprint("trials", __name__)

    def match() -> Response:
        found = answer(json_body(FHIR_JSON), reader, today, trials.current())
        return Response(orjson.dumps(found), content_type=FHIR_JSON)

    blueprint.add_url_rule("/trials/match", "match", match, methods=["POST"])
    blueprint.add_url_rule("/getClinicalTrial", "alias", match, methods=["POST"])
    return blueprint


def answer(
    body: bytes, reader: RecordReader, today: Callable[[str], date], trial_set: TrialSet | None
) -> dict[str, Any]:
    """The searchset for the one patient of a Bundle. ServiceError 400 for what cannot be used."""
    try:
        bundle: Any = loads(body)
    except NotJsonError as error:
        raise ServiceError(400, "structure", error.said) from None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise ServiceError(400, "structure", "The request body is no FHIR Bundle.")
    wanted = read_wanted(bundle)
    try:
        record = record_of(bundle)
    except InputError:
        raise ServiceError(400, "required", "The Bundle must hold exactly one Patient, with an id.") from None
    timeline = reader.timeline(record.resources, record.patient_id, missing=record.missing)
    return searchset(assess(timeline, today(record.patient_id), trial_set=trial_set), wanted)
