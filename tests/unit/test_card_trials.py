"""The card of trials: only what a registry said of late, at most three, best first, each with its date."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from cds_rules import Assessment, assess
from cds_rules.patient.place import Place
from cds_rules.request import Test as Request
from cds_rules.trials.catalogue import TRIALS
from cds_rules.trials.match import TrialSet
from cds_rules.trials.registered import with_records
from cds_rules.trials.study import DEMONSTRATION, RegistryStatus, Site, Study
from service.cards import MAX_CARDS, cards_for
from service.cards.build import Pages
from service.cards.trials import trials_card
from service.wire.response import MAX_SUMMARY, Card
from tests.journeys.regenerate import FIXTURES, PATIENTS, bundle_of, chart_day, timeline_from
from tests.unit.made_up_trials import STUDY

PAGES = Pages("https://cds.example")
CHART = FIXTURES / "patients" / "hr2020-p1-after-car-t"
"""Third relapse of B-ALL after CAR-T: CD19-negative, CD22-positive, 15 years old."""
ON = chart_day(CHART)
FITS = replace(
    STUDY, checked_on=ON - timedelta(days=3), criteria="Inclusion Criteria:\n* CD22 expression\n* Consent"
)


def assessed(*studies: Study, on: date = ON, place: Place | None = None, days: int = 30) -> Assessment:
    timeline = timeline_from(bundle_of(CHART))
    timeline = replace(timeline, person=replace(timeline.person, place=place))
    trials = TrialSet(with_records(TRIALS, {s.nct_id: s for s in studies}), max_status_age_days=days)
    return assess(timeline, on, trial_set=trials)


def card(*studies: Study, on: date = ON, place: Place | None = None) -> Card | None:
    return trials_card(assessed(*studies, on=on, place=place), PAGES)


def detail(*studies: Study, on: date = ON, place: Place | None = None) -> str:
    found = card(*studies, on=on, place=place)
    assert found is not None
    return found.detail


def named(number: int, **changed: object) -> Study:
    return replace(FITS, nct_id=f"NCT9000000{number}", **changed)  # type: ignore[arg-type]


def test_an_open_trial_is_told_with_status_date_link_and_what_is_met_and_open() -> None:
    found = card(FITS)
    assert found is not None
    assert (
        found.summary == f"1 open trial may fit (checked {FITS.checked_on}): NCT90000001, Made-up CD22 cells"
    )
    text = found.detail
    assert "[NCT90000001](https://clinicaltrials.gov/study/NCT90000001)" in text
    assert f"recruiting when checked on {FITS.checked_on} (ClinicalTrials.gov)" in text
    assert "possible" in text
    assert "CD22 expression" in text
    assert "For the trial team: 1 more criterion" in text
    assert (found.source.label, found.indicator) == ("ClinicalTrials.gov", "info")
    assert found.source.topic is not None
    assert found.source.topic.code == "trials"


def test_it_suggests_a_referral_to_the_trial_team_once_among_all_cards() -> None:
    found = card(FITS)
    assert found is not None
    (suggestion,) = found.suggestions or ()
    (action,) = suggestion.actions or ()
    assert action.resource is not None
    assert action.resource["resourceType"] == "ServiceRequest"
    assert (action.resource["status"], action.resource["intent"]) == ("draft", "proposal")
    labels = [s.label for c in cards_for(assessed(FITS), PAGES) for s in c.suggestions or ()]
    assert labels.count(f"Request {Request.TRIAL_REFERRAL.value}") == 1


@pytest.mark.parametrize("status", [s for s in RegistryStatus if not s.takes_patients])
def test_a_trial_that_takes_no_patients_is_on_no_card(status: RegistryStatus) -> None:
    assert card(replace(FITS, status=status)) is None


@pytest.mark.parametrize("days", [31, 400, -2])
def test_a_status_that_is_not_of_these_days_is_on_no_card(days: int) -> None:
    assert card(replace(FITS, checked_on=ON - timedelta(days=days))) is None


def test_the_days_for_which_a_status_counts_are_a_setting() -> None:
    week = replace(FITS, checked_on=ON - timedelta(days=8))
    assert trials_card(assessed(week, days=7), PAGES) is None
    assert trials_card(assessed(week, days=8), PAGES) is not None


def test_without_a_registry_there_is_no_card_and_no_trial_of_a_source_is_ever_open() -> None:
    assert trials_card(assess(timeline_from(bundle_of(CHART)), ON), PAGES) is None
    assert card() is None


def test_a_trial_that_excludes_the_patient_is_on_no_card() -> None:
    assert card(replace(FITS, criteria="Inclusion Criteria:\n* CD19 expression")) is None
    assert card(replace(FITS, conditions=("T-cell Acute Lymphoblastic Leukemia",))) is None


def test_a_survey_is_left_to_the_page() -> None:
    assert card(replace(FITS, study_type="OBSERVATIONAL")) is None
    assert card(replace(FITS, study_type="EXPANDED_ACCESS", status=RegistryStatus.AVAILABLE)) is not None


def test_at_most_three_are_shown_those_with_the_fewest_unknown_first() -> None:
    texts = ["* Consent\n" * n for n in (4, 1, 3, 2)]
    studies = [
        named(n, criteria=f"Inclusion Criteria:\n* CD22 expression\n{t}") for n, t in enumerate(texts, 1)
    ]
    text = detail(*studies)
    order = [name for name in ("NCT90000002", "NCT90000004", "NCT90000003") if name in text]
    assert len(order) == 3
    assert text.index(order[0]) < text.index(order[1]) < text.index(order[2])
    assert "NCT90000001" not in text
    assert "1 more may fit and take patients." in text


def test_of_trials_alike_the_nearest_comes_first_with_its_distance() -> None:
    far = named(1, sites=(Site("Far", "Chicago", "Illinois", "60611", "United States"),))
    near = named(
        2, sites=(*far.sites, Site("Near", "Philadelphia", "Pennsylvania", "19104", "United States"))
    )
    text = detail(far, near, place=Place("US", "NY", "10001"))
    assert text.index("NCT90000002") < text.index("NCT90000001")
    assert "site: Near, Philadelphia, Pennsylvania, United States, 1" in text
    assert "miles)" in text
    assert "10001" not in text


def test_demonstration_data_say_so_first_and_link_to_no_registry() -> None:
    found = card(replace(FITS, source=DEMONSTRATION))
    assert found is not None
    assert found.summary.startswith("Demonstration: ")
    assert found.detail.startswith("**Demonstration data, made up: no registry says this.**")
    assert found.source.label == "Demonstration data"
    assert "clinicaltrials.gov" not in found.detail + str(found.source.url)


def test_a_dismissed_card_is_known_again_the_day_after_unless_there_is_something_new() -> None:
    def uuid(*studies: Study, on: date = ON) -> str:
        found = card(*studies, on=on)
        assert found is not None
        return str(found.uuid)

    day = timedelta(days=1)
    assert uuid(FITS) == uuid(replace(FITS, checked_on=FITS.checked_on + day), on=ON + day)
    assert uuid(FITS) != uuid(FITS, named(2))
    assert uuid(FITS) != uuid(replace(FITS, criteria="Inclusion Criteria:\n* CD22 expression"))


def test_text_of_a_registry_is_literal_and_a_long_title_is_cut() -> None:
    odd = replace(FITS, title="A *trial* [x](https://evil.example) <b> " + "long " * 60)
    found = card(odd)
    assert found is not None
    assert len(found.summary) <= MAX_SUMMARY
    assert "\\[x\\](https://evil.example)" in found.detail
    assert "\\<b\\>" in found.detail


@pytest.mark.parametrize("folder", PATIENTS, ids=lambda p: p.name)
def test_every_chart_has_at_most_five_cards_with_trials_too(folder: object) -> None:
    name = str(getattr(folder, "name", ""))
    chart = FIXTURES / "patients" / name
    on = chart_day(chart)
    trials = TrialSet(with_records(TRIALS, {FITS.nct_id: replace(FITS, criteria="", checked_on=on)}))
    found = assess(timeline_from(bundle_of(chart)), on, trial_set=trials)
    cards = cards_for(found, PAGES)
    assert len(cards) <= MAX_CARDS
    shown = any(c.source.topic is not None and c.source.topic.code == "trials" for c in cards)
    assert shown is bool(found.open_trials)
    if found.applies is False:
        assert cards == ()


def test_after_cd19_is_lost_the_authors_cd22_trials_are_on_the_card_once_a_registry_calls_them_open() -> None:
    """HR2020, patient 1: the authors name three trials of CD22 CAR-T, and two that need CD19 as well."""
    cd22 = ("NCT02315612", "NCT04088864", "NCT02650414")
    dual = ("NCT03448393", "NCT03241940")
    text = detail(*(replace(FITS, nct_id=name, criteria="") for name in (*cd22, *dual)))
    for name in cd22:
        assert f"[{name}](https://clinicaltrials.gov/study/{name})" in text
    for name in dual:
        assert name not in text
    assert "CD22-positive" in text
