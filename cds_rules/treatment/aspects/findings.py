"""Aspects of the leukemia itself: antigens on the blasts and genetics, each found or not in a test."""

from __future__ import annotations

from cds_rules.patient.findings import Antigen, Expression, Marker
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
T315I = _marker(Marker.T315I, "T315I")
DOWN = _marker(Marker.DOWN, "Down syndrome")
