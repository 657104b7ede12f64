"""End of primary treatment by an EpisodeOfCare: alone, beside a plan, against it; and by the last dose."""

from datetime import date, timedelta
from typing import Any

import pytest

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.draw import draw
from cds_rules.patient.mrd import reinduction_start
from cds_rules.patient.picture import EndOfTreatment, Fact
from cds_rules.patient.timeline import CarT, DrugUse, Part, Route, Transplant, TreatmentPlan
from tests.unit.charts import ON, day, is_open, marrow_relapse

RELAPSED = "2025-06-15"
DIAGNOSED = "2022-01-15"
MISSING = "not retrieved: too slow"
GOING_ON = EndOfTreatment(True)


def episode(start: str | None, end: str | None, status: str = "completed", **more: Any) -> TreatmentPlan:
    return TreatmentPlan("EpisodeOfCare/e", day(start), day(end), status, enrolment=True, **more)


def plan(start: str, end: str | None, status: str = "completed") -> TreatmentPlan:
    return TreatmentPlan("CarePlan/cp", day(start), day(end), status)


def dose(when: str | None, name: str = "vincristine", source: str = "", **more: Any) -> DrugUse:
    return DrugUse(f"MedicationAdministration/{source or when}", day(when), name, **more)


def end(**record: Any) -> Fact[EndOfTreatment]:
    return draw(marrow_relapse(**record), ON).treatment


def completed(text: str) -> EndOfTreatment:
    return EndOfTreatment(False, PartialDate.parse(text))


# ---- an episode alone ----------------------------------------------------------------------------


def test_a_finished_episode_tells_when_treatment_ended() -> None:
    assert end(plans=(episode("2022-01-17", "2024-03-15"),)) == Fact(
        completed("2024-03-15"), ("EpisodeOfCare/e",)
    )


@pytest.mark.parametrize(("ended", "settles"), [("2023-01-14", False), ("2023-01-15", True)])
def test_an_episode_within_the_first_year_is_a_phase(ended: str, settles: bool) -> None:
    assert is_open(end(plans=(episode("2022-01-17", ended),))) is not settles


@pytest.mark.parametrize("until", [None, RELAPSED, "2025-12-01"])
def test_an_episode_that_reaches_the_relapse_needs_a_drug_to_show_treatment(until: str | None) -> None:
    """Enrolment goes on through the years of follow-up."""
    plans = (episode("2022-01-17", until, "active"),)
    found = end(plans=plans)
    assert is_open(found)
    assert found.evidence == ("EpisodeOfCare/e",)
    assert is_open(end(plans=plans, drugs=(dose("2025-04-15"),)))  # 61 days before
    assert end(plans=plans, drugs=(dose("2025-04-16"),)).value == GOING_ON
    assert is_open(end(plans=plans, drugs=(dose("2025-06-01", "tacrolimus"),)))


@pytest.mark.parametrize("status", ["active", "on-hold", "revoked"])
def test_an_end_that_is_not_a_finish_leaves_it_open(status: str) -> None:
    assert is_open(end(plans=(episode("2022-01-17", "2024-03-15", status),)))


def test_an_episode_known_by_its_words_settles_nothing_and_says_so() -> None:
    found = end(plans=(episode("2022-01-17", "2024-03-15", route=Route.TEXT),))
    assert is_open(found)
    assert found.evidence == ("EpisodeOfCare/e",)
    assert "text" in (found.because or "")
    trusted = end(plans=(episode("2022-01-17", "2024-03-15", route=Route.SITE_TEXT),))
    assert trusted.value == completed("2024-03-15")


def test_unread_episodes_are_the_reason_where_nothing_else_tells() -> None:
    assert end(missing={Part.EPISODES: MISSING}).because == MISSING
    told = end(missing={Part.EPISODES: MISSING}, plans=(plan("2022-01-17", "2024-03-15"),))
    assert told.value == completed("2024-03-15")


# ---- beside a plan, and against it ---------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_a_later_end_of_the_episode_gives_every_day_between(order: int) -> None:
    plans = (plan("2022-01-17", "2024-03-15"), episode("2022-01-10", "2024-06-30"))
    found = end(plans=plans[::order])
    assert found.value == EndOfTreatment(False, PartialDate(date(2024, 3, 15), date(2024, 6, 30)))
    assert set(found.evidence) == {"CarePlan/cp", "EpisodeOfCare/e"}


def test_an_episode_that_ends_with_or_before_the_plan_adds_nothing() -> None:
    for ended in ("2024-03-15", "2023-12-01"):
        found = end(plans=(plan("2022-01-17", "2024-03-15"), episode("2022-01-10", ended)))
        assert found.value == completed("2024-03-15")


def test_a_phase_by_its_plan_does_not_pull_the_end_forward() -> None:
    found = end(plans=(plan("2022-01-17", "2022-08-30"), episode("2022-01-10", "2024-03-15")))
    assert found == Fact(completed("2024-03-15"), ("EpisodeOfCare/e",))


def test_a_completed_plan_and_an_open_episode_contradict_each_other() -> None:
    found = end(plans=(plan("2022-01-17", "2024-03-15"), episode("2022-01-10", None, "active")))
    assert is_open(found)


