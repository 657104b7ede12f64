"""Blood counts, albumin, shares of cells and performance status: units, slips of units, and specimens."""

from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, Measurement, ProblemKind, Route
from service.fhir.elements import Quantity
from service.fhir.quantity import ALBUMIN_CEILING, G_PER_DL, UnitError, to_interval
from service.fhir.read import measurement, plain_count
from service.fhir.site_map import SiteCode, SiteMap
from service.fhir.to_timeline import to_timeline
from tests.unit.observations import LAB, LOINC, Json, coded, measured, observation, percent, read

WBC, ALC, CD3, PLATELETS = (LOINC, "6690-2"), (LOINC, "731-0"), (LOINC, "8122-4"), (LOINC, "777-3")
ALBUMIN, BLAST_COUNT, BLAST_SHARE = (LOINC, "1751-7"), (LOINC, "30376-8"), (LOINC, "26446-5")
CD19_SHARE, MARROW_CD19 = (LOINC, "8117-4"), (LOINC, "32525-8")
ECOG, KARNOFSKY = (LOINC, "89247-1"), (LOINC, "89243-0")
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
LANSKY = (NCIT, "C38144")
ANYTHING = 0.0


def given(value: Any, unit: Any = None, code: str | None = None, **more: Any) -> Json:
    whole = {"value": value, "unit": unit, "code": code, **more}
    return {"valueQuantity": {name: v for name, v in whole.items() if v is not None}}


def unreadable(code: tuple[str, str], kind: ProblemKind = ProblemKind.UNIT, **members: Any) -> bool:
    """Is there one result, of which the value is not known and the problem is named?"""
    timeline = read(observation(code, **members))
    (found,) = timeline.measurements
    assert [p.kind for p in timeline.problems] == [kind]
    assert found.value.low == ANYTHING
    return not found.readable


# ---- counts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "measure"),
    [
        (WBC, Measure.LEUKOCYTES),
        (ALC, Measure.LYMPHOCYTES),
        (CD3, Measure.T_CELLS),
        (PLATELETS, Measure.PLATELETS),
        (BLAST_COUNT, Measure.BLOOD_BLAST_COUNT),
    ],
)
@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (1.2, "K/uL"),
        (1.2, "10*3/uL"),
        (1.2, "10^3/uL"),
        (1.2, "10*9/L"),
        (1.2, "x10E3/uL"),
        (1.2, "Thousand/uL"),
        (1200, "/uL"),
        (1200, "cells/uL"),
        (1200, "10*6/L"),
    ],
)
def test_a_count_in_every_unit_is_the_same_count(
    code: tuple[str, str], measure: Measure, value: float, unit: str
) -> None:
    found = measured(code, **given(value, unit))
    assert (found.measure, found.value, found.readable) == (measure, Interval.exactly(1200.0), True)


def test_a_bound_stays_a_bound() -> None:
    found = measured(WBC, **given(0.1, "K/uL", comparator="<"))
    assert found.value == Interval(0.0, 100.0, high_open=True)


@pytest.mark.parametrize("code", [WBC, ALC, PLATELETS, BLAST_COUNT, CD3])
@pytest.mark.parametrize(
    "quantity",
    [
        given(4.5),
        given(4.5, "%"),
        given(4.5, "mg/dL"),
        given(4.5, "G/L"),
        given(4.5, "K/uL", "/uL"),
        given(4.5, "{log10}"),
    ],
)
def test_a_count_without_a_unit_of_counts_may_be_anything(code: tuple[str, str], quantity: Json) -> None:
    assert unreadable(code, **quantity)


@pytest.mark.parametrize(
    ("code", "slip", "count"),
    [
        (WBC, 99, 100),
        (WBC, 4.5, 4500),
        (ALC, 9, 10),
        (ALC, 1.2, 1200),
        (BLAST_COUNT, 12.5, 13),
        (PLATELETS, 250, 1000),
        (PLATELETS, 999, 1000),
    ],
)
def test_a_number_of_thousands_under_a_unit_of_single_cells_is_a_slip(
    code: tuple[str, str], slip: float, count: float
) -> None:
    assert unreadable(code, **given(slip, "/uL"))
    assert measured(code, **given(count, "/uL")).value == Interval.exactly(count)


def test_low_counts_under_their_own_unit_are_none() -> None:
    assert measured(WBC, **given(0.05, "K/uL")).value == Interval.exactly(50.0)
    assert measured(ALC, **given(0, "/uL")).value == Interval.exactly(0.0)
    assert measured(ALC, **given(5, "/uL", comparator="<")).value == Interval(0.0, 5.0, high_open=True)
    assert measured(ALC, **given(1234.5, "/uL")).value == Interval.exactly(1234.5)


