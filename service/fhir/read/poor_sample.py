"""Shares of cells from a poor sample: what was counted is the least that they may be."""

from __future__ import annotations

from dataclasses import replace

from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, ProblemKind
from service.fhir.reading import Reading

_TEXT = "A note or a report doubts the sample: the true share may be higher."


def widen(source: str, reading: Reading, *because: str) -> None:
    """Open the upper end of the residual disease and marrow blasts that one result tells.

    `because`: other resources that cast the doubt, to be named with it.
    """
    for i, found in enumerate(reading.mrd):
        if found.source == source:
            reading.mrd[i] = replace(found, fraction=_at_least(found.fraction, 1.0))
    for i, count in enumerate(reading.measurements):
        if count.source == source and count.measure is Measure.MARROW_BLASTS:
            reading.measurements[i] = replace(count, value=_at_least(count.value, 100.0))
    reading.problem(ProblemKind.CONFLICT, _TEXT, source, *because)


def _at_least(share: Interval, ceiling: float) -> Interval:
    return Interval(share.low, ceiling, low_open=share.low_open)
