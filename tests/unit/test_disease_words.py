"""What words without a code tell: of leukemia, of relapse, and of cells that were given."""

from typing import Any

import pytest

from cds_rules.patient.timeline import DiseaseState, Lineage, PatientTimeline, Route
from service.fhir.disease_words import cells_of, diagnosed, lineage_of, tells_relapse
from tests.unit.test_read_condition import B_ALL, condition, read
from tests.unit.test_read_procedure import ALLOGENEIC, procedure

Json = dict[str, Any]


def named(text: str, **members: Any) -> Json:
    return {**condition(**members), "code": {"text": text}, "id": "named"}


def done(text: str, **members: Any) -> PatientTimeline:
    return read({**procedure(**members), "code": {"text": text}})


# ---- leukemia ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Acute lymphoblastic leukemia (HCC)",
        "acute lymphoblastic leukaemia",
        "Leukemia, acute lymphoblastic (HCC)",
        "Leukaemia, lymphocytic, acute",
        "Acute lymphatic leukemia",
        "BCP-ALL",
        "Ph+ ALL",
        "Pre-B ALL",
        "B-ALL, no evidence of relapse",
        "B-ALL in remission, no evidence of disease",
        "B-ALL, not in remission",
        "Acute lymphoblastic leukemia without CNS involvement",
        "B-ALL s/p MUD donor transplant",
        "B-ALL s/p BMT from brother",
    ],
)
def test_a_name_of_all_is_seen_as_text(text: str) -> None:
    (told,) = read(named(text)).diagnoses
    assert (told.route, told.state) == (Route.TEXT, DiseaseState.UNSTATED)


@pytest.mark.parametrize(
    "text",
    [
        "Family history of ALL (acute lymphoblastic leukemia)",
        "Mother with acute lymphoblastic leukemia",
        "Rule out acute lymphoblastic leukemia",
        "No acute lymphoblastic leukemia",
        "Acute lymphoblastic leukemia?",
        "Acute lymphoblastic leukemia - ruled out",
        "B-ALL was excluded",
        "Sister: B-ALL",
        "Leukemia, acute lymphoblastic, maternal",
        "Mature B-cell ALL (Burkitt leukemia)",
        "Chronic lymphocytic leukemia",
    ],
)
def test_other_peoples_other_and_doubted_leukemia_is_none(text: str) -> None:
    assert read(named(text)).diagnoses == ()


@pytest.mark.parametrize(
    "text", ["History of acute lymphoblastic leukemia", "Osteonecrosis due to treatment of B-ALL"]
)
def test_leukemia_that_is_spoken_about_is_not_certain(text: str) -> None:
    assert [d.certain for d in read(named(text)).diagnoses] == [False]


# ---- lineage and relapse ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lineage"),
    [
        ("B-cell acute lymphoblastic leukemia", Lineage.B),
        ("acute lymphoblastic leukemia, B cell", Lineage.B),
        ("Pre-B ALL", Lineage.B),
        ("T-ALL", Lineage.T),
        ("acute lymphoblastic leukemia, T-cell", Lineage.T),
        ("Acute lymphoblastic leukemia", None),
        ("ALL (acute lymphoblastic leukemia) s/p CAR T-cell therapy", None),
        ("B-ALL s/p CAR T-cell therapy", Lineage.B),
        ("acute lymphoblastic leukemia with B-cell aplasia", None),
        ("Acute lymphoblastic leukemia, mixed phenotype, B-cell", None),
        ("acute lymphoblastic leukemia, B-cell or T-cell", None),
    ],
)
def test_the_lineage_is_that_of_the_leukemia_and_not_of_cells_given(text: str, lineage: Lineage) -> None:
    assert lineage_of(text) is lineage


@pytest.mark.parametrize(
    "text",
    [
        "Relapsed B-ALL",
        "Acute lymphoblastic leukemia (ALL) in relapse (HCC)",
        "B-ALL with recurrence in the marrow",
        "Recurrent acute lymphoblastic leukemia",
        "B-ALL, CR2",
        "ALL in second remission",
        "B-ALL R/R",
        "B-ALL, suspected relapse",
        "B-ALL, no evidence of relapse in 2020, relapsed 2022",
    ],
)
def test_a_relapse_that_is_told(text: str) -> None:
    assert tells_relapse(text)


@pytest.mark.parametrize(
    "text",
    [
        "B-ALL, never relapsed",
        "B-ALL without relapse",
        "B-ALL, no evidence of relapse",
        "B-ALL, high risk for relapse",
        "B-ALL at risk of early relapse",
        "B-ALL; rule out CNS relapse",
        "B-ALL, monitoring for relapse",
        "relapse-free survivor of B-ALL",
        "B-ALL, relapse?",
        "B-ALL, relapse ruled out",
        "B-ALL, relapse was excluded",
        "B-ALL, no h/o relapse",
        "B-ALL, non-relapsed",
        "B-ALL with recurrent infections",
        "B-ALL, CR1",
        "Refractory B-ALL",
    ],
)
def test_a_relapse_that_is_denied_asked_or_feared_is_none(text: str) -> None:
    assert not tells_relapse(text)
    told = diagnosed(text)
    assert told is None or not told.relapse


