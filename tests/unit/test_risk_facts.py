from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.draw import draw
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import EndOfTreatment, Fact, RelapsePicture
from cds_rules.patient.timeline import Lineage, PatientTimeline, Person, Site
from cds_rules.risk.case import AfterTreatment, Course, FromCr1, FromDiagnosis, MrdBand, Pattern
from cds_rules.risk.facts import ALL_TIMINGS, mrd_bands, outside_reasons, patterns, risk_facts, timings

D = PartialDate.parse
NO = Fact(False)
UNKNOWN: Fact[Any] = Fact(because="not on record")

FIRST_RELAPSE = replace(
    draw(PatientTimeline(Person("Patient/1")), date(2021, 6, 1)),
    person=Person("Patient/1", birth=D("2010-03-01")),
    has_all=Answer.YES,
    lineage=Fact(Lineage.B),
    lineages=frozenset({Lineage.B}),
    relapses=1,
    diagnosed=Fact(D("2018-03-10")),
    relapse_number=Fact(1),
    relapse_date=Fact(D("2021-02-01")),
    involved={Site.MARROW: Answer.YES, Site.CNS: Answer.NO, Site.TESTIS: Answer.NO, Site.OTHER: Answer.NO},
    sites=Fact(frozenset({Site.MARROW})),
    treatment=Fact(EndOfTreatment(False, D("2020-03-20"))),
    first_remission=Fact(D("2018-04-20")),
    end_block1_mrd=Fact(Interval(0.0, 1e-4, high_open=True)),
    earlier_transplant=NO,
    car_t=NO,
    refractory=NO,
    block1_window=None,
    age_at_relapse=Fact(10),
)


def picture(**changes: Any) -> RelapsePicture:
    """The first relapse above, with some facts changed."""
    return replace(FIRST_RELAPSE, **changes)


def test_a_picture_with_every_fact_leaves_one_case() -> None:
    (case,) = risk_facts(FIRST_RELAPSE).cases()
    assert case == (
        Course.FIRST,
        Lineage.B,
        Pattern.MARROW,
        FromDiagnosis.BEFORE_36,
        AfterTreatment.FROM_6,
        FromCr1.FROM_30,
        MrdBand.BELOW,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"relapse_number": Fact(2)},
        {"relapse_number": Fact(3)},
        {"earlier_transplant": Fact(True)},
        {"car_t": Fact(True)},
        {"refractory": Fact(True)},
        {"lineage": Fact(Lineage.MIXED), "lineages": frozenset({Lineage.MIXED})},
        {"relapse_number": UNKNOWN, "car_t": Fact(True)},
    ],
    ids=str,
)
def test_outside_first_relapse_for_certain(changes: dict[str, Any]) -> None:
    patient = picture(**changes)
    assert risk_facts(patient).course == {Course.OTHER}
    assert len(outside_reasons(patient)) == 1


@pytest.mark.parametrize("fact", ["relapse_number", "earlier_transplant", "car_t", "refractory"])
def test_not_knowing_whether_it_is_a_first_relapse_leaves_both(fact: str) -> None:
    patient = picture(**{fact: UNKNOWN})
    assert risk_facts(patient).course == set(Course)
    assert outside_reasons(patient) == []


def test_every_reason_for_being_outside_is_told() -> None:
    patient = picture(relapse_number=Fact(2), earlier_transplant=Fact(True), refractory=Fact(True))
    reasons = outside_reasons(patient)
    assert [word in reasons[i] for i, word in enumerate(("number 2", "transplant", "refractory"))] == [
        True
    ] * 3
    assert outside_reasons(FIRST_RELAPSE) == []


@pytest.mark.parametrize(
    ("possible", "left", "courses"),
    [
        ({Lineage.B}, {Lineage.B}, {Course.FIRST}),
        ({Lineage.T}, {Lineage.T}, {Course.FIRST}),
        ({Lineage.B, Lineage.T}, {Lineage.B, Lineage.T}, {Course.FIRST}),
        ({Lineage.B, Lineage.MIXED}, {Lineage.B}, {Course.FIRST, Course.OTHER}),
        ({Lineage.T, Lineage.MIXED}, {Lineage.T}, {Course.FIRST, Course.OTHER}),
    ],
    ids=["B", "T", "not known", "B or mixed", "T or mixed"],
)
def test_lineage(possible: set[Lineage], left: set[Lineage], courses: set[Course]) -> None:
    """Where mixed lineage is possible, the relapse may be outside the schemes."""
    known = Fact(next(iter(possible))) if len(possible) == 1 else UNKNOWN
    found = risk_facts(picture(lineage=known, lineages=frozenset(possible)))
    assert found.lineage == left
    assert found.course == courses


