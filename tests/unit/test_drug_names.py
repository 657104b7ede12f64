"""Drugs by their names: one ingredient, as a whole word, and how sure it is."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_rules.patient.drug_class import ALL_DRUGS, SPELLINGS
from cds_rules.patient.timeline import PatientTimeline, Route
from cds_rules.terminology.brand import BrandError, brands, read_brands
from cds_rules.terminology.code_set import RXNORM, load
from service.fhir.drug_names import MAX_LENGTH, named_drugs
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
NDC = "http://hl7.org/fhir/sid/ndc"
INGREDIENTS = sorted({c.concept.removeprefix("drug.") for c in load().codes("drug")})


def coding(display: str | None, system: str | None = RXNORM, code: str | None = "999") -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def found(code: Json) -> list[tuple[str, Route]]:
    return [(m.concept, m.route) for m in named_drugs(code)]


@pytest.mark.parametrize(
    ("display", "drug"),
    [
        ("vincristine sulfate 1 MG/ML Injection", "vincristine"),
        ("1 ML vinCRIStine sulfate 1 MG/ML Injection", "vincristine"),
        ("mercaptopurine 50 MG Oral Tablet", "mercaptopurine"),
        ("MERCAPTOPURINE", "mercaptopurine"),
        ("inotuzumab ozogamicin 0.9 MG Injection [Besponsa]", "inotuzumab"),
        ("Besponsa 0.9 MG Injection", "inotuzumab"),
        ("BLINCYTO", "blinatumomab"),
        ("vincristine sulfate liposome 0.16 MG/ML Injection [Marqibo]", "liposomal-vincristine"),
        ("Marqibo", "liposomal-vincristine"),
        ("Rylaze 10 MG in 0.5 mL", "asparaginase-erwinia"),
        ("pegaspargase (Oncaspar) 750 UNT/ML", "pegaspargase"),
        ("gemtuzumab ozogamicin", "gemtuzumab"),
        ("methotrexate (as sodium) 25 MG/ML", "methotrexate"),
        ("cytarabine/cytarabine", "cytarabine"),
    ],
)
def test_the_display_of_a_product_code_names_its_ingredient(display: str, drug: str) -> None:
    assert found(coding(display)) == [(f"drug.{drug}", Route.CODE)]


@pytest.mark.parametrize("drug", INGREDIENTS)
def test_every_ingredient_of_the_terminology_is_found_by_its_name(drug: str) -> None:
    assert found(coding(f"{drug.upper()} 10 MG")) == [(f"drug.{drug}", Route.CODE)]


@pytest.mark.parametrize("brand", sorted(brands()))
def test_every_brand_is_found_as_its_ingredient(brand: str) -> None:
    assert found(coding(f"{brand.upper()} 10 MG")) == [(f"drug.{brands()[brand]}", Route.CODE)]
    assert found({"text": brand.title()}) == [(f"drug.{brands()[brand]}", Route.TEXT)]
    assert brands()[brand] in ALL_DRUGS


@pytest.mark.parametrize("brand", sorted(brands()))
def test_a_brand_is_a_whole_word(brand: str) -> None:
    for name in (f"{brand}s", f"x{brand}", f"{brand}-like", f"non-{brand}"):
        assert named_drugs({"text": name}) == []


def test_a_brand_and_another_drug_are_two() -> None:
    assert named_drugs({"text": "Oncaspar and vincristine"}) == []
    assert named_drugs({"text": "Oncaspar or Rylaze"}) == []
    assert named_drugs({**coding("Gleevec"), "text": "dasatinib"}) == []


@pytest.mark.parametrize(
    "text",
    [
        "[Besponsa]\ndrug = 'inotuzumab'\nsource = 's'",
        "[two-words]\ndrug = 'inotuzumab'\nsource = 's'",
        "[abc]\ndrug = 'inotuzumab'\nsource = 's'",
        "[brand]\ndrug = 'inotuzumab'",
        "[brand]\ndrug = ''\nsource = 's'",
        "brand = 'inotuzumab'",
        "[brand]\ndrug = 'a'\nsource = 's'\n[brand]\ndrug = 'b'\nsource = 's'",
        "[[",
    ],
)
def test_a_damaged_list_of_brands_is_refused(text: str) -> None:
    with pytest.raises(BrandError):
        read_brands(text)


@pytest.mark.parametrize(
    "code",
    [
        coding("vincristine", NDC),
        coding("vincristine", None),
        coding("vincristine", code=None),
        {"text": "vincristine 1 mg"},
        {"coding": [{"system": NDC, "code": "1"}], "text": "Vincristine"},
    ],
)
def test_any_other_name_is_only_text(code: Json) -> None:
    assert found(code) == [("drug.vincristine", Route.TEXT)]


def test_a_code_and_a_text_that_name_the_same_drug_are_coded() -> None:
    assert found({**coding("vincristine"), "text": "VINCRISTINE push"}) == [("drug.vincristine", Route.CODE)]


@pytest.mark.parametrize(
    "code",
    [
        {"text": "vincristine and dexamethasone"},
        coding("daratumumab / methotrexate"),
        {**coding("vincristine"), "text": "dexamethasone"},
        {"coding": [coding("vincristine")["coding"][0], coding("imatinib")["coding"][0]]},
    ],
)
def test_two_drugs_named_are_none(code: Json) -> None:
    assert named_drugs(code) == []


@pytest.mark.parametrize(
    "name",
    [
        "ara-C",
        "oncovin",
        "levincristine",
        "vincristines",
        "non-vincristine",
        "vincristine-free",
        "MTX",
        "6-MP",
        "",
        "(unknown)",
    ],
)
def test_part_of_a_word_or_a_brand_is_no_name(name: str) -> None:
    assert named_drugs({"text": name}) == []
    assert named_drugs(coding(name)) == []


def test_instructions_are_no_names() -> None:
    fits = "vincristine" + "." * (MAX_LENGTH - 11)
    assert len(named_drugs({"text": fits})) == 1
    assert named_drugs({"text": fits + "."}) == []
    assert named_drugs(coding(fits + ".")) == []


@pytest.mark.parametrize(
    "code", [{}, {"coding": []}, {"coding": [{}]}, coding(None), {"text": None}, {"text": 5}]
)
def test_nothing_named_is_no_drug(code: Json) -> None:
    assert named_drugs(code) == []


@pytest.mark.parametrize("code", ["vincristine", ["vincristine"], {"coding": ["vincristine"]}, None, 5])
def test_what_is_no_codeable_concept_is_refused(code: object) -> None:
    with pytest.raises((AttributeError, TypeError)):
        named_drugs(code)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_raises_or_names_what_it_does_not_hold(text: str) -> None:
    written = " ".join(text.lower().split())
    for meaning in named_drugs({"text": text}):
        name = meaning.concept.removeprefix("drug.")
        others = {**SPELLINGS, **brands()}
        spelled = {name, name.removeprefix("liposomal-")} | {s for s, drug in others.items() if drug == name}
        assert any(spelling in written for spelling in spelled)


# ---- in a record ---------------------------------------------------------------------------------


def read(code: Json) -> PatientTimeline:
    given_drug = {
        "resourceType": "MedicationAdministration",
        "id": "m1",
        "status": "completed",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": code,
        "effectiveDateTime": "2025-06-15",
    }
    return to_timeline([given_drug], "p")


def test_a_known_code_wins_over_every_name() -> None:
    code = {**coding("vincristine", RXNORM, "1597258"), "text": "dexamethasone"}
    assert [(d.drug, d.route) for d in read(code).drugs] == [("blinatumomab", Route.CODE)]


def test_a_product_is_read_by_its_name_and_keeps_how_sure_it_is() -> None:
    assert [(d.drug, d.route) for d in read(coding("vincristine 1 MG")).drugs] == [
        ("vincristine", Route.CODE)
    ]
    assert [(d.drug, d.route) for d in read({"text": "vincristine"}).drugs] == [("vincristine", Route.TEXT)]


def test_car_t_by_its_name_in_text_is_kept_as_text() -> None:
    assert [(c.product, c.route) for c in read({"text": "tisagenlecleucel infusion"}).car_t] == [
        ("tisagenlecleucel", Route.TEXT)
    ]