def test_an_open_plan_and_a_finished_episode_contradict_each_other() -> None:
    found = end(plans=(plan("2022-01-17", None, "active"), episode("2022-01-10", "2024-03-15")))
    assert is_open(found)
    assert set(found.evidence) == {"CarePlan/cp", "EpisodeOfCare/e"}
    first_phase = episode("2022-01-10", "2022-02-20")
    assert end(plans=(plan("2022-01-17", None, "active"), first_phase)).value == GOING_ON


def test_an_enrolment_does_not_start_the_days_of_reinduction() -> None:
    relapsed = PartialDate.parse(RELAPSED)
    record = marrow_relapse(plans=(episode("2025-06-16", None, "active"),), drugs=(dose("2025-06-25"),))
    assert str(reinduction_start(record, relapsed)) == "2025-06-25"


# ---- inferred from the last dose -----------------------------------------------------------------

SERIES = (dose("2023-11-01"), dose("2024-01-10"), dose("2024-03-15"))
SPAN = EndOfTreatment(False, PartialDate(date(2024, 3, 15), date(2024, 6, 7)))


@pytest.mark.parametrize("order", [1, -1])
def test_the_last_of_a_series_of_doses_gives_a_span_and_says_that_it_is_inferred(order: int) -> None:
    found = end(drugs=SERIES[::order])
    assert (found.value, found.evidence) == (SPAN, ("MedicationAdministration/2024-03-15",))
    assert "inferred" in (found.because or "")


def test_the_end_of_an_infusion_is_its_last_day() -> None:
    drugs = (*SERIES[:2], dose("2024-02-17", "blinatumomab", until=day("2024-03-15")))
    assert end(drugs=drugs).value == SPAN


def test_anything_else_that_tells_comes_first() -> None:
    assert end(drugs=SERIES, plans=(plan("2022-01-17", "2024-02-01"),)).value == completed("2024-02-01")
    assert is_open(end(drugs=SERIES, plans=(plan("2022-01-17", None, "on-hold"),)))


@pytest.mark.parametrize(("last", "settles"), [("2024-01-14", False), ("2024-01-15", True)])
def test_a_last_dose_within_two_years_of_the_diagnosis_may_be_that_of_a_phase(
    last: str, settles: bool
) -> None:
    drugs = (dose("2023-10-01"), dose("2023-12-01"), dose(last))
    assert is_open(end(drugs=drugs)) is not settles


@pytest.mark.parametrize(("first", "settles"), [("2023-03-15", False), ("2023-03-16", True)])
def test_a_single_late_dose_is_no_series(first: str, settles: bool) -> None:
    drugs = (dose(first), dose("2024-01-10"), dose("2024-03-15"), dose("2024-03-15", source="twice"))
    assert is_open(end(drugs=drugs)) is not settles


@pytest.mark.parametrize(("gap", "settles"), [(84, False), (85, True)])
def test_a_last_dose_near_the_relapse_leaves_it_open(gap: int, settles: bool) -> None:
    last = (date.fromisoformat(RELAPSED) - timedelta(days=gap)).isoformat()
    drugs = (*SERIES, dose("2024-07-01"), dose("2024-10-01"), dose(last))
    assert is_open(end(drugs=drugs)) is not settles


@pytest.mark.parametrize(
    "other",
    [
        {"drugs": (dose("2024-08-01", given=False),)},
        {"drugs": (dose("2024-02-01", given=False, ongoing=True),)},
        {"drugs": (dose("2024-08-01", route=Route.TEXT),)},
        {"drugs": (dose("2024-08-01", "dexamethasone"),)},
        {"drugs": (dose(None),)},
        {"drugs": (dose("2024"),)},
        {"transplants": (Transplant("Procedure/t", day("2024-09-01")),)},
        {"car_t": (CarT("Procedure/c", None),)},
        {"missing": {Part.ADMINISTRATIONS: MISSING}},
        {"missing": {Part.STATEMENTS: MISSING}},
        {"missing": {Part.CARE_PLANS: MISSING}},
        {"missing": {Part.EPISODES: MISSING}},
        {"missing": {Part.PROCEDURES: MISSING}},
        {"diagnosed": None},
    ],
    ids=[
        "reported later",
        "reported as going on",
        "told by text",
        "a later steroid",
        "undated",
        "that year",
        "transplant",
        "cells",
        "doses unread",
        "reports unread",
        "plans unread",
        "episodes unread",
        "procedures unread",
        "no diagnosis",
    ],
)
def test_what_may_be_later_treatment_leaves_it_open(other: dict[str, Any]) -> None:
    record = {**other, "drugs": (*SERIES, *other.get("drugs", ()))}
    assert is_open(end(**record))


@pytest.mark.parametrize(
    "other",
    [
        dose("2024-08-01", "tacrolimus"),
        dose("2024-08-01", given=False, ordered=True),
        dose(RELAPSED),
        dose("2024-03-01", given=False, until=day("2024-03-15")),
    ],
    ids=["no leukemia drug", "ordered only", "at the relapse", "reported to the same day"],
)
def test_what_is_no_later_treatment_does_not(other: DrugUse) -> None:
    assert end(drugs=(*SERIES, other)).value == SPAN
