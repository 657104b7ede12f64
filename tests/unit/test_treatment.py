"""End of primary treatment: by its plans, else by its maintenance drug; doubtful data leave it open."""

from datetime import date
from typing import Any

import pytest

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.draw import draw
from cds_rules.patient.picture import EndOfTreatment, Fact
from cds_rules.patient.timeline import DrugUse, Part, PatientTimeline, Person, Route, TreatmentPlan
from cds_rules.patient.treatment import end_of_primary_treatment
from cds_rules.risk.case import AfterTreatment
from cds_rules.risk.facts import risk_facts
from tests.unit.charts import ON, day, is_open, marrow, marrow_relapse, relapse

RELAPSED = "2025-06-15"
MISSING = "not retrieved: too slow"
GOING_ON = EndOfTreatment(True)


def plan(
    start: str | None, end: str | None, status: str = "completed", source: str = "cp", **more: Any
) -> TreatmentPlan:
    return TreatmentPlan(f"CarePlan/{source}", day(start), day(end), status, **more)


def drug(start: str | None, end: str | None = None, name: str = "mercaptopurine", **more: Any) -> DrugUse:
    return DrugUse("MedicationStatement/mp", day(start), name, day(end), **{"given": False, **more})


def end(**record: Any) -> Fact[EndOfTreatment]:
    return draw(marrow_relapse(**record), ON).treatment


def completed(text: str) -> EndOfTreatment:
    return EndOfTreatment(False, PartialDate.parse(text))


# ---- primary treatment by its plan -------------------------------------------------------------


def test_a_completed_plan_tells_when_treatment_ended() -> None:
    assert end(plans=(plan("2022-01-17", "2024-03-15"),)) == Fact(completed("2024-03-15"), ("CarePlan/cp",))


def test_a_plan_that_ended_at_or_after_the_relapse_was_going_on() -> None:
    for ended in (RELAPSED, "2025-07-01"):
        assert end(plans=(plan("2022-01-17", ended),)).value == GOING_ON
    assert end(plans=(plan("2022-01-17", "2025-06-14"),)).value == completed("2025-06-14")


def test_an_active_plan_without_an_end_was_going_on_and_says_how_it_is_known() -> None:
    found = end(plans=(plan("2022-01-17", None, "active"),))
    assert found.value == GOING_ON
    assert found.because


@pytest.mark.parametrize(
    ("last", "going_on"),
    [("2024-03-15", False), ("2025-04-15", False), ("2025-04-16", True), ("2025-06-15", True)],
)
def test_an_open_plan_is_doubted_when_the_drugs_stopped_long_before(last: str, going_on: bool) -> None:
    """Plans are often never closed; with no drug on record there is nothing to doubt them by."""
    found = end(plans=(plan("2022-01-17", None, "active"),), drugs=(drug("2022-09-01", last),))
    assert (found.value == GOING_ON) is going_on
    assert is_open(found) is not going_on


@pytest.mark.parametrize(
    "doubtful",
    [
        plan("2022-01-17", None, "completed"),
        plan("2022-01-17", None, "revoked"),
        plan("2022-01-17", None, "on-hold"),
        plan("2022-01-17", "2024-03-15", "revoked"),
        plan("2022-01-17", "2024-03-15", "on-hold"),
        plan("2022-01-17", "2024-03-15", "active"),
    ],
    ids=lambda p: f"{p.status} {p.until}",
)
def test_a_plan_that_does_not_say_when_it_was_completed_leaves_it_open(doubtful: TreatmentPlan) -> None:
    found = end(plans=(doubtful,))
    assert is_open(found)
    assert found.evidence == ("CarePlan/cp",)


@pytest.mark.parametrize(
    "other",
    [
        plan(None, "2024-03-15"),
        plan("2025-06-15", None, "active"),
        plan("2025-06-20", None, "active"),
        plan("2022-01-17", "2024-03-15", route=Route.TEXT),
        plan("2025", None, "active"),
    ],
    ids=["undated", "on the relapse", "reinduction", "text", "may be later"],
)
def test_no_other_plan_is_taken_for_primary_treatment(other: TreatmentPlan) -> None:
    assert is_open(end(plans=(other,)))