def test_single_cells_under_a_unit_of_thousands_are_out_of_range() -> None:
    assert unreadable(WBC, ProblemKind.UNREADABLE, **given(4500, "K/uL"))
    assert measured(WBC, **given(450, "K/uL")).value == Interval.exactly(450_000.0)


@pytest.mark.parametrize("code", [WBC, ALC, CD3, PLATELETS, BLAST_COUNT, BLAST_SHARE, CD19_SHARE, ALBUMIN])
def test_blood_of_another_place_is_not_blood(code: tuple[str, str]) -> None:
    timeline = read(observation(code, **given(50, "%"), specimen={"display": "Bone marrow aspirate"}))
    assert timeline.measurements == ()
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


@pytest.mark.parametrize(
    "members",
    [
        given(1.2, "K/uL"),
        given(1200, "/uL", "/uL"),
        given(1.2, "K/uL", interpretation=[]),
        {**given(1.2, "K/uL"), "status": "corrected"},
        {**given(1.2, "K/uL"), "effectiveDateTime": "2025-06"},
        given(0, "/uL"),
        given(2000, "K/uL"),
        given(2000.5, "K/uL"),
        given(-1, "/uL"),
        given(4.5, "/uL"),
        given(4.5, "K/uL", "/uL"),
        given(5, "?"),
        given(True, "/uL"),
        given("5", "/uL"),
        given(10**400, "/uL"),
        given(float("nan"), "/uL"),
        given(5, ["/uL"]),
        given(5, "K/uL", comparator="<"),
        {"valueQuantity": [given(5, "/uL")]},
        {"valueQuantity": None},
        {**given(1.2, "K/uL"), "status": ["final"]},
        {**given(1.2, "K/uL"), "status": "preliminary"},
        {**given(1.2, "K/uL"), "effectiveDateTime": "2025-02-30"},
        {**given(1.2, "K/uL"), "effectiveDateTime": 2025},
        {**given(1.2, "K/uL"), "effectiveDateTime": ...},
        {**given(1.2, "K/uL"), "id": 5},
        {**given(1.2, "K/uL"), "id": "a b"},
        {**given(1.2, "K/uL"), "dataAbsentReason": coded((LOINC, "x"))},
    ],
)
@pytest.mark.parametrize("code", [WBC, PLATELETS, CD3])
def test_the_short_way_says_what_the_long_way_says(
    code: tuple[str, str], members: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = read(observation(code, **members))
    monkeypatch.setattr(plain_count, "read", lambda *_: False)
    assert read(observation(code, **members)) == short


def test_the_short_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "read", lambda *_: None)
    assert len(read(observation(WBC, **given(1.2, "K/uL"))).measurements) == 1
    assert read(observation(WBC, **given(1.2, "K/uL"), specimen={})).measurements == ()


# ---- shares --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "measure"),
    [
        (BLAST_SHARE, Measure.BLOOD_BLASTS),
        (CD19_SHARE, Measure.B_CELL_SHARE),
        (MARROW_CD19, Measure.MARROW_CD19),
    ],
)
def test_shares_in_percent(code: tuple[str, str], measure: Measure) -> None:
    found = measured(code, valueQuantity=percent(15))
    assert (found.measure, found.value) == (measure, Interval.exactly(15.0))
    assert unreadable(code, **given(15))
    assert unreadable(code, ProblemKind.UNREADABLE, **given(100.5, "%"))


def of_site(concept: str, **members: Any) -> Measurement:
    entry = SiteCode(system=LAB, code="X", concept=concept)
    site = SiteMap("t", {(LAB, "X"): entry})
    (found,) = to_timeline([observation((LAB, "X"), **members)], "p", site_map=site).measurements
    return found


def test_a_site_names_what_has_no_code() -> None:
    found = of_site("marrow-cellularity", valueQuantity=percent(25))
    assert (found.measure, found.value, found.route) == (
        Measure.CELLULARITY,
        Interval.exactly(25.0),
        Route.SITE,
    )
    assert found.value.above(25) is Answer.NO
    for specimen in ({}, {"specimen": {"display": "Peripheral blood"}}, {"specimen": {"display": "Marrow"}}):
        chimerism = of_site("recipient-chimerism-percent", valueQuantity=percent(3), **specimen)
        assert chimerism.measure is Measure.CHIMERISM


