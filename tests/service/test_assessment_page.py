"""The assessment page over HTTP: headers, suppositions, and texts of a chart that mean harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient

from cds_rules import assess
from cds_rules.patient.timeline import Part, PatientTimeline
from service import errors
from service.cards.build import Pages
from service.page import Shown, create_page_blueprint, respond
from service.page import page as page_module
from service.page.draw import NotDrawnError
from tests.journeys.regenerate import FIXTURES, bundle_of, chart_day, timeline_from

OPEN_MRD = "hr2020-p1-40-months"
HOSTILE = (
    '<script>alert(1)</script>"><img src=x onerror=alert(1)> **bold** {{ 7 * 7 }} \u202eRTL\u202c \u2066x'
)
PAGES = Pages("https://cds.example")


def timeline_of(patient: str) -> PatientTimeline:
    return timeline_from(bundle_of(FIXTURES / "patients" / patient))


@pytest.fixture
def visit() -> Callable[..., FlaskClient]:
    """A client of a server whose only page is that of one patient."""

    def client_for(patient: str, **shown: object) -> FlaskClient:
        app = Flask("page")
        errors.register(app)
        app.register_blueprint(create_page_blueprint())
        timeline = timeline_of(patient)
        told = replace(
            Shown("/here", PAGES, "/assessment/static", "a server", datetime(2026, 5, 25, 12, tzinfo=UTC)),
            **shown,  # type: ignore[arg-type]
        )

        @app.route("/here", methods=["GET", "POST"])
        def here() -> Response:
            day = chart_day(FIXTURES / "patients" / patient)
            return respond(request, timeline, assess(timeline, day), told)

        return app.test_client()

    return client_for


class Reader(HTMLParser):
    """Elements with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_inline(
    visit: Callable[..., FlaskClient],
) -> None:
    answer = visit(OPEN_MRD).get("/here")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    found = Reader(answer.text)
    assert not [tag for tag, _ in found.seen if tag in ("style", "iframe", "object", "base")]
    assert not [name for _, attrs in found.seen for name in attrs if name == "style" or name.startswith("on")]
    scripts = [attrs for tag, attrs in found.seen if tag == "script"]
    assert [s["src"] for s in scripts] == ["/assessment/static/page.js"]


def test_a_frame_is_allowed_only_to_whom_the_caller_names(visit: Callable[..., FlaskClient]) -> None:
    answer = visit(OPEN_MRD, frame_ancestors="https://ehr.example").get("/here")
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors https://ehr.example")


def test_style_sheet_and_script_are_served(visit: Callable[..., FlaskClient]) -> None:
    client = visit(OPEN_MRD)
    for name in ("page.css", "page.js", "icon.svg"):
        assert client.get(f"/assessment/static/{name}").status_code == 200


def test_texts_of_the_chart_stay_texts(visit: Callable[..., FlaskClient]) -> None:
    answer = visit(OPEN_MRD, name=HOSTILE * 30, source=HOSTILE, user=HOSTILE, back=(HOSTILE, "/x")).get(
        "/here"
    )
    clean = visit(OPEN_MRD).get("/here")
    tags = [tag for tag, _ in Reader(answer.text).seen]
    assert "<script>alert" not in answer.text
    assert "{{ 7 * 7 }}" in answer.text  # as it was written
    assert sorted(tags) == sorted([*(tag for tag, _ in Reader(clean.text).seen), "a"])


def test_a_link_to_a_resource_is_made_only_where_it_can_be_opened(visit: Callable[..., FlaskClient]) -> None:
    assert 'href="https://fhir.example/Condition/' not in visit(OPEN_MRD).get("/here").text
    linked = visit(OPEN_MRD, resources="https://fhir.example").get("/here").text
    assert 'href="https://fhir.example/Condition/' in linked


def test_a_supposition_comes_back_as_parts(visit: Callable[..., FlaskClient]) -> None:
    form = {"suppose.endBlock1Mrd": "<0.01 %", "suppose.lineage": ""}
    answer = visit(OPEN_MRD).post("/here", data=form, headers={"Accept": "application/json"})
    body = answer.get_json()
    assert body["supposed"] == {"endBlock1Mrd": "<0.01 %"}
    assert set(body["parts"]) == {"top", "advice", "rest"}
    assert "Hypothetical." in body["parts"]["top"]


@pytest.mark.parametrize(
    "form",
    [
        {"suppose.lineage": "T"},  # settled on record
        {"suppose.endBlock1Mrd": "none such"},
        {"suppose.<script>": "x"},
        {f"suppose.f{n}": "x" for n in range(100)},
    ],
)
def test_what_cannot_be_supposed_is_refused_with_a_constant_text(
    visit: Callable[..., FlaskClient], form: dict[str, str]
) -> None:
    answer = visit(OPEN_MRD).post("/here", data=form)
    assert answer.status_code == 400
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    assert "script" not in answer.text


def test_fields_of_the_session_go_with_every_form(visit: Callable[..., FlaskClient]) -> None:
    html = visit(OPEN_MRD, hidden={"form": 'a"b'}, sign_out="/end").get("/here").text
    hidden = [a for tag, a in Reader(html).seen if tag == "input" and a.get("type") == "hidden"]
    assert [a["value"] for a in hidden] == ['a"b', 'a"b']


def test_a_patient_without_all_gets_a_plain_sentence_and_no_form(visit: Callable[..., FlaskClient]) -> None:
    html = visit("child-aml").get("/here").text
    assert "Nothing to assess: no acute lymphoblastic leukemia on record" in html
    assert "<form" not in html
    assert "<figure" not in html


def test_without_a_picture_the_table_is_still_there(
    visit: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise NotDrawnError("made up")

    monkeypatch.setattr(page_module, "draw", broken)
    html = visit(OPEN_MRD).get("/here").text
    assert "<figure" not in html
    assert "No picture is drawn here" in html
    assert "Marrow blasts" in html


def test_what_could_not_be_had_is_said_first(visit: Callable[..., FlaskClient]) -> None:
    timeline = timeline_of(OPEN_MRD)
    partial = replace(timeline, missing={Part.LABORATORY: "laboratory results: no answer in time"})
    found = assess(partial, chart_day(FIXTURES / "patients" / OPEN_MRD))
    shown = Shown("/here", PAGES, "/static", "a FHIR server", datetime(2026, 5, 25, tzinfo=UTC))
    html = page_module.assessment_page(partial, found, shown)
    assert html.index("Parts of the record could not be had") < html.index('class="ladders"')
    assert "laboratory results: no answer in time" in html
