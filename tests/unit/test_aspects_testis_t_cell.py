"""Aspects of testicular relapse, and of nelarabine with intrathecal chemotherapy."""

from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest

from cds_rules.patient.draw import draw
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Laterality
from cds_rules.patient.timeline import (
    Diagnosis,
    DiseaseState,
    DrugUse,
    Part,
    PatientTimeline,
    Route,
    Site,
)
from cds_rules.treatment.aspect import Aspect, Seen
from cds_rules.treatment.aspects.t_cell import INTRATHECAL, NELARABINE, Given
from cds_rules.treatment.aspects.testis import (
    OTHER_TESTIS,
    TESTIS_PROOF,
    TESTIS_SIDE,
    OtherTestis,
    Proof,
    Side,
)
from cds_rules.treatment.chart import Chart
from tests.unit.charts import ON, PERSON, day, diagnosis, relapse

RELAPSED = "2025-10-01"
LAST, BEFORE = "2025-12-04", "2025-12-03"
"""28 days before the day of assessment, and the day before that."""
NEVER, EARLIER, RECENT = Given


def seen(aspect: Aspect, **record: Any) -> Seen:
    told = (diagnosis(), relapse(RELAPSED, sites=frozenset({Site.TESTIS})))
    timeline = PatientTimeline(PERSON, diagnoses=told, **record)
    return aspect.read(Chart(draw(timeline, ON), timeline, {}))


def possible(aspect: Aspect, **record: Any) -> set[StrEnum]:
    return set(seen(aspect, **record).possible)


def biopsy(positive: bool | None, when: str | None = "2025-10-03", **more: Any) -> Event:
    return Event("Procedure/b", day(when), EventKind.TESTIS_BIOPSY, positive=positive, **more)


def of_side(*relapses: Diagnosis) -> set[StrEnum]:
    timeline = PatientTimeline(PERSON, diagnoses=(diagnosis(), *relapses))
    found = TESTIS_SIDE.read(Chart(draw(timeline, ON), timeline, {}))
    assert found.settled or found.because
    return set(found.possible)


def in_testis(*sides: Laterality, name: str = "1", when: str | None = RELAPSED, **more: Any) -> Diagnosis:
    told = relapse(when or RELAPSED, sites=frozenset({Site.TESTIS}))
    return replace(told, source=f"Condition/relapse-{name}", when=day(when), testes=frozenset(sides), **more)


L, R = Laterality.LEFT, Laterality.RIGHT


@pytest.mark.parametrize(
    ("relapses", "sides"),
    [
        ((in_testis(L),), {Side.ONE}),
        ((in_testis(L, R),), {Side.BOTH}),
        ((in_testis(L), in_testis(R, name="2")), {Side.BOTH}),
        ((in_testis(L), in_testis(L, name="2")), {Side.ONE}),
        ((in_testis(L), in_testis(name="2")), {Side.ONE}),
        ((in_testis(),), set(Side)),
        ((in_testis(L), in_testis(R, name="2", certain=False)), set(Side)),
        ((in_testis(L, when="2025-09-16", state=DiseaseState.UNSTATED), in_testis()), set(Side)),
        ((in_testis(L, when="2025-09-17", state=DiseaseState.UNSTATED), in_testis()), {Side.ONE}),
        ((in_testis(L, when=None), in_testis(name="2")), set(Side)),
        ((in_testis(L, route=Route.TEXT),), set(Side)),
    ],
    ids=str,
)
def test_the_side_is_that_of_the_relapse(relapses: tuple[Diagnosis, ...], sides: set[StrEnum]) -> None:
    """Disease before this relapse says nothing of its side; a word that is not certain leaves it open."""
    assert of_side(*relapses) == sides


# ---- testis --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "proven"),
    [
        (biopsy(True), True),
        (biopsy(True, "2025-09-17"), True),
        (biopsy(True, "2025-09-16"), False),
        (biopsy(True, None), False),
        (biopsy(None), False),
        (biopsy(False), False),
        (biopsy(True, certain=False), False),
        (biopsy(True, route=Route.TEXT), False),
    ],
)
def test_only_a_biopsy_that_shows_leukemia_proves_the_relapse(event: Event, *, proven: bool) -> None:
    assert possible(TESTIS_PROOF, events=(event,)) == ({Proof.BIOPSY} if proven else set(Proof))


