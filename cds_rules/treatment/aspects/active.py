"""Is there leukemia to bring into remission now? Asked by rules on reinduction and on rescue therapy."""

from __future__ import annotations

from cds_rules.patient.history import MarrowState
from cds_rules.request import Test
from cds_rules.risk.case import Pattern
from cds_rules.risk.facts import patterns_of
from cds_rules.treatment.aspect import Aspect, Seen, YesNo, seen_bool
from cds_rules.treatment.chart import Chart


def _active(chart: Chart) -> Seen:
    """No in remission; nor with a marrow below 5 % where the marrow alone relapsed.

    The latter need not be a complete remission (D-4), but is no reason for reinduction. Project's reading.
    """
    picture = chart.picture
    if picture.in_remission.value is not None:
        possible = frozenset({YesNo.NO if picture.in_remission.value else YesNo.YES})
        return Seen(possible, picture.in_remission.evidence, picture.in_remission.because)
    state = picture.marrow_state
    if state.value is MarrowState.M1 and patterns_of(picture) == {Pattern.MARROW}:
        return Seen(frozenset({YesNo.NO}), state.evidence, "marrow below 5 % blasts (M1)")
    return seen_bool(picture.in_remission)


ACTIVE = Aspect(
    "leukemiaNow",
    "leukemia to bring into remission now",
    YesNo,
    _active,
    "marrow with blast count, and the recorded response",
    (Test.MARROW,),
)
