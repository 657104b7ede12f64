"""Bodies that are no call are refused; of a chart that is wrong, the wrong part alone is not used."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import FIXTURES, SERVICE, Canned, CheckedClient, FhirStub, Json
from tests.service.conftest import CHART, SEARCHES, groups, hook_call, incomplete, open_parts, possible

HOSTILE = {path.stem: path for path in sorted(FIXTURES.glob("hostile/*.json"))}
_README = (FIXTURES / "hostile" / "README.md").read_text("utf-8")
KINDS = dict(re.findall(r"^\| `(\S+)\.json` \| ([^|]+?) \|", _README, re.MULTILINE))
KEY_OF = {
    "Observation": "laboratory",
    "Condition": "conditions",
    "CarePlan": "carePlans",
    "Procedure": "procedures",
    "MedicationAdministration": "medicationAdministrations",
    "MedicationStatement": "medicationStatements",
    "resource": "laboratory",
}
RESOURCES = [name for name, kind in KINDS.items() if kind in KEY_OF]
VALUES = [name for name, kind in KINDS.items() if kind == "prefetch value"]
PATIENTS = [name for name, kind in KINDS.items() if kind == "Patient"]
LEGITIMATE_BUNDLES = {"bundle-empty", "bundle-total-negative", "bundle-link-is-string"}
IN_DOUBT = {
    "resource-type-missing",
    "resource-type-is-list",
    "relapse-code-is-list",
    "relapse-body-site-string",
    "percent-over-100",
    "blasts-1e308",
}
"""Each might tell of a further relapse, could it be read: the schemes may not apply; the card says why."""


def hostile(name: str) -> str:
    """Stands for the file's own bytes, which `body_with` puts there: Python would write some otherwise."""
    return f"@{name}@"


def parsed(name: str) -> Any:
    return json.loads(HOSTILE[name].read_text("utf-8"))


def body_with(prefetch: object, **members: Any) -> bytes:
    """A request as bytes."""
    return with_files(json.dumps(hook_call(prefetch=prefetch, **members)))


def with_files(text: str) -> bytes:
    return re.sub(r'"@([a-z0-9-]+)@"', lambda m: HOSTILE[m[1]].read_text("utf-8"), text).encode()


def added(chart: Json, key: str, *resources: object) -> Json:
    changed: Json = json.loads(json.dumps(chart))
    changed[key].setdefault("entry", []).extend({"resource": resource} for resource in resources)
    if "total" in changed[key]:
        changed[key]["total"] += len(resources)
    return changed


# ---- bodies ---------------------------------------------------------------------------------

DEEP = 5_000
NO_JSON = {
    "empty": b"",
    "space": b"  ",
    "cut-short": b'{"hook": "patient-view", ',
    "comment": b'{"hook": "patient-view" /* why */}',
    "trailing-comma": b'{"hook": "patient-view",}',
    "nan": b'{"hook": NaN}',
    "two": b"{}{}",
    "form": b"hook=patient-view&hookInstance=1",
    "html": b"<html></html>",
    "latin-1": '{"hook": "ä"}'.encode("latin-1"),
    "zero-byte": b'{"hook": "a\x00b"}',
    "number-without-end": b'{"hook": ' + b"9" * 100_000 + b"}",
    "nan-behind-half-a-surrogate": b'{"hook": "\\ud83e", "x": NaN}',
    "gzip": b"\x1f\x8b\x08\x00\x00",
}
TOO_DEEP = {
    "deep-list": b"[" * DEEP + b"]" * DEEP,
    "deep-object": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep-open": b"[" * DEEP,
    "deep-behind-half-a-surrogate": b'{"hook": "\\ud83e", "x": ' + b"[" * DEEP + b"]" * DEEP + b"}",
}
NO_CALL = {
    "list": b"[]",
    "null": b"null",
    "number": b"7",
    "string": b'"patient-view"',
    "true": b"true",
    "object": b"{}",
    "utf-16": json.dumps({"hook": "patient-view"}).encode("utf-16"),
    "half-a-surrogate": b'{"hook": "\\ud83e"}',
}


@pytest.mark.parametrize("name", NO_JSON)
def test_a_body_that_is_no_json_is_refused(client: CheckedClient, name: str) -> None:
    answer = client.post(SERVICE, NO_JSON[name])
    assert (answer.status, answer.issue["details"]["text"]) == (400, "The request body is not JSON.")


@pytest.mark.parametrize("name", TOO_DEEP)
@pytest.mark.parametrize("path", [SERVICE, f"{SERVICE}/feedback", "/trials/match"])
def test_a_body_nested_beyond_any_use_is_refused_as_that(client: CheckedClient, name: str, path: str) -> None:
    answer = client.post(path, TOO_DEEP[name])
    said = "The request body is nested deeper than this service accepts."
    assert (answer.status, answer.issue["details"]["text"]) == (400, said)


@pytest.mark.parametrize("name", NO_CALL)
def test_json_that_is_no_call_is_refused(client: CheckedClient, name: str) -> None:
    answer = client.post(SERVICE, NO_CALL[name])
    assert (answer.status, answer.issue["details"]["text"]) == (400, "The request is no CDS Hooks call.")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
def test_a_body_that_is_not_called_json_is_refused(
    client: CheckedClient, chart: Json, content_type: str
) -> None:
    assert client.post(SERVICE, body_with(chart), content_type).status == 415


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "application/fhir+json"]
)
def test_json_under_any_of_its_names_is_read(
    client: CheckedClient, chart: Json, baseline: dict[str, str], content_type: str
) -> None:
    assert groups(client.post(SERVICE, body_with(chart), content_type)) == baseline


