"""Lines of therapy: treatment between disease events, counted from below; what is thin stays a bound."""

from datetime import date
from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.draw import draw
from cds_rules.patient.history import Count, Line
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import (
    CarT,
    DrugUse,
    Part,
    PatientTimeline,
    Route,
    Transplant,
    TreatmentPlan,
)
from tests.unit.charts import ON, PERSON, day, diagnosis, is_open, marrow, marrow_relapse, relapse

MISSING = "not retrieved: too slow"
EVENT = "2025-06-15"


def plan(start: str | None, end: str | None = None, status: str = "completed", **more: Any) -> TreatmentPlan:
    return TreatmentPlan(f"CarePlan/{start}", day(start), day(end), status, **more)


def dose(when: str | None, name: str = "vincristine", source: str = "", **more: Any) -> DrugUse:
    return DrugUse(f"MedicationAdministration/{source or f'{name}-{when}'}", day(when), name, **more)


def drawn(on: date = ON, /, **record: Any) -> RelapsePicture:
    return draw(marrow_relapse(**record), on)


PRIMARY = plan("2022-01-17", "2024-03-15")


def count(**record: Any) -> Count | None:
    return drawn(**record).prior_regimens.value


# ---- lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_treatment_before_and_after_the_relapse_is_two_lines(order: int) -> None:
    drugs = (dose("2022-01-18"), dose("2022-03-01", "cytarabine"), dose("2025-06-20", "mitoxantrone"))
    first, second = drawn(plans=(PRIMARY,), drugs=drugs[::order]).lines
    assert (str(first.start), str(first.end)) == ("2022-01-17", "2024-03-15")
    assert first.drugs == ("cytarabine", "vincristine")
    assert first.sources[0] == "CarePlan/2022-01-17"
    assert (str(second.start), str(second.end), second.drugs) == (
        "2025-06-20",
        "2025-06-20",
        ("mitoxantrone",),
    )


def test_many_administrations_of_one_infusion_are_shown_by_the_first_and_the_last() -> None:
    infusions = tuple(dose(f"2025-07-{n:02d}", "blinatumomab") for n in range(1, 29))
    (line,) = drawn(drugs=infusions).lines
    assert line.sources == (infusions[0].source, infusions[-1].source)
    assert str(line.end) == "2025-07-28"


@pytest.mark.parametrize(("when", "place"), [("2025-06-14", 0), (EVENT, 1), ("2025-06-16", 1)])
def test_treatment_on_the_day_of_the_relapse_is_for_it(when: str, place: int) -> None:
    found = drawn(plans=(PRIMARY, plan("2025-07-01")), drugs=(dose(when, "etoposide"),)).lines
    assert [("etoposide" in line.drugs) for line in found] == [place == 0, place == 1]


def test_cells_are_named_with_their_product() -> None:
    car = CarT("Procedure/car", day("2025-09-01"), "tisagenlecleucel")
    hsct = Transplant("Procedure/hsct", day("2025-12-01"))
    (line,) = drawn(car_t=(car,), transplants=(hsct,)).lines
    assert (line.procedures, line.drugs) == (("CAR-T", "HSCT"), ("tisagenlecleucel",))
    assert line.certain


@pytest.mark.parametrize(
    "use",
    [
        dose("2022-02-01", "dexamethasone"),
        dose("2022-02-01", given=False),
        plan("2022-02-01", "2024-01-01", "revoked"),
        plan("2022-02-01", "2024-01-01", enrolment=True),
        Transplant("Procedure/t", day("2022-09-01"), certain=False),
        CarT("Procedure/c", day("2022-09-01"), certain=False),
    ],
    ids=["steroid", "reported", "revoked plan", "enrolment", "transplant?", "cells?"],
)
def test_treatment_that_need_not_have_been_given_makes_no_certain_line(use: Any) -> None:
    names = {DrugUse: "drugs", TreatmentPlan: "plans", Transplant: "transplants", CarT: "car_t"}
    record: dict[str, Any] = {names[type(use)]: (use,)}
    found = drawn(**record)
    assert [line.certain for line in found.lines] == [False]
    assert found.prior_regimens.value == Count(0, None)


@pytest.mark.parametrize(
    "use",
    [
        dose("2022-02-01", given=False, ordered=True),
        dose("2022-02-01", "tacrolimus"),
        dose("2022-02-01", route=Route.TEXT),
        dose(None),
        dose("2020-02-01", "methotrexate"),
    ],
    ids=["ordered", "supportive", "text", "undated", "before the diagnosis"],
)
def test_what_is_no_treatment_on_record_makes_no_line(use: DrugUse) -> None:
    assert drawn(drugs=(use,)).lines == ()


