"""Laws of the risk schemes, against a second reading of the sources written as plain functions."""

import re
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_rules.citation import CitationError, Cite, library
from cds_rules.patient.timeline import Lineage
from cds_rules.risk import SCHEME_BY_ID, SCHEMES
from cds_rules.risk.case import (
    AfterTreatment,
    Course,
    FromCr1,
    FromDiagnosis,
    MrdBand,
    Pattern,
    RiskCase,
    RiskFacts,
    Timing,
)
from cds_rules.risk.decide import decide
from cds_rules.risk.questions import t_lineage
from cds_rules.rule import Rule, RuleError, Scheme

LINEAGES = (Lineage.B, Lineage.T)
TIMINGS = [Timing(*t) for t in product(FromDiagnosis, AfterTreatment, FromCr1)]
CASES = [
    RiskCase(course, lineage, pattern, *timing, mrd)
    for course, lineage, pattern, timing, mrd in product(Course, LINEAGES, Pattern, TIMINGS, MrdBand)
]
EACH_SCHEME = pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.id)


# ---- the second reading: no table, no named questions, straight from the sources ---------------


def _marrow(case: RiskCase) -> bool:
    return case.pattern in (Pattern.MARROW, Pattern.COMBINED)


def cog_aall1331(case: RiskCase) -> str | None:
    """HR2020 table 1; late is >=18 months outside the marrow, >=36 with marrow."""
    if case.course is not Course.FIRST:
        return None
    if case.lineage is Lineage.T:
        return "high"
    if case.from_diagnosis is FromDiagnosis.BEFORE_18:
        return "high"
    if case.from_diagnosis is FromDiagnosis.BEFORE_36 and _marrow(case):
        return "high"
    return "intermediate" if case.mrd is MrdBand.FROM else "low"


def cog_pdq2014(case: RiskCase) -> str | None:
    """PDQ2014 table 4, row by row; exactly 36 months is in the row 18-36."""
    if case.course is not Course.FIRST:
        return None
    if case.lineage is Lineage.T:
        return "high"
    if case.pattern is Pattern.OTHER:
        return None
    if case.from_diagnosis is FromDiagnosis.BEFORE_18:
        return "high" if _marrow(case) else "intermediate"
    if case.from_diagnosis is FromDiagnosis.AFTER_36:
        return "intermediate" if _marrow(case) else "low"
    return "high" if _marrow(case) else "low"


def _time(case: RiskCase, late: bool) -> str:
    if case.from_diagnosis is FromDiagnosis.BEFORE_18:
        return "very early"
    return "late" if late else "early"


def _bfm(case: RiskCase, late: bool) -> str | None:
    """LOC2012 table 1, group by group from S4 down."""
    time = _time(case, late)
    if case.course is not Course.FIRST:
        return None
    if _marrow(case) and (case.lineage is Lineage.T or time == "very early"):
        return "S4"
    if case.pattern is Pattern.MARROW and time == "early":
        return "S3"
    if not _marrow(case) and time == "late":
        return "S1"
    return "S2"


def bfm_s(case: RiskCase) -> str | None:
    """Late from the end of primary treatment (table)."""
    return _bfm(case, case.after_treatment is AfterTreatment.FROM_6)


def bfm_s_text(case: RiskCase) -> str | None:
    """Late from first remission (text)."""
    return _bfm(case, case.from_cr1 is FromCr1.FROM_30)


def uk_r3(case: RiskCase) -> str | None:
    """HR2020 table 1, United Kingdom."""
    time = _time(case, case.after_treatment is AfterTreatment.FROM_6)
    if case.course is not Course.FIRST:
        return None
    if time == "very early" or (case.lineage is Lineage.T and _marrow(case)):
        return "high"
    if case.pattern is Pattern.MARROW:
        return "high" if time == "early" else "intermediate"
    if case.pattern is Pattern.COMBINED or time == "early":
        return "intermediate"
    return "standard"


SECOND_READING: dict[str, Callable[[RiskCase], str | None]] = {
    "COG-AALL1331": cog_aall1331,
    "COG-PDQ2014": cog_pdq2014,
    "BFM-S": bfm_s,
    "BFM-S-TEXT": bfm_s_text,
    "UK-R3": uk_r3,
}


# ---- sets of facts -----------------------------------------------------------------------------


