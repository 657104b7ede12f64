"""The authors' patients get the trials that their authors name for them, or the reason why not."""

from __future__ import annotations

from functools import cache

import pytest

from cds_rules.answer import Answer
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.recommend import look
from cds_rules.trials.catalogue import FOR_RELAPSE
from cds_rules.trials.match import matches
from cds_rules.trials.trial import Grade, TrialMatch
from tests.journeys.regenerate import FIXTURES, PATIENTS, assessed, bundle_of, chart_day, timeline_from

CD22_CAR_T = ("NCT02315612", "NCT04088864", "NCT02650414")
DUAL_CAR_T = ("NCT03448393", "NCT03241940")


@cache
def of(name: str) -> dict[str, TrialMatch]:
    """The trials of one patient, in the order given."""
    folder = FIXTURES / "patients" / name
    found = assessed(folder)
    known = timeline_from(bundle_of(folder)).as_of(chart_day(folder))
    assert found.picture is not None
    chart = Chart(found.picture, known, {scheme.id: scheme for scheme in found.schemes})
    return {match.trial.id: match for match in matches(look(chart), chart)}


FITS: dict[str, tuple[str, ...]] = {
    "hr2020-p1-24-months": ("NCT02101853", "NCT04276870", "NCT02443831"),
    "hr2020-p1-40-months": ("NCT02101853", "NCT00381680", "NCT00114348", "NCT00967057"),
    "hr2020-p1-after-hsct": ("NCT03792633", *DUAL_CAR_T, *CD22_CAR_T),
    "hr2020-p1-after-car-t": (
        *CD22_CAR_T,
        "EudraCT 2016-000227-71",
        "NCT02670525",
        "NCT02303821",
        "NCT03888534",
        "NCT03817320",
        "NCT03792256",
        "NCT03515200",
        "NCT03236857",
        "NCT02879643",
    ),
    "hr2020-p2-15-months": ("NCT00381680", "NCT04276870"),
    "hr2020-p2-30-months": ("NCT04276870",),
    "hr2020-p3-t-all": (
        "NCT00981799",
        "NCT00873093",
        "NCT03384654",
        "NCT03792256",
        "NCT03515200",
        "NCT03740334",
        "NCT03236857",
        "NCT03181126",
        "NCT01614197",
        "NCT03328104",
    ),
    "mye2023-1-first-relapse": ("NCT02101853",),
}
"""Trials that the authors name where they discuss this patient, and whose population the patient meets."""

WHY_NOT: dict[str, dict[str, str]] = {
    "hr2020-p1-after-car-t": {
        "NCT03448393": "CD19-positive",
        "NCT03241940": "CD19-positive",
        "NCT02374333": "CD19-positive",
        "NCT01523977": "First relapse",
        "NCT01614197": "T-ALL",
        "NCT03328104": "T-ALL",
    },
    "hr2020-p1-after-hsct": {"NCT02435849": "Blinatumomab before"},
    "hr2020-p2-30-months": {
        "NCT00381680": "Late marrow relapse, isolated or combined, or very early isolated CNS relapse"
    },
    "hr2020-p3-t-all": {"NCT04088864": "B-ALL", "NCT02101853": "B-ALL"},
    "mye2023-1-first-relapse": {
        "NCT02435849": "First relapse only if refractory to reinduction",
        "NCT00967057": "1 to 18 years old",
    },
    "mye2023-2-refractory": {
        "NCT02435849": "Blinatumomab before",
        "NCT02614066": "First relapse only after a first remission of less than 12 months",
    },
    "mye2023-5-day-60": {"NCT02435849": "Relapsed or refractory", "NCT02101853": "In relapse"},
    "adult-second-salvage": {"NCT02625480": "Up to 21 years old"},
}
"""Trials that a reader might think of, and the criterion that stands against each."""


@pytest.mark.parametrize("name", FITS)
def test_a_patient_gets_the_trials_that_the_authors_name(name: str) -> None:
    found = of(name)
    grades = {trial: found[trial].grade for trial in FITS[name]}
    assert set(grades.values()) == {Grade.ELIGIBLE}, grades


@pytest.mark.parametrize("name", WHY_NOT)
def test_a_trial_that_does_not_fit_says_which_criterion_stands_against_it(name: str) -> None:
    for trial, criterion in WHY_NOT[name].items():
        match = of(name)[trial]
        assert match.grade is Grade.EXCLUDED
        failed = {a.criterion.text: a for a in match.answers if a.met is Answer.NO}
        assert criterion in failed, trial
        assert failed[criterion].because
        assert failed[criterion].evidence


def test_after_cd19_is_lost_the_facts_behind_the_cd22_trials_are_told() -> None:
    for trial in CD22_CAR_T:
        told = {a.criterion.question: a for a in of("hr2020-p1-after-car-t")[trial].answers}
        assert told["cd22"].because == "CD22 on the blasts: positive"
        assert told["cd22"].evidence
        assert told["b-lineage"].because == "lineage: B"


def test_a_positive_cd19_relapse_after_car_t_waits_for_cd22_where_both_are_asked() -> None:
    found = of("post-car-t-cd19-positive-relapse")
    assert found["NCT02374333"].grade is Grade.ELIGIBLE
    for trial in DUAL_CAR_T:
        assert found[trial].grade is Grade.POSSIBLE
        assert [a.needs for a in found[trial].answers if a.met is Answer.UNKNOWN] == [("antigens.CD22",)]


def test_surveillance_after_car_t_is_possible_in_remission_and_asks_the_team() -> None:
    match = of("mye2023-5-day-60")["NCT05621291"]
    assert match.grade is Grade.POSSIBLE
    assert match.unknown == 1
    assert of("hr2020-p1-after-car-t")["NCT05621291"].grade is Grade.EXCLUDED


@pytest.mark.parametrize("folder", PATIENTS[::6], ids=lambda p: p.name)
def test_every_trial_for_relapse_is_answered_and_none_is_called_open(folder: object) -> None:
    found = of(str(getattr(folder, "name", "")))
    assert set(found) == {trial.id for trial in FOR_RELAPSE}
    for match in found.values():
        status = match.trial.status
        assert status is not None
        assert status.from_source
        assert "recruiting" not in str(status)
