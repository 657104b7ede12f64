"""Genetics: FISH and fusion transcript results, variants with their genes, and ISCN text.

A transcript that is not found says nothing of the diagnosis (it may be a remission sample), so only
its presence is taken. A gene whose code and display name different genes is not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.events import Event, EventKind
from cds_rules.patient.findings import Genetic, Marker
from cds_rules.patient.timeline import ProblemKind
from service.fhir.elements import CodeableConcept, Component, ObservationData
from service.fhir.read import absent
from service.fhir.read.measurement import words_of_answer
from service.fhir.reading import Meaning, NotUsableError, Reading
from service.fhir.result_text import Kind, parse_fraction

FISH: dict[str, Marker] = {
    "fish.bcr-abl1": Marker.BCR_ABL1,
    "fish.etv6-runx1": Marker.ETV6_RUNX1,
    "fish.kmt2a": Marker.KMT2A,
    "fish.kmt2a.interpretation": Marker.KMT2A,
    "fish.abl-class": Marker.ABL_CLASS,
}
TRANSCRIPTS: dict[str, Marker] = {
    "bcr-abl1.p190": Marker.BCR_ABL1,
    "bcr-abl1.p210": Marker.BCR_ABL1,
    "bcr-abl1.p210-is": Marker.BCR_ABL1,
    "bcr-abl1.any": Marker.BCR_ABL1,
    "bcr-abl1.b2a2-presence": Marker.BCR_ABL1,
    "etv6-runx1.ratio": Marker.ETV6_RUNX1,
}
VARIANT = "genomics.variant"
KARYOTYPE = "fish.karyotype"
ISCN = "https://iscn.karger.com"
HYPODIPLOID_BELOW = 44
"""Chromosomes; LOC2012 (001:45)."""

_OF_A_FUSION = 2
_YES = {"result.detected", "result.positive", "result.present", "answer.present", "answer.positive"}
_NO = {"result.not-detected", "result.negative", "result.absent", "answer.absent"}
_ABL_CLASS = {"ABL1", "ABL2", "PDGFRB", "CSF1R"}
_T315I = re.compile(r"Thr315Ile|T315I", re.IGNORECASE)
_DELETION = re.compile(r"(?<![a-z])(?:deletion|loss)(?![a-z])", re.IGNORECASE)
_CLAUSE = re.compile(r"\n|[.;]\s")
_DENIED = re.compile(
    r"\b(?:no|not|negative|without|absen(?:t|ce)|normal|rule[sd]? out|exclud\w*|previous(?:ly)?|donor)\b",
    re.IGNORECASE,
)
_ISCN: tuple[tuple[re.Pattern[str], Marker], ...] = (
    (re.compile(r"(?<!\?)t\(9;22\)\(q34(?:\.1)?;q11(?:\.2)?\)"), Marker.BCR_ABL1),
    (re.compile(r"(?<!\?)t\(12;21\)\(p13(?:\.2)?;q22(?:\.\d+)?\)"), Marker.ETV6_RUNX1),
    (re.compile(r"(?<!\?)t\((?:4;11|9;11|10;11|11;19|6;11)\)\([^)]*q23(?:\.3)?[^)]*\)"), Marker.KMT2A),
    (re.compile(r"(?<!\?)t\(17;19\)\(q22;p13(?:\.3)?\)"), Marker.TCF3_HLF),
)
_COUNT = re.compile(r"^\s*(\d{2})(?:[-~](\d{2}))?\s*(?:<[1-4]n[+-]?>)?\s*,\s*[XY?]")
_CELLS = re.compile(r"\[(?:cp)?(\d{1,4})\]\s*\.?\s*$")
CELLS_OF_A_LOSS = 3
"""In which a loss of chromosomes is found at least, to be that of a clone: the definition of ISCN."""


def matters(meaning: Meaning) -> bool:
    """Is this a genetic result of ours?"""
    concept = meaning.concept
    return concept in FISH or concept in TRANSCRIPTS or concept in (VARIANT, KARYOTYPE)


def read(data: ObservationData, source: str, taken: PartialDate, meaning: Meaning, reading: Reading) -> None:
    """Turn a genetic Observation into the markers it shows."""
    found: Iterable[tuple[Marker, bool]]
    if meaning.concept == VARIANT:
        found = _variant(data, source, taken, meaning, reading)
    elif meaning.concept == KARYOTYPE:
        shown = [marker for text in _karyotypes(data) for marker in iscn_markers(text)]
        found = ((marker, True) for marker in dict.fromkeys(shown))
    else:
        found = _test(data, meaning.concept, reading)
    for marker, present in found:
        reading.genetics.append(Genetic(source, taken, marker, present, meaning.route))


def _karyotypes(data: ObservationData) -> list[str]:
    """The karyotype as a code of ISCN, whose codes are the karyotypes themselves, or in words."""
    value = data.valueCodeableConcept
    coded = [c.code for c in value.coding if c.system == ISCN] if value else []
    coded += [value.text, *(c.display for c in value.coding)] if value else []
    return [text for text in (data.valueString, *coded) if text]


def iscn_markers(text: str) -> Iterator[Marker]:
    """Markers in a karyotype by ISCN: translocations by both breakpoints, and the chromosome count."""
    # In words around a karyotype a translocation may be denied; in it, "?" marks one that is questionable.
    own = text.split("//", maxsplit=1)[0]  # after it stand the donor's cells
    told = [c.replace(" ", "") for c in _CLAUSE.split(own) if not _DENIED.search(c)]
    told = [clone for c in told for clone in c.split("/") if not clone.endswith("[0]")]
    for pattern, marker in _ISCN:
        if any(pattern.search(clause) for clause in told):
            yield marker
    if any(_is_hypodiploid(clone) for clone in own.split("/")):
        yield Marker.HYPODIPLOIDY


def _is_hypodiploid(clone: str) -> bool:
    """By its chromosomes; that single cells have lost some is no clone."""
    count, cells = _COUNT.match(clone), _CELLS.search(clone)
    if count is None or (cells is not None and int(cells[1]) < CELLS_OF_A_LOSS):
        return False
    return max(int(n) for n in count.groups() if n) < HYPODIPLOID_BELOW


_NO_ANSWER = "The result is not a known answer for found or not found: not used."


def _test(data: ObservationData, concept: str, reading: Reading) -> list[tuple[Marker, bool]]:
    answer = _answer(data, reading)
    if answer is None:
        answer = _beside_a_code(data, reading)
    if concept in FISH:
        if answer is None:
            raise NotUsableError(_NO_ANSWER)
        return [(FISH[concept], answer)]
    quantity = data.valueQuantity.value if data.valueQuantity else None
    counted = quantity is not None and quantity > 0 and not _bound(data)
    if counted and answer is False:
        raise NotUsableError("Its number and its interpretation contradict each other: not used.")
    if quantity is None and answer is None and data.dataAbsentReason is None:
        raise NotUsableError(_NO_ANSWER)
    return [(TRANSCRIPTS[concept], True)] if answer or counted else []


def _bound(data: ObservationData) -> bool:
    return data.valueQuantity is not None and data.valueQuantity.comparator in ("<", "<=")


def _answer(data: ObservationData, reading: Reading) -> bool | None:
    told = {m.concept for m in reading.concepts(data.valueCodeableConcept)}
    yes, no = bool(told & _YES), bool(told & _NO)
    return None if yes == no else yes


_INTERPRETED = {
    "interpretation.positive": True,
    "interpretation.detected": True,
    "interpretation.negative": False,
    "interpretation.not-detected": False,
}
_IN_WORDS = {Kind.DETECTED: True, Kind.BELOW_LOQ: True, Kind.NOT_DETECTED: False}


def _beside_a_code(data: ObservationData, reading: Reading) -> bool | None:
    """Found or not by the words of the value, the interpretation, or a positive in place of a value."""
    value = data.valueCodeableConcept
    if value is not None and reading.concepts(value):
        return None  # a known answer that is neither: indeterminate, equivocal
    written = data.valueString or words_of_answer(value, reading)
    parsed = parse_fraction(written) if written else None
    told = {_IN_WORDS.get(parsed.kind)} if parsed is not None else set()
    told |= {_INTERPRETED.get(m.concept) for c in data.interpretation for m in reading.concepts(c)}
    if absent.answer(data.dataAbsentReason, reading) in (Kind.DETECTED, Kind.BELOW_LOQ):
        told.add(True)
    told.discard(None)
    if False in told and absent.means_no_result(data.dataAbsentReason, reading):
        return None
    return told.pop() if len(told) == 1 else None


def _variant(
    data: ObservationData, source: str, taken: PartialDate, meaning: Meaning, reading: Reading
) -> list[tuple[Marker, bool]]:
    present = _answer(data, reading)
    genes = _genes(data.component, source, reading)
    changes = " ".join(_texts(data.component, reading))
    if present is None:
        raise NotUsableError("The variant is not said to be present or absent: not used.")
    if len(genes) > _OF_A_FUSION:
        raise NotUsableError(
            "It names more genes than a fusion has, and not which of them changed: not used."
        )
    tested = _tested(genes)
    if tested is not None:
        positive = present or None
        reading.events.append(Event(source, taken, tested, positive=positive, route=meaning.route))
    markers = list(_markers(genes, changes))
    for component in data.component:
        if any(m.concept == "genomics.iscn" for m in reading.concepts(component.code)):
            markers.extend(iscn_markers(_text_of(component)))
    if present:
        weight = _significance(data.component, reading)
        if markers and _UNCERTAIN.search(weight):
            raise NotUsableError("It is a variant of uncertain significance: not used.")
        if _BENIGN.search(weight):
            return []
        return [(marker, True) for marker in dict.fromkeys(markers)]
    # That one variant is absent does not say that the gene is as it should be: only of T315I, which is one.
    return [(Marker.T315I, False)] if Marker.T315I in markers else []


_UNCERTAIN = re.compile(r"\buncertain\b|\bunknown\b|\bvus\b|\bconflicting\b", re.IGNORECASE)
_BENIGN = re.compile(r"\bbenign\b", re.IGNORECASE)


def _significance(components: Iterable[Component], reading: Reading) -> str:
    """What the laboratory says that a variant means, in words."""
    wanted = "genomics.clinical-significance"
    return " ".join(
        _text_of(c) for c in components if any(m.concept == wanted for m in reading.concepts(c.code))
    )


def _tested(genes: set[str]) -> EventKind | None:
    """The test that looks for a change of these genes, if it is one of those that rules ask for."""
    if genes == {"ABL1"}:
        return EventKind.KINASE_MUTATION_TEST
    return EventKind.BCR_ABL1_TEST if {"BCR", "ABL1"} <= genes else None


def _markers(genes: set[str], changes: str) -> Iterator[Marker]:
    if {"BCR", "ABL1"} <= genes:
        yield Marker.BCR_ABL1
    elif len(genes) > 1 and genes & _ABL_CLASS:
        yield Marker.ABL_CLASS
    if {"TCF3", "HLF"} <= genes:
        yield Marker.TCF3_HLF
    if {"ETV6", "RUNX1"} <= genes:
        yield Marker.ETV6_RUNX1
    if "KMT2A" in genes and len(genes) > 1:
        yield Marker.KMT2A
    if "JAK2" in genes and len(genes) > 1:
        yield Marker.JAK2
    if genes == {"TP53"}:
        yield Marker.TP53
    if genes == {"IKZF1"} and _DELETION.search(changes):
        yield Marker.IKZF1
    if "ABL1" in genes and _T315I.search(changes):
        yield Marker.T315I


def _genes(components: Iterable[Component], source: str, reading: Reading) -> set[str]:
    genes: set[str] = set()
    for component in components:
        if any(m.concept == "genomics.gene-studied" for m in reading.concepts(component.code)):
            value = component.valueCodeableConcept
            for coding in value.coding if value else []:
                gene = _gene(coding.system, coding.code, reading)
                if gene and coding.display and not re.search(rf"\b{gene}\b", coding.display, re.IGNORECASE):
                    text = "A gene's code and display name different genes: the variant is not used."
                    reading.problem(ProblemKind.CONFLICT, text, source)
                    return set()
                if gene:
                    genes.add(gene)
    return genes


def _gene(system: str | None, code: str | None, reading: Reading) -> str | None:
    meaning = reading.lexicon.meanings.get((system or "", code or ""))
    gene = meaning.concept if meaning else ""
    return gene.removeprefix("gene.") if gene.startswith("gene.") else None


def _texts(components: Iterable[Component], reading: Reading) -> Iterator[str]:
    wanted = {"genomics.protein-change", "genomics.cdna-change", "genomics.dna-change-type"}
    for component in components:
        if any(m.concept in wanted for m in reading.concepts(component.code)):
            yield _text_of(component)


def _text_of(component: Component) -> str:
    """What a component says in words: codes, displays and text, joined."""
    value: CodeableConcept | None = component.valueCodeableConcept
    parts = [component.valueString or ""]
    if value is not None:
        parts.append(value.text or "")
        parts.extend(f"{c.code or ''} {c.display or ''}" for c in value.coding)
    return " ".join(p for p in parts if p)
