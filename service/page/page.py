"""An assessment as a page, and as the parts of it that change under a supposition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment
from cds_rules.contract_advice import MET
from cds_rules.patient.timeline import PatientTimeline
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.trials.match import CATALOGUE
from cds_rules.what_if import SuppositionError, open_facts, suppose
from service.cards.facts import fact_rows
from service.cards.risk import FOOTER
from service.errors import ServiceError
from service.page.advice import decision_groups
from service.page.chart import specification
from service.page.chart_frame import frames
from service.page.course import Course, course_of
from service.page.draw import NotDrawnError, Point, draw
from service.page.schemes import fact_cells, scheme_rows
from service.page.shown import Shown
from service.page.summary import age_on, summary
from service.page.trials import against, trial_groups, wording
from service.trials.words import made_up, registry_page, status_line

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors "
)
FIELD = "suppose."
"""A form field with this before a fact's name supposes its value; an empty value supposes nothing."""
MAX_SUPPOSED = 60
_HTML = "text/html; charset=utf-8"
_PARTS = ("top", "advice", "rest")
"""What a supposition can change, by `data-part` in the page."""

_jinja = Environment(
    loader=PackageLoader("service.page"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def create_page_blueprint() -> Blueprint:
    """Style sheet and script, at /assessment/static: the page itself is served by who has the record."""
    return Blueprint(
        "assessment", __name__, static_folder="static", static_url_path="/static", url_prefix="/assessment"
    )


def respond(request: Request, timeline: PatientTimeline, assessment: Assessment, shown: Shown) -> Response:
    """The page for GET, for POST with what is supposed; as JSON `{"parts", "supposed"}` if that is asked for.

    ServiceError 400 for a supposition that the record does not leave possible.
    """
    supposed = supposed_of(request.form) if request.method == "POST" else {}
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        parts = changed_parts(assessment, shown, supposed)
        answer = Response(
            orjson.dumps({"parts": parts, "supposed": supposed}), content_type="application/json"
        )
    else:
        answer = Response(assessment_page(timeline, assessment, shown, supposed), content_type=_HTML)
    answer.headers["Content-Security-Policy"] = POLICY + shown.frame_ancestors
    answer.headers["Cache-Control"] = "no-store"
    # Not "no-referrer": a browser would then send the form with the origin "null", as another site's.
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Vary"] = "Accept"
    return answer


def supposed_of(form: Mapping[str, str]) -> dict[str, str]:
    """The suppositions of a form, by fact. ServiceError 400 if there are more than there are facts."""
    found = {n.removeprefix(FIELD): v for n, v in form.items() if n.startswith(FIELD) and v}
    if len(found) > MAX_SUPPOSED:
        raise ServiceError(400, "value", "More is supposed than can be open.")
    return found


def assessment_page(
    timeline: PatientTimeline,
    assessment: Assessment,
    shown: Shown,
    supposed: Mapping[str, str] | None = None,
) -> str:
    """The whole page as HTML. `timeline` is what the assessment was made from."""
    course = course_of(assessment, timeline)
    if assessment.picture.has_all is Answer.NO:
        course = Course(assessment.assessed_on, ())  # a course of another disease is not this page's
    context = _said(assessment, shown, supposed or {})
    return _jinja.get_template("page/page.html").render(
        **context,
        choices=open_facts(assessment),
        course=course,
        charts=_charts(course, shown),
        facts=fact_rows(assessment.picture),
        footer=FOOTER,
    )


def changed_parts(assessment: Assessment, shown: Shown, supposed: Mapping[str, str]) -> dict[str, str]:
    """The parts of the page that depend on suppositions, as HTML by name."""
    context = _said(assessment, shown, supposed)
    return {part: _jinja.get_template(f"page/{part}.html").render(**context) for part in _PARTS}


def _said(before: Assessment, shown: Shown, supposed: Mapping[str, str]) -> dict[str, Any]:
    try:
        a = suppose(before, supposed) if supposed else before
    except SuppositionError as error:
        raise ServiceError(400, "value", f"This cannot be supposed: {error}.") from None
    titles = {fact.fact: fact.title for fact in open_facts(before)} if supposed else {}
    return {
        "a": a,
        "before": before,
        "shown": shown,
        "supposed": {fact: (titles[fact], value) for fact, value in supposed.items()},
        "top": summary(a),
        "schemes": scheme_rows(a),
        "was": {row.finding.id: row.said for row in scheme_rows(before)},
        "fact_cells": fact_cells(a),
        "groups": decision_groups(a),
        "trials": trial_groups(a),
        "trial_days": (before.trial_set or CATALOGUE).max_status_age_days,
        "age": age_on(a),
        "aspects": ASPECTS,
        "met": MET,
        "Answer": Answer,
    }


def _charts(course: Course, shown: Shown) -> list[dict[str, str]]:
    """Each frame of the course for wide and for narrow screens; none if they cannot be drawn."""
    if not course.dated:
        return []
    points = [Point(i.label, shown.resource(i.sources[0]) if i.sources else None) for i in course.items]
    found = []
    try:
        for narrow in (False, True):
            for frame in frames(course, narrow=narrow):
                title = "Whole course" if frame.name == "whole" else "Since the last relapse or diagnosis"
                svg = draw(specification(course, frame), title, points)
                found.append(
                    {"name": frame.name, "title": title, "svg": svg, "narrow": "narrow" if narrow else "wide"}
                )
    except NotDrawnError:
        return []
    return sorted(found, key=lambda chart: chart["name"], reverse=True)


_jinja.globals.update(
    against=against, wording=wording, status_line=status_line, registry_page=registry_page, made_up=made_up
)