def _one(case: RiskCase) -> RiskFacts:
    course, lineage, pattern, diagnosis, treatment, cr1, mrd = case
    timing = frozenset({Timing(diagnosis, treatment, cr1)})
    return RiskFacts(
        frozenset({course}), frozenset({lineage}), frozenset({pattern}), timing, frozenset({mrd})
    )


FACTS = st.builds(
    RiskFacts,
    course=st.frozensets(st.sampled_from(Course), min_size=1),
    lineage=st.frozensets(st.sampled_from(LINEAGES), min_size=1),
    pattern=st.frozensets(st.sampled_from(Pattern), min_size=1),
    timing=st.frozensets(st.sampled_from(TIMINGS), min_size=1),
    mrd=st.frozensets(st.sampled_from(MrdBand), min_size=1),
)


def _values(facts: RiskFacts, name: str) -> set[str]:
    if name in Timing._fields:
        return {str(getattr(t, name)) for t in facts.timing}
    return {str(v) for v in getattr(facts, name)}


def _fixed(facts: RiskFacts, name: str, value: str) -> RiskFacts:
    """The same with one fact settled; a clock takes the other clocks that go with it."""
    parts = {part: getattr(facts, part) for part in ("course", "lineage", "pattern", "timing", "mrd")}
    if name in Timing._fields:
        parts["timing"] = frozenset(t for t in facts.timing if str(getattr(t, name)) == value)
    else:
        parts[name] = frozenset(v for v in parts[name] if str(v) == value)
    return RiskFacts(**parts)


def _groups(scheme: Scheme[RiskCase], facts: RiskFacts) -> set[str | None]:
    return set(decide(scheme, facts).possible)


def test_every_scheme_has_a_second_reading() -> None:
    assert set(SECOND_READING) == set(SCHEME_BY_ID)


# ---- complete cases, all of them ---------------------------------------------------------------


@EACH_SCHEME
def test_every_complete_case_is_decided_as_in_the_second_reading(scheme: Scheme[RiskCase]) -> None:
    for case in CASES:
        finding = decide(scheme, _one(case))
        assert finding.possible == (SECOND_READING[scheme.id](case),), case
        assert finding.rule is not None
        assert finding.open == ()


@EACH_SCHEME
def test_every_rule_decides_some_case(scheme: Scheme[RiskCase]) -> None:
    assert {scheme.decide(case).id for case in CASES} == {rule.id for rule in scheme.rules}


@EACH_SCHEME
def test_a_scheme_looks_at_the_facts_that_it_names_and_at_no_other(scheme: Scheme[RiskCase]) -> None:
    by_read: dict[tuple[str, ...], set[str]] = {}
    for case in CASES:
        read = tuple(str(getattr(case, name)) for name in scheme.reads)
        by_read.setdefault(read, set()).add(scheme.decide(case).id)
    assert all(len(rules) == 1 for rules in by_read.values())
    for name in scheme.reads:
        place = RiskCase._fields.index(name)
        pairs: dict[tuple[str, ...], set[str | None]] = {}
        for case in CASES:
            pairs.setdefault(case[:place] + case[place + 1 :], set()).add(scheme.decide(case).then)
        assert any(len(groups) > 1 for groups in pairs.values()), name


# ---- incomplete facts --------------------------------------------------------------------------


@EACH_SCHEME
@settings(max_examples=120, deadline=None)
@given(facts=FACTS)
def test_the_groups_left_are_those_of_the_complete_cases_left(
    scheme: Scheme[RiskCase], facts: RiskFacts
) -> None:
    finding = decide(scheme, facts)
    left = {SECOND_READING[scheme.id](case) for case in facts.cases()}
    assert set(finding.possible) == left
    assert len(finding.possible) == len(left)
    assert set(finding.rules) == {scheme.decide(case).id for case in facts.cases()}
    assert finding.applies is ({None} != left if len({g is None for g in left}) == 1 else None)


@EACH_SCHEME
@settings(max_examples=120, deadline=None)
@given(known=FACTS, less=FACTS)
def test_learning_more_never_contradicts(scheme: Scheme[RiskCase], known: RiskFacts, less: RiskFacts) -> None:
    names = ("course", "lineage", "pattern", "timing", "mrd")
    wider = RiskFacts(**{name: getattr(known, name) | getattr(less, name) for name in names})
    assert _groups(scheme, known) <= _groups(scheme, wider)


