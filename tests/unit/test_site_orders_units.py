"""Order names and units of one hospital: read as its file says, and refused where the file guesses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, PatientTimeline, ProblemKind, Route
from cds_rules.terminology.code_set import LOINC
from service.fhir.site_map import SiteMap, SiteMapError, load_site_map
from service.fhir.site_units import SiteUnits, translated
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
LAB = "urn:lab"

ORDER = """
[[order]]
name = "MRD by Flow, Bone Marrow"
concept = "mrd"
specimen = "marrow"
method = "flow"
lod = 1e-4
loq = 5e-4
"""
UNIT = """
[[unit]]
text = "cells / cmm"
ucum = "/uL"
"""


def site(folder: Path, entries: str) -> SiteMap:
    file = folder / "site.toml"
    file.write_text(f'version = 1\nname = "x"\n{entries}', encoding="utf-8")
    return load_site_map(file)


def refusal(folder: Path, entries: str) -> str:
    with pytest.raises(SiteMapError) as caught:
        site(folder, entries)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def result(code: Json, value: float | str = 0.03, unit: str = "%", kind: str = "Observation") -> Json:
    told = (
        {"valueString": value}
        if isinstance(value, str)
        else {"valueQuantity": {"value": value, "unit": unit}}
    )
    return {
        "resourceType": kind,
        "id": "r",
        "status": "final" if kind == "Observation" else "completed",
        "subject": {"reference": "Patient/p"},
        "code": code,
        "effectiveDateTime": "2026-06-18",
        **told,
    }


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def read(site_map: SiteMap, *resources: Json) -> PatientTimeline:
    return to_timeline(resources, "p", site_map=site_map)


# ---- order names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "MRD by Flow, Bone Marrow",
        "mrd BY flow, bone marrow",
        "  MRD  by\tFlow,\nBone Marrow ",
    ],
)
def test_a_result_by_its_name_is_read_as_the_file_says(tmp_path: Path, text: str) -> None:
    (found,) = read(site(tmp_path, ORDER), result({"text": text})).mrd
    assert (found.route, found.method, found.marrow) == (Route.SITE, "flow", True)
    # 0.03 % lies between the limits of the file.
    assert found.fraction == Interval(0.0, 5e-4, low_open=True, high_open=True)


@pytest.mark.parametrize(
    "code",
    [
        {"text": "MRD by Flow, Bone Marrow Clot"},
        {"text": "MRD by Flow"},
        {"text": ""},
        {"coding": [{"display": "MRD by Flow, Bone Marrow"}]},
        {"coding": [{"system": LAB, "code": "X"}], "text": "MRD by Flow, Bone Marrow"},
    ],
)
def test_another_name_or_a_code_is_not_read_by_name(tmp_path: Path, code: Json) -> None:
    assert [m.route for m in read(site(tmp_path, ORDER), result(code)).mrd if m.route is Route.SITE] == []


def test_a_known_code_wins_over_its_name(tmp_path: Path) -> None:
    both = {**coded(LOINC, "11150-0"), "text": "MRD by Flow, Bone Marrow"}
    found = read(site(tmp_path, ORDER), result(both, 71))
    assert ([m.measure for m in found.measurements], found.mrd) == ([Measure.MARROW_BLASTS], ())


def test_a_name_is_read_only_where_its_concept_may_stand(tmp_path: Path) -> None:
    found = read(site(tmp_path, ORDER), result({"text": "MRD by Flow, Bone Marrow"}, kind="Procedure"))
    assert found == read(SiteMap())


def test_a_procedure_and_a_condition_have_names_too(tmp_path: Path) -> None:
    names = '[[order]]\nname = "BMT day 0"\nconcept = "hsct"\n[[order]]\nname = "Leuk B"\nconcept = "all.b"\n'
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p"},
        "code": {"text": "LEUK B"},
    }
    found = read(site(tmp_path, names), result({"text": "BMT day 0"}, kind="Procedure"), condition)
    assert [t.route for t in found.transplants] == [Route.SITE]
    assert [d.route for d in found.diagnoses] == [Route.SITE]


def test_a_specimen_that_contradicts_the_name_is_not_used(tmp_path: Path) -> None:
    blood = {**result({"text": "MRD by Flow, Bone Marrow"}), "specimen": {"display": "Peripheral blood"}}
    found = read(site(tmp_path, ORDER), blood)
    assert (found.mrd, [p.kind for p in found.problems]) == ((), [ProblemKind.UNREADABLE])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"MRD by Flow, Bone Marrow"', '""', "order.0.name"),
        ('"MRD by Flow, Bone Marrow"', '"  "', "order.0.name"),
        ('name = "MRD by Flow, Bone Marrow"', "", "order.0.name"),
        ('concept = "mrd"', 'concept = "mdr"', "no concept 'mdr' is known"),
        ("lod = 1e-4", "lod = 1", "order.0.lod"),
        ('method = "flow"', 'code = "X"', "order.0.code"),
    ],
)
def test_a_wrong_order_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in ORDER
    assert reason in refusal(tmp_path, ORDER.replace(old, new))


def test_a_name_mapped_twice_is_refused_whatever_its_case(tmp_path: Path) -> None:
    twice = ORDER + ORDER.replace("MRD by Flow", "mrd  by  FLOW")
    assert "is mapped twice" in refusal(tmp_path, twice)


# ---- units -----------------------------------------------------------------------------------------


def csf(unit: Json, value: float = 12) -> Json:
    return {**result(coded(LOINC, "26465-5")), "valueQuantity": {"value": value, **unit}}


def cells(site_map: SiteMap, unit: Json) -> tuple[Interval, list[ProblemKind]]:
    found = read(site_map, csf(unit))
    return found.measurements[0].value, [p.kind for p in found.problems]


@pytest.mark.parametrize(
    "unit", [{"unit": "cells / cmm"}, {"unit": " cells  / cmm "}, {"code": "cells / cmm"}]
)
def test_a_local_unit_is_read_as_the_file_says(tmp_path: Path, unit: Json) -> None:
    found = read(site(tmp_path, UNIT), csf(unit))
    assert [(m.value, m.route) for m in found.measurements] == [(Interval.exactly(12), Route.CODE)]
    assert found.problems == ()


@pytest.mark.parametrize(
    "unit",
    [
        {"unit": "Cells / cmm"},  # case tells units apart
        {"unit": "cells"},
        {},
        {"unit": "cells / cmm", "code": "10*3/uL"},  # they contradict each other
        {"unit": "cells / cmm", "code": "{log10}"},
        {"unit": "log10", "code": "cells / cmm"},
        {"unit": "cells / cmm", "code": "LOCAL7"},
    ],
)
def test_a_unit_that_is_not_mapped_or_contradicted_leaves_the_number_open(tmp_path: Path, unit: Json) -> None:
    value, problems = cells(site(tmp_path, UNIT), unit)
    assert (value.low, value.high > 1e6, problems) == (0.0, True, [ProblemKind.UNIT])


def test_a_unit_of_another_family_is_not_understood(tmp_path: Path) -> None:
    share = '[[unit]]\ntext = "of 10000"\nucum = "10*-4"\n'
    assert cells(site(tmp_path, share), {"unit": "of 10000"})[1] == [ProblemKind.UNIT]
    mapped = site(tmp_path, share + ORDER.replace("lod = 1e-4\nloq = 5e-4", ""))
    (found,) = read(mapped, result({"text": "MRD by Flow, Bone Marrow"}, 7, "of 10000")).mrd
    assert found.fraction == Interval.exactly(7e-4)


RESTRICTED = f"""
[[unit]]
text = "count"
ucum = "10*3/uL"
system = "{LOINC}"
code = "26465-5"
"""


def test_a_unit_restricted_to_a_code_holds_for_its_results_only(tmp_path: Path) -> None:
    only = site(tmp_path, RESTRICTED)
    assert cells(only, {"unit": "count"}) == (Interval.exactly(12_000), [])
    other = read(only, {**csf({"unit": "count"}), "code": coded(LOINC, "8116-6")})
    assert [p.kind for p in other.problems] == [ProblemKind.UNIT]


def test_the_restricted_entry_wins_over_the_general_one(tmp_path: Path) -> None:
    both = site(tmp_path, RESTRICTED + '[[unit]]\ntext = "count"\nucum = "/uL"\n')
    assert cells(both, {"unit": "count"})[0] == Interval.exactly(12_000)
    other = read(both, {**csf({"unit": "count"}), "code": coded(LOINC, "8116-6")})
    assert other.measurements[0].value == Interval.exactly(12)


def test_two_codes_of_one_result_with_two_meanings_leave_it_as_it_is() -> None:
    units: SiteUnits = {
        ("count", (LAB, "A")): "/uL",
        ("count", (LAB, "B")): "10*3/uL",
        ("count", None): "/uL",
    }
    codes = {"coding": [{"system": LAB, "code": "A"}, {"system": LAB, "code": "B"}]}
    both = {"code": codes, "valueQuantity": {"value": 1, "unit": "count"}}
    assert translated(both, units) is both


def test_a_component_has_units_and_a_code_of_its_own() -> None:
    units: SiteUnits = {("count", (LAB, "A")): "/uL"}
    parts = [
        {"code": coded(LAB, "A"), "valueQuantity": {"value": 1, "unit": "count"}},
        {"code": coded(LAB, "B"), "valueQuantity": {"value": 1, "unit": "count"}},
    ]
    whole = {"code": coded(LAB, "PANEL"), "component": parts}
    assert [p["valueQuantity"]["unit"] for p in translated(whole, units)["component"]] == ["/uL", "count"]
    assert parts[0]["valueQuantity"]["unit"] == "count", "the record itself is not changed"


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"valueQuantity": "5 count"},
        {"valueQuantity": {"value": 5}},
        {"valueQuantity": {"unit": 5, "code": ["count"]}},
        {"valueQuantity": {"unit": "%"}, "code": "x"},
        {"valueQuantity": {"unit": "%"}, "code": {"coding": ["x", {"system": 5, "code": 6}]}},
        {"component": "x"},
        {"component": ["x", {"valueQuantity": None}]},
    ],
)
def test_other_shapes_are_left_to_the_reader(resource: Json) -> None:
    assert translated(resource, {("count", None): "/uL"}) is resource


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ('text = "c"\nucum = "cells"', "'cells' is no unit that is known here"),
        ('text = "c"\nucum = ""', "is no unit that is known here"),
        ('text = "c"\nucum = "{log10}"', "is no unit that is known here"),
        ('text = "c"\nucum = "%{IS}"', "is no unit that is known here"),
        ('text = "c"', "unit.0.ucum"),
        ('text = ""\nucum = "%"', "unit.0.text"),
        ('text = "% IS"\nucum = "%"', "no share of cells"),
        ('text = "log reduction"\nucum = "%"', "no share of cells"),
        ('text = "ratio"\nucum = "1"', "no share of cells"),
        ('text = "copies/mL"\nucum = "/uL"', "no share of cells"),
        ('text = "%"\nucum = "10*-4"', "cannot be given another meaning"),
        ('text = " K/uL "\nucum = "/uL"', "cannot be given another meaning"),
        ('text = "c"\nucum = "%"\ncode = "X"', "system and code together"),
        ('text = "c"\nucum = "%"\nsystem = "urn:lab"', "system and code together"),
        ('text = "c"\nucum = "%"\nfactor = 100', "unit.0.factor"),
    ],
)
def test_a_unit_that_would_be_a_guess_is_refused(tmp_path: Path, entry: str, reason: str) -> None:
    assert reason in refusal(tmp_path, f"[[unit]]\n{entry}\n")


def test_a_unit_mapped_twice_is_refused(tmp_path: Path) -> None:
    assert "is mapped twice" in refusal(tmp_path, UNIT + UNIT.replace('"/uL"', '"10*3/uL"'))
    assert "is mapped twice" in refusal(tmp_path, RESTRICTED + RESTRICTED)
