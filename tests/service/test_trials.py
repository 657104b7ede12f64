"""POST /trials/match and /getClinicalTrial: the searchset, its filters, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_rules.answer import Answer as Says
from cds_rules.trials.trial import CriterionAnswer, Grade, TrialMatch
from service.errors import ServiceError
from service.trials import searchset as said
from service.trials.searchset import MATCH_EXTENSION, score
from tests.conftest import FIXTURES, CheckedClient, Json, private_texts
from tests.unit.made_up_trials import CHART, ELIGIBLE, EXCLUDED, POSSIBLE, UNPHASED, use

ADDRESSES = ("/trials/match", "/getClinicalTrial")
ALL = ["NCT10000001", "GROUP-ref-5-90", "NCT10000002"]


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch)


def bundle_of(patient: str, **parameters: Any) -> Json:
    """The patient's resources, after a Parameters resource if there are parameters."""
    found: Json = json.loads((FIXTURES / "patients" / patient / "bundle.json").read_bytes())
    held = [{"name": name, "valueString": value} for name, value in parameters.items()]
    asked = [{"resource": {"resourceType": "Parameters", "parameter": held}}] if parameters else []
    return {**found, "entry": [*asked, *found["entry"]]}


def post(client: CheckedClient, body: object, path: str = ADDRESSES[0], **headers: str) -> Any:
    """The answer to a body; a searchset is checked against the FHIR models."""
    client.private.update(private_texts(body))
    sent = body if isinstance(body, bytes) else json.dumps(body)
    chosen = {"Content-Type": "application/fhir+json", **headers}
    answer = client.send("POST", path, data=sent, headers=chosen)
    if answer.status >= 400:
        return answer
    assert answer.headers["Content-Type"] == "application/fhir+json"
    found = json.loads(answer.text)
    get_fhir_model_class("Bundle").model_validate(found)
    assert (found["type"], found["total"]) == ("searchset", len(studies(found)))
    return found


def studies(found: Json) -> list[Json]:
    return [e for e in found.get("entry", []) if e["resource"]["resourceType"] == "ResearchStudy"]


def ids(found: Json) -> list[str]:
    return [e["resource"]["id"] for e in studies(found)]


def told(found: Json) -> list[str]:
    """The texts of the outcome; each is for information only."""
    outcomes = [e for e in found.get("entry", []) if e["search"]["mode"] == "outcome"]
    assert len(outcomes) <= 1
    issues = [issue for e in outcomes for issue in e["resource"]["issue"]]
    assert {issue["severity"] for issue in issues} <= {"information"}
    return [issue["details"]["text"] for issue in issues]


def asked(client: CheckedClient, **parameters: Any) -> Json:
    found: Json = post(client, bundle_of(CHART, **parameters))
    return found


# ---- the searchset -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ADDRESSES)
def test_trials_come_best_first_with_scores_and_without_the_excluded(
    client: CheckedClient, path: str
) -> None:
    found = post(client, bundle_of(CHART), path)
    assert ids(found) == ALL
    assert [e["search"]["score"] for e in studies(found)] == [1.0, 0.75, 0.67]
    assert {e["search"]["mode"] for e in studies(found)} == {"match"}
    assert len({e["fullUrl"] for e in studies(found)}) == len(ALL)
    assert EXCLUDED.id not in json.dumps(found)
    assert told(found) == [said.NOT_CHECKED]


def test_no_trial_is_active_in_the_words_of_fhir(client: CheckedClient) -> None:
    found = asked(client)
    assert [e["resource"].get("status") for e in studies(found)] == [None, None, "completed"]


def answers(entry: Json) -> tuple[str, list[dict[str, list[Any]]]]:
    """Grade and, for each criterion, the values by name."""
    (extension,) = entry["search"]["extension"]
    assert extension["url"] == MATCH_EXTENSION
    grade, *criteria = extension["extension"]
    listed = []
    for criterion in criteria:
        values: dict[str, list[Any]] = {}
        for part in criterion["extension"]:
            (value,) = (v for k, v in part.items() if k != "url")
            values.setdefault(part["url"], []).append(value)
        listed.append(values)
    return grade["valueCode"], listed


def test_every_criterion_is_answered_in_the_extension(client: CheckedClient) -> None:
    eligible, _, possible = (answers(e) for e in studies(asked(client)))
    assert eligible[0] == "eligible"
    assert [(c["text"], c["role"], c["answer"]) for c in eligible[1]] == [
        (["B-lineage relapse"], ["inclusion"], ["met"]),
        (["earlier transplant"], ["exclusion"], ["met"]),
    ]
    assert possible[0] == "possible"
    assert [c["answer"] for c in possible[1]] == [["met"], ["unknown"], ["unknown"]]
    assert all(c["because"] for c in possible[1])
    held = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in bundle_of(CHART)["entry"]}
    evidence = {r["reference"] for c in eligible[1] for r in c.get("evidence", [])}
    assert evidence
    assert evidence <= held