def test_a_plan_may_start_at_any_time_before_the_relapse() -> None:
    """Phases may each have a plan, and only the last of them may be in the chart."""
    for start in ("2022-01-10", "2022-03-17", "2023-06-01"):
        assert end(plans=(plan(start, "2024-03-15"),)).value == completed("2024-03-15")


@pytest.mark.parametrize(("ended", "settles"), [("2023-01-14", False), ("2023-01-15", True)])
def test_what_ended_within_twelve_months_of_the_diagnosis_is_a_phase(ended: str, settles: bool) -> None:
    found = end(plans=(plan("2022-01-17", ended),))
    assert is_open(found) is not settles
    assert found.evidence == ("CarePlan/cp",)


def test_without_a_diagnosis_the_twelve_months_count_from_the_first_plan() -> None:
    plans = (plan("2022-01-17", "2022-02-20", source="a"), plan("2022-02-21", "2023-01-16", source="b"))
    assert is_open(end_of_primary_treatment(marrow_relapse(plans=plans), day(RELAPSED), None))
    year = marrow_relapse(plans=(plan("2022-01-17", "2023-01-17"),))
    assert end_of_primary_treatment(year, day(RELAPSED), None).value == completed("2023-01-17")


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_plans_the_last_end_counts(order: int) -> None:
    plans = (
        plan("2022-01-17", "2022-08-30", source="intensive"),
        plan("2022-09-01", "2024-03-15", source="maintenance"),
    )
    found = end(plans=plans[::order])
    assert found == Fact(completed("2024-03-15"), ("CarePlan/maintenance",))


@pytest.mark.parametrize("status", ["revoked", "on-hold", "active"])
def test_the_last_end_counts_only_if_it_is_completed(status: str) -> None:
    plans = (
        plan("2022-01-17", "2023-08-30", source="intensive"),
        plan("2023-09-01", "2024-03-15", status, source="maintenance"),
    )
    found = end(plans=plans)
    assert is_open(found)
    assert found.evidence == ("CarePlan/maintenance",)


def test_one_plan_that_goes_on_means_that_treatment_goes_on() -> None:
    plans = (
        plan("2022-01-17", "2024-03-15", source="intensive"),
        plan("2024-03-16", "2025-09-01", source="maintenance"),
    )
    assert end(plans=plans) == Fact(GOING_ON, ("CarePlan/maintenance",))


@pytest.mark.parametrize("partial", ["2024", "2024-03"])
def test_a_partial_end_stays_partial(partial: str) -> None:
    assert end(plans=(plan("2022-01-17", partial),)).value == completed(partial)


def test_nothing_on_record_leaves_it_open() -> None:
    assert is_open(end())
    assert is_open(end(drugs=(drug("2023-01-01", "2025-06-01", "vincristine"),)))


def test_unread_plans_are_the_reason_given() -> None:
    assert end(missing={Part.CARE_PLANS: MISSING}).because == MISSING


def test_without_a_relapse_date_it_is_open() -> None:
    assert is_open(end(relapsed=None, plans=(plan("2022-01-17", "2024-03-15"),)))


PHASES = (
    plan("2022-01-17", "2022-02-20", source="induction"),
    plan("2022-02-21", "2022-08-30", source="consolidation"),
    plan("2022-09-01", None, "active", source="maintenance"),
)


@pytest.mark.parametrize("phases", [PHASES, PHASES[::2]])
def test_a_completed_induction_is_not_completed_treatment(phases: tuple[TreatmentPlan, ...]) -> None:
    """It would make an early relapse late, and the group too low."""
    found = end(plans=phases)
    assert found.value == GOING_ON
    assert found.evidence == ("CarePlan/maintenance",)


