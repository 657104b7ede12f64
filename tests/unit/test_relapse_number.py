"""How many relapses the record tells of, and what leaves their number open.

Unknown is never No: whatever might be a relapse and is not settled leaves the number open.
"""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import Fact
from cds_rules.patient.timeline import (
    Diagnosis,
    Measure,
    Measurement,
    Part,
    Route,
    Site,
    Status,
    StatusReport,
)
from tests.unit.charts import csf, day, diagnosis, is_open, marrow, picture, relapse, remission

# ---- how many ----------------------------------------------------------------------------------


def test_two_codes_of_one_relapse_are_one() -> None:
    found = picture(diagnosis(), relapse(), relapse("2025-06-20", "rel2"))
    assert found.relapse_number == Fact(1, ("Condition/rel", "Condition/rel2"))
    assert str(found.relapse_date.value) == "2025-06-15"


def test_a_code_on_the_sixtieth_day_still_tells_of_the_same_relapse() -> None:
    assert picture(diagnosis(), relapse(), relapse("2025-08-14", "rel2")).relapse_number.value == 1


def test_a_code_on_the_next_day_after_a_remission_is_another_relapse() -> None:
    found = picture(diagnosis(), relapse(), marrow(1, "2025-07-20"), relapse("2025-08-15", "rel2"))
    assert found.relapse_number.value == 2


def test_a_remission_between_makes_two() -> None:
    found = picture(
        diagnosis(), relapse("2024-01-10", "r1"), marrow(1, "2024-03-01"), relapse("2025-06-15", "r2")
    )
    assert found.relapse_number.value == 2
    assert str(found.relapse_date.value) == "2025-06-15"


def test_a_remission_between_two_codes_within_sixty_days_leaves_the_number_open() -> None:
    found = picture(
        diagnosis(), relapse("2025-01-15", "r1"), marrow(1, "2025-02-15"), relapse("2025-03-06", "r2")
    )
    assert is_open(found.relapse_number)
    assert found.relapse_number.evidence == ("Condition/r1", "Condition/r2")


def test_two_codes_months_apart_without_a_remission_leave_the_number_open() -> None:
    """C91.02 is billed at every admission; its onset is then the admission's."""
    assert is_open(
        picture(diagnosis(), relapse("2025-01-15", "r1"), relapse("2025-06-02", "r2")).relapse_number
    )


def test_an_undated_code_belongs_to_the_relapse_on_record() -> None:
    found = picture(diagnosis(), relapse(), relapse(None, "undated", sites=frozenset({Site.CNS})))
    assert found.relapse_number.value == 1
    assert str(found.relapse_date.value) == "2025-06-15"
    assert found.involved[Site.CNS] is Answer.YES


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_the_statements_does_not_matter(order: tuple[int, ...]) -> None:
    statements = [
        diagnosis(),
        relapse("2024-01-10", "r1"),
        relapse("2025-06-15", "r2"),
        relapse("2025-06-20", "r3", sites=frozenset({Site.MARROW})),
    ]
    found = picture(*(statements[i] for i in order), marrow(1, "2024-03-01"))
    assert (found.relapse_number.value, str(found.relapse_date.value)) == (2, "2025-06-15")
    assert found.relapse_number.evidence == ("Condition/r1", "Condition/r2", "Condition/r3")


def test_one_undated_entry_does_not_prove_a_first_relapse() -> None:
    found = picture(relapse(None))
    assert found.relapsed is Answer.YES
    assert is_open(found.relapse_number)


# ---- unknown is not no -------------------------------------------------------------------------


def test_unread_conditions_leave_the_number_open() -> None:
    reason = {Part.CONDITIONS: "conditions not retrieved: too slow"}
    for statements, relapsed in (([diagnosis()], Answer.UNKNOWN), ([diagnosis(), relapse()], Answer.YES)):
        found = picture(*statements, missing=reason)
        assert is_open(found.relapse_number)
        assert found.relapse_number.because == reason[Part.CONDITIONS]
        assert found.relapsed is relapsed


def test_two_relapses_are_at_least_two_whatever_is_missing() -> None:
    found = picture(
        diagnosis(),
        relapse("2024-01-10", "r1"),
        marrow(1, "2024-03-01"),
        relapse("2025-06-15", "r2"),
        missing={Part.CONDITIONS: "conditions not retrieved"},
    )
    assert found.relapse_number.value == 2