@EACH_SCHEME
@settings(max_examples=120, deadline=None)
@given(facts=FACTS)
def test_open_facts_are_those_that_can_change_the_answer(scheme: Scheme[RiskCase], facts: RiskFacts) -> None:
    finding = decide(scheme, facts)
    listed = {item.fact: dict(item.settles) for item in finding.open}
    assert set(listed) <= set(scheme.reads)
    for name in scheme.reads:
        after = {v: _groups(scheme, _fixed(facts, name, v)) for v in _values(facts, name)}
        if name in listed:
            assert {v: set(groups) for v, groups in listed[name].items()} == after
        else:
            assert all(groups == set(finding.possible) for groups in after.values()), name
    assert bool(listed) is (len(finding.possible) > 1)


@EACH_SCHEME
@settings(max_examples=60, deadline=None)
@given(facts=FACTS, other=FACTS)
def test_what_a_scheme_does_not_read_changes_nothing(
    scheme: Scheme[RiskCase], facts: RiskFacts, other: RiskFacts
) -> None:
    parts = {part: getattr(facts, part) for part in ("course", "lineage", "pattern", "mrd")}
    if "mrd" not in scheme.reads:
        parts["mrd"] = other.mrd
    unread = [name for name in Timing._fields if name not in scheme.reads]
    timing = frozenset(
        here._replace(**{name: getattr(there, name) for name in unread})
        for here, there in product(facts.timing, other.timing)
    )
    assert decide(scheme, RiskFacts(timing=timing, **parts)) == decide(scheme, facts)


@EACH_SCHEME
@settings(max_examples=60, deadline=None)
@given(facts=FACTS)
def test_a_fact_that_decides_between_two_cases_alike_in_all_else_is_open(
    scheme: Scheme[RiskCase], facts: RiskFacts
) -> None:
    listed = {item.fact for item in decide(scheme, facts).open}
    for name in scheme.reads:
        others: dict[tuple[str, ...], set[str | None]] = {}
        for case in facts.cases():
            rest = tuple(str(getattr(case, n)) for n in scheme.reads if n != name)
            others.setdefault(rest, set()).add(SECOND_READING[scheme.id](case))
        assert name in listed or all(len(groups) == 1 for groups in others.values()), name


@EACH_SCHEME
@settings(max_examples=60, deadline=None)
@given(facts=FACTS)
def test_a_fact_that_cannot_change_the_answer_is_not_open(scheme: Scheme[RiskCase], facts: RiskFacts) -> None:
    for item in decide(scheme, facts).open:
        others: dict[tuple[str, ...], set[str | None]] = {}
        by_value: dict[str, set[str | None]] = {}
        for case in facts.cases():
            rest = tuple(str(getattr(case, n)) for n in scheme.reads if n != item.fact)
            group = SECOND_READING[scheme.id](case)
            others.setdefault(rest, set()).add(group)
            by_value.setdefault(str(getattr(case, item.fact)), set()).add(group)
        assert len(by_value) > 1, item.fact
        alone = any(len(groups) > 1 for groups in others.values())
        assert alone or len({frozenset(groups) for groups in by_value.values()}) > 1, item.fact


# ---- citations ---------------------------------------------------------------------------------

RULES = [(scheme, rule) for scheme in SCHEMES for rule in scheme.rules]


@pytest.mark.parametrize(("scheme", "rule"), RULES, ids=[rule.id for _, rule in RULES])
def test_every_rule_names_a_place_in_a_source_of_the_library(
    scheme: Scheme[RiskCase], rule: Rule[RiskCase]
) -> None:
    assert rule.cites
    for cite in rule.cites:
        assert cite.key in library()
        assert cite.source.short in str(cite)
        place = re.fullmatch(r"(\d{3}):(\d+)(?:-(\d+))?", cite.lines)
        assert place is not None
        assert place[1] == cite.source.file
        assert place[3] is None or int(place[2]) < int(place[3])


def test_no_two_schemes_share_a_rule_id() -> None:
    ids = [rule.id for _, rule in RULES]
    assert len(ids) == len(set(ids))


def test_a_rule_without_a_source_is_refused() -> None:
    with pytest.raises(RuleError, match="names no source"):
        Rule("X-1", t_lineage, "high", ())


def test_a_source_that_the_library_does_not_hold_is_refused() -> None:
    with pytest.raises(CitationError, match="has no source"):
        Cite("NOBODY1999", "table 1", "000:1")
