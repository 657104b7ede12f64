"""Genetic results: which lesions they show, and that silence or a contradiction shows none."""

from typing import Any

import pytest

from cds_rules.patient.findings import Genetic, Marker
from cds_rules.patient.timeline import PatientTimeline, ProblemKind
from service.fhir.to_timeline import to_timeline
from tests.unit.observations import (
    DETECTED,
    INTERPRETATION,
    LOINC,
    NO_VALUE,
    NOT_DETECTED,
    SCT,
    Json,
    coded,
    observation,
    percent,
)

HGNC = "http://www.genenames.org/geneId"
GENES = {
    "ABL1": "HGNC:76",
    "ABL2": "HGNC:77",
    "BCR": "HGNC:1014",
    "CSF1R": "HGNC:2433",
    "ETV6": "HGNC:3495",
    "HLF": "HGNC:4977",
    "IKZF1": "HGNC:13176",
    "JAK2": "HGNC:6192",
    "KMT2A": "HGNC:7132",
    "PAX5": "HGNC:8619",
    "PDGFRB": "HGNC:8804",
    "RUNX1": "HGNC:10471",
    "TCF3": "HGNC:11633",
    "TP53": "HGNC:11998",
}
VARIANT, STUDIED, PROTEIN, CHANGE, ISCN = "69548-6", "48018-6", "48005-3", "48019-4", "81291-7"
PRESENT, ABSENT = (LOINC, "LA9633-4"), (LOINC, "LA9634-2")
FISH_BCR_ABL1, FISH_KMT2A, P190, ETV6_RATIO, KARYOTYPE = "51867-0", "78219-3", "52132-8", "72218-1", "59267-5"


def read(code: str, **members: Any) -> PatientTimeline:
    return to_timeline([observation((LOINC, code), **members)], "p")


def shown(timeline: PatientTimeline) -> set[tuple[Marker, bool]]:
    for found in timeline.genetics:
        assert (found.source, str(found.when)) == ("Observation/o1", "2025-06-15")
    return {(g.marker, g.present) for g in timeline.genetics}


def component(code: str, **value: Any) -> Json:
    return {"code": coded((LOINC, code)), **value}


def gene(name: str, display: str | None = None) -> Json:
    coding = {"system": HGNC, "code": GENES[name], "display": display or name}
    return component(STUDIED, valueCodeableConcept={"coding": [coding]})


def variant(*components: Json, answer: tuple[str, str] = PRESENT) -> PatientTimeline:
    return read(VARIANT, valueCodeableConcept=coded(answer), component=list(components))


# ---- FISH and transcripts ------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "present"), [(DETECTED, True), (NOT_DETECTED, False), (PRESENT, True)])
@pytest.mark.parametrize(
    ("code", "marker"),
    [(FISH_BCR_ABL1, Marker.BCR_ABL1), (FISH_KMT2A, Marker.KMT2A), ("77039-6", Marker.ETV6_RUNX1)],
)
def test_fish_says_found_or_not_found(
    code: str, marker: Marker, answer: tuple[str, str], present: bool
) -> None:
    assert shown(read(code, valueCodeableConcept=coded(answer))) == {(marker, present)}


def test_a_transcript_above_the_scale_of_its_test_is_found() -> None:
    """Real servers put no value and "POSITIVE" in its place; a missing value alone says nothing."""
    above = {"dataAbsentReason": {"text": "POSITIVE [Above upper LoQ]"}}
    assert shown(read(P190, **above)) == {(Marker.BCR_ABL1, True)}
    assert shown(read(P190, dataAbsentReason=coded((NO_VALUE, "error")))) == set()
    assert shown(read(P190, **above, interpretation=[coded((INTERPRETATION, "NEG"))])) == set()


@pytest.mark.parametrize(
    ("value", "present"),
    [
        ({"valueString": "Detected"}, True),
        ({"valueCodeableConcept": {"text": "Not detected"}}, False),
        ({"valueString": "nuc ish", "interpretation": [coded((INTERPRETATION, "POS"))]}, True),
        ({"interpretation": [coded((INTERPRETATION, "ND"))]}, False),
        ({"dataAbsentReason": {"text": "POSITIVE [Above upper LoQ]"}}, True),
    ],
)
def test_fish_in_words_by_its_interpretation_or_in_place_of_a_value(value: Json, present: bool) -> None:
    assert {shown_as for _, shown_as in shown(read(FISH_KMT2A, **value))} == {present}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"valueCodeableConcept": coded(DETECTED, NOT_DETECTED)},
        {"valueCodeableConcept": coded((SCT, "42425007"))},
        {"valueString": "Detected in 12 of 200 nuclei"},
        {"valueString": "Detected", "interpretation": [coded((INTERPRETATION, "NEG"))]},
        {
            "valueCodeableConcept": coded((SCT, "42425007")),
            "interpretation": [coded((INTERPRETATION, "NEG"))],
        },
        {"dataAbsentReason": {"text": "Not detected"}},
        {
            "dataAbsentReason": coded((NO_VALUE, "unknown")),
            "interpretation": [coded((INTERPRETATION, "NEG"))],
        },
        {"valueQuantity": percent(40)},
    ],
)
def test_fish_that_says_neither_is_named(value: Json) -> None:
    timeline = read(FISH_KMT2A, **value)
    assert timeline.genetics == ()
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.UNREADABLE, ("Observation/o1",))
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"valueCodeableConcept": coded(DETECTED)},
        {"valueQuantity": {"value": 0.01, "unit": "%"}},
        {"valueQuantity": {"value": 5, "comparator": ">"}},
    ],
)
def test_a_transcript_that_is_found_shows_the_lesion(value: Json) -> None:
    assert shown(read(P190, **value)) == {(Marker.BCR_ABL1, True)}
    assert shown(read(ETV6_RATIO, **value)) == {(Marker.ETV6_RUNX1, True)}


