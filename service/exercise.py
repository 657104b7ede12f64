"""Which synthetic patients and orders of the package exercise which rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from cds_rules import Assessment, assess, check_orders
from cds_rules.answer import Answer
from cds_rules.rulebook.trace import Exercise, Exercised
from cds_rules.terminology.code_set import load
from cds_rules.treatment.orders import Checked
from service.fhir.lexicon import Lexicon
from service.fhir.orders import read_drafts
from service.fhir.site_map import SiteMap, load_site_map
from service.inputs import timeline_of
from service.paths import fixtures_dir

_CHART_DAY = re.compile(r"Chart as of (\d{4}-\d{2}-\d{2})\b")


def fixture_assessments() -> Iterator[tuple[str, Assessment]]:
    """Every synthetic patient, assessed on the day its chart is told as of."""
    site = load_site_map(fixtures_dir() / "site.toml")
    for folder in sorted((fixtures_dir() / "patients").iterdir()):
        day = _chart_day(folder)
        if day is not None:
            bundle = orjson.loads((folder / "bundle.json").read_bytes())
            yield folder.name, assess(timeline_of(bundle, site), day)


@dataclass(frozen=True, slots=True)
class OrderCall:
    """One call of an order hook of the package: `chart` is the patient's Bundle with what was added."""

    name: str
    patient: str
    day: date
    chart: dict[str, Any]
    request: dict[str, Any]


def order_calls() -> Iterator[OrderCall]:
    """The calls of `hooks/orders`, each about one of the synthetic patients."""
    for path in sorted((fixtures_dir() / "hooks" / "orders").glob("*.json")):
        if path.name.endswith(".cards.json"):
            continue
        call = orjson.loads(path.read_bytes())
        folder = fixtures_dir() / "patients" / call["patient"]
        day = _chart_day(folder)
        if day is None:
            raise ValueError(f"{path.name}: its patient has no day")
        chart = orjson.loads((folder / "bundle.json").read_bytes())
        chart["entry"] += [{"resource": resource} for resource in call["alsoInChart"]]
        yield OrderCall(path.stem, call["patient"], day, chart, call["request"])


def _checked(call: OrderCall, site: SiteMap) -> Checked:
    context = call.request["context"]
    drafts = read_drafts(context["draftOrders"], context.get("selections"), Lexicon(load(), site))
    return check_orders(timeline_of(call.chart, site), call.day, drafts.orders)


def exercised() -> Exercised:
    """The patients of the package in whom each rule applies or is open."""
    found: dict[str, list[Exercise]] = {}
    site = load_site_map(fixtures_dir() / "site.toml")
    for call in order_calls():
        for c in _checked(call, site).cautions:
            found.setdefault(c.check.id, []).append(Exercise(call.patient, not c.needs, call.name))
    for name, assessment in fixture_assessments():
        for rule, applies in _said(assessment):
            found.setdefault(rule, []).append(Exercise(name, applies))
    return {rule: tuple(sorted(each, key=lambda e: (not e.applies, e.name))) for rule, each in found.items()}


def _said(assessment: Assessment) -> Iterator[tuple[str, bool]]:
    """Every rule that speaks, and whether it applies; else it is open."""
    for scheme in assessment.schemes:
        for row in scheme.finding.rules:
            yield f"{scheme.id}#{row}", row == scheme.finding.rule
    for r in assessment.recommendations:
        yield r.rule.id, r.applies
    for score in assessment.scores:
        yield score.id, score.applies is Answer.YES


def _chart_day(folder: Path) -> date | None:
    try:
        stated = _CHART_DAY.search((folder / "story.md").read_text(encoding="utf-8"))
    except OSError:
        return None
    return date.fromisoformat(stated[1]) if stated else None
