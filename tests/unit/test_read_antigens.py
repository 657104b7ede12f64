"""Antigens on blasts: a coded answer or one known word, and no number."""

from typing import Any

import pytest

from cds_rules.patient.draw_findings import findings_of
from cds_rules.patient.findings import Antigen, Expression
from cds_rules.patient.timeline import PatientTimeline, ProblemKind
from service.fhir.site_map import SiteCode, SiteMap
from service.fhir.to_timeline import to_timeline
from tests.unit.observations import LAB, LOINC, SCT, Json, coded, observation, percent

CD19 = (LAB, "CD19")
SITE = SiteMap("Test hospital", {CD19: SiteCode(system=LAB, code="CD19", concept="blasts.cd19")})
POSITIVE, WEAK, NEGATIVE = (SCT, "10828004"), (SCT, "260408008"), (SCT, "260385009")


def read(**value: Any) -> PatientTimeline:
    return to_timeline([observation(CD19, **value)], "p", site_map=SITE)


@pytest.mark.parametrize(
    ("value", "expression"),
    [
        ({"valueCodeableConcept": coded(POSITIVE)}, Expression.POSITIVE),
        ({"valueCodeableConcept": coded(WEAK)}, Expression.DIM),
        ({"valueCodeableConcept": coded(NEGATIVE)}, Expression.NEGATIVE),
        ({"valueCodeableConcept": {"text": "Negative"}}, Expression.NEGATIVE),
        ({"valueCodeableConcept": coded((LOINC, "LA6576-8"))}, Expression.POSITIVE),
        ({"valueCodeableConcept": {"coding": [{"code": "N", "display": "Negative"}]}}, Expression.NEGATIVE),
        ({"valueString": "positive"}, Expression.POSITIVE),
        ({"valueString": " BRIGHT "}, Expression.POSITIVE),
        ({"valueString": "Dim positive"}, Expression.DIM),
        ({"valueString": "Not expressed."}, Expression.NEGATIVE),
    ],
)
def test_an_answer_in_a_code_or_in_one_word(value: Json, expression: Expression) -> None:
    (found,) = read(**value).antigens
    assert (found.antigen, found.expression) == (Antigen.CD19, expression)


@pytest.mark.parametrize(
    "value",
    [
        {"valueQuantity": percent(98)},
        {"valueString": "98 %"},
        {"valueString": "partial"},
        {"valueString": "positive on a subset"},
        {"valueString": "positive?"},
        {"valueString": "not negative"},
        {"valueString": ""},
        {"valueCodeableConcept": coded(POSITIVE, NEGATIVE)},
        {"valueCodeableConcept": coded((SCT, "82334004"))},
        {},
    ],
)
def test_anything_else_is_named_and_not_used(value: Json) -> None:
    timeline = read(**value)
    assert {a.expression for a in timeline.antigens} <= {None}
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


@pytest.mark.parametrize(
    ("later", "held"),
    [({"valueString": "Partial loss"}, False), ({"valueQuantity": percent(12)}, False), ({}, True)],
)
def test_an_older_answer_does_not_speak_for_a_later_one_that_cannot_be_read(later: Json, held: bool) -> None:
    """The later sample may have lost the antigen; an entry without any value tells of no sample."""
    old = observation(CD19, valueString="Positive", effectiveDateTime="2025-05-05")
    new = observation(CD19, **later, id="o2", effectiveDateTime="2025-06-20")
    found = findings_of(to_timeline([old, new], "p", site_map=SITE)).antigens[Antigen.CD19]
    assert found.value is (Expression.POSITIVE if held else None)
    assert held or "2025-06-20" in (found.because or "")