def test_maintenance_after_a_completed_plan_leaves_it_open() -> None:
    """Of a whole treatment that is said to be over it is a contradiction; of a first phase it is not."""
    taken = drug("2022-09-01", ongoing=True)
    found = end(plans=(plan("2022-01-17", "2024-03-15"),), drugs=(taken,))
    assert is_open(found)
    assert found.evidence == ("CarePlan/cp", "MedicationStatement/mp")
    assert end(plans=(plan("2022-01-17", "2022-02-20"),), drugs=(taken,)).value == GOING_ON


def test_a_plan_that_ends_before_it_starts_settles_nothing() -> None:
    assert is_open(end(plans=(plan("2022-01-17", "2021-01-17"),)))


def test_primary_treatment_is_long_over_at_a_second_relapse() -> None:
    """Interrupted by the first relapse and never closed in the chart."""
    first = relapse("2024-01-10", "first")
    whole = marrow_relapse(
        plans=(plan("2022-01-17", None, "active"),), measurements=(marrow(1, "2024-03-01"),)
    )
    record = PatientTimeline(whole.person, (*whole.diagnoses, first), whole.measurements, plans=whole.plans)
    found = draw(record, ON)
    assert found.relapse_number.value == 2
    assert found.treatment.value != GOING_ON


# ---- primary treatment by its maintenance drug -------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        drug("2023-01-01", "2025-06-15"),
        drug("2023-01-01", "2025-05-18"),
        drug("2023-01-01", ongoing=True),
        drug("2025-06-15", ongoing=True),
        drug("2025-05-18", given=True),
    ],
    ids=["to the relapse", "28 days before", "ongoing", "from that day", "one dose 28 days before"],
)
def test_mercaptopurine_at_the_relapse_shows_that_treatment_was_going_on(use: DrugUse) -> None:
    found = end(drugs=(use,))
    assert found.value == GOING_ON
    assert found.evidence == ("MedicationStatement/mp",)
    assert "inferred" in (found.because or "")


@pytest.mark.parametrize(
    "use",
    [
        drug("2023-01-01"),
        drug(None, "2025-06-15"),
        drug("2025-06-16", ongoing=True),
        drug("2025", ongoing=True),
        drug("2023-01-01", ongoing=True, route=Route.TEXT),
        drug("2023-01-01", "2025-05-17", route=Route.TEXT),
    ],
    ids=["one old dose", "no start", "after", "start unclear", "text", "ended in text"],
)
def test_no_other_use_of_it_shows_anything(use: DrugUse) -> None:
    """Its absence never shows that treatment was over."""
    assert is_open(end(drugs=(use,)))


@pytest.mark.parametrize(
    ("relapsed", "after"),
    [
        ("2025-06-15", {AfterTreatment.BEFORE_6}),
        ("2025-09-15", set(AfterTreatment)),
        ("2026-07-01", {AfterTreatment.FROM_6}),
    ],
)
def test_an_end_in_an_unknown_month_stays_partial(relapsed: str, after: set[AfterTreatment]) -> None:
    """Some time in 2025: before the relapse or not, the clock holds every day that is possible."""
    found = draw(marrow_relapse(relapsed, drugs=(drug("2023-01-01", "2025"),)), date(2026, 12, 1))
    assert found.treatment.value == completed("2025")
    assert {t.after_treatment for t in risk_facts(found).timing} == after


@pytest.mark.parametrize("until", [None, "2024-03-15", "2025-06-10"])
def test_an_order_is_no_use(until: str | None) -> None:
    ordered = DrugUse(
        "MedicationRequest/mp", day("2023-06-01"), "mercaptopurine", day(until), given=False, ordered=True
    )
    assert is_open(end(drugs=(ordered,)))


@pytest.mark.parametrize("last", ["2024-03-15", "2025-05-17"])
def test_the_recorded_end_of_it_is_taken_for_completion_and_says_so(last: str) -> None:
    found = end(drugs=(drug("2022-09-01", last),))
    assert (found.value, found.evidence) == (completed(last), ("MedicationStatement/mp",))
    assert "inferred" in (found.because or "")


