"""The request bodies that are measured: one synthetic chart, as it is and among many more results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import orjson

from cds_rules.terminology.code_set import LOINC
from service.fhir.prefetch import NEEDS
from service.paths import fixtures_dir

PATIENT = "busy-chart"
MATTERING = 60
"""Observations that are read, in the large bodies. The chart has thirty; the rest is added to it."""

SHIFTS, SHIFT_DAYS = 5, 37
"""How often each demonstration patient comes in the varied load, and how far apart."""
_DAY = re.compile(rb"\b(?:19|20)\d\d-[01]\d-[0-3]\d")

_UCUM = "http://unitsofmeasure.org"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_READ_IN_CHART = 30
_REMISSION = date(2023, 1, 15)
"""First day of the added results: all fall into the first remission, where they change no answer."""

_UNREAD = (
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 7.0, 15.0),
    ("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count", "%", 20.0, 45.0),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 130.0, 148.0),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 3.0, 5.5),
    ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", 7.5, 10.5),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 60.0, 180.0),
)
"""Results of every week that no rule asks for."""
_SNOMED = "http://snomed.info/sct"
_ORDINARY: dict[str, dict[str, Any]] = {
    "Condition": {"coding": [{"system": _SNOMED, "code": "195967001", "display": "Asthma"}]},
    "Procedure": {"coding": [{"system": _SNOMED, "code": "173422009", "display": "Tonsillectomy"}]},
}
"""What conditions and procedures are in the chart of somebody else."""
_WATCHED = (
    ("26465-5", "Leukocytes [#/volume] in Cerebral spinal fluid", "/uL", 0.0, 3.0),
    ("11150-0", "Blasts/100 cells in Bone marrow", "%", 0.0, 2.0),
)


@dataclass(frozen=True, slots=True)
class Body:
    """One request body as sent, and how many resources it holds."""

    name: str
    content: bytes
    resources: int
    others: tuple[bytes, ...] = ()
    """Bodies sent in turn with `content`; without them it is always the same one."""
    cards: bool = True
    """Must the service answer with cards? Else with none."""

    @property
    def each(self) -> tuple[bytes, ...]:
        """Every body, in the order in which they are sent."""
        return (self.content, *self.others)


def chart_body() -> Body:
    """The chart as it is: 73 resources, 60 of them Observations, about 35 KB."""
    chart = _chart()
    return Body(f"{len(chart)} resources", _hook_call(chart), len(chart))


def ordinary_body() -> Body:
    """A chart of the same size without leukemia, as most charts that are opened in a hospital are."""
    chart = _chart()
    kept = [r for r in chart if r["resourceType"] in ("Patient", *_ORDINARY)]
    told = [
        {**r, "code": _ORDINARY[r["resourceType"]]} if r["resourceType"] in _ORDINARY else r for r in kept
    ]
    told.extend(_results("unread", _UNREAD, len(chart) - len(told), Random(len(chart))))
    return Body(f"{len(told)} resources, no leukemia", _hook_call(told), len(told), cards=False)


def varied_body() -> Body:
    """Every demonstration patient, and each again on other days: no two calls in a row are alike.

    What the service keeps of the facts of one chart is of little use to the next.
    """
    ids = sorted(path.name for path in (fixtures_dir() / "patients").iterdir() if path.is_dir())
    charts = [_chart(name) for name in [PATIENT, *(name for name in ids if name != PATIENT)]]
    calls = [_moved(_hook_call(chart), SHIFT_DAYS * n) for n in range(SHIFTS) for chart in charts]
    return Body(f"{len(calls)} charts in turn", calls[0], len(charts[0]), tuple(calls[1:]))


def _moved(content: bytes, days: int) -> bytes:
    """The same story so many days earlier."""

    def earlier(found: re.Match[bytes]) -> bytes:
        return (date.fromisoformat(found[0].decode()) - timedelta(days=days)).isoformat().encode()

    return _DAY.sub(earlier, content) if days else content


def large_body(observations: int) -> Body:
    """The chart filled up to so many Observations, MATTERING of which are read."""
    chart = _chart()
    have = sum(resource["resourceType"] == "Observation" for resource in chart)
    watched = MATTERING - _READ_IN_CHART
    random = Random(observations)
    chart.extend(_results("watched", _WATCHED, watched, random))
    chart.extend(_results("unread", _UNREAD, observations - have - watched, random))
    return Body(f"{observations:,} Observations", _hook_call(chart), len(chart))


def _chart(name: str = PATIENT) -> list[dict[str, Any]]:
    bundle = orjson.loads((fixtures_dir() / "patients" / name / "bundle.json").read_bytes())
    return [entry["resource"] for entry in bundle["entry"]]


def _results(
    name: str, kinds: tuple[tuple[str, str, str, float, float], ...], count: int, random: Random
) -> Iterator[dict[str, Any]]:
    """Laboratory results of about 450 bytes each, spread over three years."""
    for index in range(count):
        code, display, unit, low, high = kinds[index % len(kinds)]
        day = _REMISSION + timedelta(days=index * 1000 // count)
        yield {
            "resourceType": "Observation",
            "id": f"busy-{name}-{index:05d}",
            "status": "final",
            "category": [{"coding": [{"system": _CATEGORY, "code": "laboratory"}]}],
            "code": {"coding": [{"system": LOINC, "code": code, "display": display}]},
            "subject": {"reference": f"Patient/{PATIENT}"},
            "effectiveDateTime": f"{day.isoformat()}T06:{index % 60:02d}:00Z",
            "valueQuantity": {
                "value": round(random.uniform(low, high), 1),
                "unit": unit,
                "system": _UCUM,
                "code": unit,
            },
        }


def _hook_call(resources: list[dict[str, Any]]) -> bytes:
    """A patient-view call with every prefetch key answered; what the chart lacks is an empty search."""
    by_type: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        by_type.setdefault(resource["resourceType"], []).append(resource)
    by_type.get("Observation", []).sort(key=lambda o: str(o.get("effectiveDateTime")), reverse=True)
    patient = by_type["Patient"][0]["id"]
    prefetch: dict[str, Any] = {}
    for need in NEEDS:
        # Two keys ask for Observations; here each is sent once, under the first of them.
        found = by_type.pop(need.type, [])
        prefetch[need.key] = found[0] if need.type == "Patient" else _searchset(found)
    return orjson.dumps(
        {
            "hook": "patient-view",
            "hookInstance": "7c1d9f04-52b4-4f0e-9a36-0d5c5ad3b6e1",
            "context": {"userId": "Practitioner/demo-practitioner", "patientId": patient},
            "prefetch": prefetch,
        }
    )


def _searchset(resources: list[dict[str, Any]]) -> dict[str, Any]:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    if resources:
        bundle["entry"] = [{"resource": resource} for resource in resources]
    return bundle
