"""What stands beside the course: genetics, antigens, transplants, CAR-T, radiation."""

from typing import Any

import pytest

from cds_rules.patient.draw_findings import Findings, findings_of
from cds_rules.patient.fact import Fact
from cds_rules.patient.findings import (
    Antigen,
    AntigenResult,
    Expression,
    Field,
    Genetic,
    Irradiation,
    Marker,
)
from cds_rules.patient.timeline import (
    CarT,
    Diagnosis,
    DrugUse,
    Part,
    PatientTimeline,
    Person,
    Route,
    Transplant,
)
from tests.unit.charts import day, is_open, marrow

POSITIVE, DIM, NEGATIVE = Expression.POSITIVE, Expression.DIM, Expression.NEGATIVE


def findings(**record: Any) -> Findings:
    return findings_of(PatientTimeline(Person("Patient/p"), **record))


def genetic(present: bool, source: str = "g", **more: Any) -> Genetic:
    return Genetic(f"Observation/{source}", day("2022-01-15"), Marker.KMT2A, present, **more)


def cd19(
    expression: Expression,
    when: str | None = "2025-06-15",
    source: str = "cd19",
    antigen: Antigen = Antigen.CD19,
) -> AntigenResult:
    return AntigenResult(f"Observation/{source}", day(when), antigen, expression)


def test_an_empty_record_knows_nothing_and_says_so() -> None:
    found = findings()
    assert set(found.genetics) == set(Marker)
    assert set(found.antigens) == set(Antigen)
    assert all(is_open(fact) for fact in (*found.genetics.values(), *found.antigens.values()))
    assert (found.transplants, found.car_t, found.irradiations) == ((), (), ())


# ---- genetics ------------------------------------------------------------------------------------

DIAGNOSED = (Diagnosis("Condition/dx", day("2022-01-10")),)


@pytest.mark.parametrize("present", [True, False])
def test_a_marker_that_was_tested(present: bool) -> None:
    found = findings(genetics=(genetic(present),), diagnoses=DIAGNOSED).genetics
    assert found[Marker.KMT2A] == Fact(present, ("Observation/g",))
    assert all(is_open(fact) for marker, fact in found.items() if marker is not Marker.KMT2A)


@pytest.mark.parametrize("order", [1, -1])
def test_found_in_one_test_and_not_in_another_is_found_and_said(order: int) -> None:
    pair = (genetic(True, "yes"), genetic(False, "no"))
    found = findings(genetics=pair[::order], diagnoses=DIAGNOSED).genetics[Marker.KMT2A]
    assert found == Fact(True, ("Observation/yes", "Observation/no"), "not found in every test")


@pytest.mark.parametrize(
    ("tested", "record", "denied"),
    [
        ("2022-01-15", {"diagnoses": DIAGNOSED}, True),
        ("2022-02-07", {"diagnoses": DIAGNOSED}, True),
        ("2022-02-08", {"diagnoses": DIAGNOSED}, False),
        ("2022-01-15", {}, False),
        (None, {"diagnoses": DIAGNOSED}, False),
        ("2022-06-15", {"diagnoses": DIAGNOSED}, False),
        ("2022-06-15", {"diagnoses": DIAGNOSED, "measurements": (marrow(2, "2022-06-15"),)}, False),
        ("2022-06-15", {"diagnoses": DIAGNOSED, "measurements": (marrow(60, "2022-06-10"),)}, True),
    ],
)
def test_what_is_not_found_in_a_sample_that_may_be_of_a_remission_is_not_denied(
    tested: str | None, record: dict[str, Any], denied: bool
) -> None:
    test = Genetic("Observation/g", day(tested), Marker.BCR_ABL1, False)
    found = findings(genetics=(test,), **record).genetics[Marker.BCR_ABL1]
    assert (found.value, found.evidence) == (False if denied else None, ("Observation/g",))
    assert denied or "remission" in (found.because or "")


def test_a_mutation_is_looked_for_whenever_there_is_a_transcript() -> None:
    test = Genetic("Observation/g", day("2023-06-15"), Marker.T315I, False)
    assert findings(genetics=(test,), diagnoses=DIAGNOSED).genetics[Marker.T315I].value is False


