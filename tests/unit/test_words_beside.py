"""Words beside the code of a diagnosis: they open what the code leaves unsaid, and close nothing."""

from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.draw import draw
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import Lineage, ProblemKind, Route, Site
from tests.unit.charts import ON
from tests.unit.observations import LOINC, observation, percent
from tests.unit.test_read_condition import (
    ALL,
    B_ALL,
    IN_RELAPSE,
    IN_REMISSION,
    NOT_IN_REMISSION,
    condition,
    read,
)

Json = dict[str, Any]


def called(text: str, *codes: tuple[str, str], **members: Any) -> Json:
    found = condition(*codes, onsetDateTime="2022-01-15", **members)
    return {**found, "code": {**found["code"], "text": text}}


def drawn(*resources: Json) -> RelapsePicture:
    return draw(read(*resources), ON)


@pytest.mark.parametrize(
    "text", ["Acute lymphoblastic leukemia (ALL) in relapse (HCC)", "Relapsed B-ALL", "B-ALL, recurrent"]
)
@pytest.mark.parametrize("code", [NOT_IN_REMISSION, ALL, IN_REMISSION])
def test_a_relapse_in_words_alone_opens_the_number_of_relapses(text: str, code: tuple[str, str]) -> None:
    timeline = read(condition(B_ALL, id="dx", onsetDateTime="2022-01-15"), called(text, code))
    assert Route.TEXT in [d.route for d in timeline.diagnoses if d.source == "Condition/c1"]
    assert draw(timeline, ON).relapse_number.value is None


@pytest.mark.parametrize(
    "text", ["ALL in remission", "B-ALL, never relapsed", "B-ALL, high risk for relapse"]
)
def test_words_that_tell_no_relapse_leave_the_number_as_it_is(text: str) -> None:
    assert drawn(called(text, B_ALL)).relapse_number.value == 0


def test_a_coded_relapse_that_is_called_so_is_told_once() -> None:
    dx = condition(B_ALL, id="dx", onsetDateTime="2022-01-15")
    relapse = {**called("ALL in relapse", IN_RELAPSE), "onsetDateTime": "2025-06-15"}
    assert drawn(dx, relapse).relapse_number.value == 1


def test_the_name_of_an_old_entry_is_the_echo_of_a_coded_relapse() -> None:
    """ "Relapsed ALL" since 2022 is the entry of the diagnosis, renamed after the relapse of 2025."""
    relapse = condition(IN_RELAPSE, id="rel", onsetDateTime="2025-06-15")
    found = drawn(called("Relapsed B-ALL", B_ALL), relapse)
    assert (found.relapse_number.value, str(found.relapse_date.value)) == (1, "2025-06-15")


@pytest.mark.parametrize(
    "text",
    [
        "Family history of acute lymphoblastic leukemia",
        "Rule out ALL",
        "Possible acute lymphoblastic leukemia",
        "Suspected new B-ALL",
        "Brother with ALL",
        "No evidence of leukemia",
        "ALL - ruled out",
        "B-ALL suspected",
        "ALL?",
    ],
)
def test_a_code_that_its_words_deny_or_doubt_settles_nothing(text: str) -> None:
    timeline = read(called(text, ALL))
    assert [d.certain for d in timeline.diagnoses] == [False]
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]
    assert draw(timeline, ON).has_all is Answer.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "Acute lymphoblastic leukemia not having achieved remission",
        "Acute lymphoblastic leukemia, without mention of remission",
        "B-ALL, possible CNS involvement",
        "B-ALL, rule out relapse",
        "B-ALL, no evidence of relapse",
        "B-ALL, rule out sepsis",
        "ALL, no complications",
    ],
)
def test_what_is_doubted_beside_the_leukemia_does_not_doubt_it(text: str) -> None:
    timeline = read(called(text, ALL))
    assert [(d.certain, d.route) for d in timeline.diagnoses] == [(True, Route.CODE)]
    assert timeline.problems == ()


def test_a_lineage_that_code_and_words_contradict_is_open() -> None:
    timeline = read(called("T-cell acute lymphoblastic leukemia", B_ALL))
    assert [d.lineage for d in timeline.diagnoses] == [None]
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]


def test_cells_given_are_no_lineage() -> None:
    (told,) = read(called("B-ALL s/p CAR T-cell therapy", B_ALL)).diagnoses
    assert told.lineage is Lineage.B


def test_a_transplant_in_the_name_of_the_leukemia_is_no_silence() -> None:
    dx = called("B-ALL s/p allogeneic HSCT", B_ALL)
    relapse = condition(IN_RELAPSE, id="rel", onsetDateTime="2025-06-15")
    assert drawn(dx, relapse).earlier_transplant.value is None


