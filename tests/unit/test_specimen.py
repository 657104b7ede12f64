"""Which specimen a result names: marrow, CSF, blood, or nothing that can be told."""

from typing import Any

import pytest

from service.fhir.elements import Reference
from service.fhir.lexicon import shipped
from service.fhir.reading import Reading
from service.fhir.specimen import contradicts, named, note_specimen
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]


def reading() -> Reading:
    return Reading(shipped(), frozenset({"Patient/p"}))


def marrow_blasts(members: Json) -> Json:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "11150-0"}]},
        "effectiveDateTime": "2025-06-15",
        "valueQuantity": {"value": 2, "unit": "%", "code": "%"},
        **members,
    }


def place(display: str | None) -> str | None:
    return named(Reference(display=display), reading())


@pytest.mark.parametrize(
    ("display", "expected"),
    [
        ("Bone marrow aspirate", "marrow"),
        ("MARROW", "marrow"),
        ("BMA, left iliac crest", "marrow"),
        ("CSF", "csf"),
        ("Cerebrospinal fluid", "csf"),
        ("Spinal fluid, tube 3", "csf"),
        ("Peripheral blood", "blood"),
        ("Blood, venous", "blood"),
        ("EDTA plasma", "blood"),
        ("Serum", "blood"),
        ("Skin biopsy", None),
        ("Bloody tap", None),
        ("marrowlike", None),
        ("Bone marrow and peripheral blood", None),
        ("CSF or blood", None),
        ("", None),
        (None, None),
    ],
)
def test_the_words_of_the_display(display: str | None, expected: str | None) -> None:
    assert place(display) == expected


def test_no_specimen_is_none() -> None:
    assert named(None, reading()) is None


def test_a_specimen_that_was_read_wins_over_the_words() -> None:
    known = reading()
    known.specimens["Specimen/s1"] = "marrow"
    assert named(Reference(reference="Specimen/s1", display="blood"), known) == "marrow"
    assert named(Reference(reference="Specimen/s2", display="blood"), known) == "blood"


@pytest.mark.parametrize(
    ("display", "contradiction"),
    [
        ("Blood", True),
        ("CSF", True),
        ("Bone marrow", False),
        ("Skin", False),
        ("marrow blood", False),
        (None, False),
    ],
)
def test_only_another_place_contradicts(display: str | None, contradiction: bool) -> None:
    assert contradicts(Reference(display=display), "marrow", reading()) is contradiction


def test_without_a_specimen_nothing_is_contradicted() -> None:
    assert contradicts(None, "marrow", reading()) is False


LOCAL = "http://terminology.hl7.org/CodeSystem/v2-0487"
MARROW_SITE = {"coding": [{"system": "http://snomed.info/sct", "code": "14016003"}]}


@pytest.mark.parametrize(
    ("specimen", "expected"),
    [
        ({"type": {"text": "Bone marrow aspirate"}}, "marrow"),
        ({"type": {"text": "Peripheral blood"}}, "blood"),
        ({"type": {"coding": [{"system": LOCAL, "code": "PB", "display": "Peripheral blood"}]}}, "blood"),
        (
            {"type": {"coding": [{"system": LOCAL, "code": "BMA", "display": "Bone marrow aspirate"}]}},
            "marrow",
        ),
        ({"type": {"text": "Aspirate"}, "collection": {"bodySite": MARROW_SITE}}, "marrow"),
        ({"collection": {"bodySite": {"text": "Bone marrow, left iliac crest"}}}, "marrow"),
        ({"type": {"text": "Blood or marrow"}, "collection": {"bodySite": MARROW_SITE}}, "marrow"),
        ({"type": {"text": "Blood or marrow"}}, None),
        ({"type": {"text": "Marrow", "coding": [{"display": "Blood"}]}}, None),
        ({"type": {"text": "Tissue"}}, None),
        ({"type": "Blood"}, None),
        ({"type": {"text": "Blood"}, "collection": "arm"}, None),
        ({}, None),
    ],
)
def test_a_specimen_by_its_type_and_by_where_it_was_collected(specimen: Json, expected: str | None) -> None:
    known = reading()
    note_specimen("Specimen/s1", specimen, known)
    assert named(Reference(reference="Specimen/s1"), known) == expected


def test_a_specimen_of_blood_in_words_contradicts_a_marrow_code() -> None:
    result = marrow_blasts(
        {
            "specimen": {"reference": "#s1"},
            "contained": [{"resourceType": "Specimen", "id": "s1", "type": {"text": "Peripheral blood"}}],
        }
    )
    timeline = to_timeline([result], "p")
    assert timeline.measurements == ()
    assert [p.resources for p in timeline.problems] == [("Observation/o1",)]


@pytest.mark.parametrize("where", ["contained", "in the record"])
def test_a_coded_blood_specimen_contradicts_a_marrow_code(where: str) -> None:
    specimen = {
        "resourceType": "Specimen",
        "id": "s1",
        "subject": {"reference": "Patient/p"},
        "type": {"coding": [{"system": "http://snomed.info/sct", "code": "119297000"}]},
    }
    result = marrow_blasts(
        {
            "specimen": {"reference": "#s1" if where == "contained" else "Specimen/s1"},
        }
    )
    resources = [{**result, "contained": [specimen]}] if where == "contained" else [specimen, result]
    assert to_timeline(resources, "p").measurements == ()


def test_a_contained_specimen_belongs_to_its_own_resource_only() -> None:
    """Ids of contained resources are unique in one resource, not in a record."""

    def result(name: str, *contained: Json) -> Json:
        return {
            "resourceType": "Observation",
            "id": name,
            "status": "final",
            "subject": {"reference": "Patient/p"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "11150-0"}]},
            "effectiveDateTime": "2025-06-15",
            "valueQuantity": {"value": 2, "unit": "%", "code": "%"},
            "specimen": {"reference": "#s1"},
            "contained": list(contained),
        }

    blood = {"coding": [{"system": "http://snomed.info/sct", "code": "119297000"}]}
    first = result("first", {"resourceType": "Specimen", "id": "s1", "type": blood})
    for second in (result("second"), result("second", {"resourceType": "Specimen", "id": "s1", "type": {}})):
        for resources in ([first, second], [second, first]):
            assert [m.source for m in to_timeline(resources, "p").measurements] == ["Observation/second"]


@pytest.mark.parametrize(
    ("site", "counts"),
    [
        ({"text": "Peripheral blood"}, False),
        ({"coding": [{"system": "http://snomed.info/sct", "code": "119297000"}]}, False),
        ({"coding": [{"display": "Cerebrospinal fluid"}]}, False),
        ({"coding": [{"system": "http://snomed.info/sct", "code": "14016003"}]}, True),
        ({"text": "Left iliac crest"}, True),
        ({"text": "Bone marrow and blood"}, True),
        (None, True),
    ],
)
def test_the_body_site_of_a_result_may_contradict_its_code_too(site: Json | None, counts: bool) -> None:
    """A marrow code over a sample of blood, or of nothing else that is told."""
    result = marrow_blasts(
        {
            **({"bodySite": site} if site is not None else {}),
        }
    )
    timeline = to_timeline([result], "p")
    assert (len(timeline.measurements), len(timeline.problems)) == ((1, 0) if counts else (0, 1))
