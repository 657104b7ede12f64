"""Which synthetic patients of the package exercise which rule of advice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import orjson

from cds_rules import Assessment, assess
from service.fhir.site_map import load_site_map
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


def exercised() -> Mapping[str, tuple[str, ...]]:
    """Rule id to the patients in whom it applies or is open, those in whom it applies first."""
    found: dict[str, list[tuple[bool, str]]] = {}
    for name, assessment in fixture_assessments():
        for r in assessment.recommendations:
            found.setdefault(r.rule.id, []).append((not r.applies, name))
    return {rule: tuple(name for _, name in sorted(names)) for rule, names in found.items()}


def _chart_day(folder: Path) -> date | None:
    try:
        stated = _CHART_DAY.search((folder / "story.md").read_text(encoding="utf-8"))
    except OSError:
        return None
    return date.fromisoformat(stated[1]) if stated else None
