"""A refusal that the access token's scopes explain is explained on the card; no query is spared for them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Canned, CheckedClient, FhirStub, Json, LogLines
from tests.service.conftest import CHART, authorization, hook_call, incomplete, open_parts

V1 = "launch patient/Patient.read patient/Condition.read patient/Procedure.read"
V2 = "launch patient/Patient.rs patient/Condition.rs patient/Procedure.rs"
NOT_PERMITTED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
REFUSALS = [Canned(401), Canned(403), Canned(200, NOT_PERMITTED)]
NOT_INCLUDED = "The access token's scopes do not include reading Observation."


def card_of(client: CheckedClient, fhir: FhirStub, scope: str | None, key: str = "laboratory") -> str:
    """What the card says of a part that was refused; the scopes named in it go to no text and no log."""
    granted: dict[str, Any] = {"scope": scope} if scope is not None else {}
    authorized = authorization(**granted)
    if scope is None:
        del authorized["scope"]
    answer = client.call(hook_call(fhirServer=fhir.base, fhirAuthorization=authorized))
    assert open_parts(answer) == {key}
    card = incomplete(answer)
    assert card is not None
    return str(card["detail"])


@pytest.mark.parametrize("refusal", REFUSALS, ids=["401", "403", "outcome"])
@pytest.mark.parametrize("scope", [V1, V2])
def test_a_refusal_of_what_no_scope_names_says_so(
    client: CheckedClient, fhir: FhirStub, log: LogLines, refusal: Canned, scope: str
) -> None:
    fhir.answers["laboratory"] = refusal
    assert NOT_INCLUDED in card_of(client, fhir, scope)
    assert "patient/" not in "\n".join(log.lines)


@pytest.mark.parametrize(
    "scope",
    [None, "", "patient/*.read", "user/*.rs", "patient/Observation.read", "made-up:everything " + V1],
)
def test_a_refusal_that_scopes_do_not_explain_is_told_alone(
    client: CheckedClient, fhir: FhirStub, scope: str | None
) -> None:
    fhir.answers["laboratory"] = Canned(403)
    said = card_of(client, fhir, scope)
    assert "(403)" in said
    assert "scope" not in said


def test_a_restricted_scope_is_named_as_such(client: CheckedClient, fhir: FhirStub) -> None:
    fhir.answers["laboratory"] = Canned(403)
    said = card_of(client, fhir, f"{V2} patient/Observation.rs?category=vital-signs")
    assert "scopes include Observation only in part" in said
    assert "vital" not in said


@pytest.mark.parametrize("failure", [Canned(404), Canned(500), Canned(200, b"<html>", "text/html")])
def test_a_failure_that_is_no_refusal_is_not_laid_to_scopes(
    client: CheckedClient, fhir: FhirStub, failure: Canned
) -> None:
    fhir.answers["laboratory"] = failure
    assert "scope" not in card_of(client, fhir, V1)


def test_every_query_is_made_whatever_the_scopes_say(client: CheckedClient, fhir: FhirStub) -> None:
    call = hook_call(fhirServer=fhir.base, fhirAuthorization=authorization(scope="launch openid"))
    answer = client.call(call)
    assert (answer.status, open_parts(answer)) == (200, set())
    with_all = fhir.asked_keys()
    fhir.asked.clear()
    client.call(hook_call(fhirServer=fhir.base, fhirAuthorization=authorization()))
    assert with_all == fhir.asked_keys()


def test_conditions_that_no_scope_names_are_explained_in_the_refusal_of_the_call(
    client: CheckedClient, fhir: FhirStub
) -> None:
    fhir.answers["conditions"] = Canned(403)
    scope = "patient/Patient.rs patient/Observation.rs"
    call = hook_call(fhirServer=fhir.base, fhirAuthorization=authorization(scope=scope))
    answer = client.call(call)
    assert answer.status == 412
    assert answer.issue["diagnostics"] == (
        "Prefetch keys without an answer: conditions "
        "(The access token's scopes do not include reading Condition.)"
    )


def test_what_the_ehr_says_it_may_not_send_is_not_asked_for_again(
    client: CheckedClient, fhir: FhirStub, chart: Json
) -> None:
    call = hook_call(
        CHART,
        fhirServer=fhir.base,
        fhirAuthorization=authorization(scope=V1),
        prefetch={**chart, "laboratory": NOT_PERMITTED},
    )
    card = incomplete(client.call(call))
    assert "laboratory" not in fhir.asked_keys()
    assert card is not None
    assert "access to some or all of these records is not permitted" in card["detail"]
    assert NOT_INCLUDED in card["detail"]
