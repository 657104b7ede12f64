"""Which result is the MRD at the end of block 1 (D-6, D-7), and when it stays open."""

from datetime import date, timedelta
from typing import Any

import pytest

from cds_rules import assess
from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.draw import draw
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import Fact
from cds_rules.patient.timeline import (
    Diagnosis,
    DiseaseState,
    DrugUse,
    Lineage,
    MrdResult,
    Part,
    PatientTimeline,
    Person,
    Route,
    Site,
    TreatmentPlan,
)

START = date(2025, 6, 15)
ON = date(2025, 12, 1)
LABEL = "end of block 1"
LOW, HIGH = Interval.exactly(5e-4), Interval.exactly(5e-3)


def after(days: int, start: date = START) -> str:
    return (start + timedelta(days=days)).isoformat()


def mrd(when: str | None, fraction: Interval = LOW, **more: Any) -> MrdResult:
    day = PartialDate.parse(when) if when else None
    return MrdResult(
        f"Observation/{more.pop('source', when)}", day, fraction, **{"marrow": True, "method": "flow", **more}
    )


def timeline(*results: MrdResult, relapsed: str | None = after(0), **record: Any) -> PatientTimeline:
    """A late marrow relapse of B-ALL: the COG group hangs on this result alone."""
    diagnosis = Diagnosis("Condition/dx", PartialDate.parse("2021-01-15"), Lineage.B)
    relapse = Diagnosis(
        "Condition/rel",
        PartialDate.parse(relapsed) if relapsed else None,
        state=DiseaseState.RELAPSE,
        state_coded=True,
        sites=frozenset({Site.MARROW}),
    )
    return PatientTimeline(Person("Patient/p"), diagnoses=(diagnosis, relapse), mrd=results, **record)


def chosen(*results: MrdResult, **record: Any) -> Fact[Interval]:
    return draw(timeline(*results, **record), ON).end_block1_mrd


def cog(*results: MrdResult, **record: Any) -> tuple[str | None, ...]:
    schemes = {s.id: s.finding.possible for s in assess(timeline(*results, **record), ON).schemes}
    return schemes["COG-AALL1331"]


def is_open(fact: Fact[Any]) -> bool:
    assert fact.value is not None or fact.because
    return fact.value is None


# ---- the normal form ---------------------------------------------------------------------------


def test_one_marrow_result_in_the_window() -> None:
    found = chosen(mrd(after(29)))
    assert (found.value, found.evidence) == (LOW, (f"Observation/{after(29)}",))
    assert cog(mrd(after(29))) == ("low",)
    assert cog(mrd(after(29), HIGH)) == ("intermediate",)


@pytest.mark.parametrize(
    ("fraction", "groups"),
    [
        (Interval.exactly(1e-3), ("intermediate",)),
        (Interval.exactly(9.99e-4), ("low",)),
        (Interval(0.0, 1e-3, high_open=True), ("low",)),
        (Interval(0.0, 1e-3), ("low", "intermediate")),
        (Interval(0.0, 1e-2), ("low", "intermediate")),
        (Interval(0.0, 1.0, low_open=True), ("low", "intermediate")),
        (Interval(1e-3, 1.0, low_open=True), ("intermediate",)),
        (Interval(1e-4, 1.0, low_open=True), ("low", "intermediate")),
    ],
)
def test_a_bound_that_straddles_the_threshold_leaves_the_group_open(
    fraction: Interval, groups: tuple[str, ...]
) -> None:
    assert cog(mrd(after(29), fraction)) == groups


# ---- the window --------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "counts"), [(20, False), (21, True), (56, True), (57, False)])
def test_the_window_without_a_label(days: int, counts: bool) -> None:
    found = chosen(mrd(after(days)))
    assert is_open(found) is not counts


@pytest.mark.parametrize(("days", "counts"), [(20, False), (21, True), (56, True), (57, False)])
@pytest.mark.parametrize("by", ["plan", "drug"])
def test_the_window_is_counted_from_the_start_of_reinduction(days: int, counts: bool, by: str) -> None:
    began = date(2025, 6, 25)
    when = PartialDate.on(began)
    starts: dict[str, dict[str, Any]] = {
        "plan": {"plans": (TreatmentPlan("CarePlan/re", when, None, "active"),)},
        "drug": {"drugs": (DrugUse("MedicationAdministration/v", when, "vincristine"),)},
    }
    assert is_open(chosen(mrd(after(days, began)), **starts[by])) is not counts


