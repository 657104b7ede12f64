"""Where the relapse is: recorded sites, marrow blasts and spinal fluid (D-1, D-2, D-3)."""

from datetime import date
from typing import Any

import pytest

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.draw import draw
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import (
    Diagnosis,
    DiseaseState,
    Measure,
    Measurement,
    PatientTimeline,
    Person,
    ProblemKind,
    Route,
    Site,
)

DIAGNOSIS = Diagnosis("Condition/dx", PartialDate.parse("2022-01-15"))
MARROW, CNS, TESTIS, OTHER = Site.MARROW, Site.CNS, Site.TESTIS, Site.OTHER
RELAPSED = "2025-06-15"
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


def result(measure: Measure, value: float | Interval, when: str | None, **more: Any) -> Measurement:
    interval = value if isinstance(value, Interval) else Interval.exactly(value)
    day = PartialDate.parse(when) if when else None
    return Measurement(f"Observation/{measure.name}-{when}", day, measure, interval, **more)


def marrow(blasts: float | Interval, when: str | None = RELAPSED, **more: Any) -> Measurement:
    return result(Measure.MARROW_BLASTS, blasts, when, **more)


def cells(count: float | Interval, when: str | None = RELAPSED, **more: Any) -> Measurement:
    return result(Measure.CSF_LEUKOCYTES, count, when, **more)


def csf_blasts(value: float | Interval, when: str | None = RELAPSED, **more: Any) -> Measurement:
    return result(Measure.CSF_BLASTS, value, when, **more)


SEEN, NOT_SEEN = Interval(0.0, 100.0, low_open=True), Interval.exactly(0.0)
CLEAR_TAP = (cells(0), csf_blasts(NOT_SEEN))


def picture(
    *results: Measurement,
    sites: set[Site] | None = None,
    when: str | None = RELAPSED,
    sites_told: bool = True,
    sex: str | None = None,
) -> RelapsePicture:
    relapse = Diagnosis(
        "Condition/rel",
        PartialDate.parse(when) if when else None,
        state=DiseaseState.RELAPSE,
        state_coded=True,
        sites=frozenset(sites or ()),
        sites_told=sites_told,
    )
    person = Person("Patient/p", sex=sex)
    timeline = PatientTimeline(person, diagnoses=(DIAGNOSIS, relapse), measurements=results)
    return draw(timeline, date(2026, 1, 1))


def site(
    which: Site, *results: Measurement, sites: set[Site] | None = None, when: str | None = RELAPSED
) -> Answer:
    return picture(*results, sites=sites, when=when).involved[which]


def open_because(found: RelapsePicture) -> str:
    """The sites stay open; why."""
    assert found.sites.value is None
    assert found.sites.because
    return found.sites.because


# ---- the normal form ---------------------------------------------------------------------------


def test_isolated_marrow() -> None:
    found = picture(marrow(64), *CLEAR_TAP, sites={MARROW})
    assert found.sites.value == frozenset({MARROW})
    assert dict(found.involved) == {MARROW: YES, CNS: NO, TESTIS: NO, OTHER: NO}
    assert "Observation/MARROW_BLASTS-2025-06-15" in found.sites.evidence


def test_isolated_cns() -> None:
    assert picture(marrow(2), cells(10), csf_blasts(SEEN), sites={CNS}).sites.value == frozenset({CNS})
    assert picture(marrow(2), sites={CNS}).sites.value == frozenset({CNS})


def test_isolated_testis() -> None:
    assert picture(marrow(1), *CLEAR_TAP, sites={TESTIS}).sites.value == frozenset({TESTIS})


def test_combined_when_the_marrow_reaches_five_percent() -> None:
    assert picture(marrow(5), *CLEAR_TAP, sites={TESTIS}).sites.value == frozenset({MARROW, TESTIS})
    assert picture(marrow(4.9), *CLEAR_TAP, sites={TESTIS}).sites.value == frozenset({TESTIS})


