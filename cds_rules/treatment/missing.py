"""What is missing for schemes and advice together, ranked by what it would settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from cds_rules.answer import Answer
from cds_rules.assessment import MissingFact
from cds_rules.patient.picture import RelapsePicture
from cds_rules.request import Test
from cds_rules.risk.finding import SchemeFinding
from cds_rules.treatment.advice import Weight
from cds_rules.treatment.aspect import ASPECTS, Seen, YesNo
from cds_rules.treatment.aspects.active import ACTIVE
from cds_rules.treatment.aspects.mrd import LOW_FRACTION
from cds_rules.treatment.aspects.mrd_course import latest_of, since_relapse
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.recommend import Recommendation
from cds_rules.treatment.weigh import Need


def ranked(
    of_schemes: Sequence[MissingFact],
    schemes: Iterable[SchemeFinding],
    recommendations: tuple[Recommendation, ...],
    seen: Mapping[str, Seen],
    too_late: frozenset[Test] = frozenset(),
) -> tuple[MissingFact, ...]:
    """Every missing fact once: first those that would settle most, then those that most wait for."""
    waiting, closes = _waits(recommendations)
    alone = [s.finding.open[0].fact for s in schemes if s.settles and len(s.finding.open) == 1]
    known = {m.fact: m for m in of_schemes}
    names = [*known, *(name for name in waiting if name not in known)]
    closed = Counter(closes)
    closed.update(CONTRACT_NAME[fact] for fact in alone)
    found = []
    for name in names:
        rules, m = waiting.get(name, ()), known.get(name)
        if m is None:
            found.append(_of_aspect(name, seen[name], too_late, rules, closed[name]))
        else:
            tests, settled_by = _still(m.tests, m.settled_by, too_late)
            found.append(MissingFact(m.fact, m.because, settled_by, m.schemes, tests, rules, closed[name]))
    return tuple(sorted(found, key=lambda m: (-len(m.schemes), -m.closes, -len(m.rules))))


@lru_cache(maxsize=4096)
def _waits(recommendations: tuple[Recommendation, ...]) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    """By aspect: the rules of advice that wait for it, and how many it would settle alone."""
    waiting: dict[str, list[str]] = {}
    closes: dict[str, int] = {}
    for r in recommendations:
        if r.rule.weight is not Weight.ADVICE:
            continue
        for need in r.needs:
            waiting.setdefault(need.aspect, []).append(r.rule.id)
            if len(r.needs) == 1 and _settles(need):
                closes[need.aspect] = closes.get(need.aspect, 0) + 1
    return {name: tuple(rules) for name, rules in waiting.items()}, closes


def _settles(need: Need) -> bool:
    """Would any value of it decide the rule? That an examination was done is known by looking, not by it."""
    if need.aspect.startswith("done."):
        return False
    return Answer.UNKNOWN not in [answer for _, answer in need.says]


CONTRACT_NAME = {
    "course": "course",
    "lineage": "lineage",
    "pattern": "sites",
    "from_diagnosis": "monthsFromDiagnosis",
    "after_treatment": "endOfPrimaryTreatment",
    "from_cr1": "firstRemission",
    "mrd": "endBlock1Mrd",
}
"""Facts of the schemes by the name they have in the contract, which is that of the aspect too."""


def _of_aspect(
    name: str, seen: Seen, too_late: frozenset[Test], rules: tuple[str, ...], closes: int
) -> MissingFact:
    aspect = ASPECTS[name]
    why = seen.because or "the record leaves it open"
    tests, settled_by = _still(aspect.tests, aspect.settled_by, too_late)
    return MissingFact(name, why, settled_by, (), tests, rules, closes)


def _still(tests: tuple[Test, ...], settled_by: str, past: frozenset[Test]) -> tuple[tuple[Test, ...], str]:
    """The tests that can still be done; and what would settle the fact, with why that has to wait."""
    if not past or past.isdisjoint(tests):
        return tests, settled_by
    if Test.IMMUNOPHENOTYPE in tests and Test.IMMUNOPHENOTYPE in past:
        settled_by = f"{settled_by}; in remission there are none to test, unless MRD is found"
    return tuple([test for test in tests if test not in past]), settled_by


def cannot_be_done(chart: Chart, seen: Mapping[str, Seen]) -> frozenset[Test]:
    """Tests whose time has passed, and those of blasts while there are none."""
    none = {Test.IMMUNOPHENOTYPE} if _no_blasts(chart, seen[ACTIVE.id]) else set()
    return too_late(chart.picture) | none


def _no_blasts(chart: Chart, active: Seen) -> bool:
    """In remission, and no marrow MRD since the relapse that leaves blasts to look at (project's reading).

    The fact stays open all the same: only the test is not offered while it cannot be made.
    """
    if active.possible != {YesNo.NO}:
        return False
    return all(r.fraction.high <= LOW_FRACTION for r in latest_of(since_relapse(chart)))


def too_late(picture: RelapsePicture) -> frozenset[Test]:
    """Tests whose time has passed."""
    window = picture.block1_window
    return frozenset({Test.MRD_END_BLOCK_1} if window is not None and picture.on > window[1] else ())