@pytest.mark.parametrize(
    ("text", "site"),
    [("ALL in relapse, testicular", Site.TESTIS), ("ALL in relapse with leukemia cutis", Site.OTHER)],
)
def test_a_site_in_words_alone_stays_open(text: str, site: Site) -> None:
    """Testis and skin are not measured: without their code, silence would read as no."""
    marrow = [{"coding": [{"system": "http://snomed.info/sct", "code": "14016003"}]}]
    dx = condition(B_ALL, id="dx", onsetDateTime="2022-01-15")
    plain = {**called("ALL in relapse", IN_RELAPSE, bodySite=marrow), "onsetDateTime": "2025-06-15"}
    assert drawn(dx, plain).involved[Site.TESTIS] is Answer.NO
    told = {**called(text, IN_RELAPSE, bodySite=marrow), "onsetDateTime": "2025-06-15"}
    found = drawn(dx, told)
    assert [s for s, answer in found.involved.items() if answer is Answer.UNKNOWN] == [Site.CNS, site]
    assert "named in words" in (found.sites.because or "")


def test_a_site_that_the_words_deny_stays_denied() -> None:
    marrow = [{"coding": [{"system": "http://snomed.info/sct", "code": "14016003"}]}]
    dx = condition(B_ALL, id="dx", onsetDateTime="2022-01-15")
    for text in ("ALL relapse without testicular involvement", "ALL relapse, no skin or testicular disease"):
        told = {**called(text, IN_RELAPSE, bodySite=marrow), "onsetDateTime": "2025-06-15"}
        assert drawn(dx, told).involved[Site.TESTIS] is Answer.NO


def test_a_cns_relapse_in_words_is_not_denied_by_a_clear_tap() -> None:
    """A recorded CNS relapse stands against clear CSF, since it may be parenchymal; in words it is open."""
    clear = observation((LOINC, "26447-3"), valueQuantity=percent(0))
    dx = condition(B_ALL, id="dx", onsetDateTime="2022-01-15")
    for text, expected in (
        ("ALL, isolated CNS relapse", Answer.UNKNOWN),
        ("ALL in relapse, CNS1", Answer.NO),
        ("ALL relapse, no CNS involvement", Answer.NO),
    ):
        told = {**called(text, IN_RELAPSE), "onsetDateTime": "2025-06-15"}
        assert drawn(dx, told, clear).involved[Site.CNS] is expected


@pytest.mark.parametrize(
    "text",
    [
        "ALL, 2nd relapse",
        "Multiply relapsed B-ALL",
        "B-ALL, CR3",
        "ALL in third remission",
        "relapsed x2 ALL",
    ],
)
def test_words_of_a_later_relapse_open_the_number_where_one_is_coded(text: str) -> None:
    dx = condition(B_ALL, id="dx", onsetDateTime="2022-01-15")
    coded = {**called(text, IN_RELAPSE), "onsetDateTime": "2025-06-15"}
    assert drawn(dx, coded).relapse_number.value is None
    renamed = {**called(text, B_ALL), "id": "dx"}
    relapse = condition(IN_RELAPSE, onsetDateTime="2025-06-15")
    assert drawn(renamed, relapse).relapse_number.value is None


@pytest.mark.parametrize("text", ["ALL, first relapse", "ALL, CR2", "B-ALL, no second relapse"])
def test_words_of_a_first_relapse_agree_with_one_that_is_coded(text: str) -> None:
    dx = condition(B_ALL, id="dx", onsetDateTime="2022-01-15")
    relapse = {**called(text, IN_RELAPSE), "onsetDateTime": "2025-06-15"}
    assert drawn(dx, relapse).relapse_number.value == 1


@pytest.mark.parametrize(
    "text",
    ["Acute myeloid leukemia", "AML", "Chronic lymphocytic leukemia", "Burkitt leukemia (mature B-ALL)"],
)
def test_a_code_of_all_called_another_leukemia_settles_nothing(text: str) -> None:
    timeline = read(called(text, ALL))
    assert [d.certain for d in timeline.diagnoses] == [False]
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]


def test_another_leukemia_before_all_is_no_contradiction() -> None:
    timeline = read(called("Ph+ ALL after chronic myeloid leukemia", ALL))
    assert [d.certain for d in timeline.diagnoses] == [True]


def test_a_mixed_phenotype_in_words_leaves_the_lineage_open() -> None:
    assert [d.lineage for d in read(called("Mixed phenotype leukemia, B/myeloid", B_ALL)).diagnoses] == [None]