def test_without_a_biopsy_the_proof_is_open() -> None:
    assert possible(TESTIS_PROOF) == set(Proof)
    assert seen(TESTIS_PROOF).because == "no biopsy result on record"
    assert "without a result" in str(seen(TESTIS_PROOF, events=(biopsy(None),)).because)


def test_side_and_the_other_testis_are_the_teams_to_tell() -> None:
    assert possible(TESTIS_SIDE, events=(biopsy(True),)) == set(Side)
    assert possible(OTHER_TESTIS, events=(biopsy(False),)) == set(OtherTestis)


# ---- nelarabine and intrathecal chemotherapy -----------------------------------------------------


def use(drug: str, when: str | None, source: str = "d", **more: Any) -> DrugUse:
    until = day(more.pop("until", None))
    return DrugUse(f"MedicationAdministration/{source}", day(when), drug, until, **more)


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ((), {NEVER}),
        ((use("nelarabine", LAST),), {RECENT}),
        ((use("nelarabine", BEFORE),), {EARLIER}),
        ((use("nelarabine", "2025-12"),), {EARLIER, RECENT}),
        ((use("nelarabine", None),), {EARLIER, RECENT}),
        ((use("nelarabine", "2025-11-01", until=LAST),), {RECENT}),
        ((use("nelarabine", "2025-11-01", ongoing=True),), {RECENT}),
        ((use("nelarabine", BEFORE), use("nelarabine", LAST, "e")), {RECENT}),
        ((use("nelarabine", LAST, given=False, ordered=True),), {NEVER, RECENT}),
        ((use("nelarabine", LAST, route=Route.TEXT),), {NEVER, RECENT}),
        ((use("nelarabine", BEFORE), use("nelarabine", LAST, "e", given=False)), {EARLIER, RECENT}),
        ((use("clofarabine", LAST),), {NEVER}),
    ],
)
def test_when_nelarabine_was_given(uses: tuple[DrugUse, ...], expected: set[StrEnum]) -> None:
    assert possible(NELARABINE, drugs=uses) == expected


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ((use("methotrexate", LAST, intrathecal=True),), {RECENT}),
        ((use("methotrexate", BEFORE, intrathecal=True),), {EARLIER}),
        ((use("methotrexate", LAST, intrathecal=False),), {NEVER}),
        ((use("methotrexate", LAST),), {NEVER, RECENT}),
        ((use("vincristine", LAST),), {NEVER}),
    ],
)
def test_when_a_drug_went_into_the_spinal_fluid(uses: tuple[DrugUse, ...], expected: set[StrEnum]) -> None:
    assert possible(INTRATHECAL, drugs=uses) == expected


@pytest.mark.parametrize(("certain", "expected"), [(True, {RECENT}), (False, {NEVER, RECENT})])
def test_a_procedure_tells_of_intrathecal_chemotherapy(*, certain: bool, expected: set[StrEnum]) -> None:
    event = Event("Procedure/it", day(LAST), EventKind.INTRATHECAL, certain=certain)
    assert possible(INTRATHECAL, events=(event,)) == expected


@pytest.mark.parametrize(
    ("aspect", "part", "opens"),
    [
        (NELARABINE, Part.ADMINISTRATIONS, True),
        (NELARABINE, Part.STATEMENTS, True),
        (NELARABINE, Part.PROCEDURES, False),
        (INTRATHECAL, Part.PROCEDURES, True),
    ],
)
def test_silence_is_no_answer_while_a_part_is_unread(aspect: Aspect, part: Part, *, opens: bool) -> None:
    assert possible(aspect, missing={part: "not read"}) == (set(Given) if opens else {NEVER})


def test_what_was_given_recently_stands_though_a_part_is_unread() -> None:
    missing = {Part.ADMINISTRATIONS: "not read"}
    assert possible(NELARABINE, drugs=(use("nelarabine", LAST),), missing=missing) == {RECENT}
    assert possible(NELARABINE, drugs=(use("nelarabine", BEFORE),), missing=missing) == {EARLIER, RECENT}
