"""`relapse-cds check`: units that are not understood, orders by their name, and types read as a whole."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from service.fhir.prefetch import NEEDS
from service.fhir.site_map import SiteCode, SiteMap, SiteMapError, SiteOrder, load_site_map
from service.survey import BY_NAME, MEMBERS, NO_UNIT, SURVEYED, Survey
from service.survey_report import report, stub

Json = dict[str, Any]
LOINC, LAB = "http://loinc.org", "urn:lab"
CSF = "26465-5"
HEADING = "Units that are not understood, so that these numbers are not used:"


def result(code: str, unit: Any = None, system: str = LOINC, display: str = "CSF WBC", **more: Any) -> Json:
    coding = {"system": system, "code": code, "display": display}
    value = {"valueQuantity": {"value": 4, **({"unit": unit} if unit is not None else {})}}
    return {"resourceType": "Observation", "status": "final", "code": {"coding": [coding]}, **value, **more}


def surveyed(*resources: Json, site: SiteMap | None = None) -> Survey:
    survey = Survey(site)
    for resource in resources:
        survey.add(resource, "p")
    return survey


def unknown(*resources: Json, site: SiteMap | None = None) -> list[tuple[str, str]]:
    survey = surveyed(*resources, site=site)
    return [key for use in (*survey.recognised(), *survey.unrecognised()) for key in use.unknown_units]


def without_hashes(text: str) -> str:
    return re.sub(r"^# (?=\[\[\w+\]\]|\w+ = )", "", text, flags=re.MULTILINE)


# ---- units -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["/uL", "cells/uL", "10*6/L", "K/uL"])
def test_a_unit_that_is_understood_is_not_listed(unit: str) -> None:
    survey = surveyed(result(CSF, unit))
    assert unknown(result(CSF, unit)) == []
    assert HEADING not in report(survey, 1)
    assert "[[unit]]" not in stub(survey, "x")


@pytest.mark.parametrize(
    ("unit", "name", "reason"),
    [
        ("cells / cmm", "cells / cmm", "no unit that is understood"),
        ("%", "%", "no unit that is understood"),  # known, but not for a count
        ("log10", "log10", "a log, ratio or scale value"),
        (None, NO_UNIT, "no unit that is understood"),
        ("", NO_UNIT, "no unit that is understood"),
    ],
)
def test_a_unit_that_is_not_understood_is_listed_with_the_reason(unit: Any, name: str, reason: str) -> None:
    assert unknown(result(CSF, unit)) == [(name, reason)]
    lines = report(surveyed(result(CSF, unit), result(CSF, unit)), 1).splitlines()
    row = lines[lines.index(HEADING) + 2]
    assert row.split()[0] == "2"
    assert name in row
    assert reason in row
    assert "csf-wbc" in row


def test_a_unit_and_a_code_that_contradict_each_other_are_listed() -> None:
    odd = {**result(CSF), "valueQuantity": {"value": 4, "unit": "/uL", "code": "10*3/uL"}}
    assert unknown(odd) == [("10*3/uL", "unit and code disagree")]


def test_results_that_are_not_read_as_numbers_have_no_units_to_understand() -> None:
    assert unknown(result("69548-6", "furlong"), result("718-7", "g/dL", display="Hemoglobin")) == []
    assert unknown({**result(CSF), "valueQuantity": None}) == []


def test_an_unmapped_test_that_looks_needed_is_looked_at_too() -> None:
    assert unknown(result("FLOW", "per 10000", LAB, "MRD by flow")) == [
        ("per 10000", "no unit that is understood")
    ]


def test_a_mapped_unit_is_understood_in_the_results_it_is_mapped_for() -> None:
    everywhere = SiteMap("x", units={("count", None): "/uL"})
    here = SiteMap("x", units={("count", (LOINC, CSF)): "/uL"})
    assert unknown(result(CSF, "count"), result("8116-6", "count"), site=everywhere) == []
    assert len(unknown(result(CSF, "count"), result("8116-6", "count"), site=here)) == 1


def test_the_stub_asks_for_each_unit_once_and_is_refused_until_it_is_filled_in(tmp_path: Path) -> None:
    survey = surveyed(
        result(CSF, 'cells "/" cmm'), result("806-0", 'cells "/" cmm'), result(CSF, "log10"), result(CSF)
    )
    text = stub(survey, "x")
    assert tomllib.loads(text) == {"version": 1, "name": "x"}
    assert text.count("# [[unit]]") == 1
    file = tmp_path / "site.toml"
    file.write_text(without_hashes(text), encoding="utf-8")
    with pytest.raises(SiteMapError, match="is no unit that is known here"):
        load_site_map(file)
    file.write_text(without_hashes(text).replace('ucum = ""', 'ucum = "/uL"'), encoding="utf-8")
    site = load_site_map(file)
    assert dict(site.units) == {('cells "/" cmm', None): "/uL"}
    assert unknown(result(CSF, 'cells "/" cmm'), site=site) == []


# ---- orders by name --------------------------------------------------------------------------------

ORDERS = SiteMap("x", orders={"mrd flow": SiteOrder(name="MRD Flow", concept="mrd", specimen="marrow")})


def by_text(text: str, **more: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": {"text": text}, **more}


def test_an_order_by_its_name_is_recognised_by_the_site_file() -> None:
    survey = surveyed(by_text("mrd  FLOW"), by_text("MRD flow"), site=ORDERS)
    (use,) = survey.recognised()
    assert (use.code, use.text, use.concept, str(use.route), use.count) == (
        BY_NAME,
        "MRD Flow",
        "mrd",
        "site mapping",
        2,
    )
    assert survey.unrecognised() == []


def test_another_name_stays_unrecognised_and_unprinted() -> None:
    survey = surveyed(by_text("MRD flow for Jane Doe"), site=ORDERS)
    assert survey.recognised() == []
    assert [u.hint for u in survey.unrecognised()] == ["mrd"]
    assert "Jane Doe" not in report(survey, 1) + stub(survey, "x")


def test_an_order_is_read_only_in_a_resource_of_its_type() -> None:
    assert surveyed({**by_text("MRD flow"), "resourceType": "Procedure"}, site=ORDERS).recognised() == []


def test_the_stub_leaves_the_name_to_the_reader(tmp_path: Path) -> None:
    text = stub(surveyed(by_text("MRD by flow for Jane Doe")), "x")
    file = tmp_path / "site.toml"
    file.write_text(without_hashes(text), encoding="utf-8")
    with pytest.raises(SiteMapError, match=r"order\.0\.name"):
        load_site_map(file)
    file.write_text(without_hashes(text).replace('name = ""', 'name = "MRD by flow"'), encoding="utf-8")
    assert {k: o.concept for k, o in load_site_map(file).orders.items()} == {"mrd by flow": "mrd"}


def test_a_code_of_a_mapped_site_still_wins() -> None:
    local = SiteCode(system=LAB, code="FLOW", concept="mrd")
    both = {
        **result("FLOW", "%", LAB),
        "code": {"coding": [{"system": LAB, "code": "FLOW"}], "text": "MRD Flow"},
    }
    site = SiteMap("x", {(LAB, "FLOW"): local}, ORDERS.orders)
    assert [u.code for u in surveyed(both, site=site).recognised()] == ["FLOW"]


# ---- types -----------------------------------------------------------------------------------------


def test_every_type_that_is_asked_for_is_surveyed() -> None:
    assert {need.type for need in NEEDS} - {"Patient"} == SURVEYED
    assert set(MEMBERS) <= SURVEYED


@pytest.mark.parametrize("kind", sorted(MEMBERS))
def test_types_read_as_a_whole_are_told_by_status_and_by_what_they_hold(kind: str) -> None:
    first, *_, last = MEMBERS[kind]
    survey = surveyed(
        {"resourceType": kind, "status": "active", first: "x", last: "x"},
        {"resourceType": kind, "status": "active", first: []},
        {"resourceType": kind},
    )
    use = survey.types[kind]
    assert use.count == 3
    assert dict(use.statuses) == {"active": 2, "-": 1}
    assert dict(use.shapes) == {f"{first}+{last}": 1, "-": 2}
    row = report(survey, 1).partition("Read for what they hold, whatever their code:")[2].splitlines()[2]
    assert row.split() == ["3", kind, "active,-", f"-,{first}+{last}"]


def test_without_such_types_there_is_no_such_table() -> None:
    assert "Read for what they hold" not in report(surveyed(result(CSF, "/uL")), 1)