@pytest.mark.parametrize(
    "value",
    [
        {"valueCodeableConcept": coded(NOT_DETECTED)},
        {"valueQuantity": {"value": 0}},
        {"valueQuantity": {"value": 0.001, "comparator": "<"}},
        {"valueQuantity": {"value": 0.001, "comparator": "<="}},
        {"valueString": "Not detected"},
        {"valueCodeableConcept": {"coding": [{"code": "ND", "display": "Not detected"}]}},
        {"dataAbsentReason": coded((NO_VALUE, "not-performed"))},
    ],
)
def test_a_transcript_that_is_not_found_says_nothing_of_the_diagnosis(value: Json) -> None:
    """It may be a sample in remission."""
    timeline = read(P190, **value)
    assert (timeline.genetics, timeline.problems) == ((), ())


def test_a_transcript_not_detected_with_a_number_is_not_found() -> None:
    both = {"valueCodeableConcept": coded(NOT_DETECTED), "valueQuantity": {"value": 0}}
    assert shown(read(P190, **both)) == set()


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"valueString": "Detected, 12% IS"},
        {"valueCodeableConcept": coded((SCT, "82334004"))},
        {"valueQuantity": {"value": 0.5}, "interpretation": [coded((INTERPRETATION, "NEG"))]},
    ],
    ids=["nothing", "words", "indeterminate", "a number that is called negative"],
)
def test_a_transcript_that_says_neither_or_both_is_named(value: Json) -> None:
    timeline = read(P190, **value)
    assert timeline.genetics == ()
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.UNREADABLE, ("Observation/o1",))
    ]


# ---- variants ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("genes", "marker"),
    [
        (("BCR", "ABL1"), Marker.BCR_ABL1),
        (("PAX5", "ABL1"), Marker.ABL_CLASS),
        (("PAX5", "ABL2"), Marker.ABL_CLASS),
        (("PDGFRB", "PAX5"), Marker.ABL_CLASS),
        (("CSF1R", "PAX5"), Marker.ABL_CLASS),
        (("TCF3", "HLF"), Marker.TCF3_HLF),
        (("ETV6", "RUNX1"), Marker.ETV6_RUNX1),
        (("KMT2A", "PAX5"), Marker.KMT2A),
        (("PAX5", "JAK2"), Marker.JAK2),
        (("TP53",), Marker.TP53),
    ],
)
def test_a_variant_by_its_genes(genes: tuple[str, ...], marker: Marker) -> None:
    for order in (genes, genes[::-1]):
        assert shown(variant(*map(gene, order), answer=PRESENT)) == {(marker, True)}
        # That one variant is absent does not say that the gene is as it should be.
        assert shown(variant(*map(gene, order), answer=ABSENT)) == set()


@pytest.mark.parametrize(
    "genes", [(), ("ABL1",), ("KMT2A",), ("JAK2",), ("IKZF1",), ("PAX5",), ("TP53", "PAX5")]
)
def test_a_gene_alone_is_no_fusion_and_no_deletion(genes: tuple[str, ...]) -> None:
    assert shown(variant(*map(gene, genes))) == set()


@pytest.mark.parametrize("words", ["deletion", "Loss of exons 4-7", "copy number loss"])
def test_ikzf1_counts_when_it_is_deleted(words: str) -> None:
    change = component(CHANGE, valueCodeableConcept={"text": words})
    assert shown(variant(gene("IKZF1"), change)) == {(Marker.IKZF1, True)}
    assert shown(variant(gene("PAX5"), change)) == set()


@pytest.mark.parametrize("words", ["p.Thr315Ile", "NP_005148.2:p.(Thr315Ile)", "T315I"])
def test_the_gatekeeper_mutation(words: str) -> None:
    found = shown(variant(gene("ABL1"), component(PROTEIN, valueString=words)))
    assert found == {(Marker.T315I, True)}
    fusion = shown(variant(gene("BCR"), gene("ABL1"), component(PROTEIN, valueString=words)))
    assert fusion == {(Marker.BCR_ABL1, True), (Marker.T315I, True)}
    assert shown(variant(gene("TP53"), component(PROTEIN, valueString=words))) == {(Marker.TP53, True)}