def match_with(*met: Says, grade: Grade = Grade.POSSIBLE) -> TrialMatch:
    criterion = POSSIBLE.criteria[0]
    return TrialMatch(POSSIBLE, grade, tuple(CriterionAnswer(criterion, m, (), None) for m in met))


def test_the_score_tells_the_grades_apart_at_their_boundaries() -> None:
    yes, unknown = Says.YES, Says.UNKNOWN
    assert score(match_with(yes, grade=Grade.ELIGIBLE)) == 1
    assert score(match_with(*[yes] * 999, unknown)) == 0.99
    assert score(match_with(yes, unknown)) == 0.75
    assert score(match_with(unknown)) == score(match_with()) == 0.5
    assert score(match_with(yes, Says.NO, grade=Grade.EXCLUDED)) == 0


def test_a_patient_without_relapse_gets_none_and_is_told_why(client: CheckedClient) -> None:
    found = post(client, bundle_of("child-first-remission"))
    assert ids(found) == []
    assert told(found) == ["No trial was matched: no relapse on record."]


def test_a_page_of_a_record_is_not_taken_for_the_whole(client: CheckedClient) -> None:
    found = post(client, {**bundle_of(CHART), "link": [{"relation": "next", "url": "https://ehr.example/2"}]})
    assert told(found) == [said.NOT_WHOLE, said.NOT_CHECKED]
    # Silence on an earlier transplant proves nothing now.
    (entry,) = (e for e in studies(found) if e["resource"]["id"] == ELIGIBLE.id)
    grade, criteria = answers(entry)
    assert (grade, criteria[-1]["answer"]) == ("possible", ["unknown"])


def test_the_same_bundle_gives_the_same_answer_at_both_addresses(client: CheckedClient) -> None:
    assert post(client, bundle_of(CHART)) == post(client, bundle_of(CHART), ADDRESSES[1])


# ---- filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "left"),
    [
        ("phase-1", ["NCT10000001"]),
        ("PHASE2", ["NCT10000001"]),
        ("1/2", ["NCT10000001"]),
        ("Phase 3", ["NCT10000002"]),
        ("2/3", ["NCT10000001", "NCT10000002"]),
        ("phase-4", []),
        ("early-phase-1", []),
        ("n-a", []),
    ],
)
def test_the_phase_is_honoured_and_trials_without_one_are_said_to_be_left_out(
    client: CheckedClient, phase: str, left: list[str]
) -> None:
    found = asked(client, phase=phase)
    assert ids(found) == left
    assert said.NO_PHASE in told(found)


def test_where_every_phase_is_known_nothing_is_said_to_be_left_out(
    client: CheckedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, (ELIGIBLE, replace(UNPHASED, phase="2")))
    found = asked(client, phase="2")
    assert ids(found) == ["NCT10000001", "GROUP-ref-5-90"]
    assert told(found) == [said.NOT_CHECKED]


@pytest.mark.parametrize("status", ["recruiting", "RECRUITING", "Not yet recruiting", "active", "approved"])
def test_a_filter_for_open_trials_gives_none_and_says_why(client: CheckedClient, status: str) -> None:
    found = asked(client, recruitmentStatus=status)
    assert ids(found) == []
    assert told(found) == [said.NO_STATUS]


def test_a_filter_for_ended_trials_gives_those_known_to_have_ended(client: CheckedClient) -> None:
    found = asked(client, recruitmentStatus="COMPLETED")
    assert ids(found) == [POSSIBLE.id]
    assert told(found) == [said.NO_STATUS, said.NOT_CHECKED]


@pytest.mark.parametrize("value", ["", "all", "ALL", "any", " "])
def test_no_filter_is_no_filter(client: CheckedClient, value: str) -> None:
    found = asked(client, phase=value, recruitmentStatus=value, zipCode="")
    assert (ids(found), told(found)) == (ALL, [said.NOT_CHECKED])


def test_a_distance_needs_a_place_that_is_known_and_says_so(client: CheckedClient) -> None:
    found = asked(client, travelRadius="25")
    assert ids(found) == ALL
    assert told(found) == [said.NO_PLACE, said.NOT_CHECKED]
    found = asked(client, zipCode="13353-XY", travelRadius="25")
    assert (ids(found), told(found)[0]) == (ALL, said.NO_PLACE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("travelRadius", "far"),
        ("travelRadius", "-5"),
        ("travelRadius", "1e9"),
        ("zipCode", "x" * 40),
        ("zipCode", "<"),
    ],
)
def test_a_place_or_distance_that_is_none_is_refused(client: CheckedClient, name: str, value: str) -> None:
    answer = post(client, with_parameters([{"name": name, "valueString": value}]))
    assert (answer.status, answer.issue["code"], answer.issue["diagnostics"]) == (400, "value", name)


def test_unknown_parameters_are_passed_over(client: CheckedClient) -> None:
    assert ids(asked(client, cancerType="x", trialMatchClinicalData="y")) == ALL


