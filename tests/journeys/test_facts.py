"""The numbers that decide stand on the first card with unit, method and day, as the stories have them."""

from __future__ import annotations

import pytest

from service.cards.facts import FactRow, fact_rows
from tests.journeys.regenerate import FIXTURES, assessed


def rows(folder: str, *, for_schemes: bool = True) -> dict[str, FactRow]:
    picture = assessed(FIXTURES / "patients" / folder).picture
    return {row.name: row for row in fact_rows(picture, for_schemes=for_schemes)}


@pytest.mark.parametrize(
    ("folder", "said", "day"),
    [
        ("early-marrow-cr2-mrd-negative", "below 0.01 % by flow", "2025-09-09"),
        ("early-marrow-mrd-positive", "0.03 % by flow; 0.041 % by sequencing", "2025-12-16"),
        ("mye2023-5-day-60", "0.0002 % by sequencing", "2026-07-25"),
    ],
)
def test_the_latest_marrow_mrd_is_told_with_its_method_and_day(folder: str, said: str, day: str) -> None:
    row = rows(folder)["Latest marrow MRD"]
    assert (row.said, row.note) == (said, day)
    assert row.evidence


def test_a_result_that_the_end_of_block_1_has_told_is_not_told_twice() -> None:
    found = rows("hr2020-p1-40-months-after-block-1")
    assert (found["End-of-block-1 MRD (marrow)"].said, found["End-of-block-1 MRD (marrow)"].note) == (
        "0.05 %",
        "by flow, 2026-06-18",
    )
    assert "Latest marrow MRD" not in found
    # Where that row is left out, the result has to stand somewhere.
    beside = rows("hr2020-p1-40-months-after-block-1", for_schemes=False)
    assert beside["Latest marrow MRD"].said == "0.05 % by flow"


def test_before_any_result_there_is_none_to_tell() -> None:
    assert "Latest marrow MRD" not in rows("hr2020-p1-24-months")


def test_an_infusion_and_the_order_for_it_are_one() -> None:
    assert rows("mye2023-5-day-60")["CAR-T"].said == "tisagenlecleucel, 2026-05-26"