def test_a_variant_that_is_absent_tells_of_t315i_only_if_it_names_it() -> None:
    def absent(*parts: Json) -> set[tuple[Marker, bool]]:
        return shown(read(VARIANT, component=[*parts], valueCodeableConcept=coded(ABSENT)))

    named = component(PROTEIN, valueString="p.Thr315Ile")
    assert absent(gene("ABL1"), named) == {(Marker.T315I, False)}
    assert absent(gene("BCR"), gene("ABL1"), named) == {(Marker.T315I, False)}
    assert absent(gene("ABL1")) == set()
    assert absent(gene("ABL1"), component(PROTEIN, valueString="p.Glu255Lys")) == set()
    assert absent(gene("TP53"), named) == set()


def test_a_code_and_a_display_of_two_genes_are_a_contradiction() -> None:
    timeline = variant(gene("TP53", "BRCA1"))
    assert timeline.genetics == ()
    assert [(p.kind, p.resources) for p in timeline.problems] == [(ProblemKind.CONFLICT, ("Observation/o1",))]


@pytest.mark.parametrize("display", ["tp53", "TP53 gene", "HGNC: TP53"])
def test_a_display_that_holds_the_gene_is_none(display: str) -> None:
    assert shown(variant(gene("TP53", display))) == {(Marker.TP53, True)}


@pytest.mark.parametrize(
    "value", [{}, {"valueCodeableConcept": coded(PRESENT, ABSENT)}, {"valueString": "TP53"}]
)
def test_a_variant_that_is_neither_present_nor_absent_is_named(value: Json) -> None:
    timeline = read(VARIANT, component=[gene("TP53")], **value)
    assert timeline.genetics == ()
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


def test_a_variant_may_be_given_as_iscn() -> None:
    iscn = component(ISCN, valueCodeableConcept={"text": "t(9;22)(q34;q11.2)"})
    assert shown(variant(iscn)) == {(Marker.BCR_ABL1, True)}


@pytest.mark.parametrize("members", [{"component": "x"}, {"component": [{"code": 5}]}, {"component": [{}]}])
def test_a_wrong_shape_costs_the_result_and_no_more(members: Json) -> None:
    timeline = read(VARIANT, valueCodeableConcept=coded(PRESENT), **members)
    assert timeline.genetics == ()
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


# ---- status and date -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["entered-in-error", "preliminary", "cancelled", "registered"])
def test_only_final_results_count(status: str) -> None:
    assert read(FISH_KMT2A, valueCodeableConcept=coded(DETECTED), status=status).genetics == ()


def test_the_statement_in_full() -> None:
    (found,) = read(FISH_KMT2A, valueCodeableConcept=coded(DETECTED)).genetics
    assert found == Genetic("Observation/o1", found.when, Marker.KMT2A, True)


@pytest.mark.parametrize(
    "text",
    [
        "46,XY[20]. No evidence of t(9;22)(q34;q11.2)",
        "Negative for t(12;21)(p13;q22)",
        "46,XX,?t(9;22)(q34;q11.2)[2]/46,XX[18]",
        "t(4;11)(q21;q23) not detected",
        "Previously t(9;22)(q34;q11.2)",
    ],
)
def test_a_translocation_that_is_denied_questioned_or_past_is_not_shown(text: str) -> None:
    assert shown(read(KARYOTYPE, valueString=text)) == set()
    assert shown(variant(component(ISCN, valueString=text))) == set()


def test_words_in_another_sentence_deny_nothing() -> None:
    text = "46,XX,t(9;22)(q34;q11.2)[18]/46,XX[2]. No additional abnormality."
    assert shown(read(KARYOTYPE, valueString=text)) == {(Marker.BCR_ABL1, True)}


def test_a_list_of_the_genes_of_a_panel_is_no_fusion() -> None:
    timeline = variant(*(gene(name) for name in ("BCR", "ABL1", "ETV6", "RUNX1", "KMT2A")))
    assert shown(timeline) == set()
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


SIGNIFICANCE = "53037-8"


@pytest.mark.parametrize(
    ("said", "markers", "named"),
    [
        ("Pathogenic", {(Marker.TP53, True)}, False),
        ("Likely pathogenic", {(Marker.TP53, True)}, False),
        ("Benign", set(), False),
        ("Likely benign", set(), False),
        ("Uncertain significance", set(), True),
        ("VUS", set(), True),
    ],
)
def test_a_variant_that_means_nothing_is_no_alteration(
    said: str, markers: set[tuple[Marker, bool]], named: bool
) -> None:
    weight = component(SIGNIFICANCE, valueCodeableConcept={"coding": [{"display": said}]})
    timeline = variant(gene("TP53"), weight)
    assert (shown(timeline), bool(timeline.problems)) == (markers, named)
