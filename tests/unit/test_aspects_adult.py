"""Inhibitors and antibodies so far, and the time off treatment, as timelines tell them."""

from typing import Any

import pytest

from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.timeline import CarT, DrugUse, Part, Route, TreatmentPlan
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.adult import (
    ANTIGEN_DIRECTED,
    CURE_DECLINED,
    OFF_TREATMENT,
    TKI_BEFORE,
    OffTreatment,
    TkiBefore,
)
from tests.unit.advice_charts import seen
from tests.unit.charts import day, marrow_relapse, relapse

NONE, IMATINIB, SECOND, LATER = TkiBefore
EITHER = {YesNo.YES, YesNo.NO}
OTHER = DrugUse("MedicationAdministration/o", day("2022-02-01"), "vincristine")


def drug(name: str, when: str | None = "2024-01-10", **more: Any) -> DrugUse:
    return DrugUse(f"MedicationAdministration/{name}-{when}", day(when), name, **more)


def tki(*uses: DrugUse, **record: Any) -> set[Any]:
    return set(seen(TKI_BEFORE, marrow_relapse(drugs=(OTHER, *uses), **record)).possible)


@pytest.mark.parametrize(
    ("uses", "left"),
    [
        ((), {NONE}),
        ((drug("imatinib"),), {IMATINIB}),
        ((drug("imatinib"), drug("dasatinib")), {SECOND}),
        ((drug("nilotinib"),), {SECOND}),
        ((drug("dasatinib"), drug("ponatinib")), {LATER}),
        ((drug("imatinib", given=False),), {IMATINIB}),
        ((drug("imatinib", None),), {IMATINIB}),
        ((drug("imatinib", ordered=True, given=False),), {NONE, IMATINIB}),
        ((drug("imatinib"), drug("ponatinib", ordered=True, given=False)), {IMATINIB, LATER}),
        ((drug("dasatinib", route=Route.TEXT),), {NONE, SECOND}),
    ],
    ids=str,
)
def test_the_latest_generation_given(uses: tuple[DrugUse, ...], left: set[Any]) -> None:
    assert tki(*uses) == left


def test_silence_about_drugs_is_no_answer_where_they_were_not_read() -> None:
    missing = {Part.ADMINISTRATIONS: "not read"}
    assert tki(missing=missing) == set(TkiBefore)
    assert tki(drug("dasatinib"), missing=missing) == {SECOND, LATER}
    assert set(seen(TKI_BEFORE, marrow_relapse()).possible) == set(TkiBefore)


def directed(*uses: DrugUse, **record: Any) -> set[Any]:
    return set(seen(ANTIGEN_DIRECTED, marrow_relapse(drugs=(OTHER, *uses), **record)).possible)


CELLS = CarT("Procedure/c", day("2024-05-05"), "tisagenlecleucel")


def test_antigen_directed_treatment() -> None:
    assert directed() == {YesNo.NO}
    assert directed(drug("blinatumomab")) == {YesNo.YES}
    assert directed(drug("inotuzumab")) == {YesNo.YES}
    assert directed(car_t=(CELLS,)) == {YesNo.YES}
    assert directed(drug("rituximab")) == {YesNo.NO}


def test_antigen_directed_treatment_that_is_not_certain() -> None:
    assert directed(drug("blinatumomab", ordered=True, given=False)) == EITHER
    assert directed(car_t=(CarT("Procedure/c", None, certain=False),)) == EITHER
    assert directed(missing={Part.PROCEDURES: "not read"}) == EITHER
    assert directed(drug("blinatumomab", ordered=True, given=False), car_t=(CELLS,)) == {YesNo.YES}


def off(until: str | None, status: str = "completed", **record: Any) -> set[Any]:
    plan = TreatmentPlan("CarePlan/p", day("2022-01-20"), day(until), status)
    return set(seen(OFF_TREATMENT, marrow_relapse(plans=(plan,), **record)).possible)


UP_TO, OVER = OffTreatment


@pytest.mark.parametrize(
    ("until", "left"),
    [
        ("2023-06-14", {OVER}),
        ("2023-06-15", {UP_TO}),
        ("2023-06", {UP_TO, OVER}),
        ("2025-01-10", {UP_TO}),
    ],
)
def test_two_years_off_treatment(until: str, left: set[Any]) -> None:
    assert off(until) == left


def test_relapse_on_treatment_is_not_after_it() -> None:
    assert off(None, "active") == {UP_TO}


def test_without_an_end_of_treatment_it_is_open() -> None:
    assert set(seen(OFF_TREATMENT, marrow_relapse()).possible) == set(OffTreatment)
    assert off("2023-06-14", relapsed=None) == set(OffTreatment)


def test_a_second_relapse_is_not_asked_about() -> None:
    record = marrow_relapse(
        plans=(TreatmentPlan("CarePlan/p", day("2022-01-20"), day("2022-09-01"), "completed"),)
    )
    again = relapse("2025-12-01", source="again")
    both = type(record)(record.person, (*record.diagnoses, again), plans=record.plans)
    assert set(seen(OFF_TREATMENT, both).possible) == set(OffTreatment)


def test_palliative_care_does_not_tell_what_was_chosen() -> None:
    care = Event("Encounter/e", day("2025-07-01"), EventKind.PALLIATIVE_CARE)
    found = seen(CURE_DECLINED, marrow_relapse(events=(care,)))
    assert set(found.possible) == EITHER
    assert found.evidence == ("Encounter/e",)
