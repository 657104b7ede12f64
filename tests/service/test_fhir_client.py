"""The FHIR client: reads, searches and their pages; what it gives away of them: nothing."""

from __future__ import annotations

import gzip
import json
import logging

import pytest
import requests

from service.fhir.client import FhirAccess, FhirClient, Limits
from service.fhir.fetched import Fetched, Problem
from service.outgoing.reach import ANYWHERE
from tests.service.local_ehr import (
    PATIENT,
    TOKEN,
    Answer,
    Ehr,
    Handler,
    bundle,
    cut_short,
    get,
    hang_up,
    ids,
    observation,
    outcome,
    refuse,
    sends,
    status,
)

# ---- reads


def test_a_read_gives_the_resource_and_presents_token_and_media_type(ehr: Ehr) -> None:
    ehr.on("Patient/p1", sends(PATIENT))
    assert get(ehr, "Patient/p1") == Fetched("key", (PATIENT,))
    assert ehr.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert ehr.headers[0]["Accept"] == "application/fhir+json"
    assert ehr.headers[0]["Accept-Encoding"] == "gzip"


def test_an_open_server_is_asked_without_a_token_and_a_base_may_end_in_a_slash(ehr: Ehr) -> None:
    ehr.on("Patient/p1", sends(PATIENT))
    found = FhirClient(Limits(), reach=ANYWHERE).fetch(FhirAccess(f"{ehr.base}/", None), {"p": "Patient/p1"})
    assert found["p"] == Fetched("p", (PATIENT,))
    assert ehr.asked == ["/fhir/Patient/p1"]
    assert "Authorization" not in ehr.headers[0]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (status(401), Problem.UNAUTHORIZED),
        (status(403), Problem.FORBIDDEN),
        (status(404), Problem.NOT_FOUND),
        (status(410), Problem.NOT_FOUND),
        (status(429), Problem.BUSY),
        (status(500), Problem.SERVER_ERROR),
        (status(503), Problem.SERVER_ERROR),
        (status(400), Problem.HTTP_ERROR),
        (status(204), Problem.HTTP_ERROR),
        (hang_up, Problem.UNREACHABLE),
        (cut_short, Problem.UNREACHABLE),
        (sends(b"<html>Log in</html>", "text/html"), Problem.NOT_FHIR),
        (sends(b"<Patient/>", "application/fhir+xml"), Problem.NOT_FHIR),
        (sends(PATIENT, "text/html"), Problem.NOT_FHIR),
        (sends(b'{"resourceType": "Patient"'), Problem.NOT_FHIR),
        (sends(b""), Problem.NOT_FHIR),
        (sends(b"[" * 5000), Problem.NOT_FHIR),
        (sends(b"not gzip", Content_Encoding="gzip"), Problem.NOT_FHIR),
        (sends([PATIENT]), Problem.NOT_FHIR),
        (sends(observation("o1")), Problem.NOT_FHIR),
        (sends(bundle("o1")), Problem.NOT_FHIR),
        (sends(outcome("error")), Problem.OPERATION_OUTCOME),
    ],
)
def test_a_read_that_fails_says_why(ehr: Ehr, answer: Answer, problem: Problem) -> None:
    ehr.on("Patient/p1", answer)
    assert get(ehr, "Patient/p1") == Fetched("key", (), problem)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/json+fhir", "text/json"]
)
def test_json_by_other_names_is_read(ehr: Ehr, content_type: str) -> None:
    ehr.on("Patient/p1", sends(PATIENT, content_type))
    assert get(ehr, "Patient/p1").problem is None


def test_a_byte_order_mark_and_gzip_are_read(ehr: Ehr) -> None:
    packed = gzip.compress(b"\xef\xbb\xbf" + json.dumps(PATIENT).encode())
    ehr.on("Patient/p1", sends(packed, Content_Encoding="gzip"))
    assert get(ehr, "Patient/p1") == Fetched("key", (PATIENT,))


def test_nobody_listens(ehr: Ehr) -> None:
    ehr.shutdown()
    ehr.server_close()
    assert get(ehr, "Patient/p1").problem is Problem.UNREACHABLE


# ---- searches


def test_pages_come_in_order_over_one_connection_each_with_the_token(ehr: Ehr) -> None:
    ehr.on("Observation?patient=p1", sends(bundle("a", "b", next_link=f"{ehr.base}/Observation?page=2")))
    ehr.on("Observation?page=2", sends(bundle("c", next_link=f"{ehr.base}?page=3")))
    ehr.answers["/fhir?page=3"] = [sends(bundle("d", total=4))]
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a", "b", "c", "d"], None)
    assert [headers["Authorization"] for headers in ehr.headers] == [f"Bearer {TOKEN}"] * 3
    assert len(ehr.callers) == 1


