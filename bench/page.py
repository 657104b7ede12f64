"""Server time of the assessment page: python -m bench.page. Every fixture patient, the slowest first."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, date, datetime
from pathlib import Path

import orjson

from cds_rules import assess
from service.cards.build import Pages
from service.demo.patients import load_patients
from service.demo.store import FhirStore
from service.fhir.site_map import load_site_map
from service.inputs import orders_of, timeline_of
from service.page import Shown, assessment_page
from service.page.draw import warm_up
from service.page.page import changed_parts
from service.paths import fixtures_dir

ROUNDS = 5
SHOWN = 5
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Print a table in Markdown: whole page with its charts, and the parts that a supposition changes."""
    fixtures = fixtures_dir()
    started = time.perf_counter()
    warm_up()
    print(f"First chart of the process: {(time.perf_counter() - started) * 1000:.0f} ms\n")
    folder = fixtures / "patients"
    patients = load_patients(folder, FhirStore.from_folder(folder))
    found = sorted((_measured(folder / p.id, p.chart_day or NOW.date()) for p in patients), reverse=True)
    print("| patient | page, wall ms | processor ms | what-if, wall ms | KB |\n|---|---|---|---|---|")
    for wall, processor, parts, size, name in found[:SHOWN]:
        print(f"| {name} | {wall:.0f} | {processor:.0f} | {parts:.0f} | {size // 1024} |")


def _measured(folder: Path, day: date) -> tuple[float, float, float, int, str]:
    """Medians of some rounds, from the bundle's bytes to the page's; size in bytes."""
    body = (folder / "bundle.json").read_bytes()
    site_map = load_site_map(folder.parents[1] / "site.toml")
    shown = Shown("/", Pages("https://cds.example"), "/static", "a server", NOW, resources="/fhir")
    walls, processors, parts, size = [], [], [], 0
    for _ in range(ROUNDS):
        wall, processor = time.perf_counter(), time.process_time()
        bundle = orjson.loads(body)
        timeline = timeline_of(bundle, site_map)
        assessment = assess(timeline, day, orders_of(bundle, site_map))
        size = len(assessment_page(timeline, assessment, shown).encode())
        walls.append((time.perf_counter() - wall) * 1000)
        processors.append((time.process_time() - processor) * 1000)
        wall = time.perf_counter()
        changed_parts(assessment, shown, {})
        parts.append((time.perf_counter() - wall) * 1000)
    return (
        statistics.median(walls),
        statistics.median(processors),
        statistics.median(parts),
        size,
        folder.name,
    )


if __name__ == "__main__":
    main()