@pytest.mark.parametrize("present", [True, False])
def test_a_marker_told_by_text_alone_settles_nothing(present: bool) -> None:
    assert is_open(findings(genetics=(genetic(present, route=Route.TEXT),)).genetics[Marker.KMT2A])


# ---- antigens ------------------------------------------------------------------------------------


@pytest.mark.parametrize("expression", list(Expression))
def test_the_expression_with_its_day(expression: Expression) -> None:
    found = findings(antigens=(cd19(expression),)).antigens
    assert found[Antigen.CD19] == Fact(expression, ("Observation/cd19",), "tested 2025-06-15")
    assert is_open(found[Antigen.CD22])


@pytest.mark.parametrize("order", [1, -1])
def test_the_latest_result_counts(order: int) -> None:
    pair = (cd19(POSITIVE, "2025-06-15", "old"), cd19(NEGATIVE, "2025-07-15", "new"))
    found = findings(antigens=pair[::order]).antigens[Antigen.CD19]
    assert (found.value, found.evidence) == (NEGATIVE, ("Observation/new",))


@pytest.mark.parametrize("order", [1, -1])
def test_two_different_results_of_one_day_leave_it_open(order: int) -> None:
    pair = (cd19(POSITIVE, source="a"), cd19(NEGATIVE, source="b"))
    found = findings(antigens=pair[::order]).antigens[Antigen.CD19]
    assert is_open(found)
    assert set(found.evidence) == {"Observation/a", "Observation/b"}


def test_the_same_result_twice_on_one_day_is_one() -> None:
    found = findings(antigens=(cd19(DIM, source="a"), cd19(DIM, source="b"))).antigens[Antigen.CD19]
    assert (found.value, found.evidence) == (DIM, ("Observation/a", "Observation/b"))


def test_an_undated_result_is_none() -> None:
    assert is_open(findings(antigens=(cd19(POSITIVE, None),)).antigens[Antigen.CD19])


def test_an_antigen_told_by_text_alone_settles_nothing() -> None:
    told = AntigenResult("Observation/t", day("2025-06-15"), Antigen.CD19, POSITIVE, Route.TEXT)
    assert is_open(findings(antigens=(told,)).antigens[Antigen.CD19])


TREATMENTS: dict[str, dict[str, Any]] = {
    "blinatumomab": {"drugs": (DrugUse("MedicationAdministration/d", day("2025-07-01"), "blinatumomab"),)},
    "inotuzumab": {"drugs": (DrugUse("MedicationAdministration/d", day("2025-07-01"), "inotuzumab"),)},
    "told": {"drugs": (DrugUse("MedicationStatement/d", day("2025-07-01"), "blinatumomab", given=False),)},
    "an infusion over weeks": {
        "drugs": (
            DrugUse("MedicationAdministration/d", day("2025-06-03"), "blinatumomab", day("2025-07-01")),
        )
    },
    "CAR-T": {"car_t": (CarT("Procedure/c", day("2025-07-01")),)},
}


@pytest.mark.parametrize("treatment", TREATMENTS)
@pytest.mark.parametrize(
    ("tested", "counts"), [("2025-06-30", False), ("2025-07-01", True), ("2025-08-01", True)]
)
def test_a_result_from_before_directed_treatment_is_out_of_date(
    treatment: str, tested: str, counts: bool
) -> None:
    """Blasts lose the antigen under it; the old result is told, and does not count."""
    found = findings(antigens=(cd19(POSITIVE, tested),), **TREATMENTS[treatment]).antigens[Antigen.CD19]
    assert is_open(found) is not counts
    assert found.evidence == ("Observation/cd19",)
    if not counts:
        assert "last positive on 2025-06-30" in (found.because or "")


