"""Codes of other people's systems, mapped to our own stable concept names.

The rows live in the CSV files beside this module. They are read and checked once; from
then on a look-up is one dictionary access.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

SNOMED: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"
ICD10CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
ICD10PCS: Final = "http://www.cms.gov/Medicare/Coding/ICD10"
CPT: Final = "http://www.ama-assn.org/go/cpt"
HCPCS: Final = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICDO3: Final = "http://terminology.hl7.org/CodeSystem/icd-o-3"
NCIT: Final = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
HGNC: Final = "http://www.genenames.org"
HGNC_LEGACY: Final = "http://www.genenames.org/geneId"
CONDITION_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
INTERPRETATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
DATA_ABSENT_REASON: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

WITHOUT_WORDING: Final = frozenset({CPT, ICD10, ICDO3})
"""Systems whose wording is licensed (AMA; WHO): the bare codes are shipped, their displays are not."""

COLUMNS: Final = ("concept", "system", "code", "display", "source")

_OID: Final = "urn:oid:2.16.840.1.113883.6."
_WORDS: Final = r"[a-z0-9]+(?:-[a-z0-9]+)*"
# Gene symbols keep their capitals; every other concept is lower case.
_CONCEPT: Final = re.compile(rf"{_WORDS}(?:\.{_WORDS})*|gene\.[A-Z0-9]+")

_SIDES: Final = 5
_PERMUTATION: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_PERMUTATION_ORDER: Final = 8


class TerminologyError(ValueError):
    """A row that cannot be trusted. Names the file, the line (the header is 1) and the fault."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Code:
    """One row: what a system calls something, and what we call it.

    `display` is the system's own wording, empty where that is licensed (WITHOUT_WORDING);
    `source` is where it was seen.
    """

    concept: str
    system: str
    code: str
    display: str
    source: str


def is_within(concept: str, prefix: str) -> bool:
    """Whether `concept` is `prefix` or one of its narrower concepts.

    Whole segments only: `all.b` is within `all`, but `all-risk` is not.
    """
    return concept == prefix or concept.startswith(f"{prefix}.")


class Terminology:
    """All known codes. Immutable; safe to share between threads."""

    __slots__ = ("_codes", "_concepts")

    def __init__(self, codes: Iterable[Code], concepts: Mapping[tuple[str, str], str]) -> None:
        """`concepts` maps every accepted spelling of (system, code) to a concept."""
        self._codes = tuple(codes)
        self._concepts = dict(concepts)

    @property
    def concepts(self) -> Mapping[tuple[str, str], str]:
        """Every accepted spelling of (system, code), with its concept."""
        return self._concepts

    def lookup(self, system: str, code: str) -> str | None:
        """The concept of this code, or None when it is not one of ours. Never guesses."""
        return self._concepts.get((system, code))

    def codes(self, concept_prefix: str) -> tuple[Code, ...]:
        """The codes of a concept and of all narrower ones, in file order; empty if there are none."""
        return tuple(code for code in self._codes if is_within(code.concept, concept_prefix))

    def text(self, concept: str) -> str:
        """Wording for a reader: the first display of exactly this concept, else its own name."""
        displays = (code.display for code in self._codes if code.concept == concept)
        return next((display for display in displays if display), concept)


