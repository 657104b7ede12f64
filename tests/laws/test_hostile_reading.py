"""Whatever a resource holds, reading it never raises, and no number comes from a text that has none."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cds_rules import Assessment, assess, assessment_to_dict
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import MrdResult
from cds_rules.terminology.code_set import LOINC, SNOMED, load
from service.cards import cards_for
from service.fhir.lexicon import Lexicon
from service.fhir.to_timeline import RecordReader
from service.inputs import timeline_of
from tests.journeys.regenerate import PAGES
from tests.laws.one_patient import (
    BLOCK_1,
    LOCAL,
    ON,
    PATIENT,
    RELAPSED,
    SITE,
    Chart,
    bundle,
    concept,
    condition,
    marrow,
    mrd,
    observation,
    quantity,
)

Json = dict[str, Any]
READER = RecordReader(Lexicon(load(), SITE))
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# ---- what may stand in a resource -------------------------------------------------------------------

UNITS = [
    *("%", "percent", "1", "10*-4", "10^-4", "10*-6", "{cells}/10*6", "[ppm]", "/uL", "K/uL", "10*9/L"),
    *("{log10}", "%{IS}", "{ratio}", "log", "copies/mL", "", " % ", "\uff05", "cells", "%%"),
]
SIGNS = ["<", "<=", ">", ">=", "~", "", "ad", "=<"]
STATUSES = ["final", "amended", "corrected", "preliminary", "entered-in-error", "unknown", "", "FINAL"]
CLINICAL = ["active", "relapse", "recurrence", "remission", "resolved", "inactive", "?"]
VERIFIED = ["confirmed", "refuted", "entered-in-error", "provisional", "unconfirmed", "?"]
DATES = [
    *("2026-05-15", "2026-05", "2026", "2026-06-18T08:00:00Z", "2026-06-18T23:59:59.999+14:00", "2023-02-29"),
    *(
        "0001-01-01",
        "9999-12-31",
        "",
        "2026-13-01",
        "06/18/2026",
        "2026-06-18 08:00",
        "٢٠٢٦-٠٦-١٨",
        "2026-6-8",
    ),
]
FLOATS = st.floats() | st.integers(-(10**20), 10**20) | st.sampled_from([0, 0.05, 5, 71, 1e308, 5e-324, -0.0])
SCALARS = st.none() | st.booleans() | FLOATS | st.text(max_size=20)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TEXTS = st.text(max_size=30)
UNIT = st.sampled_from(UNITS) | TEXTS


def mostly(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What belongs there, most of the time."""
    return st.one_of(good, good, good, good, ANYTHING)


