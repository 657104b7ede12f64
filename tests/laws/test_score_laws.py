"""Laws of the scores: an open input widens the answer, and what is learnt stays within it."""

from enum import StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_rules.answer import Answer
from cds_rules.treatment.aspect import ASPECTS, Seen
from cds_rules.treatment.score import Score, finding, reads
from cds_rules.treatment.scores import SCORES

EACH_SCORE = pytest.mark.parametrize("score", SCORES, ids=lambda s: s.id)


@st.composite
def partial(draw: st.DrawFn, score: Score) -> dict[str, frozenset[StrEnum]]:
    """A non-empty set of possible values for every aspect that the score reads."""
    return {
        name: draw(st.frozensets(st.sampled_from(list(ASPECTS[name].values)), min_size=1))
        for name in sorted(reads(score))
    }


@EACH_SCORE
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_learning_more_stays_within_what_was_said(score: Score, data: st.DataObject) -> None:
    less = data.draw(partial(score))
    more = {name: frozenset({data.draw(st.sampled_from(sorted(values)))}) for name, values in less.items()}
    before = finding(score, {name: Seen(values) for name, values in less.items()})
    after = finding(score, {name: Seen(values) for name, values in more.items()})
    if before is None:
        assert after is None
        return
    if before.applies is Answer.YES:
        assert after is not None
    if after is None:
        return
    assert not after.missing
    assert {f.of for f in after.meaning} <= {f.of for f in before.meaning}
    if score.maximum is not None:
        sums = (before.low, after.low, after.high, before.high)
        assert list(sums) == sorted(s for s in sums if s is not None)
        assert after.low == after.high


@EACH_SCORE
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_settling_what_is_missing_settles_the_score(score: Score, data: st.DataObject) -> None:
    less = data.draw(partial(score))
    found = finding(score, {name: Seen(values) for name, values in less.items()})
    if found is None:
        return
    named = {m.aspect for m in found.missing}
    settled = {name: frozenset({min(v)}) if name in named else v for name, v in less.items()}
    after = finding(score, {name: Seen(values) for name, values in settled.items()})
    assert after is None or (after.applies is Answer.YES and not after.missing and after.low == after.high)