# ---- cells --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        ("Allogeneic stem cell transplant from matched sibling donor", True),
        ("Matched unrelated donor bone marrow transplant", True),
        ("Haploidentical HSCT, mother", True),
        ("Bone marrow transplant, no complications", False),
        ("Bone marrow transplant, donor", False),
        ("Allo-HCT", True),
        ("Allogeneic hematopoietic cell transplantation", True),
        ("Transplant, bone marrow, allogeneic", True),
        ("PBSCT", True),
        ("Stem cell infusion (day 0)", False),
        ("Bone marrow transplant evaluation", False),
    ],
)
def test_a_transplant_is_told_of_whatever_is_said_of_donor_and_course(text: str, certain: bool) -> None:
    (told,) = done(text).transplants
    assert (told.certain, told.route) == (certain, Route.TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "Infusion of brexucabtagene autoleucel (Tecartus)",
        "Aucatzyl (obecabtagene autoleucel) infusion",
        "CAR-T cell infusion",
        "Kymriah",
    ],
)
def test_car_t_is_told_of_by_any_product(text: str) -> None:
    assert [c.certain for c in done(text).car_t] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "No prior stem cell transplant",
        "Not a candidate for bone marrow transplant",
        "Family history of bone marrow transplant",
        "Bone marrow transplant of his brother",
        "CAR-T declined",
        "Donor for bone marrow transplant",
        "Bone marrow transplant not done",
    ],
)
def test_cells_that_are_denied_or_someone_elses_are_none(text: str) -> None:
    assert cells_of(text) is None


@pytest.mark.parametrize(
    ("text", "transplant", "car_t"),
    [
        ("S/P allogeneic bone marrow transplant (HCC)", True, False),
        ("History of CAR T-cell therapy", False, True),
        ("B-ALL s/p HSCT and CAR-T", True, True),
    ],
)
def test_a_problem_that_names_cells_tells_that_they_were_given_once(
    text: str, transplant: bool, car_t: bool
) -> None:
    timeline = read(named(text))
    assert [(t.when, t.route) for t in timeline.transplants] == [(None, Route.TEXT)] * transplant
    assert [(c.when, c.route) for c in timeline.car_t] == [(None, Route.TEXT)] * car_t


@pytest.mark.parametrize("text", ["Bone marrow transplant candidate", "Pre-transplant evaluation for HSCT"])
def test_a_problem_that_names_a_plan_tells_of_nothing_given(text: str) -> None:
    assert read(named(text)).transplants == ()


def test_a_problem_in_words_is_the_echo_of_a_dated_transplant() -> None:
    told = read(condition(B_ALL), named("S/P bone marrow transplant"), procedure(ALLOGENEIC)).transplants
    assert [t.source for t in told] == ["Procedure/pr1"]


@pytest.mark.parametrize(
    "text", ["BMT follow-up evaluation", "Day +100 after bone marrow transplant", "Post-HSCT visit"]
)
def test_what_comes_after_a_transplant_proves_it_and_is_not_its_day(text: str) -> None:
    assert [(t.when, t.certain) for t in done(text).transplants] == [(None, False)]


@pytest.mark.parametrize(
    "text",
    [
        "Bone marrow biopsy, post transplant",
        "Bone marrow harvest, donor",
        "Kidney transplant",
        "HCT 38 %",
        "Echocardiogram pre-BMT",
        "Sickle cell trait (SCT)",
    ],
)
def test_words_near_a_transplant_are_none(text: str) -> None:
    assert done(text).transplants == ()


@pytest.mark.parametrize("text", ["Leukapheresis for CAR-T", "CAR-T cell collection"])
def test_the_collection_of_car_t_cells_is_told_as_that(text: str) -> None:
    timeline = done(text)
    assert timeline.car_t == ()
    assert [(c.for_car_t, c.route) for c in timeline.collections] == [(True, Route.TEXT)]


@pytest.mark.parametrize("text", ["CAR-T consultation", "Referral for CAR-T", "CAR-T teaching"])
def test_what_goes_before_car_t_says_nothing(text: str) -> None:
    timeline = done(text)
    assert (timeline.car_t, timeline.collections) == ((), ())


def test_lymphocytes_of_the_donor_tell_of_a_transplant_before_them() -> None:
    assert [t.certain for t in done("Donor lymphocyte infusion").transplants] == [False]