def test_without_a_relapse_no_site_is_told() -> None:
    timeline = PatientTimeline(Person("Patient/p"), diagnoses=(DIAGNOSIS,), measurements=(marrow(64),))
    found = draw(timeline, date(2026, 1, 1))
    assert set(found.involved.values()) == {UNKNOWN}
    assert open_because(found)


def test_nothing_told_and_nothing_measured_leaves_every_site_open() -> None:
    found = picture()
    assert set(found.involved.values()) == {UNKNOWN}
    assert open_because(found)


# ---- marrow (D-1, D-3) -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blasts", "answer"),
    [
        (0, NO),
        (4.9, NO),
        (Interval(0.0, 5.0, high_open=True), NO),
        (Interval(0.0, 5.0), UNKNOWN),
        (5, UNKNOWN),
        (25, UNKNOWN),
        (Interval(5.0, 100.0), UNKNOWN),
        (Interval(25.0, 100.0, low_open=True), YES),
        (25.1, YES),
        (100, YES),
    ],
)
def test_marrow_blasts_alone(blasts: float | Interval, answer: Answer) -> None:
    """5 to 25 % without a recorded site: the sources give no threshold, so it stays open."""
    assert site(MARROW, marrow(blasts)) is answer


def test_a_recorded_marrow_relapse_needs_no_count() -> None:
    assert site(MARROW, sites={MARROW}) is YES


@pytest.mark.parametrize("blasts", [5, 12, 26, 90])
def test_a_recorded_marrow_relapse_with_blasts_that_fit(blasts: float) -> None:
    assert site(MARROW, marrow(blasts), sites={MARROW}) is YES


def test_a_recorded_marrow_relapse_with_a_clear_marrow_is_a_contradiction() -> None:
    found = picture(marrow(2), sites={MARROW})
    assert found.involved[MARROW] is UNKNOWN
    assert open_because(found)
    (problem,) = [p for p in found.problems if p.kind is ProblemKind.CONFLICT]
    assert set(problem.resources) == {"Condition/rel", "Observation/MARROW_BLASTS-2025-06-15"}


@pytest.mark.parametrize(("blasts", "sites"), [(2, {MARROW}), (12, None), (Interval(0.0, 30.0), None)])
def test_a_clear_tap_does_not_settle_the_marrow(blasts: float | Interval, sites: set[Site] | None) -> None:
    """The problem says that the marrow stays open; then it must."""
    assert site(MARROW, marrow(blasts), *CLEAR_TAP, sites=sites) is UNKNOWN


@pytest.mark.parametrize(
    ("when", "counts"),
    [
        ("2025-06-01", True),
        ("2025-05-31", False),
        ("2025-06-29", True),
        ("2025-06-30", False),
        ("2025-06", False),
        ("2025", False),
        (None, False),
    ],
)
def test_only_a_marrow_within_two_weeks_tells_the_site(when: str | None, counts: bool) -> None:
    assert site(MARROW, marrow(64, when), sites={CNS}) is (YES if counts else UNKNOWN)


def test_a_marrow_known_from_text_alone_tells_nothing() -> None:
    assert site(MARROW, marrow(64, route=Route.TEXT), sites={CNS}) is UNKNOWN
    assert site(MARROW, marrow(1, route=Route.TEXT), sites={CNS}) is UNKNOWN


def test_one_high_marrow_among_clear_ones_is_involved() -> None:
    assert site(MARROW, marrow(2, "2025-06-05"), marrow(60, "2025-06-15"), sites={CNS}) is YES


def test_an_extramedullary_relapse_without_a_marrow_leaves_the_marrow_open() -> None:
    found = picture(*CLEAR_TAP, sites={TESTIS})
    assert found.involved[MARROW] is UNKNOWN
    assert "marrow" in open_because(found)


def test_an_undated_relapse_has_no_results_around_it() -> None:
    found = picture(marrow(64), *CLEAR_TAP, when=None)
    assert (found.involved[MARROW], found.involved[CNS]) == (UNKNOWN, UNKNOWN)