def luhn_valid(code: str) -> bool:
    """Mod-10 check digit of a LOINC code (`11150-0`) or a LOINC answer code (`LA9633-4`)."""
    body, _, check = code.rpartition("-")
    total = 0
    for position, character in enumerate(reversed(body)):
        # The letters of an answer code take part, with their distance from "0" as their value.
        value = ord(character) - ord("0")
        total += 2 * value - 9 * (value // 5) if position % 2 == 0 else value
    return check == str(-total % 10)


def verhoeff_valid(code: str) -> bool:
    """Check digit of a SNOMED CT identifier: Verhoeff, over the dihedral group of ten elements."""
    result = 0
    for position, character in enumerate(reversed(code)):
        digit = int(character)
        for _ in range(position % _PERMUTATION_ORDER):
            digit = _PERMUTATION[digit]
        result = _dihedral(result, digit)
    return result == 0


def _dihedral(left: int, right: int) -> int:
    """Product in the symmetries of a pentagon: 0 to 4 are rotations, 5 to 9 reflections."""
    turn = left + right if left < _SIDES else left - right
    reflected = (left < _SIDES) != (right < _SIDES)
    return turn % _SIDES + (_SIDES if reflected else 0)


def _exact(code: str) -> frozenset[str]:
    return frozenset({code})


def _any_case(code: str) -> frozenset[str]:
    return frozenset({code, code.lower()})


def _dot_tolerant(code: str) -> frozenset[str]:
    # The published ICD-10-CM tables leave the dot out, and so do many feeds made from them.
    return _any_case(code) | _any_case(code.replace(".", ""))


@dataclass(frozen=True, slots=True)
class _System:
    """How the codes of one system look and how senders vary them."""

    pattern: str
    aliases: tuple[str, ...] = ()
    spellings: Callable[[str], frozenset[str]] = _exact
    check_digit: Callable[[str], bool] | None = None


_SYSTEMS: Final[Mapping[str, _System]] = {
    # 0 or 10 as partition: a concept, neither a description nor a relationship.
    SNOMED: _System(r"[1-9]\d{2,14}[01]0\d", (f"{_OID}96",), check_digit=verhoeff_valid),
    LOINC: _System(r"(?:\d{3,7}|LA\d{1,7})-\d", (f"{_OID}1",), check_digit=luhn_valid),
    ICD10CM: _System(r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?", (f"{_OID}90",), _dot_tolerant),
    ICD10: _System(r"[A-Z]\d\d(?:\.\d{1,2})?", (f"{_OID}3",), _dot_tolerant),
    ICD10PCS: _System(r"[0-9A-HJ-NP-Z]{7}", (f"{_OID}4", "http://hl7.org/fhir/sid/icd-10-pcs"), _any_case),
    CPT: _System(r"\d{4}[0-9FTU]", (f"{_OID}12",), _any_case),
    HCPCS: _System(r"[A-V]\d{4}", (f"{_OID}285",), _any_case),
    RXNORM: _System(r"[1-9]\d{0,7}", (f"{_OID}88",)),
    ICDO3: _System(r"\d{4}/\d"),
    NCIT: _System(r"C\d+"),
    HGNC: _System(r"HGNC:[1-9]\d*", (f"{_OID}281",)),
    HGNC_LEGACY: _System(r"HGNC:[1-9]\d*"),
    CONDITION_CLINICAL: _System(r"[a-z]+"),
    INTERPRETATION: _System(r"[A-Z]+|[<>]"),
    DATA_ABSENT_REASON: _System(r"[a-z-]+"),
}


def _fault(row: Code) -> str | None:
    """Why this row must not be used, or None."""
    system = _SYSTEMS.get(row.system)
    if system is None:
        return "unknown system"
    if not re.fullmatch(system.pattern, row.code, re.ASCII):
        return "malformed code"
    if system.check_digit is not None and not system.check_digit(row.code):
        return "wrong check digit"
    return _wording_fault(row)


def _wording_fault(row: Code) -> str | None:
    if not _CONCEPT.fullmatch(row.concept):
        return "malformed concept"
    if row.system in WITHOUT_WORDING and row.display:
        return "the wording of this system must not be shipped"
    if row.system not in WITHOUT_WORDING and not row.display:
        return "empty display"
    return None if row.source else "empty source"


def _rows(file: str, text: str) -> Iterator[tuple[int, Code]]:
    """Each checked row of one file with its line number."""
    reader = csv.reader(text.splitlines(), strict=True)
    try:
        if tuple(next(reader, ())) != COLUMNS:
            raise TerminologyError(file, 1, "unexpected header")
        for cells in reader:
            if len(cells) != len(COLUMNS) or any(cell != cell.strip() for cell in cells):
                raise TerminologyError(file, reader.line_num, "wrong cells")
            row = Code(*cells)
            if fault := _fault(row):
                raise TerminologyError(file, reader.line_num, fault)
            yield reader.line_num, row
    except csv.Error as error:
        raise TerminologyError(file, reader.line_num, "not readable as CSV") from error


def _keys(row: Code) -> Iterator[tuple[str, str]]:
    """Every (system, code) under which this row is found."""
    system = _SYSTEMS[row.system]
    for uri in (row.system, *system.aliases):
        for spelling in system.spellings(row.code):
            yield uri, spelling


def from_csv(texts: Mapping[str, str]) -> Terminology:
    """Build a Terminology from CSV texts by file name. Raises TerminologyError."""
    codes: list[Code] = []
    concepts: dict[tuple[str, str], str] = {}
    for file, text in texts.items():
        for line, row in _rows(file, text):
            for key in _keys(row):
                if key in concepts:
                    raise TerminologyError(file, line, f"code already means {concepts[key]}")
                concepts[key] = row.concept
            codes.append(row)
    return Terminology(codes, concepts)


@cache
def load() -> Terminology:
    """The shipped terminology, read once. Raises TerminologyError if a file was damaged."""
    folder = files("cds_rules.terminology")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".csv"))
    return from_csv({name: (folder / name).read_text(encoding="utf-8") for name in names})
