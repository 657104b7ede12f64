"""Prognostic factors and scores on the first card: figures of groups, with source and year."""

import re
from typing import cast

import pytest

from cds_rules.assessment import Assessment
from service.cards.build import Pages
from service.cards.prognosis import MAX_FACTORS, prognosis_lines
from tests.journeys.regenerate import FIXTURES, PAGES, PATIENTS, assessed

HEAD = "**What the sources report of groups with such findings** (not a forecast for this patient)"
_SOURCE = re.compile(r"\)\)?, .*(?:19|20)\d\d\)$")
_SUM = re.compile(r": (\d)(?: to (\d))? of (\d) points\.\*\*")


def lines(name: str) -> list[str]:
    return list(prognosis_lines(assessed(FIXTURES / "patients" / name), PAGES))


@pytest.mark.parametrize("folder", PATIENTS, ids=lambda p: p.name)
def test_every_figure_has_its_source_with_a_year_and_is_no_forecast(folder: object) -> None:
    told = lines(str(getattr(folder, "name", "")))
    if not told:
        return
    assert told[0] == HEAD
    assert told[-1] == ""
    statements = [line for line in told if line.startswith("- **")]
    assert statements
    assert [line for line in statements if not _SOURCE.search(line)] == []
    assert sum("PF-" in line for line in statements) <= MAX_FACTORS


def test_a_score_with_everything_known_is_one_sum_with_its_figure() -> None:
    (line,) = [s for s in lines("transplant-outside-remission") if "SC-1" in s]
    found = _SUM.search(line)
    assert found is not None
    assert found.groups() == ("3", None, "6")
    assert "10 % alive at 3 years in that cohort" in line
    assert "Open" not in line


def test_a_score_with_an_open_input_is_an_interval_that_names_it() -> None:
    (line,) = [s for s in lines("adult-second-salvage") if "SC-1" in s]
    found = _SUM.search(line)
    assert found is not None
    assert found.groups() == ("5", "6", "6")
    assert "Open: donor CMV positive." in line


def test_the_score_of_transplant_outside_remission_waits_until_reinduction_is_judged() -> None:
    assert [s for s in lines("hr2020-p1-24-months") + lines("adult-first-relapse") if "SC-1" in s] == []


def test_factors_beyond_the_first_are_links() -> None:
    told = lines("hr2020-p3-t-all")
    (rest,) = [line for line in told if line.startswith("- and ")]
    assert "[L-5a](" in rest


def test_nothing_is_said_where_nothing_applies() -> None:
    class Empty:
        recommendations = ()
        scores = ()
        outside = ()

    assert list(prognosis_lines(cast(Assessment, Empty()), cast(Pages, None))) == []
