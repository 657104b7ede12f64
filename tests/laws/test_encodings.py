"""One course, many ways of writing it down: the facts and groups must not depend on the handwriting."""

from __future__ import annotations

import copy
import math
import random
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cds_rules import Assessment, assess
from cds_rules.contract import picture_to_dict
from cds_rules.terminology.code_set import LOINC, SNOMED, load
from service.fhir.lexicon import Lexicon
from service.fhir.to_timeline import RecordReader
from service.inputs import timeline_of
from tests.journeys.regenerate import PATIENTS, SITE_MAP, bundle_of, chart_day
from tests.laws.encodings import BELOW_FORMS, CSF_FORMS, ENCODINGS, PLAIN, Encoding, every, texts
from tests.laws.one_patient import (
    CELLS,
    IN_RELAPSE,
    LOCAL,
    MEDICATIONS,
    ON,
    RELAPSE,
    RELAPSED,
    SITE,
    SITE_MARROW,
    SITE_TESTIS,
    Chart,
    bundle,
    concept,
    contained,
    csf_cells,
    diagnosis,
    infusion,
    ingredient,
    mrd,
    observation,
    product,
    quantity,
    referenced,
    relapse,
)
from tests.laws.thin import tells_no_more, told_less

Json = dict[str, Any]
Groups = Mapping[str, frozenset[str | None]]
READER = RecordReader(Lexicon(load(), SITE_MAP))
every_patient = pytest.mark.parametrize("folder", PATIENTS, ids=lambda p: p.name)


# ---- what is compared ----------------------------------------------------------------------------


def facts(assessment: Assessment) -> Json:
    """The values of the picture, without the resources behind them and the words about them."""
    shown: Json = _values(picture_to_dict(assessment.picture))
    return shown


def _values(shown: Any) -> Any:
    if isinstance(shown, dict):
        if "value" in shown:
            return shown["value"]
        return {k: _values(v) for k, v in shown.items() if k != "evidence"}
    if isinstance(shown, list):
        return sorted((_values(v) for v in shown), key=repr)
    return shown


def groups(assessment: Assessment) -> Groups:
    return {s.id: frozenset(s.finding.possible) for s in assessment.schemes}


def of(record: Json) -> Assessment:
    return assess(timeline_of(record, SITE), ON)


def of_chart(chart: Chart) -> Assessment:
    return of(bundle(chart.resources()))


# ---- encodings -----------------------------------------------------------------------------------


def test_the_plain_record_tells_what_the_patient_is() -> None:
    plain = of(PLAIN.bundle)
    told = facts(plain)
    assert told["diagnosisDate"] == "2023-01-15"
    assert (told["lineage"], told["relapseNumber"], told["relapseDate"]) == ("B", 1, "2026-05-15")
    assert (told["monthsFromDiagnosis"], told["sites"]) == (40, ["marrow"])
    assert told["endOfPrimaryTreatment"] == {"onTreatmentAtRelapse": False, "completed": "2025-03-15"}
    assert told["endBlock1Mrd"]["low"] == told["endBlock1Mrd"]["high"] == 0.0005
    assert told["transplantBeforeRelapse"] is False
    assert told["genetics"]["BCR::ABL1"] is True
    assert told["priorRegimens"] == {"atLeast": 1, "atMost": 1}
    assert [line["drugs"] for line in told["linesOfTherapy"]] == [["mercaptopurine"], ["vincristine"]]
    assert [(r["number"], r["stated"]) for r in told["remissions"]] == [(1, True), (2, False)]
    assert (told["marrowState"], told["inRemission"], told["primaryRefractory"]) == ("M1", None, False)
    assert groups(plain) == {
        "COG-AALL1331": {"low"},
        "COG-PDQ2014": {"intermediate"},
        "BFM-S": {"S2"},
        "BFM-S-TEXT": {"S2"},
        "UK-R3": {"intermediate"},
    }


@pytest.mark.parametrize("encoding", [pytest.param(e, id=e.name) for e in ENCODINGS.values()])
def test_every_encoding_tells_the_same(encoding: Encoding) -> None:
    plain, found = of(PLAIN.bundle), of(encoding.bundle)
    told = facts(found)
    assert {k: told[k] for k in encoding.silent} == dict.fromkeys(encoding.silent)
    wanted = facts(plain)
    left_out = encoding.silent | told_less(encoding.name)
    assert {k: told[k] for k in wanted if k not in left_out} == {
        k: v for k, v in wanted.items() if k not in left_out
    }
    assert tells_no_more(told, wanted)
    if encoding.silent:
        wider = groups(found)
        assert all(possible <= wider[scheme] for scheme, possible in groups(plain).items())
    else:
        assert groups(found) == groups(plain)


