"""Aspects of the leukemia itself: antigens on the blasts and genetics, each found or not in a test."""

from __future__ import annotations

from datetime import timedelta

from cds_rules.patient.findings import Antigen, Expression, Marker
from cds_rules.patient.sites import SITE_WINDOW_DAYS
from cds_rules.patient.timeline import Part
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo, seen_bool, seen_fact
from cds_rules.treatment.chart import Chart


def _antigen(antigen: Antigen) -> Aspect:
    def read(chart: Chart) -> Seen:
        return seen_fact(chart.picture.findings.antigens[antigen], Expression)

    return Aspect(
        f"antigens.{antigen.value}",
        f"{antigen.value} on the blasts",
        Expression,
        read,
        f"immunophenotyping of the blasts with {antigen.value}",
        (Test.IMMUNOPHENOTYPE,),
    )


def _marker(marker: Marker, name: str) -> Aspect:
    def read(chart: Chart) -> Seen:
        return seen_bool(chart.picture.findings.genetics[marker])

    return Aspect(f"genetics.{name}", marker.value, YesNo, read, f"genetic testing for {marker.value}")


def _t315i_now(chart: Chart) -> Seen:
    """Once found it counts; not found counts on a sample of this relapse only, for it is acquired."""
    fact = chart.picture.findings.genetics[Marker.T315I]
    if fact.value is not False:
        return seen_bool(fact)
    relapsed = chart.picture.relapse_date.value
    absent = [g for g in chart.timeline.genetics if g.marker is Marker.T315I and g.source in fact.evidence]
    days = [g.when for g in absent if g.when is not None]
    if relapsed is None or not any(
        day.earliest >= relapsed.latest - timedelta(days=SITE_WINDOW_DAYS) for day in days
    ):
        return Seen(frozenset(YesNo), fact.evidence, "not found before, but not tested for at this relapse")
    return seen_bool(fact)


CD19 = _antigen(Antigen.CD19)
CD22 = _antigen(Antigen.CD22)
BCR_ABL1 = _marker(Marker.BCR_ABL1, "BCR::ABL1")
KMT2A = _marker(Marker.KMT2A, "KMT2A")
TP53 = _marker(Marker.TP53, "TP53")
IKZF1 = _marker(Marker.IKZF1, "IKZF1")
TCF3_HLF = _marker(Marker.TCF3_HLF, "TCF3::HLF")
HYPODIPLOIDY = _marker(Marker.HYPODIPLOIDY, "hypodiploidy")
ETV6_RUNX1 = _marker(Marker.ETV6_RUNX1, "ETV6::RUNX1")
ABL_CLASS = _marker(Marker.ABL_CLASS, "ABL-class")
JAK2 = _marker(Marker.JAK2, "JAK2")
T315I = Aspect(
    "genetics.T315I",
    Marker.T315I.value,
    YesNo,
    _t315i_now,
    f"genetic testing for {Marker.T315I.value}",
)
DOWN = _marker(Marker.DOWN, "Down syndrome")


def _t315i_on_record(chart: Chart) -> Seen:
    """Does the record hold T315I? Untested is "no" here where all results were read, and T315I stays open."""
    fact = chart.picture.findings.genetics[Marker.T315I]
    if fact.value is not None:
        return seen_bool(fact)
    told = tuple(g.source for g in chart.timeline.genetics if g.marker is Marker.T315I)
    missing = chart.timeline.missing
    unread = next((missing[p] for p in (Part.LABORATORY, Part.REPORTS) if p in missing), None)
    if told or unread is not None:
        return Seen(frozenset(YesNo), told, unread or fact.because or "what is on record does not settle it")
    return Seen(frozenset({YesNo.NO}), (), "none on record")


T315I_ON_RECORD = Aspect(
    "t315iOnRecord",
    "T315I on record",
    YesNo,
    _t315i_on_record,
    "BCR::ABL1 kinase mutation analysis",
    (Test.KINASE_MUTATIONS,),
)
