"""What the product reads from every demonstration chart, against what its story says: read, open or wrong.

The truth stands in truths.py. A fact may stay open; it may never be wrong, and nothing may be made up. The
table is shown with `-s`.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from functools import cache
from typing import Any, Final

import pytest

from cds_rules.contract import picture_to_dict
from tests.journeys.regenerate import PATIENTS, assessed
from tests.journeys.truths import ON_TREATMENT, TRUTHS, UNTOLD


class Mark(StrEnum):
    """How a fact was read."""

    READ = "read"
    OPEN = "open"
    WRONG = "wrong"
    SILENCE = "silence read as no"
    NOT_ASKED = "-"


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