@pytest.mark.parametrize("key", ["patient", *SEARCHES])
def test_depth_inside_a_prefetched_resource_is_refused_too(
    client: CheckedClient, chart: Json, key: str
) -> None:
    deep = b'{"extension":[' * DEEP + b"{}" + b"]}" * DEEP
    body = body_with({**chart, key: "HERE"}).replace(b'"HERE"', deep)
    assert client.post(SERVICE, body).status == 400


@pytest.mark.parametrize("kind", ["Condition", "Observation", "Procedure", "CarePlan"])
@pytest.mark.parametrize(
    "member", ["extension", "code", "subject", "valueQuantity", "performedPeriod", "period"]
)
def test_depth_that_the_parser_lets_through_breaks_nothing(
    client: CheckedClient, chart: Json, baseline: dict[str, str], kind: str, member: str
) -> None:
    key = KEY_OF[kind]
    model = (
        copy.deepcopy(chart[key]["entry"][0]["resource"])
        if chart[key].get("entry")
        else {"resourceType": kind}
    )
    deep: Any = {}
    for _ in range(450):  # twice that in levels, below the parser's 1024
        deep = {"extension": [deep]}
    model |= {"id": "deep", member: [deep] if member == "extension" else deep}
    assert client.post(SERVICE, body_with(added(chart, key, model))).status == 200


def test_a_body_larger_than_allowed_is_refused_unread(
    make_client: Callable[..., CheckedClient], chart: Json
) -> None:
    body = body_with(chart)
    assert make_client(max_body_bytes=len(body)).post(SERVICE, body).status == 200
    answer = make_client(max_body_bytes=len(body) - 1).post(SERVICE, body)
    assert (answer.status, answer.issue["code"]) == (413, "too-long")


def test_names_as_long_as_the_body_allows_are_refused(client: CheckedClient, chart: Json) -> None:
    for member in ("hook", "hookInstance", "fhirServer"):
        request = hook_call(prefetch=chart, fhirServer="https://fhir.example") | {
            member: "https://x/" + "x" * 100_000
        }
        assert client.call(request).status == 400


def test_a_repeated_member_is_no_error(client: CheckedClient, chart: Json, baseline: dict[str, str]) -> None:
    body = body_with(chart).replace(b'{"hook":', b'{"hook": "other", "hook":', 1)
    assert groups(client.post(SERVICE, body)) == baseline


# ---- hostile charts -----------------------------------------------------------------------------


def test_every_hostile_file_is_tried() -> None:
    assert sorted([*RESOURCES, *VALUES, *PATIENTS]) == sorted(HOSTILE)


