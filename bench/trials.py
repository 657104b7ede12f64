"""`python -m bench.trials`: 5,000 made-up studies matched for one patient after another, on one core.

Measured is what a call does: every trial graded and put in order, and the criteria of the three best put
into words; in time of the processor, so that other work on the machine does not count. The studies are of
the form the registry gives, with texts of 12 to 30 lines.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from cds_rules import assess
from cds_rules.trials.match import TrialSet
from cds_rules.trials.study import DEMONSTRATION
from cds_rules.trials.trial import Grade
from service.fhir.site_map import load_site_map
from service.inputs import read_inputs, timeline_of
from service.paths import fixtures_dir
from service.store.trials import StoredRecord
from service.trials.snapshot import trial_set_of

STUDIES = 5_000
GOAL_MS = 50.0
ROUNDS = 15
ON = date(2026, 7, 5)
_CONDITIONS = (
    "Acute Lymphoblastic Leukemia",
    "Recurrent B Acute Lymphoblastic Leukemia",
    "T-cell Acute Lymphoblastic Leukemia",
    "Acute Myeloid Leukemia",
    "Hematologic Malignancy",
    "Philadelphia Chromosome Positive Acute Lymphoblastic Leukemia",
)
_READ = (
    "Relapsed or refractory B-ALL",
    "Relapsed or refractory ALL",
    "CD19 expression",
    "CD22 expression",
    "First relapse of B-ALL",
    "Second or greater relapse",
    "Prior CAR T-cell therapy",
    "Prior allogeneic HSCT",
    "Isolated extramedullary relapse",
    "Philadelphia chromosome positive ALL",
)
_UNREAD = (
    "Karnofsky or Lansky score of at least 50",
    "Bilirubin no more than 2 times the upper limit of normal",
    "No active graft-versus-host disease after transplant",
    "CNS disease is allowed if it responds to treatment",
    "Pregnancy or breastfeeding",
    "Infection that is not controlled",
)


def main() -> None:
    """Measure and print; exit 1 where the goal is missed."""
    begun = time.perf_counter()
    trials = made_up(STUDIES)
    print(f"{len(trials.trials)} trials made ready in {time.perf_counter() - begun:.1f} s")
    patients = [_patient(folder) for folder in sorted((fixtures_dir() / "patients").iterdir())[::6]]
    times: list[float] = []
    for _ in range(ROUNDS):
        for timeline in patients:
            found = assess(timeline, ON, trial_set=trials)
            if found.seen is None or found.chart is None:
                continue
            start = time.process_time()
            matched = trials.matches(found.seen, found.chart)
            said = [m.answers for m in matched[:3]]
            times.append((time.process_time() - start) * 1000)
            if len(matched) != len(trials.trials) or len(said) != min(3, len(matched)):
                raise SystemExit("bench.trials: not every trial was matched")
    graded = {grade.value: sum(m.grade is grade for m in matched) for grade in Grade}
    worst, median = max(times), statistics.median(times)
    print(f"last patient: {graded}")
    print(f"one patient: median {median:.1f} ms, worst of {len(times)} {worst:.1f} ms; goal {GOAL_MS:.0f} ms")
    sys.exit(0 if median <= GOAL_MS else 1)


def made_up(count: int) -> TrialSet:
    """The catalogue and so many made-up records, the same each time."""
    draw = random.Random(20_261_128)
    records = [
        StoredRecord(f"NCT99{number:06d}", ON, DEMONSTRATION, json.dumps(_study(number, draw)))
        for number in range(count)
    ]
    return trial_set_of(records, 30, "bench")


def _study(number: int, draw: random.Random) -> dict[str, Any]:
    lines = [
        draw.sample(_READ, draw.randint(1, 4)) + draw.choices(_UNREAD, k=draw.randint(5, 11)) for _ in "ie"
    ]
    asks: dict[str, Any] = {
        "eligibilityCriteria": "\n".join(
            f"{head} Criteria:\n\n" + "".join(f"* {line}\n" for line in part)
            for head, part in zip(("Inclusion", "Exclusion"), lines, strict=True)
        ),
        "sex": draw.choices(("ALL", "FEMALE", "MALE"), (20, 1, 1))[0],
    }
    if draw.random() < 0.8:
        asks["minimumAge"] = f"{draw.choice((1, 2, 3, 6, 12, 18))} {draw.choice(('Years', 'Months'))}"
    if draw.random() < 0.6:
        asks["maximumAge"] = f"{draw.randint(19, 80)} Years"
    site = {"facility": "Hospital", "country": "United States", "geoPoint": {"lat": 40.0, "lon": -75.0}}
    return {
        "protocolSection": {
            "identificationModule": {"nctId": f"NCT99{number:06d}", "briefTitle": f"Made-up trial {number}"},
            "statusModule": {"overallStatus": draw.choice(("RECRUITING", "COMPLETED", "NOT_YET_RECRUITING"))},
            "conditionsModule": {"conditions": draw.sample(_CONDITIONS, draw.randint(1, 2))},
            "designModule": {"studyType": "INTERVENTIONAL", "phases": [draw.choice(("PHASE1", "PHASE2"))]},
            "eligibilityModule": asks,
            "contactsLocationsModule": {"locations": [site] * draw.randint(1, 10)},
        }
    }


def _patient(folder: Path) -> Any:
    site_map = load_site_map(fixtures_dir() / "site.toml")
    (found,) = read_inputs([str(folder / "bundle.json")], sys.stdin.buffer)
    return timeline_of(found.bundle or {}, site_map)


if __name__ == "__main__":
    main()