# ---- bad input -----------------------------------------------------------------------------------


def with_parameters(parameter: object) -> Json:
    found = bundle_of(CHART)
    return {
        **found,
        "entry": [{"resource": {"resourceType": "Parameters", "parameter": parameter}}, *found["entry"]],
    }


@pytest.mark.parametrize(
    ("parameter", "code", "name"),
    [
        ([{"name": "phase", "valueString": "banana"}], "value", "phase"),
        ([{"name": "phase", "valueString": "5"}], "value", "phase"),
        ([{"name": "phase", "valueInteger": 1}], "structure", "phase"),
        ([{"name": "phase", "valueString": ["1"]}], "structure", "phase"),
        ([{"name": "recruitmentStatus", "valueString": "banana"}], "value", "recruitmentStatus"),
        ([{"name": "recruitmentStatus", "valueBoolean": True}], "structure", "recruitmentStatus"),
        ([{"name": "phase", "valueString": p} for p in ("1", "2")], "value", "phase"),
        ({"name": "phase"}, "structure", None),
        ("phase", "structure", None),
    ],
)
def test_a_filter_that_is_not_understood_is_refused_and_never_dropped(
    client: CheckedClient, parameter: object, code: str, name: str | None
) -> None:
    answer = post(client, with_parameters(parameter))
    assert (answer.status, answer.issue["code"], answer.issue.get("diagnostics")) == (400, code, name)
    assert "banana" not in answer.text


@pytest.mark.parametrize(
    "parameter",
    [
        [],
        [
            7,
            None,
            {},
            {"name": 7},
            {"name": ["phase"]},
            {"name": "phase"},
            {"name": "phase", "valueString": ""},
        ],
        [{"name": "phase", "valueString": None}],
    ],
)
def test_a_parameter_without_a_name_or_value_asks_for_nothing(
    client: CheckedClient, parameter: object
) -> None:
    assert ids(post(client, with_parameters(parameter))) == ALL


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"7", b"{}", b'{"resourceType": "Parameters"}', b"\xff\xfe", b"[" * 100_000],
)
def test_what_is_no_bundle_is_refused(client: CheckedClient, path: str, body: bytes) -> None:
    answer = post(client, body, path)
    assert (answer.status, answer.issue["code"]) == (400, "structure")


@pytest.mark.parametrize("entry", [None, 5, {}, "x", [], [7], [{"resource": None}], [{"resource": {}}]])
def test_a_bundle_without_a_patient_is_refused(client: CheckedClient, entry: object) -> None:
    answer = post(client, {"resourceType": "Bundle", "type": "collection", "entry": entry})
    assert (answer.status, answer.issue["code"]) == (400, "required")


@pytest.mark.parametrize("second", [{"id": "someone-else"}, {"id": 7}, {}])
def test_the_patient_is_the_only_one_of_the_bundle(client: CheckedClient, second: Json) -> None:
    found = bundle_of(CHART)
    found["entry"].append({"resource": {"resourceType": "Patient", **second}})
    answer = post(client, found)
    if second.get("id") == "someone-else":
        assert (answer.status, answer.issue["code"]) == (400, "required")
        assert "someone-else" not in answer.text
    else:
        # It cannot be told from the one that has an id.
        assert ids(answer) == ALL


def test_too_large_a_body_is_refused(make_client: Callable[..., CheckedClient]) -> None:
    small = make_client(max_body_bytes=1000)
    answer = post(small, bundle_of(CHART))
    assert (answer.status, answer.issue["code"]) == (413, "too-long")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
def test_another_type_is_refused(client: CheckedClient, content_type: str) -> None:
    answer = post(client, bundle_of(CHART), **{"Content-Type": content_type})
    assert (answer.status, answer.issue["code"]) == (415, "not-supported")


@pytest.mark.parametrize("content_type", ["application/json", "application/fhir+json; charset=utf-8"])
def test_json_of_either_name_is_taken(client: CheckedClient, content_type: str) -> None:
    assert ids(post(client, bundle_of(CHART), **{"Content-Type": content_type})) == ALL


@pytest.mark.parametrize("path", ADDRESSES)
def test_it_is_only_posted_to(client: CheckedClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status, answer.headers["Allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize("path", ADDRESSES)
def test_the_caller_is_checked_before_the_body_is_looked_at(
    make_client: Callable[..., CheckedClient], path: str
) -> None:
    def refuse() -> None:
        raise ServiceError(401, "login", "The caller is not known.")

    guarded = make_client(refuse)
    for body in (bundle_of(CHART), b"{"):
        answer = post(guarded, body, path)
        assert (answer.status, answer.issue["code"]) == (401, "login")


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_allowed_caller_is_served(make_client: Callable[..., CheckedClient], path: str) -> None:
    calls: list[int] = []
    assert ids(post(make_client(lambda: calls.append(1)), bundle_of(CHART), path)) == ALL
    assert calls == [1]