@pytest.mark.parametrize("link", ["Observation?page=2", "?page=2", "/fhir/Observation?page=2"])
def test_a_relative_next_link_is_resolved(ehr: Ehr, link: str) -> None:
    ehr.on("Observation?patient=p1", sends(bundle("a", next_link=link)))
    ehr.on("Observation?page=2", sends(bundle("b")))
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a", "b"], None)


def test_a_search_without_matches_is_complete(ehr: Ehr) -> None:
    ehr.on("Observation?patient=p1", sends({"resourceType": "Bundle", "type": "searchset", "total": 0}))
    assert get(ehr, "Observation?patient=p1") == Fetched("key")


@pytest.mark.parametrize(
    ("severity", "problem"),
    [
        ("error", Problem.OPERATION_OUTCOME),
        ("fatal", Problem.OPERATION_OUTCOME),
        ("warning", None),
        ("information", None),
    ],
)
def test_an_outcome_among_the_entries_is_no_result_and_an_error_is_told(
    ehr: Ehr, severity: str, problem: Problem | None
) -> None:
    page = bundle("a", next_link="?page=2")
    page["entry"].insert(0, {"resource": outcome(severity), "search": {"mode": "outcome"}})
    ehr.on("Observation?patient=p1", sends(page))
    ehr.on("Observation?page=2", sends(bundle("b")))
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a", "b"], problem)


@pytest.mark.parametrize("entry", ["text", {"resource": "text"}, {"resource": {"id": "no type"}}])
def test_a_malformed_entry_is_told_and_the_others_kept(ehr: Ehr, entry: object) -> None:
    page = bundle("a")
    page["entry"].append(entry)
    ehr.on("Observation?patient=p1", sends(page))
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a"], Problem.NOT_FHIR)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (sends(PATIENT), Problem.NOT_FHIR),
        (sends({"resourceType": "Bundle", "entry": {"resource": PATIENT}}), Problem.NOT_FHIR),
        (sends(outcome("error")), Problem.OPERATION_OUTCOME),
        (sends(bundle(total=1)), Problem.TRUNCATED),
        (sends(bundle() | {"link": [{"relation": "next"}]}), Problem.TRUNCATED),
    ],
)
def test_a_search_that_fails_says_why(ehr: Ehr, answer: Answer, problem: Problem) -> None:
    ehr.on("Observation?patient=p1", answer)
    assert get(ehr, "Observation?patient=p1") == Fetched("key", (), problem)


def test_an_included_resource_does_not_make_up_for_a_missing_match(ehr: Ehr) -> None:
    page = bundle("a", total=2)
    page["entry"].append({"resource": PATIENT, "search": {"mode": "include"}})
    ehr.on("Observation?patient=p1", sends(page))
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a", "p1"], Problem.TRUNCATED)


def test_a_failure_on_a_later_page_keeps_the_earlier(ehr: Ehr) -> None:
    ehr.on("Observation?patient=p1", sends(bundle("a", next_link="?page=2")))
    ehr.on("Observation?page=2", status(500))
    fetched = get(ehr, "Observation?patient=p1")
    assert (ids(fetched), fetched.problem) == (["a"], Problem.SERVER_ERROR)


# ---- nothing is given away


def bad_header(handler: Handler) -> None:
    handler.reply(200, json.dumps(PATIENT).encode(), **{"not a header": "\r\nbroken line\r\nX: y"})


@pytest.mark.parametrize(
    "answer",
    [
        sends(PATIENT),
        status(500),
        status(302, Location="/x"),
        hang_up,
        cut_short,
        bad_header,
        sends(b"{secret-body"),
    ],
)
@pytest.mark.parametrize("token", [TOKEN, f"{TOKEN}\nX-Injected: 1", f"{TOKEN}\u20ac"])
def test_no_token_query_or_body_is_logged_or_printed(
    ehr: Ehr,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    answer: Answer,
    token: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    ehr.on("Patient/p1?secret-query=1", answer)
    access = FhirAccess(ehr.base, token)
    found = FhirClient(Limits(), reach=ANYWHERE).fetch(access, {"key": "Patient/p1?secret-query=1"})
    if token != TOKEN:
        assert found["key"].problem is Problem.HTTP_ERROR
        assert ehr.asked == []
    printed = capfd.readouterr()
    told = f"{access!r} {access} {found!r} {found} {caplog.text} {printed.out} {printed.err}"
    for secret in (TOKEN, "secret-query", "secret-body", "'id'"):
        assert secret not in told


def test_an_error_nobody_foresaw_leaves_only_its_name(
    ehr: Ehr, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests.Session, "request", refuse)
    assert get(ehr, "Patient/p1").problem is Problem.HTTP_ERROR
    assert "RuntimeError" in caplog.text
    assert TOKEN not in caplog.text


def test_every_problem_has_a_plain_text_of_its_own() -> None:
    texts = [problem.text for problem in Problem]
    assert len(set(texts)) == len(texts)
    assert all(text.endswith(".") and "{" not in text for text in texts)