@pytest.mark.parametrize(
    "record",
    [
        {"plans": (TreatmentPlan("CarePlan/re", PartialDate.parse(after(22)), None, "active"),)},
        {"plans": (TreatmentPlan("CarePlan/re", PartialDate.parse(after(-1)), None, "active"),)},
        {"plans": (TreatmentPlan("CarePlan/re", None, None, "active"),)},
        {"drugs": (DrugUse("MedicationRequest/v", PartialDate.parse(after(5)), "vincristine", given=False),)},
    ],
    ids=["22 days after the relapse", "before the relapse", "undated", "ordered only"],
)
def test_no_other_start_moves_the_window(record: dict[str, Any]) -> None:
    assert chosen(mrd(after(21)), **record).value == LOW
    assert is_open(chosen(mrd(after(57)), **record))


@pytest.mark.parametrize(("days", "moved"), [(-1, True), (0, False)])
@pytest.mark.parametrize("by", ["plan", "drug"])
def test_treatment_from_the_very_day_of_the_relapse_is_its_start(days: int, moved: bool, by: str) -> None:
    """The later plan is the start only where the first began before the relapse."""
    first = PartialDate.parse(after(days))
    later = TreatmentPlan("CarePlan/later", PartialDate.parse(after(10)), None, "active")
    plan = TreatmentPlan("CarePlan/first", first, None, "active")
    plans = (plan, later) if by == "plan" else (later,)
    drugs = () if by == "plan" else (DrugUse("MedicationAdministration/v", first, "vincristine"),)
    assert is_open(chosen(mrd(after(21)), plans=plans, drugs=drugs)) is moved
    assert is_open(chosen(mrd(after(66)), plans=plans, drugs=drugs)) is not moved


def test_a_partial_date_counts_only_if_all_of_it_lies_in_the_window() -> None:
    assert chosen(mrd("2025-07"), relapsed="2025-06-10").value == LOW
    assert is_open(chosen(mrd("2025-07"), relapsed="2025-06-15"))
    assert is_open(chosen(mrd("2025")))


# ---- labels --------------------------------------------------------------------------------------


def test_a_label_wins_over_the_window() -> None:
    labelled = mrd(after(70), HIGH, time_point=LABEL)
    assert chosen(mrd(after(29)), labelled).value == HIGH
    assert chosen(labelled).value == HIGH


def test_another_label_keeps_a_result_out_of_the_window() -> None:
    assert is_open(chosen(mrd(after(29), time_point="end of induction")))


def test_a_label_from_before_the_relapse_belongs_to_another_time() -> None:
    assert is_open(chosen(mrd("2021-02-20", time_point=LABEL)))


# ---- what never counts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "result",
    [
        mrd(after(29), marrow=False),
        mrd(None),
        mrd(after(0)),
        mrd("2021-02-20"),
        mrd(after(29), route=Route.TEXT),
    ],
    ids=["blood or no specimen", "undated", "at relapse", "first induction", "text"],
)
def test_no_other_result_is_the_end_of_block_1(result: MrdResult) -> None:
    assert is_open(chosen(result))
    assert cog(result) == ("low", "intermediate")


def test_a_result_known_by_its_text_only_is_told_with_its_share_and_day() -> None:
    found = chosen(mrd(after(29), route=Route.TEXT))
    assert (found.because or "").startswith(f"up to 0.05 % on {after(29)} by its text only")
    assert found.evidence == (f"Observation/{after(29)}",)


def test_an_undated_relapse_has_no_window() -> None:
    assert is_open(chosen(mrd(after(29)), relapsed=None))


def test_no_result_names_the_days_on_which_it_would_count() -> None:
    because = chosen().because or ""
    assert after(21) in because
    assert after(56) in because


@pytest.mark.parametrize(("days", "due"), [(20, False), (21, True), (100, True)])
def test_before_the_window_it_is_not_yet_due(days: int, due: bool) -> None:
    because = draw(timeline(), START + timedelta(days=days)).end_block1_mrd.because or ""
    assert because.startswith("no marrow MRD on record" if due else "not yet due (")


