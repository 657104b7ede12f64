"""What is recognised by its words: open by itself, a fact where the site file says so, text in any case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cds_rules import Assessment, assess
from cds_rules.answer import Answer
from cds_rules.patient.text_marks import NOTE
from cds_rules.patient.timeline import Part, PatientTimeline, Route
from cds_rules.terminology.code_set import LOINC, load
from service.cards import cards_for
from service.cards.build import Pages
from service.fhir.client import FhirAccess, FhirClient, Limits
from service.fhir.lexicon import Lexicon
from service.fhir.record import gather
from service.fhir.site_map import SiteMap, SiteMapError, load_site_map
from service.fhir.to_timeline import to_timeline
from service.outgoing.reach import ANYWHERE
from tests.laws.one_patient import (
    BLOCK_1,
    ON,
    PATIENT,
    RELAPSED,
    SITE,
    Chart,
    condition,
    diagnosis,
    mrd,
    observation,
    quantity,
    relapse,
    resource,
)

Json = dict[str, Any]
TRUSTING = replace(SITE, text_settles=True)
both = pytest.mark.parametrize("site", [SITE, TRUSTING], ids=["text stays open", "text settles"])


def mrd_text(value: Json | None = None, name: str = "mrd") -> Json:
    code = {"code": {"text": "MRD by flow cytometry, bone marrow"}}
    return observation(name, (LOINC, "x"), BLOCK_1, **(value or quantity(0.05, "%")), **code)


def timeline(site: SiteMap, chart: Chart) -> PatientTimeline:
    return to_timeline(chart.resources(), PATIENT, site_map=site)


def of(site: SiteMap, chart: Chart) -> Assessment:
    return assess(timeline(site, chart), ON)


def group(found: Assessment, scheme: str) -> set[str | None]:
    (answer,) = [s.finding for s in found.schemes if s.id == scheme]
    return set(answer.possible)


def detail(found: Assessment) -> str:
    return "\n".join(card.detail for card in cards_for(found, Pages("https://cds.example")))


# ---- MRD decides a group ---------------------------------------------------------------------------


def test_an_mrd_by_its_name_closes_the_scheme_only_where_text_settles() -> None:
    coded, told = Chart(), Chart(mrd=[mrd_text()])
    closed, left_open, trusted = of(SITE, coded), of(SITE, told), of(TRUSTING, told)
    assert group(closed, "COG-AALL1331") == {"low"}
    assert group(left_open, "COG-AALL1331") > {"low"}
    assert group(trusted, "COG-AALL1331") == {"low"}
    assert not left_open.picture.end_block1_mrd.known
    assert trusted.picture.end_block1_mrd.value == closed.picture.end_block1_mrd.value


def test_the_card_says_that_it_rests_on_text() -> None:
    (line,) = [t for t in detail(of(TRUSTING, Chart(mrd=[mrd_text()]))).splitlines() if "MRD (marrow)" in t]
    assert NOTE in line
    assert "0.05 %" in line
    assert NOTE not in detail(of(TRUSTING, Chart()))
    assert NOTE not in detail(of(SITE, Chart(mrd=[mrd_text()])))


def test_a_coded_and_a_written_result_that_disagree_span_both_where_text_settles() -> None:
    two = Chart(mrd=[mrd(quantity(0.05, "%")), mrd_text(quantity(0.2, "%"), "mrd-2")])
    assert of(SITE, two).picture.end_block1_mrd.value == of(SITE, Chart()).picture.end_block1_mrd.value
    span = of(TRUSTING, two).picture.end_block1_mrd
    assert span.value is not None
    assert (span.value.low, span.value.high) == (0.0005, 0.002)
    assert NOTE in (span.because or "")


@pytest.mark.parametrize(
    "value", [{"valueString": "pending"}, {"valueQuantity": {"value": 0.05}}, {"note": []}]
)
@both
def test_a_text_result_that_states_no_share_settles_nothing_anywhere(site: SiteMap, value: Json) -> None:
    found = of(site, Chart(mrd=[mrd_text(value)]))
    assert not found.picture.end_block1_mrd.known


# ---- the disease and its relapse -------------------------------------------------------------------


def by_words(text: str, name: str, onset: str, **members: Any) -> Json:
    return condition(name, onset=onset, **{"code": {"text": text}, **members})


WORDS = [
    by_words("B-cell acute lymphoblastic leukemia", "diagnosis", "2023-01-15"),
    by_words("Relapsed B-ALL", "relapse", RELAPSED),
]


def test_a_course_told_in_words_is_a_course_only_where_text_settles() -> None:
    told = Chart(conditions=WORDS)
    doubted, trusted = of(SITE, told).picture, of(TRUSTING, told).picture
    assert (doubted.has_all, trusted.has_all) == (Answer.UNKNOWN, Answer.YES)
    assert not doubted.diagnosed.known
    assert str(trusted.diagnosed.value) == "2023-01-15"
    assert (trusted.relapse_number.value, str(trusted.relapse_date.value)) == (1, RELAPSED)
    for fact in (trusted.diagnosed, trusted.relapse_date, trusted.relapse_number, trusted.lineage):
        assert NOTE in (fact.because or "")
    # The remission that points to the condition told in words is one of ours.
    assert trusted.first_remission.known


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("Relapsed B-ALL?", {}),
        ("No relapsed B-ALL", {}),
        ("Family history of relapsed B-ALL", {}),
        ("Concern for relapsed B-ALL", {}),
        ("Relapsed B-ALL vs lymphoma", {}),
        ("Relapsed B-ALL", {"verificationStatus": {"coding": [{"code": "provisional"}]}}),
        ("Relapsed B-ALL", {"verificationStatus": {"coding": [{"code": "refuted"}]}}),
    ],
)
@both
def test_words_of_doubt_settle_no_relapse_anywhere(site: SiteMap, text: str, members: Json) -> None:
    calm = Chart(conditions=[diagnosis(), by_words(text, "doubt", RELAPSED, **members)], blasts=[], mrd=[])
    assert of(site, calm).picture.relapses == 0


def test_a_relapse_in_words_near_a_coded_one_is_the_same_and_a_far_one_opens_or_adds() -> None:
    near = Chart(conditions=[diagnosis(), relapse(), by_words("Relapsed B-ALL", "again", "2026-05-17")])
    assert [of(s, near).picture.relapse_number.value for s in (SITE, TRUSTING)] == [1, 1]
    far = Chart(conditions=[diagnosis(), relapse(), by_words("Relapsed B-ALL", "again", "2025-08-01")])
    assert [of(s, far).picture.relapse_number.known for s in (SITE, TRUSTING)] == [False, False]


# ---- transplant ------------------------------------------------------------------------------------


def transplant(text: str, status: str = "completed") -> Json:
    done = {"status": status, "performedDateTime": "2024-06-01"}
    return resource("Procedure", "hsct", code={"text": text}, **done)


@pytest.mark.parametrize(
    ("text", "status", "value"),
    [
        ("Bone marrow transplant", "completed", True),
        ("Bone marrow transplant", "unknown", None),
        ("Bone marrow transplant", "not-done", False),
        ("Bone marrow transplant evaluation", "completed", None),
        ("Stem cell transplant consult", "completed", None),
        ("No bone marrow transplant", "completed", False),
    ],
)
def test_a_transplant_in_words(text: str, status: str, value: bool | None) -> None:
    told = Chart(more=[transplant(text, status)])
    assert of(TRUSTING, told).picture.earlier_transplant.value is value
    assert of(SITE, told).picture.earlier_transplant.value is (False if value is False else None)


# ---- the route stays text --------------------------------------------------------------------------


@both
def test_every_statement_by_words_keeps_a_route_of_text(site: SiteMap) -> None:
    told = timeline(site, Chart(conditions=WORDS, mrd=[mrd_text()], more=[transplant("BMT")]))
    routes = {told.diagnoses[0].route, told.diagnoses[1].route, told.mrd[0].route, told.transplants[0].route}
    assert routes == {Route.SITE_TEXT if site.text_settles else Route.TEXT}
    assert all("text" in route for route in routes)


def test_only_text_does_not_settle() -> None:
    assert [route for route in Route if not route.settles] == [Route.TEXT]


# ---- gathering -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "site", "asked"),
    [
        ("B-cell acute lymphoblastic leukemia", SITE, False),
        ("B-cell acute lymphoblastic leukemia", TRUSTING, True),
        ("No acute lymphoblastic leukemia", TRUSTING, False),
        ("Asthma", TRUSTING, False),
    ],
)
def test_a_chart_whose_leukemia_is_in_words_is_fetched_where_text_settles(
    text: str, site: SiteMap, asked: bool
) -> None:
    entry = [{"resource": by_words(text, "c", RELAPSED)}]
    conditions = {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": entry}
    # Port 9 answers nobody: whether it was asked shows in the reason.
    nowhere = FhirAccess("http://127.0.0.1:9/fhir", None)
    client = FhirClient(Limits(deadline_s=2), reach=ANYWHERE)
    record = gather(PATIENT, {"conditions": conditions}, nowhere, client, Lexicon(load(), site))
    assert ("No connection to" in record.missing[Part.PROCEDURES]) is asked


# ---- the file --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "value"), [("", False), ("text_settles = false", False), ("text_settles = true", True)]
)
def test_the_site_file_says_it(tmp_path: Path, line: str, value: bool) -> None:
    file = tmp_path / "site.toml"
    file.write_text(f'version = 1\nname = "x"\n{line}\n', encoding="utf-8")
    assert load_site_map(file).text_settles is value


@pytest.mark.parametrize("value", ['"yes"', '"true"', "1", "[]"])
def test_anything_but_true_or_false_is_refused(tmp_path: Path, value: str) -> None:
    file = tmp_path / "site.toml"
    file.write_text(f'version = 1\nname = "x"\ntext_settles = {value}\n', encoding="utf-8")
    with pytest.raises(SiteMapError, match="text_settles"):
        load_site_map(file)
