"""The states of a prefetch key: checklist 25 to 29, with and without a FHIR server to ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from service.fhir.prefetch import NEEDS
from tests.conftest import Canned, CheckedClient, FhirStub, Json
from tests.service.conftest import CHART, PARTS, SEARCHES, groups, hook_call, incomplete, open_parts

KEYS = ["patient", *SEARCHES]
OPTIONAL = [key for key in KEYS if key != "conditions"]
REMOVED = object()

OUTCOME: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
ELSEWHERE = "https://elsewhere.example/fhir/page2"


def searchset(*resources: Any, **members: Any) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": r} for r in resources],
        **members,
    }


def next_link(url: str = ELSEWHERE) -> list[Json]:
    return [{"relation": "next", "url": url}]


UNUSABLE: dict[str, Any] = {
    "absent": REMOVED,
    "null": None,
    "list": [],
    "list-of-resources": [{"resourceType": "Patient", "id": CHART}],
    "string": "Patient/x",
    "empty-string": "",
    "number": 7,
    "true": True,
    "empty-object": {},
    "no-type": {"id": "x"},
    "other-type": {"resourceType": "Basic", "id": "x"},
    "list-entry-is-text": {"resourceType": "Bundle", "type": "searchset", "entry": ["x"]},
    "entry-is-object": {"resourceType": "Bundle", "type": "searchset", "entry": {"resource": {}}},
}
"""Values that answer nothing: each is as if the key were absent."""

PARTIAL: dict[str, Callable[[Json], Json]] = {
    "paged": lambda bundle: {**bundle, "link": next_link()},
    "paged-without-address": lambda bundle: {**bundle, "link": [{"relation": "next"}]},
    "total-greater": lambda bundle: {**bundle, "total": len(bundle.get("entry", ())) + 1},
    "outcome-entry": lambda bundle: {**bundle, "entry": [*bundle.get("entry", ()), {"resource": OUTCOME}]},
    "null-entry": lambda bundle: {**bundle, "entry": [*bundle.get("entry", ()), None]},
}
"""Bundles that are not the whole answer, though all that is there is true."""


def changed(prefetch: Json, key: str, value: object) -> Json:
    return {k: v for k, v in prefetch.items() if k != key} | ({} if value is REMOVED else {key: value})


@pytest.fixture
def without(client: CheckedClient, chart: Json) -> Callable[[str], dict[str, str]]:
    """Key -> the groups when that key is absent and cannot be fetched."""
    return lambda key: groups(client.call(hook_call(prefetch=changed(chart, key, REMOVED))))


# ---- without a FHIR server ----------------------------------------------------------------------


@pytest.mark.parametrize("key", OPTIONAL)
@pytest.mark.parametrize("name", UNUSABLE)
def test_c26_c27a_c27b_what_a_key_does_not_answer_is_named_and_the_rest_is_used(
    client: CheckedClient, chart: Json, without: Callable[[str], dict[str, str]], key: str, name: str
) -> None:
    answer = client.call(hook_call(prefetch=changed(chart, key, UNUSABLE[name])))
    assert open_parts(answer) == {key}
    assert PARTS[key] in (incomplete(answer) or {})["summary"]
    assert groups(answer) == without(key) != {}


@pytest.mark.parametrize("key", OPTIONAL)
def test_c27c_an_outcome_in_place_of_a_key_is_an_error_and_no_empty_result(
    client: CheckedClient, chart: Json, without: Callable[[str], dict[str, str]], key: str
) -> None:
    answer = client.call(hook_call(prefetch=changed(chart, key, OUTCOME)))
    assert open_parts(answer) == {key}
    assert "reported an error" in (incomplete(answer) or {})["detail"]
    assert groups(answer) == without(key)


@pytest.mark.parametrize("key", [key for key in SEARCHES if key != "conditions"])
@pytest.mark.parametrize("name", PARTIAL)
def test_c27c_c27e_a_part_of_an_answer_is_not_read_as_the_whole(
    client: CheckedClient, chart: Json, key: str, name: str
) -> None:
    answer = client.call(hook_call(prefetch=changed(chart, key, PARTIAL[name](chart[key]))))
    assert open_parts(answer) == {key}


@pytest.mark.parametrize("name", PARTIAL)
def test_c27e_conditions_that_are_not_all_there_are_named(
    client: CheckedClient, chart: Json, name: str
) -> None:
    answer = client.call(hook_call(prefetch=changed(chart, "conditions", PARTIAL[name](chart["conditions"]))))
    assert open_parts(answer) == {"conditions"}
    assert "relapse" in answer.cards[0]["summary"].lower()


def test_c27e_a_relapse_among_conditions_that_are_not_all_there_is_still_a_relapse(
    client: CheckedClient, chart: Json, baseline: dict[str, str]
) -> None:
    answer = client.call(
        hook_call(prefetch=changed(chart, "conditions", PARTIAL["paged"](chart["conditions"])))
    )
    assert groups(answer).keys() == baseline.keys()


def test_c27c_an_entry_that_says_records_are_withheld_is_not_passed_over(
    client: CheckedClient, chart: Json
) -> None:
    issue = {"severity": "warning", "code": "suppressed", "diagnostics": "some results are withheld"}
    entries = [
        *chart["procedures"].get("entry", ()),
        {"resource": {**OUTCOME, "issue": [issue]}, "search": {"mode": "outcome"}},
    ]
    answer = client.call(
        hook_call(prefetch=changed(chart, "procedures", {**chart["procedures"], "entry": entries}))
    )
    assert open_parts(answer) == {"procedures"}


def test_c27c_a_warning_that_withholds_nothing_changes_nothing(
    client: CheckedClient, chart: Json, baseline: dict[str, str]
) -> None:
    issue = {"severity": "information", "code": "informational", "diagnostics": "answered from a replica"}
    entries = [
        *chart["laboratory"]["entry"],
        {"resource": {**OUTCOME, "issue": [issue]}, "search": {"mode": "outcome"}},
    ]
    answer = client.call(
        hook_call(prefetch=changed(chart, "laboratory", {**chart["laboratory"], "entry": entries}))
    )
    assert (open_parts(answer), groups(answer)) == (set(), baseline)


def test_c25_reports_are_asked_for_by_few_sections_and_their_absence_moves_no_group(
    client: CheckedClient, chart: Json, baseline: dict[str, str]
) -> None:
    """What is only told in words settles nothing, so nothing that was settled opens."""
    (need,) = [need for need in NEEDS if need.key == "reports"]
    assert need.template.startswith("DiagnosticReport?patient={{context.patientId}}&category=LAB,")
    assert len(need.template) < 140
    answer = client.call(hook_call(prefetch=changed(chart, "reports", REMOVED)))
    assert (open_parts(answer), groups(answer)) == ({"reports"}, baseline)


def test_c27d_read_and_searchsets_are_the_whole_record(
    client: CheckedClient, chart: Json, baseline: dict[str, str]
) -> None:
    answer = client.call(hook_call(prefetch=chart))
    assert (open_parts(answer), groups(answer)) == (set(), baseline)


def test_c27d_a_bundle_around_the_patient_is_understood(
    client: CheckedClient, chart: Json, baseline: dict[str, str]
) -> None:
    answer = client.call(hook_call(prefetch=changed(chart, "patient", searchset(chart["patient"]))))
    assert (open_parts(answer), groups(answer)) == (set(), baseline)


def test_c27b_an_empty_bundle_is_believed_only_because_nobody_can_be_asked(
    client: CheckedClient, chart: Json
) -> None:
    for empty in (searchset(), searchset(total=0), {"resourceType": "Bundle", "type": "searchset"}):
        answer = client.call(hook_call(prefetch=changed(chart, "procedures", empty)))
        assert open_parts(answer) == set()


def test_c27b_an_empty_bundle_in_place_of_the_patient_is_no_patient(
    client: CheckedClient, chart: Json
) -> None:
    answer = client.call(hook_call(prefetch=changed(chart, "patient", searchset())))
    assert open_parts(answer) == {"patient"}


@pytest.mark.parametrize("name", UNUSABLE)
def test_c28_without_the_conditions_the_answer_is_412_and_names_the_key(
    client: CheckedClient, chart: Json, name: str
) -> None:
    answer = client.call(hook_call(prefetch=changed(chart, "conditions", UNUSABLE[name])))
    assert (answer.status, answer.issue["code"]) == (412, "incomplete")
    assert answer.issue["diagnostics"] == "Prefetch keys without an answer: conditions"


def test_c28_without_any_prefetch_the_412_names_every_key(client: CheckedClient) -> None:
    for prefetch in ({}, {"weather": None}):
        answer = client.call(hook_call(prefetch=prefetch))
        assert answer.status == 412
        assert answer.issue["diagnostics"] == f"Prefetch keys without an answer: {', '.join(KEYS)}"


@pytest.mark.parametrize("prefetch", [[], "x", 7, True])
def test_c15_c27_a_prefetch_that_is_no_object_is_refused(client: CheckedClient, prefetch: Any) -> None:
    answer = client.call(hook_call(prefetch=prefetch))
    assert (answer.status, answer.issue["diagnostics"]) == (400, "prefetch has the wrong type")


@pytest.mark.parametrize("key", SEARCHES)
def test_c26_one_resource_in_place_of_a_search_is_at_best_a_part(
    client: CheckedClient, chart: Json, key: str
) -> None:
    first = next((entry["resource"] for entry in chart[key].get("entry", ())), None)
    if first is None:  # this chart has none of that type: any will do
        kind = next(need.type for need in NEEDS if need.key == key)
        first = {"resourceType": kind, "id": "x", "subject": {"reference": f"Patient/{CHART}"}}
        chart[key] = searchset()
    answer = client.call(hook_call(prefetch=changed(chart, key, first)))
    assert open_parts(answer) == {key}


def test_c26_a_searchset_of_another_type_does_not_answer_for_the_conditions(
    client: CheckedClient, chart: Json
) -> None:
    answer = client.call(hook_call(prefetch=changed(chart, "conditions", chart["laboratory"])))
    assert answer.status == 412 or incomplete(answer) is not None


def absolute(chart: Json, base: str) -> Json:
    """The chart with every reference to its patient written as an address."""
    changed: Json = json.loads(json.dumps(chart).replace(f'"Patient/{CHART}"', f'"{base}/Patient/{CHART}"'))
    return changed


def test_c26_addresses_of_the_patient_on_the_server_of_the_call_are_understood(
    client: CheckedClient, chart: Json, baseline: dict[str, str]
) -> None:
    base = "http://127.0.0.1:9/fhir"  # nothing listens there, and nothing has to be fetched
    assert groups(client.call(hook_call(fhirServer=base, prefetch=absolute(chart, base)))) == baseline


def test_c26_addresses_of_a_server_that_was_not_named_are_not_passed_over_in_silence(
    client: CheckedClient, chart: Json
) -> None:
    answer = client.call(hook_call(prefetch=absolute(chart, "https://ehr.example/fhir")))
    assert answer.cards != []


# ---- with a FHIR server -------------------------------------------------------------------------


def test_c26_nothing_is_fetched_when_everything_was_sent(
    client: CheckedClient, prefetch_of: Callable[[str], Json], fhir: FhirStub
) -> None:
    filled = {
        key: value
        for key, value in prefetch_of("busy-chart").items()
        if key == "patient" or value.get("entry")
    }
    client.call(hook_call("busy-chart", fhirServer=fhir.base, prefetch=filled))
    assert fhir.asked_keys() == set(KEYS) - filled.keys()


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", UNUSABLE)
def test_c26_c27a_c27b_what_is_missing_is_fetched_and_nothing_else(
    client: CheckedClient, chart: Json, fhir: FhirStub, baseline: dict[str, str], key: str, name: str
) -> None:
    checked = {k for k in SEARCHES if not chart[k].get("entry")}  # an empty result is asked for once more
    answer = client.call(hook_call(fhirServer=fhir.base, prefetch=changed(chart, key, UNUSABLE[name])))
    assert fhir.asked_keys() == checked | {key}
    assert (open_parts(answer), groups(answer)) == (set(), baseline)


@pytest.mark.parametrize("key", SEARCHES)
def test_c27b_an_empty_bundle_is_not_believed_where_it_can_be_checked(
    client: CheckedClient, chart: Json, fhir: FhirStub, baseline: dict[str, str], key: str
) -> None:
    answer = client.call(hook_call(fhirServer=fhir.base, prefetch=changed(chart, key, searchset(total=0))))
    assert key in fhir.asked_keys()
    assert groups(answer) == baseline


def test_c27b_everything_sent_as_null_is_fetched(
    client: CheckedClient, fhir: FhirStub, baseline: dict[str, str]
) -> None:
    answer = client.call(hook_call(fhirServer=fhir.base, prefetch=dict.fromkeys(KEYS)))
    assert fhir.asked_keys() == set(KEYS)
    assert len(fhir.asked) == len(KEYS)
    assert (open_parts(answer), groups(answer)) == (set(), baseline)


@pytest.mark.parametrize("key", OPTIONAL)
def test_c27c_an_outcome_saves_a_second_query(
    client: CheckedClient, chart: Json, fhir: FhirStub, key: str
) -> None:
    answer = client.call(hook_call(fhirServer=fhir.base, prefetch=changed(chart, key, OUTCOME)))
    assert key not in fhir.asked_keys()
    assert open_parts(answer) == {key}


@pytest.mark.parametrize("name", ["paged", "paged-without-address", "total-greater", "null-entry"])
@pytest.mark.parametrize("key", ["conditions", "laboratory", "carePlans"])
def test_c27e_a_part_of_an_answer_is_completed(
    client: CheckedClient, chart: Json, fhir: FhirStub, baseline: dict[str, str], key: str, name: str
) -> None:
    cut = {**chart[key], "entry": chart[key]["entry"][:1]}
    if name == "total-greater":
        cut["total"] = len(chart[key]["entry"]) + 1
    cut = PARTIAL[name](cut)
    answer = client.call(hook_call(fhirServer=fhir.base, prefetch=changed(chart, key, cut)))
    assert (open_parts(answer), groups(answer)) == (set(), baseline)


def test_c26_a_bare_bundle_is_no_answer_and_all_is_fetched(
    client: CheckedClient, fhir: FhirStub, load_request: Callable[..., Json]
) -> None:
    answer = client.call(load_request("bare-bundle", server=fhir.base))
    assert fhir.asked_keys() == set(KEYS)
    assert open_parts(answer) == set()


def test_c26_a_prefetched_patient_of_another_id_is_fetched_again(
    client: CheckedClient,
    chart: Json,
    fhir: FhirStub,
    prefetch_of: Callable[[str], Json],
    baseline: dict[str, str],
) -> None:
    other = prefetch_of("child-aml")["patient"]
    answer = client.call(hook_call(fhirServer=fhir.base, prefetch=changed(chart, "patient", other)))
    assert "patient" in fhir.asked_keys()
    assert groups(answer) == baseline


def test_c28_a_server_that_lacks_the_conditions_gives_412_and_names_the_key(
    client: CheckedClient, chart: Json, fhir: FhirStub
) -> None:
    fhir.answers["conditions"] = Canned(403)
    answer = client.call(hook_call(fhirServer=fhir.base, prefetch=changed(chart, "conditions", None)))
    assert (answer.status, answer.issue["diagnostics"]) == (
        412,
        "Prefetch keys without an answer: conditions",
    )


def test_c25_nothing_is_fetched_for_a_patient_without_leukemia(
    client: CheckedClient, fhir: FhirStub, prefetch_of: Callable[[str], Json]
) -> None:
    conditions = prefetch_of("child-aml")["conditions"]
    answer = client.call(hook_call("child-aml", fhirServer=fhir.base, prefetch={"conditions": conditions}))
    assert (answer.body, fhir.asked) == ({"cards": []}, [])