@pytest.mark.parametrize("first", [False, True], ids=["last", "first"])
@pytest.mark.parametrize("name", [name for name in RESOURCES if name not in IN_DOUBT])
def test_a_hostile_resource_leaves_the_groups_of_the_rest(
    client: CheckedClient, chart: Json, baseline: dict[str, str], name: str, first: bool
) -> None:
    key = KEY_OF[KINDS[name]]
    changed = added(chart, key, hostile(name))
    if first:
        changed[key]["entry"].reverse()
    assert groups(client.post(SERVICE, body_with(changed))) == baseline


@pytest.mark.parametrize("name", sorted(IN_DOUBT))
def test_what_cannot_be_read_puts_the_schemes_in_doubt_and_changes_no_group(
    client: CheckedClient, chart: Json, baseline: dict[str, str], name: str
) -> None:
    key = KEY_OF[KINDS[name]]
    answer = client.post(SERVICE, body_with(added(chart, key, hostile(name))))
    assert open_parts(answer) == {key} or f"hostile-{name}" in answer.cards[0]["detail"]
    found = groups(answer)
    assert {scheme: possible(said) for scheme, said in found.items()} == {
        scheme: possible(said) for scheme, said in baseline.items()
    }


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.parametrize("key", SEARCHES)
def test_a_hostile_resource_in_place_of_a_key_is_answered(
    client: CheckedClient, chart: Json, name: str, key: str
) -> None:
    answer = client.post(SERVICE, body_with({**chart, key: hostile(name)}))
    assert answer.status == (412 if key == "conditions" and KINDS[name] != "Condition" else 200)
    if answer.status == 200:
        assert open_parts(answer) >= {key}
        assert "relapse" in answer.cards[0]["summary"].lower()


def test_many_hostile_resources_at_once_leave_the_groups(
    client: CheckedClient, chart: Json, baseline: dict[str, str]
) -> None:
    changed = chart
    for name in RESOURCES:
        if name not in IN_DOUBT:
            changed = added(changed, KEY_OF[KINDS[name]], hostile(name))
    assert groups(client.post(SERVICE, body_with(changed))) == baseline


@pytest.mark.parametrize("key", [key for key in SEARCHES if key != "conditions"])
@pytest.mark.parametrize(
    "name",
    [n for n in VALUES if n not in LEGITIMATE_BUNDLES],
)
def test_a_hostile_prefetch_value_says_no_more_than_nothing(
    client: CheckedClient, chart: Json, name: str, key: str
) -> None:
    answer = client.post(SERVICE, body_with({**chart, key: hostile(name)}))
    absent = client.post(SERVICE, body_with({k: v for k, v in chart.items() if k != key}))
    assert groups(answer) == groups(absent) != {}
    assert open_parts(answer) == {key}


@pytest.mark.parametrize("key", [key for key in SEARCHES if key != "conditions"])
@pytest.mark.parametrize("name", sorted(LEGITIMATE_BUNDLES))
def test_an_odd_but_readable_empty_bundle_is_an_empty_bundle(
    client: CheckedClient, chart: Json, name: str, key: str
) -> None:
    answer = client.post(SERVICE, body_with({**chart, key: hostile(name)}))
    empty = {"resourceType": "Bundle", "type": "searchset"}
    assert answer.text == client.post(SERVICE, body_with({**chart, key: empty})).text


@pytest.mark.parametrize(
    "name",
    [n for n in VALUES if n not in LEGITIMATE_BUNDLES],
)
def test_a_hostile_value_for_the_conditions_is_never_read_as_no_leukemia(
    client: CheckedClient, chart: Json, name: str
) -> None:
    answer = client.post(SERVICE, body_with({**chart, "conditions": hostile(name)}))
    assert answer.status == 412 or incomplete(answer) is not None


@pytest.mark.parametrize("key", ["conditions", "laboratory", "procedures"])
@pytest.mark.parametrize(
    "name", [n for n in VALUES if n not in ("operation-outcome-broken", "bundle-of-bundles")]
)
def test_a_hostile_prefetch_value_is_made_good_by_the_fhir_server(
    client: CheckedClient, chart: Json, fhir: FhirStub, baseline: dict[str, str], name: str, key: str
) -> None:
    checked = {k for k in SEARCHES if not chart[k].get("entry")}  # an empty result is asked for once more
    answer = client.post(SERVICE, body_with({**chart, key: hostile(name)}, fhirServer=fhir.base))
    assert fhir.asked_keys() == checked | {key}
    assert groups(answer) == baseline


