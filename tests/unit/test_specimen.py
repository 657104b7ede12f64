"""Which specimen a result names: marrow, CSF, blood, or nothing that can be told."""

from typing import Any

import pytest

from service.fhir.elements import Reference
from service.fhir.lexicon import shipped
from service.fhir.reading import Reading
from service.fhir.specimen import contradicts, named
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]


def reading() -> Reading:
    return Reading(shipped(), frozenset({"Patient/p"}))


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


@pytest.mark.parametrize("where", ["contained", "in the record"])
def test_a_coded_blood_specimen_contradicts_a_marrow_code(where: str) -> None:
    specimen = {
        "resourceType": "Specimen",
        "id": "s1",
        "subject": {"reference": "Patient/p"},
        "type": {"coding": [{"system": "http://snomed.info/sct", "code": "119297000"}]},
    }
    result: Json = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "11150-0"}]},
        "effectiveDateTime": "2025-06-15",
        "valueQuantity": {"value": 2, "unit": "%", "code": "%"},
        "specimen": {"reference": "#s1" if where == "contained" else "Specimen/s1"},
    }
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
