"""The catalogue: every trial that the sources name is in it; a broken file is refused with its fault."""

import re

import pytest

from cds_rules.rulebook.write_trials import anchor, trials_page
from cds_rules.trials.catalogue import FOR_RELAPSE, STATUSES, TRIALS, read_all, read_trial
from cds_rules.trials.criteria import AGE_IN_RANGE, QUESTIONS
from cds_rules.trials.trial import ENDED, Tier, Trial, TrialError, TrialStatus

REGISTERED = """
    NCT00114348 NCT00381680 NCT00873093 NCT00967057 NCT00981799 NCT01222780 NCT01403415 NCT01471782
    NCT01523977 NCT01593696 NCT01614197 NCT01626495 NCT02028455 NCT02101853 NCT02303821 NCT02315612
    NCT02374333 NCT02435849 NCT02443831 NCT02614066 NCT02625480 NCT02650414 NCT02670525 NCT02879643
    NCT02981628 NCT03181126 NCT03236857 NCT03241940 NCT03328104 NCT03384654 NCT03448393 NCT03515200
    NCT03740334 NCT03792256 NCT03792633 NCT03817320 NCT03876769 NCT03888534 NCT04029688 NCT04088864
    NCT04276870 NCT05621291
"""
NAMED = {
    "AALL00P2",
    "AALL02P2",
    "ALL-REZ BFM 87",
    "ALL-REZ BFM 90",
    "CCG-1941",
    "CHOP N=70",
    "ENSIGN",
    "FRALLE 93",
    "GMALL",
    "Lu Daopei N=110",
    "POG (ref 50)",
    "POG (ref 51)",
    "POG asparaginase (ref 42)",
    "TACL bortezomib",
    "Tisagenlecleucel managed access",
    "UKALL12/ECOG2993",
}
NOT_FOR_RELAPSE = {"NCT03876769", "AALL00P2", "FRALLE 93", "UKALL12/ECOG2993", "GMALL"}
EACH = pytest.mark.parametrize("trial", TRIALS.values(), ids=lambda t: t.id)

GOOD = """
id = "NCT00000001"
tier = "registry"
title = "A trial"
says = "What is said of it."
phase = "1/2"
ages = { from = 1, to = 18 }
status = { status = "ongoing", on = 2020, by = "HR2020" }
criteria = [
    { text = "1 to 18 years old", role = "inclusion", question = "age-in-range" },
    { text = "Pregnancy", role = "exclusion" },
]
citations = [{ key = "HR2020", where = "table 3", lines = "000:178" }]
"""


def test_every_trial_that_the_sources_name_is_there() -> None:
    registry = {*REGISTERED.split(), "EudraCT 2016-000227-71"}
    assert {t.id for t in TRIALS.values() if t.tier is Tier.REGISTRY} == registry
    assert {t.id for t in TRIALS.values() if t.tier is Tier.NAMED} == NAMED


def test_first_line_trials_are_listed_and_never_matched() -> None:
    assert {t.id for t in TRIALS.values()} - {t.id for t in FOR_RELAPSE} == NOT_FOR_RELAPSE


def test_a_trial_that_stands_as_completed_and_as_ongoing_has_no_known_status() -> None:
    status = TRIALS["NCT02315612"].status
    assert status is not None
    assert status.status == "unknown"
    assert not status.ended


@EACH
def test_every_citation_names_lines_of_its_source(trial: Trial) -> None:
    for cite in trial.cites:
        lines = rf"{cite.source.file}:\d+(-\d+)?"
        assert re.fullmatch(rf"{lines}(, {lines})*", cite.lines)


@EACH
def test_a_status_has_the_year_of_the_source_that_gives_it(trial: Trial) -> None:
    assert trial.status is not None
    assert trial.status.by in {cite.key for cite in trial.cites}
    assert trial.status.from_source
    assert str(trial.status).endswith(f", {trial.status.on.year} ({trial.status.by})")


@EACH
def test_a_target_on_the_blasts_that_the_population_names_is_asked_for(trial: Trial) -> None:
    asked = {c.question for c in trial.criteria}
    for antigen in ("CD19", "CD22"):
        if re.search(rf"{antigen}[^;]*positive", trial.population) and trial.for_relapse:
            assert antigen.lower() in asked
    if "B-ALL" in trial.population and "T-ALL" not in trial.population and trial.for_relapse:
        assert "b-lineage" in asked
    if "relapsed T-ALL" in trial.population:
        assert "t-lineage" in asked


@pytest.mark.parametrize(
    "word", ["COMPLETED", "withdrawn", "Terminated", "active, not recruiting", "NO_LONGER_AVAILABLE"]
)
def test_an_ended_trial_is_known_however_it_is_written(word: str) -> None:
    found = read_trial(GOOD, "x.toml").status
    assert found is not None
    assert TrialStatus(word, found.on, "registry").ended
    assert not TrialStatus("ACTIVE_NOT_RECRUITING", found.on, "registry").from_source
    assert not TrialStatus("RECRUITING", found.on, "registry").ended
    assert ENDED <= STATUSES


