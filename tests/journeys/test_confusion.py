"""What the product reads from every demonstration chart, against what its story says: read, open or wrong.

The truth is written here by hand, from the story and key facts of each story.md; what these leave out is
UNTOLD. A fact may stay open; it may never be wrong, and nothing may be made up. See the table with `-s`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Final

import pytest

from cds_rules.contract import picture_to_dict
from tests.journeys.regenerate import PATIENTS, assessed


class Untold(StrEnum):
    """The story says nothing of it."""

    UNTOLD = "untold"


class Mark(StrEnum):
    """How a fact was read."""

    READ = "read"
    OPEN = "open"
    WRONG = "wrong"
    SILENCE = "silence read as no"
    NOT_ASKED = "-"


UNTOLD: Final = Untold.UNTOLD
ON_TREATMENT: Final = "on treatment"
Told = str | int | float | bool | tuple[str, ...] | Untold


@dataclass(frozen=True)
class Truth:
    """One story. A transplant, CAR-T or refractory disease that a whole life does not mention was not."""

    diagnosis: Told
    lineage: Told
    relapse_number: Told = 1
    relapse_date: Told = UNTOLD
    sites: Told = ("marrow",)
    end_of_treatment: Told = UNTOLD
    end_block_1_mrd: Told = UNTOLD
    hsct_before: Told = False
    car_t: Told = False
    refractory: Told = False
    genetics: dict[str, bool] = field(default_factory=dict)
    antigens: dict[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """By the names of the table."""
        return {
            "diagnosis": self.diagnosis,
            "lineage": self.lineage,
            "relapse number": self.relapse_number,
            "relapse date": self.relapse_date,
            "sites": self.sites,
            "end of treatment": self.end_of_treatment,
            "end-block-1 MRD": self.end_block_1_mrd,
            "HSCT before": self.hsct_before,
            "CAR-T": self.car_t,
            "refractory": self.refractory,
            **{f"genetics: {name}": self.genetics.get(name, UNTOLD) for name in MARKERS},
            **{f"antigen: {name}": self.antigens.get(name, UNTOLD) for name in ("CD19", "CD22")},
        }


MARKERS: Final = ("BCR::ABL1", "KMT2A rearrangement")
BOTH: Final = {"CD19": "positive", "CD22": "positive"}
NOTHING_TO_TARGET: Final = dict.fromkeys(MARKERS, False)


def _young_man(**more: Any) -> Truth:
    """The five stories of MYE2023: one life."""
    return Truth(
        "2022-09-20",
        "B",
        relapse_date="2026-01-20",
        end_of_treatment="2025-07-20",
        genetics=NOTHING_TO_TARGET,
        **more,
    )


TRUTHS: Final[dict[str, Truth]] = {
    "adult-first-relapse": Truth(
        "2024-07-08",
        "B",
        relapse_date="2026-03-08",
        end_of_treatment=ON_TREATMENT,
        genetics={"BCR::ABL1": False},
        antigens=BOTH,
    ),
    # "Nothing among them says when, or whether, primary treatment was completed."
    "busy-chart": Truth("2022-11-11", "B", relapse_date="2026-03-11", end_block_1_mrd=0.0005),
    # AML: nothing of ALL is true of him, and refractory ALL is no question.
    "child-aml": Truth(UNTOLD, UNTOLD, relapse_number=0, sites=UNTOLD, refractory=UNTOLD),
    "child-first-remission": Truth("2025-06-02", "B", relapse_number=0, sites=UNTOLD, refractory=UNTOLD),
    # Her story does not say so, but "the chart still holds" it: the plan is active, without an end.
    "deceased-child": Truth(
        "2023-05-02", "B", relapse_date="2025-06-02", end_of_treatment=ON_TREATMENT, refractory=True
    ),
    "hr2020-p1-24-months": Truth("2023-01-15", "B", relapse_date="2025-01-15", end_of_treatment=ON_TREATMENT),
    "hr2020-p1-40-months": Truth("2023-01-15", "B", relapse_date="2026-05-15", end_of_treatment="2025-03-15"),
    "hr2020-p1-40-months-after-block-1": Truth(
        "2023-01-15",
        "B",
        relapse_date="2026-05-15",
        end_of_treatment="2025-03-15",
        end_block_1_mrd=0.0005,
    ),
    "hr2020-p1-after-car-t": Truth(
        "2021-01-15",
        "B",
        relapse_number=3,
        relapse_date="2025-11-28",
        hsct_before=True,
        car_t=True,
        antigens={"CD19": "negative", "CD22": "positive"},
    ),
    "hr2020-p1-after-hsct": Truth(
        "2023-01-15", "B", relapse_number=2, relapse_date="2026-07-10", hsct_before=True, antigens=BOTH
    ),
    "hr2020-p2-15-months": Truth(
        "2025-03-10", "B", relapse_date="2026-06-10", sites=("CNS",), end_of_treatment=ON_TREATMENT
    ),
    "hr2020-p2-30-months": Truth(
        "2023-12-10", "B", relapse_date="2026-06-10", sites=("CNS",), end_of_treatment=ON_TREATMENT
    ),
    "hr2020-p3-t-all": Truth("2024-12-05", "T", relapse_date="2026-05-05", end_of_treatment=ON_TREATMENT),
    "late-testicular": Truth(
        "2021-04-12", "B", relapse_date="2026-04-12", sites=("testis",), end_of_treatment="2023-10-12"
    ),
    "mye2023-1-first-relapse": _young_man(antigens=BOTH),
    "mye2023-2-refractory": _young_man(antigens=BOTH, refractory=True),
    "mye2023-3-before-infusion": _young_man(antigens=BOTH, refractory=True),
    # Antigens were last tested before the cells were given: of today nobody knows.
    "mye2023-4-day-28": _young_man(refractory=True, car_t=True),
    "mye2023-5-day-60": _young_man(refractory=True, car_t=True),
    # "Lineage, site, dates, treatment and results are all missing."
    "problem-list-only": Truth(
        UNTOLD,
        UNTOLD,
        relapse_number=UNTOLD,
        sites=UNTOLD,
        hsct_before=UNTOLD,
        car_t=UNTOLD,
        refractory=UNTOLD,
    ),
}

SILENT: Final = {
    ("problem-list-only", "HSCT before"),
    ("problem-list-only", "CAR-T"),
    ("problem-list-only", "refractory"),
}
"""Where nothing on record may be read as no: what was done to a patient is taken to be recorded."""


def _value(shown: dict[str, Any], name: str) -> Any:
    return shown[name]["value"]


@cache
def _read(name: str) -> dict[str, Any]:
    """What the product reads, by the names of the table; None is open."""
    (folder,) = [p for p in PATIENTS if p.name == name]
    shown = picture_to_dict(assessed(folder).picture)
    sites, ended, mrd = (_value(shown, n) for n in ("sites", "endOfPrimaryTreatment", "endBlock1Mrd"))
    found = {
        "diagnosis": _value(shown, "diagnosisDate"),
        "lineage": _value(shown, "lineage"),
        "relapse number": _value(shown, "relapseNumber"),
        "relapse date": _value(shown, "relapseDate"),
        "sites": tuple(sites) if sites is not None else None,
        "end of treatment": (ended["completed"] or ON_TREATMENT) if ended else None,
        "end-block-1 MRD": mrd and (mrd["low"] if mrd["low"] == mrd["high"] else (mrd["low"], mrd["high"])),
        "HSCT before": _value(shown, "transplantBeforeRelapse"),
        "CAR-T": _value(shown, "carT"),
        "refractory": _value(shown, "refractory"),
    }
    found |= {f"genetics: {n}": known["value"] for n, known in shown["genetics"].items()}
    found |= {f"antigen: {n}": known["value"] for n, known in shown["antigens"].items()}
    return found


def mark(told: Any, read: Any) -> Mark:
    """A value the story does not tell is made up, unless it is the no of an empty record."""
    if told is UNTOLD:
        if read is None:
            return Mark.NOT_ASKED
        return Mark.SILENCE if read is False else Mark.WRONG
    if read is None:
        return Mark.OPEN
    return Mark.READ if read == told and type(read) is type(told) else Mark.WRONG


@cache
def confusion() -> dict[tuple[str, str], Mark]:
    """By chart and fact; markers that no story speaks of are in it, too."""
    marks = {}
    for name, truth in TRUTHS.items():
        told = truth.told()
        for fact, read in _read(name).items():
            marks[name, fact] = mark(told.get(fact, UNTOLD), read)
    return marks


def table() -> str:
    """Facts by how they were read, over all charts."""
    lines = [f"{'fact':36}" + "".join(f"{m.value:>20}" for m in Mark)]
    facts = dict.fromkeys(fact for _, fact in confusion())
    for fact in facts:
        counts = Counter(m for (_, f), m in confusion().items() if f == fact)
        lines.append(f"{fact:36}" + "".join(f"{counts[m]:>20}" for m in Mark))
    for (name, fact), m in confusion().items():
        if m in (Mark.OPEN, Mark.WRONG, Mark.SILENCE):
            lines.append(f"{m.value}: {name}, {fact}: {_read(name)[fact]}")
    return "\n".join(lines)


def test_every_chart_has_its_truth() -> None:
    assert set(TRUTHS) == {p.name for p in PATIENTS}


def test_nothing_is_wrong() -> None:
    print(f"\n{table()}")  # noqa: T201 - shown with -s
    assert [where for where, m in confusion().items() if m is Mark.WRONG] == []


def test_silence_is_read_as_no_only_for_what_would_be_recorded() -> None:
    assert {where for where, m in confusion().items() if m is Mark.SILENCE} <= SILENT


def test_what_the_stories_tell_is_read() -> None:
    """A product that leaves everything open is never wrong: nothing that these stories tell stays open."""
    assert [where for where, m in confusion().items() if m is Mark.OPEN] == []


@pytest.mark.parametrize(
    ("told", "read", "expected"),
    [
        ("B", "B", Mark.READ),
        ("B", None, Mark.OPEN),
        ("B", "T", Mark.WRONG),
        (1, True, Mark.WRONG),
        (UNTOLD, "B", Mark.WRONG),
        (UNTOLD, True, Mark.WRONG),
        (UNTOLD, False, Mark.SILENCE),
        (UNTOLD, None, Mark.NOT_ASKED),
    ],
)
def test_the_marks(told: Any, read: Any, expected: Mark) -> None:
    assert mark(told, read) is expected