def test_icd_with_and_without_dots_is_the_same() -> None:
    dotted, bare = of(ENCODINGS["ICD-10-CM only"].bundle), of(ENCODINGS["ICD-10-CM without dots"].bundle)
    assert (facts(dotted), groups(dotted)) == (facts(bare), groups(bare))


@pytest.mark.parametrize("value", BELOW_FORMS.values(), ids=BELOW_FORMS)
def test_a_second_result_below_a_bound_reads_alike(value: Json) -> None:
    found = of_chart(Chart(mrd=[mrd(quantity(0.05, "%")), mrd(value, name="mrd-2")]))
    span = {"low": 0.0, "high": 0.0005, "lowExcluded": False, "highExcluded": False}
    assert facts(found)["endBlock1Mrd"] == span


@pytest.mark.parametrize("value", CSF_FORMS.values(), ids=CSF_FORMS)
def test_blasts_among_ten_cells_are_a_cns_relapse_in_any_unit(value: Json) -> None:
    """Ten times the cells of the plain record, with blasts: CNS3, above the five that it takes."""
    given = value["valueQuantity"]
    cells = csf_cells({"valueQuantity": {**given, "value": given["value"] * 10}})
    seen = observation("seen", (LOCAL, "CYTO"), RELAPSED, valueCodeableConcept=concept((SNOMED, "52101004")))
    told = facts(of_chart(Chart(csf=[cells, seen])))
    assert told["sites"] == ["CNS", "marrow"]


COMBINED = {
    "one condition": [relapse(bodySite=[SITE_MARROW, SITE_TESTIS])],
    "one code each": [relapse(IN_RELAPSE), relapse(RELAPSE, name="r2", bodySite=[SITE_TESTIS])],
    "marrow by its count": [relapse(IN_RELAPSE, bodySite=[SITE_TESTIS])],
    "one without a site": [
        relapse(IN_RELAPSE, bodySite=[]),
        relapse(RELAPSE, name="r2", bodySite=[SITE_TESTIS]),
    ],
}


@pytest.mark.parametrize("conditions", COMBINED.values(), ids=COMBINED)
def test_sites_add_up_over_the_conditions_of_one_relapse(conditions: list[Json]) -> None:
    told = facts(of_chart(Chart(conditions=[diagnosis(), *conditions])))
    assert (told["relapseNumber"], told["sites"]) == (1, ["marrow", "testis"])


INFUSIONS: dict[str, tuple[Callable[[str, str], Json], list[Json]]] = {
    "ingredient": (ingredient, []),
    "product": (product, []),
    "contained": (contained, []),
    "referenced": (referenced, MEDICATIONS),
    "referenced, and not sent": (referenced, []),
}


@pytest.mark.parametrize(
    ("medication", "sent"),
    [pytest.param(*form, id=name) for name, form in INFUSIONS.items()],
)
def test_cells_given_are_never_read_as_not_given(
    medication: Callable[[str, str], Json], sent: list[Json]
) -> None:
    given = infusion(medication(*CELLS))
    assert facts(of_chart(Chart(more=[given, *sent])))["carT"] is not False


# ---- the same chart, handled in other ways -------------------------------------------------------


@cache
def _loaded(folder: Path) -> Json:
    return bundle_of(folder)


@cache
def _whole(folder: Path) -> tuple[Json, Groups]:
    found = _read(_resources(folder), folder.name, chart_day(folder))
    return facts(found), groups(found)


def _resources(folder: Path) -> list[Json]:
    return [copy.deepcopy(entry["resource"]) for entry in _loaded(folder)["entry"]]


def _read(resources: list[Json], patient: str, on: date) -> Assessment:
    return assess(READER.timeline(resources, patient), on)


def _unchanged(folder: Path, resources: list[Json]) -> None:
    found = _read(resources, folder.name, chart_day(folder))
    assert (facts(found), groups(found)) == _whole(folder)


@every_patient
def test_shuffling_changes_nothing(folder: Path) -> None:
    for seed in range(5):
        resources = _resources(folder)
        random.Random(seed).shuffle(resources)  # noqa: S311
        _unchanged(folder, resources)


