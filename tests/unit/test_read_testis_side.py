"""The side of a testis: what a Condition's body site says of it."""

from typing import Any

import pytest

from cds_rules.patient.findings import Laterality
from cds_rules.patient.timeline import PatientTimeline, ProblemKind, Site
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SCT = "http://snomed.info/sct"
MARROW, SIDE = (SCT, "14016003"), (SCT, "182353008")


def coded(*codes: tuple[str, str]) -> Json:
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


def read(*sites: Json) -> PatientTimeline:
    relapse = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p"},
        "code": coded((ICD, "C91.02")),
        "bodySite": list(sites),
    }
    return to_timeline([relapse], "p")


TESTIS, LEFT_TESTIS, RIGHT_TESTIS = (SCT, "40689003"), (SCT, "63239009"), (SCT, "15598003")
LEFT, RIGHT, BOTH = (SCT, "7771000"), (SCT, "24028007"), (SCT, "51440002")
LATERALITY = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"


def sided(site: tuple[str, str], side: tuple[str, str], url: str = LATERALITY) -> Json:
    return {**coded(site), "extension": [{"url": url, "valueCodeableConcept": coded(side)}]}


@pytest.mark.parametrize(
    ("sites", "testes"),
    [
        ([coded(LEFT_TESTIS)], {Laterality.LEFT}),
        ([coded(RIGHT_TESTIS)], {Laterality.RIGHT}),
        ([coded(LEFT_TESTIS), coded(RIGHT_TESTIS)], set(Laterality)),
        ([coded(TESTIS, LEFT)], {Laterality.LEFT}),
        ([coded(TESTIS, LEFT_TESTIS)], {Laterality.LEFT}),
        ([sided(TESTIS, LEFT)], {Laterality.LEFT}),
        ([sided(TESTIS, BOTH)], set(Laterality)),
        ([sided(LEFT_TESTIS, LEFT)], {Laterality.LEFT}),
        ([coded(TESTIS)], set()),
        ([{**coded(TESTIS), "text": "Left testis"}], set()),
        ([sided(TESTIS, SIDE)], set()),
        ([sided(TESTIS, LEFT, "http://other.example/side")], set()),
        ([{**coded(TESTIS), "extension": [{"url": LATERALITY}]}], set()),
        ([sided(MARROW, LEFT)], set()),
    ],
    ids=str,
)
def test_a_testis_is_known_by_the_code_of_its_side(sites: list[Json], testes: set[Laterality]) -> None:
    (found,) = read(*sites).diagnoses
    assert found.testes == testes
    assert found.sites_told


@pytest.mark.parametrize(
    "site", [sided(LEFT_TESTIS, RIGHT), sided(LEFT_TESTIS, BOTH), coded(TESTIS, LEFT, RIGHT)]
)
def test_a_body_site_that_names_two_sides_at_once_tells_none(site: Json) -> None:
    timeline = read(site)
    assert [(d.sites, d.testes) for d in timeline.diagnoses] == [(frozenset({Site.TESTIS}), frozenset())]
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]
