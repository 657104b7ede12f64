"""Karyotypes by ISCN: which lesions they show, clone by clone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_rules.patient.findings import Marker
from cds_rules.patient.timeline import PatientTimeline
from service.fhir.read.genetics import iscn_markers
from service.fhir.to_timeline import to_timeline
from tests.unit.observations import LOINC, Json, coded, observation

KARYOTYPE = "59267-5"


def read(**members: object) -> PatientTimeline:
    return to_timeline([observation((LOINC, KARYOTYPE), **members)], "p")


def shown(timeline: PatientTimeline) -> set[tuple[Marker, bool]]:
    return {(g.marker, g.present) for g in timeline.genetics}


@pytest.mark.parametrize(
    ("karyotype", "markers"),
    [
        ("46,XY[20]", set()),
        ("46,XX,t(9;22)(q34;q11.2)[18]/46,XX[2]", {Marker.BCR_ABL1}),
        ("46,XX,t(9;22)(q34.1;q11)", {Marker.BCR_ABL1}),
        ("46,XY,t(12;21)(p13.2;q22.1)", {Marker.ETV6_RUNX1}),
        ("46,XY,t(4;11)(q21;q23)", {Marker.KMT2A}),
        ("46,XY,t(11;19)(q23.3;p13.3)", {Marker.KMT2A}),
        ("46,XX,t(17;19)(q22;p13.3)", {Marker.TCF3_HLF}),
        ("46, XX, t(9;22) (q34;q11.2)", {Marker.BCR_ABL1}),
        ("46,XX,t(9;22)(p13;q11)", set()),
        ("46,XX,t(11;14)(q13;q32)", set()),
        ("43,XY,-7,-17,-20", {Marker.HYPODIPLOIDY}),
        ("32~36,XX", {Marker.HYPODIPLOIDY}),
        ("39-43,X,-X", {Marker.HYPODIPLOIDY}),
        ("44,XY,-7,-17", set()),
        ("43-44,XY", set()),
        ("54,XX,+4,+10", set()),
        ("43 metaphases", set()),
        ("", set()),
    ],
)
def test_iscn(karyotype: str, markers: set[Marker]) -> None:
    assert set(iscn_markers(karyotype)) == markers
    assert shown(read(valueString=karyotype)) == {(m, True) for m in markers}


@pytest.mark.parametrize(
    ("value", "markers"),
    [
        (coded(("https://iscn.karger.com", "46,XY,t(4;11)(q21;q23)[14]/46,XY[6]")), {Marker.KMT2A}),
        ({"text": "46,XY,t(4;11)(q21;q23)[14]"}, {Marker.KMT2A}),
        (coded(("urn:lab", "46,XY,t(4;11)(q21;q23)[14]")), set()),
        (coded(("https://iscn.karger.com", "46,XY[20]")), set()),
        ({}, set()),
    ],
)
def test_a_karyotype_may_be_coded(value: Json, markers: set[Marker]) -> None:
    """A code of another system is no karyotype, whatever it looks like."""
    assert shown(read(valueCodeableConcept=value)) == {(m, True) for m in markers}


def test_a_karyotype_in_two_forms_shows_what_either_shows() -> None:
    coded_one = coded(("https://iscn.karger.com", "46,XY,t(4;11)(q21;q23)[14]"))
    timeline = read(valueString="see report", valueCodeableConcept=coded_one)
    assert shown(timeline) == {(Marker.KMT2A, True)}


def test_a_normal_karyotype_denies_nothing() -> None:
    """Cryptic lesions are not seen in it."""
    timeline = read(valueString="46,XX[20]")
    assert (timeline.genetics, timeline.problems) == ((), ())


@settings(deadline=None)
@given(st.text(max_size=120))
def test_no_text_raises(text: str) -> None:
    assert set(iscn_markers(text)) <= set(Marker)


@pytest.mark.parametrize(
    ("karyotype", "markers"),
    [
        ("46,XX[8]/36,XX,-3,-4[12]", {Marker.HYPODIPLOIDY}),
        ("36<2n>,XX,-3,-4[12]/46,XX[8]", {Marker.HYPODIPLOIDY}),
        ("46,XX[17]/43,XX,-7,-9,-17[cp3]", {Marker.HYPODIPLOIDY}),
        ("43,XX,-7,-9,-17[2]/46,XX[18]", set()),
        ("46,XX[19]/43,XX[1]", set()),
        ("46,XX[20]//36,XY[2]", set()),
        ("//46,XY,t(9;22)(q34;q11.2)[20]", set()),
        ("46,XX,t(9;22)(q34;q11.2)[0]/46,XX[20]", set()),
        ("46,XX,t(9;22)(q34;q11.2)[3]//46,XY[17]", {Marker.BCR_ABL1}),
    ],
)
def test_each_clone_of_the_patient_counts_and_no_single_cell_and_no_donor(
    karyotype: str, markers: set[Marker]
) -> None:
    """ISCN: a loss is clonal in three cells or more; a clone stands between "/", the donor's after "//"."""
    assert set(iscn_markers(karyotype)) == markers
