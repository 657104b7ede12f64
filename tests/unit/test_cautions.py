"""Cautions of an Assessment: the order checks over orders that a chart holds."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from cds_rules import assess, assessment_to_dict
from service.fhir.site_map import load_site_map
from service.inputs import orders_of, timeline_of

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SITE = load_site_map(FIXTURES / "site.toml")
PATIENT = "hr2020-p1-after-car-t"
ON = date(2025, 12, 2)


def chart(*more: dict[str, Any]) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads((FIXTURES / "patients" / PATIENT / "bundle.json").read_bytes())
    bundle["entry"] += [{"resource": resource} for resource in more]
    return bundle


def order(drug: str, status: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "pending",
        "status": status,
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "medicationCodeableConcept": {"text": drug},
        "authoredOn": "2025-12-01",
    }


def cautions(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    found = assess(timeline_of(bundle, SITE), ON, orders_of(bundle, SITE))
    listed: list[dict[str, Any]] = assessment_to_dict(found)["cautions"]
    return listed


def test_an_active_order_against_the_antigen_is_a_critical_caution() -> None:
    (found,) = cautions(chart(order("blinatumomab", "active")))
    assert (found["id"], found["level"], found["order"]) == ("O-1", "critical", "MedicationRequest/pending")
    assert found["needs"] == []
    assert "Observation/p1cart-cd19-blasts-relapse-3" in found["evidence"]
    assert found["citations"]


def test_a_draft_counts_as_an_order() -> None:
    assert [c["id"] for c in cautions(chart(order("blinatumomab", "draft")))] == ["O-1"]


def test_what_was_stopped_or_carried_out_is_none() -> None:
    for status in ("stopped", "completed", "cancelled", "entered-in-error"):
        assert cautions(chart(order("blinatumomab", status))) == []


def test_a_chart_without_orders_has_no_cautions() -> None:
    assert cautions(chart()) == []
