"""Which synthetic patients and orders of the package exercise which rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from cds_rules import Assessment, assess, check_orders
from cds_rules.answer import Answer
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


def exercised() -> Mapping[str, tuple[str, ...]]:
    """Rule id to the patients in whom it applies or is open, those in whom it applies first."""
    found: dict[str, list[tuple[bool, str]]] = {}
    site = load_site_map(fixtures_dir() / "site.toml")
    for call in order_calls():
        for c in _checked(call, site).cautions:
            found.setdefault(c.check.id, []).append((bool(c.needs), f"{call.patient} (order {call.name})"))
    for name, assessment in fixture_assessments():
        for r in assessment.recommendations:
            found.setdefault(r.rule.id, []).append((not r.applies, name))
        for score in assessment.scores:
            found.setdefault(score.id, []).append((score.applies is not Answer.YES, name))
    return {rule: tuple(name for _, name in sorted(names)) for rule, names in found.items()}


def _chart_day(folder: Path) -> date | None:
    try:
        stated = _CHART_DAY.search((folder / "story.md").read_text(encoding="utf-8"))
    except OSError:
        return None
    return date.fromisoformat(stated[1]) if stated else None