@every_patient
def test_keys_and_pages_that_overlap_change_nothing(folder: Path) -> None:
    """Each resource comes once or more, in pages of any size, in the order of any key."""
    for seed in range(5):
        chance = random.Random(seed)  # noqa: S311
        resources = _resources(folder)
        pages: list[list[Json]] = []
        while resources:
            size = chance.randint(1, 9)
            pages.append(resources[:size])
            resources = resources[size:]
        pages += chance.choices(pages, k=len(pages) // 2)
        chance.shuffle(pages)
        _unchanged(folder, [copy.deepcopy(r) for page in pages for r in page])


def _noise(folder: Path, count: int) -> list[Json]:
    """Everyday results: of known and unknown codes, before, at and after all that matters."""
    codes = [
        (LOINC, "6690-2"),
        (LOINC, "777-3"),
        (LOINC, "26446-5"),
        ("http://lab.example", "NA"),
        (LOINC, "x"),
    ]
    day = chart_day(folder).toordinal()
    return [
        {
            "resourceType": "Observation",
            "id": f"noise-{n}",
            "status": "final",
            "subject": {"reference": f"Patient/{folder.name}"},
            "code": {
                "coding": [{"system": codes[n % 5][0], "code": codes[n % 5][1]}],
                "text": "Day's result",
            },
            "effectiveDateTime": date.fromordinal(day - n * 7 % 3000).isoformat(),
            "valueQuantity": {"value": n % 100, "unit": "%", "code": "%"},
        }
        for n in range(count)
    ]


@every_patient
def test_two_thousand_other_results_change_nothing(folder: Path) -> None:
    resources = [*_resources(folder), *_noise(folder, 2_000)]
    random.Random(1).shuffle(resources)  # noqa: S311
    _unchanged(folder, resources)


def test_ten_thousand_other_results_change_nothing() -> None:
    (folder,) = [p for p in PATIENTS if p.name == "hr2020-p1-after-car-t"]
    _unchanged(folder, [*_noise(folder, 10_000), *_resources(folder)])


# ---- other units ---------------------------------------------------------------------------------

SHARES = {
    "%": 1e-2,
    "10*-4": 1e-4,
    "10*-5": 1e-5,
    "10*-6": 1e-6,
    "{cells}/10*6": 1e-6,
    "[ppm]": 1e-6,
    "1": 1.0,
}
COUNTS = {
    "/uL": 1.0,
    "{cells}/uL": 1.0,
    "10*6/L": 1.0,
    "/mm3": 1.0,
    "10*3/uL": 1e3,
    "10*9/L": 1e3,
    "K/uL": 1e3,
}
BLASTS = {"%": 1e-2, "1": 1.0}
MEASURED = {
    "MRD-FLOW-BM": SHARES,
    "MRD-NGS-BM": SHARES,
    "MRD-IGTR-BM": SHARES,
    "11150-0": BLASTS,
    "26447-3": BLASTS,
    "26465-5": COUNTS,
    "8116-6": COUNTS,
}


def _reunited(resource: Json, pick: int) -> Json:
    codings = resource.get("code", {}).get("coding") or [{}]
    units = MEASURED.get(codings[0].get("code", ""))
    given = resource.get("valueQuantity")
    if units is None or given is None:
        return resource
    wanted = sorted(units)[pick % len(units)]
    value = given["value"] * units[given["code"]] / units[wanted]
    # As a laboratory prints it: no more digits than the number has.
    shown = 0.0 if value == 0 else round(value, 12 - math.ceil(math.log10(value)))
    return {**resource, "valueQuantity": {**given, "value": shown, "unit": wanted, "code": wanted}}


@every_patient
@pytest.mark.parametrize("pick", range(7))
def test_other_units_change_nothing(folder: Path, pick: int) -> None:
    _unchanged(folder, [_reunited(r, pick) for r in _resources(folder)])


def test_units_are_changed_at_all() -> None:
    changed = [
        r
        for folder in PATIENTS
        for r in _resources(folder)
        if any(_reunited(r, pick) != r for pick in range(7))
    ]
    assert {r["code"]["coding"][0]["code"] for r in changed} == set(MEASURED)


# ---- another time --------------------------------------------------------------------------------

_DAY = re.compile(r"(\d{4})(-\d\d(?:-\d\d)?(?:T.*)?)?", re.ASCII)


def _moved(years: int) -> Callable[[str], str]:
    """28 years are a whole number of weeks, and of leap years: every day has its counterpart."""

    def change(text: str) -> str:
        found = _DAY.fullmatch(text)
        return f"{int(found[1]) + years:04d}{found[2] or ''}" if found else text

    return change


def _dates_only(resource: Json, move: Callable[[str], str]) -> Json:
    """Four digits alone may be a code: only what stands under a date's name moves."""

    def change(item: Json) -> Json:
        dated = re.compile(r"(birthDate|start|end|recordedDate|authoredOn|issued|.*DateTime|.*Date)")
        return {k: move(v) if isinstance(v, str) and dated.fullmatch(k) else v for k, v in item.items()}

    changed: Json = every(resource, change)
    return changed


@every_patient
@pytest.mark.parametrize("years", [-28, 28, 56])
def test_another_time_changes_nothing_but_the_dates(folder: Path, years: int) -> None:
    on, move = chart_day(folder), _moved(years)
    found = _read(
        [_dates_only(r, move) for r in _resources(folder)], folder.name, on.replace(year=on.year + years)
    )
    before, before_groups = _whole(folder)
    assert (facts(found), groups(found)) == (texts(before, move), before_groups)
