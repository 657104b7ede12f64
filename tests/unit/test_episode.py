"""What the record tells of the diagnosis, the relapse and the first remission, and when; age; lineage."""

from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.picture import Fact
from cds_rules.patient.timeline import (
    Diagnosis,
    DiseaseState,
    Lineage,
    Part,
    Person,
    ProblemKind,
    Route,
    Status,
    StatusReport,
)
from tests.unit.charts import concerned, day, diagnosis, is_open, marrow, picture, relapse, remission

# ---- the normal form ---------------------------------------------------------------------------


def test_a_coded_relapse_after_a_dated_diagnosis() -> None:
    found = picture(diagnosis(), relapse())
    assert found.relapsed is Answer.YES
    assert found.relapse_number == Fact(1, ("Condition/rel",))
    assert found.relapse_date == Fact(PartialDate.parse("2025-06-15"), ("Condition/rel",))
    assert found.diagnosed == Fact(PartialDate.parse("2022-01-15"), ("Condition/dx",))


def test_no_relapse_in_a_record_that_was_heard_in_full() -> None:
    found = picture(diagnosis())
    assert found.relapsed is Answer.NO
    assert found.relapse_number.value == 0
    assert is_open(found.relapse_date)


# ---- whether it is ALL -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statements", "missing", "answer"),
    [
        ([diagnosis()], {}, Answer.YES),
        ([relapse(None)], {}, Answer.YES),
        ([], {}, Answer.NO),
        ([diagnosis(certain=False)], {}, Answer.UNKNOWN),
        ([diagnosis(route=Route.TEXT)], {}, Answer.UNKNOWN),
        ([], {Part.CONDITIONS: "conditions not retrieved"}, Answer.UNKNOWN),
        ([], {Part.LABORATORY: "results not retrieved"}, Answer.NO),
    ],
)
def test_is_it_all(statements: list[Diagnosis], missing: dict[Part, str], answer: Answer) -> None:
    assert picture(*statements, missing=missing).has_all is answer


# ---- the date of diagnosis ---------------------------------------------------------------------


def test_the_first_onset_is_the_diagnosis() -> None:
    later = diagnosis("2023-05-01", "later")
    assert picture(later, diagnosis()).diagnosed == Fact(PartialDate.parse("2022-01-15"), ("Condition/dx",))


def test_c91_02_alone_leaves_both_dates_open() -> None:
    """The onset of the only entry may be the diagnosis or the relapse: nobody can tell."""
    found = picture(relapse("2022-01-15"))
    assert is_open(found.diagnosed)
    assert is_open(found.relapse_date)
    assert "may be the diagnosis or the relapse" in (found.relapse_date.because or "")


def test_a_coded_remission_does_not_tell_the_diagnosis() -> None:
    assert is_open(picture(remission("2022-02-20"), relapse()).diagnosed)


def test_a_remission_told_beside_the_disease_keeps_the_diagnosis() -> None:
    kept = diagnosis(state=DiseaseState.REMISSION, state_coded=False)
    assert str(picture(kept, relapse()).diagnosed.value) == "2022-01-15"


@pytest.mark.parametrize(
    "statement", [diagnosis(None), diagnosis(certain=False), diagnosis(route=Route.TEXT)], ids=str
)
def test_an_undated_unconfirmed_or_texted_diagnosis_leaves_its_date_open(statement: Diagnosis) -> None:
    assert is_open(picture(statement, relapse()).diagnosed)


def test_unread_conditions_leave_it_open_with_their_reason() -> None:
    found = picture(relapse(), missing={Part.CONDITIONS: "conditions not retrieved: too slow"})
    assert found.diagnosed.because == "conditions not retrieved: too slow"


# ---- when the relapse was ----------------------------------------------------------------------


def test_a_relapse_by_clinical_status_has_no_date() -> None:
    """The onset of a diagnosis whose status became "relapse" is still that of the diagnosis."""
    found = picture(diagnosis(state=DiseaseState.RELAPSE, state_coded=False))
    assert (found.relapsed, found.relapses) == (Answer.YES, 1)
    assert is_open(found.relapse_number)
    assert is_open(found.relapse_date)
    assert str(found.diagnosed.value) == "2022-01-15"


@pytest.mark.parametrize(
    ("diagnosed", "relapsed"),
    [
        ("2022-01-15", None),
        (None, "2025-06-15"),
        ("2022-01-15", "2022-01-15"),
        ("2022", "2022-11"),
        ("2025-06-16", "2025-06-15"),
    ],
)
def test_a_relapse_date_that_is_missing_or_not_surely_after_the_diagnosis_stays_open(
    diagnosed: str | None, relapsed: str | None
) -> None:
    found = picture(diagnosis(diagnosed), relapse(relapsed))
    assert (found.relapsed, found.relapses) == (Answer.YES, 1)
    assert is_open(found.relapse_date)
    assert is_open(found.relapse_number)


@pytest.mark.parametrize(
    ("diagnosed", "dated"), [("2025-05-17", True), ("2025-05-18", False), ("2025-06-14", False)]
)
def test_a_relapse_less_than_an_induction_after_the_diagnosis_is_not_dated(
    diagnosed: str, dated: bool
) -> None:
    """29 days after, and 28: no remission lies between, so both may be the diagnosis, billed twice."""
    found = picture(diagnosis(diagnosed), relapse())
    assert (str(found.relapse_date.value) == "2025-06-15") is dated
    assert [p.resources for p in found.problems] == ([] if dated else [("Condition/rel", "Condition/dx")])
    assert is_open(found.relapse_number) is not dated