def test_what_goes_on_has_no_end() -> None:
    assert drawn(plans=(plan("2025-06-20", None, "active"),)).lines[0].end is None
    assert drawn(drugs=(dose("2025-06-20", given=False, ongoing=True),)).lines[0].end is None
    later = drawn(drugs=(dose("2025-12-20", until=day("2026-01-20")),))
    assert later.lines[0].end is None


def test_treatment_that_may_be_on_either_side_of_the_relapse_belongs_to_neither() -> None:
    found = drawn(plans=(PRIMARY,), drugs=(dose("2025", "etoposide"),))
    assert [line.drugs for line in found.lines] == [()]
    assert found.prior_regimens.value == Count(1, None)


# ---- prior regimens ------------------------------------------------------------------------------


def test_the_line_before_the_first_relapse_is_prior_and_the_present_one_is_not() -> None:
    found = drawn(plans=(PRIMARY, plan("2025-06-20", None, "active"))).prior_regimens
    assert (found.value, found.evidence) == (Count(1, 1), ("CarePlan/2022-01-17",))


def test_a_failed_reinduction_is_a_second_prior_regimen() -> None:
    """Marrow above 25 % blasts after it: what follows is the next line."""
    plans = (PRIMARY, plan("2025-06-20", "2025-07-18"), plan("2025-08-01", None, "active"))
    assert count(plans=plans) == Count(1, 1)
    found = drawn(plans=plans, measurements=(marrow(60, "2025-07-20"),))
    assert found.refractory.value is True
    assert (found.prior_regimens.value, len(found.lines)) == (Count(2, 2), 3)


def test_each_relapse_ends_a_line() -> None:
    statements = (diagnosis(), relapse("2024-01-10", "r1"), relapse(EVENT, "r2"))
    plans = (plan("2022-01-17"), plan("2024-01-15", "2024-06-01"), plan("2025-06-20"))
    record = PatientTimeline(PERSON, statements, (marrow(1, "2024-03-01"),), plans=plans)
    assert draw(record, ON).prior_regimens.value == Count(2, 2)


def test_the_upper_bound_counts_what_may_be_a_line_of_its_own() -> None:
    drugs = (dose("2024-01-01", "blinatumomab"), dose("2024-02-01", "blinatumomab", "b2"), dose("2024-03-01"))
    hsct = Transplant("Procedure/t", day("2024-05-01"))
    assert count(plans=(PRIMARY,), drugs=drugs) == Count(1, 2)
    assert count(plans=(PRIMARY,), drugs=drugs, transplants=(hsct,)) == Count(1, 3)


@pytest.mark.parametrize(
    "record",
    [
        {"plans": (), "drugs": (dose("2022-02-01"),)},
        {"drugs": (dose(None),)},
        {"drugs": (dose("2022-02-01", route=Route.TEXT),)},
        {"plans": (PRIMARY, plan(None))},
        {"transplants": (Transplant("Condition/ever", None),)},
        {"car_t": (CarT("Condition/ever", None),)},
        *({"missing": {part: MISSING}} for part in (Part.PROCEDURES, Part.ADMINISTRATIONS, Part.CARE_PLANS)),
        *({"missing": {part: MISSING}} for part in (Part.LABORATORY, Part.DISEASE_FINDINGS, Part.STATEMENTS)),
    ],
    ids=lambda record: str(sorted(map(str, record))),
)
def test_a_thin_record_has_no_upper_bound(record: dict[str, Any]) -> None:
    found = drawn(**{"plans": (PRIMARY,), **record}).prior_regimens
    assert found.value == Count(1, None)
    assert "more" in (found.because or "")


def test_no_treatment_on_record_is_not_no_treatment() -> None:
    assert count() == Count(0, None)
    assert drawn().lines == ()


def test_without_an_event_or_its_date_the_number_is_open() -> None:
    assert is_open(drawn(relapsed=None, plans=(PRIMARY,)).prior_regimens)
    remission = PatientTimeline(PERSON, (diagnosis(),), plans=(PRIMARY,))
    assert is_open(draw(remission, ON).prior_regimens)
    assert [type(line) for line in draw(remission, ON).lines] == [Line]


def test_treatment_after_the_day_of_assessment_is_not_seen() -> None:
    assert len(drawn(date(2025, 6, 19), plans=(PRIMARY, plan("2025-06-20"))).lines) == 1


@pytest.mark.parametrize(
    ("bounds", "answer"),
    [
        (Count(2, 2), Answer.YES),
        (Count(2, None), Answer.YES),
        (Count(1, 1), Answer.NO),
        (Count(1, 2), Answer.UNKNOWN),
        (Count(1, None), Answer.UNKNOWN),
        (Count(0, 1), Answer.NO),
    ],
)
def test_two_or_more(bounds: Count, answer: Answer) -> None:
    assert bounds.reaches(2) is answer
