"""Aspects that decide on CAR-T: label, plan, what went before, the disease now, and the infusion."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest

from cds_rules.patient.draw import draw
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Antigen, AntigenResult, CellCollection, Expression, Field, Irradiation
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import (
    Diagnosis,
    DrugUse,
    Measure,
    Measurement,
    Part,
    PatientTimeline,
    Person,
    Route,
    Site,
    Status,
    StatusReport,
)
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.aspects.car_t import (
    ANTIGEN_LOAD,
    AVOIDS_TRANSPLANT,
    BLINATUMOMAB,
    BURDEN,
    CONSIDERED,
    FIRST_REMISSION,
    INFANT,
    PRIOR_REMISSIONS,
    REFRACTORY_LABEL,
    AntigenLoad,
    Blinatumomab,
    Burden,
    FirstRemission,
    Remissions,
)
from cds_rules.treatment.aspects.infusion import (
    CNS_CONTROL,
    LESION,
    NEUROTOXICITY,
    RADIATION,
    AfterRadiation,
    CnsControl,
    Neurotoxicity,
)
from cds_rules.treatment.chart import Chart
from tests.unit.charts import ON, PERSON, csf, day, diagnosis, marrow, relapse, remission

YES, NO = YesNo
EITHER = set(YesNo)
NEVER, RESPONDED, FAILED = Blinatumomab
RELAPSED = "2025-10-01"
LABORATORY = {Part.LABORATORY: "not allowed"}


def ago(days: int) -> str:
    return (ON - timedelta(days=days)).isoformat()


def see(aspect: Aspect, *statements: Any, person: Person = PERSON, **record: Any) -> Seen:
    told = tuple(s for s in statements if isinstance(s, Diagnosis))
    timeline = PatientTimeline(
        person,
        diagnoses=told or (diagnosis(), relapse(RELAPSED, sites=frozenset({Site.MARROW}))),
        measurements=tuple(s for s in statements if isinstance(s, Measurement)),
        reports=tuple(s for s in statements if isinstance(s, StatusReport)),
        drugs=tuple(s for s in statements if isinstance(s, DrugUse)),
        events=tuple(s for s in statements if isinstance(s, Event)),
        irradiations=tuple(s for s in statements if isinstance(s, Irradiation)),
        **record,
    ).as_of(ON)
    return aspect.read(Chart(draw(timeline, ON), timeline, {}))


def possible(aspect: Aspect, *statements: Any, **record: Any) -> set[StrEnum]:
    found = see(aspect, *statements, **record)
    assert found.settled or found.because
    return set(found.possible)


def given(when: str | None, **more: Any) -> DrugUse:
    return DrugUse(f"MedicationAdministration/b-{when}", day(when), "blinatumomab", **more)


OTHER_DRUG = DrugUse("MedicationAdministration/o", day("2022-01-20"), "vincristine")
TWICE = (
    diagnosis(),
    relapse("2024-01-01", "r1", sites=frozenset({Site.MARROW})),
    remission("2024-03-01"),
    relapse(RELAPSED, "r2", sites=frozenset({Site.MARROW})),
)
UNRELAPSED = (diagnosis("2025-08-01"),)


# ---- refractory, considered (C-1) ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("blasts", "expected"),
    [(4.9, {NO}), (5.0, {YES}), (25.0, {YES}), (26.0, {YES}), (Interval(0, 10), EITHER)],
)
def test_a_marrow_of_5_percent_after_reinduction_is_no_remission(
    blasts: float | Interval, expected: set[StrEnum]
) -> None:
    assert possible(REFRACTORY_LABEL, marrow(blasts, "2025-11-05")) == expected


def test_a_marrow_before_reinduction_had_its_time_tells_nothing() -> None:
    assert possible(REFRACTORY_LABEL, marrow(60.0, "2025-10-21")) == EITHER
    assert possible(REFRACTORY_LABEL, marrow(60.0, "2025-10-22")) == {YES}


def test_the_first_look_after_reinduction_decides() -> None:
    assert possible(REFRACTORY_LABEL, marrow(10.0, "2025-11-05"), marrow(1.0, "2025-12-05")) == {YES}


def test_a_fresh_relapse_is_not_yet_refractory_and_an_old_one_without_a_look_is_open() -> None:
    fresh = relapse(ago(20), sites=frozenset({Site.MARROW}))
    assert possible(REFRACTORY_LABEL, diagnosis(), fresh) == {NO}
    assert possible(REFRACTORY_LABEL, diagnosis(), fresh, missing=LABORATORY) == EITHER
    assert possible(REFRACTORY_LABEL) == EITHER


def test_a_clear_marrow_does_not_tell_the_response_of_the_cns() -> None:
    cns = (diagnosis(), relapse(RELAPSED, sites=frozenset({Site.CNS})))
    assert possible(REFRACTORY_LABEL, *cns, marrow(1.0, "2025-11-05")) == EITHER
    stated = StatusReport("Observation/s", day("2025-11-06"), Status.FULL_REMISSION)
    assert possible(REFRACTORY_LABEL, *cns, marrow(1.0, "2025-11-05"), stated) == {NO}


def test_without_a_relapse_the_first_induction_decides() -> None:
    induction = DrugUse("MedicationAdministration/i", day("2025-08-02"), "vincristine")
    assert possible(REFRACTORY_LABEL, *UNRELAPSED, induction, marrow(30.0, "2025-09-05")) == {YES}
    assert possible(REFRACTORY_LABEL, *UNRELAPSED, induction, marrow(2.0, "2025-09-05")) == {NO}
    assert possible(REFRACTORY_LABEL, *UNRELAPSED, induction) == EITHER


def test_a_later_relapse_refractory_disease_or_collected_cells_say_that_car_t_is_considered() -> None:
    assert possible(CONSIDERED, *TWICE) == {YES}
    assert possible(CONSIDERED, marrow(30.0, "2025-11-05")) == {YES}
    collected = (CellCollection("Procedure/c", day("2025-11-10"), True),)
    assert possible(CONSIDERED, marrow(1.0, "2025-11-05"), collections=collected) == {YES}


def test_a_first_relapse_does_not_tell_the_plan_and_no_disease_means_none() -> None:
    assert possible(CONSIDERED, marrow(1.0, "2025-11-05")) == EITHER
    induction = DrugUse("MedicationAdministration/i", day("2025-08-02"), "vincristine")
    assert possible(CONSIDERED, *UNRELAPSED, induction, marrow(2.0, "2025-09-05")) == {NO}
    assert possible(CONSIDERED, *UNRELAPSED, induction) == EITHER


@pytest.mark.parametrize(
    ("expression", "expected"),
    [(Expression.NEGATIVE, EITHER), (Expression.DIM, {YES}), (Expression.POSITIVE, {YES})],
)
def test_blasts_that_lack_cd19_leave_the_plan_open(expression: Expression, expected: set[StrEnum]) -> None:
    found = (AntigenResult("Observation/a", day(RELAPSED), Antigen.CD19, expression),)
    assert possible(CONSIDERED, *TWICE, antigens=found) == expected
    collected = (CellCollection("Procedure/c", day("2025-11-10"), True),)
    assert possible(CONSIDERED, *TWICE, antigens=found, collections=collected) == {YES}


def test_what_the_family_wants_is_never_read_from_a_chart() -> None:
    assert possible(AVOIDS_TRANSPLANT, *TWICE) == EITHER


# ---- what went before ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2024-10-02", {FirstRemission.BEFORE_12}),
        ("2024-10-01", {FirstRemission.FROM_12}),
        ("2024-10", set(FirstRemission)),
        (None, set(FirstRemission)),
    ],
)
def test_a_first_remission_of_12_months_is_not_under_12(stated: str | None, expected: set[StrEnum]) -> None:
    told = (diagnosis(), relapse(RELAPSED), *((remission(stated),) if stated else ()))
    assert possible(FIRST_REMISSION, *told) == expected


def test_a_clear_marrow_is_no_date_of_first_remission() -> None:
    assert possible(FIRST_REMISSION, marrow(1.0, "2025-06-01")) == set(FirstRemission)


@pytest.mark.parametrize(
    ("birth", "expected"),
    [("2021-01-16", {YES}), ("2021-01-15", {NO}), ("2021-01", EITHER), ("2021", EITHER), ("2023", EITHER)],
)
def test_an_infant_is_younger_than_one_year_at_diagnosis(birth: str, expected: set[StrEnum]) -> None:
    assert possible(INFANT, diagnosis("2022-01-15"), person=Person("Patient/p", day(birth))) == expected


def test_without_dates_it_is_not_told_whether_it_was_an_infant() -> None:
    assert possible(INFANT, person=Person("Patient/p")) == EITHER
    assert possible(INFANT, diagnosis(None)) == EITHER


def test_each_relapse_ended_a_remission() -> None:
    assert possible(PRIOR_REMISSIONS, *TWICE) == {Remissions.FROM_2}
    stated = StatusReport("Observation/s", day("2025-11-06"), Status.FULL_REMISSION)
    assert possible(PRIOR_REMISSIONS, stated) == {Remissions.FROM_2}
    assert possible(PRIOR_REMISSIONS, marrow(30.0, ago(10))) == {Remissions.BELOW_2}
    assert possible(PRIOR_REMISSIONS, marrow(1.0, ago(10))) == set(Remissions)
    assert possible(PRIOR_REMISSIONS, marrow(30.0, ago(10)), missing=LABORATORY) == set(Remissions)


START = "2025-11-01"


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ((marrow(30.0, "2025-10-25"), marrow(4.9, "2025-11-29")), {RESPONDED}),
        ((marrow(30.0, "2025-10-25"), marrow(5.0, "2025-11-29")), {FAILED}),
        ((marrow(1.0, "2025-10-25"), marrow(1.0, "2025-11-29")), {RESPONDED, FAILED}),
        ((marrow(30.0, "2025-10-25"), marrow(1.0, "2025-11-21")), {RESPONDED, FAILED}),
        ((marrow(30.0, "2025-10-25"), marrow(1.0, "2025-11-22")), {RESPONDED}),
        ((marrow(30.0, "2025-10-25"), marrow(1.0, "2025-12-27")), {RESPONDED}),
        ((marrow(30.0, "2025-10-25"), marrow(1.0, "2025-12-28")), {RESPONDED, FAILED}),
        (
            (marrow(30.0, "2025-10-25"), marrow(1.0, "2025-11-25"), marrow(9.0, "2025-12-15")),
            {RESPONDED, FAILED},
        ),
        ((), {RESPONDED, FAILED}),
    ],
)
def test_the_response_to_blinatumomab_is_seen_in_the_marrows(
    looks: tuple[Measurement, ...], expected: set[StrEnum]
) -> None:
    assert possible(BLINATUMOMAB, given(START), *looks) == expected


def test_blinatumomab_that_was_only_ordered_or_is_undated_leaves_it_open() -> None:
    assert possible(BLINATUMOMAB, given(START, given=False, ordered=True)) == set(Blinatumomab)
    assert possible(BLINATUMOMAB, given(START, route=Route.TEXT)) == set(Blinatumomab)
    assert possible(BLINATUMOMAB, given(None)) == {RESPONDED, FAILED}


def test_the_first_and_the_last_blinatumomab_are_the_evidence() -> None:
    uses = [given(when, given=False, ordered=True) for when in ("2025-10-20", "2025-10-25", START)]
    assert see(BLINATUMOMAB, *uses).evidence == (uses[0].source, uses[-1].source)


def test_silence_about_blinatumomab_tells_only_where_medication_was_read() -> None:
    assert possible(BLINATUMOMAB, OTHER_DRUG) == {NEVER}
    assert possible(BLINATUMOMAB) == set(Blinatumomab)
    assert possible(BLINATUMOMAB, OTHER_DRUG, missing={Part.STATEMENTS: "x"}) == set(Blinatumomab)


# ---- the disease now (C-6) -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blasts", "expected"),
    [
        (0.9, {Burden.BELOW_1}),
        (1.0, {Burden.BELOW_5}),
        (4.9, {Burden.BELOW_5}),
        (5.0, {Burden.TO_40}),
        (40.0, {Burden.TO_40}),
        (40.1, {Burden.OVER_40}),
        (Interval(0, 5, high_open=True), {Burden.BELOW_1, Burden.BELOW_5}),
    ],
)
def test_marrow_blasts_are_cut_where_the_studies_cut(
    blasts: float | Interval, expected: set[StrEnum]
) -> None:
    assert possible(BURDEN, marrow(blasts, ago(1))) == expected


@pytest.mark.parametrize(("days", "settled"), [(28, True), (29, False)])
def test_a_marrow_tells_of_the_burden_for_four_weeks(days: int, settled: bool) -> None:
    assert see(BURDEN, marrow(30.0, ago(days))).settled is settled


@pytest.mark.parametrize(
    ("share", "expected"), [(14.9, {AntigenLoad.BELOW_15}), (15.0, {AntigenLoad.FROM_15})]
)
def test_cd19_cells_are_cut_at_15_percent(share: float, expected: set[StrEnum]) -> None:
    found = Measurement("Observation/f", day(ago(3)), Measure.MARROW_CD19, Interval.exactly(share))
    assert possible(ANTIGEN_LOAD, found) == expected
    assert possible(ANTIGEN_LOAD) == set(AntigenLoad)


# ---- the infusion (C-7, C-11) --------------------------------------------------------------------

BEFORE_4, TO_8, FROM_8 = AfterRadiation.BEFORE_4, AfterRadiation.TO_8, AfterRadiation.FROM_8


def cranial(when: str | None, **more: Any) -> Irradiation:
    return Irradiation(f"Procedure/r-{when}", day(when), Field.CRANIAL, 18.0, **more)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (27, {BEFORE_4}),
        (28, {BEFORE_4, TO_8}),
        (48, {BEFORE_4, TO_8}),
        (49, {TO_8}),
        (55, {TO_8}),
        (56, {TO_8, FROM_8}),
        (76, {TO_8, FROM_8}),
        (77, {FROM_8}),
    ],
)
def test_radiation_is_dated_by_its_beginning_and_may_last_three_weeks(
    days: int, expected: set[StrEnum]
) -> None:
    assert possible(RADIATION, cranial(ago(days))) == expected


def test_the_latest_radiation_counts_and_other_fields_do_not() -> None:
    assert possible(RADIATION, cranial(ago(900)), cranial(ago(10))) == {BEFORE_4}
    testis = Irradiation("Procedure/t", day(ago(10)), Field.TESTIS)
    assert possible(RADIATION, testis) == {AfterRadiation.NEVER}


def test_undated_radiation_or_unread_procedures_leave_it_open() -> None:
    assert possible(RADIATION, cranial(None)) == set(AfterRadiation)
    assert possible(RADIATION, cranial(ago(900)), cranial(None)) == {BEFORE_4, TO_8, FROM_8}
    missing = {Part.PROCEDURES: "not allowed"}
    assert possible(RADIATION, missing=missing) == set(AfterRadiation)
    assert possible(RADIATION, cranial(ago(900)), missing=missing) == {BEFORE_4, TO_8, FROM_8}


CLEAR_TAP = (csf(Measure.CSF_LEUKOCYTES, 1.0, RELAPSED), csf(Measure.CSF_BLASTS, 0.0, RELAPSED))


def event(kind: EventKind, **more: Any) -> Event:
    return Event(f"Condition/{kind.name}-{len(more)}", day("2025-12-01"), kind, **more)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((), {Neurotoxicity.NEVER}),
        ((event(EventKind.NEUROTOXICITY, active=True),), {Neurotoxicity.NOW}),
        ((event(EventKind.SEIZURE, active=False),), {Neurotoxicity.EARLIER}),
        ((event(EventKind.SEIZURE),), {Neurotoxicity.EARLIER, Neurotoxicity.NOW}),
        (
            (event(EventKind.SEIZURE, active=False), event(EventKind.ICANS, active=True)),
            {Neurotoxicity.NOW},
        ),
        ((event(EventKind.SEIZURE, active=True, certain=False),), set(Neurotoxicity)),
    ],
)
def test_neurologic_toxicity_is_now_earlier_or_none(
    events: tuple[Event, ...], expected: set[StrEnum]
) -> None:
    assert possible(NEUROTOXICITY, *events) == expected


def test_neurologic_toxicity_is_open_when_conditions_were_not_read() -> None:
    assert possible(NEUROTOXICITY, missing={Part.CONDITIONS: "x"}) == set(Neurotoxicity)


def test_a_lesion_is_never_ruled_out_by_silence_where_the_cns_may_be_ill() -> None:
    lesion = event(EventKind.PARENCHYMAL_CNS_LESION, active=True)
    cns = (diagnosis(), relapse(RELAPSED, sites=frozenset({Site.CNS})))
    assert possible(LESION, *cns, lesion) == {YES}
    assert possible(LESION, *cns) == EITHER
    assert possible(LESION, *cns, event(EventKind.PARENCHYMAL_CNS_LESION, active=False)) == {NO}
    assert possible(LESION, *CLEAR_TAP) == {NO}
    assert possible(LESION) == EITHER


def test_the_control_of_cns_disease_is_not_on_record() -> None:
    cns = (diagnosis(), relapse(RELAPSED, sites=frozenset({Site.CNS})))
    assert possible(CNS_CONTROL, *cns) == {CnsControl.CONTROLLED, CnsControl.NOT}
    assert possible(CNS_CONTROL, *CLEAR_TAP) == {CnsControl.NONE}
    assert possible(CNS_CONTROL) == set(CnsControl)
