"""Aspects of measurable residual disease in the marrow, in the bands that the rules cut at (D-6)."""

from __future__ import annotations

from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.interval import Interval
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen
from cds_rules.treatment.chart import Chart

LOW_FRACTION = 1e-4
"""0.01 % of cells: the line that HR2020, LOC2012 and UKALL R3 draw for a transplant in CR2."""
HIGH_FRACTION = 1e-3
"""0.1 % of cells: end-of-block-1 MRD in COG AALL1331. HR2020 table 1."""


class MrdBand(StrEnum):
    """Marrow MRD by the two lines that the sources draw."""

    BELOW = "<0.01 %"
    BETWEEN = "0.01 % to <0.1 %"
    FROM = ">=0.1 %"


SPANS = {
    MrdBand.BELOW: Interval(0.0, LOW_FRACTION, high_open=True),
    MrdBand.BETWEEN: Interval(LOW_FRACTION, HIGH_FRACTION, high_open=True),
    MrdBand.FROM: Interval(HIGH_FRACTION, 1.0),
}
"""The fractions of cells in each band."""


def bands(fraction: Interval | None) -> frozenset[StrEnum]:
    """The bands that a result, or no result, leaves possible."""
    if fraction is None:
        return frozenset(MrdBand)
    found: set[StrEnum] = set()
    low, high = fraction.at_least(LOW_FRACTION), fraction.at_least(HIGH_FRACTION)
    if low is not Answer.YES:
        found.add(MrdBand.BELOW)
    if high is not Answer.NO:
        found.add(MrdBand.FROM)
    if low is not Answer.NO and high is not Answer.YES:
        found.add(MrdBand.BETWEEN)
    return frozenset(found)


def _end_block1(chart: Chart) -> Seen:
    fact = chart.picture.end_block1_mrd
    return Seen(bands(fact.value), fact.evidence, fact.because)


END_BLOCK1 = Aspect(
    "endBlock1Mrd",
    "marrow MRD at the end of reinduction block 1",
    MrdBand,
    _end_block1,
    "marrow MRD at the end of reinduction block 1",
    (Test.MRD_END_BLOCK_1,),
)