@pytest.mark.parametrize("statement", [relapse(certain=False), relapse(None, certain=False)])
def test_an_unconfirmed_relapse_leaves_the_number_open(statement: Diagnosis) -> None:
    found = picture(diagnosis(), statement)
    assert is_open(found.relapse_number)
    assert found.relapse_number.evidence == ("Condition/rel",)


def test_an_unconfirmed_second_relapse_leaves_the_number_open() -> None:
    assert is_open(picture(diagnosis(), relapse(), relapse("2025-12-15", "r2", certain=False)).relapse_number)


@pytest.mark.parametrize("part", [Part.LABORATORY, Part.DISEASE_FINDINGS])
def test_unread_results_leave_the_absence_of_a_relapse_open(part: Part) -> None:
    missing = {part: "results not retrieved"}
    found = picture(diagnosis(), missing=missing)
    assert is_open(found.relapse_number)
    assert found.relapsed is Answer.UNKNOWN
    assert picture(diagnosis(), relapse(), missing=missing).relapse_number.value == 1


# ---- relapse that only the marrow tells --------------------------------------------------------


CALM = (diagnosis(), marrow(1, "2022-02-20"))


def test_blasts_above_a_quarter_after_remission_are_a_relapse() -> None:
    found = picture(*CALM, marrow(26, "2025-06-15"))
    assert found.relapse_number == Fact(1, ("Observation/m-2025-06-15",))
    assert str(found.relapse_date.value) == "2025-06-15"
    assert "no coded relapse" in (found.relapse_date.because or "")
    assert found.involved[Site.MARROW] is Answer.YES


@pytest.mark.parametrize("blasts", [5, 12, 25, Interval(5.0, 100.0), Interval(10.0, 100.0, low_open=True)])
def test_blasts_between_are_suspected_and_open(blasts: float | Interval) -> None:
    found = picture(*CALM, marrow(blasts, "2025-06-15"))
    assert is_open(found.relapse_number)
    assert found.relapse_number.evidence == ("Observation/m-2025-06-15",)
    assert found.suspicion
    assert (found.relapsed, found.relapses) == (Answer.UNKNOWN, 0)


@pytest.mark.parametrize("blasts", [Interval(0.0, 30.0), Interval(0.0, 100.0)])
def test_a_marrow_that_may_be_anything_leaves_the_number_open(blasts: Interval) -> None:
    """The second is what a result without a unit becomes."""
    assert is_open(picture(*CALM, marrow(blasts, "2025-06-15")).relapse_number)


@pytest.mark.parametrize("blasts", [0, 4.9, Interval(0.0, 5.0, high_open=True)])
def test_blasts_below_five_are_none(blasts: float | Interval) -> None:
    found = picture(*CALM, marrow(blasts, "2025-06-15"))
    assert (found.relapse_number.value, found.suspicion) == (0, None)
    assert found.relapsed is Answer.NO


@pytest.mark.parametrize(
    "calm",
    [
        marrow(4.9, "2022-02-20"),
        remission("2022-02-20"),
        StatusReport("Observation/status", day("2022-02-20"), Status.FULL_REMISSION),
    ],
)
def test_each_sign_of_remission_is_enough(calm: Any) -> None:
    assert picture(diagnosis(), calm, marrow(60, "2025-06-15")).relapse_number.value == 1


@pytest.mark.parametrize(
    "calm",
    [
        (),
        (marrow(5, "2022-02-20"),),
        (marrow(1, "2022-01-10"),),
        (marrow(1, None),),
        (marrow(1, "2025-06-15"),),
        (marrow(1, "2022-02-20", route=Route.TEXT),),
        (StatusReport("Observation/status", day("2022-02-20"), Status.PARTIAL_REMISSION),),
        (StatusReport("Observation/status", day("2022-02-20"), Status.IMPROVED),),
    ],
)
def test_without_a_remission_before_it_high_blasts_are_no_relapse(calm: tuple[Any, ...]) -> None:
    """The diagnosis itself, or refractory disease."""
    assert picture(diagnosis(), *calm, marrow(60, "2025-06-15")).relapse_number.value == 0


def test_blasts_told_by_text_alone_settle_nothing() -> None:
    found = picture(*CALM, marrow(60, "2025-06-15", route=Route.TEXT))
    assert found.relapse_number.value != 1