@pytest.mark.parametrize("name", ["blasts-overflow", "blasts-many-digits", "lone-surrogate"])
def test_an_odd_value_in_a_fetched_page_costs_its_resource_only(
    client: CheckedClient, chart: Json, fhir: FhirStub, baseline: dict[str, str], name: str
) -> None:
    page = json.dumps(added(chart, "laboratory", hostile(name))["laboratory"])
    fhir.answers["laboratory"] = Canned(body=with_files(page))
    assert groups(client.call(hook_call(fhirServer=fhir.base))) == baseline


@pytest.mark.parametrize("name", VALUES)
def test_a_hostile_value_in_place_of_the_whole_prefetch(client: CheckedClient, name: str) -> None:
    answer = client.post(SERVICE, body_with(hostile(name)))
    assert answer.status == (412 if isinstance(parsed(name), dict) else 400)


@pytest.mark.parametrize("name", PATIENTS)
def test_a_hostile_patient_tells_nothing_of_age_or_death(
    client: CheckedClient, chart: Json, name: str
) -> None:
    answer = client.post(SERVICE, body_with({**chart, "patient": hostile(name)}))
    detail = answer.cards[0]["detail"]
    if name == "patient-deceased-is-string":  # alive as far as one can tell, so that the advice stays
        assert answer.cards != []
    else:
        assert "Age at relapse" not in detail or "Age at relapse: **unknown**" in detail
    assert "years; -" not in detail


# ---- resources of others, and resources of no FHIR shape ----------------------------------------


def resources_of(chart: Json, key: str) -> list[Json]:
    return [entry["resource"] for entry in chart[key].get("entry", ())]


@pytest.mark.parametrize("key", SEARCHES)
def test_records_of_another_patient_are_not_used(
    client: CheckedClient, chart: Json, prefetch_of: Callable[[str], Json], key: str, baseline: dict[str, str]
) -> None:
    others = [
        r
        for name in ("hr2020-p3-t-all", "hr2020-p1-after-car-t")
        for r in resources_of(prefetch_of(name), key)
    ]
    answer = client.call(hook_call(prefetch=added(chart, key, *others)))
    mine = groups(answer)
    assert mine in ({}, baseline) or all(
        said.startswith(baseline[s].split(" ")[0]) for s, said in mine.items()
    )
    if mine != baseline:  # where silence would be an answer, the part is in doubt, and the card says so
        assert open_parts(answer) == {key}


@pytest.mark.parametrize(
    "subject", [{"reference": "Patient/other"}, {"reference": ""}, {}, None, [], "Patient/other", 7]
)
def test_a_record_whose_subject_is_not_this_patient_is_not_used(
    client: CheckedClient,
    chart: Json,
    prefetch_of: Callable[[str], Json],
    baseline: dict[str, str],
    subject: Any,
) -> None:
    after = resources_of(prefetch_of(f"{CHART}-after-block-1"), "laboratory")
    mrd = [r | {"subject": subject, "id": f"x-{r['id']}"} for r in after if "mrd-block-1" in r["id"]]
    assert mrd
    assert groups(client.call(hook_call(prefetch=added(chart, "laboratory", *mrd)))) == baseline


WRONG_VALUES: list[Any] = [None, 7, "x", [], {}, [None], {"a": {"b": []}}]


@pytest.mark.parametrize("value", WRONG_VALUES, ids=repr)
def test_any_member_of_any_resource_may_have_any_shape(
    client: CheckedClient, chart: Json, value: Any
) -> None:
    for key in ("patient", *SEARCHES):
        sample = [chart["patient"]] if key == "patient" else resources_of(chart, key)[:1]
        for resource in sample:
            for member in resource.keys() - {"resourceType"}:
                broken = copy.deepcopy(chart)
                target = (
                    broken["patient"]
                    if key == "patient"
                    else broken[key]["entry"][sample.index(resource)]["resource"]
                )
                target[member] = value
                answer = client.post(SERVICE, body_with(broken))
                assert answer.status == 200, (key, member)