def test_a_relapse_before_the_diagnosis_is_a_contradiction_and_named() -> None:
    found = picture(diagnosis(), relapse("2020-01-01"))
    assert is_open(found.relapse_date)
    assert concerned(found.problems, ProblemKind.CONFLICT) == [("Condition/rel", "Condition/dx")]


def test_a_diagnosis_before_birth_is_a_contradiction_and_named() -> None:
    found = picture(diagnosis("2014-01-01"), relapse())
    assert concerned(found.problems, ProblemKind.CONFLICT) == [("Patient/p", "Condition/dx")]


def test_partial_dates_stay_partial() -> None:
    assert str(picture(diagnosis("2022"), relapse("2025-06")).relapse_date.value) == "2025-06"


def test_what_is_dated_after_the_day_of_assessment_is_not_used_and_named() -> None:
    found = picture(diagnosis(), relapse("2026-01-02"))
    assert found.relapse_number.value == 0
    assert concerned(found.problems, ProblemKind.FUTURE_DATE) == [("Condition/rel",)]
    assert picture(diagnosis(), relapse("2026-01-01")).relapse_number.value == 1


# ---- age ---------------------------------------------------------------------------------------


def test_age_is_counted_in_completed_years() -> None:
    assert picture(diagnosis(), relapse("2025-03-31")).age_at_relapse.value == 9
    assert picture(diagnosis(), relapse("2025-04-01")).age_at_relapse.value == 10


@pytest.mark.parametrize(
    ("birth", "when"),
    [(None, "2025-06-15"), ("2015", "2025-06-15"), ("2015-04-01", None), ("2015-04-01", "2025")],
)
def test_age_stays_open_without_both_dates(birth: str | None, when: str | None) -> None:
    assert is_open(picture(diagnosis(), relapse(when), person=Person("Patient/p", day(birth))).age_at_relapse)


def test_a_partial_birth_date_that_cannot_matter_does_not() -> None:
    person = Person("Patient/p", day("2015-04"))
    assert picture(diagnosis(), relapse("2025-06-15"), person=person).age_at_relapse.value == 10


# ---- lineage -----------------------------------------------------------------------------------


def test_lineage_from_any_confirmed_condition() -> None:
    found = picture(diagnosis(lineage=None), relapse(lineage=Lineage.T))
    assert found.lineage == Fact(Lineage.T, ("Condition/rel",))
    assert found.lineages == {Lineage.T}


@pytest.mark.parametrize(
    "statements",
    [
        [diagnosis(lineage=None)],
        [diagnosis(certain=False), relapse()],
        [diagnosis(route=Route.TEXT), relapse()],
    ],
)
def test_lineage_that_nobody_told_for_certain_is_open(statements: list[Diagnosis]) -> None:
    found = picture(*statements)
    assert is_open(found.lineage)
    assert found.lineages == {Lineage.B, Lineage.T}


@pytest.mark.parametrize("other", [Lineage.T, Lineage.MIXED])
def test_two_lineages_leave_it_open_and_are_named(other: Lineage) -> None:
    found = picture(diagnosis(), relapse(lineage=other))
    assert is_open(found.lineage)
    assert found.lineages == {Lineage.B, other}
    assert concerned(found.problems, ProblemKind.CONFLICT) == [("Condition/dx", "Condition/rel")]


# ---- first remission ---------------------------------------------------------------------------


def test_only_a_stated_remission_tells_its_date() -> None:
    report = StatusReport("Observation/status", day("2022-02-20"), Status.FULL_REMISSION)
    for stated in (report, remission("2022-02-20")):
        assert str(picture(diagnosis(), stated, relapse()).first_remission.value) == "2022-02-20"


def test_the_earliest_stated_remission_is_taken_in_any_order() -> None:
    early, late = remission("2022-02-20", "early"), remission("2022-06-01", "late")
    for statements in ((early, late), (late, early)):
        assert str(picture(diagnosis(), *statements, relapse()).first_remission.value) == "2022-02-20"


@pytest.mark.parametrize(
    "statements",
    [
        (),
        (marrow(1, "2022-02-20"),),
        (remission("2025-07-20"),),
        (remission("2021-12-01"),),
        (remission(None),),
        (StatusReport("Observation/status", day("2022-02-20"), Status.STABLE),),
    ],
)
def test_first_remission_stays_open(statements: tuple[Any, ...]) -> None:
    """A clear marrow need not be the first; a remission after the relapse is not the first."""
    assert is_open(picture(diagnosis(), *statements, relapse()).first_remission)


def test_with_an_undated_relapse_a_remission_may_be_the_second() -> None:
    assert is_open(picture(diagnosis(), relapse(None), remission("2025-08-20")).first_remission)


# ---- dates before birth ----------------------------------------------------------------------------


def test_a_diagnosis_before_birth_is_not_dated() -> None:
    found = picture(diagnosis("2001-01-15"), relapse())
    assert found.diagnosed.value is None
    assert found.diagnosed.evidence == ("Patient/p", "Condition/dx")
    assert [p.resources for p in found.problems] == [("Patient/p", "Condition/dx")]


def test_another_date_of_the_diagnosis_counts_where_one_is_before_birth() -> None:
    found = picture(diagnosis("2001-01-15", "typo"), diagnosis("2022-01-15"), relapse())
    assert str(found.diagnosed.value) == "2022-01-15"
    assert [p.resources for p in found.problems] == [("Patient/p", "Condition/typo")]


def test_a_diagnosis_in_the_year_of_birth_is_not_before_it() -> None:
    assert str(picture(diagnosis("2015"), relapse()).diagnosed.value) == "2015"