@pytest.mark.parametrize(
    "other",
    [
        DrugUse("MedicationRequest/d", day("2025-07-01"), "blinatumomab", given=False, ordered=True),
        DrugUse("MedicationAdministration/d", day("2025-07-01"), "vincristine"),
        DrugUse("MedicationAdministration/d", None, "blinatumomab"),
    ],
    ids=["ordered", "not directed", "undated"],
)
def test_no_other_treatment_makes_it_so(other: DrugUse) -> None:
    assert findings(antigens=(cd19(POSITIVE),), drugs=(other,)).antigens[Antigen.CD19].value is POSITIVE


# ---- transplants, CAR-T, radiation ---------------------------------------------------------------


def total_body(*radiation: tuple[str | None, Field], transplant: str | None = "2024-03-31") -> bool | None:
    (found,) = findings(
        transplants=(Transplant("Procedure/t", day(transplant), "allogeneic", "related"),),
        irradiations=tuple(Irradiation(f"Procedure/r{i}", day(w), f) for i, (w, f) in enumerate(radiation)),
    ).transplants
    assert (found.source, found.kind, found.donor) == ("Procedure/t", "allogeneic", "related")
    return found.total_body


@pytest.mark.parametrize(
    ("when", "answer"),
    [("2024-03-01", True), ("2024-02-29", None), ("2024-03-31", True), ("2024-04-01", None), (None, None)],
)
def test_whole_body_radiation_in_the_month_before_belongs_to_the_transplant(
    when: str | None, answer: bool | None
) -> None:
    """Without a record of it nothing is denied."""
    assert total_body((when, Field.WHOLE_BODY)) is answer


def test_other_fields_and_an_undated_transplant_tell_nothing() -> None:
    assert total_body(("2024-03-28", Field.CRANIAL)) is None
    assert total_body() is None
    assert total_body(("2024-03-28", Field.WHOLE_BODY), transplant=None) is None


@pytest.mark.parametrize(
    ("product", "domain"),
    [("tisagenlecleucel", "4-1BB"), ("brexucabtagene", "CD28"), ("obecabtagene", None), (None, None)],
)
def test_the_domain_of_a_product_only_where_the_source_names_it(
    product: str | None, domain: str | None
) -> None:
    (found,) = findings(car_t=(CarT("Procedure/c", day("2025-07-01"), product),)).car_t
    assert (found.source, str(found.when), found.product, found.domain) == (
        "Procedure/c",
        "2025-07-01",
        product,
        domain,
    )


def test_radiation_is_passed_on_as_it_is() -> None:
    cranial = Irradiation("Procedure/r", day("2023-01-01"), Field.CRANIAL, 12.0)
    assert findings(irradiations=(cranial,)).irradiations == (cranial,)


ORDER = DrugUse("MedicationRequest/d", day("2025-07-01"), "blinatumomab", given=False, ordered=True)


def test_an_order_of_directed_treatment_is_none() -> None:
    found = findings(antigens=(cd19(POSITIVE, "2025-06-30"),), drugs=(ORDER,)).antigens[Antigen.CD19]
    assert found.value is POSITIVE


@pytest.mark.parametrize("part", [Part.ADMINISTRATIONS, Part.PROCEDURES])
@pytest.mark.parametrize(("expression", "open_"), [(POSITIVE, True), (DIM, True), (NEGATIVE, False)])
def test_while_treatments_are_unread_an_antigen_that_was_there_may_be_lost(
    part: Part, expression: Expression, open_: bool
) -> None:
    found = findings(antigens=(cd19(expression),), missing={part: "not retrieved"}).antigens[Antigen.CD19]
    assert is_open(found) is open_
    assert found.evidence == ("Observation/cd19",)
    if open_:
        assert found.because == f"{expression.value} on 2025-06-15; treatment since then: not retrieved"


@pytest.mark.parametrize("part", [Part.LABORATORY, Part.DISEASE_FINDINGS, Part.REPORTS])
def test_no_result_where_results_were_not_read_is_said_so(part: Part) -> None:
    found = findings(missing={part: "not retrieved"})
    assert found.antigens[Antigen.CD19] == Fact(because="not retrieved")
    assert found.genetics[Marker.KMT2A] == Fact(because="not retrieved")