@pytest.mark.parametrize(
    ("marrow", "cns", "testis", "other", "left"),
    [
        ("y", "n", "n", "n", {Pattern.MARROW}),
        ("y", "y", "n", "n", {Pattern.COMBINED}),
        ("y", "n", "n", "y", {Pattern.COMBINED}),
        ("n", "y", "n", "n", {Pattern.CNS}),
        ("n", "n", "y", "n", {Pattern.TESTIS}),
        ("n", "n", "n", "y", {Pattern.OTHER}),
        ("n", "y", "y", "n", {Pattern.OTHER}),
        ("y", "?", "n", "n", {Pattern.MARROW, Pattern.COMBINED}),
        ("?", "y", "n", "n", {Pattern.CNS, Pattern.COMBINED}),
        ("?", "?", "n", "n", {Pattern.MARROW, Pattern.COMBINED, Pattern.CNS}),
        ("?", "?", "?", "?", set(Pattern)),
    ],
)
def test_the_sites_make_the_pattern(
    marrow: str, cns: str, testis: str, other: str, left: set[Pattern]
) -> None:
    words = {"y": Answer.YES, "n": Answer.NO, "?": Answer.UNKNOWN}
    involved = dict(zip(Site, (words[w] for w in (marrow, cns, testis, other)), strict=True))
    assert risk_facts(picture(involved=involved)).pattern == left


def test_without_a_diagnosis_date_the_birth_date_is_its_lower_bound() -> None:
    patient = picture(diagnosed=UNKNOWN, person=Person("Patient/1", birth=D("2019-12-01")))
    assert {t.from_diagnosis for t in risk_facts(patient).timing} == {FromDiagnosis.BEFORE_18}
    older = picture(diagnosed=UNKNOWN)
    assert {t.from_diagnosis for t in risk_facts(older).timing} == set(FromDiagnosis)


def test_without_a_relapse_date_it_lies_between_diagnosis_and_today() -> None:
    patient = picture(relapse_date=UNKNOWN, on=date(2019, 6, 1))
    assert {t.from_diagnosis for t in risk_facts(patient).timing} == {FromDiagnosis.BEFORE_18}
    assert {t.from_cr1 for t in risk_facts(patient).timing} == {FromCr1.BEFORE_30}
    much_later = picture(relapse_date=UNKNOWN, on=date(2021, 6, 1))
    assert {t.from_diagnosis for t in risk_facts(much_later).timing} == set(FromDiagnosis)


def test_without_any_date_every_clock_is_open() -> None:
    nothing = picture(
        person=Person("Patient/1"),
        diagnosed=UNKNOWN,
        relapse_date=UNKNOWN,
        treatment=UNKNOWN,
        first_remission=UNKNOWN,
    )
    assert risk_facts(nothing).timing == ALL_TIMINGS


@pytest.mark.parametrize("birth", [None, "2010-03-01", "2022-01-01"])
def test_a_diagnosis_after_the_relapse_is_not_used(birth: str | None) -> None:
    person = Person("Patient/1", birth=None if birth is None else D(birth))
    patient = picture(diagnosed=Fact(D("2021-03-01")), person=person)
    assert {t.from_diagnosis for t in risk_facts(patient).timing} == set(FromDiagnosis)


def test_the_clocks_move_together() -> None:
    """Diagnosed and in remission in known months: no relapse day is early by one clock, late by the other."""
    found = timings(D("2021"), D("2018-07-01"), EndOfTreatment(False, D("2021-01-01")), D("2018-07-15"))
    assert {(t.from_diagnosis, t.after_treatment) for t in found} == {
        (FromDiagnosis.BEFORE_36, AfterTreatment.BEFORE_6),
        (FromDiagnosis.AT_36, AfterTreatment.FROM_6),
        (FromDiagnosis.AFTER_36, AfterTreatment.FROM_6),
    }


def test_a_relapse_on_treatment_or_before_its_end_is_before_completion() -> None:
    for treatment in (EndOfTreatment(True), EndOfTreatment(False, D("2021-05"))):
        (timing,) = timings(D("2021-02-01"), D("2018-03-10"), treatment, D("2018-04-20"))
        assert timing.after_treatment is AfterTreatment.BEFORE_6


@pytest.mark.parametrize(
    ("fraction", "left"),
    [
        (None, set(MrdBand)),
        (Interval.exactly(0.000999), {MrdBand.BELOW}),
        (Interval.exactly(0.001), {MrdBand.FROM}),
        (Interval(0.0, 0.001, high_open=True), {MrdBand.BELOW}),
        (Interval(0.0, 0.001), set(MrdBand)),
        (Interval(0.0, 0.01, high_open=True), set(MrdBand)),
        (Interval(0.001, 1.0), {MrdBand.FROM}),
    ],
)
def test_mrd_against_a_tenth_of_a_percent(fraction: Interval | None, left: set[MrdBand]) -> None:
    assert mrd_bands(fraction) == left


@pytest.mark.parametrize(
    ("relapse", "band"),
    [
        ("2018-03-10", FromDiagnosis.BEFORE_18),
        ("2019-09-09", FromDiagnosis.BEFORE_18),
        ("2019-09-10", FromDiagnosis.BEFORE_36),
        ("2019-10-09", FromDiagnosis.BEFORE_36),
        ("2021-03-09", FromDiagnosis.BEFORE_36),
        ("2021-03-10", FromDiagnosis.AT_36),
        ("2021-03-11", FromDiagnosis.AFTER_36),
    ],
)
def test_the_day_on_which_the_clock_from_diagnosis_turns(relapse: str, band: FromDiagnosis) -> None:
    patient = picture(relapse_date=Fact(D(relapse)))
    assert {t.from_diagnosis for t in risk_facts(patient).timing} == {band}


