"""A trial as a FHIR ResearchStudy: valid, and its status never more than is known."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_rules.trials.catalogue import TRIALS
from cds_rules.trials.trial import Role, Trial, TrialStatus
from service.trials.research_study import STATUS_EXTENSION, phases_of, research_study, study_id
from service.trials.words import status_words
from tests.unit.made_up_trials import ELIGIBLE, FIRST_LINE, MADE_UP, POSSIBLE, UNPHASED

Json = dict[str, Any]
ABSENT = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    ]
}


def study(trial: Trial) -> Json:
    """As a ResearchStudy that the FHIR models accept."""
    made = research_study(trial)
    get_fhir_model_class("ResearchStudy").model_validate(made)
    return made


def with_status(status: str) -> Json:
    return study(replace(ELIGIBLE, status=TrialStatus(status, date(2020, 1, 1), "HR2020")))


@pytest.mark.parametrize("trial", MADE_UP, ids=lambda trial: trial.id)
def test_every_kind_of_trial_is_valid(trial: Trial) -> None:
    made = study(trial)
    assert (made["title"], made["description"]) == (trial.title, trial.says)
    assert made["relatedArtifact"] == [{"type": "citation", "citation": "Hunger & Raetz 2020, table 3"}]


def test_every_trial_of_the_catalogue_is_valid_and_has_an_id_of_its_own() -> None:
    assert len({study(trial)["id"] for trial in TRIALS.values()}) == len(TRIALS)


def test_no_trial_of_the_catalogue_is_shown_as_open() -> None:
    told = {study(trial).get("status", "unknown") for trial in TRIALS.values()}
    assert {"completed", "unknown"} <= told <= {"closed-to-accrual", "completed", "unknown", "withdrawn"}


# ---- identifier ----------------------------------------------------------------------------------


def test_a_registry_identifier_has_the_system_of_the_registry() -> None:
    assert study(ELIGIBLE)["identifier"] == [{"system": "http://clinicaltrials.gov", "value": "NCT10000001"}]


@pytest.mark.parametrize("name", ["GROUP (ref 5) 90", "EudraCT 2016-000227-71", "NCT1234567", "NCT123456789"])
def test_any_other_name_claims_no_system(name: str) -> None:
    (identifier,) = study(replace(ELIGIBLE, id=name))["identifier"]
    assert identifier == {"type": {"text": "name in the source"}, "value": name}


def test_an_id_has_the_form_of_fhir() -> None:
    assert study_id(UNPHASED) == "GROUP-ref-5-90"
    assert len(study_id(replace(UNPHASED, id="x" * 65))) == 64


# ---- status --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"),
    [("completed", "completed"), ("withdrawn", "withdrawn"), ("closed", "closed-to-accrual")],
)
def test_an_end_stays_true(status: str, code: str) -> None:
    made = with_status(status)
    assert made["status"] == code
    assert "_status" not in made


@pytest.mark.parametrize(
    "status", ["ongoing", "open", "upcoming", "unknown", "results reported", "RECRUITING", "not completed"]
)
def test_whatever_may_have_changed_is_unknown(status: str) -> None:
    made = with_status(status)
    assert "status" not in made
    assert made["_status"] == ABSENT


def test_the_last_known_status_is_kept_with_its_year_and_source() -> None:
    (extension,) = with_status("ongoing")["extension"]
    assert extension == {
        "url": STATUS_EXTENSION,
        "extension": [
            {"url": "status", "valueString": "ongoing"},
            {"url": "on", "valueDate": "2020"},
            {"url": "source", "valueString": "HR2020"},
        ],
    }


def test_without_a_status_none_is_made_up() -> None:
    made = study(FIRST_LINE)
    assert (made["_status"], "extension" in made, "status" in made) == (ABSENT, False, False)
    assert made["note"] == [{"text": "status unknown, never checked"}]


def test_status_words_have_a_date_and_say_that_nobody_looked() -> None:
    assert status_words(ELIGIBLE.status) == "last known status: ongoing, 2020 (HR2020), not checked since"


# ---- phase ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "phases"),
    [
        *((text, {"1", "2"}) for text in ("1/2", "1-2", "PHASE1_PHASE2", "phase-1-phase-2", "Phase I/II")),
        *((text, {"1"}) for text in ("1", "1B", "Phase 1b", "phase-1", "PHASE1", " i ")),
        ("2/3", {"2", "3"}),
        ("3B", {"3"}),
        ("IV", {"4"}),
        ("EARLY_PHASE1", {"early-1"}),
        ("early-phase-1", {"early-1"}),
        ("NA", {"n-a"}),
        *(
            (text, None)
            for text in ("", "pilot", "0", "5", "12", "phase", "1 or so", "early", "iiii", "10000001")
        ),
    ],
)
def test_phases_of_a_text(text: str, phases: set[str] | None) -> None:
    assert phases_of(text) == phases


@pytest.mark.parametrize(
    ("phase", "code"),
    [("1/2", "phase-1-phase-2"), ("1B", "phase-1"), ("3B", "phase-3"), ("pilot", None)],
)
def test_the_phase_is_coded_where_there_is_a_code(phase: str, code: str | None) -> None:
    made = study(replace(ELIGIBLE, phase=phase))["phase"]
    assert made["text"] == phase
    assert [c["code"] for c in made.get("coding", [])] == ([code] if code else [])


def test_no_phase_is_no_phase() -> None:
    assert "phase" not in study(UNPHASED)


# ---- criteria ------------------------------------------------------------------------------------


def characteristics(trial: Trial) -> list[Json]:
    (group,) = study(trial)["contained"]
    assert study(trial)["enrollment"] == [{"reference": f"#{group['id']}"}]
    found: list[Json] = group.get("characteristic", [])
    return found


def test_criteria_are_a_contained_group_with_exclusions_marked() -> None:
    age, *criteria = characteristics(ELIGIBLE)
    assert (age["valueRange"]["low"]["value"], age["valueRange"]["high"]["value"]) == (1, 30)
    assert [(c["valueCodeableConcept"]["text"], c["exclude"]) for c in criteria] == [
        (c.text, c.role is Role.EXCLUSION) for c in ELIGIBLE.criteria
    ]


@pytest.mark.parametrize(
    ("ages", "bounds"),
    [((0, None), {"low"}), ((None, 0), {"high"}), ((18, 18), {"low", "high"}), ((None, None), set())],
)
def test_an_open_age_bound_is_left_out(ages: tuple[int | None, int | None], bounds: set[str]) -> None:
    found = [set(c["valueRange"]) for c in characteristics(replace(POSSIBLE, ages=ages)) if "valueRange" in c]
    assert found == ([bounds] if bounds else [])


def test_a_trial_without_criteria_has_an_empty_group() -> None:
    assert characteristics(FIRST_LINE) == []