# ---- albumin -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "grams"),
    [(2.9, "g/dL", 2.9), (29, "g/L", 2.9), (3, "gm/dL", 3.0), (3, "G/DL", 3.0), (30, "g/l", 3.0)],
)
def test_albumin_in_every_unit_of_a_mass_concentration(value: float, unit: str, grams: float) -> None:
    found = measured(ALBUMIN, **given(value, unit))
    assert (found.measure, found.value) == (Measure.ALBUMIN, Interval.exactly(grams))


def test_the_limit_of_the_score_is_not_moved_by_the_unit() -> None:
    """Below 3 g/dL adds a point (SC-2): 30 g/L is not below."""
    assert measured(ALBUMIN, **given(30, "g/L")).value.at_least(3.0) is Answer.YES
    assert measured(ALBUMIN, **given(29.9, "g/L")).value.at_least(3.0) is Answer.NO


@pytest.mark.parametrize(
    ("quantity", "kind"),
    [
        (given(3.5), ProblemKind.UNIT),
        (given(3.5, "mg/dL"), ProblemKind.UNIT),
        (given(35, "G/L"), ProblemKind.UNIT),
        (given(35, "umol/L"), ProblemKind.UNIT),
        (given(3.5, "g/dL", "g/L"), ProblemKind.UNIT),
        (given(3.5, "g/L"), ProblemKind.UNIT),
        (given(35, "g/dL"), ProblemKind.UNREADABLE),
        (given(None, "g/dL"), ProblemKind.UNREADABLE),
    ],
)
def test_albumin_that_may_be_a_tenfold_error_may_be_anything(quantity: Json, kind: ProblemKind) -> None:
    assert unreadable(ALBUMIN, kind, **quantity)


@pytest.mark.parametrize("unit", ["%", "/uL", "10*3/uL", "g", "dL", ""])
def test_no_other_unit_is_a_mass_concentration(unit: str) -> None:
    with pytest.raises(UnitError):
        to_interval(Quantity(value=3.0, unit=unit), G_PER_DL, ALBUMIN_CEILING)


# ---- performance status --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "members", "measure", "points"),
    [
        (ECOG, {"valueInteger": 0}, Measure.ECOG, 0),
        (ECOG, {"valueInteger": 5}, Measure.ECOG, 5),
        (ECOG, given(2, "{score}", "{score}"), Measure.ECOG, 2),
        (ECOG, given(2), Measure.ECOG, 2),
        (ECOG, {"valueString": " 1 "}, Measure.ECOG, 1),
        (KARNOFSKY, {"valueInteger": 100}, Measure.KARNOFSKY, 100),
        (KARNOFSKY, given(70, "%"), Measure.KARNOFSKY, 70),
        (KARNOFSKY, {"valueString": "70 %"}, Measure.KARNOFSKY, 70),
        (LANSKY, {"valueCodeableConcept": coded((NCIT, "C69424"))}, Measure.LANSKY, 80),
    ],
)
def test_points_in_any_form(code: tuple[str, str], members: Json, measure: Measure, points: int) -> None:
    found = measured(code, **members)
    assert (found.measure, found.value, found.readable) == (measure, Interval.exactly(points), True)


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"valueInteger": 6}, ProblemKind.UNREADABLE),
        ({"valueInteger": -1}, ProblemKind.UNREADABLE),
        (given(1.5), ProblemKind.UNREADABLE),
        (given(2, comparator="<"), ProblemKind.UNREADABLE),
        (given(2, "kg"), ProblemKind.UNIT),
        ({"valueString": "1-2"}, ProblemKind.UNREADABLE),
        ({"valueString": "ECOG 1"}, ProblemKind.UNREADABLE),
        ({"valueCodeableConcept": coded((NCIT, "C69424"), ("urn:x", "1"))}, ProblemKind.UNREADABLE),
        ({}, ProblemKind.UNREADABLE),
    ],
)
def test_what_is_no_point_of_the_scale_may_be_any(members: Json, kind: ProblemKind) -> None:
    assert unreadable(ECOG, kind, **members)


def test_scales_are_not_mixed() -> None:
    found = read(
        observation(ECOG, valueInteger=1),
        observation(KARNOFSKY, id="o2", valueInteger=90),
        observation(LANSKY, id="o3", valueInteger=90),
    ).measurements
    assert [m.measure for m in found] == [Measure.ECOG, Measure.KARNOFSKY, Measure.LANSKY]