@pytest.mark.parametrize("diagnosed", ["2022-01-10", None])
@pytest.mark.parametrize(("last", "settles"), [("2022-06-10", False), ("2023-07-10", True)])
def test_an_end_of_it_within_twelve_months_is_that_of_a_phase(
    diagnosed: str | None, last: str, settles: bool
) -> None:
    """Consolidation holds mercaptopurine too; years off treatment would be made of it."""
    found = end_of_primary_treatment(
        PatientTimeline(Person("Patient/p"), drugs=(drug("2022-03-01", last),)),
        day("2025-06-15"),
        day(diagnosed),
    )
    assert found.value == (completed(last) if settles else None)
    assert settles or (found.evidence == ("MedicationStatement/mp",) and "too soon" in (found.because or ""))


def test_the_last_of_its_ends_counts() -> None:
    pauses = (drug("2022-09-01", "2023-03-01"), drug("2023-04-01", "2024-03-15"))
    for uses in (pauses, pauses[::-1]):
        assert end(drugs=uses).value == completed("2024-03-15")


@pytest.mark.parametrize("given", [True, False])
def test_another_drug_after_its_end_leaves_it_open(given: bool) -> None:
    other = DrugUse("MedicationAdministration/v", day("2024-06-01"), "vincristine", given=given)
    found = end(drugs=(drug("2022-09-01", "2024-03-15"), other))
    assert is_open(found)
    assert found.evidence == ("MedicationStatement/mp", "MedicationAdministration/v")


@pytest.mark.parametrize(
    "other",
    [
        DrugUse("MedicationRequest/v", day("2024-06-01"), "vincristine", given=False, ordered=True),
        DrugUse("MedicationAdministration/v", day("2025-06-15"), "vincristine"),
        DrugUse("MedicationAdministration/v", day("2024-03-15"), "vincristine"),
    ],
    ids=["ordered only", "on the relapse", "on its last day"],
)
def test_what_is_no_treatment_between_does_not(other: DrugUse) -> None:
    assert end(drugs=(drug("2022-09-01", "2024-03-15"), other)).value == completed("2024-03-15")


def test_a_later_dose_of_it_leaves_its_end_open() -> None:
    """An administration has no end of its own; it is later use all the same."""
    dose = DrugUse("MedicationAdministration/mp", day("2024-12-01"), "mercaptopurine")
    assert is_open(end(drugs=(drug("2022-09-01", "2024-03-15"), dose)))


def test_the_drug_decides_where_the_plan_does_not() -> None:
    found = end(plans=(plan("2022-01-17", None, "on-hold"),), drugs=(drug("2023-01-01", ongoing=True),))
    assert (found.value, found.evidence) == (GOING_ON, ("MedicationStatement/mp",))


# ---- entries that nobody closed ------------------------------------------------------------------


@pytest.mark.parametrize(("since", "going_on"), [("2021-06-16", True), ("2021-06-15", False)])
def test_what_is_open_for_four_years_is_not_believed_to_go_on(since: str, going_on: bool) -> None:
    """Primary treatment takes two to three years; lists of drugs and plans are often never closed."""
    told = {"diagnosed": "2020-01-15"}
    for found in (
        end(plans=(plan(since, None, "active"),), **told),
        end(drugs=(drug(since, ongoing=True),), **told),
        end(plans=(plan(since, None, "active"),), drugs=(drug(since, ongoing=True),), **told),
    ):
        assert (found.value == GOING_ON) is going_on
        assert is_open(found) is not going_on
        assert found.evidence


def test_an_old_open_plan_is_believed_with_a_drug_shortly_before_the_relapse() -> None:
    recent = drug("2025-04-01", "2025-06-01")
    assert (
        end(plans=(plan("2020-01-16", None, "active"),), drugs=(recent,), diagnosed="2020-01-15").value
        == GOING_ON
    )


def test_an_entry_that_nobody_closed_hides_no_other_answer() -> None:
    unclosed = drug("2020-06-15", ongoing=True)
    ended = plan("2020-01-16", "2022-06-01")
    assert end(plans=(ended,), drugs=(unclosed,), diagnosed="2020-01-15").value == completed("2022-06-01")
