"""What the scopes of an access token say of a resource type: SMART App Launch 1 and 2, and nonsense."""

from __future__ import annotations

import pytest

from service.fhir.prefetch import NEEDS
from service.fhir.scopes import Cover, Right, cover, explanation

READ, SEARCH = "r", "s"


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Observation.read",
        "patient/Observation.*",
        "user/*.read",
        "user/*.*",
        "system/*.read",
        "patient/Observation.rs",
        "patient/*.cruds",
        "patient/Patient.rs  patient/Observation.rs",
        "patient/Observation.rs?category=laboratory patient/Observation.rs",
        "*",
        "PATIENT/observation.READ",
        "patient/Observation.sr",
    ],
)
def test_a_scope_of_either_version_includes_what_it_says(scope: str) -> None:
    assert cover(scope, "Observation", "s") is Cover.YES
    assert cover(scope, "Observation", "r") is Cover.YES
    assert explanation(scope, "Observation", "s") is None


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Condition.read",
        "patient/Observation.write",
        "patient/*.write",
        "patient/Observation.cud",
        "patient/Condition.rs patient/Patient.rs",
        "launch openid fhirUser",
        "launch/patient offline_access",
        "patient/Condition.raed",
        "patient/ObservationDefinition.read",
        "patient/Condition.rs?code:in=http://vs.example/Observation",
    ],
)
def test_a_type_that_no_scope_names_is_plainly_not_included(scope: str) -> None:
    assert cover(scope, "Observation", "s") is Cover.NO
    said = explanation(scope, "Observation", "s")
    assert said == "The access token's scopes do not include reading Observation."


@pytest.mark.parametrize(
    "scope",
    [
        None,
        "",
        " \t ",
        "anything",
        "patient/Condition.read urn:vendor:everything",
        "patient/Condition.read,patient/Observation.read",
        "patient/Condition.read+patient/Observation.read",
        "patient/Observation",
        "patient/Observation.raed",
        "patient/.read",
        "/*.read",
        "patient/*.",
        "//..??",
        "\x00",
        "患者/観察.読",
        "patient/Condition.read " * 2000,
    ],
)
def test_what_is_absent_or_not_understood_explains_nothing(scope: str | None) -> None:
    assert cover(scope, "Observation", "s") is Cover.UNKNOWN
    assert explanation(scope, "Observation", "s") is None


@pytest.mark.parametrize(
    ("scope", "right", "included"),
    [
        ("patient/Observation.r", READ, Cover.YES),
        ("patient/Observation.r", SEARCH, Cover.NO),
        ("patient/Observation.s", SEARCH, Cover.YES),
        ("patient/Observation.s", READ, Cover.NO),
    ],
)
def test_version_2_tells_reading_from_searching(scope: str, right: Right, included: Cover) -> None:
    assert cover(scope, "Observation", right) is included


def test_a_scope_for_reading_alone_is_named_as_lacking_the_search() -> None:
    said = explanation("patient/Observation.r", "Observation", "s")
    assert said == "The access token's scopes do not include searching Observation."


def test_a_restricted_scope_includes_a_part() -> None:
    scope = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs"
    assert cover(scope, "Observation", "s") is Cover.IN_PART
    assert cover(f"{scope} anything", "Observation", "s") is Cover.UNKNOWN
    said = explanation(scope, "Observation", "s")
    assert said == "The access token's scopes include Observation only in part (with a search restriction)."
    assert cover("patient/Observation.c?category=x", "Observation", "s") is Cover.NO


def test_patients_are_read_and_all_else_is_searched() -> None:
    assert {need.right for need in NEEDS if need.type == "Patient"} == {"r"}
    assert {need.right for need in NEEDS if need.type != "Patient"} == {"s"}