def test_a_good_file_is_read_whole() -> None:
    trial = read_trial(GOOD, "x.toml")
    assert trial.ages == (1, 18)
    assert [c.question for c in trial.criteria] == [AGE_IN_RANGE, None]
    assert trial.for_relapse
    assert str(trial.status) == "ongoing, 2020 (HR2020)"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"registry"', '"rumor"', "no such tier: 'rumor'"),
        ("NCT00000001", "NCT0152397781", "'NCT0152397781' is no registry identifier"),
        ('id = "NCT00000001"', "", "missing: id"),
        ('title = "A trial"', 'title = " "', "title is empty"),
        ('title = "A trial"', "title = 7", "title has a value of the wrong kind"),
        ('phase = "1/2"', 'phase = "5"', "no such phase: '5'"),
        ('phase = "1/2"', 'color = "red"', "no such key: color"),
        ('phase = "1/2"', "agents = [1]", "agents holds something that is no text"),
        ("from = 1, to = 18", "from = 18, to = 1", "ages are reversed: from 18 to 1"),
        ("from = 1, to = 18", "from = -1", "an age is not within 0 to 120 years"),
        ("from = 1, to = 18", "from = true", "from has a value of the wrong kind"),
        ("ages = { from = 1, to = 18 }", "", "ages and a criterion with the question 'age-in-range'"),
        ('question = "age-in-range"', 'question = "cd19"', "ages and a criterion with the question"),
        ('question = "age-in-range"', 'question = "rich"', "no such question: 'rich'"),
        ('"exclusion"', '"hope"', "no such role: 'hope'"),
        ('{ text = "Pregnancy", role = "exclusion" }', '"Pregnancy"', "a table is expected"),
        ('[{ key = "HR2020", where = "table 3", lines = "000:178" }]', "[]", "no citation"),
        ('key = "HR2020"', 'key = "XX1999"', "citations.toml has no source 'XX1999'"),
        ('lines = "000:178"', 'lines = ""', "a citation of HR2020 names no place in it"),
        ('status = "ongoing"', 'status = "recruiting"', "no such status: 'recruiting'"),
        ('by = "HR2020"', 'by = "hearsay"', "the status is by no source: 'hearsay'"),
        ("on = 2020", "on = 0", "year 0 is out of range"),
        ("criteria = [", "criteria = [] # [", "not TOML"),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_fault(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    with pytest.raises(TrialError) as raised:
        read_trial(GOOD.replace(old, new), "x.toml")
    assert str(raised.value).startswith("x.toml: ")
    assert fault in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_trial_for_relapse_needs_a_criterion_and_another_does_not() -> None:
    head, _, rest = GOOD.partition("criteria = [")
    bare = head.replace("ages = { from = 1, to = 18 }", "") + "criteria = []\n" + rest.partition("]\n")[2]
    with pytest.raises(TrialError, match=r"^x\.toml: a trial for relapse has no criterion$"):
        read_trial(bare, "x.toml")
    assert read_trial("for_relapse = false\n" + bare, "x.toml").criteria == ()


def test_two_files_of_one_id_are_refused() -> None:
    with pytest.raises(TrialError, match=r"^b\.toml: another file has the id 'NCT00000001' too$"):
        read_all([("a.toml", GOOD), ("b.toml", GOOD)])


def test_most_questions_are_asked_by_a_trial_and_the_others_are_for_registry_records() -> None:
    asked = {c.question for t in TRIALS.values() for c in t.criteria}
    assert set(QUESTIONS) - asked == {
        "relapsed",
        "isolated-extramedullary",
        "marrow-involved",
        "cns-involved",
        "cns3",
        "refractory",
        "prior-transplant",
        "cd22-after-cd19-loss",
        "ph-positive",
    }


def test_the_page_of_the_rule_book_has_every_trial_and_every_question_at_its_anchor() -> None:
    page = trials_page()
    for trial in TRIALS.values():
        assert f'<a id="{anchor(trial.id)}"></a>{trial.id}: ' in page
        assert f"- Last known status: {trial.status}\n" in page
    links = set(re.findall(r"\]\(#([a-z0-9-]+)\)", page))
    assert links == {c.question for t in TRIALS.values() for c in t.criteria} - {None}
    assert all(f'<a id="{link}"></a>' in page for link in links)
    assert len({anchor(trial) for trial in TRIALS}) == len(TRIALS)


def test_the_part_of_the_page_on_trials_never_matched_holds_them_only() -> None:
    listed = trials_page().partition("## Listed, never matched")[2].partition("## Questions")[0]
    assert set(re.findall(r"### <a id=\"[^\"]+\"></a>([^:]+):", listed)) == NOT_FOR_RELAPSE