# ---- spinal fluid (D-2) ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tap", "answer"),
    [
        ((cells(5), csf_blasts(SEEN)), YES),
        ((cells(10), csf_blasts(30)), YES),
        ((cells(4.9), csf_blasts(SEEN)), UNKNOWN),
        ((cells(Interval(0.0, 5.0, high_open=True)), csf_blasts(SEEN)), UNKNOWN),
        ((cells(Interval(0.0, 10.0)), csf_blasts(SEEN)), UNKNOWN),
        ((csf_blasts(SEEN),), UNKNOWN),
        ((cells(0), csf_blasts(NOT_SEEN)), NO),
        ((cells(50), csf_blasts(NOT_SEEN)), NO),
        ((csf_blasts(NOT_SEEN),), NO),
        ((cells(0),), NO),
        ((cells(0.5),), UNKNOWN),
        ((cells(1),), UNKNOWN),
        ((cells(3),), UNKNOWN),
        ((cells(50),), UNKNOWN),
        ((), UNKNOWN),
    ],
)
def test_cns_by_cells_and_blasts(tap: tuple[Measurement, ...], answer: Answer) -> None:
    found = picture(marrow(64), *tap, sites={MARROW})
    assert found.involved[CNS] is answer
    if answer is UNKNOWN:
        assert open_because(found)


def test_cns2_names_the_repeat_that_would_settle_it() -> None:
    assert "repeat the lumbar puncture" in open_because(picture(marrow(64), cells(3), csf_blasts(SEEN)))


def test_a_clear_tap_does_not_undo_one_with_blasts() -> None:
    taps = (cells(10), csf_blasts(SEEN), cells(0, "2025-06-20"), csf_blasts(NOT_SEEN, "2025-06-20"))
    assert site(CNS, marrow(64), *taps) is YES


@pytest.mark.parametrize("when", ["2025-05-31", "2025-06-30", "2025-06", None])
def test_a_tap_outside_two_weeks_tells_nothing(when: str | None) -> None:
    assert site(CNS, marrow(64), cells(10, when), csf_blasts(SEEN, when), sites={MARROW}) is UNKNOWN
    assert site(CNS, marrow(64), cells(0, when), csf_blasts(NOT_SEEN, when), sites={MARROW}) is UNKNOWN


def test_a_tap_known_from_text_alone_tells_nothing() -> None:
    text = Route.TEXT
    assert site(CNS, marrow(64), cells(0, route=text), csf_blasts(NOT_SEEN, route=text)) is UNKNOWN


@pytest.mark.parametrize(
    ("red", "answer"),
    [
        (0, YES),
        (9, YES),
        (Interval(0.0, 10.0, high_open=True), YES),
        (10, UNKNOWN),
        (9000, UNKNOWN),
        (Interval(0.0, 10.0), UNKNOWN),
        (Interval(0.0, 1e7), UNKNOWN),
    ],
)
def test_a_bloody_tap_with_blasts_is_open(red: float | Interval, answer: Answer) -> None:
    tap = (cells(10), csf_blasts(SEEN), result(Measure.CSF_RED_CELLS, red, RELAPSED))
    found = picture(marrow(64), *tap, sites={MARROW})
    assert found.involved[CNS] is answer
    assert (found.sites.value is None) is (answer is UNKNOWN)
    if answer is UNKNOWN:
        assert "bloody" in open_because(found)


def test_a_bloody_tap_without_blasts_is_clear() -> None:
    bloody = result(Measure.CSF_RED_CELLS, 9000, RELAPSED)
    assert site(CNS, marrow(64), cells(3), csf_blasts(NOT_SEEN), bloody, sites={MARROW}) is NO


def test_red_cells_of_another_day_or_from_text_do_not_make_it_bloody() -> None:
    tap = (cells(10), csf_blasts(SEEN))
    for red in (
        result(Measure.CSF_RED_CELLS, 9000, "2025-05-31"),
        result(Measure.CSF_RED_CELLS, 9000, RELAPSED, route=Route.TEXT),
    ):
        assert site(CNS, marrow(64), *tap, red, sites={MARROW}) is YES


