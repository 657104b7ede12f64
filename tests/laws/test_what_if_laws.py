"""A supposition says what the same rules say: no more and nothing else, for every fixture."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from cds_rules import Assessment
from cds_rules.treatment.missing import CONTRACT_NAME
from cds_rules.what_if import OpenFact, SuppositionError, open_facts, suppose
from tests.journeys.regenerate import PATIENTS as PATIENT_FOLDERS
from tests.journeys.regenerate import assessed as assessment_of

FOLDERS = {folder.name: folder for folder in PATIENT_FOLDERS}
PATIENTS = sorted(FOLDERS)
MOST = 12
"""Open facts tried for one patient: the chart that is a bare problem list has some fifty."""


@cache
def assessed(patient: str) -> Assessment:
    return assessment_of(FOLDERS[patient])


def tried(patient: str) -> tuple[OpenFact, ...]:
    return open_facts(assessed(patient))[:MOST]


def groups(a: Assessment) -> dict[str, set[str | None]]:
    return {s.id: set(s.finding.possible) for s in a.schemes}


BANDS = {"<0.1 %": ("<0.01 %", "0.01 % to <0.1 %"), ">=0.1 %": (">=0.1 %",)}
"""Advice divides end-of-block-1 MRD finer than the schemes do."""


@pytest.mark.parametrize("patient", PATIENTS)
def test_a_supposed_value_gives_the_groups_that_the_scheme_had_announced_for_it(patient: str) -> None:
    before = assessed(patient)
    for scheme in before.schemes:
        for item in scheme.finding.open if scheme.settles else ():
            name = CONTRACT_NAME[item.fact]
            values = next(f.values for f in open_facts(before) if f.fact == name)
            for announced, possible in item.settles:
                for value in BANDS[announced] if name == "endBlock1Mrd" else (announced,):
                    if value in values:
                        assert groups(suppose(before, {name: value}))[scheme.id] == set(possible)


@pytest.mark.parametrize("patient", PATIENTS)
def test_all_values_of_a_fact_together_give_what_was_said_without_one(patient: str) -> None:
    before = assessed(patient)
    for fact in tried(patient):
        found = [groups(suppose(before, {fact.fact: value})) for value in fact.values]
        together = {s.id: set().union(*(g[s.id] for g in found)) for s in before.schemes}
        assert together == groups(before), fact.fact


@pytest.mark.parametrize("patient", PATIENTS)
def test_a_supposition_never_takes_back_what_was_certain(patient: str) -> None:
    before = assessed(patient)
    certain = {r.rule.id for r in before.recommendations if r.applies}
    allowed = {r.rule.id for r in before.recommendations}
    for fact in tried(patient):
        for value in fact.values:
            after = suppose(before, {fact.fact: value})
            assert certain <= {r.rule.id for r in after.recommendations if r.applies}, (fact.fact, value)
            assert {r.rule.id for r in after.recommendations} <= allowed, (fact.fact, value)
            assert fact.fact not in {m.fact for m in after.missing}


@pytest.mark.parametrize("patient", PATIENTS)
def test_two_suppositions_say_no_more_than_either_alone_allows(patient: str) -> None:
    before = assessed(patient)
    for one, other in pairwise(tried(patient)[:6]):
        try:
            both = groups(suppose(before, {one.fact: one.values[0], other.fact: other.values[-1]}))
        except SuppositionError:
            continue  # times that exclude each other
        for alone in ({one.fact: one.values[0]}, {other.fact: other.values[-1]}):
            wider = groups(suppose(before, alone))
            assert all(both[scheme] <= wider[scheme] for scheme in both), (one.fact, other.fact)


def test_what_is_not_open_cannot_be_supposed() -> None:
    before = assessed("hr2020-p1-24-months")
    for values in ({"lineage": "T"}, {"nothing of the kind": "yes"}, {"transplantBeforeRelapse": "yes"}):
        with pytest.raises(SuppositionError):
            suppose(before, values)
    with pytest.raises(SuppositionError):
        suppose(assessed("child-aml"), {})


def test_the_fixtures_do_leave_facts_open() -> None:
    assert sum(len(tried(patient)) for patient in PATIENTS) > 100