def test_unread_results_are_the_reason_given() -> None:
    reason = {Part.LABORATORY: "laboratory results not retrieved: too slow"}
    assert chosen(missing=reason).because == reason[Part.LABORATORY]


def test_a_result_after_the_day_of_assessment_is_not_used() -> None:
    assert is_open(draw(timeline(mrd(after(29))), START + timedelta(days=28)).end_block1_mrd)


# ---- several results -------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("label", [None, LABEL])
def test_several_results_give_the_span_of_all_of_them(order: int, label: str | None) -> None:
    """No source says which of two counts, so both do."""
    pair = [
        mrd(after(29), Interval(0.0, 1e-4), source="flow", time_point=label),
        mrd(after(30), LOW, method="pcr", source="pcr", time_point=label),
    ]
    found = chosen(*pair[::order])
    assert found.value == Interval(0.0, 5e-4)
    assert set(found.evidence) == {"Observation/flow", "Observation/pcr"}
    for word in ("2 results", "flow", "PCR"):
        assert word in (found.because or "")
    assert cog(*pair) == ("low",)


@pytest.mark.parametrize(
    ("first", "second", "span"),
    [
        (Interval(0.0, 1e-3), Interval(0.0, 1e-3, high_open=True), Interval(0.0, 1e-3)),
        (Interval(0.0, 1e-4, low_open=True), Interval(0.0, 1e-4), Interval(0.0, 1e-4)),
        (Interval(0.0, 1e-4), Interval(1e-2, 1.0, low_open=True), Interval(0.0, 1.0)),
    ],
)
def test_the_span_keeps_the_ends_that_are_possible(first: Interval, second: Interval, span: Interval) -> None:
    for pair in ((first, second), (second, first)):
        results = [mrd(after(29), value, source=str(i)) for i, value in enumerate(pair)]
        assert chosen(*results).value == span


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "pair",
    [
        (mrd(after(29), LOW, source="a"), mrd(after(29), HIGH, source="b")),
        (mrd(after(29), HIGH, source="a"), mrd(after(50), LOW, source="b")),
        (mrd(after(29), LOW, source="a"), mrd(after(29), HIGH, method="pcr", source="b")),
    ],
    ids=["one day", "two days", "two methods"],
)
def test_results_on_both_sides_of_the_threshold_leave_the_group_open(
    pair: tuple[MrdResult, MrdResult], order: int
) -> None:
    """Day 29 is the end of block 1, day 50 that of block 2; the window holds both."""
    found = chosen(*pair[::order])
    assert found.value == Interval(5e-4, 5e-3)
    assert set(found.evidence) == {"Observation/a", "Observation/b"}
    assert cog(*pair[::order]) == ("low", "intermediate")


def test_the_same_result_twice_is_no_contradiction() -> None:
    assert chosen(mrd(after(29), source="a"), mrd(after(29), source="b")).value == LOW


@pytest.mark.parametrize("value", [LOW, HIGH, Interval(0.0, 1e-6)])
def test_sequencing_alone_settles_nothing(value: Interval) -> None:
    """The threshold is made for flow and PCR (D-6)."""
    result = mrd(after(29), value, method="ngs")
    found = chosen(result)
    assert is_open(found)
    assert found.evidence == (result.source,)
    assert "sequencing" in (found.because or "")
    assert cog(result) == ("low", "intermediate")


def test_sequencing_beside_flow_does_not_count() -> None:
    flow, ngs = mrd(after(29), LOW, source="flow"), mrd(after(29), HIGH, method="ngs", source="ngs")
    assert chosen(flow, ngs) == chosen(flow)
    assert cog(flow, ngs) == ("low",)


def test_a_poor_test_that_found_nothing_settles_nothing() -> None:
    found = chosen(mrd(after(29), Interval(0.0, 1e-2)))
    assert found.value is not None
    assert found.value.at_least(1e-3) is Answer.UNKNOWN


def test_a_result_that_does_not_tell_its_specimen_is_named_and_settles_nothing() -> None:
    found = chosen(mrd(after(35), marrow=False))
    assert (found.value, found.evidence) == (None, (f"Observation/{after(35)}",))
    assert "specimen" in (found.because or "")


def test_a_result_from_blood_is_no_marrow_that_is_in_doubt() -> None:
    found = chosen(mrd(after(35), marrow=False, elsewhere=True))
    assert (found.value, found.evidence) == (None, ())
