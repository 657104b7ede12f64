"""Contradictions within one Condition and between them: named, and nothing settled by them."""

import pytest

from cds_rules.patient.timeline import DiseaseState, ProblemKind
from tests.unit.test_read_condition import (
    B_ALL,
    CLINICAL,
    ICD,
    IN_RELAPSE,
    IN_REMISSION,
    VERIFICATION,
    coded,
    condition,
    read,
)


@pytest.mark.parametrize("other", ["C91.A0", "C92.00", "C93.02"])
def test_all_and_another_acute_leukemia_in_one_condition_settle_nothing(other: str) -> None:
    timeline = read(condition(B_ALL, (ICD, other)))
    assert [d.certain for d in timeline.diagnoses] == [False]
    assert [(p.kind, p.resources) for p in timeline.problems] == [(ProblemKind.CONFLICT, ("Condition/c1",))]


@pytest.mark.parametrize("other", ["C91.A2", "C92.00", "C94.20"])
def test_another_acute_leukemia_beside_all_is_named(other: str) -> None:
    timeline = read(condition(B_ALL), {**condition((ICD, other)), "id": "c2"})
    assert [d.certain for d in timeline.diagnoses] == [True]
    assert [p.resources for p in timeline.problems] == [("Condition/c2", "Condition/c1")]
    refuted = {"verificationStatus": coded((VERIFICATION, "provisional"))}
    assert read(condition(B_ALL), {**condition((ICD, other)), "id": "c2", **refuted}).problems == ()
    assert read(condition((ICD, other))).problems == ()


@pytest.mark.parametrize(
    ("codes", "clinical"), [([IN_REMISSION, IN_RELAPSE], "active"), ([IN_REMISSION], "relapse")]
)
def test_remission_and_relapse_in_one_condition_give_no_date(
    codes: list[tuple[str, str]], clinical: str
) -> None:
    stated = coded((CLINICAL, clinical))
    timeline = read(condition(*codes, onsetDateTime="2025-06-15", clinicalStatus=stated))
    assert [(d.state, d.state_coded) for d in timeline.diagnoses] == [(DiseaseState.RELAPSE, False)]
    assert [p.kind for p in timeline.problems] == [ProblemKind.CONFLICT]


@pytest.mark.parametrize(
    ("words", "certain"),
    [("Ruled out", []), ("refuted", []), ("Provisional", [False]), ("Confirmed", [True])],
)
def test_a_verification_status_in_words_counts(words: str, certain: list[bool]) -> None:
    timeline = read(condition(B_ALL, verificationStatus={"text": words}))
    assert [d.certain for d in timeline.diagnoses] == certain