def test_the_blasts_of_a_coded_relapse_belong_to_it() -> None:
    for seen in ("2025-06-08", "2025-06-10", "2025-06-15"):
        found = picture(*CALM, relapse("2025-06-10"), marrow(64, seen))
        assert found.relapse_number.value == 1
        assert str(found.relapse_date.value) == "2025-06-10"  # the coded date is preferred


def test_disease_that_never_went_away_is_no_new_relapse() -> None:
    found = picture(*CALM, relapse(), marrow(64, "2025-06-15"), marrow(41, "2025-10-20"))
    assert found.relapse_number.value == 1


def test_blasts_after_a_second_remission_are_the_next_relapse() -> None:
    found = picture(
        *CALM, relapse(), marrow(64, "2025-06-15"), marrow(1, "2025-07-20"), marrow(80, "2025-12-01")
    )
    assert (found.relapse_number.value, str(found.relapse_date.value)) == (2, "2025-12-01")


def test_suspected_second_relapse_leaves_the_number_open() -> None:
    found = picture(
        *CALM, relapse(), marrow(64, "2025-06-15"), marrow(1, "2025-07-20"), marrow(15, "2025-11-20")
    )
    assert is_open(found.relapse_number)


# ---- relapse that only the spinal fluid tells ---------------------------------------------------

CELLS, BLASTS, RED = Measure.CSF_LEUKOCYTES, Measure.CSF_BLASTS, Measure.CSF_RED_CELLS


def test_cns3_after_a_remission_is_a_cns_relapse() -> None:
    found = picture(*CALM, csf(CELLS, 5), csf(BLASTS, 40))
    assert (found.relapse_number.value, str(found.relapse_date.value)) == (1, "2025-06-15")
    assert set(found.relapse_number.evidence) == {
        "Observation/CSF_LEUKOCYTES-2025-06-15",
        "Observation/CSF_BLASTS-2025-06-15",
    }
    assert found.involved[Site.CNS] is Answer.YES
    assert "no coded relapse" in (found.relapse_date.because or "")


@pytest.mark.parametrize(
    "tap",
    [
        (),
        (csf(CELLS, 50),),
        (csf(CELLS, 50), csf(BLASTS, 0)),
        (csf(CELLS, 0), csf(BLASTS, 0)),
    ],
)
def test_a_tap_without_blasts_is_no_relapse(tap: tuple[Measurement, ...]) -> None:
    assert picture(*CALM, *tap).relapse_number.value == 0


def test_cns3_without_a_remission_before_it_is_no_relapse() -> None:
    assert picture(diagnosis(), csf(CELLS, 50), csf(BLASTS, 40)).relapse_number.value == 0


def test_the_tap_of_a_coded_relapse_belongs_to_it() -> None:
    found = picture(*CALM, relapse("2025-06-10"), csf(CELLS, 50), csf(BLASTS, 40))
    assert (found.relapse_number.value, str(found.relapse_date.value)) == (1, "2025-06-10")


@pytest.mark.parametrize("red", [3, Interval(0.0, 10.0, high_open=True)])
def test_a_few_red_cells_do_not_hide_cns3(red: float | Interval) -> None:
    assert picture(*CALM, csf(CELLS, 50), csf(BLASTS, 40), csf(RED, red)).relapse_number.value == 1


@pytest.mark.parametrize(
    "tap",
    [
        (csf(CELLS, 50), csf(BLASTS, 40), csf(RED, 9000)),
        (csf(CELLS, 3), csf(BLASTS, 40)),
        (csf(BLASTS, 40),),
    ],
    ids=["bloody", "CNS2", "no cell count"],
)
def test_other_blasts_in_the_spinal_fluid_leave_the_number_open(tap: tuple[Measurement, ...]) -> None:
    assert is_open(picture(*CALM, *tap).relapse_number)


def test_the_evidence_does_not_depend_on_the_order_of_one_day() -> None:
    """Two results of one tap, such as flow and cytology."""
    flow, cytology = csf(BLASTS, 40), replace(csf(BLASTS, 90), source="Observation/cytology")
    cells = csf(CELLS, 50)
    found = picture(*CALM, cells, flow, cytology)
    assert found.relapse_number == picture(*CALM, cells, cytology, flow).relapse_number
