"""Studies of the API v2 are read field by field; one that cannot be used is refused with its identifier."""

import json
from datetime import date
from typing import Any

import pytest

from cds_rules.trials.ages import Age, AgeRange
from cds_rules.trials.study import RegistryStatus, Sex
from service.trials.registry.v2 import PIECES, StudyError, name_of, read_study, updated_on, version_of
from tests.registry import PIECES as KNOWN_PIECES
from tests.registry import STATUSES, study

ON = date(2025, 11, 20)
Json = dict[str, Any]
VERSIONED_X = {"derivedSection": {"miscInfoModule": {"versionHolder": "x"}}}


def test_a_study_is_read_field_by_field() -> None:
    found, flags = read_study(study(), ON)
    assert flags == ()
    assert (found.nct_id, found.title, found.status) == (
        "NCT90000001",
        "Made-up CD22 CAR-T Cells",
        RegistryStatus.RECRUITING,
    )
    assert found.checked_on == ON
    assert found.phases == ("PHASE1", "PHASE2")
    assert found.conditions == ("B-cell Acute Lymphoblastic Leukemia, Recurrent",)
    assert found.interventions == ("CD22 CAR-T cells",)
    assert found.ages == AgeRange(Age.parse("1 Year"), Age.parse("25 Years"))
    assert found.sex is Sex.ALL
    assert found.interventional
    assert found.updated == "2025-11-12"
    first, second = found.sites
    assert (first.zip, first.status, first.latitude) == ("19104", RegistryStatus.RECRUITING, 39.95238)
    assert (second.status, second.latitude, str(second)) == (None, None, "Made-up Hospital, Berlin, Germany")
    assert second.may_take_patients


def test_the_eligibility_text_is_carried_as_it_is() -> None:
    text = " Inclusion Criteria:\n\n* Bilirubin \\< 2 × ULN\n  1. **or** Gilbert\u2019s\n"
    found, _ = read_study(study(eligibilityModule={"eligibilityCriteria": text}), ON)
    assert found.criteria == text


def test_the_names_asked_for_are_names_of_the_registry() -> None:
    assert set(PIECES) <= KNOWN_PIECES


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_each_of_the_14_statuses_is_read(status: str) -> None:
    assert read_study(study(status=status), ON)[0].status.value == status
    assert len(STATUSES) == 14


@pytest.mark.parametrize(
    ("low", "high", "ages"),
    [
        (None, None, "no bounds"),
        ("18 Years", None, "18 years or older"),
        (None, "21 Years", "up to 21 years"),
        ("6 Months", "1 Year", "6 months to 1 year"),
        ("2 Weeks", "30 Days", "2 weeks to 30 days"),
        ("N/A", "N/A", "no bounds"),
    ],
)
def test_an_age_bound_that_is_absent_is_open(low: str | None, high: str | None, ages: str) -> None:
    raw = study()
    module = raw["protocolSection"]["eligibilityModule"]
    for name, bound in (("minimumAge", low), ("maximumAge", high)):
        del module[name]
        if bound:
            module[name] = bound
    assert str(read_study(raw, ON)[0].ages) == ages


def test_a_study_with_the_least_that_there_is_is_read_and_flagged() -> None:
    bare = {
        "protocolSection": {
            "identificationModule": {"nctId": "NCT90000002"},
            "statusModule": {"overallStatus": "UNKNOWN"},
        }
    }
    found, flags = read_study(bare, ON)
    assert (found.title, found.sites, found.sex, found.phases) == ("NCT90000002", (), None, ())
    assert flags == ("it has no eligibility text", "it names no condition")


@pytest.mark.parametrize(
    ("module", "part", "flag"),
    [
        (
            "eligibilityModule",
            {"minimumAge": "9 Years", "maximumAge": "9 Months"},
            "its age range is reversed",
        ),
        ("eligibilityModule", {"sex": "BOTH"}, "its sex is not one of ALL, FEMALE, MALE"),
        ("contactsLocationsModule", {"locations": [{"status": "OPENISH"}]}, "a site has a status"),
    ],
)
def test_what_is_odd_is_flagged_and_the_study_is_taken(module: str, part: Json, flag: str) -> None:
    changed: Json = {module: part}
    _, flags = read_study(study(**changed), ON)
    assert len(flags) == 1
    assert flags[0].startswith(flag)


def without(*path: str) -> Json:
    raw: Json = study()
    part = raw
    for key in path[:-1]:
        part = part[key]
    del part[path[-1]]
    return raw


@pytest.mark.parametrize(
    ("raw", "name", "reason"),
    [
        (study(status="OPENISH"), "NCT90000001", "has a status that is not one of the 14 of API v2"),
        (study(status="recruiting"), "NCT90000001", "has a status that is not one of the 14 of API v2"),
        (study(eligibilityModule={"minimumAge": "old"}), "NCT90000001", "has an age bound that cannot"),
        (without("protocolSection", "statusModule"), "NCT90000001", "is truncated, or not in the form"),
        (without("protocolSection", "identificationModule", "nctId"), None, "is truncated, or not"),
        (study("NCT1"), None, "is truncated, or not in the form of API v2"),
        (study(conditionsModule={"conditions": "ALL"}), "NCT90000001", "is truncated, or not in the form"),
        (study(contactsLocationsModule={"locations": [{"geoPoint": {"lat": 91}}]}), "NCT90000001", "is tr"),
        ({"Study": {"ProtocolSection": {}}}, None, "is in the form of the older API, not of v2"),
        ({"NCTId": ["NCT90000001"]}, None, "is in the form of the older API, not of v2"),
        ({"resourceType": "ResearchStudy"}, None, "is not in the form of API v2"),
        ({"protocolSection": None}, None, "is truncated, or not in the form of API v2"),
        ([], None, "is no study"),
        ("NCT90000001", None, "is no study"),
        (None, None, "is no study"),
    ],
)  # fmt: skip
def test_a_study_that_cannot_be_used_is_refused_with_its_identifier(
    raw: Any, name: str | None, reason: str
) -> None:
    with pytest.raises(StudyError) as refused:
        read_study(raw, ON)
    assert refused.value.name == name
    assert refused.value.reason.startswith(reason)
    assert "\n" not in refused.value.reason


def test_the_day_of_the_data_and_of_the_last_change_are_found() -> None:
    assert (name_of(study()), version_of(study()), updated_on(study())) == (
        "NCT90000001",
        date(2025, 11, 14),
        date(2025, 11, 12),
    )
    odd: list[Any] = [None, [], {}, {"derivedSection": 7}, VERSIONED_X]
    for raw in odd:
        assert (version_of(raw), updated_on(raw)) == (None, None)


def test_a_study_survives_the_store_as_text() -> None:
    again = json.loads(json.dumps(study(), ensure_ascii=False))
    assert read_study(again, ON) == read_study(study(), ON)
