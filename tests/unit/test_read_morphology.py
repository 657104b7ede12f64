"""mCODE: the morphology in an extension, while the Condition's code says no more than "malignant"."""

from typing import Any

import pytest

from cds_rules.patient.timeline import Lineage, ProblemKind
from service.fhir.fetched import Fetched
from service.fhir.lexicon import shipped
from service.fhir.read.condition import HISTOLOGY
from service.fhir.record import _may_concern
from tests.unit.test_read_condition import ALL, B_ALL, ICD, SCT, coded, condition, read

Json = dict[str, Any]
ICDO3 = "http://terminology.hl7.org/CodeSystem/icd-o-3"
MALIGNANT = (SCT, "363346000")


def morphology(*codes: tuple[str, str], url: str = HISTOLOGY) -> Json:
    return {"extension": [{"url": url, "valueCodeableConcept": coded(*codes)}]}


@pytest.mark.parametrize(
    ("code", "lineage"), [((ICDO3, "9811/3"), Lineage.B), ((ICDO3, "9837/3"), Lineage.T), (B_ALL, Lineage.B)]
)
def test_the_morphology_tells_the_disease(code: tuple[str, str], lineage: Lineage) -> None:
    (told,) = read(condition(MALIGNANT, onsetDateTime="2022-01-15", **morphology(code))).diagnoses
    assert (told.lineage, str(told.when)) == (lineage, "2022-01-15")


def test_the_morphology_adds_the_lineage_to_a_code_without() -> None:
    (told,) = read(condition(ALL, **morphology((ICDO3, "9811/3")))).diagnoses
    assert told.lineage is Lineage.B


def test_a_morphology_that_contradicts_the_code_leaves_the_lineage_open() -> None:
    timeline = read(condition(B_ALL, **morphology((ICDO3, "9837/3"))))
    assert [d.lineage for d in timeline.diagnoses] == [None]
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]


@pytest.mark.parametrize(
    "extension",
    [
        morphology((ICDO3, "9861/3")),
        morphology((ICDO3, "9811/3"), url="http://site.example/other"),
        {"extension": "text"},
        {"extension": [4, None, {"url": HISTOLOGY}]},
        {"extension": [{"url": HISTOLOGY, "valueCodeableConcept": {"coding": "9811/3"}}]},
        {"extension": [{"url": HISTOLOGY, "valueCodeableConcept": {"coding": [{"code": ["9811/3"]}]}}]},
    ],
)
def test_other_extensions_and_shapes_tell_nothing(extension: Json) -> None:
    timeline = read(condition(MALIGNANT, **extension))
    assert timeline.diagnoses == ()


def test_a_record_is_fetched_for_a_morphology_of_leukemia() -> None:
    told = condition(MALIGNANT, **morphology((ICDO3, "9811/3")))
    other = condition((ICD, "J45.909"), **morphology((ICDO3, "8140/3")))
    assert _may_concern(Fetched("conditions", (told,)), shipped())
    assert not _may_concern(Fetched("conditions", (other,)), shipped())


@pytest.mark.parametrize("code", ["Q90.9", "Z94.84", "D89.811"])
def test_what_is_coded_of_the_family_is_not_the_patients(code: str) -> None:
    told = condition((ICD, code))
    told["code"]["text"] = "Family history of it"
    timeline = read(told)
    assert timeline.genetics == ()
    assert not any(t.certain for t in timeline.transplants)
    assert not any(e.certain for e in timeline.events)
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]
