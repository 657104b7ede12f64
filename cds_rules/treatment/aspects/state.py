"""Aspects of the state of the disease: remission now, and whether the first induction brought one."""

from __future__ import annotations

from cds_rules.treatment.aspect import Aspect, YesNo, seen_bool

IN_REMISSION = Aspect(
    "inRemission",
    "in complete remission now",
    YesNo,
    lambda chart: seen_bool(chart.picture.in_remission),
    "marrow with blast count and blood counts, and the recorded response",
)
PRIMARY_REFRACTORY = Aspect(
    "primaryRefractory",
    "no remission after the first induction",
    YesNo,
    lambda chart: seen_bool(chart.picture.primary_refractory),
    "record the response to the first induction",
)