def test_a_recorded_cns_relapse_with_a_clear_tap_is_a_contradiction() -> None:
    """It may be parenchymal, or a nerve palsy: the recorded relapse stands, and it is named."""
    found = picture(marrow(2), *CLEAR_TAP, sites={CNS})
    assert found.involved[CNS] is YES
    (problem,) = found.problems
    assert problem.kind is ProblemKind.CONFLICT
    assert set(problem.resources) == {
        "Condition/rel",
        "Observation/CSF_LEUKOCYTES-2025-06-15",
        "Observation/CSF_BLASTS-2025-06-15",
    }


def test_the_tap_of_a_recorded_cns_relapse_is_in_its_evidence() -> None:
    found = picture(marrow(2), cells(10), csf_blasts(SEEN), sites={CNS})
    assert "Observation/CSF_LEUKOCYTES-2025-06-15" in found.sites.evidence


# ---- what is not recorded ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "results",
    [
        (marrow(1),),
        (marrow(1), cells(0)),
        CLEAR_TAP,
        (marrow(1), *CLEAR_TAP),
        (marrow(12), *CLEAR_TAP),
    ],
    ids=["marrow clear", "marrow clear, no cells", "tap clear", "both clear", "marrow 12 %, tap clear"],
)
def test_a_relapse_without_a_site_may_be_in_the_testis(results: tuple[Measurement, ...]) -> None:
    """A clear marrow does not make it a CNS relapse, nor a clear tap a marrow relapse."""
    found = picture(*results)
    assert found.involved[TESTIS] is UNKNOWN
    assert found.sites.value is None


def test_a_relapse_is_never_nowhere() -> None:
    assert picture(marrow(1), *CLEAR_TAP).sites.value != frozenset()


def test_recorded_sites_are_believed_to_be_all_that_were_found() -> None:
    """Testis and other sites are examined, not measured: with a site recorded, silence is a No."""
    found = picture(marrow(64), *CLEAR_TAP, sites={MARROW})
    assert (found.involved[TESTIS], found.involved[OTHER]) == (NO, NO)


def test_a_site_shown_by_marrow_or_tap_is_a_site_told() -> None:
    assert picture(marrow(64), *CLEAR_TAP).sites.value == frozenset({MARROW})
    shown = picture(marrow(1), cells(10), csf_blasts(SEEN))
    assert shown.sites.value == frozenset({CNS})


def test_a_contradiction_about_the_marrow_leaves_the_other_sites_open() -> None:
    found = picture(marrow(2), *CLEAR_TAP, sites={MARROW})
    assert dict(found.involved) == {MARROW: UNKNOWN, CNS: NO, TESTIS: UNKNOWN, OTHER: UNKNOWN}


def test_a_recorded_site_that_is_not_recognised_leaves_the_others_open() -> None:
    """It may be the testis in another code system."""
    found = picture(marrow(64), *CLEAR_TAP, sites={MARROW}, sites_told=False)
    assert dict(found.involved) == {MARROW: YES, CNS: NO, TESTIS: UNKNOWN, OTHER: UNKNOWN}
    assert "not recognised" in open_because(found)


def test_the_evidence_does_not_depend_on_the_order_of_the_marrows() -> None:
    looks = (marrow(60, "2025-06-12"), marrow(64, "2025-06-15"))
    assert picture(*looks, sites={MARROW}).sites == picture(*looks[::-1], sites={MARROW}).sites


def test_the_evidence_does_not_depend_on_the_order_of_the_taps() -> None:
    taps = (csf_blasts(SEEN, "2025-06-12"), csf_blasts(SEEN, "2025-06-15"))
    assert picture(*taps, sites={CNS}).sites == picture(*taps[::-1], sites={CNS}).sites


@pytest.mark.parametrize(
    ("sex", "sites", "answer"),
    [
        ("female", set(), NO),
        ("male", set(), UNKNOWN),
        ("other", set(), UNKNOWN),
        (None, set(), UNKNOWN),
        ("female", {TESTIS}, YES),
    ],
)
def test_the_testes_of_a_girl_are_no_open_question_unless_the_record_names_them(
    sex: str | None, sites: set[Site], answer: Answer
) -> None:
    assert picture(sites=sites, sex=sex).involved[TESTIS] is answer