def members(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """An object in which any member may be missing."""
    return st.fixed_dictionaries({}, optional=parts)


QUANTITIES = mostly(
    members(
        value=mostly(FLOATS), comparator=mostly(st.sampled_from(SIGNS)), unit=mostly(UNIT), code=mostly(UNIT)
    )
)
DAYS = mostly(st.sampled_from(DATES))
RESULTS = st.sampled_from(["260415000", "260373001", "2667000", "52101004", "10828004", "0"]).map(
    lambda code: concept((SNOMED, code))
)
REFERENCES = mostly(
    members(reference=mostly(TEXTS), display=mostly(st.sampled_from(["Bone marrow", "Blood"])))
)
OBSERVED = members(
    status=mostly(st.sampled_from(STATUSES)),
    effectiveDateTime=DAYS,
    effectivePeriod=mostly(members(start=DAYS, end=DAYS)),
    effectiveInstant=DAYS,
    valueQuantity=QUANTITIES,
    valueString=mostly(TEXTS),
    valueCodeableConcept=mostly(RESULTS),
    interpretation=mostly(st.lists(RESULTS, max_size=2)),
    specimen=REFERENCES,
    component=ANYTHING,
    contained=ANYTHING,
    subject=mostly(st.just({"reference": f"Patient/{PATIENT}"})),
)


def _status(system: str, codes: list[str]) -> st.SearchStrategy[Any]:
    uri = f"http://terminology.hl7.org/CodeSystem/{system}"
    return mostly(st.sampled_from(codes).map(lambda code: concept((uri, code))))


CONDITIONS = members(
    clinicalStatus=_status("condition-clinical", CLINICAL),
    verificationStatus=_status("condition-ver-status", VERIFIED),
    onsetDateTime=DAYS,
    onsetPeriod=mostly(members(start=DAYS, end=DAYS)),
    recordedDate=DAYS,
    bodySite=mostly(st.lists(st.sampled_from(["14016003", "40689003", "0"]), max_size=2)),
    code=mostly(
        st.lists(
            st.sampled_from(["277571004", "12301000132103", "91856007", "277575008", "0"]), max_size=3
        ).map(lambda codes: concept(*((SNOMED, code) for code in codes)))
    ),
    subject=mostly(st.just({"reference": f"Patient/{PATIENT}"})),
)


def assessed(resources: list[Json]) -> Assessment:
    """From the record to the cards; whatever raises on the way fails the test."""
    found = assess(READER.timeline(resources, PATIENT), ON)
    assessment_to_dict(found)
    cards_for(found, PAGES)
    return found


# ---- never an exception ------------------------------------------------------------------------------


@QUICK
@given(changes=OBSERVED)
def test_any_residual_disease_resource_can_be_read(changes: Json) -> None:
    found = assessed(Chart(mrd=[{**mrd(quantity(0.05, "%")), **changes}]).resources())
    value = found.picture.end_block1_mrd.value
    assert value is None or 0 <= value.low <= value.high <= 1


@QUICK
@given(changes=OBSERVED)
def test_any_marrow_resource_can_be_read(changes: Json) -> None:
    look = {**marrow(quantity(71, "%"), RELAPSED, "look"), **changes}
    found = assessed(Chart(blasts=[look]).resources())
    for measured in READER.timeline(Chart(blasts=[look]).resources(), PATIENT).marrows:
        assert 0 <= measured.value.low <= measured.value.high <= 100
    assert found.picture.diagnosed.known


@QUICK
@given(changes=CONDITIONS)
def test_any_condition_can_be_read(changes: Json) -> None:
    odd = {**condition("odd", (SNOMED, "277571004"), onset=RELAPSED), **changes}
    found = assessed(Chart(conditions=[odd], drugs=[]).resources())
    for fact in (found.picture.diagnosed, found.picture.relapse_date):
        assert fact.value is None or isinstance(fact.value, PartialDate)


MEMBERS = [
    *("id", "code", "subject", "status", "contained"),
    *("meta", "identifier", "component", "conclusion", "conclusionCode", "effectiveDateTime"),
]


@QUICK
@given(resource=st.dictionaries(st.sampled_from(MEMBERS), ANYTHING))
@pytest.mark.parametrize(
    "kind",
    ["Condition", "Observation", "DiagnosticReport", "Procedure", "MedicationStatement", "CarePlan"],
)
def test_any_object_can_be_read(kind: str, resource: Json) -> None:
    before = assessed(Chart().resources()).picture.end_block1_mrd
    after = assessed([*Chart().resources(), {**resource, "resourceType": kind}]).picture.end_block1_mrd
    assert after == before


@pytest.mark.parametrize(
    "depth",
    [100, 900],
)
def test_a_deep_extension_costs_nothing_but_itself(depth: int) -> None:
    """An extension that nobody reads, as deep as the JSON reader lets in."""
    deep: Any = {}
    for _ in range(depth):
        deep = {"extension": deep}
    plain = bundle(Chart().resources())
    odd = bundle([*Chart().resources(), {"resourceType": "Basic", "id": "odd", **deep}])
    assert timeline_of(odd, SITE) == timeline_of(plain, SITE)


# ---- never a number that nobody stated ------------------------------------------------------------------

WORDS = [
    *(
        "MRD",
        "residual disease",
        "not detected",
        "detected",
        "negative",
        "positive",
        "below LOQ",
        "LOD",
        "of",
    ),
    *("indeterminate", "log", "ratio", "IS", "reduction", "day 29", "CD19", "10 cells", "0.01", "5", "4.2"),
    *(
        "1:1000",
        "1/1000",
        "2026-06-18",
        "x",
        "see report",
        "previous",
        "<",
        ">",
        "+",
        "++",
        "e-",
        "10",
        "1e6",
    ),
    *("0", "B-ALL", "blasts", "sample 4", "in 10", "%", "per", "million", "sensitivity", "no evidence of"),
]
WORDS_OF_TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
# A number with something that makes it a share of cells, however it may be spelled.
_STATES = re.compile(
    r"[\d.]\s*(?:%|percent|ppm|(?:cells?\s*)?(?:/|per)\s*(?:10\s*\^?\s*6|million))"
    r"|\d\s*e\s*-\s*\d|10\s*\^?\**\s*\(?-\s*\d",
    re.IGNORECASE,
)


def read_text(text: str) -> list[MrdResult]:
    resource = observation("mrd", (LOCAL, "MRD-BM"), BLOCK_1, valueString=text)
    timeline = READER.timeline([resource], PATIENT)
    return list(timeline.mrd)


def states_nothing(fraction: Interval) -> bool:
    """Detected, and no more; or a plain zero, which without a limit of detection is not taken."""
    return fraction == Interval(0.0, 1.0, low_open=True)


@settings(max_examples=600, deadline=None)
@given(text=WORDS_OF_TEXT | st.text(max_size=40))
@example(text="0.01")
@example(text="<0.01")
@example(text="log reduction 4.2")
@example(text="positive 5")
@example(text="not detected, sensitivity 1:1000")
@example(text="MRD 0")
def test_no_number_comes_from_a_text_without_one(text: str) -> None:
    if _STATES.search(text):
        return
    for result in read_text(text):
        assert states_nothing(result.fraction), text


@settings(max_examples=300, deadline=None)
@given(text=st.lists(WORDS_OF_TEXT, max_size=4).map(". ".join) | st.text(max_size=60))
@example(text="MRD 0.01")
@example(text="blasts 5 of 10 cells, 5")
def test_no_number_comes_from_a_report_without_one(text: str) -> None:
    if _STATES.search(text):
        return
    code = {"code": {"text": "Bone marrow MRD"}}
    told = observation("r", (LOCAL, "-"), BLOCK_1, conclusion=text) | code
    timeline = READER.timeline([{**told, "resourceType": "DiagnosticReport"}], PATIENT)
    assert timeline.measurements == ()
    assert all(states_nothing(result.fraction) for result in timeline.mrd), text


@settings(max_examples=300, deadline=None)
@given(
    digits=st.integers(1, 9999),
    form=st.sampled_from(["{} %", "{}%", "{} ppm", "{} cells per million", "Positive, {} %", "MRD: {} %"]),
)
def test_a_stated_number_is_read_as_it_is_or_not_at_all(digits: int, form: str) -> None:
    """The other side of the law: the reader is not silent for safety's sake."""
    stated = digits / 100
    factor = 1e-2 if "%" in form else 1e-6
    (result,) = read_text(form.format(stated))
    assert result.fraction.low == result.fraction.high == pytest.approx(stated * factor, rel=1e-9)


@settings(max_examples=300, deadline=None)
@given(value=FLOATS, unit=UNIT, code=UNIT, sign=st.sampled_from([None, *SIGNS]))
@example(value=0.05, unit="%", code="%{IS}", sign=None)
@example(value=0.05, unit="{log10}", code="1", sign=None)
def test_no_number_comes_from_an_unknown_unit(value: float, unit: str, code: str, sign: str | None) -> None:
    shares = {
        "%",
        "percent",
        "1",
        "10*-4",
        "10^-4",
        "10*-5",
        "10^-5",
        "10*-6",
        "10^-6",
        "{cells}/10*6",
        "/10*6",
    }
    shares |= {"[ppm]", "ppm", " % ", "\uff05"}  # a percent sign, however it is printed
    given_quantity = {"value": value, "unit": unit, "code": code, **({"comparator": sign} if sign else {})}
    resource = observation("mrd", (LOCAL, "MRD-BM"), BLOCK_1, valueQuantity=given_quantity)
    found = READER.timeline([resource], PATIENT).mrd
    no_share = re.search(r"log|ratio|\bIS\b|copies", f"{unit} {code}")
    if no_share or not {unit, code} & shares or sign in ("~", "ad", "=<"):
        assert found == ()
    for result in found:
        assert 0 <= result.fraction.low <= result.fraction.high <= 1


@QUICK
@given(text=TEXTS, unit=st.sampled_from(["mg/dL", "cells/uL", "10*3/uL", "%{IS}"]))
def test_a_marrow_count_in_another_unit_settles_nothing(text: str, unit: str) -> None:
    look = observation("look", (LOINC, "11150-0"), RELAPSED, **quantity(3, unit), valueString=text)
    for measured in READER.timeline([look], PATIENT).marrows:
        assert measured.value == Interval(0.0, 100.0)
