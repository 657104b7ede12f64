"""Write every patient's cards.json anew: `python -m tests.journeys.regenerate`. Then read the difference."""

from __future__ import annotations

import io
import json
import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

from cds_rules import Assessment, assess
from cds_rules.patient.timeline import PatientTimeline
from cds_rules.trials.trial import Grade
from service.cards import cards_for
from service.cards.build import Pages
from service.fhir.site_map import load_site_map
from service.inputs import read_inputs, timeline_of
from service.trials.snapshot import demonstration

Json = dict[str, Any]
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
PATIENTS = sorted(path.parent for path in FIXTURES.glob("patients/*/bundle.json"))
SITE_MAP = load_site_map(FIXTURES / "site.toml")
PAGES = Pages("https://cds.example")
TRIALS = demonstration(FIXTURES / "trials" / "demonstration.json").current()
"""The catalogue with the made-up records of the demonstration."""


def chart_day(folder: Path) -> date:
    """The day of the story on which the patient is assessed."""
    found = re.search(r"Chart as of (\d{4}-\d{2}-\d{2})", (folder / "story.md").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{folder.name}: the story names no day")
    return date.fromisoformat(found[1])


def bundle_of(folder: Path) -> Json:
    """The chart, read as the command line reads it."""
    (found,) = read_inputs([str(folder / "bundle.json")], io.BytesIO())
    if found.bundle is None:
        raise ValueError(f"{folder.name}: {found.problem}")
    return found.bundle


def timeline_from(bundle: Json) -> PatientTimeline:
    """The record of a chart, with the demo hospital's codes."""
    return timeline_of(bundle, SITE_MAP)


def assessed(folder: Path) -> Assessment:
    """The assessment on the day of the story."""
    return assess(timeline_from(bundle_of(folder)), chart_day(folder), trial_set=TRIALS)


def cards_of(folder: Path) -> Json:
    """What a clinician would see, in a form whose difference can be read: the detail line by line."""
    assessment = assessed(folder)
    return {
        "assessedOn": assessment.assessed_on.isoformat(),
        "noCardBecause": assessment.not_applicable_because,
        "assessment": _said(assessment),
        "cards": [
            {
                "indicator": card.indicator,
                "summary": card.summary,
                "detail": card.detail.splitlines(),
                "suggestions": [s.label for s in card.suggestions or ()],
                "source": card.source.label,
            }
            for card in cards_for(assessment, PAGES)
        ],
    }


def _said(a: Assessment) -> Json:
    """What the Assessment says, by rule: short enough to be read against the sources."""
    return {
        "schemes": {s.id: [g or "outside" for g in s.finding.possible] for s in a.schemes},
        "applies": [r.rule.id for r in a.recommendations if r.applies],
        "possible": [r.rule.id for r in a.recommendations if not r.applies],
        "scores": {f.id: [f.low, f.high] if f.low is not None else "by group" for f in a.scores},
        "surveillance": [f"{d.id} {d.what}: {d.state.value}" for d in a.surveillance],
        "missing": [m.fact for m in a.missing],
        "trials": {
            grade.value: [t.trial.id for t in a.trials if t.grade is grade]
            for grade in (Grade.ELIGIBLE, Grade.POSSIBLE)
        },
    }


def text_of(cards: Json) -> str:
    """The file as it is committed."""
    return json.dumps(cards, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the files; say which changed."""
    for folder in PATIENTS:
        file, text = folder / "cards.json", text_of(cards_of(folder))
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{file.relative_to(FIXTURES.parent)}\n")


if __name__ == "__main__":
    main()