BOTH_TREATMENT, BOTH_CR1 = set(AfterTreatment), set(FromCr1)


@pytest.mark.parametrize(
    ("base", "relapse", "treatment", "cr1"),
    [
        ("2020-03-20", "2020-09-19", {AfterTreatment.BEFORE_6}, {FromCr1.BEFORE_30}),
        ("2020-03-20", "2020-09-20", {AfterTreatment.FROM_6}, {FromCr1.BEFORE_30}),
        ("2020-03-20", "2022-09-19", {AfterTreatment.FROM_6}, {FromCr1.BEFORE_30}),
        ("2020-03-20", "2022-09-20", {AfterTreatment.FROM_6}, {FromCr1.FROM_30}),
        ("2020-03", "2020-08-31", {AfterTreatment.BEFORE_6}, {FromCr1.BEFORE_30}),
        ("2020-03", "2020-09-01", BOTH_TREATMENT, {FromCr1.BEFORE_30}),
        ("2020-03", "2020-09-29", BOTH_TREATMENT, {FromCr1.BEFORE_30}),
        ("2020-03", "2020-09-30", {AfterTreatment.FROM_6}, {FromCr1.BEFORE_30}),
        ("2020-03", "2022-08-31", {AfterTreatment.FROM_6}, {FromCr1.BEFORE_30}),
        ("2020-03", "2022-09-01", {AfterTreatment.FROM_6}, BOTH_CR1),
        ("2020-03", "2022-09-29", {AfterTreatment.FROM_6}, BOTH_CR1),
        ("2020-03", "2022-09-30", {AfterTreatment.FROM_6}, {FromCr1.FROM_30}),
    ],
)
def test_the_day_on_which_the_other_clocks_turn(
    base: str, relapse: str, treatment: set[AfterTreatment], cr1: set[FromCr1]
) -> None:
    found = timings(D(relapse), None, EndOfTreatment(False, D(base)), D(base))
    assert {t.after_treatment for t in found} == treatment
    assert {t.from_cr1 for t in found} == cr1
    assert {t.from_diagnosis for t in found} == set(FromDiagnosis)


@pytest.mark.parametrize(
    "treatment",
    [EndOfTreatment(True, D("2018-03-20")), EndOfTreatment(True), EndOfTreatment(False)],
)
def test_treatment_that_goes_on_or_has_no_recorded_end_is_before_completion(
    treatment: EndOfTreatment,
) -> None:
    (timing,) = timings(D("2021-02-01"), D("2018-03-10"), treatment, D("2018-04-20"))
    assert timing.after_treatment is AfterTreatment.BEFORE_6


def test_a_diagnosis_on_the_day_of_the_relapse_is_used() -> None:
    patient = picture(diagnosed=Fact(D("2021-02-01")))
    assert {t.from_diagnosis for t in risk_facts(patient).timing} == {FromDiagnosis.BEFORE_18}


def test_a_birth_on_the_day_of_the_relapse_is_used() -> None:
    patient = picture(diagnosed=UNKNOWN, person=Person("Patient/1", birth=D("2021-02-01")))
    assert {t.from_diagnosis for t in risk_facts(patient).timing} == {FromDiagnosis.BEFORE_18}


@pytest.mark.parametrize("relapse", ["2021", "2021-02"])
@pytest.mark.parametrize("diagnosed", [None, "2018-02-15", "2018-02"])
@pytest.mark.parametrize("completed", [None, "2020-08"])
@pytest.mark.parametrize("cr1", [None, "2018-08"])
def test_the_days_tried_give_what_every_day_gives(
    relapse: str, diagnosed: str | None, completed: str | None, cr1: str | None
) -> None:
    start = None if diagnosed is None else D(diagnosed)
    end = None if completed is None else EndOfTreatment(False, D(completed))
    remission = None if cr1 is None else D(cr1)
    span = D(relapse)
    days = (span.earliest + timedelta(days=n) for n in range((span.latest - span.earliest).days + 1))
    every = [timings(PartialDate.on(day), start, end, remission) for day in days]
    assert timings(span, start, end, remission) == frozenset().union(*every)


@pytest.mark.parametrize("sites", list(product((True, False), repeat=4)), ids=str)
def test_every_choice_of_sites_has_its_pattern(sites: tuple[bool, ...]) -> None:
    marrow, *outside = sites
    alone = [Pattern.CNS, Pattern.TESTIS, Pattern.OTHER]
    if marrow:
        expected = {Pattern.COMBINED if any(outside) else Pattern.MARROW}
    elif any(outside):
        expected = {alone[outside.index(True)] if sum(outside) == 1 else Pattern.OTHER}
    else:
        expected = set(Pattern)
    assert patterns(tuple(Answer.of(site) for site in sites)) == expected
